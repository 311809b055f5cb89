"""Publishing: a folder becomes a version on the Hub, whole and named for ever, or not at all.

`publish_model` is in `emo_hub.publishing.model`, since it needs torch and the others do not.
"""

from emo_hub.publishing.collection import publish_collection
from emo_hub.publishing.dataset import publish_dataset
from emo_hub.publishing.plan import Plan
from emo_hub.publishing.space import Page, publish_space

__all__ = ["Page", "Plan", "publish_collection", "publish_dataset", "publish_space"]
