"""Words outside the 28 labels are mapped, with a confidence that holds on words never seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.outside import OutsideMapper, mapper, model_hash, read_readout
from emo_hub.synthesis.outside_fit import (
    all_words,
    fit_readout,
    labelled_words,
    write_readout,
)
from emo_hub.taxonomy import GOEMOTIONS


@pytest.fixture(scope="module")
def outside():
    return OutsideMapper()


def test_ways_of_a_label_map_to_it_for_certain(outside):
    assert outside.map("Furious") == outside.map("anger")
    assert (outside.map("furious").label, outside.map("furious").confidence) == ("anger", 1.0)


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("guilt", "remorse"),
        ("indignation", "anger"),
        ("homesickness", "sadness"),
        ("awe", "admiration"),
    ],
)
def test_words_outside_the_labels_map_to_their_neighbours(outside, word, label):
    assert outside.map(word).label == label


def test_a_name_and_a_thing_are_mapped_with_less_confidence_than_a_feeling(outside):
    sure = min(outside.map(word).confidence for word in ("guilt", "astonishment", "homesick"))
    assert outside.map("frodo").confidence < sure
    assert outside.map("nostalgia").confidence < sure


def test_the_company_of_other_words_changes_nothing(outside):
    words = ["indignation", "quiet smugness", "schadenfreude", "dread of the long journey home"]
    together = OutsideMapper().map_all(words)
    assert together == tuple(OutsideMapper().map(word) for word in words)


def test_the_plain_function_gives_the_same_answers(outside):
    assert tuple(mapper()(["shame", "hope"])) == outside.map_all(["shame", "hope"])


def test_report_counts_words_in_any_spelling_and_puts_the_frequent_first(outside):
    report = outside.report(["awe", "Dread", "dread ", "DREAD"])
    assert [(entry.word, entry.count) for entry in report] == [("dread", 3), ("awe", 1)]


def test_a_word_without_letters_is_refused(outside):
    with pytest.raises(InputError):
        outside.map("  ")


def test_the_shipped_readout_belongs_to_the_shipped_model():
    assert read_readout().model == model_hash(), "fit it again: see emo_hub.synthesis.outside_fit"


def test_a_readout_of_another_model_is_refused_with_the_command(tmp_path):
    path = tmp_path / "other.safetensors"
    write_readout(dataclasses.replace(read_readout(), model="0" * 64), path)
    with pytest.raises(DataError, match="outside_fit"):
        OutsideMapper(path)


def test_a_damaged_readout_is_refused_with_the_command(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not a readout")
    with pytest.raises(DataError, match="outside_fit"):
        OutsideMapper(path)
    with pytest.raises(DataError, match="missing"):
        OutsideMapper(tmp_path / "absent.safetensors")


def test_a_readout_survives_writing_and_reading(tmp_path):
    path = tmp_path / "copy.safetensors"
    write_readout(read_readout(), path)
    assert np.array_equal(read_readout(path).weight, read_readout().weight)


def test_a_surer_score_never_has_less_confidence():
    rates = read_readout().rates
    assert (np.diff(rates) >= 0).all()
    assert rates.max() <= 0.951


def test_confidence_holds_on_words_that_no_train_row_has(corpus, outside):
    from emo_hub.dataset import read_corpus

    stored = read_corpus(corpus)
    known = all_words(stored, "train")
    held = {
        word: counts
        for split in ("validation", "test")
        for word, counts in labelled_words(stored, split).items()
        if word not in known
    }
    words = sorted(held)
    found = outside.map_all(words)
    right = [
        found_label.label == GOEMOTIONS.labels[held[word].most_common(1)[0][0]]
        for word, found_label in zip(words, found, strict=True)
    ]
    sure = np.array([mapped.confidence for mapped in found])
    assert len(words) > 300
    assert abs(np.mean(right) - sure.mean()) < 0.03
    assert np.mean(np.array(right)[sure >= 0.7]) > 0.75
    assert np.mean(np.array(right)[sure < 0.4]) < 0.5


@pytest.mark.slow
def test_fitting_again_gives_the_shipped_readout(corpus, default_model):
    from emo_hub.dataset import read_corpus

    again = fit_readout(read_corpus(corpus), default_model)
    assert np.allclose(again.weight, read_readout().weight, atol=0.02)
    assert again.measured == pytest.approx(read_readout().measured, abs=0.02)
