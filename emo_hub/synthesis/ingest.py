"""Turns replies that were written slot by slot, outside any run, into recordings.

Each request is rendered by the stages of today, so a changed prompt needs a new ingest:
`python -m emo_hub.synthesis.ingest SOURCE... emo_hub/recordings`, or `rekey` where only the
recordings are at hand.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from emo_hub.errors import DataError
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.plan import FILE, Plan, plan_from_json, plan_to_json, read_plan
from emo_hub.synthesis.stage import Stage
from emo_hub.teacher import Reply, recording_line

Item = TypeVar("Item")
Json = dict[str, Any]

TEACHER = "strong-llm-2026 (recorded)"
REQUESTS = "utterance_requests.json"
UTTERANCES = "utterances.jsonl"
SCENES = "scenes.jsonl"
LOOKS = {1: "descriptors_goemotions.jsonl", 2: "descriptors_goemotions_second.jsonl"}
FILES = (REQUESTS, UTTERANCES, SCENES, *LOOKS.values())

ABOUT: Json = {
    "teacher": TEACHER,
    "how": (
        "A strong large language model wrote every reply by judgement, one at a time. No script "
        "and no template wrote any of them, and no human label was seen. No living person is "
        "named."
    ),
    "prompts": (
        "The replies were written from briefs. The prompts that this package renders were "
        "worded afterwards on the same briefs and are stricter here and there; the keys are "
        "those of the rendered prompts, so the teacher did not see their exact words. The one-"
        "line premises of the narratives were not kept; genre and setting stand for them. The "
        "brief of the annotations named two published statistics of human annotation, that "
        "about a third of such comments are neutral and that a comment has 1.2 labels on "
        "average; faint second labels were trimmed in a second reading, in part by a fixed "
        "limit on the intensity."
    ),
    "second_campaign": (
        "Replies of strong-llm-2026-11 were written later, by several instances of one model, for "
        "requests of the same form: accounts of events for open emotion words (the words of known "
        "label sets drawn more often), plain sarcasm beside its sincere counterparts, and a random "
        "sample of the remaining train comments. Most "
        "annotators of the comments read their first answers again with the two statistics above "
        "in view, turned faint readings to neutral and dropped second labels; lists of decisions "
        "were applied by script, and one annotator set valence and arousal of lines turned "
        "neutral by rule. Some had seen a few earlier annotations (ids, no texts). Neutral and "
        "labels per comment are therefore steered, and descriptors may name a dropped label."
    ),
    "licence": (
        "CC BY 4.0. The annotated comments belong to GoEmotions (CC BY 4.0) and are named by "
        "their ids only."
    ),
    "known_weaknesses": [
        "The voices lean British and are wittier than people are on average.",
        "Lines of scenes are longer and more vivid than speech.",
        "Some neutral lines are answers to a question that nobody sees.",
        "Neutral is rarer in the annotations than human annotators have it, about a third.",
        "Descriptors were written before labels were trimmed, so a few name an emotion that the "
        "labels leave out.",
        "Arousal is the judgement of a single annotator.",
        "All of it is in English.",
    ],
}


def record_replies(sources: Sequence[Path], out: Path) -> None:
    """Write recordings, plan and provenance; the same sources give the same bytes.

    Args:
        sources: folders with replies, a campaign each, in order; the first holds every file, a
            later one those that it adds to.
        out: where the recordings go; files of an earlier ingest are replaced.

    Raises:
        DataError: a file is missing or a reply belongs to no request.
    """
    first = sources[0]
    missing = [name for name in FILES if not (first / name).is_file()]
    if missing:
        raise DataError(f"{first} lacks {', '.join(missing)}: give the folder of the replies.")
    stories = _all_lines(sources, SCENES)
    looks = {look: _all_lines(sources, name) for look, name in LOOKS.items()}
    plan = plan_from_json(_plan(_all_requests(sources), stories, looks))
    told = [_without(line, "source", "split", "id") for lines in looks.values() for line in lines]
    _write(
        plan,
        {
            utterances.STAGE.name: _slotwise(_all_lines(sources, UTTERANCES), plan),
            scenes.STAGE.name: [_without(s, "request", "genre", "setting") for s in stories],
            descriptors.STAGE.name: told,
        },
        out,
    )
    campaigns = [_campaign(source) for source in sources]
    _write_provenance(ABOUT | {"campaigns": campaigns}, plan, out)


def rekey(folder: Path) -> None:
    """Render the requests of recordings anew and file the old replies under the new keys.

    For when a prompt's wording changes and the replies still answer it; the replies themselves are
    found by the readable name of their request, and stay as they are.

    Raises:
        DataError: the folder has no plan, or a request of it was never answered.
    """
    plan = read_plan(folder)
    replies: dict[str, list[Json]] = {}
    for stage, items in _asked(plan):
        lines = _read_gzip(folder / f"{stage.name}.jsonl.gz")
        named = {line["request"]: line for line in lines}
        unanswered = [p for p in map(stage.ask, items) if p.request not in named]
        if unanswered:
            raise DataError(f"{folder} has no reply to {unanswered[0].request}: record it first.")
        answers = [named[stage.ask(item).request] for item in items]
        replies[stage.name] = [
            {**json.loads(line["reply"]), "teacher": line["teacher"]} for line in answers
        ]
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    _write(plan, replies, folder)
    _write_provenance(provenance, plan, folder)


def _asked(plan: Plan) -> list[tuple[Stage[Any, Any], Sequence[Any]]]:
    return [
        (utterances.STAGE, plan.utterances),
        (scenes.STAGE, plan.scenes),
        (descriptors.STAGE, plan.descriptors),
    ]


def _write(plan: Plan, replies: dict[str, list[Json]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    _compress(out / FILE, json.dumps(plan_to_json(plan), separators=(",", ":")))
    for stage, items in _asked(plan):
        _record(out, stage, items, replies[stage.name])


def _all_requests(sources: Sequence[Path]) -> list[Json]:
    found = [source / REQUESTS for source in sources]
    return [r for path in found if path.is_file() for r in json.loads(path.read_text("utf-8"))]


def _all_lines(sources: Sequence[Path], name: str) -> list[Json]:
    found = [source / name for source in sources]
    return [line for path in found if path.is_file() for line in _read_lines(path)]


def _plan(requests: list[Json], stories: Sequence[Json], looks: dict[int, list[Json]]) -> Json:
    asked: Counter[str] = Counter()
    for request in requests:
        same = json.dumps(_without(request, "request"), sort_keys=True)
        request["sample"] = asked[same]
        asked[same] += 1
        for slot in request.get("slots", ()):
            slot["number"] = slot.pop("slot")
    return {
        "utterances": requests,
        "scenes": [{name: s[name] for name in ("request", "genre", "setting")} for s in stories],
        "descriptors": [
            {"source": line["source"], "split": line["split"], "look": look, "ids": [line["id"]]}
            for look, lines in looks.items()
            for line in lines
        ],
    }


def _slotwise(lines: Sequence[Json], plan: Plan) -> list[Json]:
    by_request: dict[str, list[Json]] = defaultdict(list)
    for line in lines:
        by_request[line["request"]].append(_without(line, "request"))
    unasked = set(by_request) - {request.request for request in plan.utterances}
    if unasked:
        raise DataError(f"{UTTERANCES} answers requests that nobody made: {sorted(unasked)[:5]}.")
    replies = []
    for request in plan.utterances:
        slots = by_request[request.request]
        teacher = slots[0].get("teacher", TEACHER) if slots else TEACHER
        told = [_without(slot, "teacher") for slot in slots]
        replies.append({"utterances": told, "teacher": teacher})
    return replies


def _record(
    out: Path, stage: Stage[Item, Any], items: Sequence[Item], replies: Sequence[Json]
) -> None:
    prompts = [stage.ask(item) for item in items]
    if len({prompt.key for prompt in prompts}) < len(prompts):
        raise DataError(f"Two requests of stage {stage.name} ask the same: number their samples.")
    lines = []
    for prompt, reply in zip(prompts, replies, strict=True):
        text = _compact(_without(reply, "teacher"))
        lines.append(recording_line(prompt, Reply(text, reply.get("teacher", TEACHER))))
    _compress(out / f"{stage.name}.jsonl.gz", "".join(lines))


def _campaign(source: Path) -> Json:
    paths = [source / name for name in FILES if (source / name).is_file()]
    return {
        path.name: {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "lines": path.read_bytes().count(b"\n"),
        }
        for path in paths
    }


def _write_provenance(about: Json, plan: Plan, out: Path) -> None:
    facts = about | {
        "requests": {stage.name: len(items) for stage, items in _asked(plan)},
        "prompt_versions": {stage.name: stage.version for stage, _ in _asked(plan)},
    }
    text = json.dumps(facts, indent=2)
    (out / "provenance.json").write_text(text + "\n", encoding="utf-8")


def _read_gzip(path: Path) -> list[Json]:
    text = gzip.decompress(path.read_bytes()).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def _read_lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def _without(value: Json, *names: str) -> Json:
    return {name: kept for name, kept in value.items() if name not in names}


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _compress(path: Path, text: str) -> None:
    buffer = io.BytesIO()
    # No name and no time in the header: equal text gives equal bytes.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode())
    path.write_bytes(buffer.getvalue())


if __name__ == "__main__":
    record_replies([Path(source) for source in sys.argv[1:-1]], Path(sys.argv[-1]))
