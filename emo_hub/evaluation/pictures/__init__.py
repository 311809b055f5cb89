"""Pictures of a report, each drawn by one function into a PNG file.

They are made to be printed: as wide as a page, at 150 dots per inch, with type of 8 pt or more, and
with series that differ in marker and line as well as in colour.
"""

from __future__ import annotations

from emo_hub.evaluation.pictures.comparison import draw_comparison
from emo_hub.evaluation.pictures.curves import draw_curves
from emo_hub.evaluation.pictures.label_map import draw_label_map
from emo_hub.evaluation.pictures.labels import draw_labels
from emo_hub.evaluation.pictures.leaderboard import draw_leaderboard
from emo_hub.evaluation.pictures.matrices import draw_confusion, draw_cooccurrence
from emo_hub.evaluation.pictures.precision_recall import draw_precision_recall
from emo_hub.evaluation.pictures.reliability import draw_reliability
from emo_hub.evaluation.pictures.values import Curve, LabelMap, Quoted

__all__ = [
    "Curve",
    "LabelMap",
    "Quoted",
    "draw_comparison",
    "draw_confusion",
    "draw_cooccurrence",
    "draw_curves",
    "draw_label_map",
    "draw_labels",
    "draw_leaderboard",
    "draw_precision_recall",
    "draw_reliability",
]
