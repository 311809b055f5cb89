"""The proof of a corpus as tables: repeats, reference texts, balance, vocabulary, agreement."""

from __future__ import annotations

from emo_hub.synthesis.balance import QUANTILES, wanted_leads
from emo_hub.synthesis.leaks import MOST_REPEATS
from emo_hub.synthesis.looks_tables import looks_details, looks_table, number
from emo_hub.synthesis.quality_tables import Facts, Table, percent

_FORMS_SHOWN = 4
_SIGN_NAMES = {
    "lower_case": "no capital letter",
    "no_end_mark": "no mark at the end",
    "dropped_apostrophe": "a dropped apostrophe",
    "shorthand": "shorthand of chats",
    "stretched": "a stretched word",
    "misspelt": "a misspelt word",
    "any_slip": "any slip",
}


def proof_tables(facts: Facts) -> tuple[Table, ...]:
    """Put all of the proof into tables, for the page."""
    return (
        *(() if "repeats" not in facts else (repeats_table(facts["repeats"]),)),
        *(_reference_table(found) for found in facts.get("reference", ()) if found["pools"]),
        *counted_tables(facts),
        *looks_details(facts["second_looks"]),
        *(() if facts.get("human") is None else (_human_table(facts["human"]),)),
    )


def counted_tables(facts: Facts) -> tuple[Table, ...]:
    """Put what needs nothing but the corpus into tables: balance, vocabulary, agreement."""
    return (
        _leads_table(facts["balance"]),
        _tones_table(facts["balance"]),
        _plain_table(facts["balance"]),
        _vocabulary_table(facts["vocabulary"]),
        looks_table(facts["second_looks"]),
    )


def card_tables(facts: Facts) -> tuple[Table, ...]:
    """Choose the tables of the card's short section."""
    return (
        repeats_table(facts["repeats"]),
        *(_reference_table(found) for found in facts.get("reference", ())[:1] if found["pools"]),
        looks_table(facts["second_looks"]),
    )


def sentences(facts: Facts) -> list[str]:
    """Say in sentences what the card needs of balance, vocabulary and people's labels."""
    told = []
    utterances = facts["balance"].get("contextless")
    if utterances is not None:
        fewest = min(utterances["leads"], key=lambda label: utterances["leads"][label])
        told.append(
            f"Every label leads at least {utterances['leads'][fewest]:,} utterances ({fewest}), "
            f"neutral {utterances['leads']['neutral']:,}. Of the utterances that are not neutral "
            f"{percent(utterances['explicit'])} name their label or a form of it; "
            f"{percent(utterances['plainness'].get('lower_case'))} have no capital letter, "
            f"{percent(utterances['plainness'].get('any_slip'))} a slip, a dropped apostrophe or "
            "shorthand."
        )
    told.append(_vocabulary_sentence(facts["vocabulary"]))
    if facts.get("human") is not None:
        told.append(_human_sentence(facts["human"]))
    return told


def repeats_table(repeats: Facts) -> Table:
    """Count equal and nearly equal lines of each config, with the share that is allowed."""
    rows = [
        (config, f"{found['lines']:,}", f"{found['exact']:,}", f"{found['near']:,}",
         f"{found['share']:.2%}", f"under {MOST_REPEATS:.1%}")
        for config, found in repeats.items()
    ]  # fmt: skip
    header = ("config", "lines", "equal", "nearly equal", "share", "wanted")
    return Table("Lines that repeat another of their config", header, tuple(rows))


def _reference_table(found: Facts) -> Table:
    rows = [
        (name, f"{pool['distinct_1']:.3f}", f"{pool['distinct_2']:.3f}",
         f"{pool['similarity']:.3f}", f"{pool['nearest']:.3f}",
         percent(pool["plainness"].get("lower_case")), percent(pool["plainness"].get("any_slip")))
        for name, pool in found["pools"].items()
    ]  # fmt: skip
    title = (
        f"Beside texts of people, {found['title']}: {found['texts']:,} texts each, the first "
        f"{found['words']} words of each"
    )
    header = (
        "texts", "distinct-1", "distinct-2", "mean cosine", "mean cosine to the nearest",
        "no capital letter", "any slip",
    )  # fmt: skip
    return Table(title, header, tuple(rows))


