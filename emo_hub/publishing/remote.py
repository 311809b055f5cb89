"""The only file of the package that writes to the Hub.

What may pass is tried again; what may not becomes a sentence. An answer that was lost on its way is
told from a request that was: the repository is looked at before anything is sent a second time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

# The client's own httpx, of whichever name: its errors are the ones to catch.
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

from emo_hub.errors import PublishError
from emo_hub.publishing.plan import Plan, Published
from emo_hub.publishing.target import Target

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WAITS = (1.0, 2.0, 4.0, 8.0)
_PASSING = (429, 500, 502, 503, 504)
# Uploads of large files report a broken connection as one of the last three.
_BROKEN = (httpx.TransportError, ConnectionError, TimeoutError, RuntimeError)
_EXISTS, _STALE = 409, 412

Operation = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete
_T = TypeVar("_T")


class Remote:
    """A repository of the Hub, as publishing sees it.

    Args:
        api: the client, with its address and token.
        target: the repository and the tag.
        waits: seconds before each further attempt; a server that says how long is obeyed.
    """

    def __init__(self, api: HfApi, target: Target, waits: Sequence[float] = WAITS) -> None:
        self._api = api
        self._target = target
        self._waits = tuple(waits)
        self._where: dict[str, Any] = {"repo_id": target.repo_id, "repo_type": target.kind}

    def look(self) -> Published | None:
        """Read what is published; None where there is no such repository.

        Raises:
            PublishError: the Hub cannot be asked.
        """
        try:
            head = self._ask(lambda: str(self._api.repo_info(**self._where).sha))
        except RepositoryNotFoundError:
            return None
        refs = self._ask(lambda: self._api.list_repo_refs(**self._where))
        tags = {ref.name: ref.target_commit for ref in refs.tags}
        return Published(head, self.files(head), tags)

    def files(self, revision: str) -> dict[str, str]:
        """Name the content of each file of a revision."""
        tree = self._ask(
            lambda: list(self._api.list_repo_tree(**self._where, recursive=True, revision=revision))
        )
        found = {}
        for entry in tree:
            lfs = getattr(entry, "lfs", None)
            if hasattr(entry, "blob_id"):
                found[entry.path] = lfs.sha256 if lfs else entry.blob_id
        return found

    def check_token(self, *, exists: bool) -> None:
        """Make sure that the token writes to the repository, or may make it.

        Raises:
            PublishError: there is no token, or it may not.
        """
        me = self._ask(self._api.whoami)
        names = {me["name"], *(org["name"] for org in me.get("orgs", ()))}
        role = me.get("auth", {}).get("accessToken", {}).get("role")
        if role == "read":
            raise PublishError(
                f"The token of {me['name']} may only read: make one with write access at "
                "https://huggingface.co/settings/tokens and give it with `hf auth login`."
            )
        if exists:
            self._ask(lambda: self._api.auth_check(**self._where, write=True))
        elif self._target.namespace not in names:
            raise PublishError(
                f"{me['name']} does not write to '{self._target.namespace}': publish to one of "
                f"{', '.join(sorted(names))}."
            )

    def create(self, *, private: bool) -> str:
        """Make the repository and give its first commit."""
        sdk = "gradio" if self._target.kind == "space" else None
        made = {**self._where, "private": private, "space_sdk": sdk, "exist_ok": True}
        self._ask(lambda: self._api.create_repo(**made))
        return self._ask(lambda: str(self._api.repo_info(**self._where).sha))

    def commit(self, plan: Plan, folder: Path, parent: str, *, create_pr: bool = False) -> str:
        """Commit what a plan says, upon the commit that it was made from.

        Returns:
            The new commit, or the address of the pull request.

        Raises:
            PublishError: it was refused, or somebody else committed; nothing has changed.
        """

        def operations() -> list[Operation]:
            sent = (*plan.added, *plan.changed)
            return [
                *(CommitOperationAdd(path, folder / path) for path in sent),
                *(CommitOperationDelete(path, is_folder=False) for path in plan.deleted),
            ]

        title = f"{self._target.name} {self._target.tag}"
        return self._commit(operations, title, plan.mark, parent, create_pr=create_pr)

    def undo(self, plan: Plan, before: str, made: str) -> None:
        """Give main the files again that it had before a commit.

        Raises:
            PublishError: that did not work either.
        """

        def operations() -> list[Operation]:
            old = (*plan.changed, *plan.deleted)
            return [
                *(CommitOperationCopy(path, path, src_revision=before) for path in old),
                *(CommitOperationDelete(path, is_folder=False) for path in plan.added),
            ]

        title = f"Take {self._target.tag} back, which could not be tagged"
        self._commit(operations, title, f"undo {plan.mark}", made)

    def tag(self, commit: str, message: str) -> None:
        """Set the annotated tag.

        Raises:
            PublishError: it was refused, or stands on something else.
        """

        def set_tag() -> None:
            try:
                self._api.create_tag(
                    **self._where, tag=self._target.tag, tag_message=message, revision=commit
                )
            except HfHubHTTPError as error:
                # Set by an attempt whose answer was lost, or by somebody else.
                if error.response.status_code != _EXISTS or not self._is_tagged(commit):
                    raise

        self._ask(set_tag)

    def _is_tagged(self, commit: str) -> bool:
        refs = self._api.list_repo_refs(**self._where)
        return any((r.name, r.target_commit) == (self._target.tag, commit) for r in refs.tags)

    def _commit(
        self,
        operations: Callable[[], list[Operation]],
        title: str,
        mark: str,
        parent: str,
        *,
        create_pr: bool = False,
    ) -> str:
        def send() -> str:
            made = self._made_already(mark, parent)
            if made and not create_pr:
                return made
            info = self._api.create_commit(
                **self._where,
                operations=operations(),
                commit_message=title,
                commit_description=mark,
                parent_commit=parent,
                create_pr=create_pr,
            )
            return str(info.pr_url if create_pr else info.oid)

        return self._ask(send)

    def _made_already(self, mark: str, parent: str) -> str | None:
        newest = self._api.list_repo_commits(**self._where)[0]
        is_ours = newest.commit_id != parent and newest.message.strip() == mark
        return newest.commit_id if is_ours else None

    def _ask(self, call: Callable[[], _T]) -> _T:
        return ask(call, self._target.repo_id, self._target.tag, self._waits)


def ask(call: Callable[[], _T], what: str, tag: str = "", waits: Sequence[float] = WAITS) -> _T:
    """Ask the Hub for something, again where what went wrong may pass.

    Args:
        call: may be made several times.
        what: is written to, for messages.
        tag: that it gets, for messages.
        waits: seconds before each further attempt; a server that says how long is obeyed.

    Raises:
        PublishError: it was refused, or went wrong each time.
        RepositoryNotFoundError: there is no such repository that the token may see.
    """
    for wait in (*waits, None):
        try:
            return call()
        except RepositoryNotFoundError as error:
            # The client says so of a token that is not known, too.
            if "Invalid credentials" in str(error):
                raise PublishError(_sentence(error, what, tag)) from error
            raise
        except HfHubHTTPError as error:
            if error.response.status_code not in _PASSING or wait is None:
                raise PublishError(_sentence(error, what, tag)) from error
            time.sleep(_pause(error.response.headers, wait))
        except (LocalTokenNotFoundError, OfflineModeIsEnabled) as error:
            raise PublishError(f"The Hub cannot be asked: {error}") from error
        except _BROKEN as error:
            if wait is None:
                raise PublishError(
                    f"The connection to the Hub failed {len(waits) + 1} times, last with: {error}. "
                    "Check the network and HF_ENDPOINT, then give the same command again."
                ) from error
            time.sleep(wait)
    raise AssertionError  # pragma: no cover - the last round returns or raises


def _sentence(error: HfHubHTTPError, what: str, tag: str) -> str:
    status = error.response.status_code
    said = error.server_message or error.response.reason_phrase
    if status == 401:
        return f"The Hub does not take the token ({said}): log in again with `hf auth login`."
    if status == 403:
        return f"The token may not write to {what} ({said})."
    if status == _STALE:
        return f"Somebody else committed to {what} in the meantime: look, and publish again."
    if status == _EXISTS:
        return f"{what} has a {tag} already, and a tag is never moved."
    return f"The Hub answered {status} for {what} ({said}): try again later."


def _pause(headers: Mapping[str, str], wait: float) -> float:
    told = headers.get("retry-after", "")
    return float(told) if told.isdigit() else wait
