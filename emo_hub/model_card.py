"""The card of a checkpoint: rendered from what its run recorded and what was measured on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emo_hub.cards import checkpoint_facts, render_card, template_path
from emo_hub.checkpoint import RUN_FILE, read_head
from emo_hub.classifier_settings import ClassifierSettings
from emo_hub.durable import make_folder, write_whole
from emo_hub.errors import CardError
from emo_hub.learnt import read_learnt
from emo_hub.registration import dataset_repo, default_model_folder
from emo_hub.static import is_static
from emo_hub.tensors import OFFSETS_FILE

RESULTS_FILE = "results.json"
EVAL_RESULTS = ".eval_results"
ADAPTATION = "adaptation.json"
ABLATIONS = Path("ablations", "ablations.json")
DEFAULT_NAME = "zero-shot-emotion-minilm"


def write_results(folder: Path, results: Sequence[Any], *, command: str, name: str = "") -> Path:
    """Keep what was measured on a checkpoint beside it, and write its card.

    The card is rendered before the first file is put in place, so what cannot be written leaves all
    as it was.

    Args:
        folder: the checkpoint.
        results: of `evaluation.run`.
        command: what measured them.
        name: how the card calls it; empty takes the folder's.

    Returns:
        The path of the card.

    Raises:
        CardError: the checkpoint does not say how it was trained.
        DataError: the folder cannot be written.
    """
    measured = [
        {
            "benchmark": r.benchmark,
            "split": r.split,
            "role": r.role,
            "rows": r.rows,
            "available": r.available,
            "headline": r.headline,
            "value": round(r.value, 4),
            "low": round(r.interval.low, 4),
            "high": round(r.interval.high, 4),
            "times_scored": r.times_scored,
            "thresholds_from": r.thresholds_from,
            "seen": dict(r.seen),
            "metrics": {key: round(float(value), 4) for key, value in r.metrics.items()},
            "intervals": {
                key: [round(one.low, 4), round(one.high, 4)] for key, one in r.intervals.items()
            },
        }
        for r in results
    ]
    told = {"command": command, "measured": measured}
    is_default = folder.resolve() == default_model_folder().resolve()
    name = DEFAULT_NAME if is_default else name or folder.resolve().name
    card = _card(folder, told, name=name, repo_id=None)
    write_whole(folder / RESULTS_FILE, (json.dumps(told, indent=1) + "\n").encode())
    write_eval_results(folder, measured, command=command)
    return _put(card, folder)


def write_eval_results(
    folder: Path, measured: Sequence[Mapping[str, Any]], *, command: str
) -> list[Path]:
    """Write what was measured as the Hub reads it: one YAML file per benchmark in .eval_results.

    A benchmark that has no dataset on the Hub, or of which only a sample was scored, gets none.
    Files of an earlier measurement are removed, so that none outlives the model it was about.

    Args:
        folder: the checkpoint.
        measured: as `results.json` holds it.
        command: what measured it.

    Returns:
        The paths of the files.

    Raises:
        DataError: the folder cannot be written.
    """
    place = folder / EVAL_RESULTS
    entries = {found["benchmark"]: _entry(found, command) for found in measured}
    texts = {place / f"{name}.yaml": text for name, text in entries.items() if text}
    make_folder(place)
    for path, text in texts.items():
        write_whole(path, text.encode())
    for old in set(place.glob("*.yaml")).difference(texts):
        old.unlink()
    return list(texts)


def _entry(found: Mapping[str, Any], command: str) -> str:
    """Write one result as the Hub reads it; empty where the Hub has no place for it."""
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    source = _dataset_of(found["benchmark"])
    if source is None or found["rows"] < found["available"]:
        return ""
    dataset, revision = source
    entry = EvalResultEntry(
        dataset_id=dataset,
        task_id=f"{found['benchmark']}_{found['headline']}",
        value=found["value"],
        dataset_revision=revision,
        notes=f"{found['role']}, {found['split']} split, {found['rows']:,} rows, 95 % "
        f"interval {found['low']:.3f} to {found['high']:.3f}; {command}",
    )
    return str(yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False))


def _dataset_of(benchmark: str) -> tuple[str, str | None] | None:
    """Name the dataset on the Hub that holds a benchmark, and its pinned revision."""
    from emo_hub.evaluation.benchmarks import BENCHMARKS
    from emo_hub.evaluation.own import NAME

    if benchmark == NAME:
        return dataset_repo(), None
    declared = BENCHMARKS.get(benchmark)
    if declared is None or declared.hub is None:
        return None
    return declared.hub.repo, declared.hub.revision


def write_card(folder: Path, *, name: str, repo_id: str | None = None) -> Path:
    """Write README.md of a checkpoint from its `training.json` and `results.json`.

    Args:
        folder: the checkpoint.
        name: how the card calls it.
        repo_id: the repository of the Hub that it is for; None for a card that stays here.

    Raises:
        CardError: a file of facts is missing, or the template wants a fact that nobody measured.
        DataError: the folder cannot be written.
    """
    return _put(_card(folder, _facts(folder / RESULTS_FILE), name=name, repo_id=repo_id), folder)


def _put(card: str, folder: Path) -> Path:
    page = folder / "README.md"
    write_whole(page, card.encode())
    return page


def _card(folder: Path, results: Mapping[str, Any], *, name: str, repo_id: str | None) -> str:
    """Render the card of a checkpoint from its `training.json` and what was measured on it."""
    facts: dict[str, Any] = {
        **checkpoint_facts(
            name,
            _facts(folder / RUN_FILE),
            repo_id=repo_id,
            measured=results["measured"],
        ),
        "is_default": name == DEFAULT_NAME,
        "measured_with": results["command"],
        "ablations": _ablations() if name == DEFAULT_NAME else None,
        "size_mib": sum(f.stat().st_size for f in folder.glob("*.safetensors")) / 2**20,
    }
    is_classifier = facts["training"].get("kind") == "encoder"
    if is_classifier:
        adaptation = folder / ADAPTATION
        facts["adaptation"] = _facts(adaptation) if adaptation.is_file() else None
        settings = ClassifierSettings.read(folder)
        facts.update(labels=settings.labels, thresholds=settings.thresholds)
    else:
        head = read_head(folder)
        facts.update(
            head=head,
            base_repo=_on_hub(head.base),
            is_static=is_static(folder),
            has_offsets=(folder / OFFSETS_FILE).is_file(),
            learnt=read_learnt(folder),
            lessons=head.facts.get("learnt_labels", []),
        )
    template = "encoder" if is_classifier else "contrastive"
    return render_card(template_path("model_cards", template), facts)


def _on_hub(base: str) -> str | None:
    """Give the base encoder's repository; None where it was a folder of some machine."""
    is_folder = Path(base).is_absolute() or base.startswith((".", "~")) or Path(base).exists()
    return base if base.count("/") == 1 and not is_folder else None


def _ablations() -> Mapping[str, Any] | None:
    """Read what changes of the recipe were worth; None where nobody measured it."""
    path = template_path("model_cards", "contrastive").parent / ABLATIONS
    return _facts(path) if path.is_file() else None


def check_facts(folder: Path) -> None:
    """Make sure that a checkpoint says how it was trained and what was measured.

    Raises:
        CardError: a file of facts is missing.
    """
    for file in (RUN_FILE, RESULTS_FILE):
        _facts(folder / file)


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        facts: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise CardError(
            f"{path} is missing or no JSON, so the card has no facts: train the checkpoint with "
            "`emo-hub train`, then measure it with `emo-hub evaluate --card`."
        ) from error
    return facts
