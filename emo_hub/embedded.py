"""The corpus that ships with the package, built from its recordings into the cache, once."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

from emo_hub.errors import DataError
from emo_hub.registration import DATASET
from emo_hub.synthesis.build import VERSION, build_corpus, fingerprint_of
from emo_hub.teacher import PACKAGED_RECORDINGS


def embedded_version() -> str:
    """Name the version of the embedded corpus as its tag on the Hub reads."""
    return f"v{VERSION}"


def cache_folder() -> Path:
    """Say where emo_hub keeps what it can make again: EMO_HUB_CACHE, or emo_hub under HF_HOME."""
    from huggingface_hub.constants import HF_HOME

    return Path(os.environ.get("EMO_HUB_CACHE") or Path(HF_HOME) / "emo_hub")


def embedded_corpus() -> Path:
    """Give the folder of the embedded corpus, built from the recordings at the first call.

    Raises:
        DataError: the recordings of the package are damaged.
    """
    # The fingerprint is in the path, so another release of the code never finds a stale build.
    key = fingerprint_of(PACKAGED_RECORDINGS)[:16]
    folder = cache_folder() / key / DATASET
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Two programs may ask for the first time at once.
        with FileLock(f"{folder}.lock"):
            return build_corpus(folder).path
    except PermissionError as error:
        raise DataError(
            f"The corpus cannot be put into {folder.parent}: {error.strerror}. "
            "Set EMO_HUB_CACHE to a folder that can be written."
        ) from error
