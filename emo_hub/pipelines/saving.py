"""What saving a pipeline may be asked beside the folder: nothing that would be left undone."""

from __future__ import annotations

from collections.abc import Mapping

from emo_hub.errors import InputError


def check_saving(asked: Mapping[str, object]) -> None:
    """Refuse what saving does not do.

    Args:
        asked: arguments by name. transformers' `push_to_hub()` gives max_shard_size, which the
            weights of our models never reach.

    Raises:
        InputError: says what to call instead, or what is unknown.
    """
    if asked.get("push_to_hub"):
        raise InputError(
            "save_pretrained writes a folder and pushes nothing: call push_to_hub(REPOSITORY) of "
            "the pipeline, or `emo-hub publish model` for the folder."
        )
    if unknown := sorted({*asked} - {"push_to_hub", "max_shard_size"}):
        raise InputError(
            f"save_pretrained knows no argument {', '.join(unknown)}; it takes the folder alone."
        )
