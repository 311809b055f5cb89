"""A real HTTP server on loopback that speaks the chat protocol, and goes wrong on demand.

What happens to a request is said by its fault, a word of `FAULTS`: a script of them is used up in
order, and a callable decides where the script has ended. Limits of what the server understands
(`refuses`) come first, as they do in real ones.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Faults that pass: asked again, the server may answer.
PASSING = (
    "429", "429-wait", "500", "503", "stall", "truncated", "reset", "no-completion", "html", "drip",
)  # fmt: skip
# Faults of the answer: the server thinks that all is well.
ANSWERS = (
    "wrong-schema", "prose", "fenced", "language", "refusal-text", "refusal-field", "length",
    "filtered", "empty", "echo", "thoughts",
)  # fmt: skip
FAULTS = (
    "ok",
    *PASSING,
    *ANSWERS,
    "401",
    "401-echo",
    "403",
    "403-moderated",
    "404",
    "no-model",
    "400",
)

SENTENCES = {
    "401": (401, "Incorrect API key provided."),
    "403": (403, "Forbidden"),
    "403-moderated": (403, "This model requires moderation and your input was flagged."),
    "404": (404, "Not Found"),
    "no-model": (404, "The model `nobody` does not exist."),
    "400": (400, "The request does not please us."),
    "429": (429, "Too many requests."),
    "429-wait": (429, "Too many requests."),
    "500": (500, "Internal Server Error"),
    "503": (503, "Service Unavailable"),
}


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it; noted before the answer goes out."""

    body: dict
    headers: dict
    fault: str
    came: float
    at_once: int


def complete(text: str | None, finish: str = "stop", **message: object) -> dict:
    """A chat completion as the servers of the field write it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "tests/faulty",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }


@dataclass
class FaultyServer:
    """Use it as a context manager; `url` ends in /v1.

    Args:
        answer: makes the text of a good answer of the request's body.
        script: faults of the first requests, in order.
        then: gives the fault of every request after those; `storm` and `mix` make such callables.
        refuses: parts of a request that it does not understand: `response_format`,
            `json_schema` (takes plain JSON), `silently-schema` (says only 400), `system`,
            `max_tokens`, `temperature`.
        models: that `/models` lists; None where there is no such path.
        stall_seconds: how long a stalled request hangs.
        seconds: that an answer takes, as a function of how many are under way.
        retry_after: header of `429-wait`.
        key: that is wanted; any where it is None.
        context: tokens that fit; a longer `max_tokens` is refused.
    """

    answer: Callable[[dict], str] = lambda body: '{"ok": true}'
    script: Iterable[str] = ()
    then: Callable[[dict], str] = lambda body: "ok"
    refuses: frozenset[str] = frozenset()
    models: tuple[str, ...] | None = ("tests/faulty",)
    stall_seconds: float = 1.0
    seconds: Callable[[int], float] = lambda at_once: 0.0
    retry_after: str = "1"
    key: str | None = None
    context: int | None = None
    requests: list[Seen] = field(default_factory=list, init=False)
    most_at_once: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._script = iter(self.script)
        self._under_way = 0
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> FaultyServer:
        outer = self

        class Handler(_Handler):
            server_of = outer

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A client that hung up is no news."""

        self._http = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def begin(self, body: dict) -> tuple[str, int]:
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            return next(self._script, None) or self.then(body), self._under_way

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.requests.append(seen)

    def end(self) -> None:
        with self._lock:
            self._under_way -= 1

    def faults(self) -> list[str]:
        with self._lock:
            return [seen.fault for seen in self.requests]

    def misunderstands(self, body: dict) -> str | None:
        form = body.get("response_format", {}).get("type")
        roles = {message["role"] for message in body["messages"]}
        if "response_format" in self.refuses and form:
            return "response_format is not supported by this backend"
        if "json_schema" in self.refuses and form == "json_schema":
            return "json_schema: unsupported type of response_format"
        if "silently-schema" in self.refuses and form == "json_schema":
            return "Bad Request"
        if "system" in self.refuses and "system" in roles:
            return "Conversation roles must alternate user/assistant/user/assistant/..."
        if self.context is not None and body.get("max_tokens", 0) > self.context:
            return f"This model's maximum context length is {self.context} tokens."
        for name in ("max_tokens", "temperature"):
            if name in self.refuses and name in body:
                return f"Unsupported parameter: '{name}' is not supported with this model."
        return None


