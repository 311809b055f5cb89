"""What may not be published: files that run code when they are read, secrets, unfinished files."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from emo_hub.errors import CardError, DataError

CARD = "README.md"
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_PICKLED = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt"}
_UNFINISHED = {".tmp", ".part", ".partial", ".incomplete", ".lock"}
_NUMBERS = {".safetensors", ".onnx", ".onnx_data", ".data", ".parquet", ".bin"}
_SECRETS: Mapping[str, re.Pattern[bytes]] = {
    "a token of the Hub": re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b"),
    "a key of a teacher": re.compile(rb"\bsk-[A-Za-z0-9_-]{20,}"),
    "a key of a cloud": re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
# Results of a model are published under a name that the Hub itself begins with a dot.
_SHOWN = ".eval_results"


def published_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """List the files of a folder that are published: names that begin with a dot are not."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") and part != _SHOWN for part in parts)
        if path.is_file() and not hidden:
            yield "/".join(parts), path


def copy_published(folder: Path, to: Path) -> None:
    """Copy the files of a folder that are published."""
    for name, path in published_files(folder):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to / name)


def check_contents(folder: Path) -> None:
    """Make sure that a folder holds nothing that may not be published.

    Raises:
        DataError: names the file, and what it is; never what stands in it.
    """
    for name, path in published_files(folder):
        if path.suffix in _UNFINISHED:
            raise DataError(f"{name} in {folder} is half written: finish or delete it.")
        if path.suffix in _PICKLED or (path.suffix == ".bin" and _is_pickle(path)):
            raise DataError(
                f"{name} in {folder} is a pickle, which runs code when it is read: save the "
                "weights as safetensors and delete it."
            )
        if path.suffix in _NUMBERS:
            continue
        content = path.read_bytes()
        for kind, pattern in _SECRETS.items():
            if pattern.search(content):
                raise DataError(f"{name} in {folder} holds {kind}: take it out, and revoke it.")


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(2)
    return zipfile.is_zipfile(path) or (head[:1] == b"\x80" and head[1:] in b"\x02\x03\x04\x05")


def read_front(folder: Path, required: Sequence[str]) -> dict[str, Any]:
    """Read the metadata at the head of a card.

    Args:
        folder: holds the card.
        required: what must be said there.

    Raises:
        CardError: names what is missing.
    """
    path = folder / CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    front = _FRONT.match(text)
    try:
        facts = yaml.safe_load(front.group(1)) if front else None
    except yaml.YAMLError as error:
        raise CardError(f"The metadata of {path} cannot be read: {error}") from error
    if not isinstance(facts, dict):
        raise CardError(f"{path} has no metadata between two lines of three dashes.")
    if missing := [name for name in required if not facts.get(name)]:
        raise CardError(f"{path} does not say: {', '.join(missing)}.")
    return facts


def write_front(folder: Path, facts: Mapping[str, Any]) -> None:
    """Put metadata in the place of those of a card."""
    path = folder / CARD
    text = _FRONT.sub("", path.read_text(encoding="utf-8"), count=1)
    front = yaml.safe_dump(dict(facts), sort_keys=False, allow_unicode=True, width=100)
    path.write_text(f"---\n{front}---\n{text}", encoding="utf-8")
