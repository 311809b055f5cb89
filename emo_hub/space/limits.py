"""What one visitor may ask of the server: how large a request is, and how many come in a minute."""

from __future__ import annotations

import time
from collections import OrderedDict

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_BODY_BYTES = 1536 * 1024
MAX_PER_MINUTE = 240

_KNOWN = 4096  # addresses that are remembered; the one not seen for longest is forgotten


class BodyLimit:
    """Refuse a request whose body is larger than any question on this page could be.

    A body without a declared length is refused as well: browsers and gradio's clients declare it.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 411 or 413 without reading its body."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers:
            return PlainTextResponse("Say how long the body is.", status_code=411)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.max_bytes:
            limit = f"A request may have {self.max_bytes:,} bytes."
            return PlainTextResponse(limit, status_code=413)
        return None


class RateLimit:
    """Let each address post so many times a minute, in bursts of up to a minute's worth.

    Behind a proxy the address is the last that it names. That keeps a busy script from crowding
    others out; whoever wants to get around it can, and then meets the queue.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self.app = app
        self.per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429."""
        if scope["type"] == "http" and scope["method"] == "POST" and not self._take(scope):
            answer = PlainTextResponse(
                f"At most {self.per_minute} requests a minute: wait a moment.",
                status_code=429,
                headers={"Retry-After": "5"},
            )
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _take(self, scope: Scope) -> bool:
        address, now = _address(scope), time.monotonic()
        left, since = self._left.pop(address, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
        self._left[address] = (max(left - 1, 0.0), now)
        while len(self._left) > _KNOWN:
            self._left.popitem(last=False)
        return left >= 1


def _address(scope: Scope) -> str:
    forwarded: bytes = dict(scope["headers"]).get(b"x-forwarded-for", b"")
    last = forwarded.rsplit(b",", 1)[-1].strip().decode("latin-1")
    client = scope.get("client")
    return last or (client[0] if client else "")
