"""The agreement of independent looks as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emo_hub.synthesis.quality_tables import Facts, Table, percent

_FEWEST_PAIRS = 20


def looks_table(looks: Facts) -> Table:
    """Say how far two independent looks at one text agree."""
    kinds = {kind: found for kind, found in looks.items() if found["pairs"]}
    rows = [
        ("texts looked at twice", *(f"{found['pairs']:,}" for found in kinds.values())),
        *(
            (title, *(percent(found[name]) for found in kinds.values()))
            for title, name in (
                ("both looks have the same top label", "same_top"),
                ("both looks share a label", "share_a_label"),
            )
        ),
        *(
            (title, *(number(found[name]) for found in kinds.values()))
            for title, name in (
                ("Cohen's kappa of the top label", "kappa"),
                ("mean soft overlap of labels", "overlap"),
                ("Pearson's r of valence", "valence_r"),
                ("Pearson's r of arousal", "arousal_r"),
                ("Pearson's r of dominance", "dominance_r"),
            )
        ),
    ]
    if not kinds:
        rows = [("texts looked at twice", "0")]
    title = "Agreement of two independent looks"
    return Table(title, ("measure", *(kinds or ("all",))), tuple(rows))


def looks_details(looks: Facts) -> tuple[Table, ...]:
    """Say how far looks agree by label, register and intensity; nothing without second looks."""
    kinds = {kind: found for kind, found in looks.items() if found["pairs"]}
    if not kinds:
        return ()
    labels = {name for found in kinds.values() for name in found["by_label"]}
    by_label = [
        (
            label,
            *(
                cell
                for found in kinds.values()
                for cell in _label_cells(found["by_label"].get(label))
            ),
        )
        for label in sorted(labels)
    ]
    header = tuple(f"{kind}, {what}" for kind in kinds for what in ("agreement", "top kept"))
    tables = [
        Table(
            "Agreement of two looks by label (agreement = 2 both / (first + second); top kept = "
            f"the second look has the first's top label, from {_FEWEST_PAIRS} rows on)",
            ("label", *header),
            tuple(by_label),
        )
    ]
    for title, what in (
        ("Agreement of two looks by register", "by_register"),
        ("Agreement of two looks by the first look's strongest intensity", "by_intensity"),
    ):
        rows = [
            (kind, _bin_name(name) if what == "by_intensity" else name, f"{part['pairs']:,}",
             percent(part["same_top"]), number(part["overlap"]))
            for kind, found in kinds.items()
            for name, part in found[what].items()
        ]  # fmt: skip
        if rows:
            header = ("kind", what.removeprefix("by_"), "texts", "same top label", "soft overlap")
            tables.append(Table(title, header, tuple(rows)))
    return tuple(tables)


def _label_cells(found: Mapping[str, Any] | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    kept = percent(found["top_kept"]) if found["led"] >= _FEWEST_PAIRS else ""
    return percent(found["agreement"]), kept


def _bin_name(low: str) -> str:
    return f"{low} or more" if low == "0.9" else f"{low} to {float(low) + 0.2:.1f}"


def number(value: float | None) -> str:
    """Write a figure with three decimals."""
    return "n/a" if value is None else f"{value:.3f}"
