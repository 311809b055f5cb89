"""Keeps the replies of one folder of one kind: same model, same plan, same settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emo_hub.durable import make_folder, write_whole
from emo_hub.errors import DataError, InputError

RUN_FILE = "run.json"
_SECRET_NAME = re.compile(
    r"(^|[_-])(api_?key|key|token|secret|password|passwd|authorization|credentials?)$", re.I
)
_SECRET_VALUE = re.compile(
    r"\b(sk[-_]|xai-|hf_|gsk_|ghp_)[A-Za-z0-9_-]{16,}|://[^/@\s]+@|^Bearer ", re.I
)


def guard(folder: Path, facts: Mapping[str, object], *, mixed: bool) -> None:
    """Write down what fills a folder of recordings, or check that it is still the same.

    Call it while a `Recorded` with an inner teacher holds the folder, so that no other run can
    write at the same time.

    Args:
        folder: of the recordings; made if it is not there.
        facts: what decides the replies (model, plan, temperature, ...), as JSON values; no secret.
        mixed: whether a run with other facts may join the earlier ones in this folder.

    Raises:
        InputError: the folder was filled with other facts and `mixed` is false, or the facts hold
            a secret or what JSON has no form for.
        DataError: the folder's `run.json` is damaged, or it cannot be written.
    """
    wanted = _plain(facts)
    make_folder(folder)
    runs = recorded_runs(folder)
    if wanted in runs:
        return
    if runs and not mixed:
        raise InputError(_difference(folder, wanted, runs))
    text = json.dumps({"runs": [*runs, wanted]}, ensure_ascii=False, indent=2)
    write_whole(folder / RUN_FILE, (text + "\n").encode())


def recorded_runs(folder: Path) -> list[dict[str, Any]]:
    """Read the facts of all kinds of runs that filled a folder, the first run first.

    Raises:
        DataError: the folder's `run.json` is damaged.
    """
    path = folder / RUN_FILE
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
        return [dict(run) for run in runs]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({error}): it says what filled this folder. Restore it, or "
            "delete it if you know that the same teacher and plan go on."
        ) from error


def _plain(facts: Mapping[str, object]) -> dict[str, Any]:
    """Give the facts as they will read back from JSON."""
    try:
        text = json.dumps(dict(facts), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The facts of a run must be JSON values ({error}): give text, numbers, lists, maps."
        ) from error
    plain: dict[str, Any] = json.loads(text)
    _refuse_secrets("", plain)
    return plain


def _refuse_secrets(name: str, value: object) -> None:
    if isinstance(value, dict):
        for inner, held in value.items():
            if _SECRET_NAME.search(inner) and held is not None:
                raise InputError(_secret(inner))
            _refuse_secrets(inner, held)
    elif isinstance(value, list):
        for held in value:
            _refuse_secrets(name, held)
    elif isinstance(value, str) and _SECRET_VALUE.search(value):
        raise InputError(_secret(name))


def _secret(name: str) -> str:
    return (
        f"The fact '{name}' looks like a secret, and {RUN_FILE} is no place for one: leave it out "
        "and keep keys in the environment."
    )


def _difference(folder: Path, wanted: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    """Name what differs from the run that differs least."""

    def differing(run: dict[str, Any]) -> list[str]:
        names = sorted(run | wanted)
        return [name for name in names if _shown(run, name) != _shown(wanted, name)]

    nearest = min(runs, key=lambda run: len(differing(run)))
    told = "; ".join(
        f"{name}: got {_shown(wanted, name)}, recorded {_shown(nearest, name)}"
        for name in differing(nearest)
    )
    return (
        f"{folder} was filled by another run ({told}). Give this run another folder, or allow "
        "mixing (--mixed) if replies of both kinds may stand side by side."
    )


def _shown(facts: dict[str, Any], name: str) -> str:
    return json.dumps(facts[name], ensure_ascii=False) if name in facts else "nothing"
