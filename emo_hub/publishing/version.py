"""A folder to a version: compare, commit, tag; what cannot be tagged is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emo_hub.errors import PublishError
from emo_hub.publishing.plan import Plan, is_all, make_plan, sums_of
from emo_hub.publishing.remote import Remote
from emo_hub.publishing.target import Target

if TYPE_CHECKING:
    from huggingface_hub import HfApi

How = Literal["publish", "propose", "dry-run"]
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Version:
    """A folder that is to be a version of a repository.

    Args:
        folder: all of it is published, save names that begin with a dot.
        target: the repository and the tag.
        remote: the same repository, as the Hub has it.
        message: of the tag.
        say: gets a line for each thing that happens.
    """

    folder: Path
    target: Target
    remote: Remote
    message: str
    say: Say

    def plan(self) -> Plan:
        """Compare the folder with what is published, and make sure that the token may publish.

        Raises:
            PublishError: the tag means something else, or the token may not write.
        """
        files = sums_of(self.folder)
        published = self.remote.look()
        tagged = None
        if published and self.target.tag in published.tags:
            tagged = is_all(files, self.remote.files(published.tags[self.target.tag]))
        plan = make_plan(self.target, files, published, tagged=tagged)
        if not plan.tagged:
            self.remote.check_token(exists=published is not None)
        return plan

    def publish(self, plan: Plan, *, private: bool = False) -> None:
        """Commit and tag, or neither.

        Args:
            plan: of this version.
            private: of a repository that is made.

        Raises:
            PublishError: the Hub refused; the repository is as it was, or the error says how it is.
        """
        head = plan.head or self.remote.create(private=private)
        made = self.remote.commit(plan, self.folder, head) if plan.commits else head
        try:
            self.remote.tag(made, self.message)
        except PublishError as error:
            if made == head:
                raise
            self._take_back(plan, head, made, error)
        self.say(f"published {self.target.repo_id} {self.target.tag} at {made}")

    def propose(self, plan: Plan, *, private: bool = False) -> None:
        """Open a pull request; merged, and published again, it gets its tag."""
        head = plan.head or self.remote.create(private=private)
        if not plan.commits:
            self.say("There is nothing to propose: publish without a pull request to set the tag.")
            return
        page = self.remote.commit(plan, self.folder, head, create_pr=True)
        self.say(f"{page}: merge it, then publish again, which sets {self.target.tag}")

    def _take_back(self, plan: Plan, head: str, made: str, error: PublishError) -> None:
        name = f"{self.target.repo_id} {self.target.tag}"
        try:
            self.remote.undo(plan, head, made)
        except PublishError as further:
            raise PublishError(
                f"{name} is committed ({made}) and has no tag: {error} Taking the commit back "
                f"failed too: {further} Publish the same folder again, which only sets the tag."
            ) from error
        raise PublishError(
            f"{name} was not published, and main holds what it held before: {error}"
        ) from error


def release(
    folder: Path,
    target: Target,
    *,
    message: str,
    how: How,
    private: bool,
    api: HfApi | None,
    say: Say,
) -> Plan:
    """Compare a folder with what is published, say what would happen, and do it.

    Args:
        folder: all of it is published, save names that begin with a dot.
        target: the repository and the tag.
        message: of the tag.
        how: `publish`, `propose` as a pull request, or `dry-run`.
        private: of a repository that is made.
        api: the client; None for one with the address and the token of the environment.
        say: gets a line for each thing that happens.

    Raises:
        PublishError: the Hub refused; the repository is as it was, or the error says how it is.
    """
    version = Version(
        folder=folder,
        target=target,
        remote=Remote(api or client_of_environment(), target),
        message=message,
        say=say,
    )
    plan = version.plan()
    for line in plan.lines():
        say(line)
    if not plan.tagged and how != "dry-run":
        carry_out = version.propose if how == "propose" else version.publish
        carry_out(plan, private=private)
    return plan


def client_of_environment() -> HfApi:
    """Make a client with the address and the token of the environment."""
    from huggingface_hub import HfApi

    return HfApi()
