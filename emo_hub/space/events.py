"""How events of the page run: who waits in which line, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emo_hub.errors import EmoHubError
from emo_hub.space.answer import render_problem
from emo_hub.space.request import RefusalError

MAX_AT_ONCE = 2

# One line before the model for the whole page; gradio would give every event a line of its own.
READERS: Mapping[str, Any] = {"concurrency_id": "model", "concurrency_limit": MAX_AT_ONCE}
# What is asked while an answer is on its way is answered after it; gradio would drop it unsaid.
QUIETLY: Mapping[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    **READERS,
}
# Long work waits in a line of its own, so that nobody with one text stands behind a file.
APART: Mapping[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_id": "batch",
    "concurrency_limit": 1,
}
# What needs no model.
ASIDE: Mapping[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    "queue": False,
}


def refuse(error: EmoHubError, language: str) -> str:
    """Draw why there is no answer, in the visitor's language where the page has the sentence."""
    said = error.said_in(language) if isinstance(error, RefusalError) else str(error)
    return render_problem(said, language)
