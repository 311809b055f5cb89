"""The second half of a run: from stored replies to the corpus of somebody's narratives or texts.

It reads the store in one thread, in the order of the input, so the corpus is the same whoever
asked, in how many threads and shards, and however often it was interrupted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import ceil
from pathlib import Path

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, NotRecordedError, Unanswered
from emo_hub.records import ContextualUtterance, Narrative, Provenance, Rejection, short_id
from emo_hub.synthesis import characters, descriptors, scenes, utterances
from emo_hub.synthesis.about import Words
from emo_hub.synthesis.drafts import Draft
from emo_hub.synthesis.finish import SURE, Finisher
from emo_hub.synthesis.job import Found, Job, work
from emo_hub.synthesis.ledger import Ledger, StageCost, priced
from emo_hub.synthesis.outside import mapper
from emo_hub.synthesis.write import CorpusWriter, Made, Record
from emo_hub.teacher import Prompt, Recorded, Reply, Teacher

MOST_OUTSIDE = 40


@dataclass(frozen=True, slots=True)
class OwnCorpus:
    """What to make of a store.

    Args:
        job: what went in.
        stores: the folders of replies, one or several shards.
        out: where the corpus goes.
        words: what the maker says of it.
        with_narratives: keep the narratives' text as a column.
        most_rejected: the share of records, in (0, 1], that may be rejected.
        prices: of a million tokens read and written; 0 where they are not known.
        partial: leave out what is not answered yet, instead of refusing to build.
    """

    job: Job
    stores: tuple[Path, ...]
    out: Path
    words: Words
    with_narratives: bool = False
    most_rejected: float = 0.5
    prices: tuple[float, float] = (0.0, 0.0)
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What was made: rows by config and split, rejections by reason, questions left open."""

    counts: Mapping[str, Mapping[str, int]]
    rejects: Mapping[str, int]
    unanswered: int


def build_own(wanted: OwnCorpus) -> Built:
    """Build a corpus from the replies of a store.

    Raises:
        DataError: requests are not answered yet and `partial` is false, too much was rejected, or
            a store cannot be read.
        InputError: the input or the place of the corpus cannot be used.
    """
    ledger = Ledger()
    finisher = Finisher(_place)
    teacher = _Replay(Recorded(wanted.stores))
    unnamed = _unnamed(wanted.job)
    with CorpusWriter(wanted.out, most_rejected=wanted.most_rejected) as writer:
        for record in _records(wanted, teacher, ledger, finisher):
            writer.add(record, unnamed=unnamed.get(record.id))
            _reject(ledger, writer)
        _reject(ledger, writer)
        if ledger.unanswered and not wanted.partial:
            raise DataError(
                f"{ledger.unanswered:,} requests have no reply yet, {_waiting(ledger)}: ask the "
                "teacher for the rest, or build what is there with --partial."
            )
        writer.finish(
            wanted.words.about(_fingerprint(wanted, ledger), _told(wanted)),
            Made(
                prompts=_versions(wanted.job),
                costs=ledger.facts(),
                further={
                    "account": account(ledger.stages, wanted.prices),
                    "outside": _outside(finisher),
                    "sure": SURE,
                },
            ),
        )
        counts = writer.counts
    rejects: Counter[str] = Counter()
    for entry in read_corpus(wanted.out).manifest["rejects"]:
        rejects[entry["reason"]] += entry["count"]
    return Built(counts, dict(rejects), ledger.unanswered)


@dataclass(frozen=True, slots=True)
class _Replay:
    """Answers from a store alone, and leaves open what it lacks."""

    store: Recorded
    width: int = 1

    def answer(self, prompt: Prompt) -> Reply:
        try:
            return self.store.answer(prompt)
        except NotRecordedError as error:
            raise Unanswered(str(error)) from error


def _records(
    wanted: OwnCorpus, teacher: Teacher, ledger: Ledger, finisher: Finisher
) -> Iterator[Record]:
    """Give the records of a job in order; what a draft cannot become is noted in the ledger."""
    found = work(wanted.job, teacher, ledger)
    for story_id, same in groupby(found, key=_story_id):
        if not story_id:
            for record in same:
                if isinstance(record, ContextualUtterance):
                    yield record.stand_alone()
                if not isinstance(record, Draft):
                    yield record
            continue
        drafts = [draft for draft in same if isinstance(draft, Draft)]
        narrative = _narrative(drafts, wanted)
        for draft in drafts:
            finished = finisher.finish(draft, narrative)
            if isinstance(finished, Rejection):
                ledger.rejections.append(finished)
            else:
                yield from finished
        yield narrative


