"""What is said to an OpenAI-compatible chat server, and in which dialect; no network here.

Servers differ in what they understand: structured output, a system message, the name of the
length limit, sampling settings. A `Dialect` is what one of them does; `plainer` finds the next
thing to leave out when it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from emo_hub.errors import SettingsError
from emo_hub.teacher.prompt import Prompt

_OURS = frozenset({"model", "messages", "response_format", "stream", "n"})
_SAMPLING = ("temperature", "top_p", "repetition_penalty", "seed")
_PARTS = re.compile(rf"response_format|json_schema|max_(completion_)?tokens|{'|'.join(_SAMPLING)}")
Form = Literal["schema", "object", "off"]
_FORMS = ("auto", "schema", "object", "off")
_STRUCTURE = re.compile(
    r"response_format|json_schema|json_object|json mode|guided|grammar|structured|"
    r"unsupported|not support"
)
# Keywords of JSON Schema whose fields are names and no keywords, and those that are left out.
_NAMED = frozenset({"properties", "$defs", "definitions"})
_UNHEARD = frozenset({"default", "minLength", "maxLength", "uniqueItems"})
_ROLES = re.compile(
    r"system (role|message|prompt)s?\b|roles? must alternate|only user|"
    r"(role|system)\b.{0,40}support"
)
_CONTEXT = re.compile(
    r"context (length|size|window)|too large|too many tokens|maximum.{0,20}length"
)
_NO_SUCH_MODEL = re.compile(
    r"model.{0,100}(not found|not exist|doesn't exist|no such|not supported)|model_not_found|"
    r"(unknown|invalid|no such) model|not a valid model|pinned to"
)
FILTER_WORDS = r"content.?(filter|management|policy)|safety"
_FILTER = re.compile(FILTER_WORDS)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Which server, which model, and how to ask.

    Args:
        base_url: of the server, as its own documentation gives it. Without a path, `/v1` is
            added; a path that is there is kept, and a pasted `/chat/completions` is cut off.
        model: as the server names it.
        key_env: environment variable with the key; where it is not set, none is sent.
        temperature: at least 0; 0 is greedy decoding, where all samples of a prompt are equal.
        top_p: in (0, 1]; None leaves it to the server.
        repetition_penalty: greater than 0; None leaves it to the server.
        seed: a prompt's sample number is added to it; None leaves it to the server.
        timeout_seconds: for one request, from the first byte sent to the last one read.
        most_at_once: requests under way at the same time, at least 1; the teacher starts with
            few and finds out how many of these the server bears.
        attempts: to get one prompt answered, at least 1.
        first_wait_seconds: after the first fault of a request; later waits double.
        longest_wait_seconds: of all waits, those that a server asks for included.
        patience_seconds: for how long a server that answers nobody is waited for.
        structured: JSON Schema or just JSON as the answer's form. `auto` asks for the most that
            the server understands; the others insist.
        merge_system: put the system message into the first user message from the start; where a
            server says that it has no system role, this happens by itself.
        extra: further values of the request's body, such as `{"top_k": 20}`.

    Raises:
        SettingsError: a value is out of its range.
    """

    base_url: str
    model: str
    key_env: str = "EMO_HUB_API_KEY"
    temperature: float = 0.0
    top_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    timeout_seconds: float = 300.0
    most_at_once: int = 32
    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    patience_seconds: float = 900.0
    structured: Literal["auto", "schema", "object", "off"] = "auto"
    merge_system: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        waits = (self.timeout_seconds, self.first_wait_seconds, self.longest_wait_seconds)
        taken = ", ".join(sorted(_OURS & set(self.extra)))
        wanted = {
            "base_url has to be http://... or https://...": parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and _has_port(self.base_url),
            "base_url may not hold a user, a password or a query; a key goes into the "
            f"environment variable {self.key_env}": not (parts.username or parts.query),
            "model has to be named (--model)": bool(self.model),
            "temperature has to be 0 or more": self.temperature >= 0,
            "most_at_once has to be 1 or more": self.most_at_once >= 1,
            "attempts has to be 1 or more": self.attempts >= 1,
            "timeouts, waits and patience have to be more than 0 seconds": min(
                *waits, self.patience_seconds
            )
            > 0,
            "structured has to be auto, schema, object or off": self.structured in _FORMS,
            f"extra may not hold {taken}": not taken,
        }
        for sentence, is_so in wanted.items():
            if not is_so:
                raise SettingsError(f"teacher: {sentence}.")

    @property
    def root(self) -> str:
        """Give the URL that `/chat/completions` and `/models` are appended to."""
        root = self.base_url.rstrip("/").removesuffix("/chat/completions").rstrip("/")
        return root if urlsplit(root).path else f"{root}/v1"

    @property
    def is_here(self) -> bool:
        """Say whether the server runs on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def _has_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server understands of a request.

    Args:
        structured: the form of `response_format` that it takes.
        merge_system: it has no system role.
        limit: the name under which it takes the longest answer; empty where it takes none.
        unsaid: sampling settings that it refuses to hear about.
    """

    structured: Form = "schema"
    merge_system: bool = False
    limit: Literal["max_tokens", "max_completion_tokens", ""] = "max_tokens"
    unsaid: frozenset[str] = frozenset()


