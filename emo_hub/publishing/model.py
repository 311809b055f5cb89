"""`emo-hub publish model`: a checkpoint becomes a tagged version on the Hub.

What is published is put together beside the checkpoint, which stays as it is: whole weights where
it is an adapter, the card as the repository's, and with a dual encoder the code that runs it where
emo_hub is not installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from emo_hub.checkpoint import HEAD_FILE, RUN_FILE
from emo_hub.classifier import EmotionClassifier
from emo_hub.errors import CardError, CheckpointError
from emo_hub.model_card import (
    DEFAULT_NAME,
    EVAL_RESULTS,
    RESULTS_FILE,
    check_facts,
    write_card,
)
from emo_hub.modeling import EmotionModel
from emo_hub.publishing import carried
from emo_hub.publishing.contents import check_contents, copy_published, read_front
from emo_hub.publishing.plan import Plan
from emo_hub.publishing.target import FIRST, Target
from emo_hub.publishing.version import How, Say, release
from emo_hub.registration import TASK, default_model_folder
from emo_hub.static import StaticBackbone

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# What the Hub and its readers go by.
_FACTS = ("license", "language", "library_name", "pipeline_tag", "tags", "model-index")
_FACT_FILES = (RUN_FILE, RESULTS_FILE)
_WHOLE = ("modules.json", "tokenizer.json", "model.safetensors")


def publish_model(
    repo_id: str,
    source: str | Path,
    *,
    tag: str = FIRST,
    how: How = "publish",
    private: bool = False,
    api: HfApi | None = None,
    say: Say = lambda line: None,
) -> Plan:
    """Publish a checkpoint as a version: all checks, then one commit and its tag, or nothing.

    Args:
        repo_id: as in `namespace/name`; made if it is not there.
        source: the checkpoint's folder, or "default" for the model that ships with emo_hub.
        tag: of the version.
        how: see `publish_dataset`.
        private: of a repository that is made.
        api: the client; None for one with the address and the token of the environment.
        say: gets a line for each thing that happens.

    Returns:
        What was to be done.

    Raises:
        InputError: the name or the tag cannot be used.
        CheckpointError: the folder holds no whole checkpoint.
        DataError: it holds a file that may not be published.
        CardError: nobody measured it, or its card lacks what the Hub and its readers need.
        PublishError: the Hub refused; the repository is as it was, or the error says how it is.
    """
    target = Target("model", repo_id, tag)
    is_default = str(source) == "default"
    folder = default_model_folder() if is_default else Path(source)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is no folder; give that of a checkpoint, or 'default'.")
    check_contents(folder)
    with TemporaryDirectory() as place:
        staged = Path(place) / target.name
        name = DEFAULT_NAME if is_default else target.name
        stage_model(folder, staged, name=name, repo_id=target.repo_id)
        message = f"{name} {tag}"
        return release(staged, target, message=message, how=how, private=private, api=api, say=say)


def stage_model(folder: Path, staged: Path, *, name: str, repo_id: str) -> None:
    """Write what is published of a checkpoint.

    Args:
        folder: the checkpoint.
        staged: where it goes; is not there yet.
        name: how the card calls it.
        repo_id: under which it can be loaded.

    Raises:
        CheckpointError: the folder holds no whole checkpoint.
        CardError: nobody measured it, or the card lacks what the Hub and its readers need.
    """
    is_dual = (folder / HEAD_FILE).is_file()
    if not is_dual:
        EmotionClassifier.load(folder)
    # Named here by the caller's own folder, not by the copy of which the card is made.
    check_facts(folder)
    if is_dual:
        _stage_dual(folder, staged)
    else:
        copy_published(folder, staged)
    write_card(staged, name=name, repo_id=repo_id)
    _check_card(staged)


def _stage_dual(folder: Path, staged: Path) -> None:
    model = EmotionModel.load(folder)
    is_static = isinstance(model.backbone, StaticBackbone)
    if model.head.adapter is None:
        _check_whole(folder, is_static=is_static)
        copy_published(folder, staged)
    else:
        model.save(staged)
        for name in _FACT_FILES:
            if (folder / name).is_file():
                (staged / name).write_bytes((folder / name).read_bytes())
        copy_published(folder / EVAL_RESULTS, staged / EVAL_RESULTS)
    (staged / carried.FILE).write_text(carried.carried_module(), encoding="utf-8")
    path = staged / "config.json"
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    how = {"impl": carried.PIPELINE, "pt": ["AutoModel"], "type": "text"}
    config["custom_pipelines"] = {TASK: how}
    if is_static:
        config["auto_map"] = dict(carried.STATIC_CLASSES)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _check_whole(folder: Path, *, is_static: bool) -> None:
    """Look for what transformers does without: it warns at most, and takes chance for weights."""
    from transformers import AutoModel

    for name in _WHOLE:
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}: it is half written.")
    if is_static:
        return
    _, found = AutoModel.from_pretrained(folder, output_loading_info=True)
    if missing := sorted(key for key in found["missing_keys"] if "pooler" not in key):
        raise CheckpointError(
            f"The weights in {folder} lack {', '.join(missing[:4])}: fetch the checkpoint again."
        )


def _check_card(staged: Path) -> None:
    facts = read_front(staged, _FACTS)
    results = json.loads((staged / RESULTS_FILE).read_text(encoding="utf-8"))["measured"]
    for result in results:
        if not result["low"] <= result["value"] <= result["high"]:
            raise CardError(
                f"The interval of {result['benchmark']} in {RESULTS_FILE} does not hold its value: "
                "measure the checkpoint again with `emo-hub evaluate --card`."
            )
    listed = facts["model-index"][0].get("results")
    if not listed:
        raise CardError(
            "Nothing was measured on this checkpoint: run `emo-hub evaluate --card` on it first."
        )
