"""Corpora of a few rows, written as every corpus is, for tests of versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from emo_hub.records import (
    Affect,
    Annotation,
    Character,
    ContextualUtterance,
    Narrative,
    Provenance,
    Utterance,
)
from emo_hub.synthesis.card import About
from emo_hub.synthesis.write import CorpusWriter, Made, Record

from .recordedlike import ABOUT

JOY = Affect((("joy", 0.9), ("pride", 0.4)), ("glad",), 4.0, 3.0, 3.0, ("proud",))
FEAR = Affect((("fear", 0.8),), ("afraid",), 1.5, 4.0, 2.0)
ROWS = 40


def line(number: int, text: str = "", affect: Affect = JOY) -> Utterance:
    text = text or f"the day{number} and our bus{number} in town{number}"
    provenance = Provenance("t", "v", f"r{number}")
    return Utterance(f"id{number}", text, affect, "diary", "w", provenance)


def scene(number: int) -> ContextualUtterance:
    provenance = Provenance("t", "v", f"s{number}")
    return ContextualUtterance(
        f"c{number}",
        f"all{number} of them{number}",
        f"all{number} of the boats{number} came back",
        f"Ada waits at pier {number}.",
        Character("Ada", "a sailor"),
        tale(number),
        JOY,
        provenance,
        0,
    )


def tale(number: int) -> Narrative:
    provenance = Provenance("t", "v", f"s{number}")
    ada = (Character("Ada", "a sailor"),)
    return Narrative(f"n{number}", "T", "drama", "a town", f"A tale of {number}.", ada, provenance)


def annotation(number: int) -> Annotation:
    provenance = Provenance("t", "v", f"a{number}")
    return Annotation(f"d{number}", "goemotions", "train", f"x{number}", 1, FEAR, provenance)


def write_small(out: Path, version: str, lines: Iterable[Record], *, rows: int = ROWS) -> Path:
    """Write a corpus with these lines, and as many rows of every other config."""
    others = [make(n) for make in (tale, scene, annotation) for n in range(rows)]
    # So that a version differs from another in its lines alone.
    changes = ((version, "A version of the tests."),)
    about = replace(ABOUT, name="emo-pillars", version=version, changes=changes, licence_id="mit")
    return write_records(out, (*lines, *others), about)


def write_records(out: Path, records: Iterable[Record], about: About = ABOUT) -> Path:
    """Write a corpus of these records alone."""
    with CorpusWriter(out) as writer:
        for record in records:
            writer.add(record)
        writer.finish(about, Made(prompts={"x": "x-1"}, costs={"x": {"items": 1.0}}, further={}))
    return out
