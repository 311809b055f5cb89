"""The Hub as a server on a real port of loopback, in a thread of the tests' process."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from tests.hub import (
    routes_accounts,
    routes_collections,
    routes_commits,
    routes_discussions,
    routes_files,
    routes_large,
    routes_refs,
    routes_repos,
    routes_trees,
)
from tests.hub.accounts import Accounts
from tests.hub.errors import Refusal, answer_refusal
from tests.hub.faults import Faults, FaultyApp
from tests.hub.repository import Kind, Repository
from tests.hub.state import State

OWNER, STRANGER = "emo", "stranger"
START_SECONDS = 20

# Set for a process of the tests, or by somebody's shell: nothing of it may reach a client.
FOREIGN = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN_PATH")


def application(state: State) -> Starlette:
    # A path of a file may look like anything else, so what begins with /api comes first.
    rooms = (
        routes_accounts, routes_repos, routes_commits, routes_refs, routes_trees,
        routes_discussions, routes_collections, routes_large, routes_files,
    )  # fmt: skip
    routes = [route for room in rooms for route in room.routes]
    app = Starlette(routes=routes, exception_handlers={Refusal: answer_refusal})
    app.state.hub = state
    return app


class LoopbackHub:
    """Use it as a context manager.

    Attributes:
        write, read, other: tokens; the first two of the owner, the last of a stranger who writes.
        accounts: to issue and expire tokens.
        faults: to make things go wrong, and to see which requests came.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = State(folder / "hub")
        self.write = self.accounts.issue("hf_write", OWNER)
        self.read = self.accounts.issue("hf_read", OWNER, "read")
        self.other = self.accounts.issue("hf_other", STRANGER)
        self._server: uvicorn.Server | None = None

    @property
    def accounts(self) -> Accounts:
        return self.state.accounts

    @property
    def faults(self) -> Faults:
        return self.state.faults

    def __enter__(self) -> LoopbackHub:
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        urls = [f"http://127.0.0.1:{held.getsockname()[1]}" for held in self._sockets]
        self.url, self.state.content_url = urls
        app = FaultyApp(application(self.state), self.faults)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=(self._sockets,), name="loopback-hub", daemon=True
        )
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._server.started:
            assert time.monotonic() < until, "the Hub on loopback did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(START_SECONDS)
        for held in self._sockets:
            held.close()

    def repository(self, kind: Kind, repo_id: str) -> Repository:
        """As the server holds it."""
        return self.state.repositories[kind, repo_id]

    def contents(self, kind: Kind, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """All files of a revision."""
        tree = self.repository(kind, repo_id).at(revision).tree
        return {path: self.state.storage.read(file.sha256) for path, file in tree.items()}

    def was_left_alone(self, kind: Kind, repo_id: str) -> bool:
        """Neither made nor changed: nothing that a reader could load."""
        if (kind, repo_id) not in self.state.repositories:
            return True
        repository = self.repository(kind, repo_id)
        return set(repository.at().tree) == {".gitattributes"} and not repository.tags

    def commit(self, kind: Kind, repo_id: str, files: dict[str, bytes]) -> str:
        """A commit by somebody else, without a request."""
        repository = self.repository(kind, repo_id)
        tree = dict(repository.at().tree)
        tree.update({path: self.state.storage.regular(data) for path, data in files.items()})
        oid = repository.record(tree, repository.oid(), "by somebody else", OWNER)
        repository.branches["main"] = oid
        return oid

    def environment(
        self, home: Path, token: str | None = None, *, xet: bool = True
    ) -> dict[str, str]:
        """The environment of a client process that knows this Hub and no other cache."""
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        kept.pop("HF_TOKEN", None)
        kept.update(
            HF_ENDPOINT=self.url,
            HF_HOME=str(home),
            HF_HUB_DISABLE_TELEMETRY="1",
            HF_HUB_DISABLE_UPDATE_CHECK="1",
            HF_HUB_DISABLE_PROGRESS_BARS="1",
            HF_HUB_DISABLE_XET="0" if xet else "1",
            NO_PROXY="127.0.0.1",
            OMP_NUM_THREADS="1",
        )
        if token:
            kept["HF_TOKEN"] = token
        return kept
