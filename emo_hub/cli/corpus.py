"""`emo-hub corpus`: build one from recordings, narratives or texts, and look at it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from emo_hub.cli import corpus_look
from emo_hub.cli.console import say, show_counts
from emo_hub.errors import InputError

if TYPE_CHECKING:
    from emo_hub.synthesis.job import Job

app = typer.Typer(no_args_is_help=True, help="Build a corpus and look at it.")

IN, WHO, WHERE = "What goes in", "The teacher", "Where it goes"

Narratives = Annotated[
    str,
    typer.Option(
        help="Stories: a file, a folder, or a Hub dataset (owner/name).", rich_help_panel=IN
    ),
]
Texts = Annotated[
    str, typer.Option(help="Texts to annotate as they are; same forms.", rich_help_panel=IN)
]
Requests = Annotated[
    str,
    typer.Option(
        help="Ask recorded requests anew: a folder with a plan, or 'packaged'.", rich_help_panel=IN
    ),
]
Source = Annotated[str, typer.Option(help="A name for where they come from.", rich_help_panel=IN)]
TextColumn = Annotated[
    str, typer.Option(help="The column with the texts, if it is not clear.", rich_help_panel=IN)
]
IdColumn = Annotated[
    str | None,
    typer.Option(
        help="The column with their ids; '' to take each row by itself.", rich_help_panel=IN
    ),
]
Plan = Annotated[
    Literal["staged", "fused"],
    typer.Option(help="One question per call, or one per character.", rich_help_panel=IN),
]
Characters = Annotated[
    int, typer.Option(min=1, max=12, help="At most, of a passage.", rich_help_panel=IN)
]
Looks = Annotated[
    int, typer.Option(min=1, max=9, help="Readings of each line alone.", rich_help_panel=IN)
]
Words = Annotated[int, typer.Option(min=80, help="At most, of a passage.", rich_help_panel=IN)]
Limit = Annotated[
    int, typer.Option(min=0, help="At most so many stories or texts; 0: all.", rich_help_panel=IN)
]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Where replies are kept; beside the corpus by default.", rich_help_panel=WHERE
    ),
]
ModelName = Annotated[str, typer.Option(help="The teacher's model.", rich_help_panel=WHO)]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A teacher's setting, key=value.", rich_help_panel=WHO),
]


@app.command("build")
def corpus_build(
    out: Annotated[Path, typer.Option(help="The corpus folder.", rich_help_panel=WHERE)] = Path(
        "emo-pillars"
    ),
    store: Store = None,
    recordings: Annotated[
        Path | None,
        typer.Option(help="Recorded replies with their plan.", rich_help_panel=WHERE),
    ] = None,
    about: Annotated[
        Path | None,
        typer.Option(help="A TOML file: title, licence, description.", rich_help_panel=WHERE),
    ] = None,
    with_narratives: Annotated[
        bool,
        typer.Option(help="Keep the stories' text in the corpus.", rich_help_panel=WHERE),
    ] = False,
    most_rejected: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Share that may be lost; 0.5 by default.", rich_help_panel=WHERE
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave out what has no reply.", rich_help_panel=WHERE)
    ] = False,
    teacher: Annotated[
        Literal["recorded", "http", "batch", "local"],
        typer.Option(help="Who answers.", rich_help_panel=WHO),
    ] = "recorded",
    model: ModelName = "",
    base_url: Annotated[
        str, typer.Option(help="An OpenAI-compatible server.", rich_help_panel=WHO)
    ] = "",
    annotator: Annotated[
        list[str] | None,
        typer.Option(
            help="One more model to look (see --looks), MODEL or MODEL@URL; the key of another "
            "server is read from EMO_HUB_API_KEY_2, of the next from EMO_HUB_API_KEY_3.",
            rich_help_panel=WHO,
        ),
    ] = None,
    settings: Set = None,
    mixed: Annotated[
        bool, typer.Option(help="Let another teacher go on with a store.", rich_help_panel=WHO)
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Ask again what was cut off or refused.", rich_help_panel=WHO),
    ] = False,
    narratives: Narratives = "",
    texts: Texts = "",
    requests: Requests = "",
    source: Source = "",
    text_column: TextColumn = "",
    id_column: IdColumn = None,
    plan: Plan = "fused",
    characters: Characters = 4,
    looks: Looks = 1,
    most_words: Words = 700,
    limit: Limit = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would take.")
    ] = False,
    input_price: Annotated[float, typer.Option(min=0, help="Per million tokens.")] = 0.0,
    output_price: Annotated[float, typer.Option(min=0, help="Per million tokens.")] = 0.0,
    executor: Annotated[
        Literal["here", "local", "ray", "slurm"],
        typer.Option(help="Where shards run; 'here' asks in this process."),
    ] = "here",
    tasks: Annotated[int, typer.Option(min=1, help="Shards of the run.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Shards at a time.")] = 1,
    partition: Annotated[str, typer.Option(help="Of Slurm, for the shards.")] = "",
) -> None:
    """Build a corpus: from the recorded replies, or anew from your narratives, texts and LLM.

    Without options it builds emo-pillars from the replies that ship with the package. With
    --narratives or --texts a teacher is asked, every reply is kept in the store before the next
    question, and the same command goes on after any interruption.
    """
    if not (narratives or texts or requests):
        if teacher != "recorded":
            raise InputError(
                f"The {teacher} teacher has nothing to work on: give --narratives, --texts, or "
                "--requests packaged."
            )
        if dry_run:
            raise InputError(
                "--dry-run counts what a teacher would be asked, and recorded replies ask nobody: "
                "leave it out, or give --narratives, --texts or --requests."
            )
        _refuse_for_recorded(
            {
                "--about": about is not None,
                "--most-rejected": most_rejected is not None,
                "--partial": partial,
                "--limit": limit > 0,
                "--store": store is not None,
                "--model": bool(model),
                "--base-url": bool(base_url),
                "--set": bool(settings),
                "--annotator": bool(annotator),
                "--with-narratives": with_narratives,
                "--executor": executor != "here",
                "--tasks": tasks > 1,
                "--workers": workers > 1,
                "--partition": bool(partition),
                "--mixed": mixed,
                "--again": again,
                "--input-price": input_price > 0,
                "--output-price": output_price > 0,
                "--source": bool(source),
                "--text-column": bool(text_column),
                "--id-column": id_column is not None,
            }
        )
        _build_recorded(out, recordings)
        return
    from emo_hub.cli.corpus_run import Run, run
    from emo_hub.teacher import FAULTS

    job = _job(
        narratives=narratives,
        texts=texts,
        requests=requests,
        source=source,
        text_column=text_column,
        id_column=id_column,
        plan=plan,
        characters=characters,
        looks=looks,
        most_words=most_words,
        limit=limit,
    )
    run(
        Run(
            job=job,
            out=out,
            store=store or recordings or out.with_name(f"{out.name}-replies"),
            about=about,
            with_narratives=with_narratives,
            teacher=teacher,
            model=model,
            base_url=base_url,
            annotators=tuple(annotator or ()),
            settings=tuple(settings or ()),
            mixed=mixed,
            prices=(input_price, output_price),
            most_rejected=0.5 if most_rejected is None else most_rejected,
            partial=partial,
            again=FAULTS if again else frozenset(),
            executor=executor,
            tasks=tasks,
            workers=workers,
            partition=partition,
        ),
        dry_run=dry_run,
    )


@app.command("export-requests")
def corpus_export_requests(
    store: Annotated[Path, typer.Option(help="The store; answered requests are left out.")],
    out: Annotated[Path, typer.Option(help="A folder for the request files.")],
    model: ModelName = "",
    narratives: Narratives = "",
    texts: Texts = "",
    requests: Requests = "",
    source: Source = "",
    text_column: TextColumn = "",
    id_column: IdColumn = None,
    plan: Plan = "fused",
    characters: Characters = 4,
    looks: Looks = 1,
    most_words: Words = 700,
    limit: Limit = 0,
    settings: Set = None,
) -> None:
    """Write what a teacher must still be asked, as OpenAI batch files.

    Later stages ask about earlier replies: import these, export again, until nothing is left.
    """
    from emo_hub.cli.corpus_run import export

    job = _job(
        narratives=narratives,
        texts=texts,
        requests=requests,
        source=source,
        text_column=text_column,
        id_column=id_column,
        plan=plan,
        characters=characters,
        looks=looks,
        most_words=most_words,
        limit=limit,
    )
    export(job, store, out, model, tuple(settings or ()))


@app.command("import-replies")
def corpus_import_replies(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Batch output files, or folders of replies written slot by slot."),
    ],
    out: Annotated[Path, typer.Option("--store", "--out", help="Where the replies go.")],
    requests: Annotated[
        Path | None, typer.Option(help="The folder that export-requests wrote.")
    ] = None,
    teacher: Annotated[
        str, typer.Option(help="Who wrote the replies, where they do not say.")
    ] = "",
) -> None:
    """Put a teacher's replies where `corpus build` finds them."""
    if all(source.is_dir() for source in sources) and requests is None:
        from emo_hub.synthesis.ingest import record_replies

        record_replies(sources, out, teacher=teacher or None)
        say(
            f"{out}: recordings and their plan; build with: emo-hub corpus build --recordings {out}"
        )
        return
    from emo_hub.cli.corpus_run import import_batch

    import_batch(sources, out, requests, teacher)


