"""What the Hub answers when it refuses: a status, a code that the client reads, and a sentence."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse


class Refusal(Exception):  # noqa: N818 - an answer of the server, not a fault in it
    """Ends a request; the client tells causes apart by `X-Error-Code`, not by the status."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        body: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.body = body or {}
        self.headers = headers or {}


async def answer_refusal(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    headers = {**refusal.headers, "X-Error-Message": refusal.message}
    if refusal.code:
        headers["X-Error-Code"] = refusal.code
    return JSONResponse({"error": refusal.message, **refusal.body}, refusal.status, headers)


def no_repository(*, anonymous: bool) -> Refusal:
    """The same for a repository that is missing and one that is hidden, as on the real Hub."""
    if anonymous:
        return Refusal(401, "Invalid username or password.", "RepoNotFound")
    return Refusal(404, "Repository not found", "RepoNotFound")


def no_revision(revision: str) -> Refusal:
    return Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def no_entry(path: str, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(404, f"{path} does not exist", "EntryNotFound", headers=headers)
