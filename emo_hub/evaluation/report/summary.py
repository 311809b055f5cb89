"""The paragraph that sums a report up, written from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator

from emo_hub.evaluation.report.blocks import sentence_list
from emo_hub.evaluation.report.material import Material
from emo_hub.evaluation.report.titles import metric_title

_MOST_NAMED = 5


def summary(material: Material) -> str:
    """Say in one paragraph what was measured and how it came out, from the numbers alone."""
    sentences = [_extent(material)]
    sentences += (s for role in material.roles for s in _of_role(material, role))
    sentences += _cautions(material)
    return " ".join(sentences)


def _extent(material: Material) -> str:
    models, benches = material.models, material.benches
    rows = sum(len(bench.rows.texts) for bench in benches)
    who = models[0] if len(models) == 1 else f"{len(models):,} models"
    what = f"{benches[0].name}" if len(benches) == 1 else f"{len(benches):,} benchmarks"
    return f"This report measures {who} on {what}, {rows:,} rows in all."


def _of_role(material: Material, role: str) -> Iterator[str]:
    benches = [bench for bench in material.benches if bench.of_role(role)]
    models = list(dict.fromkeys(one.model for b in benches for one in b.of_role(role)))
    first = models[0]
    mine = [next((o for o in b.of_role(role) if o.model == first), None) for b in benches]
    scored = [one.result for one in mine if one]
    words = [
        f"{metric_title(r.headline, r.kind)} {r.value:.3f} ({r.interval.low:.3f} to "
        f"{r.interval.high:.3f}) on {r.benchmark}"
        for r in scored[:_MOST_NAMED]
    ]
    more = " and others" if len(scored) > len(words) else ""
    yield f"In the role '{role}', {first} reaches {sentence_list(words)}{more}."
    if len(models) > 1:
        won = sum(
            one is not None and one.result.value == max(o.result.value for o in b.of_role(role))
            for one, b in zip(mine, benches, strict=True)
        )
        yield (
            f"It has the highest headline of the {len(models)} models measured in that role on "
            f"{won} of {len(benches)} benchmarks."
        )
    yield from _against_quoted(material, role, first)


def _against_quoted(material: Material, role: str, model: str) -> Iterator[str]:
    """Compare with the best published number of the same role, metric and split; no samples."""
    above: list[str] = []
    below: list[str] = []
    for bench in material.benches:
        mine = next((o.result for o in bench.of_role(role) if o.model == model), None)
        if mine is None or mine.rows < mine.available:
            continue
        same = [
            p
            for p in bench.quoted
            if (p.role, p.metric) == (role, mine.headline) and p.split in ("", bench.split)
        ]
        if same:
            best = max(same, key=lambda p: p.value)
            said = f"{bench.name} ({best.model}, {best.value:.3f})"
            (above if mine.value >= best.value else below).append(said)
    if above:
        yield f"That reaches the best number quoted in that role for {sentence_list(above)}."
    if below:
        yield f"It does not reach the best number quoted in that role for {sentence_list(below)}."


def _cautions(material: Material) -> Iterator[str]:
    results = [one.result for one in material.scored]
    if any(r.rows < r.available for r in results):
        yield "Some splits were sampled, so intervals are wider than those of whole splits."
    if any(r.times_scored > 1 and r.split == "test" for r in results):
        yield "Some test splits were scored more than once; the tables say which."
    if any(count for r in results for count in r.seen.values()):
        yield "Some scored rows also stand in a source of training; the tables say how many."
