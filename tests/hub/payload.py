"""The lines of a commit: what the client sends as NDJSON, applied to a tree."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from tests.hub.errors import Refusal, no_entry
from tests.hub.repository import Tree
from tests.hub.storage import Storage, large_file

LARGEST_REGULAR = 10 * 1024 * 1024


@dataclass(frozen=True)
class Header:
    """The first line."""

    title: str
    message: str
    parent: str | None


def read_payload(body: bytes) -> tuple[Header, list[tuple[str, dict[str, object]]]]:
    """The header and the operations, each a word and its value.

    Raises:
        Refusal: the lines are not a commit.
    """
    lines = [json.loads(line) for line in body.splitlines() if line.strip()]
    if not lines or lines[0].get("key") != "header" or not lines[0]["value"].get("summary"):
        raise Refusal(400, "The first line must be a header with a summary")
    value = lines[0]["value"]
    header = Header(value["summary"], value.get("description", ""), value.get("parentCommit"))
    return header, [(line["key"], line["value"]) for line in lines[1:]]


def without_folder(tree: Tree, folder: str) -> Tree:
    left = {
        path: file for path, file in tree.items() if not path.startswith(f"{folder.rstrip('/')}/")
    }
    if len(left) == len(tree):
        raise no_entry(folder)
    return left


def apply(operations: list[tuple[str, dict[str, object]]], tree: Tree, storage: Storage) -> Tree:
    """A new tree; the old one stays.

    Raises:
        Refusal: an operation names what is not there, or is not known.
    """
    tree = dict(tree)
    for word, value in operations:
        path = str(value["path"])
        if word == "file":
            content = base64.b64decode(str(value["content"]))
            if len(content) > LARGEST_REGULAR:
                raise Refusal(400, f"{path} is larger than 10 MiB: upload it as a large file")
            tree[path] = storage.regular(content)
        elif word == "lfsFile":
            size = storage.size(str(value["oid"]))
            if size is None:
                raise Refusal(400, f"Your push was rejected: {path} points at no uploaded object")
            tree[path] = large_file(str(value["oid"]), size)
        elif word == "deletedFile":
            if tree.pop(path, None) is None:
                raise no_entry(path)
        elif word == "deletedFolder":
            tree = without_folder(tree, path)
        else:
            raise Refusal(400, f"Unknown operation {word}")
    return tree
