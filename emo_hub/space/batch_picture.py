"""Draw many answers: what fits how often, where the texts lie, and the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from emo_hub.space.answer import point
from emo_hub.space.batch import MAX_LINE_CHARACTERS, MAX_LINES, Batch, Line
from emo_hub.space.drawing import draw
from emo_hub.space.texts import say

_ROWS = 100
_BARS = 16


@dataclass(frozen=True, slots=True)
class Share:
    """How many texts a label fits; `width` is in percent of the fullest bar."""

    label: str
    count: int
    width: float


def render_progress(done: int, everything: int, language: str) -> str:
    """Draw how far the reading is."""
    return draw("progress", language, done=done, all=everything)


def render_batch(batch: Batch, lines: Sequence[Line], language: str) -> str:
    """Draw the answers to a batch."""
    shares, none = tally(lines)
    valence = sum(line.scores.valence for line in lines) / len(lines)
    arousal = sum(line.scores.arousal for line in lines) / len(lines)
    return draw(
        "batch",
        language,
        count=len(lines),
        notices=_notices(batch, language),
        shares=shares[:_BARS],
        others=len(shares) - _BARS,
        nothing=none,
        dots=[point("", line.scores.valence, line.scores.arousal) for line in lines],
        mean=point("", valence, arousal),
        valence=f"{valence:.1f}",
        arousal=f"{arousal:.1f}",
        lines=lines[:_ROWS],
    )


def tally(lines: Sequence[Line]) -> tuple[list[Share], Share]:
    """Count for each label the texts that it fits, most first, and the texts that nothing fits."""
    fitting = Counter(bar.label for line in lines for bar in line.scores.fitting)
    labels = [bar.label for bar in lines[0].scores.bars]
    none = sum(not line.scores.fitting for line in lines)
    most = max(*fitting.values(), none, 1)
    ordered = sorted(labels, key=lambda label: (-fitting[label], label))
    shares = [Share(label, fitting[label], 100 * fitting[label] / most) for label in ordered]
    return shares, Share("", none, 100 * none / most)


def _notices(batch: Batch, language: str) -> list[str]:
    notices = []
    if batch.given > MAX_LINES:
        notices.append(say(language, "batch_cut_lines", count=batch.given, most=MAX_LINES))
    if batch.shortened:
        key = "batch_cut_letters_one" if batch.shortened == 1 else "batch_cut_letters"
        notices.append(say(language, key, count=batch.shortened, most=MAX_LINE_CHARACTERS))
    return notices
