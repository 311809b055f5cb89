"""Few-shot: a user's own labels, learnt from one to sixty-four examples of each.

An encoder of ours is tuned with SetFit, a linear head fitted on top, and the zero-shot scores of
the labels' names weighed in for as long as examples are few. What is written holds no pickle, and
is loaded with torch and transformers alone.
"""

from emo_hub.fewshot.curve import SHOTS, CurvePlan, CurvePoint, learning_curve
from emo_hub.fewshot.encoder import PLAIN
from emo_hub.fewshot.examples import MOST_SHOTS, Examples
from emo_hub.fewshot.model import FewshotModel
from emo_hub.fewshot.page import write_learning_curve
from emo_hub.fewshot.reading import read_examples
from emo_hub.fewshot.recipe import AUTO_PRIOR, FewshotRecipe
from emo_hub.fewshot.train import learn, train_fewshot

__all__ = [
    "AUTO_PRIOR",
    "MOST_SHOTS",
    "PLAIN",
    "SHOTS",
    "CurvePlan",
    "CurvePoint",
    "Examples",
    "FewshotModel",
    "FewshotRecipe",
    "learn",
    "learning_curve",
    "read_examples",
    "train_fewshot",
    "write_learning_curve",
]
