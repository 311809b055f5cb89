"""What a click on the rating page does. The teacher's labels never leave the server."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from emo_hub.errors import InputError
from emo_hub.rating.sheet import NONE, Item, Sheet
from emo_hub.rating.store import AnswerStore, read_answer

# gradio's browser state keeps no empty value, and no rater can have this name.
_NOBODY = "-"


class Desk:
    """What a click does: plain functions from what the page holds to what it shows next.

    Args:
        sheet: the rows to rate.
        store: where answers go.
    """

    def __init__(self, sheet: Sheet, store: AnswerStore) -> None:
        self.sheet = sheet
        self.store = store

    def enter(self, name: object) -> list[Any]:
        """Let a rater in, to the first text that she has not rated."""
        try:
            rater = self.store.admit(name)
        except InputError as error:
            return self._welcome(str(error))
        answers = self.store.read(rater)
        open_items = (i for i, item in enumerate(self.sheet.items) if item.id not in answers)
        return self._show(rater, next(open_items, len(self.sheet.items)))

    def resume(self, rater: object) -> list[Any]:
        """Go on where the browser's last rater stopped, or ask for a name."""
        return self._welcome() if rater in ("", None, _NOBODY) else self.enter(rater)

    def leave(self) -> list[Any]:
        """Forget the rater in this browser; her answers stay."""
        return self._welcome()

    def back(self, rater: object, place: int) -> list[Any]:
        """Show the text before, with the answer it got."""
        return self._checked(rater, place - 1)

    def save(
        self,
        rater: object,
        place: int,
        best: object,
        also: object,
        needed: object,
        natural: object,
    ) -> list[Any]:
        """Keep an answer and show the next text; stay where it cannot be kept."""
        try:
            known = self.store.admit(rater)
            item = self.sheet.items[self._within(place)]
            self.store.append(known, read_answer(item, best, also, needed, natural))
        except InputError as error:
            return self._stay(str(error))
        except OSError as error:
            return self._stay(f"Your answer could not be kept ({error.strerror}). Try again.")
        return self._show(known, place + 1)

    def _checked(self, rater: object, place: int) -> list[Any]:
        try:
            return self._show(self.store.admit(rater), place)
        except InputError as error:
            return self._welcome(str(error))

    def _within(self, place: object) -> int:
        last = len(self.sheet.items) - 1
        return max(0, min(place, last)) if isinstance(place, int) else 0

    def _welcome(self, problem: str = "") -> list[Any]:
        parts = [gr.update(visible=True), gr.update(visible=False), gr.update(visible=False)]
        return [*parts, _alert(problem), _NOBODY, 0, *[gr.skip()] * 9]

    def _stay(self, problem: str) -> list[Any]:
        return [*[gr.skip()] * 3, _alert(problem), *[gr.skip()] * 11]

    def _show(self, rater: str, place: int) -> list[Any]:
        answers = self.store.read(rater)
        over = place >= len(self.sheet.items)
        at = self._within(place)
        item = self.sheet.items[at]
        given = answers.get(item.id)
        rated = sum(known.id in answers for known in self.sheet.items)
        contextual = self.sheet.settings.config == "contextual"
        return [
            gr.update(visible=False),
            gr.update(visible=not over),
            gr.update(visible=over),
            _alert(""),
            rater,
            place if over else at,
            _progress(at, rated, len(self.sheet.items)),
            gr.update(value=item.context, visible=bool(item.context)),
            gr.update(value=item.character, visible=bool(item.character)),
            item.text,
            gr.update(choices=list(item.options), value=given.best if given else None),
            gr.update(choices=_further(item), value=list(given.also) if given else []),
            gr.update(value=(given.context_needed or None) if given else None, visible=contextual),
            gr.update(value=given.naturalness if given else None, visible=contextual),
            gr.update(interactive=at > 0),
        ]


def _further(item: Item) -> list[str]:
    return [option for option in item.options if option != NONE]


def _alert(problem: str) -> str:
    # Sentences of this package and of the system; none of them quotes what was typed.
    return f'<p role="alert">{escape(problem)}</p>' if problem else ""


def _progress(place: int, rated: int, total: int) -> str:
    share = round(100 * rated / total)
    return (
        f'<p>Text {place + 1} of {total}<span>{rated} rated</span></p><div role="progressbar" '
        f'aria-valuenow="{share}" aria-valuemin="0" aria-valuemax="100" aria-label="rated">'
        f'<i style="width:{share}%"></i></div>'
    )
