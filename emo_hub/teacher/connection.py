"""The one place that holds the key and touches the network."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from emo_hub.errors import TeacherError
from emo_hub.teacher.completion import ServerFault
from emo_hub.teacher.wire import HttpSettings

_CONNECT_SECONDS = 10.0
# Shorter than the five seconds after which uvicorn, and so vLLM, hangs up on an idle connection.
_KEEP_ALIVE_SECONDS = 4.0
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, with the key cut out of none of it yet."""

    status: int
    content: bytes
    retry_after: str
    location: str
    seconds: float

    @property
    def is_success(self) -> bool:
        """Say whether the server did what it was asked."""
        return 200 <= self.status < 300


class Connection:
    """Connections to one server, safe for threads.

    Args:
        settings: which server; the key is read from the environment now.

    Raises:
        TeacherError: the key cannot stand in a header.
    """

    def __init__(self, settings: HttpSettings) -> None:
        key = os.environ.get(settings.key_env, "").strip()
        if any(not "!" <= letter <= "~" for letter in key):
            raise TeacherError(
                f"the environment variable {settings.key_env} holds a character that no key can "
                "have: set it again."
            )
        self._key = key
        self._timeout_seconds = settings.timeout_seconds
        self._client = _client(settings, key)

    @property
    def has_key(self) -> bool:
        """Say whether a key is sent."""
        return bool(self._key)

    def post(self, path: str, body: Mapping[str, Any]) -> Response:
        """Send a body and read the whole answer.

        Raises:
            ServerFault: no whole answer came, or none in time.
        """
        # ASCII, so that half a surrogate pair in somebody's text is no fault of ours.
        return self._exchange("POST", path, json.dumps(body).encode("ascii"))

    def get(self, path: str) -> Response:
        """Read what stands under a path.

        Raises:
            ServerFault: no whole answer came, or none in time.
        """
        return self._exchange("GET", path, None)

    def _exchange(self, method: str, path: str, content: bytes | None) -> Response:
        began, limit = time.monotonic(), self._timeout_seconds
        parts: list[bytes] = []
        try:
            with self._client.stream(method, path, content=content) as response:
                for part in response.iter_bytes():
                    parts.append(part)
                    # httpx counts from byte to byte; a server that drips would hold on for ever.
                    if time.monotonic() - began > limit:
                        raise ServerFault(f"no whole answer within {limit:g} seconds")
        except httpx.TimeoutException as error:
            raise ServerFault(f"no answer within {limit:g} seconds") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ServerFault(f"no connection, or a broken one ({type(error).__name__})") from error
        headers = response.headers
        return Response(
            response.status_code,
            b"".join(parts),
            headers.get("retry-after", ""),
            headers.get("location", ""),
            time.monotonic() - began,
        )

    def redacted(self, text: str) -> str:
        """Cut the key out of what a server sent."""
        if len(self._key) < _SHORTEST_SECRET:
            return text
        escaped = json.dumps(self._key)[1:-1].replace("/", "\\/")
        return text.replace(self._key, "[key]").replace(escaped, "[key]")

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _client(settings: HttpSettings, key: str) -> httpx.Client:
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    most, timeout = settings.most_at_once, settings.timeout_seconds
    return httpx.Client(
        base_url=settings.root,
        headers=headers,
        timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
        limits=httpx.Limits(
            max_connections=most,
            max_keepalive_connections=most,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
        ),
        # No company proxy stands between this machine and itself.
        trust_env=not settings.is_here,
    )
