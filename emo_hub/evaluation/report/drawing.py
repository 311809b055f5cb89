"""Which pictures a report has, where they lie, and what each shows in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emo_hub.evaluation import pictures
from emo_hub.evaluation.report.blocks import Picture, sentence_list, slug
from emo_hub.evaluation.report.material import Bench, Material
from emo_hub.evaluation.report.titles import metric_title
from emo_hub.evaluation.scored import Scored

FOLDER = "pictures"
_MOST_NAMED = 4


def draw_overview(material: Material, out: Path) -> Picture:
    """Draw the leaderboard of everything scored."""
    path = _place(out, "leaderboard")
    pictures.draw_leaderboard(material.scored, material.quoted, path)
    values = [
        f"{one.model} {one.result.value:.3f} on {one.rows.name}"
        for one in material.scored[: 2 * _MOST_NAMED]
    ]
    caption = (
        "The headline metric of every benchmark with its 95 % interval, one panel per role. Hollow "
        "marks are quoted. The tables below hold the same numbers."
    )
    more = "; the rest is in the tables" if len(material.scored) > len(values) else ""
    alt = f"Leaderboard, one panel per role: {'; '.join(values)}{more}."
    return Picture(path, caption, alt)


def draw_bench(bench: Bench, out: Path) -> list[Picture]:
    """Draw what there is to see of one benchmark; nothing for ratings."""
    if bench.rows.kind == "regression":
        return []
    first, scored = bench.scored[0], bench.scored
    prefix = f"{bench.name}-{bench.split}"
    where = f"{bench.name} ({bench.split})"
    places = {
        name: _place(out, f"{prefix}-{name}")
        for name in ("labels", "confusion", "cooccurrence", "reliability", "precision-recall")
    }
    pictures.draw_labels(scored, places["labels"])
    pictures.draw_confusion(first, places["confusion"])
    pictures.draw_reliability(scored, places["reliability"])
    pictures.draw_precision_recall(scored, places["precision-recall"])
    found = [
        Picture(
            places["labels"],
            f"F1 of each label on {where}, with the number of rows that carry it.",
            f"F1 per label on {where}. {_labels_in_words(first)}",
        ),
        Picture(
            places["confusion"],
            f"What {first.model} predicted for rows annotated with each label of {where}.",
            f"Confusion of {first.model} on {where}. {_confusion_in_words(first)}",
        ),
    ]
    if bench.rows.kind == "multi_label":
        pictures.draw_cooccurrence(first, places["cooccurrence"])
        picture = Picture(
            places["cooccurrence"],
            f"Labels that occur together on {where}, as annotated and as {first.model} predicts.",
            f"Co-occurrence of labels on {where}. {_pairs_in_words(first)}",
        )
        found.append(picture)
    calibration = _values_in_words(scored, "calibration_error")
    precision = _values_in_words(scored, "mean_average_precision")
    return [
        *found,
        Picture(
            places["reliability"],
            f"Reliability on {where}: how often a label is there when a model gives it a score.",
            f"Reliability diagram on {where}. Expected calibration error: {calibration}.",
        ),
        Picture(
            places["precision-recall"],
            f"Precision against recall on {where} as the threshold moves.",
            f"Precision and recall on {where}. Mean average precision: {precision}.",
        ),
    ]


def draw_maps(material: Material, out: Path) -> Picture:
    """Draw where models see labels in valence and arousal."""
    path = _place(out, "label-map")
    pictures.draw_label_map(material.maps, path)
    models = sentence_list([one.model for one in material.maps])
    caption = "Where each model puts its label vectors in valence (1 to 5) and arousal (1 to 5)."
    alt = f"Valence and arousal of label vectors of {models}; the table below has every value."
    return Picture(path, caption, alt)


def draw_learning(material: Material, out: Path) -> Picture:
    """Draw learning curves."""
    path = _place(out, "curves")
    pictures.draw_curves(material.curves, path)
    ends = [
        f"{curve.title} ends at {curve.points[-1][1]:.3f}"
        for curve in material.curves[:_MOST_NAMED]
        if curve.points
    ]
    caption = "Learning curves, with 95 % intervals."
    alt = f"Learning curves: {'; '.join(ends)}; the table below has every point."
    return Picture(path, caption, alt)


def _place(out: Path, name: str) -> Path:
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{slug(name)}.png"


def _labels_in_words(one: Scored) -> str:
    per_label = one.result.per_label
    order = sorted(per_label, key=lambda label: (-per_label[label].f1, label))
    high, low = order[0], order[-1]
    return (
        f"{one.model} is best on {high} ({per_label[high].f1:.3f}) and weakest on {low} "
        f"({per_label[low].f1:.3f})."
    )


def _confusion_in_words(one: Scored) -> str:
    """Name the wrong prediction that is made most often."""
    if one.predicted is None:
        return ""
    targets, predicted = one.rows.targets.astype(int), one.predicted.astype(int)
    wrong = targets.T @ (predicted * (1 - targets))
    if not wrong.any():
        return "No label is predicted for rows of another."
    i, j = np.unravel_index(int(wrong.argmax()), wrong.shape)
    labels = one.rows.labels
    return (
        f"The commonest error: {labels[j]} predicted for {int(wrong[i, j]):,} rows annotated "
        f"{labels[i]}."
    )


def _pairs_in_words(one: Scored) -> str:
    """Name the pair of labels that is annotated most often."""
    targets = one.rows.targets.astype(int)
    together = np.triu(targets.T @ targets, 1)
    if not together.any():
        return "No two labels are annotated together."
    i, j = np.unravel_index(int(together.argmax()), together.shape)
    labels = one.rows.labels
    return (
        f"The commonest pair as annotated: {labels[i]} with {labels[j]}, {together[i, j]:,} rows."
    )


def _values_in_words(scored: Sequence[Scored], metric: str) -> str:
    shown = [
        f"{one.model} {one.result.metrics[metric]:.3f}"
        for one in scored[:_MOST_NAMED]
        if metric in one.result.metrics
    ]
    return ", ".join(shown) or f"{metric_title(metric)} was not computed"
