"""Where a version goes: the repository and the tag, checked before anybody is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from emo_hub.errors import InputError

Kind = Literal["dataset", "model", "space"]

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_REPO_ID = re.compile(rf"{_PART}/{_PART}")
_TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LONGEST_NAME = 96
# The tag of a version that nobody named.
FIRST = "v1.0.0"


@dataclass(frozen=True)
class Target:
    """A repository of the Hub and the tag that a version gets there.

    Args:
        kind: of repository.
        repo_id: as in `namespace/name`.
        tag: as in `v1.2.3`.

    Raises:
        InputError: the Hub takes no such name, or the tag is no version.
    """

    kind: Kind
    repo_id: str
    tag: str

    def __post_init__(self) -> None:
        name = self.repo_id.rsplit("/", 1)[-1]
        doubled = "--" in self.repo_id or ".." in self.repo_id
        if not _REPO_ID.fullmatch(self.repo_id) or doubled or len(name) > _LONGEST_NAME:
            raise InputError(
                f"'{self.repo_id}' is no repository of the Hub: give namespace/name, of letters, "
                f"digits, '-', '_' and '.', the name of at most {_LONGEST_NAME} characters."
            )
        if not _TAG.fullmatch(self.tag):
            raise InputError(f"'{self.tag}' is no version: give a tag such as v1.0.0.")

    @property
    def namespace(self) -> str:
        """Name the user or organization that the repository belongs to."""
        return self.repo_id.split("/")[0]

    @property
    def name(self) -> str:
        """Name the repository itself."""
        return self.repo_id.split("/")[1]