def storm(seconds: float, fault: str = "429") -> Callable[[dict], str]:
    """From the first request on, the same fault for so long; then all is well."""
    began: list[float] = []

    def then(body: dict) -> str:
        began.append(time.monotonic())
        return fault if began[-1] - began[0] < seconds else "ok"

    return then


def mix(faults: Iterable[str], share: float, seed: int = 0) -> Callable[[dict], str]:
    """This share of all requests meets one of the faults."""
    dice, faults = random.Random(seed), tuple(faults)
    return lambda body: dice.choice(faults) if dice.random() < share else "ok"


class _Handler(BaseHTTPRequestHandler):
    server_of: FaultyServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """The tests look at `requests`."""

    def do_GET(self) -> None:
        server = self.server_of
        if self.is_stranger():
            self.send(401, {"error": {"message": f"wrong key {self.headers['authorization']}"}})
        elif self.path != "/v1/models" or server.models is None:
            self.send(404, {"detail": "Not Found"})
        else:
            self.send(200, {"object": "list", "data": [{"id": name} for name in server.models]})

    def is_stranger(self) -> bool:
        key = self.server_of.key
        return key is not None and self.headers.get("authorization") != f"Bearer {key}"

    def do_POST(self) -> None:
        server, came = self.server_of, time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        fault, at_once = server.begin(body)
        if self.path != "/v1/chat/completions":
            fault = "404"
        elif self.is_stranger():
            fault = "401-echo"
        said = server.misunderstands(body)
        if said:
            fault = "misunderstood"
        headers = {name.lower(): text for name, text in self.headers.items()}
        server.note(Seen(body, headers, fault, came, at_once))
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                if said:
                    self.send(400, {"error": {"message": said}})
                else:
                    self.happen(fault, body, at_once)
        finally:
            server.end()

    def happen(self, fault: str, body: dict, at_once: int) -> None:
        server = self.server_of
        if fault in SENTENCES:
            status, sentence = SENTENCES[fault]
            headers = {"Retry-After": server.retry_after} if fault == "429-wait" else {}
            self.send(status, {"error": {"message": sentence}}, headers)
        elif fault == "401-echo":
            self.send(401, {"error": {"message": f"no: {self.headers['authorization']}"}})
        elif fault in PASSING:
            self.break_off(fault, server.answer(body))
        else:
            server.wait(server.seconds(at_once))
            self.send(200, self.answered(fault, server.answer(body)))

    def break_off(self, fault: str, text: str) -> None:
        whole = json.dumps(complete(text)).encode()
        if fault == "stall":
            self.server_of.wait(self.server_of.stall_seconds)
            self.close_connection = True
        elif fault == "truncated":
            self.send_raw(200, whole[: len(whole) // 2])
        elif fault == "reset":
            # With a linger of zero seconds, close() sends RST in place of FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
        elif fault == "no-completion":
            self.send(200, {"error": {"message": "upstream is tired", "code": 502}})
        elif fault == "html":
            self.send_raw(200, b"<html><body>Welcome</body></html>")
        elif fault == "drip":
            self.drip(whole)

    def drip(self, whole: bytes) -> None:
        """A byte now and then, so that no wait for a single byte is ever long."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-length", str(len(whole)))
        self.end_headers()
        step = 20 * self.server_of.stall_seconds / len(whole)
        for byte in whole:
            self.server_of.wait(step)
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def answered(self, fault: str, text: str) -> dict:
        completions = {
            "wrong-schema": complete('{"something": "else"}'),
            "prose": complete(f"Sure, here you go:\n{text}\nI hope that this helps."),
            "fenced": complete(f"```json\n{text}\n```"),
            "language": complete("Ich kann dazu leider nur auf Deutsch etwas sagen."),
            "refusal-text": complete("I'm sorry, but I can't help with that."),
            "refusal-field": complete(None, refusal="I will not write this."),
            "length": complete(text[: len(text) // 2], "length"),
            "filtered": complete("", "content_filter"),
            "empty": complete(""),
            "echo": complete(f"My headers are: {self.headers.get('authorization')}"),
            "thoughts": complete(f"<think>\nLet me see. {{no}}\n</think>\n\n{text}"),
        }
        return completions.get(fault) or complete(text)

    def send(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self.send_raw(status, json.dumps(value).encode(), headers)

    def send_raw(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