app.command("stats")(corpus_look.stats)
app.command("diff")(corpus_look.diff)
app.command("audit")(corpus_look.audit)
app.command("rate")(corpus_look.rate)


def _job(
    *,
    narratives: str,
    texts: str,
    requests: str,
    source: str,
    text_column: str,
    id_column: str | None,
    plan: Literal["staged", "fused"],
    characters: int,
    looks: int,
    most_words: int,
    limit: int,
) -> Job:
    from emo_hub.synthesis.chain import NarrativePlan
    from emo_hub.synthesis.job import Job
    from emo_hub.teacher import PACKAGED_RECORDINGS

    return Job(
        narratives=narratives,
        texts=texts,
        requests=str(PACKAGED_RECORDINGS) if requests == "packaged" else requests,
        source=source,
        text_column=text_column,
        id_column=id_column,
        plan=NarrativePlan(plan, characters, looks),
        most_words=most_words,
        limit=limit,
    )


def _refuse_for_recorded(given: Mapping[str, bool]) -> None:
    if idle := [option for option, is_given in given.items() if is_given]:
        raise InputError(
            f"{' and '.join(idle)} would change nothing: recorded replies are built whole, and the "
            "provenance.json beside them says what the card does. Leave out what was named, or "
            "give --narratives, --texts or --requests."
        )


def _build_recorded(out: Path, recordings: Path | None) -> None:
    from emo_hub.synthesis.build import build_corpus

    report = build_corpus(out, recordings)
    say(f"{report.path}: {'reused' if report.reused else 'built'}, version {report.version}.")
    show_counts(report.counts, report.rejects)
