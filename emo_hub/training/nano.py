"""`emo-hub train nano`: a table of token vectors, distilled from a model that has a transformer.

The teacher here is our own checkpoint. It encodes texts and phrases once; a table of one vector a
token is then fitted so that sums over tokens point where the teacher's vectors do, and rank phrases
as they do. Label tower and text tower are one table. No label, of a human or of an LLM, is read
before the scores are calibrated on validation rows.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from emo_hub.calibration import Floats
from emo_hub.checkpoint import RUN_FILE
from emo_hub.config import part, recipe_hash
from emo_hub.dataset import read_corpus
from emo_hub.durable import check_place
from emo_hub.errors import DataError, InputError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.pictographs import read_twice
from emo_hub.registration import default_model_folder
from emo_hub.static import Precision, StaticBackbone, StaticConfig, StaticReader, silent_ids
from emo_hub.taxonomy import GOEMOTIONS, lexicon
from emo_hub.training.ancestry import inherited
from emo_hub.training.batches import with_stray_contexts
from emo_hub.training.contrastive import TEMPLATES, Trained
from emo_hub.training.finish import judge
from emo_hub.training.loop import PRECISIONS, Progress, best_precision
from emo_hub.training.material import check_judges
from emo_hub.training.ranges import check_ranges
from emo_hub.training.rows import TrainingRow, Trust, annotated_rows, corpus_rows
from emo_hub.training.table import Bags, Table, TableSettings, fit_table, start_table
from emo_hub.training.writing import Finished, write_checkpoint
from emo_hub.version import __version__

_RANGES = {
    "at least 1": ("epochs", "batch_size", "contest_phrases"),
    "at least 0": (
        "max_rows", "context_weight", "phrase_weight", "contest_weight", "threshold_shrink",
        "anchor",
    ),
    "greater than 0": ("learning_rate",),
    "greater than 0 and at most 1": ("rarity",),
    "at least 0 and below 1": ("token_dropout", "stray_contexts"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NanoRecipe:
    """Settings of one distillation into a static model."""

    # Who is asked about what.
    teacher: str = "default"  # a folder or a Hub repository, or the embedded model
    use_comments: bool = True  # the annotated comments' texts, beside the corpus's own
    max_rows: int = 0  # a seeded sample of so many texts; 0 takes all
    stray_contexts: float = 0.0  # share of texts that get lines of others as their context
    mixed_precision: str = "auto"  # or "bf16", "no": of the teacher's answers
    # What the table starts as.
    rarity: float = 1e-3  # a of the weight a / (a + share of all tokens), in (0, 1]
    context_weight: float = 0.5  # of a token before the text, at the start
    # What it is fitted to.
    phrase_weight: float = 0.5  # of the phrases' cosines against the texts'
    contest_weight: float = 1.0  # of the divergence over phrases, in nats, against cosines
    contest_phrases: int = 192  # of a step
    token_dropout: float = 0.1  # share of a text's tokens left out, in [0, 1)
    # How long and how fast.
    epochs: int = 6
    batch_size: int = 256
    learning_rate: float = 3e-3
    seed: int = 0
    # What is written.
    table_precision: Precision = "float16"
    noisy_teacher: str = ""  # whose comments judge no score, where no panel voted
    threshold_shrink: float = 1000.0  # as in the contrastive recipe
    anchor: float = 3e-5  # as in the contrastive recipe

    def __post_init__(self) -> None:
        if self.mixed_precision not in PRECISIONS:
            raise SettingsError(
                f"mixed_precision must be one of {PRECISIONS}; got {self.mixed_precision!r}."
            )
        check_ranges(self, _RANGES)


def train_nano(
    data: Path,
    out: Path,
    recipe: NanoRecipe,
    *,
    texts: str = "",
    command: str = "emo-hub train nano",
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Distil a checkpoint into a static one, and write it.

    Args:
        data: an emo-pillars folder, for its texts and descriptors.
        out: where the static checkpoint goes.
        recipe: the settings.
        texts: where the annotated comments' texts are: a folder, "hub", or "" for nowhere.
        command: what makes the same checkpoint again, for the card.
        progress: is told the step, the number of steps and the loss.
        say: is told, in sentences, what was found and done.

    Raises:
        DataError: nothing to learn from, no validation row to fit scores on, the data folder is no
            corpus, or `out` cannot be written.
        InputError: something other than a checkpoint stands where it should go, or the teacher is
            static itself.
    """
    out = out.absolute()
    check_place(out, RUN_FILE)
    rows, validation, notes = _rows(data, recipe, texts)
    for note in notes:
        say(note)
    teacher = EmotionModel.load(recipe.teacher)
    check_judges(data, validation, labels=bool(teacher.head.trained_labels))
    if teacher.learnt is not None:
        left = "The labels that the teacher learnt from examples stay behind: learn them again."
        notes = (*notes, left)
        say(left)
    student = distil(teacher, rows, recipe, progress=progress, say=say)
    judgement = judge(
        student, rows, validation, shrink=recipe.threshold_shrink, anchor=recipe.anchor, say=say
    )
    corpus = read_corpus(data)
    run = {
        "recipe": dataclasses.asdict(recipe),
        "recipe_hash": recipe_hash(recipe),
        "corpus_version": corpus.version,
        "corpus_content": corpus.content,
        **inherited(teacher.folder or default_model_folder(), recipe.teacher),
        "rows": dict(Counter(row.source for row in rows)),
        "notes": list(notes),
        "command": command,
        "versions": {"emo_hub": __version__, "torch": str(torch.__version__)},
    }
    finished = Finished(student, judgement, {}, (0, 0), student.head.base)
    write_checkpoint(out, finished, run)
    return Trained(out, reused=False, notes=notes)


