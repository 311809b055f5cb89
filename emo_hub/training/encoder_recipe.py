"""The recipe of `emo-hub train encoder`, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emo_hub.checkpoint import PACKAGED_BASE
from emo_hub.errors import SettingsError
from emo_hub.training.loop import PRECISIONS
from emo_hub.training.objectives import LOSSES
from emo_hub.training.ranges import check_ranges

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "targets": ("hard", "soft"),
    "loss": LOSSES,
    "segments": ("own", "two"),
    "mixed_precision": PRECISIONS,
}
_COUNTS = ("epochs", "batch_size", "accumulation_steps", "max_tokens")
_FACTORS = ("learning_rate", "head_rate", "layer_decay", "row_share", "max_grad_norm")
_SHARES = (
    "layer_decay", "row_share", "context_share", "character_share", "stray_contexts",
    "noisy_trust", "warmup_share",
)  # fmt: skip
_PARTS = ("dropout", "margin", "class_balance", "average_decay")
_AMOUNTS = (
    "positive_focus", "negative_focus", "max_rows", "max_batch_tokens", "checks_per_epoch",
    "patience", "save_every", "threshold_shrink", "weight_decay",
)  # fmt: skip
_RANGES = {
    "at least 1": _COUNTS,
    "greater than 0": _FACTORS,
    "in 0..1": _SHARES,
    "at least 0 and below 1": _PARTS,
    "at least 0": _AMOUNTS,
}


@dataclass(frozen=True, kw_only=True)
class EncoderRecipe:
    """Settings of one run. Each is read in the file named by the comment above it."""

    # What is trained, in outputs.py.
    base: str = PACKAGED_BASE  # a path, a Hub repository, "default" or another of ours
    dropout: float = 0.1
    max_tokens: int = 192  # of context and text together
    segments: str = "own"  # or "two", which widens a model that has one
    gradient_checkpointing: bool = False
    compile: bool = False  # by torch.compile, which pays on a GPU
    # What it is trained on, in material.py.
    use_utterances: bool = True
    use_scenes: bool | None = None  # None goes by use_utterances
    use_comments: bool = True
    noisy_teacher: str = ""  # whose comments count less, where no panel voted
    noisy_trust: float = 1.0  # how much they count, in [0, 1]
    row_share: float = 1.0  # of each kind, in (0, 1]; a smaller share lies within a larger one
    max_rows: int = 0  # a seeded sample of so many; 0 takes all
    # What the outputs should be, in targets.py.
    targets: str = "hard"  # or "soft", the intensities and shares of votes
    context_share: float = 1.0  # of contextual rows that are read after their context, in [0, 1]
    character_share: float = 0.5  # of these, whose context ends with who speaks
    stray_contexts: float = 0.0  # share of other texts that get lines of others as their context
    # How they are compared with it, in objectives.py.
    loss: str = "bce"  # or "asymmetric", "class_balanced"
    positive_focus: float = 0.0  # of the asymmetric loss
    negative_focus: float = 4.0
    margin: float = 0.05
    class_balance: float = 0.999  # beta of the class-balanced loss, in [0, 1)
    # Batches and what is kept of them, in classification.py.
    batch_size: int = 64  # texts over all processes
    max_batch_tokens: int = 0  # with padding; long texts then form smaller batches; 0 sets no limit
    layer_decay: float = 0.9  # of the learning rate from one layer to the one below, in (0, 1]
    head_rate: float = 1.0  # of the outputs' learning rate
    checks_per_epoch: int = 2  # of macro average precision on validation rows; 0 keeps the last
    patience: int = 4  # checks without a better one before training stops; 0 never stops it
    # How long and how fast, in loop.py.
    epochs: int = 4
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.06
    accumulation_steps: int = 1
    max_grad_norm: float = 1.0
    average_decay: float = 0.0  # 0 keeps the weights as they are
    mixed_precision: str = "auto"  # or "bf16", "no"
    save_every: int = 500  # steps; 0 never
    seed: int = 0
    # What the scores mean, in judging.py.
    threshold_shrink: float = 20.0  # positives that the labels' common rate is worth

    def __post_init__(self) -> None:
        for key, values in _CHOICES.items():
            if getattr(self, key) not in values:
                raise SettingsError(f"{key} must be one of {values}; got {getattr(self, key)!r}.")
        check_ranges(self, _RANGES)

    @property
    def synthetic_kinds(self) -> frozenset[str]:
        """Which kinds of the corpus's own rows are trained on."""
        scenes = self.use_utterances if self.use_scenes is None else self.use_scenes
        chosen = {"utterance": self.use_utterances, "scene": scenes}
        return frozenset(kind for kind, is_used in chosen.items() if is_used)
