"""Label sets, projections and the lexicon."""

from __future__ import annotations

import json

import pytest

from emo_hub.errors import TaxonomyError
from emo_hub.taxonomy import (
    EKMAN,
    GOEMOTIONS,
    GOEMOTIONS_TO_EKMAN,
    LABEL_SETS,
    PROJECTIONS,
    Projection,
    find_emotion,
    label_set,
    lexicon,
    projection,
)


def test_anger_is_the_third_label():
    assert GOEMOTIONS.labels[2] == "anger"
    assert len(GOEMOTIONS) == 28
    assert GOEMOTIONS.labels[27] == "neutral"


@pytest.mark.parametrize("chosen", LABEL_SETS.values(), ids=list(LABEL_SETS))
def test_no_label_stands_twice_in_a_set(chosen):
    assert len(set(chosen.labels)) == len(chosen.labels)


@pytest.mark.parametrize("chosen", LABEL_SETS.values(), ids=list(LABEL_SETS))
def test_every_label_of_a_set_has_a_definition_and_ways(chosen):
    for label in chosen.labels:
        if label == "others":  # EmoContext's remainder is no emotion
            continue
        emotion = find_emotion(label)
        assert emotion is not None, label
        assert len(emotion.definition) > 10
        assert len(emotion.ways) >= 2


def test_no_way_stands_twice_in_an_entry():
    for emotion in lexicon().values():
        assert len(set(emotion.ways)) == len(emotion.ways), emotion.name


@pytest.mark.parametrize("chosen", PROJECTIONS.values(), ids=[" ".join(k) for k in PROJECTIONS])
def test_a_projection_covers_its_target_or_says_nothing_of_it(chosen):
    reached = {target for target in chosen.mapping.values() if target}
    assert len(reached) >= len(chosen.target) - 3


def test_projection_to_ekman_reaches_every_label():
    assert all(GOEMOTIONS_TO_EKMAN.groups()[label] for label in EKMAN.labels)


def test_projection_carries_labels_in_the_order_of_its_target():
    assert GOEMOTIONS_TO_EKMAN.apply(["surprise", "annoyance", "anger"]) == ("anger", "surprise")


def test_projection_refuses_a_label_outside_its_source():
    with pytest.raises(TaxonomyError, match="'guilt' is not a label of goemotions"):
        GOEMOTIONS_TO_EKMAN.apply(["guilt"])


def test_projection_that_forgets_a_label_is_refused():
    with pytest.raises(TaxonomyError, match="says nothing of"):
        Projection(GOEMOTIONS, EKMAN, {"joy": "joy"})


def test_projection_outside_its_target_is_refused():
    with pytest.raises(TaxonomyError):
        Projection(EKMAN, EKMAN, dict.fromkeys(EKMAN.labels, "bliss"))


def test_unknown_set_and_projection_name_those_that_exist():
    with pytest.raises(TaxonomyError, match="goemotions"):
        label_set("plutchik-9")
    with pytest.raises(TaxonomyError, match="goemotions -> ekman"):
        projection("isear", "ekman")


def test_a_free_label_is_no_error():
    assert find_emotion("sarcastic contempt") is None


def test_lookup_forgives_case_and_underscores():
    assert find_emotion(" Guilt ") is find_emotion("guilt")


@pytest.mark.benchmarks_data
def test_order_and_ekman_grouping_equal_those_published(benchmarks):
    published = (benchmarks / "goemotions" / "emotions.txt").read_text().split()
    assert list(GOEMOTIONS.labels) == published
    groups = json.loads((benchmarks / "goemotions" / "ekman_mapping.json").read_text())
    ours = {k: set(v) for k, v in GOEMOTIONS_TO_EKMAN.groups().items() if k != "neutral"}
    assert ours == {k: set(v) for k, v in groups.items()}
