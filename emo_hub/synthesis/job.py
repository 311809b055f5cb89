"""A run over narratives, texts or a recorded plan: what goes in, and what it gives, in order.

A run has two halves. Asking puts every question to a live teacher and keeps each reply in the store
before the next step uses it; `work` drives that half and yields what the replies say. Building
reads the same work from the store alone, in one thread, and so gives the same corpus whatever
happened while it was asked: threads, kills, batches, shards.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from emo_hub.errors import InputError
from emo_hub.records import Annotation, ContextualUtterance, Narrative, Utterance
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.chain import NarrativePlan, drafts
from emo_hub.synthesis.descriptors import StandOffText
from emo_hub.synthesis.drafts import Draft
from emo_hub.synthesis.ledger import Ledger
from emo_hub.synthesis.narratives import FEWEST_WORDS, Passage, passages, read_stories
from emo_hub.synthesis.plan import Plan, read_plan
from emo_hub.synthesis.stage import Stage, stream
from emo_hub.synthesis.texts import TextSource, read_texts
from emo_hub.teacher import Filled, Prompt, Recorded, Teacher

_LOG = logging.getLogger(__name__)
Found = Draft | Utterance | ContextualUtterance | Narrative | Annotation


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run, `index` from 0; narratives and texts go by hash."""

    index: int
    of: int

    def holds(self, name: str) -> bool:
        """Say whether something of this name belongs to this part."""
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.index


@dataclass(frozen=True)
class Job:
    """What a run takes in and how.

    Args:
        narratives: a file, a folder or a Hub dataset; empty for none.
        texts: the same for texts to annotate as they are.
        requests: a folder with the plan of recorded requests to ask anew; empty for none.
        source: a name for where narratives or texts come from; empty to take the file's own.
        text_column: of tables, the column with the narratives or texts; empty to find it.
        id_column: the column with their ids; None to find it, "" to take each row by itself.
        plan: which stages narratives pass, and how many characters and looks.
        most_words: of a passage.
        limit: at most so many narratives and so many texts, 0 for all.
    """

    narratives: str = ""
    texts: str = ""
    requests: str = ""
    source: str = ""
    text_column: str = ""
    id_column: str | None = None
    plan: NarrativePlan = field(default_factory=lambda: NarrativePlan("fused", 4, 1))
    most_words: int = 700
    limit: int = 0

    def __post_init__(self) -> None:
        if not (self.narratives or self.texts or self.requests):
            raise InputError(
                "There is nothing to work on: give narratives, texts, or recorded requests."
            )

    @property
    def facts(self) -> dict[str, Any]:
        """Give what must stay the same from run to run over one store."""
        kept = asdict(self)
        for name in ("narratives", "texts", "requests"):
            kept[name] = Path(kept[name]).name
        # More narratives may join later; their replies add to the store and change none in it.
        del kept["limit"]
        # Where nobody names a column, the facts are those of stores that know of no such choice.
        if not self.text_column:
            del kept["text_column"]
        if self.id_column is None:
            del kept["id_column"]
        return kept

    def passages(self, shard: Shard | None = None) -> Iterator[Passage]:
        """Read the narratives, cut into passages, those of a shard or all."""
        if not self.narratives:
            return
        stories = read_stories(
            self.narratives,
            source=self.source or None,
            text_column=self.text_column or None,
            id_column=self.id_column,
        )
        short, long = 0, 0
        for story in islice(stories, self.limit or None):
            if shard is None or shard.holds(story.id):
                found = passages(story, most_words=self.most_words)
                short, long = short + (not found), long + bool(found)
                yield from found
        if short and not long and shard is None:
            raise InputError(
                f"{self.narratives}: every story has fewer than {FEWEST_WORDS} words, too few to "
                "ask about anybody in it: give longer ones, or give short texts with --texts."
            )
        if short:
            _LOG.warning(
                "%s: left out as too short, under %d words: %d stories.",
                self.narratives,
                FEWEST_WORDS,
                short,
            )

    @cached_property
    def text_source(self) -> TextSource | None:
        """Open the texts, if there are any."""
        if not self.texts:
            return None
        return read_texts(
            self.texts,
            source=self.source or None,
            text_column=self.text_column or None,
            id_column=self.id_column,
            limit=self.limit or None,
        )

    @cached_property
    def recorded_plan(self) -> Plan:
        """Read the recorded requests, if there are any."""
        return read_plan(Path(self.requests)) if self.requests else Plan()


def work(job: Job, teacher: Teacher, ledger: Ledger, shard: Shard | None = None) -> Iterator[Found]:
    """Put all questions of a job to a teacher, and yield what the replies say, in order.

    Raises:
        NotRecordedError: the teacher is a recording that lacks a reply.
        TeacherError: the teacher cannot go on.
    """
    plan = job.recorded_plan
    yield from _plain(utterances.STAGE, plan.utterances, teacher, ledger, shard)
    yield from _plain(scenes.STAGE, plan.scenes, teacher, ledger, shard)
    yield from drafts(job.passages(shard), job.plan, teacher, ledger)
    if job.text_source is not None:
        yield from _annotations(job, teacher, ledger, shard)


def pending(job: Job, store: Recorded, shard: Shard | None = None) -> Iterator[Prompt]:
    """Give every question that can be asked now and that the store has no answer to.

    Args:
        job: what goes in.
        store: in front of a teacher that leaves every prompt unanswered.
        shard: the part to look at, or None for all.

    Yields:
        Prompts, each once, their referenced texts filled in.
    """
    ledger = Ledger()
    seen: set[str] = set()
    for _ in work(job, store, ledger, shard):
        yield from _drained(job, ledger, seen)
    yield from _drained(job, ledger, seen)


def live(job: Job, teacher: Teacher) -> Teacher:
    """Give the teacher the texts that prompts only name."""
    source = job.text_source
    return teacher if source is None else Filled(teacher, source.text_of)


def _drained(job: Job, ledger: Ledger, seen: set[str]) -> Iterator[Prompt]:
    ledger.rejections.clear()
    while ledger.pending:
        prompt = ledger.pending.popleft()
        if prompt.key not in seen:
            seen.add(prompt.key)
            yield prompt


def _annotations(
    job: Job, teacher: Teacher, ledger: Ledger, shard: Shard | None
) -> Iterator[Annotation]:
    source = job.text_source
    if source is None:
        return
    for look in range(1, job.plan.looks + 1):
        items = (
            StandOffText(text.source, text.split, text.id, look)
            for text in source.items
            if shard is None or shard.holds(text.reference)
        )
        yield from _plain(descriptors.STAGE, items, teacher, ledger, None)


def _plain(
    stage: Stage[Any, Any],
    items: Any,  # noqa: ANN401 - the stage says what it takes
    teacher: Teacher,
    ledger: Ledger,
    shard: Shard | None,
) -> Iterator[Any]:
    mine = (item for item in items if shard is None or shard.holds(item.request))
    for answered in stream(stage, mine, teacher):
        ledger.note(stage.name, answered)
        yield from answered.records
