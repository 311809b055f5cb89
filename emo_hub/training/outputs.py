"""An encoder with one output for each label, from any encoder or from a checkpoint of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
)

from emo_hub.calibration import Floats
from emo_hub.checkpoint import HEAD_FILE, base_folder
from emo_hub.errors import CheckpointError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.pairs import segments_of
from emo_hub.static import StaticBackbone
from emo_hub.training.objectives import Objective
from emo_hub.training.towers import with_dropout

OURS = "default"  # the embedded dual encoder
_CLASSIFIER = "ForSequenceClassification"
_GAIN = 2.0  # of token vectors on their way to the outputs; tanh is nearly straight there
_OFFSET = 2  # positions that models in the manner of RoBERTa keep for padding


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputSettings:
    """What is trained; see the recipe for the meaning of each."""

    base: str
    dropout: float
    max_tokens: int
    segments: str
    gradient_checkpointing: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """An encoder with outputs.

    Args:
        model: a sequence classifier of transformers.
        tokenizer: its tokenizer, which states `max_tokens` as its limit.
        start: in words, what its weights come from.
        reader: the dual encoder that they come from, if it is one.
    """

    model: Any
    tokenizer: Any
    start: str
    reader: EmotionModel | None = None


class Outputs(nn.Module):
    """The trained module: the classifier, and the loss of its logits.

    Args:
        model: a sequence classifier of transformers.
        objective: the loss of each output.
    """

    def __init__(self, model: Any, objective: Objective) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model
        self._objective = objective

    def forward(
        self, inputs: dict[str, Tensor], targets: Tensor, trust: Tensor, share: float
    ) -> Tensor:
        """Give the loss () of these rows: mean over labels, sum over rows, times `share`."""
        logits = self.model(**inputs).logits
        # The encoder may run in half precision; its outputs are compared in full.
        with torch.autocast(logits.device.type, enabled=False):
            losses = self._objective(logits.float(), targets)
            return (losses.mean(dim=1) * trust).sum() * share


def open_outputs(
    settings: OutputSettings,
    labels: Sequence[str],
    shares: Floats,
    counterparts: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Opened:
    """Load what training starts from.

    Outputs that a classifier of ours has for these very labels are kept. Any others are new, and
    start from how often each label holds, and from the base's outputs for its counterparts.

    Args:
        settings: of the recipe. Its base is a path, a Hub repository, the packaged MiniLM, or a
            dual encoder of ours, whose adapter is merged.
        labels: of the outputs, L.
        shares: (L,) of rows in which each label holds.
        counterparts: for a label, those of the base's own that mean the same.

    Raises:
        CheckpointError: the base is missing, damaged, or no encoder.
        SettingsError: the base reads fewer tokens or segments than the recipe wants.
    """
    folder = None if settings.base == OURS else base_folder(settings.base)
    if folder is None or (folder / HEAD_FILE).is_file():
        opened = _from_dual_encoder(folder, settings, len(labels))
        own: tuple[str, ...] = ()
    else:
        opened, own = _from_encoder(folder, settings, len(labels))
    _check_room(opened, settings)
    if own == tuple(labels):
        opened = replace(opened, start=f"{opened.start}, its outputs kept")
    else:
        _start_outputs(opened.model, shares)
        sources = [[n for n in counterparts.get(label, ()) if n in own] for label in labels]
        if folder is not None and any(sources):
            _take_over(opened.model, folder, own, sources)
            start = f"{opened.start}, each output from those of the same meaning"
            opened = replace(opened, start=start)
    if settings.segments == "two":
        _widen_segments(opened.model, settings.base)
    _fit_tokenizer(opened, settings)
    if settings.gradient_checkpointing:
        opened.model.gradient_checkpointing_enable({"use_reentrant": False})
    return opened


def _from_encoder(
    folder: Path, settings: OutputSettings, count: int
) -> tuple[Opened, tuple[str, ...]]:
    """Open any encoder, and say which labels it has outputs for."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        config = AutoConfig.from_pretrained(folder)
        names = {int(column): label for column, label in (config.id2label or {}).items()}
        is_classifier = any(_CLASSIFIER in name for name in config.architectures or ())
        own = tuple(names[column] for column in sorted(names)) if is_classifier else ()
        model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            config=_with_outputs(config, settings, count),
            dtype=torch.float32,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"The encoder {settings.base} does not load as a classifier: {error}"
        ) from error
    return Opened(model, tokenizer, _named(settings.base)), own


