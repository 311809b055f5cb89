"""Which split a record belongs to, from a hash of what must stay together."""

from __future__ import annotations

import hashlib

SALT = "emo-pillars/1"
# Shares of train; what is left is halved. Public texts are many and serve training above all.
WRITTEN, ANNOTATED = 0.8, 0.9


def split_of(group: str, train: float = WRITTEN) -> str:
    """Assign a group to train, validation or test, the last two of equal size in expectation.

    The answer depends on the group's name alone, so a corpus that grows moves no row.

    Args:
        group: the narrative, request or source text that records share.
        train: the share of train, in (0, 1).
    """
    digest = hashlib.sha256(f"{SALT}/{group}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    if place < train:
        return "train"
    return "validation" if place < (1 + train) / 2 else "test"
