"""An audit as files: audit.jsonl for programs, audit.csv for a spreadsheet, audit.md to read."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emo_hub.errors import DataError
from emo_hub.synthesis.audit import AuditReport, Progress, Suspect, audit
from emo_hub.synthesis.audit_probe import DEFAULT_AUDIT, AuditSettings

_SHOWN = 50  # rows on the page; all of them are in the other files
_COLUMNS = ("rank", "id", "split", "quality", "labels", "extra", "missing", "expected", "text")


def audit_corpus(
    corpus: Path,
    out: Path,
    *,
    config: str = "contextless",
    model: str | Path | None = None,
    texts: Path | None = None,
    settings: AuditSettings = DEFAULT_AUDIT,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit a corpus and write audit.jsonl, audit.csv and audit.md into a folder.

    Args:
        corpus: its folder.
        out: where the files go; made if need be.
        config: contextless, contextual or descriptors.
        model: the encoder; None takes the packaged MiniLM.
        texts: for descriptors, a Parquet file with the columns id and text, or a folder that holds
            such a train.parquet.
        settings: folds, limits and seed.
        progress: see `audit`.

    Raises:
        ImportError: cleanlab is not installed.
        InputError: an unknown config, or descriptors without texts.
        DataError: the corpus or the texts cannot be read, or are too few to judge anything.
    """
    known = read_texts(texts) if texts is not None else None
    report = audit(corpus, config, model, texts=known, settings=settings, progress=progress)
    write_audit(report, out)
    return report


def read_texts(path: Path) -> Mapping[str, str]:
    """Read the texts that stand-off annotations speak of, by their id.

    Args:
        path: a Parquet file with the columns id and text, or a folder with such a train.parquet.

    Raises:
        DataError: there is no such file, or it has other columns.
    """
    file = path / "train.parquet" if path.is_dir() else path
    try:
        table = pq.read_table(file, columns=["id", "text"])
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{file} cannot be read as Parquet with the columns id and text: {error}"
        ) from error
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))


def write_audit(report: AuditReport, out: Path) -> Path:
    """Write an audit into a folder, which is made if need be.

    Returns:
        The path of audit.md.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / "audit.jsonl").open("w", encoding="utf-8") as file:
        for suspect in report.suspects:
            file.write(json.dumps(asdict(suspect), ensure_ascii=False) + "\n")
    with (out / "audit.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(_COLUMNS)
        for rank, suspect in enumerate(report.suspects, start=1):
            sheet.writerow(_inert(cell) for cell in _cells(rank, suspect))
    page = out / "audit.md"
    page.write_text(_as_markdown(report), encoding="utf-8")
    return page


def _cells(rank: int, suspect: Suspect) -> tuple[str, ...]:
    return (
        str(rank),
        suspect.id,
        suspect.split,
        f"{suspect.quality:.4f}",
        ", ".join(suspect.labels),
        ", ".join(suspect.extra),
        ", ".join(suspect.missing),
        ", ".join(f"{label} {probability:.2f}" for label, probability in suspect.expected),
        suspect.text,
    )


def _inert(cell: str) -> str:
    # A spreadsheet would run a cell that begins like a formula; audit.jsonl has it unchanged.
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _as_markdown(report: AuditReport) -> str:
    shown = report.suspects[:_SHOWN]
    labels = [
        (
            entry.label,
            f"{entry.rows:,}",
            f"{entry.extra:,}" if entry.judged else "not judged",
            f"{entry.missing:,}" if entry.judged else "not judged",
        )
        for entry in report.labels
    ]
    parts = [
        f"# Likely label errors: {report.config}",
        _summary(report),
        "## Per label",
        "On how many rows a label that is given seems wrong, and on how many others it seems to "
        "be missing. Labels on too few rows are not judged.",
        _table(("label", "rows", "suspected extra", "suspected missing"), labels),
        f"## The {len(shown)} most suspicious of {len(report.suspects):,} listed rows",
        _table(_COLUMNS, [_cells(rank, row) for rank, row in enumerate(shown, start=1)]),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(report: AuditReport) -> str:
    return (
        f"{report.rows:,} rows of {report.groups:,} narratives and requests were judged, "
        f"{report.left_out:,} left out (no text, or only labels that are not judged). A probe on "
        f"text vectors of {report.encoder} that had not seen a row's narrative or request says "
        "which labels it expects; its mean average precision against the given labels is "
        f"{report.precision:.2f}.\n\n"
        f"It contradicts at least one label of {report.flagged:,} rows. Most of these are subtle "
        "texts rather than errors: the probe is weak, so read from the top, where errors gather, "
        "and take a row as a reason to look, not as a verdict."
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(cell: str) -> str:
    """Write a cell so that Markdown shows its characters and nothing else."""
    text = escape(" ".join(cell.split()), quote=False)
    for mark in "\\`*_[]|~$":
        text = text.replace(mark, f"\\{mark}")
    return text
