"""Small requests and replies that more than one test file puts together."""

from emo_hub.synthesis.descriptors import StandOffText
from emo_hub.synthesis.scenes import SceneSeed
from emo_hub.synthesis.utterances import Slot, UtteranceRequest

REQUEST = UtteranceRequest(
    "q1",
    "a bakery",
    (
        Slot(1, "joy", "diary", "plain", "3-7 words", may_name_it=False),
        Slot(2, "guilt", "review", "blunt", "8-14 words", may_name_it=True),
    ),
)
SEED = SceneSeed("n1", "comedy", "a harbour town")
TEXT = StandOffText("goemotions", "train", "abc123")
AFFECT = {
    "emotions": [{"label": "joy", "intensity": 0.9}],
    "descriptors": ["joy", "glee"],
    "valence": 4.5,
    "arousal": 3.5,
    "dominance": 3,
}


def slot(number=1, register="diary", text="We sold out by nine.", **changes):
    return {"slot": number, "register": register, "utterance": text, **AFFECT, **changes}


def moment(**changes):
    return {
        "character": "Ada",
        "utterance": "The boat came back with everyone on it!",
        "context": "Ada waits at the pier.",
        "rewritten": "All of them!",
        **AFFECT,
        **changes,
    }
