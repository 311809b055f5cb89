"""Learning curves: what more rows of each kind of data bring, on benchmarks that nothing fits.

One model is trained for each kind of data and each share of it, and scored on the same rows of
four public sets. No test split is read: curves serve choices, and a split that choices are made on
is no longer a test.
"""

from emo_hub.learning_curves.ablations import Variant, ablations, read_variants
from emo_hub.learning_curves.plan import KINDS, SETS, SHARES, CurvePlan, Point, Reached
from emo_hub.learning_curves.run import learning_curves

__all__ = [
    "KINDS",
    "SETS",
    "SHARES",
    "CurvePlan",
    "Point",
    "Reached",
    "Variant",
    "ablations",
    "learning_curves",
    "read_variants",
]
