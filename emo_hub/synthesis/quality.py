"""The quality of a built corpus, measured: counts, diversity, leaks, contexts, rejects.

`measure_quality` writes `quality.json` (everything), `quality.md` (to read) and pictures;
`stats_table` is the quick look that needs nothing but the corpus; `browse_rejects` shows what was
rejected and why.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from emo_hub.calibration import Floats
from emo_hub.dataset import CONFIGS, StoredCorpus, read_corpus
from emo_hub.errors import DataError, InputError, require
from emo_hub.records import SPLITS
from emo_hub.synthesis import diversity, leaks
from emo_hub.synthesis.counting import distinct_by_label, distinct_n, tally
from emo_hub.synthesis.leaks import benchmark_files
from emo_hub.synthesis.outside import OutsideMapper
from emo_hub.synthesis.proof import counted_proof, proof
from emo_hub.synthesis.proof_tables import counted_tables
from emo_hub.synthesis.quality_page import page, section
from emo_hub.synthesis.quality_tables import Table, quick_tables
from emo_hub.synthesis.reference import reference_facts
from emo_hub.synthesis.rejects import StoredRejection, browse_rejects, reject_facts
from emo_hub.synthesis.stored import StoredLine, read_lines, sample_lines
from emo_hub.synthesis.swap import SPLITS_READ, swap_probe

SAMPLE = 12_000
EACH_LABEL = 200
_NEXT_SECTION = "## Intended use"
_BEGIN, _END = "<!-- measured quality -->", "<!-- end of measured quality -->"
_EARLIER_SECTION = re.compile(f"{_BEGIN}.*?{_END}\n+", re.DOTALL)

__all__ = [
    "QualityReport",
    "StoredRejection",
    "Table",
    "browse_rejects",
    "card_section",
    "measure_quality",
    "put_into_card",
    "stats_table",
]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was measured and where it was written.

    Args:
        facts: everything, as `quality.json` has it.
        folder: where it was written.
        pictures: names of the PNG files there.
    """

    facts: Mapping[str, Any]
    folder: Path
    pictures: tuple[str, ...]


def measure_quality(
    corpus: Path,
    *,
    out: Path,
    benchmarks: Path | None = None,
    model: str | None = None,
    sample: int | None = None,
    say: Say = lambda _: None,
) -> QualityReport:
    """Measure a corpus and write `quality.json`, `quality.md` and pictures.

    Counts and leaks are over all rows. What compares every line with every other, or encodes
    lines, is over a sample of whole stories and requests, the same at each run.

    Args:
        corpus: the folder of a built corpus.
        out: the folder to write into; it is made where it is missing.
        benchmarks: a folder of Parquet and CSV files that the corpus must not repeat.
        model: the emotion model of the swap probe, a folder or a repository; None for the default.
        sample: about so many lines are sampled, at least 100.
        say: told in a few words what is being measured.

    Raises:
        InputError: the sample is too small, or the benchmarks are no folder of such files.
        DataError: the corpus is none, or a file of it is missing or damaged.
        CheckpointError: the model does not load.
        ImportError: matplotlib is missing.
    """
    require("matplotlib", "quality", "drawing the pictures of a corpus")
    if sample is not None and sample < 100:
        raise InputError(f"A sample of {sample} lines tells nothing: take at least 100.")
    if benchmarks is not None:
        benchmark_files(benchmarks)
    stored = read_corpus(corpus)
    out.mkdir(parents=True, exist_ok=True)
    say("counting rows")
    facts = _counted(stored)
    say("comparing splits")
    facts["repeats"] = leaks.repeats_within(read_lines(stored))
    facts["leaks"] = {"splits": leaks.between_splits(read_lines(stored))}
    if benchmarks is not None:
        say("comparing with benchmarks")
        facts["leaks"]["benchmarks"] = leaks.with_benchmarks(read_lines(stored), benchmarks)
    say("comparing looks")
    facts |= proof(stored, benchmarks)
    say("comparing with texts of people")
    facts["reference"] = reference_facts(read_lines(stored), benchmarks)
    drawn = sample_lines(stored, sample or SAMPLE)
    say(f"encoding {len(drawn)} lines")
    vectors = diversity.packaged_vectors([line.text for line in drawn])
    facts["diversity"] = {
        "sampled": len(drawn),
        "distinct": distinct_n([line.text for line in drawn]),
        "distinct_by_label": distinct_by_label(drawn, EACH_LABEL),
        "label_lines": EACH_LABEL,
        "similarity": diversity.similarities(drawn, vectors),
        "same_sense": diversity.same_sense(drawn, vectors),
        "topics": diversity.topics(drawn, vectors),
    }
    facts["leaks"]["sense"] = leaks.same_sense_between(drawn, vectors)
    say("exchanging contexts")
    facts["swap"] = _swapped(stored, model)
    facts["rejects"] = reject_facts(corpus)
    say("drawing")
    return _written(facts, drawn, vectors, out)


