"""The tab on which the corpus is browsed and labels lie on a map."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emo_hub.errors import EmoHubError
from emo_hub.space.atlas import HEIGHT, WIDTH, Atlas
from emo_hub.space.chips import lay_chips, tidy
from emo_hub.space.drawing import draw
from emo_hub.space.events import ASIDE, QUIETLY, refuse
from emo_hub.space.read_tab import lay_drawing
from emo_hub.space.reading import Reader
from emo_hub.space.request import read_labels, split_labels
from emo_hub.space.shelf import Shelf
from emo_hub.space.texts import FALLBACK, language_of, shown
from emo_hub.taxonomy import GOEMOTIONS

_PAGE = 6
_OWN = ("homesick", "over the moon", "sarcastic contempt")


class ExploreTab:
    """The tab; laid in the place where it is made.

    Args:
        reader: the model of the page.
        shelf: the corpus; None says how to come by one.
    """

    def __init__(self, reader: Reader, shelf: Shelf | None) -> None:
        self._atlas, self._shelf = Atlas(reader), shelf
        with gr.Column(elem_classes="room"):
            gr.Markdown(shown("explore_map"), elem_classes="title")
            gr.Markdown(shown("explore_map_lead"), elem_classes="lead")
            self._own = lay_chips("map-labels", _OWN, title="explore_map_add", info=None)
            place = gr.Button(shown("explore_map_button"), size="sm", elem_id="map-go")
            drawn = lay_drawing(self._draw_map(_OWN, FALLBACK), "map")
        gr.on([place.click, self._own.input], self._place, self._own, drawn, **QUIETLY)
        tidy(self._own)
        with gr.Column(elem_classes="room"):
            gr.Markdown(shown("explore_corpus"), elem_classes="title")
            if shelf is None:
                gr.Markdown(shown("explore_corpus_none"), elem_classes="lead")
            else:
                self._lay_shelf(shelf)

    def _draw_map(self, labels: tuple[str, ...], language: str) -> str:
        found = self._atlas.draw(labels)
        return draw("map", language, drawn=found, width=int(WIDTH), height=int(HEIGHT))

    def _place(self, labels: object, request: gr.Request) -> str:
        language = language_of(request)
        try:
            own = read_labels(labels) if split_labels(labels) else ()
            return self._draw_map(own, language)
        except EmoHubError as error:
            return refuse(error, language)

    def _lay_shelf(self, shelf: Shelf) -> None:
        gr.Markdown(shown("explore_corpus_lead"), elem_classes="lead")
        with gr.Row():
            emotion = _lay_choice("emotion", GOEMOTIONS.labels)
            register = _lay_choice("register", shelf.registers)
            story = _lay_choice("narrative", shelf.stories)
        start = gr.Number(0, visible="hidden", precision=0)
        drawn = lay_drawing(self._draw_lines("", "", "", 0, FALLBACK)[1], "shelf")
        with gr.Row():
            back = gr.Button(shown("explore_previous"), size="sm", elem_id="shelf-back")
            on = gr.Button(shown("explore_next"), size="sm", elem_id="shelf-on")
        wanted: list[Any] = [emotion, register, story]
        gr.on([choice.input for choice in wanted], self._find, wanted, [start, drawn], **ASIDE)
        for button, step in ((back, -_PAGE), (on, _PAGE)):
            button.click(self._turn(step), [*wanted, start], [start, drawn], **ASIDE)

    def _find(self, emotion: str, register: str, story: str, request: gr.Request) -> Any:  # noqa: ANN401
        return self._draw_lines(emotion, register, story, 0, language_of(request))

    def _turn(self, step: int) -> Any:  # noqa: ANN401
        def turn(
            emotion: str, register: str, story: str, start: float, request: gr.Request
        ) -> tuple[int, str]:
            first = int(start or 0) + step
            return self._draw_lines(emotion, register, story, first, language_of(request))

        return turn

    def _draw_lines(
        self, emotion: str, register: str, story: str, start: int, language: str
    ) -> tuple[int, str]:
        entries = self._shelf.find(emotion, register, story) if self._shelf else []
        last = max(0, (len(entries) - 1) // _PAGE * _PAGE)
        start = min(max(start, 0), last)
        shown_ = entries[start : start + _PAGE]
        return start, draw("shelf", language, count=len(entries), start=start, entries=shown_)


def _lay_choice(name: str, values: Any) -> gr.Dropdown:  # noqa: ANN401
    return gr.Dropdown(
        [(shown("explore_any"), ""), *((value, value) for value in values)],
        value="",
        label=shown(f"explore_{name}"),
        elem_id=f"shelf-{name}",
        min_width=160,
    )
