"""The field for labels: chips that are typed, and the ready-made sets below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr

from emo_hub.space.scripts import SPLIT_BARE_CHIPS, split_chips
from emo_hub.space.texts import shown


def lay_chips(name: str, labels: Sequence[str], *, title: str, info: str | None) -> gr.Dropdown:
    """Lay the field; `title` and `info` are keys of texts."""
    return gr.Dropdown(
        [],  # suggestions would be announced by number: "Remove 51" instead of "Remove joy"
        value=list(labels),
        label=shown(title),
        info=shown(info) if info else None,
        multiselect=True,
        allow_custom_value=True,
        elem_id=name,
        elem_classes="chips",
    )


def lay_presets(
    name: str, presets: Mapping[str, Sequence[str]], chosen: str | None = None
) -> gr.Radio:
    """Lay the ready-made sets."""
    return gr.Radio(
        [(shown(f"preset_{key}"), key) for key in presets],
        value=chosen,
        label=shown("ask_presets"),
        elem_id=name,
        elem_classes="presets",
    )


def tidy(
    chips: gr.Dropdown,
    sets: gr.Radio | None = None,
    presets: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Split what is typed at commas, and unmark one of the ready-made sets that was changed."""
    if sets is None:
        chips.change(None, chips, chips, js=SPLIT_BARE_CHIPS, api_visibility="private")
    else:
        both = [chips, sets]
        chips.change(None, both, both, js=split_chips(presets or {}), api_visibility="private")
