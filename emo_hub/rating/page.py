"""How the rating page is laid out, and what its keys do in the browser.

What the corpus holds and what a rater types is put into plain components that show characters,
never into HTML or Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emo_hub.rating.sheet import Sheet
from emo_hub.rating.store import MAX_NAME_CHARACTERS

TITLE = "What is felt here?"
_WELCOME = (
    "# What is felt here?\n"
    "You will read short texts, one at a time, and say which emotion fits best. There is no right "
    "answer to find: say what you would understand as a reader. Everything is kept as you go, so "
    "you can stop at any time and come back under the same name."
)
_HINT = (
    "Keys: **1** to **7** choose, **Shift** and a number adds another, **Enter** goes on, "
    "**Backspace** goes back."
)
_DONE = "# That was the last one\nThank you. Your answers are kept; you can close this page."
TO_TOP = "() => window.scrollTo({ top: 0 })"
# Numbers choose, so that a rater can stay on the keyboard. What is typed into a field stays there.
KEYS = """() => {
    if (window.emoHubKeys) return;
    window.emoHubKeys = true;
    const press = (selector) => document.querySelector(selector)?.click();
    document.addEventListener("keydown", (event) => {
        const desk = document.querySelector("#desk");
        const field = event.target.closest("textarea:not([disabled]), input[type=text]");
        if (!desk || !desk.offsetParent || field) return;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const digit = /^Digit([1-9])$/.exec(event.code) || /^Numpad([1-9])$/.exec(event.code);
        if (digit) {
            const group = event.shiftKey ? "#also" : "#best";
            const choices = document.querySelectorAll(`${group} input`);
            choices[Number(digit[1]) - 1]?.click();
        } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") press("#save");
        else if (event.key === "Backspace") press("#back");
        else return;
        event.preventDefault();
    });
    // gradio fits a text's box when the text changes; a turned phone changes only the width.
    window.addEventListener("resize", () => {
        for (const box of document.querySelectorAll("#desk textarea[disabled]")) {
            box.style.height = "auto";
            box.style.height = `${box.scrollHeight}px`;
        }
    });
}"""


@dataclass(frozen=True, slots=True)
class Page:
    """The components that change, in the order of `outputs`."""

    welcome: gr.Column
    desk: gr.Column
    done: gr.Column
    problem: gr.HTML
    rater: gr.BrowserState
    place: gr.State
    progress: gr.HTML
    context: gr.Textbox
    character: gr.Textbox
    text: gr.Textbox
    best: gr.Radio
    also: gr.CheckboxGroup
    needed: gr.Radio
    natural: gr.Radio
    back: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """List what a click may change, in the order in which `Desk` gives it."""
        return [getattr(self, name) for name in self.__slots__]

    @property
    def answers(self) -> list[Any]:
        """List what saving reads: who, which text, and what was chosen."""
        return [self.rater, self.place, self.best, self.also, self.needed, self.natural]


def lay_page(sheet: Sheet) -> tuple[Page, gr.Textbox, tuple[gr.Button, ...]]:
    """Lay out the page; give it with the field for the name and the buttons.

    The buttons are: start, save, back, look again, leave.
    """
    key = sheet.fingerprint
    # The browser remembers the name, per sheet and across restarts; the key hides nothing.
    rater = gr.BrowserState("", storage_key=f"emo-hub-rating-{key[:12]}", secret=key[:16])
    place = gr.State(0)
    problem = gr.HTML("", elem_id="problem", padding=False)
    welcome, name, start = _lay_welcome()
    with gr.Column(visible=False, elem_id="desk") as desk:
        progress = gr.HTML("", elem_id="progress", padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                shown = _lay_text()
            with gr.Column(scale=5, min_width=320):
                asked = _lay_questions()
                with gr.Row(elem_id="steps"):
                    back = gr.Button("Back", elem_id="back", min_width=90, scale=1)
                    save = gr.Button("Save and go on", variant="primary", elem_id="save", scale=3)
        with gr.Row(elem_id="foot"):
            gr.Markdown(_HINT)
            leave = gr.Button("Not you?", size="sm", min_width=80, scale=0, elem_id="leave")
    with gr.Column(visible=False, elem_id="done") as done:
        gr.Markdown(_DONE)
        again = gr.Button("Look at the last one again", elem_id="again")
    context, character, text = shown
    best, also, needed, natural = asked
    page = Page(
        welcome, desk, done, problem, rater, place, progress,
        context, character, text, best, also, needed, natural, back,
    )  # fmt: skip
    return page, name, (start, save, back, again, leave)


def _lay_welcome() -> tuple[gr.Column, gr.Textbox, gr.Button]:
    with gr.Column(visible=False, elem_id="welcome") as welcome:
        gr.Markdown(_WELCOME)
        name = gr.Textbox(
            label="Your name or initials",
            max_length=MAX_NAME_CHARACTERS,
            max_lines=1,
            autofocus=True,
            elem_id="name",
        )
        start = gr.Button("Start, or go on", variant="primary", elem_id="start")
    return welcome, name, start


def _lay_text() -> tuple[gr.Textbox, gr.Textbox, gr.Textbox]:
    plain: Mapping[str, Any] = {"interactive": False, "lines": 1, "max_lines": 40}
    return (
        gr.Textbox(label="What happened before", elem_id="context", **plain),
        gr.Textbox(label="Who speaks or thinks", elem_id="character", **plain),
        gr.Textbox(label="The text", elem_id="text", **plain),
    )


def _lay_questions() -> tuple[gr.Radio, gr.CheckboxGroup, gr.Radio, gr.Radio]:
    return (
        gr.Radio([], label="Which emotion fits best?", elem_id="best"),
        gr.CheckboxGroup([], label="Do others fit as well? (optional)", elem_id="also"),
        gr.Radio(
            [("yes", "yes"), ("no", "no")],
            label="Did you need what happened before? (optional)",
            elem_id="needed",
        ),
        gr.Radio(
            [(str(n), n) for n in range(1, 6)],
            label="How natural is it? 1 not at all, 5 fully (optional)",
            elem_id="natural",
        ),
    )
