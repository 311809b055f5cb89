"""How files come in: what is large, the commit itself, and the history."""

from __future__ import annotations

import base64
from fnmatch import fnmatch

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.hub.describing import commit_info
from tests.hub.errors import Refusal
from tests.hub.payload import LARGEST_REGULAR, apply, read_payload
from tests.hub.repository import Repository, Tree
from tests.hub.routing import of_repository
from tests.hub.state import State, address, state_of


def large_patterns(tree: Tree, state: State) -> list[str]:
    """The patterns that the repository's own `.gitattributes` gives to LFS."""
    if ".gitattributes" not in tree:
        return []
    lines = state.storage.read(tree[".gitattributes"].sha256).decode().splitlines()
    return [line.split()[0] for line in lines if "filter=lfs" in line]


def is_large(file: dict[str, object], patterns: list[str]) -> bool:
    path, name = str(file["path"]), str(file["path"]).rsplit("/", 1)[-1]
    by_name = any(fnmatch(path, pattern) or fnmatch(name, pattern) for pattern in patterns)
    binary = b"\0" in base64.b64decode(str(file.get("sample", "")))
    return by_name or binary or int(str(file["size"])) > LARGEST_REGULAR


def is_ignored(path: str, ignored: list[str]) -> bool:
    parts = path.split("/")
    return any(fnmatch(part, p.strip("/")) for p in ignored for part in (path, *parts))


async def preupload(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    tree = state.to_upload(request).at(request.path_params["revision"]).tree
    patterns = large_patterns(tree, state)
    lines = [line.strip() for line in asked.get("gitIgnore", "").splitlines()]
    ignored = [line for line in lines if line and not line.startswith("#")]
    return JSONResponse(
        {
            "files": [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if is_large(file, patterns) else "regular",
                    "shouldIgnore": is_ignored(file["path"], ignored),
                    "oid": tree[file["path"]].etag if file["path"] in tree else None,
                }
                for file in asked["files"]
            ]
        }
    )


def place_commit(repository: Repository, revision: str, oid: str, request: Request) -> str | None:
    """Point a branch at a commit, or a new pull request; gives the pull request's page."""
    if request.query_params.get("create_pr") != "1":
        repository.point(revision, oid)
        return None
    author, title = repository.commits[oid].author, repository.commits[oid].title
    discussion = repository.open_discussion(title, author, pull_request=True)
    repository.pulls[discussion.ref] = oid
    return f"{address(request)}{repository.page}/discussions/{discussion.number}"


async def commit(request: Request) -> Response:
    body = await request.body()
    state, revision = state_of(request), request.path_params["revision"]
    repository = state.to_upload(request)
    author = state.accounts.writer(request, None).user
    if revision not in repository.branches and revision not in repository.pulls:
        raise Refusal(400, f"{revision} is neither a branch nor a pull request")
    parent = repository.oid(revision)
    header, operations = read_payload(body)
    if header.parent not in (None, parent):
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    tree = apply(operations, repository.commits[parent].tree, state.storage)
    oid = repository.record(tree, parent, header.title, author, header.message)
    answer: dict[str, object] = {
        "success": True,
        "commitOid": oid,
        "commitUrl": f"{address(request)}{repository.page}/commit/{oid}",
        "hookOutput": "",
    }
    pull = place_commit(repository, revision, oid, request)
    if pull:
        answer["pullRequestUrl"] = pull
    return JSONResponse(answer)


async def history(request: Request) -> Response:
    repository = state_of(request).asked(request)
    commits = repository.history(request.path_params["revision"])
    return JSONResponse([commit_info(commit) for commit in commits])


async def squash(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    repository, branch = state.to_change(request), request.path_params["revision"]
    author = state.accounts.writer(request, None).user
    title = asked.get("message") or f"Super-squash branch '{branch}' using huggingface_hub"
    repository.point(branch, repository.record(repository.at(branch).tree, None, title, author))
    return JSONResponse({})


routes = [
    of_repository("/preupload/{revision:revision}", preupload, ["POST"]),
    of_repository("/commit/{revision:revision}", commit, ["POST"]),
    of_repository("/commits/{revision:revision}", history, ["GET"]),
    of_repository("/super-squash/{revision:revision}", squash, ["POST"]),
]
