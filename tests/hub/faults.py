"""What goes wrong on demand: refusals, cut connections, lost answers, a moment for somebody else.

A fault waits for requests whose `METHOD /path` matches its pattern, happens so many times, and is
used up. All requests are noted with what became of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Happening = Literal["answer", "cut upload", "cut download", "lose answer", "first"]


@dataclass
class Fault:
    """One thing that will happen to `times` requests."""

    pattern: str
    happening: Happening
    times: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    after_bytes: int = 0
    action: Callable[[], object] | None = None


@dataclass(frozen=True)
class Seen:
    """A request and the status of its answer; 0 where the connection was cut."""

    request: str
    status: int


@dataclass
class Faults:
    """The faults that wait, and the requests that came."""

    waiting: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def answer(
        self, status: int, on: str, *, times: int = 1, retry_after: int | None = None
    ) -> None:
        """Refuse with a status; the request changes nothing."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.waiting.append(Fault(on, "answer", times, status, headers))

    def cut_upload(self, on: str, *, times: int = 1, after_bytes: int = 1) -> None:
        """Close the connection when so much of the request's body has come."""
        self.waiting.append(Fault(on, "cut upload", times, after_bytes=after_bytes))

    def cut_download(self, on: str, *, times: int = 1, after_bytes: int = 1) -> None:
        """Close the connection when so much of the answer's body has gone out."""
        self.waiting.append(Fault(on, "cut download", times, after_bytes=after_bytes))

    def lose_answer(self, on: str, *, times: int = 1) -> None:
        """Do what was asked, and close the connection before the answer."""
        self.waiting.append(Fault(on, "lose answer", times))

    def first(self, on: str, action: Callable[[], object]) -> None:
        """Let something else happen just before the request is served."""
        self.waiting.append(Fault(on, "first", action=action))

    def take(self, request: str) -> Fault | None:
        for fault in self.waiting:
            if re.search(fault.pattern, request):
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def count(self, pattern: str, status: int | None = None) -> int:
        """How many requests came that match, and were answered so."""
        return sum(
            bool(re.search(pattern, seen.request)) and status in (None, seen.status)
            for seen in self.seen
        )


class Cut(Exception):  # noqa: N818 - what happens, not what is wrong
    """The connection is to be closed now."""


class FaultyApp:
    """Wraps the Hub so that its faults happen to requests on their way."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = f"{scope['method']} {scope['path']}"
        fault = self._faults.take(request)
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._serve(fault, scope, receive, watch)
        except Cut:
            status = 0
            await hang_up(receive)
        finally:
            self._faults.seen.append(Seen(request, status))

    async def _serve(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        happening = fault.happening if fault else None
        if fault and happening == "answer":
            await whole_body(receive)
            refusal = JSONResponse({"error": "Internal Error"}, fault.status, fault.headers)
            await refusal(scope, receive, send)
        elif fault and happening == "cut upload":
            await whole_body(receive, at_most=fault.after_bytes)
            raise Cut
        elif fault and happening == "cut download":
            await self._app(scope, receive, cutting(send, fault.after_bytes))
        elif fault and happening == "lose answer":
            await self._app(scope, receive, swallow)
            raise Cut
        else:
            if fault and fault.action:
                fault.action()
            await self._app(scope, receive, send)


async def swallow(_: Message) -> None:
    """An answer that nobody gets."""


async def whole_body(receive: Receive, at_most: float = float("inf")) -> None:
    size, more = 0, True
    while more and size < at_most:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)


def cutting(send: Send, after_bytes: int) -> Send:
    left = after_bytes

    async def part(message: Message) -> None:
        nonlocal left
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message.get("body", b"")[:left]
        left -= len(body)
        await send({**message, "body": body, "more_body": True})
        if left <= 0:
            raise Cut

    return part


async def hang_up(receive: Receive) -> None:
    # ASGI has no word for it: uvicorn's `receive` is a method of the object with the transport.
    receive.__self__.transport.close()  # type: ignore[attr-defined]
    while (await receive())["type"] != "http.disconnect":
        pass