def request_body(prompt: Prompt, settings: HttpSettings, dialect: Dialect) -> dict[str, Any]:
    """Write a prompt as the body of a chat request, in the server's dialect."""
    messages = merged(prompt.messages) if dialect.merge_system else prompt.messages
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": [{"role": role, "content": content} for role, content in messages],
    }
    seed = None if settings.seed is None else settings.seed + prompt.sample
    values = (settings.temperature, settings.top_p, settings.repetition_penalty, seed)
    body |= {
        name: value
        for name, value in zip(_SAMPLING, values, strict=True)
        if value is not None and name not in dialect.unsaid
    }
    if dialect.limit:
        body[dialect.limit] = prompt.max_tokens
    if prompt.schema is not None and dialect.structured == "schema":
        schema = {"name": prompt.stage, "strict": True, "schema": closed(prompt.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif prompt.schema is not None and dialect.structured == "object":
        body["response_format"] = {"type": "json_object"}
    return body | dict(settings.extra)


def closed(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Write a JSON Schema as strict servers take it: objects closed, all their fields required.

    What they refuse to hear of (defaults, lengths of texts) is left out: whoever reads the reply
    checks it all the same.
    """
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {
        name: {field: closed(part) for field, part in value.items()}
        if name in _NAMED and isinstance(value, Mapping)
        else closed(value)
        for name, value in schema.items()
        if name not in _UNHEARD
    }
    if isinstance(fields := kept.get("properties"), dict):
        kept |= {"required": list(fields), "additionalProperties": False}
    return kept


def is_about_the_model(said: str) -> bool:
    """Say whether a server's sentence, in small letters, tells that it has no such model."""
    return _NO_SUCH_MODEL.search(said) is not None and _PARTS.search(said) is None


def merged(messages: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Put what the system says before what the user says first."""
    system = [content for role, content in messages if role == "system"]
    rest = [(role, content) for role, content in messages if role != "system"]
    if system and rest and rest[0][0] == "user":
        return (("user", "\n\n".join([*system, rest[0][1]])), *rest[1:])
    return (("user", "\n\n".join(system)), *rest) if system else messages


def plainer(dialect: Dialect, body: Mapping[str, Any], status: int, said: str) -> Dialect | None:
    """Find what to leave out of a request that was refused, None where nothing is left.

    Args:
        dialect: in which it was put.
        body: that was refused.
        status: of the HTTP response.
        said: the server's sentence about it.
    """
    said = said.lower()
    if _FILTER.search(said) or is_about_the_model(said):
        return None
    has_system = any(message["role"] == "system" for message in body["messages"])
    if has_system and _ROLES.search(said):
        return replace(dialect, merge_system=True)
    if _CONTEXT.search(said):
        return replace(dialect, limit="") if dialect.limit else None
    if dialect.limit and re.search(r"max_(completion_)?tokens", said):
        return replace(
            dialect, limit="max_completion_tokens" if dialect.limit == "max_tokens" else ""
        )
    for name in _SAMPLING:
        sent = name in body and name not in dialect.unsaid
        if sent and re.search(rf"\b{name}\b", said):
            return replace(dialect, unsaid=dialect.unsaid | {name})
    if "response_format" in body and (status in (400, 422) or _STRUCTURE.search(said)):
        form = body["response_format"]["type"]
        return replace(dialect, structured="object" if form == "json_schema" else "off")
    if has_system and status in (400, 422):
        return replace(dialect, merge_system=True)
    return None
