"""Discussions and pull requests: open, look, comment, close, merge."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.hub.errors import Refusal
from tests.hub.repository import Discussion, Repository, Tree, moment
from tests.hub.routing import of_repository
from tests.hub.state import address, state_of


def event(discussion: Discussion, kind: str, author: str, data: dict[str, object]) -> None:
    discussion.events.append(
        {
            "id": f"{discussion.number:012x}{len(discussion.events):012x}",
            "type": kind,
            "createdAt": moment(),
            "author": {"name": author},
            "data": data,
        }
    )


def comment_data(text: str) -> dict[str, object]:
    return {"edited": False, "hidden": False, "latest": {"raw": text}}


def summary(repository: Repository, discussion: Discussion) -> dict[str, object]:
    return {
        "num": discussion.number,
        "title": discussion.title,
        "status": discussion.status,
        "author": {"name": discussion.author},
        "isPullRequest": discussion.pull_request,
        "createdAt": discussion.created,
        "repo": {"name": repository.id, "type": repository.kind},
    }


def wanted(request: Request, repository: Repository) -> Discussion:
    number = request.path_params["number"]
    if not 1 <= number <= len(repository.discussions):
        raise Refusal(404, f"There is no discussion {number}")
    return repository.discussions[number - 1]


def changes(base: Tree, head: Tree) -> set[str]:
    return {path for path in base.keys() | head.keys() if base.get(path) != head.get(path)}


def conflicts(repository: Repository, discussion: Discussion) -> list[str]:
    """Paths that both the request and main have changed, each in its own way."""
    base = repository.commits[str(discussion.base)].tree
    ours, theirs = repository.at().tree, repository.at(discussion.ref).tree
    both = changes(base, ours) & changes(base, theirs)
    return sorted(path for path in both if ours.get(path) != theirs.get(path))


async def listing(request: Request) -> Response:
    repository, query = state_of(request).asked(request), request.query_params
    kinds = {"pull_request": (True,), "discussion": (False,)}.get(query.get("type", ""))
    found = [
        summary(repository, discussion)
        for discussion in reversed(repository.discussions)
        if (kinds is None or discussion.pull_request in kinds)
        and query.get("author") in (None, discussion.author)
        and (query.get("status") in (None, "all", discussion.status))
    ]
    return JSONResponse({"discussions": found, "count": len(found), "start": 0})


async def create(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    repository = state.asked(request)
    author = state.accounts.writer(request, None).user
    pull = bool(asked.get("pullRequest"))
    discussion = repository.open_discussion(asked["title"], author, pull_request=pull)
    discussion.status = "draft" if pull else "open"
    event(discussion, "comment", author, comment_data(asked.get("description", "")))
    url = f"{address(request)}{repository.page}/discussions/{discussion.number}"
    return JSONResponse({"num": discussion.number, "url": url, "pullRequest": pull})


async def details(request: Request) -> Response:
    repository = state_of(request).asked(request)
    discussion = wanted(request, repository)
    answer = {**summary(repository, discussion), "events": discussion.events}
    if discussion.pull_request:
        is_open = discussion.status in ("open", "draft")
        answer["changes"] = {"base": "refs/heads/main", "mergeCommitId": discussion.merge_commit}
        answer["filesWithConflicts"] = conflicts(repository, discussion) if is_open else []
        answer["diff"] = ""
    return JSONResponse(answer)


async def comment(request: Request) -> Response:
    state, asked = state_of(request), await request.json()
    author = state.accounts.writer(request, None).user
    discussion = wanted(request, state.asked(request))
    event(discussion, "comment", author, comment_data(asked["comment"]))
    return JSONResponse({"newMessage": discussion.events[-1]})


async def retitle(request: Request) -> Response:
    asked = await request.json()
    discussion = wanted(request, state_of(request).to_change(request))
    change = {"from": discussion.title, "to": asked["title"]}
    discussion.title = asked["title"]
    event(discussion, "title-change", discussion.author, change)
    return JSONResponse({"newTitle": discussion.events[-1]})


async def set_status(request: Request) -> Response:
    asked = await request.json()
    discussion = wanted(request, state_of(request).to_change(request))
    discussion.status = asked["status"]
    event(discussion, "status-change", discussion.author, {"status": asked["status"]})
    return JSONResponse({"newStatus": discussion.events[-1]})


async def merge(request: Request) -> Response:
    state = state_of(request)
    repository = state.to_change(request)
    discussion, author = wanted(request, repository), state.accounts.writer(request, None).user
    if not discussion.pull_request or discussion.status not in ("open", "draft"):
        raise Refusal(400, "Only an open pull request can be merged")
    if conflicts(repository, discussion):
        raise Refusal(409, f"Merge conflict in {', '.join(conflicts(repository, discussion))}")
    base = repository.commits[str(discussion.base)].tree
    head, tree = repository.at(discussion.ref).tree, dict(repository.at().tree)
    for path in changes(base, head):
        if path in head:
            tree[path] = head[path]
        else:
            tree.pop(path, None)
    title = f"{discussion.title} (#{discussion.number})"
    discussion.merge_commit = repository.record(tree, repository.oid(), title, author)
    repository.branches["main"] = discussion.merge_commit
    discussion.status = "merged"
    event(discussion, "status-change", author, {"status": "merged"})
    return JSONResponse({})


ONE = "/discussions/{number:int}"
routes = [
    of_repository("/discussions", listing, ["GET"]),
    of_repository("/discussions", create, ["POST"]),
    of_repository(ONE, details, ["GET"]),
    of_repository(f"{ONE}/comment", comment, ["POST"]),
    of_repository(f"{ONE}/title", retitle, ["POST"]),
    of_repository(f"{ONE}/status", set_status, ["POST"]),
    of_repository(f"{ONE}/merge", merge, ["POST"]),
]
