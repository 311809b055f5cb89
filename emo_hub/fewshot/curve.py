"""Learning curves: what more examples of each label bring, from one to sixty-four."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emo_hub.calibration import Floats, sigmoid, softmax
from emo_hub.errors import DataError, InputError, require
from emo_hub.fewshot.by_setfit import tune_and_weigh
from emo_hub.fewshot.encoder import DEFAULT, PLAIN, Encoder, open_encoder
from emo_hub.fewshot.examples import MOST_SHOTS, Examples, Say, quiet, say_unread_contexts
from emo_hub.fewshot.recipe import USUAL, FewshotRecipe
from emo_hub.fewshot.runs import KeptRuns, Run, key_of
from emo_hub.fewshot.train import teach
from emo_hub.metrics import macro_f1, predict_at, predict_best
from emo_hub.modeling import EmotionModel

SHOTS = (1, 2, 4, 8, 16, 32, 64)
SEEDS = (0, 1, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePlan:
    """What a learning curve is drawn of.

    Args:
        models: "default", checkpoints' folders or repositories, or plain all-MiniLM-L6-v2.
        shots: examples of each label, 1..64.
        seeds: of samples and training; values are averaged.
        recipe: of every point, but for its seed.
        setfit: on how many of the seeds SetFit stands beside our own way; it takes minutes each.
        command: what draws the same curve again, for the page.
    """

    models: Sequence[str] = (DEFAULT, PLAIN)
    shots: Sequence[int] = SHOTS
    seeds: Sequence[int] = SEEDS
    recipe: FewshotRecipe = USUAL
    setfit: int = 1
    command: str = ""

    def seeded(self, seed: int) -> FewshotRecipe:
        """Give the recipe with a seed of its own."""
        return dataclasses.replace(self.recipe, seed=seed)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One place of a curve.

    Args:
        series: what was trained, or scored without training.
        shots: examples of each label.
        examples: their number, the mean over the seeds.
        values: macro-F1 on the test rows, 0..1, one for each seed.
    """

    series: str
    shots: int
    examples: float
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Macro-F1, the mean over the seeds."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Its standard deviation over the seeds; 0 for one seed."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0


def learning_curve(
    examples: Examples,
    test: Examples,
    shots: Sequence[int] = SHOTS,
    models: Sequence[str] = (DEFAULT, PLAIN),
    *,
    seeds: Sequence[int] = SEEDS,
    recipe: FewshotRecipe = USUAL,
    say: Say = quiet,
) -> tuple[CurvePoint, ...]:
    """Train on more and more examples, and score each model on the test rows.

    A checkpoint of ours gives three series: what `teach` makes of it, what SetFit makes of its
    encoder with a head alone, and its zero-shot scores, which stay the same at all shots. Plain
    MiniLM gives that of SetFit. Test rows are only scored: whatever is chosen, examples choose.

    Args:
        examples: the pool that samples are drawn from.
        test: rows with the same labels; those whose text stands in the pool are left out.
        shots: examples of each label, 1..64; those beyond what the pool has are left out.
        models: "default", a checkpoint's folder or repository, or plain all-MiniLM-L6-v2.
        seeds: of samples and training; values are averaged.
        recipe: of every point, but for its seed.
        say: is told a sentence for each point and what is left out.

    Returns:
        The points, by shots and then by model.

    Raises:
        DataError: the labels differ, or no test row is left.
        InputError: shots out of range, or nothing to do.
        ImportError: setfit is not installed; names the extra.
    """
    plan = CurvePlan(models=models, shots=shots, seeds=seeds, recipe=recipe)
    return tuple(curve_points(examples, test, plan, KeptRuns(), say))


def curve_points(
    examples: Examples,
    test: Examples,
    plan: CurvePlan,
    kept: KeptRuns,
    say: Say = quiet,
) -> Iterator[CurvePoint]:
    """Give the points of `learning_curve` one by one, as they are done.

    What is kept of an earlier curve is not trained again, and what is trained is kept. What cannot
    be drawn is refused here, before the first point is asked for.
    """
    if plan.setfit:
        require("setfit", "fewshot", "A learning curve of SetFit")
    say_unread_contexts(examples, say)
    pool = examples.without_repeats()
    pool.check_teachable()
    judged = unseen_rows(test, pool, say)
    reached = _reached(plan.shots, pool, say)
    if not plan.models or not plan.seeds:
        raise InputError("A learning curve needs at least one model and one seed.")
    entrants = [Entrant(open_encoder(model), judged) for model in plan.models]
    if not plan.setfit and (plain := [e for e in entrants if not e.encoder.is_zero_shot]):
        raise InputError(
            f"{plain[0].encoder.name} rates no typed labels: only SetFit can learn from it; ask "
            "for it on one sample or more."
        )
    return _at_each(reached, pool, entrants, plan, kept, say)


