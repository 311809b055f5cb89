"""`emo-hub publish collection`: a corpus, its models and their Space on one page of the Hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from huggingface_hub.errors import RepositoryNotFoundError

from emo_hub.errors import InputError, PublishError
from emo_hub.publishing.remote import ask
from emo_hub.publishing.target import Kind, check_repo_id, with_namespace
from emo_hub.publishing.version import Say, client_of_environment

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# As the addresses of the Hub have them; a model's has none.
_PLACES: dict[str, Kind] = {"datasets": "dataset", "spaces": "space", "models": "model"}


def publish_collection(
    title: str,
    repos: Sequence[str],
    *,
    dry_run: bool = False,
    private: bool = False,
    api: HfApi | None = None,
    say: Say = lambda line: None,
) -> str:
    """Group repositories in a collection, which is made where it is not there.

    Args:
        title: of the collection, in the namespace of the first repository.
        repos: as in `datasets/me/emo-pillars`, `me/emo-model`, `spaces/me/emo`.
        dry_run: only say what would happen.
        private: if the collection is made.
        api: the client; None for one with the address and the token of the environment.
        say: gets a line for each thing that happens.

    Returns:
        The address of the collection; empty after a dry run.

    Raises:
        InputError: no title, no repositories, or a name that the Hub does not take.
        PublishError: a repository is not there, or the Hub refused. What is in the collection by
            then stays there, and the same command goes on.
    """
    if not title.strip() or not repos:
        raise InputError("A collection needs a title and at least one repository.")
    items = [_item(repo) for repo in repos]
    client = api or client_of_environment()
    for kind, repo_id in items:
        try:
            ask(lambda r=repo_id, k=kind: client.repo_info(r, repo_type=k), repo_id)  # type: ignore[misc]
        except RepositoryNotFoundError as error:
            raise PublishError(
                f"There is no {kind} {repo_id} on the Hub that you may see: publish it first."
            ) from error
    whose = items[0][1].split("/")[0]
    say(f"collection '{title}' of {whose}")
    for kind, repo_id in items:
        say(f"+ {kind} {repo_id}")
    if dry_run:
        return ""
    name = f"the collection '{title}'"
    made = ask(
        lambda: client.create_collection(title, namespace=whose, private=private, exists_ok=True),
        name,
    )
    for kind, repo_id in items:
        ask(
            lambda r=repo_id, k=kind: client.add_collection_item(made.slug, r, k, exists_ok=True),  # type: ignore[misc]
            name,
        )
    say(f"grouped at {client.endpoint}/collections/{made.slug}")
    return f"{client.endpoint}/collections/{made.slug}"


def _item(repo: str) -> tuple[Kind, str]:
    place, _, rest = repo.partition("/")
    kind, name = (_PLACES[place], rest) if place in _PLACES else ("model", repo)
    repo_id = with_namespace(name)
    check_repo_id(repo_id)
    return kind, repo_id
