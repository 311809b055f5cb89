"""How the answer of a chat server is understood, whatever it looks like; no network here."""

from __future__ import annotations

import json
import re
from typing import cast

from emo_hub.errors import ReplyError, Usage
from emo_hub.teacher.prompt import Reply

# A chat template may have opened the block already, so that only its end is in the answer.
_THOUGHTS = re.compile(
    r"\A\s*(?:<think>.*?(?:</think>|\Z)|(?![{\[])(?:(?!<think>).)*?</think>)\s*", re.DOTALL
)
_LONGEST_SENTENCE = 300


class ServerFault(Exception):  # noqa: N818 - says whose fault it is
    """Something that may go well the next time.

    Args:
        sentence: what happened.
        wait_seconds: what the server asked for.
        status: of the HTTP response, 0 where none came.
    """

    def __init__(self, sentence: str, wait_seconds: float = 0.0, status: int = 0) -> None:
        super().__init__(sentence)
        self.wait_seconds, self.status = wait_seconds, status


def without_thoughts(text: str) -> str:
    """Drop what a model thought aloud before its answer."""
    return _THOUGHTS.sub("", text, count=1)


def sentence_of(content: bytes) -> str:
    """Take the server's sentence out of the body of an error, without what it echoes of ours."""
    text = content.decode("utf-8", errors="replace")
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return " ".join(re.sub(r"<[^>]*>", " ", text).split())
    found = value
    if isinstance(value, dict):
        found = next((value[k] for k in ("error", "message", "detail") if value.get(k)), value)
    if isinstance(found, dict):
        words = [found.get(k) for k in ("message", "code", "param", "type")]
        found = " ".join(str(word) for word in words if word) or found
    if isinstance(found, list):
        # FastAPI's own complaints: each with a place and a message, and an echo of the input.
        items = [item for item in found if isinstance(item, dict)]
        places = [(item.get("loc") or [""], item.get("msg", "")) for item in items]
        found = "; ".join(f"{'.'.join(map(str, loc))}: {message}" for loc, message in places)
    return " ".join(str(found).split())


def cut(sentence: str) -> str:
    """Shorten a server's sentence to what fits into a message."""
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    return sentence[:_LONGEST_SENTENCE] + "..."


def read_completion(content: bytes, asked_model: str, seconds: float) -> Reply:
    """Make a reply of the body of a chat completion.

    Args:
        content: the body.
        asked_model: stands as the teacher where the server does not name its model.
        seconds: that the call took.

    Returns:
        The reply; its usage is None where the server counts no tokens. A block of thoughts before
        the answer is left out.

    Raises:
        ServerFault: the body is no chat completion.
        ReplyError: `truncated`, `refused_by_server` or `empty_reply`.
    """
    try:
        value = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ServerFault(f"a body of {len(content)} bytes that is no whole JSON") from error
    choices = value.get("choices") if isinstance(value, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if choice is None or not isinstance(message, dict):
        raise ServerFault(f"a body that is no chat completion: {cut(sentence_of(content))}")
    usage = _usage(value.get("usage"), seconds)
    finish = choice.get("finish_reason")
    if finish == "length":
        raise ReplyError(
            "truncated",
            f"cut off after {(usage and usage.completion_tokens) or 'too many'} tokens",
            usage,
        )
    if finish == "content_filter" or message.get("refusal"):
        raise ReplyError("refused_by_server", cut(str(message.get("refusal") or finish)), usage)
    text = without_thoughts(_content(message.get("content")))
    if not text.strip():
        raise ReplyError("empty_reply", f"finish_reason is {finish}", usage)
    model = value.get("model")
    return Reply(text, model if isinstance(model, str) and model else asked_model, usage)


def model_names(content: bytes) -> tuple[str, ...]:
    """Read a list of models; empty where it is none."""
    try:
        value = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return ()
    listed = value.get("data") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return ()
    return tuple(str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one)


def _content(content: object) -> str:
    if isinstance(content, list):
        parts = cast("list[object]", content)
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _usage(usage: object, seconds: float) -> Usage | None:
    counts = usage if isinstance(usage, dict) else {}
    read, written = (counts.get(name) for name in ("prompt_tokens", "completion_tokens"))
    if not isinstance(read, int) and not isinstance(written, int):
        return None
    return Usage(
        read if isinstance(read, int) else 0, written if isinstance(written, int) else 0, seconds
    )
