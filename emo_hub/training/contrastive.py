"""`emo-hub train contrastive`: corpus in, zero-shot checkpoint out.

Rows are joined, the towers fitted, and the result is measured on validation rows for calibration
and thresholds. Everything that decides the outcome is a setting of the recipe.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, PreTrainedModel

from emo_hub import checkpoint as files
from emo_hub.checkpoint import RUN_FILE
from emo_hub.config import part, recipe_hash
from emo_hub.dataset import read_corpus
from emo_hub.durable import check_place
from emo_hub.errors import SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.alignment import Alignment
from emo_hub.training.ancestry import inherited
from emo_hub.training.batches import BatchSettings
from emo_hub.training.finish import judge
from emo_hub.training.held_out import choose_words, without_words
from emo_hub.training.loop import PRECISIONS, LoopSettings, Progress, best_precision, fit
from emo_hub.training.material import Material, Wanted, gather
from emo_hub.training.ranges import check_ranges
from emo_hub.training.rows import TrainingRow, Trust
from emo_hub.training.towers import Towers, TowerSettings
from emo_hub.training.writing import Finished, is_made, write_checkpoint
from emo_hub.version import __version__

# The ways a label is said in training and, the first three, at inference.
TEMPLATES = ("{}", "feeling {}", "I felt {}", "I feel {}", "a feeling of {}", "emotion: {}")
HEAD_TEMPLATES = TEMPLATES[:3]

_RANGES = {
    "at least 1": ("epochs", "batch_size", "accumulation_steps", "max_tokens", "adapter_alpha"),
    "at least 0": (
        "adapter_rank", "vad_weight", "contest_weight", "held_out_words", "max_rows",
        "extra_phrases", "palette_words", "weight_decay", "save_every", "threshold_shrink",
        "anchor",
    ),
    "greater than 0": ("learning_rate", "logit_scale", "max_grad_norm"),
    "greater than 0 and at most 1": ("row_share",),
    "in 0..1": (
        "noisy_trust", "template_share", "synonym_share", "stray_contexts", "warmup_share",
        "intensity_floor",
    ),
    "at least 0 and below 1": ("dropout", "average_decay"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ContrastiveRecipe:
    """Settings of one contrastive run. Each is read in the file named by the comment above it."""

    # What is trained, in towers.py.
    base: str = files.PACKAGED_BASE  # a path, a Hub repository, or the packaged MiniLM
    adapter_rank: int = 16  # 0 trains every weight
    adapter_alpha: int = 32
    dropout: float = 0.1
    logit_scale: float = 10.0  # at the start
    logit_bias: float = -5.0  # at the start: most pairs are negatives
    vad_weight: float = 0.5  # of squared scale points against nats
    contest_weight: float = 0.0  # of the softmax over known phrases against the sigmoids
    max_tokens: int = 128
    # What it is trained on, in rows.py.
    use_utterances: bool = True
    use_scenes: bool | None = None  # None goes by use_utterances
    use_comments: bool = True
    noisy_teacher: str = ""  # whose comments count less, where no panel voted
    noisy_trust: float = 1.0  # how much they count, in [0, 1]
    row_share: float = 1.0  # of each kind, in (0, 1]; a smaller share lies within a larger one
    held_out_words: int = 0  # descriptors kept out, to measure labels that were never learnt
    max_rows: int = 0  # a seeded sample of so many; 0 takes all
    supervision: str = "labels and descriptors"  # or "descriptors"
    # What is compared with what, in batches.py.
    batch_size: int = 64  # texts over all processes
    extra_phrases: int = 48
    template_share: float = 0.5
    synonym_share: float = 0.0  # of label names, said as one of their synonyms
    stray_contexts: float = 0.0  # share of texts that get lines of others as their context
    palette_words: int = 0  # words of the palette that a batch is asked about
    intensity_floor: float = 0.0  # 0 takes intensities as targets, 1 takes presence; votes stay
    # How long and how fast, in loop.py.
    epochs: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup_share: float = 0.06
    accumulation_steps: int = 1
    max_grad_norm: float = 1.0
    average_decay: float = 0.0  # 0 keeps the last weights
    mixed_precision: str = "auto"  # or "bf16", "no"
    save_every: int = 200  # steps; 0 never
    seed: int = 0
    # What the scores mean, in finish.py.
    threshold_shrink: float = 1000.0  # positives that the global threshold is worth
    anchor: float = 3e-5  # draws a label's learnt vector to its name's; 0 learns none

    def __post_init__(self) -> None:
        allowed = {
            "supervision": ("labels and descriptors", "descriptors"),
            "mixed_precision": PRECISIONS,
        }
        for key, values in allowed.items():
            if getattr(self, key) not in values:
                raise SettingsError(f"{key} must be one of {values}; got {getattr(self, key)!r}.")
        check_ranges(self, _RANGES)

    @property
    def synthetic_kinds(self) -> frozenset[str]:
        """Which kinds of the corpus's own rows are trained on."""
        scenes = self.use_utterances if self.use_scenes is None else self.use_scenes
        chosen = {"utterance": self.use_utterances, "scene": scenes}
        return frozenset(kind for kind, is_used in chosen.items() if is_used)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made.

    Args:
        path: the checkpoint's folder.
        reused: whether it stood there already, from the same recipe and data.
        notes: what was joined, and what was left out.
        losses: of the steps taken.
        resumed_at: the step it went on from; 0 for a fresh run.
    """

    path: Path
    reused: bool
    notes: tuple[str, ...]
    losses: tuple[float, ...] = ()
    resumed_at: int = 0


def train_contrastive(
    data: Path,
    out: Path,
    recipe: ContrastiveRecipe,
    *,
    texts: str = "",
    command: str = "emo-hub train contrastive",
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Distil a corpus into a dual encoder.

    A run that was stopped goes on from its last saved state; one that is finished is reused when
    recipe, base, data and texts are the same.

    Args:
        data: an emo-pillars folder.
        out: where the checkpoint goes.
        recipe: the settings.
        texts: where the annotated comments' texts are: a folder, "hub", or "" for nowhere.
        command: what makes the same checkpoint again, for the card.
        progress: is told the step, the number of steps and the loss.
        say: is told, in sentences, what was found and done.

    Raises:
        DataError: nothing to train on, the data folder is no corpus, or `out` cannot be written.
        CheckpointError: a damaged base or training state.
        InputError: something other than a checkpoint stands where it should go.
    """
    out = out.absolute()
    check_place(out, RUN_FILE)
    material = gather(data, texts, wanted_rows(recipe))
    rows, validation, notes = material.rows, material.validation, material.notes
    for note in notes:
        say(note)
    held = choose_words(rows, recipe.held_out_words, recipe.seed) if recipe.held_out_words else ()
    if held:
        say(f"Kept out of training, with all their forms: {', '.join(held)}.")
        rows = without_words(rows, held)
    run = _describe(data, recipe, material)
    if is_made(out, run):
        say(f"{out} was made by this very recipe from this very data: reused.")
        return Trained(out, reused=True, notes=notes)
    torch.manual_seed(recipe.seed)
    towers = Towers(part(TowerSettings, recipe))
    longest = int(towers.backbone.config.max_position_embeddings)
    if recipe.max_tokens > longest:
        raise SettingsError(f"max_tokens is {recipe.max_tokens}; {recipe.base} reads {longest}.")
    tokenizer = AutoTokenizer.from_pretrained(files.base_folder(recipe.base))
    reader = _model(towers.backbone, tokenizer, _bare_head(recipe), None)
    state = out.with_name(f".{out.name}-{run['run']}")
    task = Alignment(towers, reader.tokenize, tokenizer, rows, _batch_settings(recipe))
    fitted = fit(task, part(LoopSettings, recipe), state, progress)
    if int(torch.distributed.get_rank() if torch.distributed.is_initialized() else 0) == 0:
        finished = _finish(towers, tokenizer, recipe, (rows, validation), held, say)
        write_checkpoint(out, finished, {**run, "command": command, "steps": fitted.steps})
        shutil.rmtree(state, ignore_errors=True)
    return Trained(
        out, reused=False, notes=notes, losses=fitted.losses, resumed_at=fitted.resumed_at
    )


