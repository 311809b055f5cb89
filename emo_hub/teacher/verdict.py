"""What an error of a chat server means: wait, ask otherwise, give this one up, or give up all."""

from __future__ import annotations

import datetime
import email.utils
import re
from collections.abc import Mapping
from typing import Any

from emo_hub.errors import ReplyError, TeacherError, Unanswered
from emo_hub.teacher.completion import ServerFault, cut
from emo_hub.teacher.wire import (
    FILTER_WORDS,
    Dialect,
    HttpSettings,
    is_about_the_model,
    plainer,
)

_RETRYABLE = frozenset({408, 409, 425, 429})
_FORBIDDEN = 403
_KEY_TROUBLE = frozenset({401, 402, _FORBIDDEN})
_MODERATED = re.compile(rf"moderat|flagged|{FILTER_WORDS}")
_NO_CREDIT = re.compile(r"insufficient_quota|insufficient (credit|balance|quota)")


class Misunderstood(Exception):  # noqa: N818 - says what became of a request
    """The server refuses the request as it was put; `said` is its sentence, without the key."""

    def __init__(self, status: int, said: str, body: Mapping[str, Any]) -> None:
        super().__init__(said)
        self.status, self.said, self.body = status, said, body


def verdict(
    status: int, said: str, retry_after: str, body: Mapping[str, Any], settings: HttpSettings
) -> ServerFault | Misunderstood:
    """Say whether an error may pass, or whether it is about the request.

    Args:
        status: of the response, not a success.
        said: the server's sentence.
        retry_after: the header, empty where there is none.
        body: of the request.
        settings: of the teacher.
    """
    passes = status in _RETRYABLE or status >= 500
    if passes and _NO_CREDIT.search(said.lower()):
        return Misunderstood(402, said, body)
    # Some servers break over what they do not know, and say so.
    if passes and (status < 500 or plainer(Dialect(), body, status, said) is None):
        wait = min(asked_to_wait(retry_after), settings.longest_wait_seconds)
        return ServerFault(f"HTTP {status} {cut(said)}".rstrip(), wait, status)
    return Misunderstood(status, said, body)


def final(
    refusal: Misunderstood, settings: HttpSettings, *, has_key: bool, has_answered: bool = False
) -> TeacherError | ReplyError | ServerFault | Unanswered:
    """Say what to set where no prompt would be answered, else give up the one.

    Args:
        refusal: of the server.
        settings: of the teacher.
        has_key: whether a key was sent.
        has_answered: whether this server has answered anything with the same key.
    """
    status, said = refusal.status, refusal.said.lower()
    told = f"the server at {settings.root} says HTTP {status} ({cut(refusal.said)})"
    if status == _FORBIDDEN and _MODERATED.search(said):
        return ReplyError("refused_by_server", f"HTTP {status}: {cut(refusal.said)}")
    if status == _FORBIDDEN and has_answered:
        # A gateway dislikes one text, and others pass; a later run asks for this one again.
        return Unanswered(told)
    if status in _KEY_TROUBLE:
        had = "the key in" if has_key else "no key, since nothing is set in"
        return TeacherError(
            f"{told}; it was given {had} the environment variable {settings.key_env}: set there "
            "a key that may use this model and has credit."
        )
    if is_about_the_model(said):
        return TeacherError(f"{told}: set model to one that it serves, not {settings.model!r}.")
    if status in (404, 405) or 300 <= status < 400:
        return TeacherError(f"{told}: set base_url to where its /chat/completions is.")
    refused = [name for name in settings.extra if name.lower() in said]
    if settings.structured != "auto" and "response_format" in said:
        refused.append(f"structured = {settings.structured}")
    if refused:
        return TeacherError(f"{told}: leave out {' and '.join(refused)}.")
    if status >= 500:
        return ServerFault(f"HTTP {status} {cut(refusal.said)}", status=status)
    return ReplyError("refused_by_server", f"HTTP {status}: {cut(refusal.said)}")


def asked_to_wait(header: str) -> float:
    """Read a Retry-After header, seconds or a date; 0 where it says nothing that can be read."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        then = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=datetime.UTC)
    return max(0.0, (then - datetime.datetime.now(datetime.UTC)).total_seconds())
