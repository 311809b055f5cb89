"""`emo-hub evaluate`: one command scores models on benchmarks, or compares two of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from emo_hub.cli.console import say
from emo_hub.cli.options import retold_benchmarks
from emo_hub.errors import InputError

_HOW = "How"
_OTHERS = "Models that are not ours"

Models = Annotated[
    list[str],
    typer.Argument(
        help="What to score: 'default', a folder, a Hub repository (also NAME@REVISION) of ours, "
        "of text-classification, sentence-transformers, NLI or GLiClass, or a file of predictions. "
        "A prefix forces the kind: ours:, encoder:, classifier:, sentences:, entailment:, "
        "gliclass:, predictions:, llm:. With --compare: two models, or two folders of reports, "
        "FOLDER#MODEL to pick a model."
    ),
]


def evaluate(
    models: Models,
    benchmarks: Annotated[
        str | None,
        typer.Option(help="A folder with a subfolder for each benchmark, or 'hub'."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("report"),
    only: Annotated[
        str | None, typer.Option(help="Benchmarks, by commas; emo-pillars: the corpus.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say what changed from the first to the second.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="A corpus whose test rows count too; the embedded one by default."),
    ] = None,
    baselines: Annotated[
        bool, typer.Option(help="Majority label and MiniLM as it is, in the same tables.")
    ] = True,
    card: Annotated[bool, typer.Option("--card", help="Write each checkpoint's card.")] = False,
    limit: Annotated[
        int | None, typer.Option(help="A sample of so many rows of each.", rich_help_panel=_HOW)
    ] = None,
    thresholds: Annotated[
        str,
        typer.Option(
            help="'own', 'synthetic' (one, fitted on the corpus), 'dev' (fitted on each dev split: "
            "another table), or a number.",
            rich_help_panel=_HOW,
        ),
    ] = "own",
    drop_seen: Annotated[
        bool,
        typer.Option(
            "--drop-seen",
            help="Leave out rows whose text stands in training.",
            rich_help_panel=_HOW,
        ),
    ] = False,
    training: Annotated[
        list[Path] | None,
        typer.Option(
            help="A further corpus of training, to look for in tests; repeatable.",
            rich_help_panel=_HOW,
        ),
    ] = None,
    score_again: Annotated[
        str,
        typer.Option(help="Score anew what was scored before; say why.", rich_help_panel=_HOW),
    ] = "",
    keep: Annotated[
        bool,
        typer.Option(
            help="Keep scores, so that a split is scored once per model.", rich_help_panel=_HOW
        ),
    ] = True,
    trained_on: Annotated[
        str | None,
        typer.Option(
            help="Benchmarks on whose labels the models were trained, by commas.",
            rich_help_panel=_OTHERS,
        ),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(help="How a label is said, with {}; repeatable.", rich_help_panel=_OTHERS),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, rich_help_panel=_OTHERS)] = 32,
    device: Annotated[str, typer.Option(rich_help_panel=_OTHERS)] = "cpu",
    revision: Annotated[str | None, typer.Option(rich_help_panel=_OTHERS)] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            help="The server of llm:NAME, such as http://localhost:8000/v1.",
            rich_help_panel=_OTHERS,
        ),
    ] = None,
    replies: Annotated[
        Path | None,
        typer.Option(
            help="Where a language model's replies are kept, so that none is asked twice.",
            rich_help_panel=_OTHERS,
        ),
    ] = None,
) -> None:
    """Score models and baselines on emotion benchmarks; write a report that can be cited.

    The report is one HTML page, the same in Markdown and JSON, with pictures. Zero-shot, transfer
    and fine-tuned are separate tables. A test split is scored once per model and kept.
    """
    if compare and all(_is_report(model) for model in models):
        _compare(models, out)
        return
    names = tuple(name.strip() for name in only.split(",")) if only else None
    from emo_hub.embedded import cache_folder
    from emo_hub.evaluation.own import NAME

    if benchmarks is None and set(names or ()) - {NAME}:
        raise InputError("--only names benchmarks, but there is no --benchmarks folder of them.")

    options: dict[str, Any] = {
        "batch_size": batch_size,
        "device": device,
        "revision": revision,
        "base_url": base_url,
        "trained_on": tuple(n.strip() for n in trained_on.split(",")) if trained_on else (),
        **_said(template),
        "llm": {"store": str(replies or cache_folder() / "replies")},
    }
    if compare and len(models) != 2:
        raise InputError(f"--compare takes two reports or two models; got {len(models)}.")
    shown = _measure(
        models,
        out,
        corpus=data,
        card=card,
        plan={
            "benchmarks": benchmarks,
            "only": names,
            "limit": limit,
            "baselines": baselines and not compare,
            "drop_seen": drop_seen,
            "training": tuple(training or ()),
            "score_again": score_again,
            **_decided(thresholds, options),
        },
        keep=keep,
    )
    if compare:
        _compare([f"{out}#{name}" for name in shown], out)


def _measure(
    models: list[str],
    out: Path,
    *,
    corpus: Path | None,
    card: bool,
    keep: bool,
    plan: Mapping[str, Any],
) -> list[str]:
    """Score, write report and cards, and give the names that the models have in the report."""
    from emo_hub.embedded import cache_folder, embedded_corpus
    from emo_hub.measurement import DEFAULT, Measurement, folder_of, measure
    from emo_hub.model_card import write_results
    from emo_hub.registration import default_model_folder

    folders = [default_model_folder() if model == DEFAULT else folder_of(model) for model in models]
    if card and not all(folder.is_dir() for folder in folders):
        raise InputError("--card writes into checkpoint folders; a repository has none here.")
    measured = Measurement(
        models=tuple(models),
        corpus=corpus or embedded_corpus(),
        keep=cache_folder() / "scores" if keep else None,
        **plan,
    )
    command = _command(models, plan, has_own_corpus=corpus is not None)
    results = measure(measured, out, command=command, say=say)
    say(f"{out / 'report.html'}, report.md, report.json, pictures and scores")
    for model in models:
        if not results[model]:
            raise InputError(
                f"{model} was scored on nothing: no benchmark here has rows and labels that it can "
                "be asked about. What was left out, and why, is said above."
            )
    if card:
        for model, folder in zip(models, folders, strict=True):
            say(str(write_results(folder, results[model], command=command)))
    return [results[model][0].model for model in models]


def _command(models: list[str], plan: Mapping[str, Any], *, has_own_corpus: bool) -> str:
    """Write the command that anyone can run: folders of this machine mean nothing on another."""
    from emo_hub.measurement import retold

    where, options = plan["benchmarks"], plan["options"]
    parts = ["emo-hub evaluate", *map(retold, models)]
    if where is not None:
        parts.append(retold_benchmarks(where).strip())
    parts += ["--data CORPUS"] * has_own_corpus
    parts += ["--training CORPUS"] * len(plan["training"])
    if options["revision"]:
        parts.append(f"--revision {options['revision']}")
    if plan["only"]:
        parts.append(f"--only {','.join(plan['only'])}")
    if plan["limit"] is not None:
        parts.append(f"--limit {plan['limit']}")
    decided = plan.get("thresholds", options.get("thresholds", "own"))
    if decided != "own":
        parts.append(f"--thresholds {decided}")
    if options["trained_on"]:
        parts.append(f"--trained-on {','.join(options['trained_on'])}")
    parts += [f"--template '{template}'" for template in options.get("templates", ())]
    if plan["drop_seen"]:
        parts.append("--drop-seen")
    if not plan["baselines"]:
        parts.append("--no-baselines")
    if options["base_url"]:
        parts.append("--base-url URL")
    return " ".join(parts)


def _decided(thresholds: str, options: dict[str, Any]) -> dict[str, Any]:
    """Sort a choice of thresholds into what the model decides and what the evaluation fits."""
    if thresholds == "dev":
        return {"thresholds": "dev", "options": options}
    if thresholds in ("own", "synthetic"):
        return {"options": {**options, "thresholds": thresholds}}
    try:
        number = float(thresholds)
    except ValueError:
        raise InputError(
            f"--thresholds is own, synthetic, dev or a number in 0..1; got '{thresholds}'."
        ) from None
    return {"options": {**options, "thresholds": number}}


def _said(templates: list[str] | None) -> dict[str, Any]:
    if not templates:
        return {}
    return {"templates": tuple(templates), "hypothesis_template": templates[0]}


def _compare(reports: list[str], out: Path) -> None:
    from emo_hub.measurement import compare_reports

    if len(reports) != 2:
        raise InputError(
            f"--compare takes two reports, FOLDER or FOLDER#MODEL, or two models; got "
            f"{len(reports)}."
        )
    (first, one), (second, other) = (_picked(report) for report in reports)
    command = f"emo-hub evaluate --compare {' '.join(map(_retold_report, reports))}"
    found = compare_reports(first, second, out, models=(one, other), command=command)
    say(f"{found.first} -> {found.second}")
    width = max(len(change.benchmark) for change in found.changes)
    for change in found.changes:
        say(
            f"  {change.benchmark:<{width}}  {change.metric} {change.first:.3f} -> "
            f"{change.second:.3f}  ({change.difference:+.3f}, {change.low:+.3f} to "
            f"{change.high:+.3f}, p {change.p_holm:.3f}): {change.verdict}"
        )
    say(f"{out / 'comparison.html'}, comparison.md and comparison.json")


def _is_report(typed: str) -> bool:
    from emo_hub.evaluation.scored import FOLDER

    return (_picked(typed)[0] / FOLDER).is_dir()


def _retold_report(report: str) -> str:
    """Retell a report by its last part; folders of this machine mean nothing on another."""
    from emo_hub.lineage import retold_place

    folder, model = _picked(report)
    name = retold_place(str(folder))
    return f"{name}#{model}" if model else name


def _picked(report: str) -> tuple[Path, str | None]:
    if Path(report).is_dir():
        return Path(report), None
    folder, _, model = report.partition("#")
    return Path(folder), model or None
