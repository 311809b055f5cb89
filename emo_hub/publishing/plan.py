"""What a publication would change, worked out before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emo_hub.errors import PublishError
from emo_hub.publishing.contents import published_files
from emo_hub.publishing.target import Target

# The Hub's own file, which no folder holds and every repository needs.
ATTRIBUTES = ".gitattributes"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Sums:
    """The two names of a file's content: git's for small files, and sha256 for large ones."""

    git: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Published:
    """What a repository holds.

    Args:
        head: the newest commit of main.
        files: the content of each file of main, by git's name or sha256.
        tags: the commit of each tag.
    """

    head: str
    files: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """The difference between a folder and a repository.

    Args:
        target: the repository and the tag.
        head: the commit that the difference is from; None where the repository is to be made.
        added, changed, deleted, unchanged: paths.
        sizes: bytes of each file of the folder.
        mark: names the content; two folders with the same files have the same.
        tagged: whether the tag stands on this content already.
    """

    target: Target
    head: str | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    sizes: Mapping[str, int]
    mark: str
    tagged: bool

    @property
    def commits(self) -> bool:
        """Say whether there is anything to commit."""
        return self.head is None or bool(self.added or self.changed or self.deleted)

    def lines(self) -> list[str]:
        """Describe what publishing would do, a line for each step and file."""
        where = f"{self.target.kind} {self.target.repo_id}"
        if self.tagged:
            return [f"{where} {self.target.tag} is this folder already: nothing to do."]
        lines = [f"make {where}"] if self.head is None else []
        for sign, paths in (("+", self.added), ("~", self.changed)):
            lines += [f"{sign} {path} ({self.sizes[path]:,} bytes)" for path in paths]
        lines += [f"- {path}" for path in self.deleted]
        sent = sum(self.sizes[path] for path in (*self.added, *self.changed))
        if self.commits:
            lines.append(f"commit to {where}: {sent:,} bytes at most, of them what is new")
        else:
            lines.append(f"no commit: {where} holds these {len(self.unchanged)} files already")
        return [*lines, f"tag {self.target.tag}"]


def sums_of(folder: Path) -> dict[str, Sums]:
    """Read each file of a folder that is to be published; names that begin with a dot are not."""
    return {name: _sums(path) for name, path in published_files(folder)}


def make_plan(
    target: Target, files: Mapping[str, Sums], published: Published | None, *, tagged: bool | None
) -> Plan:
    """Compare a folder with what is published.

    Args:
        target: the repository and the tag.
        files: of the folder.
        published: None where there is no such repository.
        tagged: whether the tag's commit holds exactly this folder; None without such a tag.

    Raises:
        PublishError: the tag is there and means something else.
    """
    if tagged is False:
        raise PublishError(
            f"{target.repo_id} has a {target.tag} with other content, and a tag is never moved: "
            "publish these files as a new version."
        )
    held = dict(published.files) if published else {}
    held.pop(ATTRIBUTES, None)
    same = {path for path, sums in files.items() if is_same(sums, held.get(path))}
    listing = [f"{path} {sums.sha256}" for path, sums in sorted(files.items())]
    return Plan(
        target=target,
        head=published.head if published else None,
        added=tuple(path for path in files if path not in held),
        changed=tuple(path for path in files if path in held and path not in same),
        deleted=tuple(sorted(held.keys() - files.keys())),
        unchanged=tuple(sorted(same)),
        sizes={path: sums.size for path, sums in files.items()},
        mark=hashlib.sha256("\n".join(listing).encode()).hexdigest(),
        tagged=bool(tagged),
    )


def is_same(sums: Sums, held: str | None) -> bool:
    """Say whether a file has the content that the Hub names so."""
    return held in (sums.git, sums.sha256)


def is_all(files: Mapping[str, Sums], held: Mapping[str, str]) -> bool:
    """Say whether a revision holds these files and no others."""
    others = held.keys() - files.keys() - {ATTRIBUTES}
    return not others and all(is_same(sums, held.get(path)) for path, sums in files.items())


def _sums(path: Path) -> Sums:
    size = path.stat().st_size
    git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            git.update(block)
            sha256.update(block)
    return Sums(git.hexdigest(), sha256.hexdigest(), size)
