"""A version of emo-pillars by its name: a folder, a tag, or somebody's repository on the Hub."""

from __future__ import annotations

import re
from pathlib import Path

from emo_hub.dataset import MANIFEST, StoredCorpus, read_corpus
from emo_hub.embedded import embedded_corpus, embedded_version
from emo_hub.errors import DataError
from emo_hub.registration import NAMESPACE, dataset_repo, namespace

_REPO = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


def open_version(name: str) -> StoredCorpus:
    """Open a corpus; one of the Hub is fetched into the cache of its client, once.

    Args:
        name: a folder; `namespace/name@revision`, or without a revision its newest; or a revision
            alone, such as `v1.0.0`, of the repository that `load_dataset("emo-pillars")` means.

    Raises:
        DataError: there is no such folder, repository or revision, or it is no whole corpus, or
            the Hub cannot be reached and the cache does not hold it.
    """
    if Path(name).is_dir():
        return read_corpus(Path(name))
    if "/" not in name:
        # As load_dataset("emo-pillars", revision=...) has it.
        if namespace() is None and name == embedded_version():
            return read_corpus(embedded_corpus())
        return _fetch(dataset_repo(), name)
    repo, _, revision = name.partition("@")
    if not _REPO.fullmatch(repo):
        raise DataError(
            f"There is no folder {name}; a version on the Hub is named as in v1.0.0 or "
            "namespace/emo-pillars@v1.0.0."
        )
    return _fetch(repo, revision or None)


def _fetch(repo: str, revision: str | None) -> StoredCorpus:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = f"{repo}@{revision}" if revision else repo
    try:
        folder = Path(
            snapshot_download(
                repo,
                repo_type="dataset",
                revision=revision,
                allow_patterns=[MANIFEST, "*.parquet"],
            )
        )
    except RevisionNotFoundError as error:
        raise DataError(f"{repo} has no revision {revision}: {_tags(repo)}.") from error
    except RepositoryNotFoundError as error:
        raise DataError(
            f"There is no folder {name} and no dataset {repo} on the Hub, or none that your token "
            f"may read; {NAMESPACE} says whose emo-pillars is meant."
        ) from error
    except LocalEntryNotFoundError as error:
        raise DataError(
            f"{name} is not in the cache, and the Hub cannot be reached: fetch it once where it "
            "can, or give a folder that `emo-hub corpus build` made."
        ) from error
    except HfHubHTTPError as error:
        raise DataError(f"The Hub does not give {name}: {error}") from error
    if not (folder / MANIFEST).is_file():
        raise DataError(f"{name} is no corpus of emo_hub: it has no {MANIFEST}.")
    return read_corpus(folder)


def _tags(repo: str) -> str:
    from huggingface_hub import HfApi

    tags = sorted(tag.name for tag in HfApi().list_repo_refs(repo, repo_type="dataset").tags)
    return f"its tags are {', '.join(tags)}" if tags else "it has no tags yet"
