"""The pipelines of emo_hub, registered with transformers when this package is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

from transformers import PreTrainedModel
from transformers.pipelines import PIPELINE_REGISTRY

from emo_hub.checkpoint import DOWNLOAD
from emo_hub.classifier import EmotionClassifier
from emo_hub.errors import InputError
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines.contextual import ContextualEmotionPipeline, NoDefault, no_model
from emo_hub.pipelines.numbers import only_precision, take_dtype
from emo_hub.pipelines.zero_shot import ZeroShotEmotionPipeline
from emo_hub.registration import CONTEXTUAL_TASK, TASK, default_model_folder
from emo_hub.static import StaticBackbone

__all__ = ["ContextualEmotionPipeline", "ZeroShotEmotionPipeline", "pipeline"]


@overload
def pipeline(
    task: Literal["zero-shot-emotion"] = ...,
    model: str | Path | EmotionModel | PreTrainedModel | StaticBackbone | None = ...,
    **kwargs: Any,  # noqa: ANN401
) -> ZeroShotEmotionPipeline: ...


@overload
def pipeline(
    task: Literal["contextual-emotion"],
    model: str | Path | EmotionClassifier | None = ...,
    **kwargs: Any,  # noqa: ANN401
) -> ContextualEmotionPipeline: ...


def pipeline(
    task: str = TASK,
    model: Any = None,
    **kwargs: Any,
) -> ZeroShotEmotionPipeline | ContextualEmotionPipeline:
    """Make a pipeline without asking transformers to find the class.

    The same as transformers' `pipeline(...)`, for checkpoints that carry no code. For a
    repository it takes revision, token, cache_dir and local_files_only. `backend` and `precision`
    say what encodes texts; see `EmotionModel.load`. `dtype` is another name for `precision`, and
    for a classifier the numbers of its weights. Where no `device` is given it stays where a loaded
    model is, and is the CPU else.

    Args:
        task: zero-shot-emotion or contextual-emotion.
        model: a folder, a repository, or what is loaded already; None for the default.
        kwargs: as above, and what the pipeline's class takes.

    Raises:
        InputError: there is no such task here, no pipeline for such a model, or no such dtype.
        CheckpointError: no model is named for a task without a default, or it does not load.
    """
    if task == TASK:
        if (dtype := take_dtype(kwargs)) is not None:
            kwargs["precision"] = only_precision(dtype, kwargs.get("precision"))
        if model is None or isinstance(model, str | Path):
            chosen = {name: kwargs.pop(name, "auto") for name in ("backend", "precision")}
            model = EmotionModel.load(model, **chosen, **_download(kwargs))
        kwargs.setdefault("device", getattr(model, "device", "cpu"))
        return ZeroShotEmotionPipeline(model=model, task=task, **kwargs)
    if task != CONTEXTUAL_TASK:
        raise InputError(f"There is no task '{task}' here; there are {TASK}, {CONTEXTUAL_TASK}.")
    if model is None:
        raise no_model()
    dtype = take_dtype(kwargs)
    if isinstance(model, str | Path):
        model = EmotionClassifier.load(model, **_download(kwargs))
        model = model if dtype is None else model.to(dtype)
    elif dtype is not None:
        raise InputError(f"The model is loaded already: give model.to({dtype}) and no dtype.")
    kwargs.setdefault("device", getattr(model, "device", "cpu"))
    return ContextualEmotionPipeline(model=model, task=task, **kwargs)


def _download(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take out what says how a repository is fetched."""
    return {name: kwargs.pop(name) for name in DOWNLOAD if name in kwargs}


if TASK not in PIPELINE_REGISTRY.supported_tasks:
    PIPELINE_REGISTRY.register_pipeline(
        TASK,
        pipeline_class=ZeroShotEmotionPipeline,
        pt_model=EmotionModel,
        default={"model": (str(default_model_folder()), "main")},
        type="text",
    )
if CONTEXTUAL_TASK not in PIPELINE_REGISTRY.supported_tasks:
    PIPELINE_REGISTRY.register_pipeline(
        CONTEXTUAL_TASK,
        pipeline_class=ContextualEmotionPipeline,
        pt_model=EmotionClassifier,
        default=NoDefault(),
        type="text",
    )
