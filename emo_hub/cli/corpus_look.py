"""The commands that look at a corpus: statistics, versions, rejects, label audit, rating sheet."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from emo_hub.cli.console import row_progress, say
from emo_hub.errors import InputError, require

Corpus = Annotated[Path, typer.Argument(help="The corpus folder.")]
Config = Annotated[
    Literal["contextless", "contextual", "descriptors"], typer.Option(help="Which rows.")
]
_SHOWN = 200


def stats(
    corpus: Corpus = Path("emo-pillars"),
    out: Annotated[
        Path | None, typer.Option(help="Measure at length: a folder for report and pictures.")
    ] = None,
    benchmarks: Annotated[
        Path | None, typer.Option(help="Look for texts of these benchmarks in the corpus.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=100, help="Rows for measures that compare pairs.")
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Put the measured figures into the corpus card.")
    ] = False,
    rejects: Annotated[
        str | None, typer.Option(help="Show what was rejected for a reason, or 'all'.")
    ] = None,
) -> None:
    """Count rows and labels; with --out measure diversity, leaks and contexts, with pictures."""
    from emo_hub.synthesis.quality import (
        browse_rejects,
        card_section,
        measure_quality,
        put_into_card,
        stats_table,
    )

    if rejects is not None:
        found = browse_rejects(corpus, None if rejects == "all" else rejects, _SHOWN)
        for entry in found:
            say(f"{entry.stage}  {entry.reason}  {entry.request_id}: {entry.detail}")
            say(f"    {entry.text[:_SHOWN]}")
        say(f"{len(found):,} shown of {corpus / 'rejected.jsonl'}.")
        return
    if card and out is None:
        raise InputError("--card writes what was measured: give --out DIR as well.")
    if out is None:
        for table in stats_table(corpus):
            say(table.title)
            say(table.markdown())
            say("")
        return
    require("matplotlib", "quality", "Measuring a corpus")
    require("sklearn", "quality", "Measuring a corpus")
    report = measure_quality(corpus, out=out, benchmarks=benchmarks, sample=sample, say=say)
    say(f"{report.folder / 'quality.md'}, quality.json and {len(report.pictures)} pictures")
    if card:
        say(str(put_into_card(corpus, card_section(report))))


def diff(
    before: Annotated[
        str,
        typer.Argument(help="A folder, a version such as v1.0.0, or namespace/emo-pillars@v1.0.0."),
    ],
    after: Annotated[str, typer.Argument(help="Another one.")],
    rows: Annotated[int, typer.Option(min=0, help="Rows of each kind to show.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two versions: rows added, removed and relabelled, and numbers side by side."""
    from emo_hub.synthesis.diff import compare_corpora
    from emo_hub.synthesis.diff_tables import change_lines
    from emo_hub.versions import open_version

    change = compare_corpora(open_version(before), open_version(after), most=rows)
    if as_json:
        typer.echo(json.dumps(asdict(change), ensure_ascii=False))
        return
    for line in change_lines(change):
        say(line)


def audit(
    corpus: Corpus = Path("emo-pillars"),
    out: Annotated[Path, typer.Option(help="Where the list goes.")] = Path("audit"),
    config: Config = "contextless",
    texts: Annotated[
        Path | None, typer.Option(help="For descriptors: the annotated texts, with their ids.")
    ] = None,
) -> None:
    """List the rows whose labels are most likely wrong, as a model that never saw them judges."""
    require("cleanlab", "quality", "An audit")
    from emo_hub.synthesis.audit_pages import audit_corpus

    with row_progress("auditing") as progress:
        report = audit_corpus(corpus, out, config=config, texts=texts, progress=progress)
    say(f"{report.flagged:,} of {report.rows:,} rows are suspect; the worst are in {out}/audit.md.")


def rate(
    corpus: Corpus = Path("emo-pillars"),
    out: Annotated[Path, typer.Option(help="Where the answers are kept.")] = Path("ratings"),
    rows: Annotated[int, typer.Option(min=1, help="Rows to rate.")] = 200,
    config: Annotated[
        Literal["contextless", "contextual"], typer.Option(help="Which rows.")
    ] = "contextless",
    ranked: Annotated[
        bool, typer.Option("--ranked", help="Options by the teacher's ranking, not shuffled.")
    ] = False,
    rater: Annotated[
        list[str] | None, typer.Option(help="Who may rate; anybody by default.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="A free one is found by default.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    report: Annotated[
        bool, typer.Option("--report", help="Compute agreement from the answers, and stop.")
    ] = False,
) -> None:
    """Serve a sheet on which people rate rows, or report how far they and the teacher agree."""
    if report:
        require("sklearn", "quality", "The report of ratings")
        from emo_hub.rating.pages import write_rating_report

        write_rating_report(out)
        say((out / "ratings.md").read_text(encoding="utf-8"))
        return
    require("gradio", "space", "The rating sheet")
    from emo_hub.rating.app import launch_rating
    from emo_hub.rating.sheet import SheetSettings

    settings = SheetSettings(config=config, rows=rows, order="ranked" if ranked else "shuffled")
    launch_rating(
        corpus, out, settings=settings, raters=tuple(rater or ()), host=host, port=port, say=say
    )
