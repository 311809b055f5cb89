"""Downloads: regular files from the page, large ones by a redirect to another address.

The client reads the headers of the first answer that leaves its host, and sends no token there.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.hub.errors import Refusal, no_entry
from tests.hub.routing import of_page
from tests.hub.state import address, state_of

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def span(asked: str, size: int) -> tuple[int, int]:
    """First and last byte of a range.

    Raises:
        Refusal: it lies outside the file.
    """
    found = RANGE.fullmatch(asked)
    first, last = found.groups() if found else ("", "")
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    else:
        start, end = max(0, size - int(last or 0)), size - 1
    if start >= size or end < start:
        raise Refusal(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, end


def send(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    headers = {**headers, "Accept-Ranges": "bytes"}
    asked, status = request.headers.get("range"), 200
    if asked:
        start, end = span(asked, len(content))
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        content, status = content[start : end + 1], 206
    headers["Content-Length"] = str(len(content))
    body = b"" if request.method == "HEAD" else content
    return Response(body, status, headers, media_type="application/octet-stream")


async def resolve(request: Request) -> Response:
    state = state_of(request)
    repository = state.to_download(request)
    commit, path = repository.at(request.path_params["revision"]), request.path_params["path"]
    headers = {"X-Repo-Commit": commit.oid}
    if path not in commit.tree:
        raise no_entry(path, headers)
    file = commit.tree[path]
    headers["ETag"] = f'"{file.etag}"'
    if not file.large:
        return send(request, state.storage.read(file.sha256), headers)
    headers["X-Linked-Size"] = str(file.size)
    headers["X-Linked-ETag"] = headers["ETag"]
    found = state.storage.xet.find(file.sha256)
    if found:
        kind = f"{repository.kind}s"
        route = f"/api/{kind}/{repository.id}/xet-read-token/{commit.oid}"
        headers["X-Xet-Hash"] = found.xet_hash
        headers["X-Xet-Refresh-Route"] = address(request) + route
    return RedirectResponse(f"{state.content_url}/_content/{file.sha256}", 302, headers)


async def content(request: Request) -> Response:
    sha256 = request.path_params["sha256"]
    return send(request, state_of(request).storage.read(sha256), {"ETag": f'"{sha256}"'})


routes = [
    Route("/_content/{sha256}", content, methods=["GET", "HEAD"]),
    *of_page("/resolve/{revision:revision}/{path:path}", resolve, ["GET", "HEAD"]),
]
