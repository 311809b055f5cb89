"""Teaches transformers and datasets the names of emo_hub once they are imported, and not before.

`import emo_hub` must stay light, so nothing here imports either library: wrapt runs a hook when the
program itself imports them (at once, where it already has).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import wrapt

TASK = "zero-shot-emotion"
CONTEXTUAL_TASK = "contextual-emotion"
DATASET = "emo-pillars"
# Says whose repositories names without a namespace are; ours, where nobody says.
NAMESPACE, OUR_NAMESPACE = "EMO_HUB_NAMESPACE", "emo-hub"


def register() -> None:
    """Arrange for the tasks and the dataset name to be known wherever they are looked up."""
    wrapt.register_post_import_hook(_register_tasks, "transformers.pipelines")
    wrapt.register_post_import_hook(
        _wrap_config_lookup, "transformers.models.auto.configuration_auto"
    )
    wrapt.register_post_import_hook(_wrap_dataset_lookup, "datasets.load")
    wrapt.register_post_import_hook(_wrap_dataset_lookup, "datasets.inspect")


def namespace() -> str | None:
    """Say whose repositories names without a namespace are: EMO_HUB_NAMESPACE, or None."""
    return os.environ.get(NAMESPACE) or None


def dataset_repo() -> str:
    """Name the repository of the Hub that holds the versions of `emo-pillars`."""
    return f"{namespace() or OUR_NAMESPACE}/{DATASET}"


def default_model_folder() -> Path:
    """Give the folder of the embedded default model."""
    return Path(__file__).parent / "default_model"


def _register_tasks(_: ModuleType) -> None:
    # The package registers its tasks when it is imported; where that import is what brought
    # transformers in, it is under way already and must not be asked for a name yet.
    importlib.import_module("emo_hub.pipelines")


def _wrap_config_lookup(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "AutoConfig.from_pretrained", _leave_carried_code)


def _leave_carried_code(
    wrapped: Callable[..., Any], instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:  # noqa: ANN401
    """Read a config for our task without the code that its repository carries for it.

    A repository's code comes before a registered task: transformers would ask for trust in remote
    code that is here already.
    """
    is_ours = kwargs.get("_from_pipeline") == TASK
    config = wrapped(*args, **kwargs)
    carried = getattr(config, "custom_pipelines", None)
    if is_ours and carried and TASK in carried:
        config.custom_pipelines = {task: how for task, how in carried.items() if task != TASK}
    return config


def _wrap_dataset_lookup(module: ModuleType) -> None:
    # datasets' registry of packaged builders would be the quieter door, but it globs the working
    # folder before it asks the builder: it fails in an empty one and takes minutes in a large one.
    if not isinstance(module.dataset_module_factory, wrapt.FunctionWrapper):
        wrapt.wrap_function_wrapper(module, "dataset_module_factory", _look_up_alias)


def _look_up_alias(
    wrapped: Callable[..., Any], instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:  # noqa: ANN401
    path = args[0] if args else kwargs.get("path")
    if path != DATASET or Path(DATASET).is_dir():
        return wrapped(*args, **kwargs)
    revision = kwargs.pop("revision", None)
    kwargs.pop("path", None)
    from emo_hub.embedded import embedded_corpus, embedded_version
    from emo_hub.errors import DataError

    # Who names a namespace means what is published there, be it of the same version.
    if namespace() is None and revision in (None, embedded_version()):
        return wrapped(str(embedded_corpus()), *args[1:], **kwargs)
    repo = dataset_repo()
    try:
        return wrapped(repo, *args[1:], revision=revision, **kwargs)
    # What datasets raises where it has no network, no such repository or no such revision.
    except OSError as error:
        raise DataError(
            f"{repo}{f' at {revision}' if revision else ''} cannot be loaded: {error} Build the "
            f"corpus into this folder with `emo-hub corpus build`, load it once where the Hub can "
            f"be reached, or say in {NAMESPACE} whose it is; without {NAMESPACE} and revision the "
            f"name means the corpus inside the package, which is {embedded_version()}."
        ) from error