def distil(
    teacher: EmotionModel,
    rows: Sequence[TrainingRow],
    recipe: NanoRecipe,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> EmotionModel:
    """Fit a table to a teacher's vectors of texts, and of their descriptors in every template.

    Args:
        teacher: any checkpoint of ours that has a transformer.
        rows: only their texts, contexts and descriptors are read.
        recipe: the settings.
        progress: is told the step, the number of steps and the loss.
        say: is told what is asked of the teacher.

    Returns:
        The static model, with the teacher's scale, bias, templates and dimensional head. What its
        scores mean is not fitted yet: see `finish.judge`.

    Raises:
        InputError: the teacher is static itself.
    """
    if isinstance(teacher.backbone, StaticBackbone):
        raise InputError(f"{teacher.name} is a static model; name the one that it came from.")
    tokenizer, longest = teacher.tokenizer, teacher.head.max_tokens
    phrases = phrases_of(rows)
    # A sum of tokens cannot tell which context matters, so it has to see some that do not.
    rows = with_stray_contexts(rows, recipe, 0)
    rows = _as_read(rows, longest)
    say(f"The teacher reads {len(rows)} texts and {len(phrases)} phrases.")
    start = _Teacher(teacher, recipe)
    config = StaticConfig(
        vocab_size=len(tokenizer),
        hidden_size=int(teacher.config.hidden_size),
        max_position_embeddings=longest,
        context_weight=recipe.context_weight,
        table_precision=recipe.table_precision,
    )
    table = torch.from_numpy(start.tokens(tokenizer))
    reader = StaticReader(StaticBackbone(table, config), tokenizer, longest)
    ids = reader.ids([row.text for row in rows])
    before = reader.contexts_ids([row.context for row in rows], ids)
    text_bags = Bags(before, ids, start.texts(rows))
    said = reader.ids(phrases)
    phrase_bags = Bags([[] for _ in said], said, start.phrases(phrases))
    table = start_table(table, text_bags.counts(len(table)), recipe.rarity, silent_ids(tokenizer))
    fitted = Table(table, recipe.context_weight)
    settings = part(TableSettings, recipe)
    fit_table(fitted, text_bags, phrase_bags, settings, progress or (lambda *_: None))
    learnt = fitted.table.detach().clone()
    learnt[silent_ids(tokenizer)] = 0
    config.context_weight = float(fitted.context_weight.detach().clamp(min=0))
    vad = (teacher.vad_weight.cpu(), teacher.vad_bias.cpu()) if teacher.has_vad else None
    head = dataclasses.replace(
        teacher.head, adapter=None, thresholds={}, calibration=None, trained_calibration=None
    )
    return EmotionModel(StaticBackbone(learnt, config), tokenizer, head, vad, None)


def phrases_of(rows: Sequence[TrainingRow]) -> list[str]:
    """List what labels may look like: names, ways of the lexicon, descriptors, in each template."""
    words = dict.fromkeys(GOEMOTIONS.labels)
    for emotion in lexicon().values():
        words.update(dict.fromkeys((emotion.name, *emotion.ways)))
    words.update(dict.fromkeys(d for row in rows for d in row.descriptors))
    return list(dict.fromkeys(t.format(word) for word in words for t in TEMPLATES))


def _rows(
    data: Path, recipe: NanoRecipe, texts: str
) -> tuple[tuple[TrainingRow, ...], tuple[TrainingRow, ...], tuple[str, ...]]:
    rows, validation = corpus_rows(data, "train"), corpus_rows(data, "validation")
    notes = [f"{len(rows)} synthetic texts from {data.name}."]
    if recipe.use_comments:
        joined = annotated_rows(data, "train", texts)
        rows += joined.rows
        notes.append(joined.note)
        trust = Trust(recipe.noisy_teacher, 0.0)
        judges = annotated_rows(data, "validation", texts, trust).rows
        validation += tuple(row for row in judges if row.trust > 0)
    if not rows:
        raise DataError(f"{data} has no text to learn from: build the corpus, or give the texts.")
    if 0 < recipe.max_rows < len(rows):
        notes.append(f"A sample of {recipe.max_rows} of these {len(rows)} texts is learnt from.")
        rows = tuple(random.Random(recipe.seed).sample(rows, recipe.max_rows))
    return rows, validation, tuple(notes)


def _as_read(rows: Sequence[TrainingRow], longest: int) -> list[TrainingRow]:
    """Give the rows as an encoder reads them, those with emoji both ways."""
    asked = read_twice([(row.text, row.context) for row in rows], longest)
    twice = [*rows, *(rows[row] for row in asked.rows)]
    pairs = zip(twice, asked.pairs, strict=True)
    return [replace(row, text=text, context=context) for row, (text, context) in pairs]


class _Teacher:
    """Asks the teacher for vectors, in half precision where the processor is fast in it."""

    def __init__(self, model: EmotionModel, recipe: NanoRecipe) -> None:
        self._model = model
        self._is_half = best_precision(recipe.mixed_precision) == "bf16"

    def texts(self, rows: Sequence[TrainingRow]) -> Floats:
        return self._ask([row.text for row in rows], [row.context for row in rows])

    def phrases(self, phrases: Sequence[str]) -> Floats:
        return self._ask(phrases, None)

    def tokens(self, tokenizer: Any) -> Floats:  # noqa: ANN401
        pieces = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        # The inside of a word is read as a word: nearer to its sense than nothing is.
        alone = [piece.removeprefix("##").strip() or "." for piece in pieces]
        return self._ask(alone, None)

    def _ask(self, texts: Sequence[str], contexts: Sequence[str | None] | None) -> Floats:
        with torch.autocast(self._model.device.type, dtype=torch.bfloat16, enabled=self._is_half):
            return self._model.encode_texts(texts, contexts, batch_size=128)
