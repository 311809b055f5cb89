"""Rating a whole file: any length in constant memory, in several processes, safe from a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from emo_hub.errors import DataError, EmoHubError, InputError
from emo_hub.inputs import is_blank
from emo_hub.matching import FEWEST
from emo_hub.predicting.partial import Partial
from emo_hub.predicting.reading import CHUNK, Row, Source, open_source
from emo_hub.predicting.workers import Chunk, How, rate
from emo_hub.predicting.writing import Columns, check_out, write_out
from emo_hub.version import __version__

__all__ = ["FileJob", "Filed", "How", "predict_file"]

_REFERENCES = 2000  # texts, or up to twice as many, that labels are matched to


@dataclass(frozen=True, kw_only=True, slots=True)
class FileJob:
    """A file to rate.

    Args:
        file: .txt, .csv, .tsv, .jsonl, .json or .parquet.
        out: .csv, .tsv, .jsonl or .parquet.
        how: what texts are rated by.
        column: where texts stand; found by itself where it is clear.
        context_column: where stands what came before each.
        even: whether the labels fit about equally many of the file's texts each; labels that
            compete are then matched to them.
        processes: how many rate.
        overwrite: whether `out` may be replaced.
        chunk: rows that are rated and written down at a time.
    """

    file: Path
    out: Path
    how: How
    column: str | None = None
    context_column: str | None = None
    even: bool = False
    processes: int = 1
    overwrite: bool = False
    chunk: int = CHUNK


@dataclass(frozen=True, slots=True)
class Filed:
    """What was done.

    Args:
        rows: of the output.
        rated: those that this run rated.
        blank: those without a text.
        seconds: that rating took.
    """

    rows: int
    rated: int
    blank: int
    seconds: float


def predict_file(
    job: FileJob,
    *,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Filed:
    """Rate a file and write its columns with the answers beside them.

    What is rated stands at once in a working file beside the output; the same job, run again after
    a kill, goes on after its last row.

    Args:
        job: what is rated.
        say: is told a sentence when a run goes on or starts over.
        progress: is told the rows done, and all.

    Raises:
        InputError: a file, a column or a setting that cannot be used.
        DataError: the input is damaged, or the output cannot be written.
        EmoHubError: the model does not open, or a process died; says what is kept.
    """
    job = _checked(job)
    source = open_source(job.file, typed=job.out.suffix.lower() == ".parquet", chunk=job.chunk)
    text = source.text_column(job.column)
    context = source.checked(job.context_column) if job.context_column else None
    job = _with_pinned_model(job)
    with Partial(job.out) as partial:
        partial.begin(_facts(job, text), say)
        before, since = partial.rows, time.monotonic()
        if before < source.rows:
            job = _with_references(job, source, text, context)
            chunks = (_chunk(rows, text, context) for rows in source.chunks(before))
            _rate_all(partial, chunks, job, lambda done: progress(done, source.rows))
        seconds = time.monotonic() - since
        blank = _finish(partial, source, job)
    return Filed(source.rows, source.rows - before, blank, seconds)


def _checked(job: FileJob) -> FileJob:
    from emo_hub.pipelines.choosing import check_choice
    from emo_hub.pipelines.items import candidates

    check_out(job.out)
    if job.out.exists() and not job.overwrite:
        raise InputError(f"{job.out} is there already: give --overwrite, or another --out.")
    if job.processes < 1:
        raise InputError(f"--processes must be a whole number from 1; got {job.processes}.")
    check_choice(job.how.threshold, None)
    if job.even and not job.how.single:
        raise InputError("--even is for labels that compete: give --single with it.")
    labels = tuple(label for label, _ in candidates(job.how.labels))
    return replace(job, how=replace(job.how, labels=labels))


def _with_pinned_model(job: FileJob) -> FileJob:
    """Name the snapshot of a repository in its place.

    All processes then rate by one commit, and a run after a kill starts over where there is a new
    one.
    """
    from emo_hub.checkpoint import locate

    if job.how.model is None:
        return job
    return replace(job, how=replace(job.how, model=str(locate(job.how.model))))


def _with_references(job: FileJob, source: Source, text: str, context: str | None) -> FileJob:
    """Take texts from all over the file as what its labels are matched to, the same in every run.

    Raises:
        InputError: the file has too few texts.
    """
    if not job.even:
        return job
    step = max(1, source.rows // _REFERENCES)
    rows = islice(chain.from_iterable(source.chunks()), 0, None, step)
    chunk = _chunk(list(rows), text, context)
    contexts = chunk.contexts or [None] * len(chunk.texts)
    found = tuple(
        {"text": one, "context": before}
        for one, before in zip(chunk.texts, contexts, strict=True)
        if not is_blank(one)
    )
    if len(found) < FEWEST:
        raise InputError(
            f"--even learns from the texts of the file, and of {len(found)} it learns too little: "
            f"{FEWEST} are needed, some hundreds are better. Leave it out."
        )
    return replace(job, how=replace(job.how, reference_texts=found))


def _rate_all(
    partial: Partial, chunks: Iterator[Chunk], job: FileJob, progress: Callable[[int], None]
) -> None:
    answers = rate(chunks, job.how, job.processes)
    try:
        for some in answers:
            partial.append(some)
            progress(partial.rows)
    except DataError:
        raise
    except EmoHubError as error:
        # What the model refuses is no less a reason to say what is safe.
        raise type(error)(f"{error} {partial.kept()}" if partial.rows else str(error)) from error


def _finish(partial: Partial, source: Source, job: FileJob) -> int:
    blank, first = 0, None
    for answer in partial.answers():
        blank += answer is None
        first = first or answer
    columns = Columns.beside(
        source.columns,
        job.how.labels,
        has_labels=job.how.threshold is not None,
        has_vad="vad" in (first or {}),
    )
    try:
        write_out(job.out, source, partial.answers(), columns)
    except OSError as error:
        raise DataError(
            f"{job.out} cannot be written: {error.strerror or error}. {partial.kept()}"
        ) from error
    except pa.ArrowException as error:
        raise DataError(
            f"{job.out} cannot hold a value of {job.file}: {str(error).partition(chr(10))[0]}. Let "
            f"--out end in .jsonl; {partial.path.name}, renamed to fit it, spares rating again."
        ) from error
    partial.remove()
    return blank


def _chunk(rows: Sequence[Row], text: str, context: str | None) -> Chunk:
    texts = [_text(row.get(text)) for row in rows]
    if context is None:
        return Chunk(texts, None)
    before = [_text(row.get(context)) for row in rows]
    return Chunk(texts, [one if one.strip() else None for one in before])


def _text(cell: object) -> str:
    is_missing = cell is None or cell != cell  # NaN, which tools write for what is missing
    return "" if is_missing else str(cell)


def _facts(job: FileJob, text: str) -> dict[str, Any]:
    """Tell what decides the answers: a run with the same facts would give the same ones."""
    state = job.file.stat()
    return {
        "emo_hub": __version__,
        "file": str(job.file.resolve()),
        "file size": state.st_size,
        "file time": state.st_mtime_ns,
        "column": text,
        "context column": job.context_column,
        "even": job.even,
        **asdict(job.how),
        "model time": _latest_change(job.how.model),
    }


def _latest_change(model: str | None) -> int | None:
    """Say in nanoseconds when a model's folder last changed: training may put another one there."""
    if model is None:  # the embedded one goes with the version of emo_hub
        return None
    folder = Path(model)
    return max(path.stat().st_mtime_ns for path in (folder, *folder.rglob("*")))
