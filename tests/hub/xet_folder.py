"""The folder that the released hf_xet writes when a token's `casUrl` is `local://`.

The client puts chunks ("xorbs") and shards there by itself, so the whole real path of an upload and
a download runs without a storage server. The Hub reads the shards to learn which sha256 is which
Xet file: a header of 48 bytes, then per file a head of 48 (hash, flags, number of segments), its
segments, and, by the flags, as many verification entries and one entry with the sha256.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

ENTRY = 48
END = b"\xff" * 32
HAS_VERIFICATION, HAS_SHA256 = 1 << 31, 1 << 30


@dataclass(frozen=True)
class XetFile:
    """A file as Xet names it."""

    xet_hash: str
    sha256: str
    size: int


def hexadecimal(hash_bytes: bytes) -> str:
    """Xet writes a hash as four little-endian words of 64 bits."""
    return b"".join(hash_bytes[i : i + 8][::-1] for i in range(0, 32, 8)).hex()


def files_of_shard(shard: bytes) -> list[XetFile]:
    files, at = [], ENTRY
    while shard[at : at + 32] != END:
        xet_hash = hexadecimal(shard[at : at + 32])
        flags = int.from_bytes(shard[at + 32 : at + 36], "little")
        segments = int.from_bytes(shard[at + 36 : at + 40], "little")
        at += ENTRY
        # A segment: hash of its xorb, flags, bytes when unpacked, first and last chunk.
        size = sum(
            int.from_bytes(shard[at + i * ENTRY + 36 : at + i * ENTRY + 40], "little")
            for i in range(segments)
        )
        at += ENTRY * segments * (2 if flags & HAS_VERIFICATION else 1)
        if flags & HAS_SHA256:
            files.append(XetFile(xet_hash, hexadecimal(shard[at : at + 32]), size))
            at += ENTRY
    return files


class XetFolder:
    """Knows the files of a `local://` storage and puts their bytes together again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.url = f"local://{folder}"
        self._shards = folder / "xet" / "xorbs" / "shards"
        self._read: set[Path] = set()
        self._files: dict[str, XetFile] = {}

    def find(self, sha256: str) -> XetFile | None:
        if sha256 not in self._files:
            for shard in set(self._shards.glob("*.mdb")) - self._read:
                self._files.update(
                    {file.sha256: file for file in files_of_shard(shard.read_bytes())}
                )
                self._read.add(shard)
        return self._files.get(sha256)

    def fetch(self, file: XetFile) -> bytes:
        import hf_xet

        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "content"
            group = hf_xet.XetSession().new_file_download_group(endpoint=self.url)
            with group:
                group.start_download_file(hf_xet.XetFileInfo(file.xet_hash, file.size), str(out))
            return out.read_bytes()
