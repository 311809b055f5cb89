"""Replies of the form that a teacher gives, any number of them, from a vocabulary of our own.

Run as a module it is the child process whose time and memory are measured: it puts so many records
through reading, screening, splitting and writing, and prints what that took as one JSON line.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emo_hub.records import ContextualUtterance
from emo_hub.synthesis import scenes, utterances
from emo_hub.synthesis.scenes import SceneSeed
from emo_hub.synthesis.utterances import REGISTERS, SLOTS, UtteranceRequest
from emo_hub.synthesis.write import About, CorpusWriter, Made, Record
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.teacher import Reply

CONSONANTS, VOWELS = "bdfghklmnprstvwz", "aeiou"
# As common as in speech: rank r comes about 1/r times as often as the first.
WORDS, PHRASES = 30_000, 6_000
COPIED, CHANGED = 0.003, 0.01
# The most common ones are real, so that a check of the language takes the lines for English.
COMMON = """
    the i to and a you it of that in my was is me for have on not but this with so just we she
    he they be at all what his her had do about up out if no like when there your can them an one
    who been from only now would how because could as then or by were are did over too"""
# Of 400,000 rows 300,000 stand alone, as in the paper: every story gives 20 rows of either kind.
ROWS_OF_ROUND = 4 * SLOTS
ABOUT = About(
    name="generated",
    title="Generated lines",
    version="0.0.1",
    fingerprint="0" * 64,
    how=("A program put words together.",),
    licence="CC0 1.0.",
    licence_id="cc0-1.0",
)


class Writer:
    """Writes lines; a few are copies of recent ones, a few more copies with one word changed."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = np.random.default_rng(seed)
        syllables = [c + v for c in CONSONANTS for v in VOWELS]
        words = sorted({self._word(syllables) for _ in range(2 * WORDS)})[: WORDS * 2]
        self.chance.shuffle(words)
        words = words[:WORDS]
        phrases = [
            " ".join(words[m] for m in self.chance.integers(0, PHRASES // 2, 2 + n % 2))
            for n in range(PHRASES)
        ]
        units = [*words, *phrases]
        order = self.chance.permutation(len(units))
        self.units = np.array([*COMMON.split(), *(units[n] for n in order)], dtype=object)
        weights = 1 / (np.arange(len(self.units)) + 2.7)
        # About every other word of running English is one of these.
        weights[: len(COMMON.split())] *= 2
        self.reach = np.cumsum(weights / weights.sum())
        self.recent: list[str] = []

    def _word(self, syllables: list[str]) -> str:
        size = 1 + int(self.chance.integers(0, 4))
        return "".join(syllables[n] for n in self.chance.integers(0, len(syllables), size))

    def lines(self, count: int, shortest: int = 3, longest: int = 16) -> list[str]:
        sizes = self.chance.integers(shortest, longest, count)
        picks = np.searchsorted(self.reach, self.chance.random(int(sizes.sum())))
        units = self.units[np.minimum(picks, len(self.units) - 1)].tolist()
        ends = np.cumsum(sizes)
        made = [" ".join(units[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
        for n, luck in enumerate(self.chance.random(count)):
            if luck < COPIED + CHANGED and self.recent:
                made[n] = self.recent[int(self.chance.integers(0, len(self.recent)))]
                if luck >= COPIED:
                    made[n] = made[n].rsplit(" ", 1)[0] + " " + self.units[int(luck * 1e6)]
        self.recent = [*self.recent[-400:], *made[::7]]
        return made

    def affect(self) -> dict[str, object]:
        labels = self.chance.permutation(len(GOEMOTIONS.labels) - 1)[: 1 + self.chance.integers(2)]
        strengths = (self.chance.integers(3, 11, len(labels)) / 10).tolist()
        degrees = (self.chance.integers(2, 11, 3) / 2).tolist()
        return {
            "emotions": [
                {"label": GOEMOTIONS.labels[n], "intensity": strength}
                for n, strength in zip(labels, strengths, strict=True)
            ],
            "descriptors": self.lines(2, 1, 3),
            **dict(zip(("valence", "arousal", "dominance"), degrees, strict=True)),
        }

    def utterances(self, number: int) -> tuple[UtteranceRequest, str]:
        parts = [
            {"slot": slot, "register": REGISTERS[slot % 8], "utterance": line, **self.affect()}
            for slot, line in enumerate(self.lines(SLOTS), start=1)
        ]
        request = UtteranceRequest(f"q{number}", f"the world of {number}", sample=number)
        return request, json.dumps({"utterances": parts})

    def scene(self, number: int) -> tuple[SceneSeed, str]:
        people = [f"P{number}a", f"P{number}b"]
        told = zip(self.lines(SLOTS), self.lines(SLOTS, 12, 35), self.lines(SLOTS), strict=True)
        moments = [
            {
                "character": people[slot % 2],
                "utterance": line,
                "context": context,
                "rewritten": rewritten,
                **self.affect(),
            }
            for slot, (line, context, rewritten) in enumerate(told)
        ]
        story = {
            "title": f"Story {number}",
            "narrative": self.lines(1, 80, 110)[0],
            "characters": [{"name": name, "description": self.lines(1)[0]} for name in people],
            "utterances": moments,
        }
        return SceneSeed(f"n{number}", "drama", f"the place of {number}"), json.dumps(story)


def replies(rows: int, seed: int = 0) -> Iterator[tuple[UtteranceRequest | SceneSeed, str]]:
    """Give items and replies until they hold so many rows (a multiple of 80), scenes among them."""
    writer = Writer(seed)
    for number in range(rows // ROWS_OF_ROUND):
        yield writer.utterances(2 * number)
        yield writer.utterances(2 * number + 1)
        yield writer.scene(number)


@dataclass
class Spent:
    """What a run took: rows that were kept, seconds without the generator's, megabytes."""

    rows: int
    seconds: float
    peak_mb: float
    base_mb: float


class Clock:
    """Adds up the seconds that an iterator takes, so that they can be left out."""

    seconds = 0.0

    def around(self, source: Iterator[Any]) -> Iterator[Any]:
        while True:
            start = time.perf_counter()
            found = next(source, None)
            self.seconds += time.perf_counter() - start
            if found is None:
                return
            yield found


def records(source: Iterator[tuple[UtteranceRequest | SceneSeed, str]]) -> Iterator[Record]:
    """Read replies as their stages do."""
    for item, text in source:
        stage = scenes.STAGE if isinstance(item, SceneSeed) else utterances.STAGE
        for record in stage.read(item, Reply(text, "generator")):
            yield record
            if isinstance(record, ContextualUtterance):
                yield record.stand_alone()


def build(rows: int, out: Path) -> Spent:
    """Put generated replies through reading, screening, splitting, Parquet and card."""
    base, clock = peak_mb(), Clock()
    began = time.perf_counter()
    with CorpusWriter(out) as writer:
        for record in records(clock.around(replies(rows))):
            writer.add(record)
        prompts = {stage.name: stage.version for stage in (utterances.STAGE, scenes.STAGE)}
        costs = {name: {"items": 0.0} for name in prompts}
        writer.finish(ABOUT, Made(prompts=prompts, costs=costs, further={}))
        kept = sum(sum(splits.values()) for splits in writer.counts.values())
    seconds = time.perf_counter() - began - clock.seconds
    return Spent(kept, seconds, peak_mb(), base)


def peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        # Where it is there: getrusage also counts what the parent had when it forked.
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(rows: int) -> Spent:
    """Run `build` in a process of its own."""
    command = [sys.executable, "-m", __name__, str(rows)]
    here = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=here, check=True, capture_output=True, text=True)
    return Spent(**json.loads(done.stdout))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        spent = build(int(sys.argv[1]), Path(folder) / "corpus")
        sys.stdout.write(json.dumps(asdict(spent)))
