"""The tab on which two wordings, or two models, answer the same question."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emo_hub.errors import EmoHubError
from emo_hub.space.chips import lay_chips, tidy
from emo_hub.space.drawing import draw
from emo_hub.space.events import ASIDE, QUIETLY, refuse
from emo_hub.space.read_tab import lay_context, lay_drawing, lay_text
from emo_hub.space.reading import Reader, Scores
from emo_hub.space.request import read_request
from emo_hub.space.texts import language_of, say, shown

_TEXT = "The house is so quiet without the dog. I still step over the spot where he used to sleep."
_NOUNS = ("grief", "loneliness", "tenderness", "relief", "anger")
_PHRASES = (
    "mourning somebody",
    "feeling left alone",
    "loving somebody quietly",
    "glad that it is over",
    "about to explode",
)


class CompareTab:
    """The tab; laid in the place where it is made.

    Args:
        reader: the model of the page.
        rival: another model and its name; None leaves the choice between models away.
    """

    def __init__(self, reader: Reader, rival: tuple[str, Reader] | None = None) -> None:
        self._reader, self._rival = reader, rival
        lead = "compare_lead" if rival is None else "compare_lead_models"
        gr.Markdown(shown(lead), elem_classes="lead")
        self._text = lay_text("compare-text", _TEXT)
        _, self._context = lay_context("compare-context", "")
        ways = [(shown("compare_wordings"), "wordings"), (shown("compare_models"), "models")]
        self._way = gr.Radio(
            ways,
            value="wordings",
            label=shown("compare_what"),
            visible=rival is not None,
            elem_id="compare-way",
            elem_classes="presets",
        )
        with gr.Row():
            self._labels = lay_chips("labels-a", _NOUNS, title="compare_labels_a", info=None)
            self._others = lay_chips("labels-b", _PHRASES, title="compare_labels_b", info=None)
        self._button = gr.Button(
            shown("compare_button"), variant="primary", size="lg", elem_id="compare-go"
        )
        self._shown = lay_drawing("", "compare")
        self._wire()

    def _compare(
        self,
        text: object,
        context: object,
        way: str,
        labels: object,
        others: object,
        request: gr.Request,
    ) -> str:
        language = language_of(request)
        try:
            asked = read_request(text, context, labels)
            if way == "models" and self._rival is not None:
                name, rival = self._rival
                heads = [say(language, "compare_model_a"), name]
                pairs = [(self._reader, asked.labels), (rival, asked.labels)]
            else:
                heads = [say(language, f"compare_labels_{side}") for side in "ab"]
                again = read_request(text, context, others)
                pairs = [(self._reader, asked.labels), (self._reader, again.labels)]
            sides: list[Scores] = []
            for reader, wanted in pairs:
                sides += reader.score([asked.text], wanted, asked.context)
        except EmoHubError as error:
            return refuse(error, language)
        return draw("compare", language, sides=list(zip(heads, sides, strict=True)))

    def _wire(self) -> None:
        typed: list[Any] = [self._text, self._context, self._way, self._labels, self._others]
        gr.on([self._button.click, self._text.submit], self._compare, typed, self._shown, **QUIETLY)
        self._way.input(
            lambda way: gr.Dropdown(visible=way == "wordings"), self._way, self._others, **ASIDE
        )
        tidy(self._labels)
        tidy(self._others)
