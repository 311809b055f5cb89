"""Few-shot: a user's own labels, learnt from one to sixty-four examples of each.

What a checkpoint says of the labels' names is moved by the examples, and the checkpoint that is
written rates these labels and any other (`train_fewshot`). Or the encoder is tuned with SetFit, a
linear head fitted on top, and the zero-shot scores weighed in (`train_by_setfit`). What is written
holds no pickle and no example, and is loaded with torch and transformers alone.
"""

from emo_hub.fewshot.by_setfit import train_by_setfit, tune_and_weigh
from emo_hub.fewshot.curve import SHOTS, CurvePlan, CurvePoint, learning_curve
from emo_hub.fewshot.encoder import PLAIN
from emo_hub.fewshot.examples import MOST_SHOTS, Examples
from emo_hub.fewshot.model import FewshotModel
from emo_hub.fewshot.page import write_learning_curve
from emo_hub.fewshot.reading import read_examples
from emo_hub.fewshot.recipe import AUTO_PRIOR, FewshotRecipe
from emo_hub.fewshot.train import teach, train_fewshot

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
    "learning_curve",
    "read_examples",
    "teach",
    "train_by_setfit",
    "train_fewshot",
    "tune_and_weigh",
    "write_learning_curve",
]
