"""Repositories, files and commits as the JSON that the client parses."""

from __future__ import annotations

import re

import yaml

from tests.hub.repository import Commit, Repository, Tree
from tests.hub.storage import File, Storage

FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---\s*?(\n|\Z)", re.DOTALL)


def front_matter(text: str) -> object:
    """What the YAML at the head of a card says; None without any.

    Raises:
        yaml.YAMLError: it is there, and is not YAML.
    """
    found = FRONT.match(text)
    return yaml.safe_load(found.group(1)) if found else None


def card_data(storage: Storage, tree: Tree) -> dict[str, object]:
    if "README.md" not in tree:
        return {}
    text = storage.read(tree["README.md"].sha256).decode("utf-8", "replace")
    try:
        data = front_matter(text)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def large_part(file: File) -> dict[str, object]:
    pointer = len(f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\n")
    return {"oid": file.sha256, "size": file.size, "pointerSize": pointer + len(str(file.size)) + 6}


def tree_entry(path: str, file: File, storage: Storage) -> dict[str, object]:
    entry = {"type": "file", "path": path, "size": file.size, "oid": file.blob_id}
    if file.large:
        entry["lfs"] = large_part(file)
        found = storage.xet.find(file.sha256)
        if found:
            entry["xetHash"] = found.xet_hash
    return entry


def sibling(path: str, file: File, *, blobs: bool) -> dict[str, object]:
    if not blobs:
        return {"rfilename": path}
    entry = {"rfilename": path, "size": file.size, "blobId": file.blob_id}
    if file.large:
        large = large_part(file)
        entry["lfs"] = {**large, "sha256": large.pop("oid")}
    return entry


def repository_info(
    repository: Repository, commit: Commit, storage: Storage, *, blobs: bool = False
) -> dict[str, object]:
    card = card_data(storage, commit.tree)
    tags = list(card.get("tags") or [])
    tags += [f"license:{card['license']}"] if card.get("license") else []
    info: dict[str, object] = {
        "_id": "0" * 24,
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.namespace,
        "sha": commit.oid,
        "private": repository.private,
        "gated": repository.gated or False,
        "disabled": False,
        "createdAt": repository.created,
        "lastModified": commit.date,
        "downloads": 0,
        "likes": 0,
        "tags": tags,
        "cardData": card,
        "siblings": [
            sibling(path, file, blobs=blobs) for path, file in sorted(commit.tree.items())
        ],
    }
    if repository.sdk:
        info["sdk"] = repository.sdk
    info.update({key: card[key] for key in ("pipeline_tag", "library_name") if card.get(key)})
    return info


def commit_info(commit: Commit) -> dict[str, object]:
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": commit.date,
        "authors": [{"user": commit.author}],
    }
