"""Two short stories of our own and a teacher that answers every stage about them."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field

from emo_hub.synthesis.drafts import FEELINGS
from emo_hub.synthesis.narratives import Passage, Story, passages
from emo_hub.teacher import Prompt, Reply, Usage

FERRY = (
    "Mara ran the small ferry across the bay. One evening her brother Tom left the mooring line "
    "loose. In the night the wind turned and the ferry drifted onto the rocks. Mara found it at "
    "dawn with a hole in its side. Tom said that he had tied the line as always. The harbour "
    "master read out the log, and the log said otherwise. Tom sold his motorbike and brought the "
    "money to the yard. By midsummer the ferry crossed the bay again. Mara let him steer the first "
    "trip."
)
OVEN = (
    "Old Berta baked for the whole street. Her apprentice Jonas measured everything twice. On the "
    "day of the fair the oven would not light. Jonas took it apart on the floor of the bakery. "
    "Berta carried the dough from house to house and asked the neighbours for their stoves. By "
    "noon there were loaves in eleven kitchens. Jonas found a mouse nest in the flue. The oven was "
    "lit at four. Berta gave him the key to the shop that night."
)
STORIES = (
    Story("own/ferry-00000001", "own", "The Ferry", FERRY),
    Story("own/oven-00000002", "own", "The Oven", OVEN),
)


def passage(story: int = 0) -> Passage:
    (found,) = passages(STORIES[story], fewest_words=10)
    return found


@dataclass
class Novelist:
    """Answers the stages of narrative plans, always the same to the same prompt."""

    width: int = 1
    name: str = "novelist"
    asked: list[Prompt] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, prompt: Prompt) -> Reply:
        with self.lock:
            self.asked.append(prompt)
        text = json.dumps(novel_reply(prompt.stage, prompt.messages[1][1]))
        return Reply(text, self.name, Usage(len(prompt.messages[1][1]) // 4, len(text) // 4, 0.01))


def novel_reply(stage: str, content: str) -> dict[str, object]:
    """Answer a stage of a narrative plan, from the words of its question alone."""
    match stage:
        case "characters":
            people = [n for n in ("Mara", "Tom", "Berta", "Jonas") if f"{n} " in content]
            return {
                "characters": [
                    {"name": name, "description": f"{name} works here and knows every corner."}
                    for name in people
                ]
            }
        case "lines":
            return {"lines": [_line(slot, content) for slot in range(1, 11)]}
        case "moments":
            return {"moments": [_moment(slot, content) for slot in range(1, 11)]}
        case "labels":
            return {"emotions": _felt(content)}
        case "second_looks":
            found = re.findall(r"^(\d+)\. (.*)$", content, re.MULTILINE)
            return {"readings": [{"line": int(n), "emotions": _felt(text)} for n, text in found]}
        case "contexts":
            return {"context": f"Somebody comes down and sees {some_words(content, 12)} there."}
        case "cleaning":
            return {"context": content}
        case "rewriting":
            return {"rewritten": f"So the {some_words(content, 3)}."}
        case "feelings":
            return {"descriptors": ["unease"], "valence": 2.5, "arousal": 3, "dominance": 3}
    raise AssertionError(f"nobody taught the novelist stage {stage}")


def _who(content: str) -> str:
    return re.search(r"The character: (\w+)", content)[1]  # type: ignore[index]


def _emotion(slot: int) -> str:
    return "neutral" if slot > 8 else FEELINGS[slot]


WORDS = (
    "alder", "birch", "cedar", "dogwood", "elm", "fir", "gorse", "hazel", "ivy", "juniper",
    "kettle", "ladder", "mallet", "needle", "oar", "pebble", "quilt", "ribbon", "saddle",
    "thimble", "urn", "violin", "wagon", "yarn", "zipper", "anchor", "basket", "candle", "drum",
)  # fmt: skip


def some_words(seed: str, count: int) -> str:
    """Give words that look picked by chance and are always the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    return " ".join(WORDS[byte % len(WORDS)] for byte in digest[:count])


def _text(slot: int, content: str) -> str:
    return f"{_who(content)} about {_emotion(slot)}, {some_words(f'{_who(content)}{slot}', 9)}."


def _line(slot: int, content: str) -> dict[str, object]:
    told = {"slot": slot, "emotion": _emotion(slot), "after": 3}
    return {**told, "line": _text(slot, content)}


def _moment(slot: int, content: str) -> dict[str, object]:
    return {
        **_line(slot, content),
        "context": f"{_who(content)} stands there with {some_words(f'{content}{slot}', 12)}.",
        "rewritten": f"The {some_words(f'{content}{slot}', 3)} one, then.",
        "emotions": [{"label": _emotion(slot), "intensity": 0.8}],
        "descriptors": [_emotion(slot)],
        "valence": 3,
        "arousal": 3,
        "dominance": 3,
    }


def _felt(text: str) -> list[dict[str, object]]:
    found = [label for label in (*FEELINGS, "neutral") if f"about {label}," in text]
    return [{"label": found[0] if found else "unease", "intensity": 0.6}]
