"""The Hub on loopback for tests: `hub`, clients with tokens, and client processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.hub.clients import CLIENT_SECONDS, answer_of, without_xet
from tests.hub.server import LoopbackHub

if TYPE_CHECKING:
    from huggingface_hub import HfApi


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    """An empty Hub; the client in this process may talk to it, without Xet."""
    with without_xet(), LoopbackHub(tmp_path / "loopback") as running:
        yield running


@pytest.fixture
def owner(hub: LoopbackHub) -> HfApi:
    """The real client of the owner, with a token that writes."""
    from huggingface_hub import HfApi

    return HfApi(hub.url, token=hub.write)


@pytest.fixture
def reader(hub: LoopbackHub) -> HfApi:
    """The real client of the owner, with a token that only reads."""
    from huggingface_hub import HfApi

    return HfApi(hub.url, token=hub.read)


@pytest.fixture
def stranger(hub: LoopbackHub) -> HfApi:
    """The real client of somebody else, with a token that writes."""
    from huggingface_hub import HfApi

    return HfApi(hub.url, token=hub.other)


@pytest.fixture
def anyone(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    """The real client of somebody who never logged in."""
    from huggingface_hub import HfApi, constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    return HfApi(hub.url)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Publishing does not wait between its attempts; the pauses are noted."""
    from emo_hub.publishing import remote

    slept: list[float] = []
    monkeypatch.setattr(remote, "time", SimpleNamespace(sleep=slept.append))
    return slept


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(hub: LoopbackHub, tmp_path: Path) -> Command:
    """Run a command as a client of the Hub, with a cache of its own."""

    def run(
        *words: str, token: str | None = None, xet: bool = True, home: str = "home"
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env=hub.environment(tmp_path / home, token, xet=xet),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def client(hub: LoopbackHub, tmp_path: Path) -> Callable[[str], object]:
    """Run lines of Python as a client of the Hub; they set `answer` to what JSON can hold."""

    def run(lines: str) -> object:
        return answer_of(lines, cwd=tmp_path, environment=hub.environment(tmp_path / "home"))

    return run
