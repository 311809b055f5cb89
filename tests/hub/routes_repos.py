"""Make, list, describe, change, move and delete repositories."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.describing import repository_info
from tests.hub.errors import Refusal
from tests.hub.repository import Repository
from tests.hub.routing import of_repository
from tests.hub.state import KINDS, address, state_of


async def create(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    kind = asked.get("type") or "model"
    token = state.accounts.writer(request, asked.get("organization"))
    repository = Repository(
        kind,
        f"{asked.get('organization') or token.user}/{asked['name']}",
        private=bool(asked.get("private")) or asked.get("visibility") == "private",
        sdk=asked.get("sdk"),
    )
    url = address(request) + repository.page
    if (kind, repository.id) in state.repositories:
        raise Refusal(409, f"You already created this {kind} repo", body={"url": url})
    if kind == "space" and not repository.sdk:
        raise Refusal(400, '"sdk" is required')
    state.create(repository, token.user)
    return JSONResponse({"url": url, "name": repository.id, "id": repository.id})


async def delete(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    kind = asked.get("type") or "model"
    token = state.accounts.writer(request, asked.get("organization"))
    repo_id = f"{asked.get('organization') or token.user}/{asked['name']}"
    repository = state.find(request, kind, repo_id)
    del state.repositories[kind, repository.id]
    return Response()


async def move(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    kind, old, new = asked.get("type") or "model", asked["fromRepo"], asked["toRepo"]
    for repo_id in (old, new):
        state.accounts.writer(request, repo_id.split("/")[0])
    repository = state.find(request, kind, old)
    if (kind, new) in state.repositories:
        raise Refusal(409, f"{new} exists already")
    del state.repositories[kind, old]
    repository.id = new
    state.repositories[kind, new] = repository
    return JSONResponse({"url": address(request) + repository.page})


async def settings(request: Request) -> Response:
    repository, asked = state_of(request).to_change(request), await request.json()
    repository.private = asked.get("private", repository.private)
    if "visibility" in asked:
        repository.private = asked["visibility"] == "private"
    if "gated" in asked:
        repository.gated = asked["gated"] or None
    return JSONResponse({"private": repository.private, "gated": repository.gated or False})


async def describe(request: Request) -> Response:
    state = state_of(request)
    repository = state.asked(request)
    commit = repository.at(request.path_params.get("revision", "main"))
    blobs = request.query_params.get("blobs", "").lower() in ("true", "1")
    return JSONResponse(repository_info(repository, commit, state.storage, blobs=blobs))


async def listing(request: Request) -> Response:
    state, query = state_of(request), request.query_params
    kind = KINDS[request.path_params["kind"]]
    author, words = query.get("author"), query.get("search", "").lower()
    return JSONResponse(
        [
            repository_info(repository, repository.at(), state.storage)
            for (its_kind, repo_id), repository in state.repositories.items()
            if its_kind == kind
            and author in (None, repository.namespace)
            and words in repo_id.lower()
            and state.sees(request, repository)
        ]
    )


routes = [
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/repos/delete", delete, methods=["DELETE"]),
    Route("/api/repos/move", move, methods=["POST"]),
    Route("/api/{kind:kind}", listing, methods=["GET"]),
    of_repository("", describe, ["GET"]),
    of_repository("/revision/{revision:revision}", describe, ["GET"]),
    of_repository("/settings", settings, ["PUT"]),
]
