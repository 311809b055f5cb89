"""`emo-hub export`: a checkpoint's encoder for ONNX Runtime or OpenVINO."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emo_hub.cli.console import say
from emo_hub.errors import InputError


def export_command(
    model: Annotated[
        str, typer.Argument(help="A checkpoint: a folder, a Hub repository, or 'default'.")
    ],
    out: Annotated[Path, typer.Argument(help="A new folder, or that checkpoint's own.")],
    form: Annotated[str, typer.Option("--format", help="onnx or openvino.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Also with weights of one byte.")] = False,
) -> None:
    """Write the encoder for another runtime, proven equal to torch, into its checkpoint."""
    from emo_hub.exporting import export_encoder

    if form not in ("onnx", "openvino"):
        raise InputError(f"--format must be onnx or openvino; got '{form}'.")
    export_encoder(model, out, "onnx" if form == "onnx" else "openvino", int8=int8, say=say)
    say(f"Use it: emo-hub predict TEXT --labels LABELS --model {out} --backend {form}")
