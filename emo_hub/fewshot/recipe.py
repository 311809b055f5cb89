"""The settings of few-shot training."""

from __future__ import annotations

from dataclasses import dataclass

from emo_hub.errors import SettingsError

AUTO_PRIOR = -1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FewshotRecipe:
    """How few-shot training goes.

    Raises:
        SettingsError: a number out of range.
    """

    seed: int = 0
    # Passes over the pairs.
    epochs: int = 1
    # Pairs of a step.
    batch_size: int = 16
    # Of the encoder, AdamW.
    learning_rate: float = 2e-5
    # Pairs drawn for each example, half of them alike.
    pairs_per_example: int = 40
    # Pairs at most, however many examples.
    max_pairs: int = 4096
    # Parts of the cross-validation that weighs the zero-shot prior; below 2 there is none.
    folds: int = 3
    # Weight of the zero-shot scores in 0..1, or -1 to choose it by cross-validation.
    prior: float = AUTO_PRIOR

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "pairs_per_example", "max_pairs"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1; got {getattr(self, name)}.")
        if not self.learning_rate > 0:
            raise SettingsError(f"learning_rate must be above 0; got {self.learning_rate}.")
        if self.prior != AUTO_PRIOR and not 0 <= self.prior <= 1:
            raise SettingsError(f"prior must be within 0..1, or -1 to choose it; got {self.prior}.")
        if self.seed < 0:
            raise SettingsError(f"seed must be at least 0; got {self.seed}.")


USUAL = FewshotRecipe()
