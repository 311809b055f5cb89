"""One graph of an encoder, from token ids to the text's vector, written for other runtimes."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from emo_hub.batching import TokenReader, batches
from emo_hub.modeling import EmotionModel
from emo_hub.pooling import mean_pool
from emo_hub.runtimes.files import TOKENS_OUTPUT, VECTOR_OUTPUT

_EXAMPLE = [("I waited two hours.", None), ("Thank you!", "He carried all of it upstairs.")]


class _Pooled(nn.Module):
    """An encoder that gives token vectors and, pooled and normalised, the text's vector."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        hidden = self.encoder(**inputs).last_hidden_state
        return hidden, mean_pool(hidden, attention_mask)


def write_onnx(model: EmotionModel, path: Path) -> None:
    """Write the encoder as ONNX, any number of texts of any length."""
    encoder = copy.deepcopy(model.backbone).float().cpu().eval()
    encoder.set_attn_implementation("eager")  # type: ignore[operator]
    tokens = TokenReader(model.tokenizer, model.head.max_tokens).read(_EXAMPLE)
    _, example = next(batches(model.tokenizer, tokens, len(_EXAMPLE)))
    inputs = {name: torch.from_numpy(ids) for name, ids in example.items()}
    texts, length = torch.export.Dim("texts"), torch.export.Dim("tokens", max=model.head.max_tokens)
    with torch.no_grad(), _quiet():
        torch.onnx.export(
            _Pooled(encoder),
            (),
            path,
            kwargs=inputs,
            dynamo=True,
            external_data=False,
            output_names=[TOKENS_OUTPUT, VECTOR_OUTPUT],
            dynamic_shapes={name: {0: texts, 1: length} for name in inputs},
            verbose=False,
        )


def write_int8(source: Path, path: Path) -> None:
    """Write an ONNX file with weights of one byte, rows of a matrix scaled by themselves."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, _quiet():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_dynamic(prepared, path, per_channel=True, weight_type=QuantType.QInt8)


def write_openvino(source: Path, path: Path) -> None:
    """Turn an ONNX file into OpenVINO's own form, weights unchanged."""
    import openvino

    openvino.save_model(openvino.convert_model(source), path, compress_to_fp16=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what exporters say about themselves; what they made is proven afterwards."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
