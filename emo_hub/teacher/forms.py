"""The forms in which replies to a batch come back: OpenAI's, vLLM's, Anthropic's, a person's."""

from __future__ import annotations

import json
from typing import Any

from emo_hub.errors import ReplyError
from emo_hub.teacher.completion import ServerFault, read_completion
from emo_hub.teacher.lines import read_usage
from emo_hub.teacher.prompt import Reply


class NotAnsweredError(ReplyError):
    """The request was not answered at all; it can be asked again."""


def reply_of(entry: dict[str, Any]) -> Reply:
    """Take the reply out of a line, whichever program wrote it.

    Returns:
        The reply; its teacher is empty where the line names none, its usage None where no tokens
        are counted.

    Raises:
        NotAnsweredError: the server failed, refused or was late; the request can be asked again.
        ReplyError: there is an answer, and nothing can be made of it.
    """
    if "reply" in entry:
        return _by_hand(entry)
    if "result" in entry:
        return _anthropic(_object(entry["result"]))
    response = _object(entry.get("response"))
    status = response.get("status_code", 200)
    body = response.get("body")
    if entry.get("error") or status != 200:
        told = entry.get("error") or _object(body).get("error") or body
        raise NotAnsweredError(_code(told) or f"http_{status}", _shortened(told))
    if not isinstance(body, dict):
        raise NotAnsweredError("no_response", "neither a response nor an error")
    try:
        return _completed(body)
    except ServerFault as error:
        raise NotAnsweredError("no_chat_completion", str(error)) from error


def _by_hand(entry: dict[str, Any]) -> Reply:
    reply, teacher = entry["reply"], entry.get("teacher")
    if isinstance(fault := entry.get("fault"), dict):
        said = str(fault.get("reason")), str(fault.get("detail", ""))
        raise ReplyError(*said, read_usage(entry))
    if isinstance(reply, (dict, list)):
        reply = json.dumps(reply, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(reply, str) or not reply.strip():
        raise NotAnsweredError("empty_reply", f"reply is {type(reply).__name__}")
    return Reply(reply, teacher if isinstance(teacher, str) else "", read_usage(entry))


def _anthropic(result: dict[str, Any]) -> Reply:
    kind = result.get("type")
    if kind != "succeeded":
        told = _object(result.get("error"))
        raise NotAnsweredError(str(kind), _shortened(told.get("error", told)))
    message = _object(result.get("message"))
    parts = message.get("content")
    blocks = [_object(part) for part in parts] if isinstance(parts, list) else []
    text = "".join(str(b.get("text", "")) for b in blocks if b.get("type") == "text")
    # As in a chat completion, in the words of the other server.
    finish = {"max_tokens": "length", "refusal": "content_filter"}.get(
        str(message.get("stop_reason")), "stop"
    )
    usage = _object(message.get("usage"))
    read, written = usage.get("input_tokens"), usage.get("output_tokens")
    body = {
        "model": message.get("model"),
        "choices": [{"finish_reason": finish, "message": {"content": text}}],
        "usage": {"prompt_tokens": read, "completion_tokens": written},
    }
    return _completed(body)


def _completed(body: dict[str, Any]) -> Reply:
    return read_completion(json.dumps(body).encode(), "", 0.0)


def _code(told: object) -> str:
    code = _object(told).get("code") or _object(told).get("type")
    return str(code) if isinstance(code, (str, int)) else ""


def _shortened(told: object) -> str:
    said = _object(told).get("message")
    text = said if isinstance(said, str) else json.dumps(told, ensure_ascii=False)
    return text[:300]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