def _at_each(
    shots: Sequence[int],
    pool: Examples,
    entrants: Sequence[Entrant],
    plan: CurvePlan,
    kept: KeptRuns,
    say: Say,
) -> Iterator[CurvePoint]:
    for shot in shots:
        samples = {seed: pool.sample(shot, seed=seed) for seed in plan.seeds}
        for entrant in entrants:
            for point in _points(entrant, shot, samples, plan, kept):
                say(f"{point.series}, {shot} of each label: macro-F1 {point.mean:.3f}.")
                yield point


class Entrant:
    """An encoder, and the vectors that it gives the test rows.

    Args:
        encoder: what learns.
        judged: the test rows.
    """

    def __init__(self, encoder: Encoder, judged: Examples) -> None:
        self.encoder, self.judged = encoder, judged

    @cached_property
    def _vectors(self) -> Floats:
        return self.encoder.model.encode_texts(self.judged.texts)

    @cached_property
    def zero_shot(self) -> float:
        """Macro-F1 of what it says without an example."""
        return self._f1(self.encoder.model)

    def taught(self, sample: Examples, recipe: FewshotRecipe) -> float:
        """Give macro-F1 of what our own way makes of it."""
        return self._f1(teach(self.encoder.model, sample, recipe))

    def tuned(self, sample: Examples, recipe: FewshotRecipe) -> float:
        """Give macro-F1 of what SetFit makes of its encoder, without a word of zero-shot."""
        alone = dataclasses.replace(recipe, prior=0.0)
        model = tune_and_weigh(self.encoder, sample, alone)
        return _f1(self.judged, model.head_proba(self.judged.texts), model.thresholds)

    def _f1(self, model: EmotionModel) -> float:
        labels, several = self.judged.labels, self.judged.multi_label
        logits = model.scorer(labels, competing=not several).logits(self._vectors)
        scores = sigmoid(logits) if several else softmax(logits)
        return _f1(self.judged, scores, model.thresholds(labels))


def _points(
    entrant: Entrant,
    shot: int,
    samples: Mapping[int, Examples],
    plan: CurvePlan,
    kept: KeptRuns,
) -> Iterator[CurvePoint]:
    encoder, judged = entrant.encoder, entrant.judged
    ways = {"few-shot": (entrant.taught, len(samples))} if encoder.is_zero_shot else {}
    if plan.setfit:
        ways["SetFit"] = (entrant.tuned, plan.setfit)
    for way, (learn, times) in ways.items():
        runs = []
        for seed, sample in list(samples.items())[:times]:
            recipe = plan.seeded(seed)
            key = key_of(way, encoder, sample, judged, recipe)
            run = kept.get(key)
            if run is None:
                run = Run(len(sample), learn(sample, recipe))
                kept.keep(key, run)
            runs.append(run)
        size = float(np.mean([run.examples for run in runs]))
        values = tuple(run.macro_f1 for run in runs)
        yield CurvePoint(f"{encoder.name}, {way}", shot, size, values)
    if encoder.is_zero_shot:
        yield CurvePoint(f"{encoder.name}, zero-shot", shot, 0.0, (entrant.zero_shot,))


def _f1(judged: Examples, scores: Floats, thresholds: Floats) -> float:
    if judged.multi_label:
        return macro_f1(judged.targets, predict_at(scores, thresholds))
    return macro_f1(judged.targets, predict_best(scores))


def unseen_rows(test: Examples, pool: Examples, say: Say = quiet) -> Examples:
    """Leave out test rows whose text may be trained on.

    Args:
        test: rows with the labels of the pool.
        pool: what samples are drawn from.
        say: is told how many were left out.

    Raises:
        DataError: the labels differ, or no row is left.
    """
    if test.labels != pool.labels:
        differ = sorted({*test.labels} ^ {*pool.labels})
        raise DataError(
            f"Examples and test have different labels; only one of them has {', '.join(differ)}."
        )
    known = {" ".join(text.lower().split()) for text in pool.texts}
    kept = [i for i, t in enumerate(test.texts) if " ".join(t.lower().split()) not in known]
    if dropped := len(test) - len(kept):
        say(f"{dropped} test rows stand among the examples and were left out.")
    if not kept:
        raise DataError("No test row is left: every one of them stands among the examples.")
    judged = test.take(kept)
    # The examples say how labels are decided, also where no test row happens to carry two.
    return dataclasses.replace(judged, multi_label=pool.multi_label)


def _reached(shots: Sequence[int], pool: Examples, say: Say) -> list[int]:
    """Leave out shots that would be no larger samples than the one before."""
    wanted = sorted(set(shots))
    if not wanted or wanted[0] < 1 or wanted[-1] > MOST_SHOTS:
        raise InputError(f"shots must be within 1..{MOST_SHOTS}; got {list(shots)}.")
    largest = max(pool.counts.values())
    kept = [s for s in wanted if s <= largest] or wanted[:1]
    if left := [s for s in wanted if s not in kept]:
        say(
            f"No label has more than {largest} examples, so {', '.join(map(str, left))} of each "
            "are left out."
        )
    return kept
