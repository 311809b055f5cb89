"""What the choices from the palette tell of each text and word.

A chosen word holds, the first the most. A word that was left out does not, unless it is one that
mostly stands beside those that were chosen: then leaving it out says little, and it counts less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.palette import palette_names
from emo_hub.training.rows import TrainingRow

_LAST = 0.6  # what the least fitting of the chosen words counts, where the first counts 1
_STEP = 0.08  # less for each place down the list
_PRIOR = 20.0  # rows that the belief of two words being unrelated is worth


class ChosenWords:
    """Targets and weights over the palette.

    Args:
        rows: the training rows, from which it is learnt which words stand beside which.

    Attributes:
        asked: places of the words that some row has.
    """

    def __init__(self, rows: Sequence[TrainingRow]) -> None:
        self._place = {word: place for place, word in enumerate(palette_names())}
        table = np.stack([self._chosen(row) for row in rows if row.words] or [self._chosen(None)])
        together = table.T @ table
        # A word that no row was given, since it is kept out, is none that could be left out.
        self.asked = tuple(int(place) for place in np.flatnonzero(np.diag(together)))
        # (W, W): how often the second word was chosen where the first was.
        self._beside = together / (np.diag(together)[:, None] + _PRIOR)

    def _chosen(self, row: TrainingRow | None) -> Floats:
        found = np.zeros(len(self._place), np.float32)
        found[[self._place[word] for word in (row.words if row else ())]] = 1.0
        return found

    def targets(self, row: TrainingRow) -> tuple[Floats, Floats]:
        """Give what each word of the palette deserves, in [0, 1], and how surely: both (W,).

        The weights are zero for a row of which nobody was asked.
        """
        targets, weights = self._chosen(None), self._chosen(None)
        if not row.words:
            return targets, weights
        places = [self._place[word] for word in row.words]
        weights[:] = 1.0 - self._beside[places].max(axis=0)
        for rank, place in enumerate(places):
            targets[place] = max(_LAST, 1.0 - _STEP * rank)
        weights[places] = 1.0
        return targets, weights * np.float32(row.trust)
