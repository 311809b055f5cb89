"""`emo-hub publish dataset`: a built corpus becomes a tagged version on the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_hub.checkpoint import file_sha256
from emo_hub.dataset import StoredCorpus, read_corpus
from emo_hub.errors import CardError, DataError, InputError
from emo_hub.publishing.contents import CARD, check_contents, read_front
from emo_hub.publishing.plan import Plan
from emo_hub.publishing.staging import staged
from emo_hub.publishing.target import Target
from emo_hub.publishing.version import How, Say, client_of_environment, release

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# What the viewer, the search and the readers of the Hub go by.
_FACTS = ("license", "language", "tags", "size_categories", "configs", "dataset_info")


def publish_dataset(
    repo_id: str,
    folder: Path,
    *,
    tag: str | None = None,
    how: How = "publish",
    private: bool = False,
    api: HfApi | None = None,
    say: Say = lambda line: None,
) -> Plan:
    """Publish a corpus as a version: all checks, then one commit and its tag, or nothing.

    Args:
        repo_id: as in `namespace/emo-pillars`; made if it is not there.
        folder: the corpus, as `emo-hub corpus build` writes it.
        tag: None for the version that the corpus says it is.
        how: `publish`; `propose` as a pull request, which gets its tag when it is merged and the
            same folder is published again; or `dry-run`, which only says what would happen.
        private: of a repository that is made.
        api: the client; None for one with the address and the token of the environment.
        say: gets a line for each thing that happens.

    Returns:
        What was to be done.

    Raises:
        InputError: the name or the tag cannot be used, or the tag is not the corpus's version.
        DataError: the folder is not a whole corpus, or holds a secret or a half-written file.
        CardError: the card lacks what the Hub and its readers need.
        PublishError: the Hub refused; the repository is as it was, or the error says how it is.
    """
    corpus = read_corpus(folder)
    own = f"v{corpus.version}"
    target = Target("dataset", repo_id, tag or own)
    if target.tag != own:
        raise InputError(f"The corpus is {own} and cannot be published as {target.tag}.")
    check_whole(corpus)
    check_contents(folder)
    facts = check_card(corpus)
    message = f"{corpus.manifest['name']} {corpus.version}"
    client = api or client_of_environment()
    with staged(corpus, target, client.endpoint, facts) as whole:
        return release(
            whole, target, message=message, how=how, private=private, api=client, say=say
        )


def check_whole(corpus: StoredCorpus) -> None:
    """Make sure that a corpus holds exactly the files that were written when it was built.

    Raises:
        DataError: a file is missing, another one, or left over from an earlier build.
    """
    wanted = corpus.manifest.get("files", {})
    if not wanted:
        raise DataError(f"{corpus.path} does not say which files it has: build it again.")
    shards = {file.relative_to(corpus.path).as_posix() for file in corpus.path.rglob("*.parquet")}
    wrong = sorted(shards - wanted.keys())
    for name, checksum in wanted.items():
        path = corpus.path / name
        if not path.is_file() or file_sha256(path) != checksum:
            wrong.append(name)
    if wrong:
        raise DataError(
            f"{corpus.path} is not whole: {', '.join(wrong[:3])} "
            "is missing, changed or left over. Build the corpus again."
        )


def check_card(corpus: StoredCorpus) -> dict[str, Any]:
    """Make sure that the card says what the Hub goes by, and is the card of this version.

    Returns:
        Its metadata.

    Raises:
        CardError: names what is missing.
    """
    facts = read_front(corpus.path, _FACTS)
    named = {config.get("config_name") for config in facts["configs"]}
    filled = {config for config, splits in corpus.counts.items() if any(splits.values())}
    if not filled <= named:
        lacking = ", ".join(sorted(filled - named))
        raise CardError(f"{corpus.path / CARD} has no config {lacking}.")
    text = (corpus.path / CARD).read_text(encoding="utf-8")
    if f"### {corpus.version}\n" not in text:
        raise CardError(f"The changelog of {corpus.path / CARD} says nothing of {corpus.version}.")
    return facts
