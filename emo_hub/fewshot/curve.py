"""Learning curves: what more examples of each label bring, from one to sixty-four."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emo_hub.calibration import Floats
from emo_hub.errors import DataError, InputError, require
from emo_hub.fewshot.encoder import DEFAULT, PLAIN, Encoder, open_encoder, zero_shot_scores
from emo_hub.fewshot.examples import MOST_SHOTS, Examples, Say, say_unread_contexts
from emo_hub.fewshot.recipe import USUAL, FewshotRecipe
from emo_hub.fewshot.runs import KeptRuns, Run, key_of
from emo_hub.fewshot.train import learn, quiet
from emo_hub.metrics import macro_f1, predict_at, predict_best

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
        command: what draws the same curve again, for the page.
    """

    models: Sequence[str] = (DEFAULT, PLAIN)
    shots: Sequence[int] = SHOTS
    seeds: Sequence[int] = SEEDS
    recipe: FewshotRecipe = USUAL
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
        weights: of the zero-shot scores, one for each seed.
    """

    series: str
    shots: int
    examples: float
    values: tuple[float, ...]
    weights: tuple[float, ...]

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

    A checkpoint of ours gives three series: with the zero-shot scores weighed in, its head alone,
    and its zero-shot scores, which stay the same at all shots. Test rows are only scored: weights
    and thresholds come from the examples.

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
    return tuple(curve_points(examples, test, plan, say))


def curve_points(
    examples: Examples,
    test: Examples,
    plan: CurvePlan,
    say: Say = quiet,
    kept: KeptRuns | None = None,
) -> Iterator[CurvePoint]:
    """Give the points of `learning_curve` one by one, as they are done.

    What is kept of an earlier curve is not trained again, and what is trained is kept.
    """
    require("setfit", "fewshot", "Few-shot training")
    say_unread_contexts(examples, say)
    pool = examples.without_repeats()
    pool.check_teachable()
    judged = _unseen(test, pool, say)
    reached = _reached(plan.shots, pool, say)
    if not plan.models or not plan.seeds:
        raise InputError("A learning curve needs at least one model and one seed.")
    store = KeptRuns() if kept is None else kept
    encoders = [open_encoder(model) for model in plan.models]
    flat = {encoder.name: _zero_shot(encoder, judged) for encoder in encoders}
    for shot in reached:
        for encoder in encoders:
            runs = [
                _run(encoder, pool.sample(shot, seed=seed), judged, plan.seeded(seed), store)
                for seed in plan.seeds
            ]
            done = _points(encoder, shot, runs)
            zero = flat[encoder.name]
            if zero is not None:
                done.append(CurvePoint(f"{encoder.name}, zero-shot", shot, 0.0, (zero,), (1.0,)))
            for point in done:
                say(f"{point.series}, {shot} of each label: macro-F1 {point.mean:.3f}.")
            yield from done


def _run(
    encoder: Encoder, sample: Examples, judged: Examples, recipe: FewshotRecipe, store: KeptRuns
) -> Run:
    """Train once and score the test rows, or take what is kept of that."""
    key = key_of(encoder, sample, judged, recipe)
    if (known := store.get(key)) is not None:
        return known
    model = learn(encoder, sample, recipe)
    own = model.head_proba(judged.texts)
    pooled = model.pooled(own, judged.texts)
    run = Run(
        examples=len(sample),
        pooled=_f1(judged, pooled, model.thresholds),
        alone=_f1(judged, own, model.thresholds),
        weight=model.prior.weight,
    )
    store.keep(key, run)
    return run


def _points(encoder: Encoder, shots: int, runs: Sequence[Run]) -> list[CurvePoint]:
    """Give a point for the model, and one for its head alone."""
    size, weights = float(np.mean([run.examples for run in runs])), tuple(r.weight for r in runs)
    pooled, alone = (tuple(getattr(run, name) for run in runs) for name in ("pooled", "alone"))
    points = [CurvePoint(f"{encoder.name}, few-shot", shots, size, pooled, weights)]
    if encoder.is_zero_shot:
        none = (0.0,) * len(runs)
        points.append(CurvePoint(f"{encoder.name}, SetFit alone", shots, size, alone, none))
    return points


def _zero_shot(encoder: Encoder, judged: Examples) -> float | None:
    if not encoder.is_zero_shot:
        return None
    several = judged.multi_label
    scores = zero_shot_scores(encoder.model, judged.texts, judged.labels, multi_label=several)
    return _f1(judged, scores, np.full(len(judged.labels), 0.5, np.float32))


def _f1(judged: Examples, scores: Floats, thresholds: Floats) -> float:
    if judged.multi_label:
        return macro_f1(judged.targets, predict_at(scores, thresholds))
    return macro_f1(judged.targets, predict_best(scores))


def _unseen(test: Examples, pool: Examples, say: Say) -> Examples:
    """Leave out test rows whose text may be trained on."""
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