def wanted_rows(recipe: ContrastiveRecipe) -> Wanted:
    """Say what a recipe trains on and is judged by."""
    return Wanted(
        kinds=recipe.synthetic_kinds,
        comments=recipe.use_comments,
        judges=recipe.supervision != "descriptors",
        calibrates=True,
        trust=Trust(recipe.noisy_teacher, recipe.noisy_trust),
        share=recipe.row_share,
        most=recipe.max_rows,
        seed=recipe.seed,
    )


def _describe(data: Path, recipe: ContrastiveRecipe, material: Material) -> dict[str, Any]:
    corpus = read_corpus(data)
    identity = {
        "recipe": recipe_hash(recipe),
        "base": files.weights_sha256(files.base_folder(recipe.base)),
        "content": corpus.content,
        "texts": material.sha256,
    }
    return {
        "run": files.text_sha256(json.dumps(identity, sort_keys=True))[:12],
        "recipe_hash": identity["recipe"],
        "recipe": dataclasses.asdict(recipe),
        "corpus_version": corpus.version,
        "corpus_content": corpus.content,
        **inherited(files.base_folder(recipe.base), recipe.base),
        "rows": dict(Counter(row.source for row in material.rows)),
        "notes": list(material.notes),
        "precision": best_precision(recipe.mixed_precision),
        "versions": {"emo_hub": __version__, "torch": str(torch.__version__)},
    }