def _leads_table(balance: Facts) -> Table:
    found = balance.get("contextless", {"leads": {}, "explicit_by_label": {}})
    rows = [
        (label, f"{count:,}", f"{wanted_leads(label):,}",
         f"{max(wanted_leads(label) - count, 0):,}",
         percent(found["explicit_by_label"].get(label)))
        for label, count in found["leads"].items()
    ]  # fmt: skip
    header = ("label", "leads", "wanted", "short of it", "names it")
    return Table("Utterances by their strongest label", header, tuple(rows))


def _tones_table(balance: Facts) -> Table:
    tones = balance.get("contextless", {}).get("tones", {})
    known = sum(tones.values())
    rows = [(tone, f"{count:,}", percent(count / known)) for tone, count in tones.items()]
    title = f"Tones that utterances were asked for in, where known ({known:,} rows)"
    return Table(title, ("tone", "rows", "share"), tuple(rows))


def _plain_table(balance: Facts) -> Table:
    configs = tuple(balance)
    rows = [
        (f"words, {q:.0%} quantile",
         *(f"{balance[c]['length_quantiles'][str(q)]:.0f}" for c in configs))
        for q in QUANTILES
    ]  # fmt: skip
    rows.append(
        (
            "rows that name their label or a form of it",
            *(percent(balance[c]["explicit"]) for c in configs),
        )
    )
    for sign, title in _SIGN_NAMES.items():
        rows.append((title, *(percent(balance[c]["plainness"].get(sign)) for c in configs)))
    return Table("Length and plain writing", ("measure", *configs), tuple(rows))


def _vocabulary_table(found: Facts) -> Table:
    rows = [
        (entry["name"], entry["shade_of"], f"{entry['rows']:,}",
         ", ".join(list(entry["descriptors"])[:_FORMS_SHOWN]))
        for entry in found["families"]
    ]  # fmt: skip
    title = (
        f"Emotions outside the 28: {found['reached']} occur in at least {found['rows_wanted']} "
        f"rows, {found['reached_with_shades']} with shades of a label "
        f"({found['families_wanted']} wanted)"
    )
    return Table(title, ("family", "shade of", "rows", "descriptors"), tuple(rows))


def _vocabulary_sentence(found: Facts) -> str:
    return (
        f"{found['reached']} emotions outside the 28 labels, each with its synonyms and adjective "
        f"and noun forms, occur in at least {found['rows_wanted']} rows as a descriptor; with "
        f"finer shades of the labels (fury, terror, delight) it is {found['reached_with_shades']}."
    )


def _human_table(found: Facts) -> Table:
    rows = [
        ("comments", f"{found['comments']:,}"),
        ("macro F1", number(found["macro_f1"])),
        ("micro F1", number(found["micro_f1"])),
        ("mean kappa over labels", number(found["kappa"])),
        ("top label is among people's", percent(found["top_among_theirs"])),
        (f"kappa of the top label, {found['single']:,} comments with one label",
         number(found["top_kappa"])),
        ("neutral by people", percent(found["neutral"]["people"])),
        ("neutral by the teacher", percent(found["neutral"]["teacher"])),
    ]  # fmt: skip
    if found["votes"]["comments"]:
        rows.append(("macro F1 of most votes", number(found["votes"]["macro_f1"])))
        rows.append(("micro F1 of most votes", number(found["votes"]["micro_f1"])))
    title = "The teacher beside people's labels of the same comments (they changed no row)"
    return Table(title, ("measure", "value"), tuple(rows))


def _human_sentence(found: Facts) -> str:
    return (
        f"On {found['comments']:,} comments the teacher agrees with people's labels at macro F1 "
        f"{found['macro_f1']:.3f}, micro F1 {found['micro_f1']:.3f} and a mean kappa of "
        f"{found['kappa']:.3f}; people's labels were never used to change a row."
    )
