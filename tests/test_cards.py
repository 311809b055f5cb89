"""Proves that a card is filled with facts or not written at all."""

import dataclasses
import os

import pytest
import yaml
from huggingface_hub import ModelCard

from emo_hub.cards import render_card, template_path
from emo_hub.errors import CardError
from emo_hub.evaluation import BENCHMARKS
from emo_hub.model_card import write_results


def test_card_refuses_a_missing_fact_and_names_it():
    with pytest.raises(CardError, match="macro_f1"):
        render_card("F1: {{ macro_f1 }}", {"micro_f1": 0.5})


def test_card_refuses_a_missing_part_of_a_fact():
    with pytest.raises(CardError, match="kappa"):
        render_card("{{ second_look.kappa }}", {"second_look": {}})


def test_template_that_cannot_be_read_names_its_line():
    with pytest.raises(CardError, match="line 2"):
        render_card("fine\n{% if %}", {})


def test_markdown_is_not_escaped():
    assert render_card("{{ text }}", {"text": "a < b & c"}) == "a < b & c\n"


def test_template_is_read_from_a_path(tmp_path):
    path = tmp_path / "card.md"
    path.write_text("né {{ n }}", encoding="utf-8")
    assert render_card(path, {"n": 3}) == "né 3\n"


def test_dataset_card_template_is_found():
    assert template_path("dataset_cards", "emo-pillars").is_file()


@pytest.mark.parametrize(("kind", "name"), [("dataset_cards", "nothing"), ("cards", "emo-pillars")])
def test_unknown_template_is_named(kind, name):
    with pytest.raises(CardError, match=name):
        template_path(kind, name)


@pytest.fixture
def measured(tmp_path, tiny_checkpoint):
    """A checkpoint with a card written from three results, one of them of a sample."""
    import shutil

    import numpy as np

    from emo_hub.evaluation import evaluate_rows
    from emo_hub.evaluation.loading import LoadedBenchmark
    from emo_hub.modeling import EmotionModel
    from emo_hub.taxonomy import GOEMOTIONS, ISEAR

    folder = tmp_path / "model"
    shutil.copytree(tiny_checkpoint, folder)
    model = EmotionModel.load(folder)
    results = []
    for name, labels in (("goemotions", GOEMOTIONS), ("goemotions-ekman", GOEMOTIONS),
                         ("emobank", ISEAR)):  # fmt: skip
        rows = LoadedBenchmark(
            name, "test", "multi_label", "macro_f1", ("So glad.", "Get lost."), (None, None),
            np.eye(len(labels), dtype=np.int8)[:2], labels.labels,
        )  # fmt: skip
        results.append(evaluate_rows(model, rows).result)
    results[1] = dataclasses.replace(results[1], available=100)
    (folder / ".eval_results").mkdir()
    (folder / ".eval_results" / "isear.yaml").write_text("- value: 1.0\n")
    write_results(folder, results, command="emo-hub evaluate model")
    return folder, results


def test_whole_splits_with_a_dataset_on_the_hub_go_into_eval_results(measured):
    folder, results = measured
    assert [path.name for path in (folder / ".eval_results").iterdir()] == ["goemotions.yaml"]
    (entry,) = yaml.safe_load((folder / ".eval_results" / "goemotions.yaml").read_text())
    hub = BENCHMARKS["goemotions"].hub
    assert entry["dataset"] == {
        "id": hub.repo,
        "task_id": "goemotions_macro_f1",
        "revision": hub.revision,
    }
    assert entry["value"] == pytest.approx(results[0].value, abs=1e-4)
    assert "zero-shot" in entry["notes"]


def test_the_model_index_of_a_card_holds_the_measured_numbers(measured):
    folder, results = measured
    card = ModelCard.load(folder / "README.md")
    found = {r.dataset_type: r.metric_value for r in card.data.eval_results}
    assert found == {r.benchmark: pytest.approx(r.value, abs=1e-4) for r in results}


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_whoever_reads_a_card_keeps_it_whole_while_it_is_written_again(measured, tmp_path):
    folder, results = measured
    written = [folder / name for name in ("README.md", "results.json")]
    written += (folder / ".eval_results").iterdir()
    before = [path.read_bytes() for path in written]
    for number, path in enumerate(written):
        os.link(path, tmp_path / f"read-{number}")
    write_results(folder, results, command="emo-hub evaluate again")
    assert [(tmp_path / f"read-{n}").read_bytes() for n in range(len(written))] == before
    assert all(path.read_bytes() != old for path, old in zip(written, before, strict=True))


def test_a_card_that_cannot_be_rendered_leaves_the_earlier_results(measured):
    folder, results = measured
    (folder / "training.json").unlink()
    before = files_of(folder)
    with pytest.raises(CardError, match=r"training\.json"):
        write_results(folder, results[1:], command="emo-hub evaluate again")
    assert files_of(folder) == before


def test_the_card_of_the_default_tells_what_was_tried_and_what_it_was_worth():
    import json
    from pathlib import Path

    root = Path(__file__).parent.parent
    found = json.loads((root / "model_cards" / "ablations" / "ablations.json").read_text())
    card = (root / "emo_hub" / "default_model" / "README.md").read_text()
    for variant in found["variants"]:
        numbers = [f"{reached['value']:.3f} (" for reached in variant["reached"]]
        (line,) = [row for row in card.splitlines() if row.startswith(f"| {variant['name']} |")]
        assert [n for n in numbers if n in line] == numbers
