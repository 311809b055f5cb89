"""The command line within this process, where a new one would spend seconds on its imports."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from transformers.utils import logging

from emo_hub.cli import main


def emo_hub(
    *arguments: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command, and give what it printed and its exit code as a process of its own would."""
    words = ["emo-hub", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    had_bars = logging.is_progress_bar_enabled()
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        # The command silences libraries for its own process; here others come after it.
        patch.setenv("TRANSFORMERS_VERBOSITY", "error")
        patch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", words)
        if cwd is not None:
            patch.chdir(cwd)
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            if had_bars:
                logging.enable_progress_bar()
    code = ended.value.code
    return subprocess.CompletedProcess(words, code or 0, out.getvalue(), err.getvalue())
