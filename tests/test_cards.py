"""Proves that a card is filled with facts or not written at all."""

import pytest

from emo_hub.cards import render_card, template_path
from emo_hub.errors import CardError


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
