"""What a corpus rejected and why, read back from `rejected.jsonl`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, InputError

_SHOWN = 3
_REPLY_SHOWN = 400


@dataclass(frozen=True, slots=True)
class StoredRejection:
    """An entry of `rejected.jsonl`.

    Args:
        stage: where it was rejected.
        reason: a short word.
        detail: what was seen.
        request_id: the request it came from.
        text: the rejected text or reply, cut where it is long.
    """

    stage: str
    reason: str
    detail: str
    request_id: str
    text: str


def browse_rejects(
    corpus: Path, reason: str | None = None, n: int | None = None
) -> tuple[StoredRejection, ...]:
    """Show what was rejected, in the order of the file.

    Args:
        corpus: the folder of a built corpus.
        reason: the only one to show.
        n: how many to show at most.

    Raises:
        InputError: nothing was rejected for that reason; the message lists the reasons there are.
        DataError: the folder is no corpus, or its rejects cannot be read.
    """
    read_corpus(corpus)
    found: list[StoredRejection] = []
    reasons: Counter[str] = Counter()
    for rejection in read_rejects(corpus):
        reasons[rejection.reason] += 1
        if reason in (None, rejection.reason) and (n is None or len(found) < n):
            found.append(rejection)
    if reason is not None and not reasons[reason]:
        there = ", ".join(f"{name} ({count})" for name, count in reasons.most_common())
        raise InputError(f"Nothing was rejected as '{reason}'; there are: {there or 'no rejects'}.")
    return tuple(found)


def read_rejects(corpus: Path) -> Iterator[StoredRejection]:
    """Read the rejects of a corpus one by one.

    Raises:
        DataError: the file is missing or damaged.
    """
    path = corpus / "rejected.jsonl"
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                text = _printable(" ".join(str(entry.get("reply") or "").split()))
                yield StoredRejection(
                    entry["stage"],
                    entry["reason"],
                    _printable(entry.get("detail") or ""),
                    entry.get("request_id") or "",
                    text if len(text) <= _REPLY_SHOWN else f"{text[:_REPLY_SHOWN]} ...",
                )
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read ({error}): build the corpus again.") from error


def _printable(text: str) -> str:
    """Write half a surrogate pair, which no page and no terminal takes, as its escape."""
    return text.encode(errors="backslashreplace").decode()


def reject_facts(corpus: Path) -> dict[str, Any]:
    """Count rejects by reason, with a few examples of each.

    Raises:
        DataError: the file is missing or damaged.
    """
    counts: Counter[str] = Counter()
    shown: dict[str, list[dict[str, str]]] = {}
    for rejection in read_rejects(corpus):
        counts[rejection.reason] += 1
        if len(kept := shown.setdefault(rejection.reason, [])) < _SHOWN:
            kept.append(
                {
                    "stage": rejection.stage,
                    "request": rejection.request_id,
                    "detail": rejection.detail,
                    "text": rejection.text,
                }
            )
    return {
        reason: {"count": count, "examples": shown[reason]}
        for reason, count in counts.most_common()
    }