def _unnamed(job: Job) -> dict[str, str]:
    """Give the emotions that lines of recorded requests may not name, by the id of the line."""
    requests = job.recorded_plan.utterances
    return {row: emotion for request in requests for row, emotion in request.unnamed.items()}


def _story_id(found: Found) -> str:
    return found.speaker.passage.story.id if isinstance(found, Draft) else ""


def _narrative(drafts: Sequence[Draft], wanted: OwnCorpus) -> Narrative:
    story = drafts[0].speaker.passage.story
    # A dict keeps the order in which the people appear, and each of them once.
    people = {draft.speaker.character.name: draft.speaker.character for draft in drafts}
    return Narrative(
        id=short_id("narratives", story.id),
        title=story.title,
        genre=story.source,
        setting=story.title,
        text=story.text if wanted.with_narratives else "",
        characters=tuple(people.values()),
        provenance=Provenance(drafts[0].provenance.teacher, characters.VERSION, story.id),
    )


def _reject(ledger: Ledger, writer: CorpusWriter) -> None:
    while ledger.rejections:
        writer.reject(ledger.rejections.popleft())
    ledger.pending.clear()


def _waiting(ledger: Ledger) -> str:
    return ", ".join(
        f"{cost.pending:,} of stage {name}" for name, cost in ledger.stages.items() if cost.pending
    )


def account(
    stages: Mapping[str, StageCost], prices: tuple[float, float]
) -> dict[str, dict[str, object]]:
    """Give what the card states of each stage; None for what no reply tells.

    Times are summed over replies and rounded up to minutes, so that two runs with the same replies
    agree.
    """
    cost = priced(stages, *prices)
    return {
        name: {
            "items": stage.items,
            "replies": stage.replies,
            "repairs": stage.repairs,
            "rejected": stage.rejected,
            "prompt_tokens": stage.prompt_tokens if stage.metered else None,
            "completion_tokens": stage.completion_tokens if stage.metered else None,
            "minutes": ceil(stage.seconds / 60) if stage.metered else None,
            "price": round(cost[name], 4) if stage.metered and any(prices) else None,
        }
        for name, stage in stages.items()
    }


def _told(wanted: OwnCorpus) -> tuple[str, ...]:
    job = wanted.job
    given = [
        f"{what} from {Path(where).name}"
        for what, where in (("narratives", job.narratives), ("texts", job.texts))
        if where
    ]
    if job.requests:
        given.append("recorded requests, asked anew")
    made = f"Made by `emo-hub corpus build` of {' and '.join(given)}."
    if not job.narratives:
        return (made,)
    how = "one question per call" if job.plan.style == "staged" else "one call per character"
    return (
        f"{made} Narratives passed the {job.plan.style} plan ({how}), at most "
        f"{job.plan.characters} characters per passage of at most {job.most_words} words, ten "
        f"lines each; looks at each line alone: {job.plan.looks}.",
    )


def _versions(job: Job) -> dict[str, str]:
    plain = (utterances.STAGE, scenes.STAGE) if job.requests else ()
    given = (descriptors.STAGE,) if job.texts else ()
    narrative = job.plan.versions if job.narratives else {}
    return {stage.name: stage.version for stage in (*plain, *given)} | narrative


def _outside(finisher: Finisher) -> list[dict[str, object]]:
    most = sorted(finisher.placed.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_OUTSIDE]
    return [
        {"word": word, "count": count, "label": label, "confidence": round(sureness, 4)}
        for word, count in most
        for label, sureness in (_place(word),)
    ]


def _place(word: str) -> tuple[str, float]:
    (found,) = mapper()((word,))
    return found.label, found.confidence


def _fingerprint(wanted: OwnCorpus, ledger: Ledger) -> str:
    """Hash what went in and what came back; the same replies give the same."""
    told = {
        "job": wanted.job.facts,
        "versions": _versions(wanted.job),
        "stages": ledger.facts(),
        "words": asdict(wanted.words),
    }
    for cost in told["stages"].values():
        del cost["seconds"]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
