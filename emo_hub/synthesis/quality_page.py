"""What was measured of a corpus, as a page to read and as a section of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emo_hub.synthesis.proof_tables import card_tables, proof_tables, sentences
from emo_hub.synthesis.quality_tables import (
    Facts,
    Table,
    context_tables,
    cut,
    diversity_tables,
    leak_tables,
    percent,
    quick_tables,
    rejects_table,
    texts_table,
)

_TOP_OUTSIDE = 25


def page(facts: Facts, pictures: Sequence[str]) -> str:
    """Write the page that a person reads."""
    corpus = facts["corpus"]
    parts = [
        f"# Quality of {corpus['name']} {corpus['version']}",
        f"Content `{corpus['content'][:16]}`. Similarity, topics and sense are measured on "
        f"{facts['diversity']['sampled']:,} lines, whole stories and requests drawn by hash; "
        "everything else on all rows.",
    ]
    shown = {name.split(".")[0]: name for name in pictures}
    quick = quick_tables(facts)
    for table in quick[:-1]:
        parts += [f"## {table.title}", table.markdown()]
    parts += [_picture(shown, name) for name in ("labels", "registers", "intensities", "together")]
    for table in (
        *proof_tables(facts),
        *diversity_tables(facts),
        *leak_tables(facts),
        *context_tables(facts),
    ):
        parts += [f"## {table.title}", table.markdown()]
    parts += [_picture(shown, name) for name in ("similarity", "map")]
    parts += [_outside_part(facts), *_found_part(facts), *_reject_parts(facts["rejects"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def section(facts: Facts) -> str:
    """Write the section of the corpus card: the figures and the command that gives them."""
    tables = (*diversity_tables(facts)[:1], *leak_tables(facts)[:1], *context_tables(facts))
    parts = [
        "## Quality, measured",
        "By `emo-hub corpus stats CORPUS --out DIR --benchmarks DIR`; similarity and sense on "
        f"{facts['diversity']['sampled']:,} lines, everything else on all rows.",
        texts_table(facts["configs"]).markdown(),
    ]
    for table in (*tables, *card_tables(facts)):
        parts += [f"**{table.title}**", table.markdown()]
    parts += sentences(facts)
    benchmarks = facts["leaks"].get("benchmarks")
    if benchmarks is not None:
        parts.append(_benchmark_sentence(benchmarks))
    parts.append(_mapping_sentence(facts["mapping"]))
    return "\n\n".join(parts) + "\n"


def _outside_part(facts: Facts) -> str:
    rows = tuple(
        (w["word"], w["label"], f"{w['confidence']:.2f}", f"{w['count']:,}")
        for w in facts["outside"][:_TOP_OUTSIDE]
    )
    table = Table("", ("descriptor", "nearest label", "confidence", "rows"), rows)
    return (
        "## Words outside the lexicon\n\nThey stand as descriptors; the label is what they are "
        f"nearest to. {_mapping_sentence(facts['mapping'])}\n\n{table.markdown()}"
    )


def _mapping_sentence(measured: Facts) -> str:
    levels = "; ".join(
        f"{percent(measured[f'accuracy_at_{level}'])} at {level} or more "
        f"({percent(measured[f'share_at_{level}'])} of the words)"
        for level in (0.5, 0.7)
    )
    return (
        f"Words outside the 28 labels are mapped with a confidence: of {measured['words']:.0f} "
        f"descriptors that no train row holds, {percent(measured['accuracy'])} are mapped to the "
        f"label of their rows; {levels}."
    )


def _benchmark_sentence(benchmarks: Facts) -> str:
    total = {
        k: sum(f[k] for f in benchmarks.values())
        for k in ("texts", "exact", "near", "exact_long", "near_long")
    }
    return (
        f"Of {total['texts']:,} texts in {len(benchmarks)} benchmark files, {total['exact']:,} "
        f"equal a line of the corpus and {total['near']:,} nearly do; "
        "of those with six words or more, "
        f"{total['exact_long']:,} and {total['near_long']:,}."
    )


def _found_part(facts: Facts) -> list[str]:
    parts = []
    for config, found in facts["configs"].items():
        names = {
            **dict.fromkeys(found["problems"]),
            **dict.fromkeys(found["examples"]),
        }
        lines = [
            f"- {name.replace('_', ' ')}: {cut(text)}"
            for name in names
            for text in found["examples"].get(name, ())
        ]
        if lines:
            parts.append(f"## To look at in {config}\n\n" + "\n".join(lines))
    return parts


def _reject_parts(rejects: Facts) -> list[str]:
    if not rejects:
        return ["## Rejected\n\nNothing was rejected."]
    parts = ["## Rejected", rejects_table(rejects).markdown()]
    for reason, found in rejects.items():
        shown = "\n".join(
            f"- {e['stage']}, request {e['request']}: {cut(e['detail'])}\n  > {cut(e['text'])}"
            for e in found["examples"]
        )
        parts.append(f"### {reason} ({found['count']:,})\n\n{shown}")
    return parts


def _picture(shown: Mapping[str, str], name: str) -> str:
    return f"![{name}]({shown[name]})" if name in shown else ""