def _from_dual_encoder(folder: Path | None, settings: OutputSettings, count: int) -> Opened:
    dual = EmotionModel.load(folder)
    if isinstance(dual.backbone, StaticBackbone):
        raise CheckpointError(
            f"{settings.base} is a static model without a transformer, which has no outputs to "
            "train; name the model that it came from."
        )
    config = _with_outputs(dual.config, settings, count)
    auto: Any = AutoModelForSequenceClassification
    model = auto.from_config(config, dtype=torch.float32)
    found = model.base_model.load_state_dict(dual.backbone.state_dict(), strict=False)
    if lost := [name for name in found.missing_keys if "pooler" not in name]:
        raise CheckpointError(f"{settings.base} lacks the weights {', '.join(lost[:4])}.")
    _pass_through(model)
    start = f"the encoder of our zero-shot model {_named(dual.name)}"
    return Opened(model, dual.tokenizer, start, dual)


def _named(source: str) -> str:
    """Name a source as a card may: of a folder of this machine its last part says enough."""
    return Path(source).resolve().name if Path(source).is_dir() else source


def _pass_through(model: Any) -> None:  # noqa: ANN401
    """Make square layers after the encoder hand on what they get: a dual encoder used none."""
    encoder = f"{model.base_model_prefix}."
    for name, module in model.named_modules():
        is_after = not name.startswith(encoder) or "pooler" in name
        if is_after and isinstance(module, nn.Linear) and module.in_features == module.out_features:
            module.weight.data.copy_(_GAIN * torch.eye(module.in_features))
            module.bias.data.zero_()


def _with_outputs(
    config: PretrainedConfig, settings: OutputSettings, count: int
) -> PretrainedConfig:
    config.num_labels = count
    config.problem_type = "multi_label_classification"
    config = with_dropout(config, settings.dropout)
    if hasattr(config, "classifier_dropout"):
        config.classifier_dropout = settings.dropout
    return config


def _check_room(opened: Opened, settings: OutputSettings) -> None:
    config, tokenizer = opened.model.config, opened.tokenizer
    positions = int(getattr(config, "max_position_embeddings", None) or 10**9)
    # A classifier of ours states what it was trained with, not what it could read.
    is_ours = hasattr(config, "emo_hub_task")
    longest = positions - _OFFSET if is_ours else min(positions, int(tokenizer.model_max_length))
    if settings.max_tokens > longest:
        raise SettingsError(
            f"max_tokens is {settings.max_tokens}; {settings.base} reads {longest}."
        )


def _start_outputs(model: Any, shares: Floats) -> None:  # noqa: ANN401
    """Make the outputs new: small weights, and each label's own log odds as its bias."""
    layer = output_layer(model, len(shares))
    nn.init.normal_(layer.weight, std=float(getattr(model.config, "initializer_range", 0.02)))
    if layer.bias is not None:
        layer.bias.data.copy_(_log_odds(shares))


def _log_odds(shares: Floats) -> Tensor:
    held = np.clip(shares, 1e-3, 1 - 1e-3)
    return torch.from_numpy(np.log(held / (1 - held)))


def move_outputs(model: Any, trained: Floats, used: Floats) -> None:  # noqa: ANN401
    """Fit outputs to rows in which labels hold more or less often than in those of training.

    Args:
        model: a sequence classifier of transformers.
        trained: (L,) shares of the training rows in which each label holds.
        used: (L,) the same of the rows it is used on.

    Raises:
        SettingsError: its outputs have no bias that could be moved.
    """
    layer = output_layer(model, len(trained))
    if layer.bias is None:
        raise SettingsError(
            f"The outputs of {type(model).__name__} have no bias, by which they would be moved to "
            "how often labels hold where it is used: take another base."
        )
    change = _log_odds(used) - _log_odds(trained)
    layer.bias.data.add_(change.to(layer.bias.device, layer.bias.dtype))


