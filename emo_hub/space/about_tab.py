"""The tab that says what this is, how well it does, and what it is not for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from emo_hub.space.drawing import draw
from emo_hub.space.events import ASIDE
from emo_hub.space.read_tab import lay_drawing
from emo_hub.space.request import MAX_LABELS, MAX_TEXT_CHARACTERS
from emo_hub.space.texts import FALLBACK, language_of, shown


@dataclass(frozen=True, slots=True)
class Measured:
    """One headline number of a model; `low` and `high` bound its 95 % interval."""

    benchmark: str
    rows: int
    metric: str
    value: float
    low: float
    high: float


def lay_about(page: gr.Blocks, model: Path | None, corpus: Path | None) -> None:
    """Lay the tab.

    Args:
        page: the page that it belongs to.
        model: the folder of the model; None where it came from elsewhere.
        corpus: the folder of the corpus; None where there is none.
    """
    measured = read_measured(model) if model else []

    def drawn(language: str) -> str:
        return draw(
            "about",
            language,
            measured=measured,
            letters=MAX_TEXT_CHARACTERS,
            labels=MAX_LABELS,
        )

    told = lay_drawing(drawn(FALLBACK), "about")

    def tell(request: gr.Request) -> str:
        return drawn(language_of(request))

    page.load(tell, None, told, **ASIDE)
    for name, folder in (("model", model), ("dataset", corpus)):
        if folder is not None and (card := read_card(folder)):
            with gr.Accordion(shown(f"about_{name}_card"), open=False, elem_id=f"{name}-card"):
                gr.Markdown(card, elem_classes="card-text")


def read_card(folder: Path) -> str:
    """Give the text of a card without the facts at its top; "" where there is none."""
    path = folder / "README.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    return text.split("\n---\n", 1)[-1] if text.startswith("---\n") else text


def read_measured(folder: Path) -> list[Measured]:
    """Give the headline numbers that were measured of a model; none where nobody did."""
    path = folder / "results.json"
    if not path.is_file():
        return []
    return [
        Measured(
            str(one["benchmark"]),
            int(one["rows"]),
            str(one["headline"]).replace("_", " "),
            float(one["value"]),
            float(one["low"]),
            float(one["high"]),
        )
        for one in json.loads(path.read_text(encoding="utf-8"))["measured"]
    ]