def stats_table(corpus: Path) -> tuple[Table, ...]:
    """Count the rows of a corpus into tables: splits, labels, balance, vocabulary, rejects.

    Raises:
        DataError: the folder is no corpus, or a file of it is missing or damaged.
    """
    stored = read_corpus(corpus)
    facts = _counted(stored) | {"rejects": reject_facts(corpus)}
    return (*quick_tables(facts), *counted_tables(counted_proof(stored)))


def card_section(report: QualityReport) -> str:
    """Write the section of the corpus card: the figures and the command that gives them."""
    return section(report.facts)


def _counted(stored: StoredCorpus) -> dict[str, Any]:
    return {
        "corpus": {
            "name": stored.manifest.get("name", stored.path.name),
            "version": stored.version,
            "content": stored.content,
            "rows": {config: dict(stored.counts[config]) for config in CONFIGS},
        },
        "configs": {name: found.facts() for name, found in tally(read_lines(stored)).items()},
    }


def _swapped(stored: StoredCorpus, model: str | None) -> dict[str, object] | None:
    if not any(stored.counts["contextual"][split] for split in SPLITS):
        return None
    from emo_hub.modeling import EmotionModel

    lines = list(read_lines(stored, ("contextual",), SPLITS_READ))
    return swap_probe(lines, EmotionModel.load(model)).facts()


def _outside(configs: Mapping[str, Any]) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for found in configs.values():
        counts.update(found["outside_top"])
    top = [word for word, count in counts.most_common(40) for _ in range(count)]
    return [
        {"word": w.word, "label": w.label, "confidence": w.confidence, "count": w.count}
        for w in OutsideMapper().report(top)
    ]


def _written(
    facts: dict[str, Any], drawn: list[StoredLine], vectors: Floats, out: Path
) -> QualityReport:
    from emo_hub.synthesis.pictures import draw_all

    facts["outside"] = _outside(facts["configs"])
    facts["mapping"] = dict(OutsideMapper().readout.measured)
    pictures = draw_all(facts, drawn, vectors, out, with_map=find_spec("sklearn") is not None)
    (out / "quality.json").write_text(
        json.dumps(_without_nan(facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (out / "quality.md").write_text(page(facts, pictures), encoding="utf-8")
    return QualityReport(facts, out, pictures)


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """NaN is no JSON: what could not be computed becomes null."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and value != value else value


def put_into_card(corpus: Path, section: str) -> Path:
    """Put the quality section into a corpus card, in the place of an earlier one.

    Raises:
        DataError: the corpus has no card, or one without a section on its intended use.
    """
    path = corpus / "README.md"
    if not path.is_file():
        raise DataError(f"{corpus} has no README.md: build the corpus first.")
    text = _EARLIER_SECTION.sub("", path.read_text(encoding="utf-8"))
    before, heading, after = text.partition(_NEXT_SECTION)
    if not heading:
        raise DataError(f"{path} has no line '{_NEXT_SECTION.strip()}' to put the figures before.")
    whole = f"{before}{_BEGIN}\n{section.strip()}\n{_END}\n\n{heading}{after}"
    path.write_text(whole, encoding="utf-8")
    return path
