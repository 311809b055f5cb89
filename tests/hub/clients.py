"""Clients of the Hub on loopback: lines in a process of their own, or the library in this one."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

CLIENT_SECONDS = 240


@contextmanager
def without_xet() -> Iterator[None]:
    """Let the client in this process reach a Hub on loopback, by plain HTTP.

    It reads the environment when it is imported, which tests do offline.
    """
    from huggingface_hub import constants

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield


def answer_of(
    lines: str,
    *words: str,
    cwd: Path,
    environment: Mapping[str, str],
    seconds: float = CLIENT_SECONDS,
) -> object:
    """Run lines of Python in a process; they set `answer` to what JSON can hold.

    Args:
        lines: what runs.
        words: its arguments.
        cwd: where it runs; nothing is imported from there.
        environment: all of its environment.
        seconds: after which it is ended.
    """
    code = f"{textwrap.dedent(lines)}\nimport json\nprint('\\nANSWER ' + json.dumps(answer))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.rsplit("ANSWER ", 1)[1])
