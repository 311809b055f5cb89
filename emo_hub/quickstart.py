"""`emo-hub quickstart`: recordings to corpus to checkpoint to report, in one folder, in minutes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emo_hub.config import read_recipe
from emo_hub.registration import DATASET

Say = Callable[[str], None]

CORPUS, MODEL, REPORT = DATASET, "emo-model", "report"
# Places where a copy of the public benchmarks may stand, first come first served.
BENCHMARK_FOLDERS = ("benchmarks", "../benchmarks", "../shared/benchmarks")
# So many rows of each benchmark: a first look takes a minute; `emo-hub evaluate` takes them all.
QUICK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Made:
    """Where everything was put."""

    corpus: Path
    model: Path
    report: Path


def find_benchmarks() -> Path | None:
    """Look for a folder of public benchmarks: EMO_HUB_BENCHMARKS, or the usual places."""
    named = os.environ.get("EMO_HUB_BENCHMARKS")
    places = [Path(named)] if named else [Path(place) for place in BENCHMARK_FOLDERS]
    return next((place for place in places if (place / "goemotions").is_dir()), None)


def quickstart(
    folder: Path,
    *,
    overrides: Sequence[str] = (),
    say: Say = lambda _: None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Made:
    """Build the corpus, train a checkpoint on it, evaluate it and write the report.

    What is there already, made from the same inputs, is reused; a run that was stopped goes on.

    Args:
        folder: where everything is put.
        overrides: settings that win over the shipped recipe "quick", as `key=value`.
        say: is told, in sentences, what was found and done.
        progress: is told step, steps and loss while training.

    Raises:
        EmoHubError: whatever the parts raise.
    """
    from emo_hub.measurement import Measurement, measure
    from emo_hub.model_card import RESULTS_FILE, write_results
    from emo_hub.synthesis.build import build_corpus
    from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive

    recipe = read_recipe(ContrastiveRecipe, "quick", overrides)
    corpus = build_corpus(folder / CORPUS)
    rows = sum(sum(splits.values()) for splits in corpus.counts.values())
    how = "reused, nothing it is made from has changed" if corpus.reused else "built"
    say(f"Corpus: {corpus.path} ({rows:,} rows in {len(corpus.counts)} configs), {how}.")
    benchmarks = find_benchmarks()
    texts = str(benchmarks / "goemotions") if benchmarks else ""
    if not texts:
        say(
            "No folder of public benchmarks was found (set EMO_HUB_BENCHMARKS to one), so the "
            "annotated comments are left out and the corpus's own test rows measure the model."
        )
    trained = train_contrastive(
        corpus.path,
        folder / MODEL,
        recipe,
        texts=texts,
        command=" ".join(["emo-hub quickstart", *(f"--set {pair}" for pair in overrides)]),
        say=say,
        progress=progress,
    )
    if trained.resumed_at:
        say(f"Training went on from step {trained.resumed_at}, where an earlier run had stopped.")
    say(f"Model: {trained.path}.")
    made = Made(corpus.path, folder / MODEL, folder / REPORT)
    # The results are written last and vanish with the model that they were measured on.
    if trained.reused and (trained.path / RESULTS_FILE).exists() and made.report.is_dir():
        say(f"Report: {made.report}, reused: it is about this very model.")
    else:
        plan = Measurement(
            models=(str(trained.path),), corpus=corpus.path, benchmarks=benchmarks, limit=QUICK_ROWS
        )
        results = measure(plan, made.report, command="emo-hub quickstart", say=say)
        card = write_results(trained.path, results[str(trained.path)], command="emo-hub quickstart")
        say(f"Report: {made.report / 'report.html'}; the model's card: {card}.")
    return made
