"""The half of `emo-hub corpus build` that asks a teacher: estimate, ask, export, import, build."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emo_hub.cli.console import say, show_counts
from emo_hub.config import fill, parse_overrides
from emo_hub.errors import InputError
from emo_hub.synthesis.job import Job
from emo_hub.synthesis.ledger import Ledger, StageCost, priced
from emo_hub.synthesis.teachers import TeacherChoice
from emo_hub.teacher import Prompt

_EVERY_SECONDS = 10.0
_SHOWN = 5
BATCHES = "requests"


@dataclass(frozen=True)
class Run:
    """What the command line asked for."""

    job: Job
    out: Path
    store: Path
    about: Path | None
    with_narratives: bool
    teacher: Literal["recorded", "http", "batch", "local"]
    model: str
    base_url: str
    annotators: tuple[str, ...]
    settings: tuple[str, ...]
    mixed: bool
    prices: tuple[float, float]
    most_rejected: float
    partial: bool
    again: frozenset[str]
    executor: Literal["here", "local", "ray", "slurm"]
    tasks: int
    workers: int
    partition: str


def run(wanted: Run, *, dry_run: bool) -> None:
    """Do what `corpus build` was asked to do.

    Raises:
        EmoHubError: whatever a user can mend; the message says how.
    """
    _refuse_idle(wanted)
    if dry_run:
        _estimate(wanted)
        return
    if wanted.teacher == "batch":
        requests = wanted.store / BATCHES
        waiting = export(
            wanted.job,
            wanted.store,
            requests,
            wanted.model,
            wanted.settings,
            again=wanted.again,
        )
        if waiting and not wanted.partial:
            return
    elif wanted.teacher in ("http", "local"):
        unanswered = _ask(wanted)
        if unanswered:
            say(
                f"{unanswered:,} requests are still without an answer. Every reply so far is kept: "
                "run the same command again to ask for the rest."
            )
            if not wanted.partial:
                raise SystemExit(1)
    elif not any(folder.exists() for folder in _sources(wanted.store)):
        raise InputError(
            f"Nobody has answered yet: {wanted.store} is not there. Say who does with --teacher "
            "http, batch or local, or name the folder of replies with --store."
        )
    _build(wanted)


def _refuse_idle(wanted: Run) -> None:
    """Refuse options that would change nothing.

    Raises:
        InputError: says which, and what to give.
    """
    if wanted.teacher == "batch":
        _refuse_for_batches(wanted)
    if wanted.annotators:
        _refuse_idle_annotators(wanted)
    if wanted.again and wanted.teacher == "recorded":
        raise InputError(
            "--again asks a teacher once more for what was cut off or refused, and recorded "
            "replies ask nobody: say who answers with --teacher http, batch or local."
        )


def _refuse_for_batches(wanted: Run) -> None:
    given = {
        "--annotator": wanted.annotators,
        "--base-url": wanted.base_url,
        "--executor": wanted.executor != "here",
    }
    if idle := [option for option, value in given.items() if value]:
        raise InputError(
            "Batch files are for one model and are answered elsewhere, so they have no use for "
            f"{' and '.join(idle)}: leave that out, or ask with --teacher http."
        )


def _refuse_idle_annotators(wanted: Run) -> None:
    if not (wanted.job.narratives or wanted.job.texts):
        raise InputError(
            "Annotators look at the lines of narratives and at texts; recorded requests are asked "
            "of the main teacher alone: leave --annotator out, or give --narratives or --texts."
        )
    count, looks = len(wanted.annotators), wanted.job.plan.looks
    if count >= looks:
        raise InputError(
            f"With --looks {looks} not all of {count + 1} models would look, since the first look "
            f"is the main teacher's: give --looks {count + 1}, or fewer of --annotator."
        )


def export(
    job: Job,
    store: Path,
    out: Path,
    model: str,
    overrides: Sequence[str] = (),
    *,
    again: frozenset[str] = frozenset(),
) -> int:
    """Write the open questions as batch files, and say how to go on.

    Args:
        job: what is asked.
        store: of the replies that are there.
        out: a folder for the files.
        model: as the files name it.
        overrides: `key=value` pairs, settings of batch files.
        again: reasons of recorded faults that are asked once more.

    Returns:
        How many questions are open.

    Raises:
        EmoHubError: whatever a user can mend; the message says how.
    """
    from emo_hub.synthesis.job import pending
    from emo_hub.teacher import Recorded
    from emo_hub.teacher.batch import BatchSettings, Pending, write_requests
    from emo_hub.teacher.guard import guard

    settings = fill(BatchSettings, parse_overrides(overrides), where="--set")
    texts = job.text_source
    waiting_in: Counter[str] = Counter()
    with Recorded(_sources(store), Pending(), again) as recorded:
        guard(store, job.facts, mixed=True)
        files = write_requests(
            _counted(pending(job, recorded), waiting_in),
            out,
            model,
            settings=settings,
            text_of=None if texts is None else texts.text_of,
        )
    waiting = waiting_in.total()
    if not waiting:
        say(f"Nothing is left to ask: every request has its reply in {store}.")
        return 0
    stages = ", ".join(f"{count:,} of stage {stage}" for stage, count in waiting_in.items())
    say(f"{stages} wait in {', '.join(str(path) for path in files)}.")
    say("Have them answered (a provider's batch API, vllm run-batch, or by hand), then:")
    say(f"  emo-hub corpus import-replies RESULTS.jsonl --store {store} --requests {out}")
    say("and run this command again; later stages ask about earlier replies.")
    return waiting


def import_batch(files: list[Path], store: Path, requests: Path | None, teacher: str) -> None:
    """Put the replies of batch files into a store, and say what became of each."""
    from emo_hub.teacher.answers import import_replies

    index = requests or (store / BATCHES if (store / BATCHES).is_dir() else None)
    report = import_replies(files, store, teacher or None, index)
    say(f"{store}: {report.recorded:,} new replies, {report.already_there:,} were there already.")
    for reason, count in report.failed.items():
        say(f"  {count:,} without a reply: {reason}")
    for what, found in (("never asked", report.unknown), ("unreadable", report.damaged)):
        if found:
            rest = "" if len(found) <= _SHOWN else f" and {len(found) - _SHOWN:,} more"
            say(f"  {len(found):,} {what}: {', '.join(found[:_SHOWN])}{rest}")
    if report.unknown or report.damaged:
        raise SystemExit(1)


def _counted(prompts: Iterable[Prompt], waiting_in: Counter[str]) -> Iterator[Prompt]:
    for prompt in prompts:
        waiting_in[prompt.stage] += 1
        yield prompt


def _ask(wanted: Run) -> int:
    choice = TeacherChoice(
        "http" if wanted.teacher == "http" else "local",
        wanted.model,
        wanted.base_url,
        parse_overrides(wanted.settings),
        tuple(_annotator(name) for name in wanted.annotators),
    )
    if wanted.executor != "here":
        return _ask_in_shards(wanted, choice)
    return _ask_here(wanted, choice)


def _ask_here(wanted: Run, choice: TeacherChoice) -> int:
    from emo_hub.synthesis.job import live, work
    from emo_hub.synthesis.teachers import make
    from emo_hub.teacher import Recorded
    from emo_hub.teacher.guard import guard

    ledger = Ledger()
    teacher = make(choice)
    tell = _ticker(ledger)
    with Recorded(_sources(wanted.store), live(wanted.job, teacher), wanted.again) as store:
        guard(wanted.store, {**wanted.job.facts, **choice.facts}, mixed=wanted.mixed)
        for _ in work(wanted.job, store, ledger):
            ledger.rejections.clear()
            ledger.pending.clear()
            tell()
    account(ledger.stages, wanted.prices)
    if ledger.last_fault:
        say(f"The last fault: {ledger.last_fault.rstrip('.')}.")
    if ledger.given_up:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in ledger.given_up.items())
        say(f"Given up by the teacher: {reasons}. With the cause mended, --again asks once more.")
    return ledger.unanswered


def _ask_in_shards(wanted: Run, choice: TeacherChoice) -> int:
    from emo_hub.synthesis.cluster import Cluster, run_sharded
    from emo_hub.synthesis.parts import ShardedRun
    from emo_hub.teacher.guard import guard

    if wanted.executor == "here":
        raise InputError("This process asks by itself; shards need --executor local, ray or slurm.")
    guard(wanted.store, {**wanted.job.facts, **choice.facts}, mixed=wanted.mixed)
    sharded = ShardedRun(wanted.job, choice, wanted.store, wanted.tasks, wanted.again)
    place = Cluster(
        executor=wanted.executor,
        tasks=wanted.tasks,
        workers=wanted.workers,
        partition=wanted.partition,
    )
    report = run_sharded(sharded, place, say)
    say(report.sentence)
    if report.submitted:
        say("Run the same command again when the job has ended; it builds the corpus then.")
        raise SystemExit(0)
    account(report.stages, wanted.prices)
    return 0 if report.is_complete else max(1, sum(report.waiting.values()))


def _annotator(name: str) -> tuple[str, str]:
    model, _, url = name.partition("@")
    return model, url


def _ticker(ledger: Ledger) -> Callable[[], None]:
    told = time.monotonic()

    def tell() -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY_SECONDS:
            told = time.monotonic()
            done = "  ".join(f"{name} {cost.items:,}" for name, cost in ledger.stages.items())
            lost = sum(cost.rejected for cost in ledger.stages.values())
            say(f"{done}  rejected {lost:,}  waiting {ledger.unanswered:,}")

    return tell


def account(stages: Mapping[str, StageCost], prices: tuple[float, float]) -> None:
    """Print what each stage asked, got and cost."""
    cost = priced(stages, *prices)
    say(f"{'stage':<14}{'asked':>8}{'repaired':>10}{'rejected':>10}{'tokens in':>12}{'out':>10}")
    for name, stage in stages.items():
        paid = f"  cost {cost[name]:.2f}" if any(prices) else ""
        say(
            f"{name:<14}{stage.items:>8,}{stage.repairs:>10,}{stage.rejected:>10,}"
            f"{stage.prompt_tokens:>12,}{stage.completion_tokens:>10,}{paid}"
        )
    if uncounted := sum(stage.replies - stage.metered for stage in stages.values()):
        say(f"{uncounted:,} replies came without a count of tokens; the sums leave them out.")


def _build(wanted: Run) -> None:
    from emo_hub.synthesis.about import read_words
    from emo_hub.synthesis.own import OwnCorpus, build_own

    built = build_own(
        OwnCorpus(
            job=wanted.job,
            stores=_sources(wanted.store),
            out=wanted.out,
            words=read_words(wanted.about),
            with_narratives=wanted.with_narratives,
            most_rejected=wanted.most_rejected,
            prices=wanted.prices,
            partial=wanted.partial,
        )
    )
    say(f"{wanted.out}: built.")
    show_counts(built.counts, built.rejects)
    if built.unanswered:
        say(f"  left out     {built.unanswered:,} requests without a reply (--partial)")


def _sources(store: Path) -> tuple[Path, ...]:
    """Name all folders with replies of a store, shards included; new ones join the first."""
    from emo_hub.synthesis.merging import sources

    return (store, *(folder for folder in sources(store) if folder != store))


def _estimate(wanted: Run) -> None:
    from emo_hub.synthesis.estimate import CHARACTERS_PER_TOKEN, forecast

    job = wanted.job
    found = forecast(job)
    say(
        f"{found.narratives:,} narratives in {found.passages:,} passages, {found.texts:,} texts; "
        f"plan {job.plan.style}."
    )
    say(f"{'stage':<14}{'calls':>10}{'tokens in':>14}{'tokens out':>14}")
    for name, stage in (*found.stages.items(), ("all", found.total)):
        say(
            f"{name:<14}{stage.calls:>10,}{stage.prompt_tokens:>14,.0f}"
            f"{stage.completion_tokens:>14,.0f}"
        )
    if any(wanted.prices):
        cost = found.total.prompt_tokens * wanted.prices[0]
        cost += found.total.completion_tokens * wanted.prices[1]
        say(f"cost at these prices: {cost / 1e6:,.2f}")
    say(
        f"Estimated: {CHARACTERS_PER_TOKEN:g} characters per token, every passage with "
        f"{job.plan.characters} characters, no repairs. Nothing was asked."
    )
