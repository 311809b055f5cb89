"""A comparison of two versions, to read."""

from __future__ import annotations

from collections.abc import Iterator

from emo_hub.synthesis.diff import ConfigChange, CorpusChange, RowChange
from emo_hub.synthesis.quality_tables import Table

_LONGEST = 140
_KINDS = ("added", "removed", "relabelled", "reworded", "otherwise", "moved")


def change_lines(change: CorpusChange) -> Iterator[str]:
    """Say what changed: rows by config, columns, numbers side by side, labels, examples.

    Of a config whose numbers are all the same they are left out.
    """
    before, after = change.names
    yield f"From {before} to {after}"
    if change.same:
        yield "Both hold the same rows."
    tables = [_rows(change), *map(_numbers, change.configs), _labels(change)]
    for table in tables:
        if table.rows:
            yield from ("", table.title, table.markdown())
    for config in change.configs:
        yield from _columns(config)
        for kind in _KINDS:
            yield from _examples(config, kind)


def _rows(change: CorpusChange) -> Table:
    rows = tuple(
        (c.config, *(f"{n:,}" for n in (*c.rows, *(getattr(c, kind) for kind in _KINDS))))
        for c in change.configs
    )
    return Table("Rows", ("config", "before", "after", *_KINDS), rows)


def _numbers(config: ConfigChange) -> Table:
    rows = tuple(
        (name, _number(before), _number(after))
        for name, (before, after) in config.statistics.items()
        if any(old != new for old, new in config.statistics.values())
    )
    return Table(f"{config.config} in numbers", ("", "before", "after"), rows)


def _labels(change: CorpusChange) -> Table:
    labelled = [c for c in change.configs if any(map(any, c.labels.values()))]
    rows = tuple(
        (label, *(_pair(*c.labels[label]) for c in labelled))
        for label in (labelled[0].labels if labelled else ())
        if any(c.labels[label][0] != c.labels[label][1] for c in labelled)
    )
    return Table(
        "Rows with a label, where they differ", ("label", *(c.config for c in labelled)), rows
    )


def _columns(config: ConfigChange) -> Iterator[str]:
    said = [f"{name} in {count:,} rows" for name, count in config.columns.items()]
    said += [f"{name} is new" for name in config.new_columns]
    said += [f"{name} is gone" for name in config.lost_columns]
    if said:
        yield ""
        yield f"Columns of {config.config} that differ: {', '.join(said)}"


def _examples(config: ConfigChange, kind: str) -> Iterator[str]:
    shown = config.examples.get(kind, ())
    if shown:
        yield ""
        yield f"{config.config}, {kind}, {len(shown)} of {getattr(config, kind):,}:"
    for row in shown:
        yield from _row(row)


def _row(row: RowChange) -> Iterator[str]:
    before, after = row.split
    moved = before and after and before != after
    yield f"  {row.id} ({f'{before} -> {after}' if moved else before or after})"
    if before is None or after is None:
        told = next((v for pair in row.columns.values() for v in pair if v is not None), "")
        yield f"    {_short(told)}"
        return
    for name, (old, new) in row.columns.items():
        yield f"    {name}: {_short(old)} -> {_short(new)}"


def _pair(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _short(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], float):
        value = [round(number, 2) for number in value]
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
