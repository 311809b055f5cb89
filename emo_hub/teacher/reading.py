"""A reply's text to the one JSON object that it should be."""

from __future__ import annotations

import json
import re
from typing import Any

from emo_hub.errors import ReplyError

_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)


def read_object(text: str) -> dict[str, Any]:
    """Read a reply that should be one JSON object, alone, in a Markdown fence, or amid prose.

    Raises:
        ReplyError: `not_json`, `not_an_object`, `several_objects` where prose holds more than one
            and nobody can say which is the answer, or `half_a_character` where it holds half a
            surrogate pair, which no file of UTF-8 can.
    """
    fenced = _FENCE.findall(text)
    inner = fenced[0] if len(fenced) == 1 else text.strip()
    try:
        value = json.loads(inner)
    except (json.JSONDecodeError, RecursionError) as error:
        value = _amid_prose(inner, error)
    if not isinstance(value, dict):
        raise ReplyError("not_an_object", f"got {type(value).__name__}")
    _refuse_halves(value)
    return value


def _refuse_halves(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise ReplyError("half_a_character", f"{half!a} is half a surrogate pair") from error
    except RecursionError as error:
        raise ReplyError("not_json", str(error)) from error


def _amid_prose(text: str, fault: Exception) -> object:
    start = text.find("{")
    if start < 0:
        raise ReplyError("not_json", str(fault)) from fault
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ReplyError("not_json", str(error)) from error
    if "{" in text[end:]:
        raise ReplyError("several_objects", "more than one JSON object in the reply")
    return value
