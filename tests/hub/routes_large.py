"""Large files on their way in: LFS as it was, and the tokens of Xet."""

from __future__ import annotations

import hashlib
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.errors import Refusal
from tests.hub.routing import of_page, of_repository
from tests.hub.state import address, state_of

TOKEN_SECONDS = 3600


async def batch(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    state.accounts.writer(request, None)
    state.asked(request)
    objects = []
    for wanted in asked["objects"]:
        answer = {"oid": wanted["oid"], "size": wanted["size"], "authenticated": True}
        if state.storage.size(wanted["oid"]) is None:
            href = f"{address(request)}/_lfs/{wanted['oid']}"
            answer["actions"] = {"upload": {"href": href, "header": {}}}
        objects.append(answer)
    return JSONResponse(
        {"transfer": "basic", "objects": objects}, media_type="application/vnd.git-lfs+json"
    )


async def put(request: Request) -> Response:
    body = await request.body()
    if hashlib.sha256(body).hexdigest() != request.path_params["sha256"]:
        raise Refusal(400, "The content has another sha256")
    state_of(request).storage.put(body)
    return Response()


def xet_token(request: Request) -> Response:
    url = state_of(request).storage.xet.url
    expires = int(time.time()) + TOKEN_SECONDS
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": "xet",
        "X-Xet-Token-Expiration": str(expires),
    }
    return JSONResponse({"accessToken": "xet", "exp": expires, "casUrl": url}, headers=headers)


async def xet_write(request: Request) -> Response:
    state_of(request).to_upload(request)
    return xet_token(request)


async def xet_read(request: Request) -> Response:
    state_of(request).to_download(request)
    return xet_token(request)


routes = [
    *of_page(".git/info/lfs/objects/batch", batch, ["POST"]),
    Route("/_lfs/{sha256}", put, methods=["PUT"]),
    of_repository("/xet-write-token/{revision:revision}", xet_write, ["GET"]),
    of_repository("/xet-read-token/{revision:revision}", xet_read, ["GET"]),
]
