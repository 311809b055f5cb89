"""What shows that a corpus is good beyond its counts: balance, vocabulary, second looks, people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emo_hub.dataset import StoredCorpus
from emo_hub.records import SPLITS
from emo_hub.synthesis.balance import balance_facts, tones_of
from emo_hub.synthesis.families import vocabulary_facts
from emo_hub.synthesis.human_labels import human_facts
from emo_hub.synthesis.plan import read_plan
from emo_hub.synthesis.second_looks import looks_facts
from emo_hub.synthesis.stored import read_lines, read_rows
from emo_hub.teacher import PACKAGED_RECORDINGS


def counted_proof(corpus: StoredCorpus) -> dict[str, Any]:
    """Measure what needs nothing but the corpus: `balance`, `vocabulary`, `second_looks`.

    Tones are those of the plan of the packaged recordings, for the rows that came from it.

    Raises:
        DataError: a file is missing or damaged.
    """
    tones = tones_of(read_plan(PACKAGED_RECORDINGS))
    return {
        "balance": balance_facts(read_lines(corpus), tones),
        "vocabulary": vocabulary_facts(_descriptors(corpus)),
        "second_looks": looks_facts(corpus),
    }


def proof(corpus: StoredCorpus, benchmarks: Path | None) -> dict[str, Any]:
    """Measure what `counted_proof` does, and the agreement with people's labels as `human`.

    Raises:
        DataError: a file is missing or damaged.
    """
    human = None if benchmarks is None else human_facts(corpus, benchmarks)
    return {**counted_proof(corpus), "human": human}


def _descriptors(corpus: StoredCorpus) -> Iterator[list[str]]:
    """Give the descriptors of utterances and of first looks at comments.

    Contextual rows share theirs with the utterance that says the same moment in full.
    """
    for split in SPLITS:
        for file in corpus.files("contextless", split):
            for row in read_rows(file, ("descriptors",)):
                yield row["descriptors"] or []
        for file in corpus.files("descriptors", split):
            for row in read_rows(file, ("descriptors", "look")):
                if row["look"] == 1:
                    yield row["descriptors"] or []
