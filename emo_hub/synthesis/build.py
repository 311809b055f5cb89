"""The whole way from a teacher to the corpus folder."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.cards import render_card, template_path
from emo_hub.dataset import CONFIGS, Row, read_corpus
from emo_hub.errors import DataError
from emo_hub.records import SPLITS, Annotation, ContextualUtterance, Narrative, Rejection, Utterance
from emo_hub.synthesis.harvest import STAGES, Harvest, Progress, gather
from emo_hub.synthesis.plan import FILE as PLAN_FILE
from emo_hub.synthesis.plan import read_plan
from emo_hub.synthesis.rows import row_of
from emo_hub.synthesis.splits import ANNOTATED, SALT, WRITTEN, split_of
from emo_hub.synthesis.statistics import label_facts, rejection_facts, second_look
from emo_hub.synthesis.write import NAME, Corpus, check_replaceable, is_current, write_corpus
from emo_hub.teacher import PACKAGED_RECORDINGS, Recorded, recording_files

VERSION = "0.1.0"
MOST_REJECTED = 0.05
_PACKAGE = Path(__file__).parent.parent
_CODE = ("records.py", "taxonomy.py", "lexicon.toml", "dataset.py", "synthesis")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made, or found already made.

    Args:
        path: the folder of the corpus.
        reused: whether it was there already, made from exactly the same.
        version: of the corpus.
        fingerprint: of recordings, prompts and code.
        counts: rows by config and split.
        rejects: rejections by reason.
        calls: prompts put to the teacher, by stage.
    """

    path: Path
    reused: bool
    version: str
    fingerprint: str
    counts: Mapping[str, Mapping[str, int]]
    rejects: Mapping[str, int]
    calls: Mapping[str, int]


def build_corpus(
    out: Path, recordings: Path | None = None, progress: Progress | None = None
) -> BuildReport:
    """Build emo-pillars from recorded replies, or find that it is there already.

    Args:
        out: the folder of the corpus; an earlier one there is replaced once the new one is whole.
        recordings: a folder of recordings with their plan; None for those of the package.
        progress: told stage, done and total as the replies are read.

    Raises:
        InputError: `out` is there and is no corpus.
        DataError: the recordings are missing, or over a twentieth of what they hold is rejected.
        NotRecordedError: a request of the plan is not in the recordings.
    """
    folder = recordings or PACKAGED_RECORDINGS
    check_replaceable(out)
    fingerprint = fingerprint_of(folder)
    if is_current(out, fingerprint):
        return _report(out, reused=True)
    plan = read_plan(folder)
    teacher = Recorded(folder)
    harvest = gather(plan, teacher, progress)
    lost = tuple(
        Rejection("recording", line.path.name, "corrupt_recording_line", line.where, line.text)
        for line in teacher.damaged
        if not any(line.where == rejection.detail for rejection in harvest.rejections)
    )
    write_harvest(harvest, out, fingerprint, provenance=_provenance(folder), lost=lost)
    return _report(out, reused=False)


def write_harvest(
    harvest: Harvest,
    out: Path,
    fingerprint: str,
    provenance: Mapping[str, Any],
    lost: Sequence[Rejection] = (),
) -> None:
    """Assign splits and write the corpus with its card.

    Raises:
        DataError: more than a twentieth of the records were rejected.
    """
    rejections = (*harvest.rejections, *lost)
    rows = _rows(harvest)
    _refuse_thin(len(_all_rows(rows)), rejections)
    extras = {
        "rejects": rejection_facts(rejections),
        "warnings": dict(harvest.warnings),
        "calls": dict(harvest.calls),
        "prompts": {stage.name: stage.version for stage in STAGES},
        "teachers": sorted({row["provenance"]["teacher"] for row in _all_rows(rows)}),
        "split_salt": SALT,
    }
    corpus = Corpus(VERSION, fingerprint, rows, rejections, extras)
    facts = {
        "name": NAME,
        "version": VERSION,
        "fingerprint": fingerprint,
        "counts": corpus.counts,
        "provenance": provenance,
        **extras,
        "second_look": second_look(harvest.annotations),
        **label_facts(harvest.contextless, harvest.contextual, harvest.annotations),
    }
    template = template_path("dataset_cards", NAME)
    write_corpus(
        corpus, out, lambda metadata: render_card(template, facts | {"metadata": metadata})
    )


def _rows(harvest: Harvest) -> dict[str, dict[str, list[Row]]]:
    records: dict[str, Sequence[Utterance | ContextualUtterance | Annotation | Narrative]] = {
        "contextless": harvest.contextless,
        "contextual": harvest.contextual,
        "descriptors": harvest.annotations,
        "narratives": harvest.narratives,
    }
    rows: dict[str, dict[str, list[Row]]] = {
        config: {split: [] for split in SPLITS} for config in CONFIGS
    }
    for config, found in records.items():
        train = ANNOTATED if config == "descriptors" else WRITTEN
        for record in found:
            rows[config][split_of(record.group, train)].append(row_of(record))
    return rows


def fingerprint_of(folder: Path) -> str:
    """Hash all that decides what a corpus holds: recordings, plan, code, prompts and card.

    Raises:
        DataError: the folder holds no recordings.
    """
    sources = [_PACKAGE / name for name in _CODE]
    files = [
        *recording_files(folder),
        *(path for path in (folder / PLAN_FILE, folder / "provenance.json") if path.is_file()),
        *(source for source in sources if source.is_file()),
        *sorted(path for source in sources for path in source.glob("*.py")),
        template_path("dataset_cards", NAME),
    ]
    parts = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    payload = json.dumps([VERSION, [[s.name, s.version] for s in STAGES], parts])
    return hashlib.sha256(payload.encode()).hexdigest()


def _refuse_thin(kept: int, rejections: Sequence[Rejection]) -> None:
    if len(rejections) <= MOST_REJECTED * (kept + len(rejections)):
        return
    most = ", ".join(f"{n} {r}" for r, n in Counter(r.reason for r in rejections).most_common(3))
    raise DataError(
        f"{len(rejections)} of {kept + len(rejections)} records were rejected ({most}); a corpus "
        f"is written only below {MOST_REJECTED:.0%}: look at the recordings or the teacher first."
    )


def _provenance(folder: Path) -> dict[str, Any]:
    path = folder / "provenance.json"
    try:
        provenance: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise DataError(
            f"{path} is missing or no JSON: say there who wrote the replies."
        ) from error
    return provenance


def _all_rows(rows: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[Row]:
    return [row for splits in rows.values() for found in splits.values() for row in found]


def _report(out: Path, *, reused: bool) -> BuildReport:
    stored = read_corpus(out)
    rejects: Counter[str] = Counter()
    for entry in stored.manifest["rejects"]:
        rejects[entry["reason"]] += entry["count"]
    return BuildReport(
        path=out,
        reused=reused,
        version=stored.version,
        fingerprint=stored.fingerprint,
        counts=stored.counts,
        rejects=dict(rejects),
        calls=stored.manifest["calls"],
    )
