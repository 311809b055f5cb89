"""Turns replies that were written slot by slot, outside any run, into recordings.

`python -m emo_hub.synthesis.ingest SOURCE... emo_hub/recordings` adds campaigns, a folder each, to
what is recorded there. Each request is rendered by the stages of today, so a changed prompt needs
`rekey`, which files the old replies under the new keys.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from emo_hub.durable import make_folder, write_whole
from emo_hub.errors import DataError
from emo_hub.records import ContextualUtterance
from emo_hub.synthesis import choices, descriptors, relooks, scenes, utterances, votes
from emo_hub.synthesis.campaign_files import (
    Json,
    digests,
    read_lines,
    read_packed,
    read_requests,
    write_packed,
)
from emo_hub.synthesis.origin import ABOUT, PROVENANCE, TEACHER, about_others
from emo_hub.synthesis.plan import FILE, Plan, plan_from_json, plan_to_json, read_plan
from emo_hub.synthesis.relooks import Relook
from emo_hub.synthesis.stage import Refusal, Stage
from emo_hub.synthesis.utterances import UtteranceRequest
from emo_hub.teacher import Reply, recording_line

Item = TypeVar("Item")

REQUESTS = "utterance_requests.json"
UTTERANCES = "utterances.jsonl"
SCENES = "scenes.jsonl"
LOOKS = {1: "descriptors_goemotions.jsonl", 2: "descriptors_goemotions_second.jsonl"}
# Stages that ask about a list of rows: the name of the list in a reply, and what is numbered there.
_ROWWISE = {
    relooks.NAME: ("readings", "line"),
    choices.NAME: ("choices", "text"),
    votes.NAME: ("votes", "text"),
}
# What every line of a file has to say.
_FIELDS = {
    UTTERANCES: ("request", "slot"),
    SCENES: ("request", "genre", "setting"),
    **dict.fromkeys(LOOKS.values(), ("source", "split", "id")),
    **{f"{name}.jsonl": ("request", "row") for name in _ROWWISE},
}
FILES = (REQUESTS, UTTERANCES, SCENES, *LOOKS.values(), *(f"{name}.jsonl" for name in _ROWWISE))


def record_replies(
    sources: Sequence[Path], out: Path, *, teacher: str | None = None, about: Json | None = None
) -> None:
    """Add campaigns to the recordings of a folder; the same sources give the same bytes.

    Where a kill or a full disk cuts it off, earlier replies are as they were, and the same call
    does the rest.

    Args:
        sources: folders with replies, a campaign each, in order, with those of `FILES` that it has.
        out: where the recordings are, or go; what is recorded there stays.
        teacher: who wrote the replies, where they do not say.
        about: what `provenance.json` is to say; one that is there, and of the same teacher, only
            gets what it lacks. None for what holds of any replies, where it is not there.

    Raises:
        DataError: a folder has no file of replies, a line cannot be read or does not say who wrote
            it while `teacher` does not either, a reply belongs to no request, two requests
            have one name, as where a folder is recorded already, or `out` cannot be written.
    """
    for source in sources:
        if not any((source / name).is_file() for name in FILES):
            raise DataError(f"{source} has none of {', '.join(FILES)}: give a folder of replies.")
    teacher = teacher or _author(sources)
    told = _provenance(out, about, teacher)
    plan, replies = Plan(), dict[str, list[Json]]()
    if (out / FILE).is_file():
        plan = read_plan(out)
        replies = _recorded(out, plan)
    plan, replies = _with_campaigns(plan, replies, sources, teacher)
    _refuse_repeats(plan, out)
    earlier = told.get("campaigns", [])
    new = [
        campaign
        for campaign in (digests(source, FILES) for source in sources)
        if campaign not in earlier
    ]
    _write(plan, replies, told | {"campaigns": [*earlier, *new]}, out)


def rekey(folder: Path) -> None:
    """Render the requests of recordings anew and file the old replies under the new keys.

    For when a prompt's wording changes and the replies still answer it; the replies themselves are
    found by the readable name of their request, and stay as they are.

    Raises:
        DataError: the folder has no plan, a request of it was never answered, or it cannot be
            written.
    """
    plan = read_plan(folder)
    _write(plan, _recorded(folder, plan), _read_provenance(folder), folder)


def _refuse_repeats(plan: Plan, out: Path) -> None:
    for stage, items in _planned(plan):
        for name, count in Counter(item.request for item in items).most_common(1):
            if count > 1:
                raise DataError(
                    f"Stage {stage.name} would have {count} requests named {name}: leave out a "
                    f"folder that is recorded in {out} already, and name other requests anew."
                )


def _recorded(folder: Path, plan: Plan) -> dict[str, list[Json]]:
    """Read the replies to all requests of a plan, by stage, in the order of the plan."""
    replies: dict[str, list[Json]] = {}
    for stage, items in _planned(plan):
        wanted = [item.request for item in items]
        path = folder / f"{stage.name}.jsonl.gz"
        found = {line["request"]: line for line in (read_packed(path) if path.is_file() else ())}
        unanswered = [name for name in wanted if name not in found]
        if unanswered:
            raise DataError(f"{folder} has no reply to {unanswered[0]}: record it first.")
        replies[stage.name] = [
            {**json.loads(found[name]["reply"]), "teacher": found[name]["teacher"]}
            for name in wanted
        ]
    return replies


def _planned(plan: Plan) -> list[tuple[Stage[Any, Any], Sequence[Any]]]:
    """List what a plan asks in each stage; each item has the name of its request."""
    return [
        (utterances.STAGE, plan.utterances),
        (scenes.STAGE, plan.scenes),
        (relooks.STAGE, plan.relooks),
        (choices.STAGE, plan.choices),
        (votes.STAGE, plan.votes),
        (descriptors.STAGE, plan.descriptors),
    ]


def _with_campaigns(
    plan: Plan, replies: dict[str, list[Json]], sources: Sequence[Path], teacher: str
) -> tuple[Plan, dict[str, list[Json]]]:
    stories = _all_lines(sources, SCENES, teacher)
    looks = {look: _all_lines(sources, name, teacher) for look, name in LOOKS.items()}
    rowwise = {name: _all_lines(sources, f"{name}.jsonl", teacher) for name in _ROWWISE}
    new = plan_from_json(_plan(_all_requests(sources), stories, looks, rowwise))
    told = [_without(line, "source", "split", "id") for lines in looks.values() for line in lines]
    added = {
        utterances.STAGE.name: _slotwise(_all_lines(sources, UTTERANCES, teacher), new, teacher),
        scenes.STAGE.name: [_without(s, "request", "genre", "setting") for s in stories],
        **{name: _rowwise(rowwise[name], *named) for name, named in _ROWWISE.items()},
        descriptors.STAGE.name: told,
    }
    merged = Plan(
        plan.utterances + _numbered(new.utterances, plan.utterances),
        plan.scenes + new.scenes,
        plan.descriptors + new.descriptors,
        plan.relooks + new.relooks,
        plan.choices + new.choices,
        plan.votes + new.votes,
        plan.withheld,
    )
    return merged, {stage: [*replies.get(stage, ()), *lines] for stage, lines in added.items()}


def _numbered(
    requests: Sequence[UtteranceRequest], before: Sequence[UtteranceRequest]
) -> tuple[UtteranceRequest, ...]:
    """Go on counting requests that ask the same as an earlier campaign did."""
    asked = Counter((request.world, request.slots) for request in before)
    return tuple(
        replace(request, sample=request.sample + asked[request.world, request.slots])
        for request in requests
    )


def _rowwise(lines: Sequence[Json], name: str, counted: str) -> list[Json]:
    """Put what was said of rows together as the replies that they are, numbered as they were."""
    return [
        {
            name: [
                {counted: number, **_without(line, "request", "row", "teacher")}
                for number, line in enumerate(group, start=1)
            ],
            "teacher": group[0]["teacher"],
        }
        for group in _grouped(lines).values()
    ]


def _grouped(lines: Sequence[Json]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = defaultdict(list)
    for line in lines:
        groups[line["request"]].append(line)
    return groups


def _asked(
    plan: Plan, replies: dict[str, list[Json]]
) -> list[tuple[Stage[Any, Any], Sequence[Any]]]:
    """List what is asked in each stage; who looks again is asked about what others wrote."""
    written: dict[str, Any] = {}
    wanted = plan.asked_again
    for stage, items in ((utterances.STAGE, plan.utterances), (scenes.STAGE, plan.scenes)):
        told = zip(items, replies[stage.name], strict=True) if wanted else ()
        for item, reply in told:
            whole = Reply(_compact(_without(reply, "teacher")), reply["teacher"])
            for record in stage.read(item, whole):  # type: ignore[arg-type]
                if not isinstance(record, Refusal):
                    written[record.id] = record
                if isinstance(record, ContextualUtterance):
                    alone = record.stand_alone()
                    written[alone.id] = alone
    missing = sorted(wanted - written.keys())
    if missing:
        raise DataError(
            f"{len(missing)} rows are asked about that nobody wrote, {missing[0]} first."
        )
    rowwise: dict[str, list[Any]] = {
        relooks.NAME: [Relook(g.request, tuple(written[i] for i in g.ids)) for g in plan.relooks],
        choices.NAME: [choices.choice_of(group, written) for group in plan.choices],
        votes.NAME: [choices.choice_of(group, written) for group in plan.votes],
    }
    return [(stage, rowwise.get(stage.name, items)) for stage, items in _planned(plan)]


def _write(plan: Plan, replies: dict[str, list[Json]], about: Json, out: Path) -> None:
    """Put the plan in place last, so that it names no request whose reply is not there yet."""
    asked = _asked(plan, replies)
    texts = {stage.name: _recording(stage, items, replies[stage.name]) for stage, items in asked}
    make_folder(out)
    for name, text in texts.items():
        write_packed(out / f"{name}.jsonl.gz", text)
    facts = about | {
        "requests": {stage.name: len(items) for stage, items in asked},
        "prompt_versions": {stage.name: stage.version for stage, _ in asked},
    }
    write_whole(out / PROVENANCE, (json.dumps(facts, indent=2) + "\n").encode())
    write_packed(out / FILE, json.dumps(plan_to_json(plan), separators=(",", ":")))


def _all_requests(sources: Sequence[Path]) -> list[Json]:
    found = [source / REQUESTS for source in sources]
    return [r for path in found if path.is_file() for r in read_requests(path)]


def _lines(sources: Sequence[Path], name: str) -> list[Json]:
    found = [source / name for source in sources if (source / name).is_file()]
    return [line for path in found for line in read_lines(path, _FIELDS[name])]


def _all_lines(sources: Sequence[Path], name: str, teacher: str) -> list[Json]:
    return [{"teacher": teacher} | line for line in _lines(sources, name)]


def _author(sources: Sequence[Path]) -> str:
    """Name who wrote the first reply; a `DataError` where one does not say so."""
    told = {name: [line.get("teacher") for line in _lines(sources, name)] for name in _FIELDS}
    if silent := [name for name, wrote in told.items() if None in wrote]:
        raise DataError(
            f"Not every line of {silent[0]} says who wrote the reply: name the teacher (--teacher)."
        )
    return str(next((wrote for names in told.values() for wrote in names), ""))


def _plan(
    requests: list[Json],
    stories: Sequence[Json],
    looks: dict[int, list[Json]],
    rowwise: dict[str, list[Json]],
) -> Json:
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
        **{name: _groups(lines) for name, lines in rowwise.items()},
    }


def _groups(lines: Sequence[Json]) -> list[Json]:
    return [
        {"request": request, "rows": [line["row"] for line in told]}
        for request, told in _grouped(lines).items()
    ]


def _slotwise(lines: Sequence[Json], plan: Plan, teacher: str) -> list[Json]:
    by_request: dict[str, list[Json]] = defaultdict(list)
    for line in lines:
        by_request[line["request"]].append(_without(line, "request"))
    unasked = set(by_request) - {request.request for request in plan.utterances}
    if unasked:
        raise DataError(f"{UTTERANCES} answers requests that nobody made: {sorted(unasked)[:5]}.")
    replies = []
    for request in plan.utterances:
        slots = by_request[request.request]
        wrote = slots[0]["teacher"] if slots else teacher
        told = [_without(slot, "teacher") for slot in slots]
        replies.append({"utterances": told, "teacher": wrote})
    return replies


def _recording(stage: Stage[Item, Any], items: Sequence[Item], replies: Sequence[Json]) -> str:
    prompts = [stage.ask(item) for item in items]
    if len({prompt.key for prompt in prompts}) < len(prompts):
        raise DataError(f"Two requests of stage {stage.name} ask the same: number their samples.")
    return "".join(
        recording_line(prompt, Reply(_compact(_without(reply, "teacher")), reply["teacher"]))
        for prompt, reply in zip(prompts, replies, strict=True)
    )


def _provenance(folder: Path, about: Json | None, teacher: str) -> Json:
    """Take what a folder tells, filled up with `about` if of the same teacher; else `about`."""
    told = _read_provenance(folder) or about or about_others(teacher)
    if about is None or told.get("teacher") != about["teacher"]:
        return told
    return told | {name: fact for name, fact in about.items() if name not in told}


def _read_provenance(folder: Path) -> Json:
    path = folder / PROVENANCE
    told: Json = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return told


def _without(value: Json, *names: str) -> Json:
    return {name: kept for name, kept in value.items() if name not in names}


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    *given, into = map(Path, sys.argv[1:])
    record_replies(given, into, teacher=TEACHER, about=ABOUT)
