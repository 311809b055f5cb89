"""A repository: commits that are never changed, and names that point at them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote

from tests.hub.errors import no_revision
from tests.hub.storage import File

Kind = Literal["model", "dataset", "space"]
Tree = dict[str, File]


def moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


@dataclass(frozen=True)
class Commit:
    """A tree and what was said about it."""

    oid: str
    tree: Tree
    parent: str | None
    title: str
    message: str
    author: str
    date: str


@dataclass(frozen=True)
class Tag:
    """A name for ever; with a message it is an annotated tag."""

    oid: str
    message: str | None


@dataclass
class Discussion:
    """A discussion or, with `pull_request`, a request to merge `refs/pr/<number>`."""

    number: int
    title: str
    author: str
    pull_request: bool
    status: str = "open"
    base: str | None = None
    merge_commit: str | None = None
    created: str = field(default_factory=moment)
    events: list[dict[str, object]] = field(default_factory=list)

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.number}"


@dataclass
class Repository:
    """One model, dataset or Space."""

    kind: Kind
    id: str
    private: bool = False
    gated: str | None = None
    sdk: str | None = None
    created: str = field(default_factory=moment)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    pulls: dict[str, str] = field(default_factory=dict)
    discussions: list[Discussion] = field(default_factory=list)
    admitted: set[str] = field(default_factory=set)

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    @property
    def page(self) -> str:
        """Where its page is, after the address of the Hub."""
        return f"/{self.id}" if self.kind == "model" else f"/{self.kind}s/{self.id}"

    def oid(self, revision: str = "main") -> str:
        """The commit that a branch, a tag, a pull request's ref or an id of a commit names.

        Raises:
            Refusal: there is no such revision.
        """
        name = unquote(revision)
        if name in self.tags:
            return self.tags[name].oid
        found = self.branches.get(name) or self.pulls.get(name)
        if found or name in self.commits:
            return found or name
        raise no_revision(name)

    def at(self, revision: str = "main") -> Commit:
        return self.commits[self.oid(revision)]

    def history(self, revision: str = "main") -> list[Commit]:
        """Newest first."""
        commits, oid = [], self.oid(revision)
        while oid:
            commits.append(self.commits[oid])
            oid = commits[-1].parent or ""
        return commits

    def record(
        self, tree: Tree, parent: str | None, title: str, author: str, message: str = ""
    ) -> str:
        """Keep a commit; no name points at it yet."""
        date = moment()
        parts = [self.id, parent, title, author, message, date, len(self.commits), sorted(tree)]
        parts += sorted(file.blob_id for file in tree.values())
        oid = hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()
        self.commits[oid] = Commit(oid, tree, parent, title, message, author, date)
        return oid

    def point(self, revision: str, oid: str) -> None:
        """Move a branch or the ref of a pull request."""
        names = self.pulls if revision in self.pulls else self.branches
        names[revision] = oid

    def open_discussion(self, title: str, author: str, *, pull_request: bool) -> Discussion:
        number = len(self.discussions) + 1
        discussion = Discussion(number, title, author, pull_request)
        if pull_request:
            discussion.base = self.oid("main")
            self.pulls[discussion.ref] = discussion.base
        self.discussions.append(discussion)
        return discussion
