"""A text encoder without a transformer: one vector a token, summed.

A `StaticBackbone` stands where `EmotionModel` otherwise holds a transformer, so that labels,
calibration, thresholds and the pipeline work as they are, at tens of thousands of texts a second.
What a table of words cannot know, it does not know: "not happy" is the sum of "not" and "happy".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedConfig
from transformers.modeling_outputs import BaseModelOutput

from emo_hub.calibration import Floats
from emo_hub.checkpoint import DOWNLOAD, locate
from emo_hub.errors import CheckpointError
from emo_hub.inputs import CHARACTERS_PER_TOKEN, check_text, readable_end
from emo_hub.tensors import make_readable, read_tensors

WEIGHTS_FILE = "model.safetensors"
_CONFIG_FILE = "config.json"
_SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")  # not [UNK]: it stands for a word
_CHUNK = 8192  # texts at a time: 12 MiB of vectors, and 30 MiB of ids where all are long

Precision = Literal["float32", "float16", "int8"]


class StaticConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """What `config.json` says of a static encoder.

    Args:
        vocab_size: V, rows of the table.
        hidden_size: D, its columns.
        max_position_embeddings: the longest input in tokens; what is longer is cut.
        context_weight: how much a token of the context counts beside one of the text, from 0.
        table_precision: how the table is kept in the file: float32, float16, or int8 with one
            scale a row. In memory it is float32.
    """

    model_type = "emo_hub_static"

    vocab_size: int = 0
    hidden_size: int = 0
    max_position_embeddings: int = 512
    context_weight: float = 1.0
    table_precision: str = "float32"


AutoConfig.register(StaticConfig.model_type, StaticConfig, exist_ok=True)


class StaticBackbone(nn.Module):
    """A table of token vectors, their weights folded in, that answers as a transformer would.

    Special tokens have zero vectors, so the mean over all tokens points where the mean over words
    does. Where a text follows a context, tokens of the context are multiplied by
    `config.context_weight`. Sentence-transformers' StaticEmbedding knows no pairs of texts: there
    a context can only be written before the text, and weighs as much as it.

    Args:
        table: (V, D) vectors.
        config: must name the same V and D.
    """

    config_class = StaticConfig

    def __init__(self, table: Tensor, config: StaticConfig) -> None:
        super().__init__()
        self.config = config
        self.name_or_path = ""
        self.embedding = nn.Embedding.from_pretrained(table, freeze=False)  # type: ignore[no-untyped-call]

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        **options: Any,  # noqa: ANN401
    ) -> StaticBackbone:
        """Read table and config from a folder or from the Hub; what `AutoModel` asks for.

        Args:
            name_or_path: the folder or the repository.
            options: for a repository: revision, token, cache_dir, local_files_only; dtype.

        Raises:
            CheckpointError: a file is missing or damaged, or they do not fit each other.
        """
        folder = locate(name_or_path, **{k: options[k] for k in DOWNLOAD if options.get(k)})
        try:
            config = options.get("config") or StaticConfig.from_pretrained(folder)
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointError(f"{folder / _CONFIG_FILE} cannot be read: {error}") from error
        table = _unpacked(read_tensors(folder / WEIGHTS_FILE), folder / WEIGHTS_FILE)
        wanted = (config.vocab_size, config.hidden_size)
        if tuple(table.shape) != wanted:
            raise CheckpointError(
                f"{folder / WEIGHTS_FILE} holds a table of {tuple(table.shape)}, its config says "
                f"{wanted}: the files are of two models; fetch the checkpoint again."
            )
        backbone = cls(table, config)
        backbone.name_or_path = str(name_or_path)
        dtype = options.get("dtype")
        return backbone.to(dtype) if isinstance(dtype, torch.dtype) else backbone

    @classmethod
    def register_for_auto_class(cls, auto_class: object = None) -> None:
        """Do nothing: `AutoModel` tells so a class whose code came with a repository."""

    def save_pretrained(self, folder: Path) -> None:
        """Write table and config, in the names that StaticEmbedding reads.

        The int8 form (a row's numbers and its scale) is read by sentence-transformers from 6.2.

        Raises:
            OSError: the folder cannot be written.
        """
        table = self.embedding.weight.detach().float().cpu()
        save_file(_packed(table, self.config.table_precision), folder / WEIGHTS_FILE)
        self.config.save_pretrained(folder)
        make_readable(folder)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> BaseModelOutput:
        """Look up the vectors (B, T, D) of token ids (B, T).

        Args:
            input_ids: of the tokens.
            attention_mask: 0 where there is padding.
            token_type_ids: 0 for the context and 1 for the text where a row has both.
        """
        hidden = self.embedding(input_ids)
        if token_type_ids is not None:
            is_text = token_type_ids == 1
            if attention_mask is not None:
                is_text = is_text & (attention_mask == 1)
            before = is_text.any(dim=1, keepdim=True) & ~is_text
            weight = torch.where(before, self.config.context_weight, 1.0)
            hidden = hidden * weight.unsqueeze(-1).to(hidden.dtype)
        return BaseModelOutput(last_hidden_state=hidden)


AutoModel.register(StaticConfig, StaticBackbone, exist_ok=True)


class StaticReader:
    """Encodes many texts at once: one call of the tokenizer, one sum over its tokens.

    It has a tokenizer of its own, since transformers sets cutting and padding of theirs anew in
    every call.

    Args:
        backbone: the table.
        tokenizer: a fast tokenizer of transformers.
        longest: input in tokens, special ones included, as `EmotionModel.tokenize` counts them.
    """

    def __init__(
        self,
        backbone: StaticBackbone,
        tokenizer: Any,  # noqa: ANN401
        longest: int,
    ) -> None:
        self._backbone = backbone
        self._tokenizer = plain_tokenizer(tokenizer)
        self._longest = longest
        self._room = longest - int(tokenizer.num_special_tokens_to_add())
        self._pair_room = longest - int(tokenizer.num_special_tokens_to_add(pair=True))

    def encode(self, pairs: Sequence[tuple[str, str | None]]) -> Floats:
        """Encode texts, each after its context where it has one, to unit vectors (N, D).

        Raises:
            InputError: a text is not a string or is empty.
        """
        dimension = int(self._backbone.config.hidden_size)
        vectors = np.zeros((len(pairs), dimension), dtype=np.float32)
        for start in range(0, len(pairs), _CHUNK):
            chunk = pairs[start : start + _CHUNK]
            vectors[start : start + len(chunk)] = self._sums(chunk)
        return vectors

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Give the token ids of texts as they are read, without special tokens.

        Raises:
            InputError: a text is not a string or is empty.
        """
        for text in texts:
            check_text(text)
        cut = [text[: readable_end(text, self._longest)] for text in texts]
        encoded = self._tokenizer.encode_batch_fast(cut, add_special_tokens=False)
        return [e.ids[: self._room] for e in encoded]

    def context_ids(self, context: str | None, count: int) -> list[int]:
        """Give the last so many token ids of a context, cut as `EmotionModel.tokenize` does."""
        if not context or not context.strip() or count < 1:
            return []
        end = context.rstrip()[-self._longest * CHARACTERS_PER_TOKEN :]
        encoded = self._tokenizer.encode(end, add_special_tokens=False)
        if len(encoded.ids) <= count:
            return list(encoded.ids)
        # A word that is cut may be other pieces than it was, and more of them.
        rest = end[encoded.offsets[-count][0] :]
        return list(self._tokenizer.encode(rest, add_special_tokens=False).ids[:count])

    def contexts_ids(
        self, contexts: Sequence[str | None], ids: Sequence[Sequence[int]]
    ) -> list[list[int]]:
        """Give the token ids of contexts, of each the last that fit beside its text.

        Args:
            contexts: N of them; None and blank ones count as none.
            ids: of the N texts, as `ids` gives them.
        """
        return [
            self.context_ids(context, self._pair_room - len(own))
            for context, own in zip(contexts, ids, strict=True)
        ]

    def write_sentence_transformers_layout(self, folder: Path) -> None:
        """Write the small files by which sentence-transformers reads table and tokenizer.

        StaticEmbedding adds no special tokens and cuts where its tokenizer says, so the one that is
        written cuts where ours does.

        Raises:
            OSError: the folder cannot be written.
        """
        names = ("StaticEmbedding", ""), ("Normalize", "1_Normalize")
        modules = [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(names)
        ]
        settings = {"similarity_fn_name": "cosine", "prompts": {}}
        for name, content in (
            ("modules.json", modules),
            ("config_sentence_transformers.json", settings),
        ):
            (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        (folder / "1_Normalize").mkdir(exist_ok=True)
        cutting = Tokenizer.from_str(self._tokenizer.to_str())
        cutting.enable_truncation(self._room)
        (folder / "tokenizer.json").write_text(cutting.to_str(pretty=True), encoding="utf-8")

    def _sums(self, pairs: Sequence[tuple[str, str | None]]) -> Floats:
        texts = self.ids([text for text, _ in pairs])
        weights = None
        table = self._backbone.embedding.weight
        if any(context for _, context in pairs):
            before = self.contexts_ids([context for _, context in pairs], texts)
            counts = [n for b, t in zip(before, texts, strict=True) for n in (len(b), len(t))]
            each = np.tile([self._backbone.config.context_weight, 1.0], len(pairs))
            weights = torch.from_numpy(np.repeat(each, counts)).to(table)
            texts = [b + t for b, t in zip(before, texts, strict=True)]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        flat = np.fromiter(chain.from_iterable(texts), np.int64, int(lengths.sum()))
        starts = torch.from_numpy(np.cumsum(lengths) - lengths).to(table.device)
        ids = torch.from_numpy(flat).to(table.device)
        with torch.inference_mode():
            sums = F.embedding_bag(ids, table, starts, mode="sum", per_sample_weights=weights)
            found: Floats = F.normalize(sums.float(), dim=-1).cpu().numpy()
        return found


def plain_tokenizer(tokenizer: Any) -> Tokenizer:  # noqa: ANN401
    """Copy the tokenizer inside one of transformers, set to cut and pad nothing."""
    own = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    own.no_padding()
    own.no_truncation()
    return own


def silent_ids(tokenizer: Any) -> list[int]:  # noqa: ANN401
    """Give the ids of the special tokens whose vectors must be zero."""
    known = tokenizer.get_vocab()
    return [known[token] for token in _SPECIAL if token in known]


def is_static(folder: Path) -> bool:
    """Tell whether a checkpoint's encoder is a static one."""
    try:
        config = json.loads((folder / _CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # what reads it next says what is wrong with it
    return isinstance(config, dict) and config.get("model_type") == StaticConfig.model_type


def _packed(table: Tensor, precision: str) -> dict[str, Tensor]:
    if precision == "int8":
        scale = (table.abs().amax(dim=1) / 127).clamp(min=1e-12)
        numbers = (table / scale[:, None]).round().to(torch.int8)
        return {"embeddings": numbers.contiguous(), "weights": scale}
    kind = torch.float16 if precision == "float16" else torch.float32
    return {"embedding.weight": table.to(kind).contiguous()}


def _unpacked(tensors: dict[str, Tensor], path: Path) -> Tensor:
    if "embedding.weight" in tensors:
        return tensors["embedding.weight"].float()
    if {"embeddings", "weights"} <= tensors.keys():
        return tensors["embeddings"].float() * tensors["weights"].float()[:, None]
    raise CheckpointError(
        f"{path} holds {', '.join(tensors)}; wanted embedding.weight, or embeddings with weights: "
        "fetch it again."
    )
