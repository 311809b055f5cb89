"""What was measured of a corpus, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from emo_hub.records import SPLITS
from emo_hub.taxonomy import GOEMOTIONS

Facts = Mapping[str, Any]

# What the paper of the recipe reports (2504.16856, sections 5 and 6), for comparison.
_PAPER = {
    "labels per row": "3.17",
    "neutral rows": "9%",
    "neutral within": "0.30",
    "neutral across": "0.16",
    "overlap": "0.78 (sd 0.15)",
}
_WHERE = {"within": "within a voice", "across": "across voices"}
_LONGEST_CELL = 160
_TOP_WORLDS = 12
_SHARES = {
    "names_its_emotion": "lines that name the emotion they express",
    "names_an_emotion": "lines that name any emotion",
    "neutral_names_an_emotion": "neutral lines that name an emotion",
    "context_names_an_emotion": "contexts that name an emotion",
    "context_names_its_emotion": "contexts that name the emotion of their line",
    "rewrite_is_a_copy": "rewritten lines that are copies of the original",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: a title, names of columns, rows of cells."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Write it as Markdown, without the title; numbers stand to the right."""
        marks = ["---"] + [
            "--:" if self._is_numeric(n) else "---" for n in range(1, len(self.header))
        ]
        lines = [self.header, tuple(marks), *(tuple(map(_cell, row)) for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _is_numeric(self, column: int) -> bool:
        cells = [row[column] for row in self.rows if row[column]]
        return bool(cells) and all(cell[0].isdigit() or cell[0] in "-.n" for cell in cells)


def quick_tables(facts: Facts) -> tuple[Table, ...]:
    """Put what can be counted without a model into tables."""
    configs = facts["configs"]
    return (
        _rows_table(facts),
        texts_table(configs),
        _labels_table(configs),
        _counts_table("Registers", "register", {c: f["registers"] for c, f in configs.items()}),
        _counts_table(
            f"Worlds, the {_TOP_WORLDS} largest", "world",
            {c: f["worlds"] for c, f in configs.items()}, _TOP_WORLDS,
        ),
        rejects_table(facts["rejects"]),
    )  # fmt: skip


def _rows_table(facts: Facts) -> Table:
    rows = [
        (config, *(f"{counts[split]:,}" for split in SPLITS), f"{sum(counts.values()):,}")
        for config, counts in facts["corpus"]["rows"].items()
    ]
    return Table("Rows", ("config", *SPLITS, "all"), tuple(rows))


def texts_table(configs: Facts) -> Table:
    """Say what lines and labels are like, beside what the paper reports."""
    rows = [
        ("labels per row", "mean_labels", "{:.2f}", _PAPER["labels per row"]),
        ("neutral rows", "neutral_share", "{:.1%}", _PAPER["neutral rows"]),
    ]
    found = [
        (title, *(form.format(configs[c][name]) for c in configs), paper)
        for title, name, form, paper in rows
    ]
    found.append(("words per line", *(_spread(configs[c]["lengths"]) for c in configs), ""))
    found.append(("intensity", *(_spread(configs[c]["intensities"], 2) for c in configs), ""))
    for name, title in _SHARES.items():
        cells = [configs[c]["shares"].get(name) for c in configs]
        if any(cell is not None for cell in cells):
            found.append((title, *("" if v is None else percent(v) for v in cells), ""))
    looked = [configs[c]["looks"] for c in configs]
    if any(look["rows"] for look in looked):
        found.append(("rows with two looks or more", *(f"{look['rows']:,}" for look in looked), ""))
        found.append(
            (
                "two looks agree on the top label",
                *(percent(look["same_top"]) for look in looked),
                "",
            )
        )
    return Table("Texts and labels", ("measure", *configs, "paper"), tuple(found))


def _labels_table(configs: Facts) -> Table:
    rows = [
        (
            label,
            *(f"{configs[c][kind][label]:,}" for c in configs for kind in ("primary", "labels")),
        )
        for label in GOEMOTIONS.labels
    ]
    header = tuple(f"{c}, {kind}" for c in configs for kind in ("strongest", "any"))
    return Table("Rows by label", ("label", *header), tuple(rows))


def _counts_table(title: str, what: str, counts: Facts, most: int | None = None) -> Table:
    totals = {
        name: sum(found.get(name, 0) for found in counts.values())
        for c in counts.values()
        for name in c
    }
    order = sorted(totals, key=lambda name: (-totals[name], name))[:most]
    rows = [
        (name or "(none)", *(f"{found.get(name, 0):,}" for found in counts.values()))
        for name in order
    ]
    return Table(title, (what, *counts), tuple(rows))


def rejects_table(rejects: Facts) -> Table:
    """Count rejects by reason."""
    rows = [
        (reason, f"{found['count']:,}", found["examples"][0]["detail"])
        for reason, found in rejects.items()
    ]
    return Table("Rejected", ("reason", "count", "for example"), tuple(rows))


def diversity_tables(facts: Facts) -> tuple[Table, ...]:
    """Say how different the lines are: the whole first, then labels, topics and closest pairs."""
    found = facts["diversity"]
    likeness = [
        (f"cosine of {name} lines {_WHERE[where]}", _spread(found["similarity"][name][where], 2),
         _PAPER.get(f"{name} {where}", ""))
        for name in ("all", "neutral") for where in ("within", "across")
    ]  # fmt: skip
    sense = found["same_sense"]
    topics = found["topics"]
    rows = [
        *((f"distinct-{n}", _figure(found["distinct"][f"distinct_{n}"]), "") for n in (1, 2, 3)),
        *likeness,
        (
            f"lines that repeat the sense of another (cosine {sense['threshold']} or more)",
            percent(sense["share"]),
            "",
        ),
        (
            f"evenness of {topics['count']} topics (1 = all of one size)",
            _figure(topics["evenness"]),
            "",
        ),
        ("largest topic", percent(topics["largest"]), ""),
    ]
    by_label = [
        (label, *(f"{values[f'distinct_{n}']:.3f}" for n in (1, 2, 3)))
        for label, values in found["distinct_by_label"].items()
    ]
    return (
        Table("Diversity", ("measure", "value", "paper"), tuple(rows)),
        Table(
            f"Distinct words and runs, over {found['label_lines']} lines of each label",
            ("label", "distinct-1", "distinct-2", "distinct-3"), tuple(by_label),
        ),
        Table(
            "Topics", ("words", "share"),
            tuple((", ".join(telling), percent(share)) for share, telling in topics["topics"]),
        ),
        Table(
            "Closest in sense", ("line", "other line", "cosine"),
            tuple((one, other, f"{cosine:.3f}") for cosine, one, other in sense["closest"]),
        ),
    )  # fmt: skip


def leak_tables(facts: Facts) -> tuple[Table, ...]:
    """Count leaks between splits, and into benchmarks where they were compared."""
    leaks, sense = facts["leaks"], facts["leaks"]["sense"]
    splits = [
        (split, f"{found['texts']:,}", f"{found['exact']:,}", f"{found['near']:,}",
         f"{sense[split]['leaks']:,} of {sense[split]['lines']:,}")
        for split, found in leaks["splits"].items()
    ]  # fmt: skip
    header = (
        "split",
        "lines",
        "equal",
        "nearly equal",
        f"same sense (cosine {sense['threshold']})",
    )
    tables = [Table("Leaks from train", header, tuple(splits))]
    if "benchmarks" in leaks:
        rows = [
            (
                name,
                f"{f['texts']:,}",
                *(f"{f[k]:,}" for k in ("exact", "near", "exact_long", "near_long")),
            )
            for name, f in leaks["benchmarks"].items()
        ]
        of_files = (
            "file",
            "texts",
            "equal",
            "nearly equal",
            "equal, 6 words or more",
            "nearly equal, 6 words or more",
        )
        tables.append(Table("Leaks into benchmarks", of_files, tuple(rows)))
    return tuple(tables)


def context_tables(facts: Facts) -> tuple[Table, ...]:
    """Say what contexts are like and what they decide; nothing where there are none."""
    swap, found = facts["swap"], facts["configs"].get("contextual")
    if swap is None or found is None:
        return ()
    rows = [
        ("words per context", _spread(found["contexts"]), ""),
        ("share of words that original and rewriting have in common",
         _spread(found["overlap_with_original"], 2), _PAPER["overlap"]),
        ("contextual rows of validation and test", f"{swap['rows']:,}", ""),
        ("top emotion changes with a foreign context", percent(swap["changed_by_swap"]), ""),
        ("top emotion changes without context", percent(swap["changed_by_absence"]), ""),
        ("agreement with the label, own context", percent(swap["right"]), ""),
        ("agreement, no context", percent(swap["right_without"]), ""),
        ("agreement, foreign context", percent(swap["right_swapped"]), ""),
        ("agreement, wording that stands alone", percent(swap["right_original"]), ""),
        ("loss by a foreign context, with 95% interval",
         f"{percent(swap['drop'])} ({percent(swap['drop_low'])} to {percent(swap['drop_high'])})",
         ""),
    ]  # fmt: skip
    title = f"Contexts, and the swap probe (read by {swap['model']})"
    return (Table(title, ("measure", "value", "paper"), tuple(rows)),)


def _spread(found: Facts, digits: int = 1) -> str:
    if found["mean"] is None or isnan(found["mean"]):
        return "n/a"
    return f"{found['mean']:.{digits}f} (sd {found['sd']:.{digits}f})"


def _figure(value: float) -> str:
    return "n/a" if isnan(value) else f"{value:.3f}"


def percent(value: float | None) -> str:
    """Write a share, 0..1."""
    return "n/a" if value is None or isnan(value) else f"{value:.1%}"


def _cell(text: str) -> str:
    return cut(text).replace("|", "\\|")


def cut(text: str) -> str:
    """Bring a text on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_CELL else f"{flat[:_LONGEST_CELL]} ..."
