"""The requests that a corpus is built from, in order; without them a recording is only answers."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from emo_hub.errors import DataError
from emo_hub.synthesis.descriptors import StandOffText
from emo_hub.synthesis.relooks import Lines, is_place
from emo_hub.synthesis.scenes import SceneSeed
from emo_hub.synthesis.utterances import Slot, UtteranceRequest

FILE = "plan.json.gz"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, stage by stage.

    Args:
        utterances: requests for lines.
        scenes: seeds of narratives.
        descriptors: public texts to annotate.
        relooks: rows to look at again.
        choices: texts for which words are chosen from the palette; a row by its id, a public
            comment by its place, `source/split/id`.
        votes: public comments that a panel votes on, by their places.
        withheld: rows that are kept out of the corpus, because their line also stands in a
            benchmark.
    """

    utterances: tuple[UtteranceRequest, ...] = ()
    scenes: tuple[SceneSeed, ...] = ()
    descriptors: tuple[StandOffText, ...] = ()
    relooks: tuple[Lines, ...] = ()
    choices: tuple[Lines, ...] = ()
    votes: tuple[Lines, ...] = ()
    withheld: frozenset[str] = frozenset()

    @property
    def asked_again(self) -> frozenset[str]:
        """Name the rows that a later question is about; comments are asked by their place."""
        groups = (*self.relooks, *self.choices)
        return frozenset(row for group in groups for row in group.ids if not is_place(row))


def read_plan(folder: Path) -> Plan:
    """Read the plan of a folder of recordings.

    Raises:
        DataError: it is missing or cannot be read.
    """
    path = folder / FILE
    try:
        return plan_from_json(json.loads(gzip.decompress(path.read_bytes())))
    except FileNotFoundError as error:
        raise DataError(f"{folder} has no {FILE}, which says what was asked.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read ({error}): restore it or record again.") from error


def plan_from_json(value: Mapping[str, Any]) -> Plan:
    """Read a plan from its JSON form.

    Raises:
        KeyError: a field is missing.
        TypeError: a field is unknown or not of its type.
    """
    return Plan(
        utterances=tuple(
            UtteranceRequest(
                entry["request"],
                entry["world"],
                tuple(Slot(**slot) for slot in entry.get("slots", ())),
                entry.get("sample", 0),
            )
            for entry in value["utterances"]
        ),
        scenes=tuple(SceneSeed(**entry) for entry in value["scenes"]),
        descriptors=tuple(
            StandOffText(entry["source"], entry["split"], text_id, entry["look"])
            for entry in value["descriptors"]
            for text_id in entry["ids"]
        ),
        relooks=_lines(value.get("relooks", ())),
        choices=_lines(value.get("choices", ())),
        votes=_lines(value.get("votes", ())),
        withheld=frozenset(value.get("withheld", ())),
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Write a plan as JSON, texts grouped by where they come from."""
    groups = groupby(plan.descriptors, key=lambda text: (text.source, text.split, text.look))
    return {
        "utterances": [asdict(request) for request in plan.utterances],
        "scenes": [asdict(seed) for seed in plan.scenes],
        "descriptors": [
            {"source": source, "split": split, "look": look, "ids": [text.id for text in texts]}
            for (source, split, look), texts in groups
        ],
        "relooks": _lines_to_json(plan.relooks),
        "choices": _lines_to_json(plan.choices),
        "votes": _lines_to_json(plan.votes),
        "withheld": sorted(plan.withheld),
    }


def _lines(entries: Sequence[Mapping[str, Any]]) -> tuple[Lines, ...]:
    return tuple(Lines(entry["request"], tuple(entry["rows"])) for entry in entries)


def _lines_to_json(groups: Sequence[Lines]) -> list[dict[str, Any]]:
    return [{"request": lines.request, "rows": list(lines.ids)} for lines in groups]
