"""Collections: a named list of repositories."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.errors import Refusal
from tests.hub.repository import moment
from tests.hub.state import state_of

ONE = "/api/collections/{namespace}/{name}"


async def create(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    state.accounts.writer(request, asked["namespace"])
    words = re.sub(r"[^a-z0-9]+", "-", asked["title"].lower()).strip("-")
    slug = f"{asked['namespace']}/{words}-{len(words):024x}"
    if slug in state.collections:
        raise Refusal(409, "This collection exists already", body={"slug": slug})
    state.collections[slug] = {
        "slug": slug,
        "title": asked["title"],
        "description": asked.get("description"),
        "owner": {"name": asked["namespace"]},
        "items": [],
        "lastUpdated": moment(),
        "position": 0,
        "private": asked.get("private", False),
        "theme": "green",
        "upvotes": 0,
    }
    return JSONResponse(state.collections[slug])


def wanted(request: Request) -> dict[str, object]:
    slug = f"{request.path_params['namespace']}/{request.path_params['name']}"
    collection = state_of(request).collections.get(slug)
    if collection is None:
        raise Refusal(404, "Collection not found")
    return collection


async def look(request: Request) -> Response:
    return JSONResponse(wanted(request))


async def add(request: Request) -> Response:
    asked, collection = await request.json(), wanted(request)
    state_of(request).accounts.writer(request, request.path_params["namespace"])
    items = collection["items"]
    assert isinstance(items, list)
    item = asked["item"]
    if any((held["id"], held["type"]) == (item["id"], item["type"]) for held in items):
        raise Refusal(409, "This item is in the collection already")
    note = {"text": asked["note"]} if asked.get("note") else None
    place = {"_id": f"{len(items):024x}", "position": len(items), "note": note}
    items.append({**item, **place})
    return JSONResponse(collection)


async def delete(request: Request) -> Response:
    collection = wanted(request)
    state_of(request).accounts.writer(request, request.path_params["namespace"])
    del state_of(request).collections[str(collection["slug"])]
    return Response()


routes = [
    Route("/api/collections", create, methods=["POST"]),
    Route(ONE, look, methods=["GET"]),
    Route(ONE, delete, methods=["DELETE"]),
    Route(f"{ONE}/items", add, methods=["POST"]),
]
