"""Label sets of benchmarks that no model here is trained on, in names that a scorer can be asked.

Codes such as `hap` become words; names that are words already stay as the release has them.
"""

from __future__ import annotations

from emo_hub.taxonomy import LabelSet

MELD = LabelSet(
    "meld",
    ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"),
    multi_label=False,
    neutral="neutral",
)
EMORYNLP = LabelSet(
    "emorynlp",
    ("joyful", "mad", "peaceful", "neutral", "sad", "powerful", "scared"),
    multi_label=False,
    neutral="neutral",
)
DAILYDIALOG = LabelSet(
    "dailydialog",
    ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise"),
    multi_label=False,
    neutral="neutral",
)
DAIR = LabelSet(
    "dair-emotion",
    ("sadness", "joy", "love", "anger", "fear", "surprise"),
    multi_label=False,
)
BRIGHTER_ENGLISH = LabelSet(
    "brighter-english",
    ("anger", "fear", "joy", "sadness", "surprise"),
    multi_label=True,
)
