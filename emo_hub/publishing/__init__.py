"""Publishing: a folder becomes a version on the Hub, whole and named for ever, or not at all."""

from emo_hub.publishing.collection import publish_collection
from emo_hub.publishing.dataset import publish_dataset
from emo_hub.publishing.plan import Plan

__all__ = ["Plan", "publish_collection", "publish_dataset"]
