"""How the numbers of a report came about, where it comes from, and how to cite it."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from emo_hub.evaluation.report.blocks import Notes, Paragraph, Section, sentence_list, table
from emo_hub.evaluation.report.material import Material
from emo_hub.evaluation.results import RESAMPLES
from emo_hub.version import __version__

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "scikit-learn")
_MOST_NAMED = 5


def environment() -> dict[str, str]:
    """Name the versions that decide numbers."""
    found = {"emo_hub": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def method(material: Material) -> Section:
    """Say how every number came about."""
    names = [bench.name for bench in material.benches]
    notes = [
        "Roles: zero-shot means that no human label of a benchmark and no row of a reported split "
        "was used to train, to fit a threshold or to calibrate; unlabelled or teacher-labelled "
        "texts of other splits may have been, and the card of each model says which. Transfer "
        "means human labels of other data, fine-tuned the train split of the benchmark. What has "
        "thresholds from dev stands in a table of its own.",
        "Thresholds: the table of each benchmark says where they come from. Code refuses to fit "
        "anything on a split that is reported.",
        "Scoring: a split is scored once for each model, and the number of times is recorded and "
        "shown.",
        "Decisions: in multi-label sets a label is predicted when its score reaches its threshold, "
        "neutral included; where none does, neutral is, or, in a set without neutral whose every "
        "text carries a label, the best one. In single-label sets the best score decides.",
        "Averages: macro-F1 averages over every label of the set; a label neither there nor "
        "predicted counts 0. Weighted F1 weighs labels by their rows. Micro-F1 pools all "
        "(row, label) decisions. Exact match wants every label of a row right; Jaccard averages "
        "the overlap of a row's labels. mAP averages the area under precision against recall over "
        "the labels that occur and needs no threshold; LRAP is label ranking average precision.",
        f"Intervals: the 2.5th to 97.5th percentile of {RESAMPLES:,} bootstrap resamples of "
        "rows, or of whole dialogues where the rows of a benchmark belong to some. They know "
        "nothing of training noise: another seed of one recipe may differ by more.",
        "Context: a contextual line of the corpus is right where the highest score is that of its "
        "primary emotion. It is read with its own context, with none, and five times with one of "
        "another story; intervals of the differences are over stories.",
        "Differences between two models are tested on the same rows: a paired bootstrap gives the "
        "interval, approximate randomisation the p-value, and Holm's method corrects for the "
        "number of benchmarks (emo-hub evaluate --compare).",
        "Calibration: ECE has 15 bins of equal width over all (row, label) decisions pooled; that "
        "of the top label has them over the best label of each row. Rare labels make the first "
        "one small, so it is to be read beside the Brier score.",
        "Ratings: r is Pearson's correlation; CCC is the concordance correlation (Lin 1989), which "
        "also sees scale and offset.",
        "Worst errors are those of the first model in this report, among rows that it decided "
        "wrongly. Loss is the mean binary cross-entropy over labels in multi-label sets, the "
        "negative log of the right label's share of all scores in single-label sets, and the mean "
        "squared distance for ratings. Confusion and co-occurrence also show the first model.",
        *_own_notes(names, material.models),
    ]
    return Section("Method", (Notes(tuple(notes)),), (), "method")


def _own_notes(names: Sequence[str], models: Sequence[str]) -> Iterator[str]:
    if "goemotions-ekman" in names:
        yield (
            "goemotions-ekman: the 28 labels are scored and what is predicted is grouped to 7, as "
            "somebody would who reads the 28 as Ekman's; the 7 names are not asked for."
        )
    if "all-MiniLM-L6-v2 as it is" in models:
        yield (
            "all-MiniLM-L6-v2 as it is: cosine of the text alone and the label's name, one "
            "threshold from synthetic rows. Leaving contexts out was chosen by a look at 400 rows "
            "of edos, in its favour."
        )
    if "majority label" in models:
        yield (
            "majority label: the most frequent label of each benchmark by itself, never that of "
            "another with the same labels. It is read off dev, where there is a dev that is not "
            "itself reported; else off train, where a test split is reported; else off the "
            "reported rows, and then it is an oracle. On the corpus's own rows it is that of the "
            "rows that fit thresholds."
        )


def origin(material: Material, digest: str) -> Section:
    """Say where the report comes from and how to cite it.

    Args:
        material: everything scored.
        digest: SHA-256 of report.json in hex.
    """
    facts = list(flatten(material.facts))
    facts += [(f"version of {name}", value) for name, value in material.environment.items()]
    facts.append(("SHA-256 of report.json", digest))
    date = material.facts.get("date")
    models = sentence_list(material.models[:_MOST_NAMED])
    left = len(material.models) - _MOST_NAMED
    more = f" and {left} more" if left > 0 else ""
    cite = (
        f"To cite: emo_hub {__version__}, evaluation report of {models}{more} on "
        f"{sentence_list([f'{b.name} ({b.split})' for b in material.benches])}"
        f"{f', {date}' if date else ''}; report.json with SHA-256 {digest[:16]}. Cite the "
        "benchmarks by their own papers, and quoted numbers by their sources."
    )
    blocks = (
        Paragraph(cite),
        table("How this report was made.", ("fact", "value"), facts, prose=True),
    )
    return Section("Origin and citation", blocks, (), "origin")


def flatten(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Give facts as pairs of text; what is nested gets a name of several words."""
    for key, value in facts.items():
        name = f"{before}, {key}" if before else str(key)
        if isinstance(value, Mapping):
            yield from flatten(value, name)
        elif isinstance(value, (list, tuple, set, frozenset)):
            yield name, ", ".join(str(item) for item in value) or "none"
        elif isinstance(value, float):
            yield name, f"{value:g}"
        else:
            yield name, "none" if value is None else str(value)