def _take_over(
    model: Any,  # noqa: ANN401
    folder: Path,
    own: Sequence[str],
    sources: Sequence[Sequence[str]],
) -> None:
    """Start outputs from the mean of those that the base has for labels of the same meaning."""
    auto: Any = AutoModelForSequenceClassification
    base = auto.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    known = output_layer(base, len(own)).weight.data
    weights = output_layer(model, len(sources)).weight.data
    for column, names in enumerate(sources):
        if names:
            weights[column] = known[[own.index(name) for name in names]].mean(dim=0)


def output_layer(model: Any, count: int) -> nn.Linear:  # noqa: ANN401
    """Find the layer that gives a classifier's logits.

    Raises:
        SettingsError: there is none with so many outputs.
    """
    for module in reversed(list(model.modules())):
        if isinstance(module, nn.Linear) and module.out_features == count:
            return module
    raise SettingsError(f"{type(model).__name__} has no linear layer of {count} outputs.")


def _widen_segments(model: Any, base: str) -> None:  # noqa: ANN401
    """Give a model of one segment a second, which starts as the first."""
    count = segments_of(model.config)
    table = getattr(getattr(model.base_model, "embeddings", None), "token_type_embeddings", None)
    if count is not None and count >= 2:
        return
    if not isinstance(table, nn.Embedding) or table.num_embeddings != 1:
        raise SettingsError(
            f'segments is "two", and {base} has no table of segments that could be widened; take '
            'segments = "own", which tells context and text apart by the separators between them.'
        )
    wide = nn.Embedding(2, table.embedding_dim)
    wide.weight.data.copy_(table.weight.detach().expand(2, -1))
    model.base_model.embeddings.token_type_embeddings = wide
    model.config.type_vocab_size = 2


def _fit_tokenizer(opened: Opened, settings: OutputSettings) -> None:
    tokenizer = opened.tokenizer
    tokenizer.model_max_length = settings.max_tokens
    count = segments_of(opened.model.config)
    if count is not None and count < 2:
        # Stock pipelines pass on all that it writes, and segment 1 is out of such a model's table.
        names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
        tokenizer.model_input_names = names
        # Only what it was made with is saved.
        tokenizer.init_kwargs["model_input_names"] = names


def rate_groups(
    model: Any,  # noqa: ANN401
    *,
    layer_decay: float,
    head_rate: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Group parameters by depth: the deeper they lie below the outputs, the slower they learn.

    Args:
        model: a sequence classifier of transformers.
        layer_decay: what each layer further down multiplies the rate by, in (0, 1].
        head_rate: what the outputs multiply it by.
        weight_decay: of matrices; biases and norms have none.

    Returns:
        The optimiser's groups with their `share` of the learning rate, lowest first.
    """
    prefix, layers = _layers(model.base_model)
    root = f"{model.base_model_prefix}."
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        depth = _depth(name.removeprefix(root), prefix, layers)
        share = layer_decay ** (layers + 1 - depth)
        share *= 1.0 if name.startswith(root) else head_rate
        decay = weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((share, decay), []).append(parameter)
    return [
        {"params": groups[key], "share": key[0], "weight_decay": key[1]} for key in sorted(groups)
    ]


def _layers(encoder: nn.Module) -> tuple[str, int]:
    """Find where an encoder's layers are, and how many; the longest list of modules holds them."""
    lists = [(n, len(m)) for n, m in encoder.named_modules() if isinstance(m, nn.ModuleList)]
    return max(lists, key=lambda found: found[1], default=("", 0))


def _depth(name: str, prefix: str, layers: int) -> int:
    if prefix and name.startswith(f"{prefix}."):
        return int(name.removeprefix(f"{prefix}.").split(".", 1)[0]) + 1
    return 0 if "embed" in name else layers + 1


def prior_shares(targets: Floats) -> Floats:
    """Give the share (L,) of rows in which each label holds, drawn a little towards even odds."""
    rows = len(targets)
    return np.asarray((targets.sum(axis=0) + 0.5) / (rows + 1.0), np.float32)
