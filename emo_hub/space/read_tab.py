"""The tab on which one text is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emo_hub.errors import EmoHubError
from emo_hub.space.answer import render_reading
from emo_hub.space.chips import lay_chips, lay_presets, tidy
from emo_hub.space.events import ASIDE, QUIETLY, refuse
from emo_hub.space.presets import EXAMPLES
from emo_hub.space.reading import Reader, Reading
from emo_hub.space.request import read_request
from emo_hub.space.scripts import COPY_LINK, READ_LINK, SHOW_ANSWER, WRITE_LINK
from emo_hub.space.texts import FALLBACK, language_of, shown


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the visitor writes and chooses."""

    text: gr.Textbox
    before: gr.Accordion
    context: gr.Textbox
    labels: gr.Dropdown
    presets: gr.Radio
    button: gr.Button
    examples: gr.Dataset

    @property
    def typed(self) -> list[Any]:
        """What a question consists of."""
        return [self.text, self.context, self.labels]


class ReadTab:
    """The first tab; laid in the place where it is made.

    The first example is read once here, so that the page opens with an answer and the model is
    warm when the first visitor comes.
    """

    def __init__(
        self, reader: Reader, page: gr.Blocks, presets: Mapping[str, Sequence[str]]
    ) -> None:
        self._reader, self._presets = reader, presets
        first = EXAMPLES[0]
        self._first = reader.read(read_request(first.text, first.context, first.labels))
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=320):
                self._desk = _lay_desk(presets)
            with gr.Column(scale=6, min_width=320):
                drawn = render_reading(self._first, FALLBACK)
                self._shown = lay_drawing(drawn, "answer")
                self._share = gr.Button(
                    shown("answer_link"), variant="secondary", size="sm", elem_id="share"
                )
        self._wire(page)

    def ask(self, text: object, context: object, labels: object) -> Reading:
        """Answer a question of the page or of the endpoint.

        Raises:
            EmoHubError: it cannot be answered.
        """
        return self._reader.read(read_request(text, context, labels))

    def _draw(self, text: object, context: object, labels: object, request: gr.Request) -> str:
        language = language_of(request)
        try:
            return render_reading(self.ask(text, context, labels), language)
        except EmoHubError as error:
            return refuse(error, language)

    def _choose_preset(
        self, name: str, text: str | None, context: str, request: gr.Request
    ) -> tuple[list[str], Any]:
        labels = list(self._presets.get(name, ()))
        asked = labels and (text or "").strip()
        return labels, self._draw(text, context, labels, request) if asked else gr.skip()

    def _choose_example(self, index: int, request: gr.Request) -> tuple[Any, ...]:
        chosen = EXAMPLES[index]
        drawn = self._draw(chosen.text, chosen.context, chosen.labels, request)
        return *_fill(chosen.text, chosen.context, chosen.labels), drawn

    def _open(
        self, text: str | None, context: str | None, labels: list[str] | None, request: gr.Request
    ) -> tuple[Any, ...]:
        if text is None:
            return *[gr.skip()] * 5, render_reading(self._first, language_of(request))
        return *_fill(text, context or "", labels or ()), self._draw(text, context, labels, request)

    def _wire(self, page: gr.Blocks) -> None:
        desk, shown_ = self._desk, self._shown
        everything = [desk.text, desk.before, desk.context, desk.labels, desk.presets, shown_]
        page.load(self._open, desk.typed, everything, js=READ_LINK, **QUIETLY)
        asked = gr.on(
            [desk.button.click, desk.text.submit], self._draw, desk.typed, shown_, **QUIETLY
        )
        chosen = desk.presets.input(
            self._choose_preset,
            [desk.presets, desk.text, desk.context],
            [desk.labels, shown_],
            **QUIETLY,
        )
        picked = desk.examples.click(self._choose_example, desk.examples, everything, **QUIETLY)
        for answered in (asked, chosen, picked):
            linked = answered.then(None, desk.typed, None, js=WRITE_LINK, api_visibility="private")
            linked.then(lambda: gr.Button(shown("answer_link")), None, self._share, **ASIDE)
            if answered is not chosen:
                answered.then(None, js=SHOW_ANSWER, api_visibility="private")
        copied = self._share.click(None, desk.typed, None, js=COPY_LINK, api_visibility="private")
        copied.then(lambda: gr.Button(shown("answer_copied")), None, self._share, **ASIDE)
        tidy(desk.labels, desk.presets, self._presets)


def lay_drawing(drawn: str, name: str) -> gr.HTML:
    """Lay a place for what a template draws."""
    return gr.HTML(
        drawn, elem_id=name, elem_classes="drawn", apply_default_css=False, js_on_load=None
    )


def lay_text(name: str, text: str) -> gr.Textbox:
    """Lay the field for a text."""
    return gr.Textbox(
        text,
        label=shown("ask_text"),
        placeholder=shown("ask_text_hint"),
        lines=3,
        max_lines=10,
        elem_id=name,
    )


def lay_context(name: str, context: str) -> tuple[gr.Accordion, gr.Textbox]:
    """Lay the field for what came before, folded away."""
    before = gr.Accordion(shown("ask_before"), open=False, elem_id=f"{name}-fold")
    with before:
        field = gr.Textbox(
            context,
            label=shown("ask_context"),
            show_label=False,
            container=False,
            placeholder=shown("ask_context_hint"),
            lines=2,
            max_lines=8,
            elem_id=name,
        )
    return before, field


def _lay_desk(sets: Mapping[str, Sequence[str]]) -> _Desk:
    first = EXAMPLES[0]
    text = lay_text("text", first.text)
    before, context = lay_context("context", first.context)
    labels = lay_chips("labels", first.labels, title="ask_labels", info="ask_labels_info")
    presets = lay_presets("presets", sets)
    button = gr.Button(shown("ask_button"), variant="primary", size="lg", elem_id="read")
    examples = gr.Dataset(
        label=shown("ask_examples"),
        components=[gr.Textbox(visible=False)],
        samples=[[example.text] for example in EXAMPLES],
        sample_labels=[example.title for example in EXAMPLES],
        type="index",
        layout="gallery",
        elem_id="examples",
    )
    return _Desk(text, before, context, labels, presets, button, examples)


def _fill(text: str, context: str, labels: Any) -> tuple[Any, ...]:  # noqa: ANN401
    fold = gr.Accordion(open=bool(context))
    return text, fold, context, [label for label in labels if label], None
