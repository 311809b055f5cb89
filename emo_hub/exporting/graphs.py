"""One graph of an encoder, from token ids to the text's vector, written for other runtimes."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emo_hub.batching import TokenReader, batches
from emo_hub.modeling import EmotionModel
from emo_hub.pooling import mean_pool
from emo_hub.runtimes.files import TOKENS_OUTPUT, VECTOR_OUTPUT

_EXAMPLE = [("I waited two hours.", None), ("Thank you!", "He carried all of it upstairs.")]
_SHARING = 16  # numbers that share a scale; with 32 the error doubles, at the same speed
_BYTES = 4  # ONNX Runtime's accuracy level that multiplies bytes with bytes


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


class _ByteTable(nn.Module):
    """A table of token vectors in one byte a number, each row scaled by its largest."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
        self.register_buffer("scale", scale)
        self.register_buffer("rows", (weight / scale).round().to(torch.int8))

    def forward(self, ids: Tensor) -> Tensor:
        rows, scale = self.get_buffer("rows"), self.get_buffer("scale")
        return F.embedding(ids, rows).float() * F.embedding(ids, scale)


def write_onnx(model: EmotionModel, path: Path) -> None:
    """Write the encoder as ONNX, any number of texts of any length."""
    _write(model, _encoder(model), path)


def _encoder(model: EmotionModel) -> nn.Module:
    encoder = copy.deepcopy(model.backbone).float().cpu().eval()
    encoder.set_attn_implementation("eager")  # type: ignore[operator]
    return encoder


def _write(model: EmotionModel, encoder: nn.Module, path: Path) -> None:
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


def write_int8(model: EmotionModel, path: Path) -> None:
    """Write the encoder as ONNX, weights of all products but one in bytes, sixteen to a scale.

    What they are multiplied with is turned into bytes in groups of sixteen too. One scale for all
    of a text's numbers would cost a hundred times the error; none at all, sums in full precision,
    several times the time of one text.

    One product stays in floats, its weights too: the first that makes many numbers into fewer, with
    which the first layer ends. It decides the least cosine, of the embedded default 0.9994; with
    this product in bytes as well that is 0.9988, less than `export_encoder` lets pass.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    encoder: Any = _encoder(model)
    encoder.set_input_embeddings(_ByteTable(encoder.get_input_embeddings().weight.detach()))
    with tempfile.TemporaryDirectory() as folder, _quiet():
        whole, prepared = Path(folder) / "whole.onnx", Path(folder) / "prepared.onnx"
        _write(model, encoder, whole)
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)
        settings = DefaultWeightOnlyQuantConfig(
            block_size=_SHARING, is_symmetric=True, accuracy_level=_BYTES, bits=8
        )
        loaded = onnx.load(prepared)
        in_floats = _narrowing(loaded.graph)[:1]
        quantizer = MatMulNBitsQuantizer(loaded, algo_config=settings, nodes_to_exclude=in_floats)
        quantizer.process()
        onnx.save(quantizer.model.model, path)


def _narrowing(graph: Any) -> list[str]:  # noqa: ANN401
    """Name the products whose weights have more rows than columns, from the first layer on."""
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    # ONNX lists the nodes of a graph in the order in which they are computed.
    products = (node for node in graph.node if node.op_type == "MatMul")
    weights = ((node.name, shapes.get(node.input[1], ())) for node in products)
    return [name for name, shape in weights if len(shape) == 2 and shape[0] > shape[1]]


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