def _batch_settings(recipe: ContrastiveRecipe) -> BatchSettings:
    return BatchSettings(
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        extra_phrases=recipe.extra_phrases,
        template_share=recipe.template_share,
        templates=TEMPLATES[1:],
        synonym_share=recipe.synonym_share,
        use_labels=recipe.supervision != "descriptors",
        intensity_floor=recipe.intensity_floor,
        stray_contexts=recipe.stray_contexts,
        palette_words=recipe.palette_words,
        seed=recipe.seed,
    )


def _bare_head(recipe: ContrastiveRecipe) -> files.Head:
    return files.Head(
        logit_scale=recipe.logit_scale,
        logit_bias=recipe.logit_bias,
        templates=HEAD_TEMPLATES,
        trained_labels=GOEMOTIONS.labels if recipe.supervision != "descriptors" else (),
        max_tokens=recipe.max_tokens,
        thresholds={},
        default_threshold=0.5,
        calibration=None,
        trained_calibration=None,
        base=recipe.base,
    )


def _model(
    backbone: PreTrainedModel,
    tokenizer: Any,  # noqa: ANN401
    head: files.Head,
    towers: Towers | None,
) -> EmotionModel:
    vad = None
    if towers is not None and towers.vad_share > 0:
        vad = (towers.vad.weight.detach().clone(), towers.vad.bias.detach().clone())
    return EmotionModel(backbone, tokenizer, head, vad, None)


def _finish(
    towers: Towers,
    tokenizer: Any,  # noqa: ANN401
    recipe: ContrastiveRecipe,
    rows: tuple[tuple[TrainingRow, ...], tuple[TrainingRow, ...]],
    held: tuple[str, ...],
    say: Callable[[str], None],
) -> Finished:
    backbone = towers.backbone
    updates: dict[str, torch.Tensor] = {}
    if recipe.adapter_rank:
        updates = _low_rank_updates(backbone)
        backbone = backbone.merge_and_unload()
    head = dataclasses.replace(
        _bare_head(recipe),
        logit_scale=float(towers.log_scale.detach().exp()),
        logit_bias=float(towers.bias.detach()),
    )
    model = _model(backbone.float().cpu(), tokenizer, head, towers)
    judgement = judge(
        model, *rows, shrink=recipe.threshold_shrink, anchor=recipe.anchor, held_out=held, say=say
    )
    adapter = (recipe.adapter_rank, recipe.adapter_alpha)
    return Finished(model, judgement, updates, adapter, recipe.base)


def _low_rank_updates(backbone: nn.Module) -> dict[str, torch.Tensor]:
    found = {}
    for name, parameter in backbone.named_parameters():
        if ".lora_A." in name or ".lora_B." in name:
            plain = name.removeprefix("base_model.model.").replace(".default.weight", "")
            found[plain] = parameter.detach().to(torch.float16).cpu().contiguous()
    return found
