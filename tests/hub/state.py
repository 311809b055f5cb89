"""All that the Hub knows, and the rules for who may see and change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from tests.hub.accounts import Accounts
from tests.hub.errors import Refusal, no_repository
from tests.hub.faults import Faults
from tests.hub.repository import Kind, Repository
from tests.hub.storage import Storage

KINDS: dict[str, Kind] = {"models": "model", "datasets": "dataset", "spaces": "space"}

# What the Hub puts into each new repository; uploads are large by these patterns.
ATTRIBUTES = "".join(
    f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n"
    for suffix in (
        "7z", "arrow", "bin", "bz2", "ftz", "gz", "h5", "joblib", "model", "msgpack", "npy", "npz",
        "onnx", "ot", "parquet", "pb", "pickle", "pkl", "pt", "pth", "rar", "safetensors", "tar",
        "tgz", "wasm", "xz", "zip", "zst",
    )
)  # fmt: skip


@dataclass
class State:
    """Held by the application; its handlers never wait while they change it."""

    folder: Path
    content_url: str = ""
    accounts: Accounts = field(default_factory=Accounts)
    faults: Faults = field(default_factory=Faults)
    repositories: dict[tuple[Kind, str], Repository] = field(default_factory=dict)
    collections: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.storage = Storage(self.folder)

    def create(self, repository: Repository, author: str) -> None:
        tree = {".gitattributes": self.storage.regular(ATTRIBUTES.encode())}
        first = repository.record(tree, None, "initial commit", author)
        repository.branches["main"] = first
        self.repositories[repository.kind, repository.id] = repository

    def sees(self, request: Request, repository: Repository) -> bool:
        if not repository.private:
            return True
        token = self.accounts.of(request)
        return token is not None and repository.namespace in self.accounts.namespaces(token.user)

    def find(self, request: Request, kind: Kind, repo_id: str) -> Repository:
        token = self.accounts.of(request)
        repository = self.repositories.get((kind, repo_id))
        if repository is None or not self.sees(request, repository):
            raise no_repository(anonymous=token is None)
        return repository

    def asked(self, request: Request) -> Repository:
        """The repository in the address of a request."""
        parts = request.path_params
        kind = KINDS[parts.get("kind", "models")]
        return self.find(request, kind, f"{parts['namespace']}/{parts['name']}")

    def to_change(self, request: Request) -> Repository:
        repository = self.asked(request)
        self.accounts.writer(request, repository.namespace)
        return repository

    def to_upload(self, request: Request) -> Repository:
        """Anybody with a token that writes may open a pull request."""
        repository = self.asked(request)
        by_request = request.query_params.get("create_pr") == "1"
        self.accounts.writer(request, None if by_request else repository.namespace)
        return repository

    def to_download(self, request: Request) -> Repository:
        """A gated repository shows what it holds to all, and its files to those admitted."""
        repository = self.asked(request)
        if not repository.gated:
            return repository
        token, sentence = self.accounts.of(request), f"Access to {repository.id} is restricted."
        if token is None:
            raise Refusal(401, f"{sentence} Please log in.", "GatedRepo")
        owners = self.accounts.namespaces(token.user)
        if repository.namespace not in owners and token.user not in repository.admitted:
            raise Refusal(403, f"{sentence} You are not in the authorized list.", "GatedRepo")
        return repository


def state_of(request: Request) -> State:
    state = request.app.state.hub
    assert isinstance(state, State)
    return state


def address(request: Request) -> str:
    """The Hub's own address, without a slash at the end."""
    return str(request.base_url).rstrip("/")
