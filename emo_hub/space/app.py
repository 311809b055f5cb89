"""The page: a text, words for feelings, and the answer beside them.

Gradio's telemetry is switched off for this page alone (`analytics_enabled=False`), so importing
emo_hub changes no environment and a page that somebody else builds keeps its own choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from threading import Lock
from typing import Any, cast

import gradio as gr
from gradio.events import api

from emo_hub.errors import EmoHubError
from emo_hub.registration import TASK, default_model_folder
from emo_hub.space.answer import render_problem, render_reading
from emo_hub.space.presets import EXAMPLES, PRESETS
from emo_hub.space.reading import Classify, Reading, take_reading
from emo_hub.space.request import read_request
from emo_hub.space.scripts import INVITE, SHOW_ANSWER, SPLIT_CHIPS
from emo_hub.space.server import MAX_AT_ONCE, serve
from emo_hub.space.wording import ABOUT, HEADLINE, TITLE

# One line before the model for the whole page; gradio would give every event a line of its own.
_SHARED_QUEUE: Mapping[str, Any] = {"concurrency_id": "model", "concurrency_limit": MAX_AT_ONCE}


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the visitor writes and chooses."""

    text: gr.Textbox
    before: gr.Accordion
    context: gr.Textbox
    labels: gr.Dropdown
    preset: gr.Radio
    button: gr.Button
    examples: gr.Dataset


Ask = Callable[[object, object, object], Reading]
Answer = Callable[[object, object, object], str]


def build_app(classify: Classify) -> gr.Blocks:
    """Build the page around a model.

    The first example is read once here, so that the page opens with an answer and the model is
    warm when the first visitor comes.

    Args:
        classify: the pipeline `zero-shot-emotion`, or anything that answers like it.
    """
    turn = Lock()

    def ask(text: object, context: object, labels: object) -> Reading:
        request = read_request(text, context, labels)
        # Pipelines and their tokenizers do not promise to serve two threads at once.
        with turn:
            return take_reading(classify, request)

    def answer(text: object, context: object, labels: object) -> str:
        try:
            return render_reading(ask(text, context, labels))
        except EmoHubError as error:
            return render_problem(str(error))

    first = EXAMPLES[0]
    app = gr.Blocks(title=TITLE, analytics_enabled=False)
    with app:
        gr.Markdown(HEADLINE, elem_id="headline")
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=5, min_width=320):
                desk = _lay_desk()
            with gr.Column(scale=6, min_width=320):
                shown = _lay_answer(answer(first.text, first.context, first.labels))
        with gr.Accordion("How it works, and its limits", open=False, elem_id="about"):
            gr.Markdown(ABOUT)
        app.load(None, js=INVITE, api_visibility="private")
        _wire(desk, answer, shown)
        _add_endpoint(ask)
    return app


def launch(model: str | None = None, port: int | None = None, host: str = "127.0.0.1") -> None:
    """Open the page on a port of this machine, and stay until interrupted.

    Args:
        model: a checkpoint folder or Hub name; None takes the model that ships in the package.
        port: where to listen; None takes the first free one from 7860.
        host: the interface to listen on; a Space needs `0.0.0.0`.
    """
    # Through transformers' registry, which `import emo_hub` filled: rooms do not import each other.
    from transformers import pipeline

    source = model or str(default_model_folder())
    classify = cast(Classify, pipeline(cast(Any, TASK), model=source))
    serve(build_app(classify), host=host, port=port)


def _lay_desk() -> _Desk:
    first = EXAMPLES[0]
    text = gr.Textbox(
        first.text,
        label="What somebody said or wrote",
        placeholder="A message, a review, a line from a novel …",
        lines=3,
        max_lines=10,
        elem_id="text",
    )
    before, context = _lay_context()
    labels = gr.Dropdown(
        [],  # suggestions would be announced by number: "Remove 51" instead of "Remove joy"
        value=list(first.labels),
        label="Feelings to look for",
        info="Type your own words, with commas or Enter between them, or pick a set below.",
        multiselect=True,
        allow_custom_value=True,
        elem_id="labels",
    )
    preset = gr.Radio(list(PRESETS), label="Ready-made sets", elem_id="presets")
    button = gr.Button("Read the emotion", variant="primary", size="lg", elem_id="read")
    examples = gr.Dataset(
        label="Or try one of these",
        components=[gr.Textbox(visible=False)],
        samples=[[example.text] for example in EXAMPLES],
        sample_labels=[example.title for example in EXAMPLES],
        type="index",
        layout="gallery",
        elem_id="examples",
    )
    return _Desk(text, before, context, labels, preset, button, examples)


def _lay_context() -> tuple[gr.Accordion, gr.Textbox]:
    before = gr.Accordion("What happened before? (optional)", open=False, elem_id="before")
    with before:
        context = gr.Textbox(
            EXAMPLES[0].context,
            label="Context",
            show_label=False,
            container=False,
            placeholder="Who speaks, to whom, after what?",
            lines=2,
            max_lines=8,
            elem_id="context",
        )
    return before, context


def _lay_answer(drawn: str) -> gr.HTML:
    return gr.HTML(drawn, elem_id="answer", apply_default_css=False, js_on_load=None)


def _wire(desk: _Desk, answer: Answer, shown: gr.HTML) -> None:
    typed = [desk.text, desk.context, desk.labels]

    def choose_preset(name: str, text: str | None, context: str) -> tuple[list[str], Any]:
        labels = list(PRESETS[name]) if name in PRESETS else []
        return labels, answer(text, context, labels) if (text or "").strip() else gr.skip()

    def choose_example(index: int) -> tuple[str, Any, str, list[str], None, str]:
        chosen = EXAMPLES[index]
        return (
            chosen.text,
            gr.Accordion(open=bool(chosen.context)),
            chosen.context,
            list(chosen.labels),
            None,
            answer(chosen.text, chosen.context, chosen.labels),
        )

    quietly: Mapping[str, Any] = {
        "api_visibility": "private",
        "show_progress": "hidden",
        **_SHARED_QUEUE,
    }
    ask = gr.on([desk.button.click, desk.text.submit], answer, typed, shown, **quietly)
    ask.then(None, js=SHOW_ANSWER, api_visibility="private")
    desk.preset.input(
        choose_preset, [desk.preset, desk.text, desk.context], [desk.labels, shown], **quietly
    )
    pick = desk.examples.click(
        choose_example,
        desk.examples,
        [desk.text, desk.before, desk.context, desk.labels, desk.preset, shown],
        **quietly,
    )
    pick.then(None, js=SHOW_ANSWER, api_visibility="private")
    chips = [desk.labels, desk.preset]
    desk.labels.change(None, chips, chips, js=SPLIT_CHIPS, api_visibility="private")


def _add_endpoint(ask: Ask) -> None:
    def classify(text: str, labels: list[str], context: str = "") -> dict[str, Any]:
        """Score how well each of your own words for a feeling fits a text.

        Args:
            text: what somebody said or wrote, in English.
            labels: words or short phrases for feelings.
            context: what happened before, if anything.

        Returns:
            Labels by falling score, their scores and thresholds from 0 to 1, which of them fit,
            whether none does, and valence, arousal and dominance from 1 to 5. Under `words`, for
            the best label that fits, the words that spoke for it, with their place in the text
            (without the spaces around it) and their weight in logits.
        """
        try:
            return ask(text, context, labels).as_json()
        except EmoHubError as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error

    api(classify, api_name="classify", **_SHARED_QUEUE)
