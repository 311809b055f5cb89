"""What a revision holds: the tree, and the details of single paths."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.hub.describing import tree_entry
from tests.hub.errors import no_entry
from tests.hub.repository import Commit, Repository
from tests.hub.routing import of_repository
from tests.hub.state import state_of


def folder_entry(path: str) -> dict[str, object]:
    oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    return {"type": "directory", "path": path, "oid": oid, "size": 0}


def last_change(repository: Repository, commit: Commit, path: str) -> dict[str, object]:
    """The newest commit that changed a file or something in a folder."""

    def content(of: Commit) -> list[tuple[str, str]]:
        inside = path + "/"
        return [(p, f.blob_id) for p, f in of.tree.items() if p == path or p.startswith(inside)]

    while commit.parent and content(repository.commits[commit.parent]) == content(commit):
        commit = repository.commits[commit.parent]
    return {"id": commit.oid, "title": commit.title, "date": commit.date}


def shown(paths: list[str], before: str, *, recursive: bool) -> tuple[list[str], list[str]]:
    """The folders and files to list under a folder."""
    folders, files = set(), []
    for path in paths:
        parts = path[len(before) :].split("/")
        deepest = len(parts) if recursive else min(2, len(parts))
        folders.update(before + "/".join(parts[:depth]) for depth in range(1, deepest))
        if recursive or len(parts) == 1:
            files.append(path)
    return sorted(folders), files


async def tree(request: Request) -> Response:
    state = state_of(request)
    repository, query = state.asked(request), request.query_params
    commit = repository.at(request.path_params["revision"])
    folder = request.path_params.get("path", "").strip("/")
    before = folder + "/" if folder else ""
    inside = sorted(path for path in commit.tree if path.startswith(before))
    if folder and not inside:
        raise no_entry(folder)
    recursive = query.get("recursive", "").lower() == "true"
    folders, files = shown(inside, before, recursive=recursive)
    entries = [folder_entry(path) for path in folders]
    entries += [tree_entry(path, commit.tree[path], state.storage) for path in files]
    if query.get("expand", "").lower() == "true":
        for entry in entries:
            entry["lastCommit"] = last_change(repository, commit, str(entry["path"]))
    return JSONResponse(entries)


async def paths_info(request: Request) -> Response:
    state = state_of(request)
    repository = state.asked(request)
    commit = repository.at(request.path_params["revision"])
    form = await request.form()
    entries = []
    for path in map(str, form.getlist("paths")):
        if path in commit.tree:
            entries.append(tree_entry(path, commit.tree[path], state.storage))
        elif any(name.startswith(path.rstrip("/") + "/") for name in commit.tree):
            entries.append(folder_entry(path))
    if str(form.get("expand", "")).lower() == "true":
        for entry in entries:
            entry["lastCommit"] = last_change(repository, commit, str(entry["path"]))
    return JSONResponse(entries)


routes = [
    of_repository("/tree/{revision:revision}", tree, ["GET"]),
    of_repository("/tree/{revision:revision}/{path:path}", tree, ["GET"]),
    of_repository("/paths-info/{revision:revision}", paths_info, ["POST"]),
]
