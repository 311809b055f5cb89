"""The whole way from a teacher to the corpus folder."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_hub.cards import template_path
from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError
from emo_hub.records import Rejection
from emo_hub.synthesis.card import TEMPLATE, About, Made
from emo_hub.synthesis.harvest import DAMAGED, STAGES, Progress, pour
from emo_hub.synthesis.origin import ABOUT, PROVENANCE
from emo_hub.synthesis.plan import FILE as PLAN_FILE
from emo_hub.synthesis.plan import read_plan
from emo_hub.synthesis.write import (
    CorpusWriter,
    check_replaceable,
    is_current,
)
from emo_hub.teacher import PACKAGED_RECORDINGS, Recorded, recording_files

NAME, TITLE = "emo-pillars", "Emo Pillars, rebuilt"
VERSION = "1.6.0"
CHANGES = (
    (
        "1.6.0",
        "Running sentences of newspapers, essays, letters, guides, stories and memoirs, most of "
        "them mild or neutral; comments under posts and short chat messages.",
    ),
    (
        "1.5.0",
        "More plain lines of rarer events, and plain sentences about what others do and feel, as "
        "stories, news reports and neighbours tell it.",
    ),
    (
        "1.4.0",
        "Plain lines as ordinary people write them: answers to a questionnaire about feelings, "
        "talk about one's life, lines of dialogue, posts, messages and diaries.",
    ),
    (
        "1.3.0",
        "Families of lines in nearly the same words, of which one small thing turns the feeling: "
        "sarcasm, negation, whose feeling it is, who did it, time and mode, idioms.",
    ),
    (
        "1.2.0",
        "How the votes of five readers would fall on the comments (columns `voted` and `votes`), "
        "and accounts of one event told from several sides.",
    ),
    (
        "1.1.0",
        "Words of a closed palette for utterances and comments (column `words`), and sentences of "
        "prose (register `prose`) with valence, arousal and dominance.",
    ),
    (
        "1.0.0",
        "4,360 more utterances: every family of emotions outside the 28 evenly, denials of a "
        "neighbouring emotion, and bare accounts of ordinary events.",
    ),
    (
        "0.2.0",
        "48 more narratives, more lines (neutral ones, rare emotions, how people type), and "
        "second, independent looks at utterances, contextual lines and comments (columns `looks` "
        "and `agreement`).",
    ),
    (
        "0.1.0",
        "First version: everyday lines, stories with context, and annotations of GoEmotions "
        "comments.",
    ),
)
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
        DataError: the recordings are missing, over a twentieth of what they hold is rejected, or
            another run writes the same corpus.
        NotRecordedError: a request of the plan is not in the recordings.
    """
    folder = recordings or PACKAGED_RECORDINGS
    fingerprint = fingerprint_of(folder)
    if is_current(out, fingerprint):
        return _report(out, reused=True)
    check_replaceable(out)
    about = _about(folder, fingerprint)
    plan, teacher = read_plan(folder), Recorded(folder)
    with CorpusWriter(out) as writer:
        poured = pour(plan, teacher, writer, progress)
        for line in teacher.damaged:
            if line.where not in poured.damaged:
                writer.reject(
                    Rejection("recording", line.path.name, DAMAGED, line.where, line.text)
                )
        costs = {stage.name: {"items": 0.0} for stage in STAGES} | poured.ledger.facts()
        prompts = {stage.name: stage.version for stage in STAGES}
        writer.finish(about, Made(prompts=prompts, costs=costs, further={}))
    return _report(out, reused=False)


def fingerprint_of(folder: Path) -> str:
    """Hash all that decides what a corpus holds: recordings, plan, code, prompts and card.

    Raises:
        DataError: the folder holds no recordings.
    """
    sources = [_PACKAGE / name for name in _CODE]
    files = [
        *recording_files(folder),
        *(path for path in (folder / PLAN_FILE, folder / PROVENANCE) if path.is_file()),
        *(source for source in sources if source.is_file()),
        *sorted(path for source in sources for path in source.glob("*.py")),
        template_path("dataset_cards", TEMPLATE),
    ]
    parts = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    payload = json.dumps([VERSION, [[s.name, s.version] for s in STAGES], parts])
    return hashlib.sha256(payload.encode()).hexdigest()


def _about(folder: Path, fingerprint: str) -> About:
    path = folder / PROVENANCE
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        # Those of the package in the order in which they came, then what another folder tells.
        campaigns = (name for name in dict.fromkeys((*ABOUT, *told)) if name.endswith("_campaign"))
        how = (told["how"], *(told.get(name, "") for name in ("prompts", *campaigns)))
        return About(
            name=NAME,
            title=TITLE,
            version=VERSION,
            fingerprint=fingerprint,
            how=tuple(paragraph for paragraph in how if paragraph),
            licence=told["licence"],
            licence_id=told.get("licence_id", "cc-by-4.0"),
            sources=("original", "extended|go_emotions"),
            known_weaknesses=tuple(told["known_weaknesses"]),
            changes=CHANGES,
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is missing or cannot be read ({error}): say there who wrote the replies."
        ) from error


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
