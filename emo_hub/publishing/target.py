"""Where a version goes: the repository and the tag, checked before anybody is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from emo_hub.errors import InputError
from emo_hub.registration import NAMESPACE, namespace

Kind = Literal["dataset", "model", "space"]

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_REPO_ID = re.compile(rf"{_PART}/{_PART}")
_TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_LONGEST_NAME = 96
# The tag of a version that nobody named.
FIRST = "v1.0.0"


def with_namespace(name: str) -> str:
    """Put EMO_HUB_NAMESPACE before a name that stands alone, where it is set."""
    whose = namespace()
    return f"{whose}/{name}" if whose and "/" not in name else name


def check_repo_id(repo_id: str) -> None:
    """Make sure that the Hub takes a name of a repository.

    Raises:
        InputError: it does not.
    """
    name = repo_id.rsplit("/", 1)[-1]
    doubled = "--" in repo_id or ".." in repo_id
    if not _REPO_ID.fullmatch(repo_id) or doubled or len(name) > _LONGEST_NAME:
        raise InputError(
            f"'{repo_id}' is no repository of the Hub: give namespace/name, of letters, "
            f"digits, '-', '_' and '.', the name of at most {_LONGEST_NAME} characters; "
            f"{NAMESPACE} says whose a name alone is."
        )


@dataclass(frozen=True)
class Target:
    """A repository of the Hub and the tag that a version gets there.

    Args:
        kind: of repository.
        repo_id: as in `namespace/name`; the namespace of a bare name is EMO_HUB_NAMESPACE.
        tag: as in `v1.2.3`.

    Raises:
        InputError: the Hub takes no such name, or the tag is no version.
    """

    kind: Kind
    repo_id: str
    tag: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "repo_id", with_namespace(self.repo_id))
        check_repo_id(self.repo_id)
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
