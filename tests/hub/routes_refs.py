"""Branches and tags."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.hub.errors import Refusal, no_revision
from tests.hub.repository import Tag
from tests.hub.routing import of_repository
from tests.hub.state import state_of


def ref(name: str, full: str, oid: str) -> dict[str, str]:
    return {"name": name, "ref": full, "targetCommit": oid}


async def refs(request: Request) -> Response:
    repository = state_of(request).asked(request)
    answer: dict[str, object] = {
        "branches": [ref(n, f"refs/heads/{n}", oid) for n, oid in repository.branches.items()],
        "tags": [ref(n, f"refs/tags/{n}", tag.oid) for n, tag in repository.tags.items()],
        "converts": [],
    }
    if request.query_params.get("include_prs"):
        pulls = repository.pulls.items()
        answer["pullRequests"] = [ref(n.removeprefix("refs/"), n, oid) for n, oid in pulls]
    return JSONResponse(answer)


async def create_tag(request: Request) -> Response:
    asked = await request.json()
    repository = state_of(request).to_change(request)
    oid = repository.oid(request.path_params["name_of_ref"])
    if asked["tag"] in repository.tags:
        raise Refusal(409, "Tag reference exists already")
    repository.tags[asked["tag"]] = Tag(oid, asked.get("message"))
    return JSONResponse({})


async def delete_tag(request: Request) -> Response:
    repository = state_of(request).to_change(request)
    if repository.tags.pop(request.path_params["name_of_ref"], None) is None:
        raise no_revision(request.path_params["name_of_ref"])
    return Response()


async def create_branch(request: Request) -> Response:
    asked = json.loads(await request.body() or b"{}")
    repository, name = state_of(request).to_change(request), request.path_params["name_of_ref"]
    oid = repository.oid(asked.get("startingPoint") or "main")
    if name in repository.branches:
        raise Refusal(409, "Reference already exists")
    repository.branches[name] = oid
    return JSONResponse({})


async def delete_branch(request: Request) -> Response:
    repository, name = state_of(request).to_change(request), request.path_params["name_of_ref"]
    if name == "main":
        raise Refusal(403, "The default branch cannot be deleted")
    if repository.branches.pop(name, None) is None:
        raise no_revision(name)
    return Response()


routes = [
    of_repository("/refs", refs, ["GET"]),
    of_repository("/tag/{name_of_ref:path}", create_tag, ["POST"]),
    of_repository("/tag/{name_of_ref:path}", delete_tag, ["DELETE"]),
    of_repository("/branch/{name_of_ref:path}", create_branch, ["POST"]),
    of_repository("/branch/{name_of_ref:path}", delete_branch, ["DELETE"]),
]
