"""Bytes by their sha256, in one folder; those that came by Xet are fetched from its folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.hub.xet_folder import XetFolder


def git_blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class File:
    """One file of a tree; a large one is a pointer in git, as with LFS."""

    blob_id: str
    size: int
    sha256: str
    large: bool

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.blob_id


def large_file(sha256: str, size: int) -> File:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return File(git_blob_id(pointer.encode()), size, sha256, large=True)


class Storage:
    """What was uploaded, whichever way it came."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._blobs.mkdir(parents=True)
        self.xet = XetFolder(folder / "xet")

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        (self._blobs / sha256).write_bytes(content)
        return sha256

    def regular(self, content: bytes) -> File:
        return File(git_blob_id(content), len(content), self.put(content), large=False)

    def size(self, sha256: str) -> int | None:
        """The size of what is stored under a sum; None where nothing is."""
        blob = self._blobs / sha256
        if blob.exists():
            return blob.stat().st_size
        found = self.xet.find(sha256)
        return found.size if found else None

    def read(self, sha256: str) -> bytes:
        blob = self._blobs / sha256
        if not blob.exists():
            found = self.xet.find(sha256)
            assert found is not None, f"{sha256} was never uploaded"
            self.put(self.xet.fetch(found))
        return blob.read_bytes()
