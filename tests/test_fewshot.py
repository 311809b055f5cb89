"""Few-shot learning: examples read or refused, SetFit run for real, a model without a pickle."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emo_hub.errors import CheckpointError, DataError, InputError
from emo_hub.fewshot import (
    PLAIN,
    CurvePlan,
    Examples,
    FewshotModel,
    FewshotRecipe,
    learning_curve,
    read_examples,
    train_by_setfit,
    tune_and_weigh,
    write_learning_curve,
)
from emo_hub.fewshot.encoder import open_encoder, zero_shot_scores
from emo_hub.fewshot.examples import fitting
from emo_hub.fewshot.folding import folds
from emo_hub.fewshot.head import LinearHead
from emo_hub.fewshot.pairs import draw_pairs
from emo_hub.fewshot.prior import USUAL_WORTH, HeldOut, Prior, blend, choose, level, usual

SAID = {
    "joy": ["i feel so happy", "happy, happy day!", "it was a joy", "so happy for you"],
    "anger": ["my anger is back", "you lied, i feel anger", "anger at it all", "so angry"],
    "fear": ["i fear the dark", "it was fear", "the fear of you", "so afraid, i fear it"],
}
ROWS = [(text, label) for label, texts in SAID.items() for text in texts]
TWO = [("i feel joy and fear", "joy|fear"), ("the anger, the fear", "anger|fear"), ("a door", "")]
NEW = ["it was so happy", "anger", "i fear you", "a day of the year"]
QUICK = FewshotRecipe(pairs_per_example=6, learning_rate=1e-3, folds=2)


def write_csv(path, rows, header=("text", "label")):
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        lines.writerows([header, *rows])
    return path


def made(rows, *, multi_label=False):
    labels = tuple(sorted({name for _, said in rows for name in said.split("|") if name}))
    targets = np.array([[name in said.split("|") for name in labels] for _, said in rows])
    return Examples(tuple(text for text, _ in rows), labels, targets, multi_label)


@pytest.fixture(scope="module")
def encoder(tiny_checkpoint):
    return open_encoder(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def single(tiny_checkpoint, tmp_path_factory):
    """A model of three labels that compete, its folder, and what was said on the way."""
    place = tmp_path_factory.mktemp("single")
    told = []
    model = train_by_setfit(
        write_csv(place / "mine.csv", ROWS), place / "model", model=str(tiny_checkpoint),
        recipe=QUICK, say=told.append,
    )  # fmt: skip
    return model, place / "model", told


@pytest.fixture(scope="module")
def several(tiny_checkpoint, tmp_path_factory):
    """A model of texts that carry two labels or none, with the prior off, and its folder."""
    place = tmp_path_factory.mktemp("several")
    model = train_by_setfit(
        write_csv(place / "mine.csv", ROWS + TWO), place / "model", model=str(tiny_checkpoint),
        recipe=dataclasses.replace(QUICK, prior=0.0),
    )  # fmt: skip
    return model, place / "model"


# Reading


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_file_gives_the_same_examples(tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    if suffix in ("csv", "tsv"):
        write_csv(path, ROWS + TWO)
    elif suffix == "jsonl":
        rows = [{"text": t, "label": [n for n in s.split("|") if n]} for t, s in ROWS + TWO]
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts, said = zip(*(ROWS + TWO), strict=True)
        pq.write_table(pa.table({"text": texts, "label": [s.split("|") for s in said]}), path)
    read = read_examples(path)
    assert read.multi_label
    assert read.labels == ("anger", "fear", "joy")
    assert read.texts == tuple(text for text, _ in ROWS + TWO)
    assert (read.targets == made(ROWS + TWO).targets).all()


def test_capitals_in_a_files_ending_say_the_same(tmp_path):
    assert read_examples(write_csv(tmp_path / "MINE.CSV", ROWS)).texts == tuple(t for t, _ in ROWS)


def test_columns_of_zero_and_one_are_labels(tmp_path):
    rows = [("7", "a joy", 1, 0), ("8", "a fear", 0, 1), ("9", "both, really", 1, 1)]
    path = write_csv(tmp_path / "mine.csv", rows, ("id", "text", "joy", "fear"))
    read = read_examples(path)
    assert read.labels == ("fear", "joy")
    assert read.targets.tolist() == [[False, True], [True, False], [True, True]]
    assert read.multi_label


def test_class_numbers_of_parquet_become_their_names(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["calm", "cross"])})
    rows = Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    rows.to_parquet(str(tmp_path / "mine.parquet"))
    read = read_examples(tmp_path / "mine.parquet")
    assert read.labels == ("calm", "cross")
    assert read.targets.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(("given", "said"), [([1, -1], "-1"), ([[0, 1], [1, -1]], r"\[1, -1\]")])
def test_a_class_number_without_a_name_is_refused_by_its_row(tmp_path, given, said):
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    kind = ClassLabel(names=["calm", "cross"])
    several = isinstance(given[0], list)
    features = Features({"text": Value("string"), "label": Sequence(kind) if several else kind})
    rows = Dataset.from_dict({"text": ["a", "b"], "label": given}, features=features)
    rows.to_parquet(str(tmp_path / "mine.parquet"))
    with pytest.raises(DataError, match=rf"Row 2 of .*mine\.parquet has {said} in 'label'"):
        read_examples(tmp_path / "mine.parquet")


def test_one_label_a_text_means_that_labels_compete(tmp_path):
    assert not read_examples(write_csv(tmp_path / "mine.csv", ROWS)).multi_label


def test_multi_label_can_be_asked_for(tmp_path):
    path = write_csv(tmp_path / "mine.csv", ROWS)
    assert read_examples(path, multi_label="yes").multi_label


def test_a_line_separator_inside_a_text_ends_no_row(tmp_path):
    path = write_csv(tmp_path / "mine.csv", [("one\u2028two", "a"), ("three\nfour", "b")])
    assert read_examples(path).texts == ("one\u2028two", "three\nfour")


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (("words", "label"), ROWS, "no text column; it has words, label"),
        (("text", "label"), [("", "joy")], "Row 1 of .* has an empty text"),
        (("text", "label"), [*ROWS, ("what", "")], "Row 13 of .* has no label"),
        (("text", "score"), [("what", "0.7")], "'score' holds '0.7' in row 1; wanted 0 or 1"),
        (("text",), [("what",)], "no label column"),
        (("text", "label"), [], "holds no rows"),
        (("text", "label"), [("so", "joy", "what")], "Line 2 of .* has 3 cells; wanted 2"),
    ],
)
def test_a_file_that_holds_no_examples_is_refused_in_a_sentence(tmp_path, header, rows, message):
    with pytest.raises(DataError, match=message):
        read_examples(write_csv(tmp_path / "mine.csv", rows, header))


def test_two_labels_are_refused_where_one_was_asked_for(tmp_path):
    path = write_csv(tmp_path / "mine.csv", ROWS + TWO[:2])
    with pytest.raises(DataError, match=r"Row 13 of .* carries 2 labels"):
        read_examples(path, multi_label="no")


def test_a_label_that_the_examples_lack_is_refused_in_a_test_file(tmp_path):
    path = write_csv(tmp_path / "test.csv", [("a", "joy"), ("b", "pride")])
    with pytest.raises(DataError, match="none of the examples': pride"):
        read_examples(path, labels=("joy", "fear"))


def test_a_missing_file_is_told_by_name(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv cannot be read"):
        read_examples(tmp_path / "nowhere.csv")


# Choosing examples


def test_one_label_only_is_refused():
    with pytest.raises(DataError, match=r"one label only \(joy\)"):
        made([("a", "joy"), ("b", "joy")]).check_teachable()


def test_a_label_without_an_example_is_refused():
    lacking = Examples(("a", "b"), ("x", "y"), np.array([[1, 0]] * 2) > 0, multi_label=True)
    with pytest.raises(DataError, match="no example of 'y'"):
        lacking.check_teachable()


def test_a_label_of_every_example_is_refused():
    with pytest.raises(DataError, match="Every example carries 'x'"):
        made([("a", "x|y"), ("b", "x")], multi_label=True).check_teachable()


def test_more_than_64_examples_of_a_label_are_sampled_and_said():
    rows = [(f"text {n}", "much") for n in range(100)] + [(f"other {n}", "few") for n in range(3)]
    told = []
    kept = fitting(made(rows), None, seed=0, say=told.append)
    assert kept.counts == {"few": 3, "much": 64}
    assert any("up to 64 of each" in line for line in told)


def test_repeated_examples_count_once():
    told = []
    assert len(fitting(made([*ROWS, ROWS[0]]), None, seed=0, say=told.append)) == len(ROWS)
    assert any("1 examples repeat" in line for line in told)


def test_contexts_are_left_out_aloud(tmp_path):
    rows = [(*row, "It rained.") for row in ROWS]
    told = []
    read = read_examples(write_csv(tmp_path / "mine.csv", rows, ("text", "label", "context")))
    fitting(read, None, seed=0, say=told.append)
    assert any("train encoder --task" in line for line in told)


def test_a_smaller_sample_lies_within_a_larger_one():
    pool = made([(f"{label} {n}", label) for label in "abc" for n in range(20)])
    small, large = pool.sample(4, seed=1), pool.sample(8, seed=1)
    assert set(small.texts) < set(large.texts)
    assert small.counts == dict.fromkeys("abc", 4)


def test_another_seed_draws_another_sample():
    pool = made([(f"{label} {n}", label) for label in "abc" for n in range(20)])
    assert pool.sample(4, seed=1).texts != pool.sample(4, seed=2).texts


def test_every_label_is_in_a_sample_of_texts_with_several():
    rows = [(f"t{n}", "often|rare" if n == 9 else "often") for n in range(30)] + [("z", "third")]
    kept = made(rows, multi_label=True).sample(1, seed=0)
    assert min(kept.counts.values()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_of_texts_with_several_labels_can_be_learnt_from(seed):
    rows = [("all", "rare|x|y"), *((f"{label} {n}", label) for label in "xy" for n in range(3))]
    kept = made(rows, multi_label=True).sample(1, seed=seed)
    kept.check_teachable()
    assert len(kept) <= 3


@pytest.mark.parametrize("shots", [0, 65])
def test_shots_out_of_range_are_refused(shots):
    with pytest.raises(InputError, match=r"1\.\.64"):
        made(ROWS).sample(shots, seed=0)


# Pairs


def test_pairs_are_as_many_as_asked_for_however_many_examples():
    targets = np.eye(500, dtype=bool)[np.arange(50_000) % 500]
    assert len(draw_pairs(targets, 1000, seed=0)) == 1000


def test_alike_pairs_share_a_label_and_unlike_pairs_none():
    targets = np.random.default_rng(0).random((40, 5)) < 0.3
    pairs = draw_pairs(targets, 400, seed=0)
    for first, second, same in pairs:
        empty = not targets[first].any() and not targets[second].any()
        assert bool((targets[first] & targets[second]).any() or empty) == (same == 1.0)
    assert 0.4 < np.mean([same for *_, same in pairs]) < 0.6


def test_a_rare_label_is_paired_as_often_as_a_frequent_one():
    targets = np.eye(2, dtype=bool)[[0] * 50 + [1] * 3]
    alike = [first >= 50 for first, _, same in draw_pairs(targets, 400, seed=0) if same]
    assert np.mean(alike) == 0.5


def test_examples_that_all_share_a_label_still_give_pairs():
    targets = np.ones((4, 1), bool)
    assert {same for *_, same in draw_pairs(targets, 20, seed=0)} == {1.0}


# The prior


def test_the_prior_weighs_less_with_more_examples():
    weights = [usual(shots).weight for shots in (1, 4, 16, 64)]
    assert weights == sorted(weights, reverse=True)
    assert usual(USUAL_WORTH).weight == 0.5


def held(own, zero):
    targets = np.eye(4, dtype=bool)[np.arange(40) % 4]
    sure = np.where(targets, 0.85, 0.05).astype(np.float32)
    flat = np.full(targets.shape, 0.25, np.float32)
    wrong = np.roll(sure, 1, axis=1)
    pick = {"right": sure, "flat": flat, "wrong": wrong}
    return HeldOut(pick[own], pick[zero], targets, shots=5.0, folds=2)


def test_zero_shot_scores_that_are_wrong_on_held_out_examples_weigh_nothing():
    assert choose(held("right", "wrong"), 10.0, multi_label=False).weight == 0


def test_a_head_that_learnt_nothing_leaves_the_word_to_zero_shot():
    assert choose(held("flat", "right"), 10.0, multi_label=False).weight > 0.7


def test_the_worth_found_with_fewer_examples_is_scaled_to_all():
    found = choose(held("flat", "right"), 10.0, multi_label=False)
    assert found.weight == pytest.approx(found.worth / (found.worth + 10.0))


@pytest.mark.parametrize("several", [False, True])
def test_a_blend_lies_between_both_opinions(several):
    own, zero = np.array([[0.9, 0.1]], np.float32), np.array([[0.3, 0.7]], np.float32)
    half = blend(own, zero, 0.5, multi_label=several)
    assert 0.3 < half[0, 0] < 0.9
    assert blend(own, zero, 0.0, multi_label=several) == pytest.approx(own)
    assert blend(own, zero, 1.0, multi_label=several) == pytest.approx(zero, abs=1e-5)


def test_levelling_puts_a_threshold_at_one_half():
    scores = level(np.array([[0.2, 0.2]], np.float32), np.array([0.2, 0.6], np.float32))
    assert scores[0, 0] == pytest.approx(0.5)
    assert scores[0, 1] < 0.5


def test_whoever_judges_a_label_has_seen_it_elsewhere():
    dealt = made([*ROWS[:6], ("alone", "pride")])
    part_of = folds(dealt, 3, seed=0)
    for part in set(part_of[part_of >= 0].tolist()):
        judged, seen = dealt.targets[part_of == part], dealt.targets[part_of != part]
        assert seen.any(axis=0)[judged.any(axis=0)].all()
    assert part_of[-1] == -1


def test_one_example_of_each_label_is_not_held_out():
    assert (folds(made([("a", "x"), ("b", "y")]), 3, seed=0) == -1).all()


# Training


def test_zero_shot_scores_are_weighed_by_cross_validation_and_the_json_says_so(single):
    _, folder, told = single
    prior = json.loads((folder / "fewshot.json").read_text())["prior"]
    assert 0 <= prior["weight"] <= 1
    assert prior["folds"] == 2
    assert prior["losses"].keys() == {"head", "zero-shot", "blend"}
    assert any("Cross-validation, part 2 of 2" in line for line in told)


def test_no_pickle_and_no_text_remain_in_the_folder(single, several):
    for folder in (single[1], several[1]):
        for path in (p for p in folder.rglob("*") if p.is_file()):
            assert path.suffix in (".json", ".safetensors", ".txt"), path.name
            for text, _ in ROWS:
                assert text.encode() not in path.read_bytes(), path.name


@pytest.mark.parametrize("kind", ["single", "several"])
def test_a_loaded_model_gives_the_probabilities_of_the_trained_one(kind, request):
    model, folder = request.getfixturevalue(kind)[:2]
    loaded = FewshotModel.load(folder)
    assert loaded.labels == ("anger", "fear", "joy")
    assert np.abs(loaded.predict_proba(NEW) - model.predict_proba(NEW)).max() < 1e-6
    assert loaded.predict(NEW) == model.predict(NEW)
    assert loaded.thresholds == pytest.approx(model.thresholds)


@pytest.mark.parametrize("labels", [2, 3, "several"])
def test_head_and_body_read_back_give_what_setfit_itself_predicts(labels, encoder, tmp_path):
    from emo_hub.fewshot.tuning import tune

    rows = ROWS + TWO if labels == "several" else [r for r in ROWS if labels == 3 or r[1] != "joy"]
    examples = made(rows, multi_label=labels == "several")
    tuned = tune(encoder.model, examples, QUICK)
    model = FewshotModel(
        examples.labels, np.zeros(len(examples.labels), np.float32), examples.multi_label,
        tuned.model, tuned.head, None, Prior(0.0, 0.0, "given"), {},
    )  # fmt: skip
    model.save(tmp_path / "model")
    texts = [*NEW, "i fear " * 200, "  so\nhappy "]
    wanted = tuned.setfit.predict_proba(texts, as_numpy=True)
    got = FewshotModel.load(tmp_path / "model").predict_proba(texts)
    assert np.abs(got - wanted).max() < 1e-5


def test_a_label_on_every_row_of_a_fold_keeps_setfits_answer():
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    y = np.array([[1, 1, 0], [1, 0, 0]] * 3)
    with pytest.warns(UserWarning, match="present in all"):
        fitted = OneVsRestClassifier(LogisticRegression()).fit(x, y)
    own = LinearHead.of(fitted, 4, multi_label=True).proba(x)
    assert np.abs(own - fitted.predict_proba(x)).max() < 1e-5


def test_training_changes_a_copy_of_the_encoder(encoder):
    from emo_hub.fewshot.tuning import tune

    before = encoder.model.encode_texts(NEW)
    tuned = tune(encoder.model, made(ROWS), QUICK)
    assert np.abs(encoder.model.encode_texts(NEW) - before).max() == 0
    assert np.abs(tuned.model.encode_texts(NEW) - before).max() > 1e-3


def test_tuning_brings_texts_of_one_label_together(encoder):
    from emo_hub.fewshot.tuning import tune

    examples = made(ROWS)
    recipe = dataclasses.replace(QUICK, pairs_per_example=40)

    def apart(model):
        close = model.encode_texts(examples.texts)
        same = examples.targets.astype(int) @ examples.targets.T > 0
        return (close @ close.T)[same].mean() - (close @ close.T)[~same].mean()

    assert apart(tune(encoder.model, examples, recipe).model) > apart(encoder.model) + 0.1


def test_the_same_seed_trains_the_same_model(encoder):
    from emo_hub.fewshot.tuning import tune

    first, second = (tune(encoder.model, made(ROWS), QUICK).head.weight for _ in range(2))
    assert (first == second).all()


def test_the_model_knows_its_own_examples(several):
    model, _ = several
    scores = model.predict_proba([text for text, _ in ROWS + TWO])
    targets = made(ROWS + TWO).targets
    assert scores[targets].mean() > scores[~targets].mean() + 0.05


def test_predictions_are_the_labels_that_reach_their_threshold(several):
    model, _ = several
    scores = model.predict_proba(NEW)
    for row, said in zip(scores, model.predict(NEW), strict=True):
        assert said == tuple(
            label
            for label, score, limit in zip(model.labels, row, model.thresholds, strict=True)
            if score >= limit
        )


def test_the_given_weight_of_the_prior_is_used(encoder, several):
    model, _ = several
    zero = zero_shot_scores(encoder.model, NEW, model.labels, multi_label=True)
    prior = dataclasses.replace(model.prior, weight=1.0)
    weighed = dataclasses.replace(model, prior=prior, zero_shot=encoder.model)
    assert weighed.predict_proba(NEW) == pytest.approx(zero, abs=1e-4)
    assert model.predict_proba(NEW) == pytest.approx(model.head_proba(NEW))


def test_sentence_transformers_reads_the_tuned_body(single):
    from sentence_transformers import SentenceTransformer

    model, folder, _ = single
    body = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert np.abs(body.encode(NEW) - model.body.encode_texts(NEW)).max() < 1e-5


def test_a_model_loads_where_setfit_is_not_installed(single):
    model, folder, _ = single
    code = (
        "import sys\n"
        "for name in ('setfit', 'sentence_transformers', 'sklearn'):\n"
        "    sys.modules[name] = None\n"
        "from emo_hub.fewshot import FewshotModel\n"
        f"print(FewshotModel.load({str(folder)!r}).predict_proba({NEW!r}).tolist())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert np.array(json.loads(run.stdout)) == pytest.approx(model.predict_proba(NEW), abs=1e-6)


def test_one_example_of_each_label_is_enough(tiny_checkpoint, tmp_path):
    path = write_csv(tmp_path / "mine.csv", ROWS)
    model = train_by_setfit(
        path, tmp_path / "model", model=str(tiny_checkpoint), shots=1, recipe=QUICK
    )
    assert model.facts["examples_by_label"] == {"anger": 1, "fear": 1, "joy": 1}
    assert model.prior.weight == pytest.approx(usual(1.0).weight)
    assert len(model.predict(["so happy"])[0]) == 1


def test_labels_that_are_numbers_have_no_prior(encoder):
    rows = [(text, str(list(SAID).index(label))) for text, label in ROWS]
    assert tune_and_weigh(encoder, made(rows), QUICK).prior.weight == 0


def test_a_folder_of_something_else_is_left_alone(tiny_checkpoint, tmp_path):
    path = write_csv(tmp_path / "mine.csv", ROWS)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-mum.txt").write_text("Dear mum")
    with pytest.raises(InputError, match=r"letters is there and has no fewshot\.json"):
        train_by_setfit(path, tmp_path / "letters", model=str(tiny_checkpoint))
    assert [p.name for p in (tmp_path / "letters").iterdir()] == ["to-mum.txt"]


def test_an_older_model_is_replaced_whole(single, tiny_checkpoint, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(single[1], folder)
    (folder / "stale.json").write_text("{}")
    path = write_csv(tmp_path / "mine.csv", ROWS)
    recipe = dataclasses.replace(QUICK, prior=0.0)
    train_by_setfit(path, folder, model=str(tiny_checkpoint), shots=1, recipe=recipe)
    assert not (folder / "stale.json").exists()
    assert not (folder / "zero_shot").exists()
    assert FewshotModel.load(folder).facts["examples"] == 3


@pytest.mark.parametrize("name", ["fewshot.json", "fewshot_head.safetensors", "model.safetensors"])
def test_a_damaged_model_is_told_in_a_sentence(several, tmp_path, name):
    folder = tmp_path / "model"
    shutil.copytree(several[1], folder)
    (folder / name).write_bytes(b"torn")
    with pytest.raises(CheckpointError):
        FewshotModel.load(folder)


def test_a_checkpoint_of_another_kind_is_no_few_shot_model(tiny_checkpoint):
    with pytest.raises(CheckpointError, match="no few-shot model"):
        FewshotModel.load(tiny_checkpoint)


# Learning curves


def draw_curve(checkpoint, out, say):
    test = [(f"{text} again", label) for text, label in ROWS] + [ROWS[0]]
    plan = CurvePlan(
        models=(str(checkpoint),), shots=(1, 2, 64), seeds=(0, 1), setfit=2, recipe=QUICK
    )
    return write_learning_curve(made(ROWS), made(test), out, plan=plan, say=say)


@pytest.fixture(scope="module")
def curve(tiny_checkpoint, tmp_path_factory):
    place = tmp_path_factory.mktemp("curve")
    told = []
    points = draw_curve(tiny_checkpoint, place / "out", told.append)
    return points, place / "out", told


def test_a_curve_has_every_series_at_every_number_of_shots(curve):
    points, folder, _ = curve
    found = {(point.series.split(", ")[1], point.shots) for point in points}
    assert found == {(s, n) for s in ("few-shot", "SetFit", "zero-shot") for n in (1, 2)}
    table = json.loads((folder / "curve.json").read_text())
    assert len(table["points"]) == len(points)
    assert "| examples of each label | 1 | 2 |" in (folder / "curve.md").read_text()
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_curve_averages_over_seeds(curve):
    points, _, _ = curve
    trained = [point for point in points if point.examples]
    assert all(len(point.values) == 2 for point in trained)
    assert trained[0].mean == pytest.approx(np.mean(trained[0].values))


def test_a_stopped_curve_trains_what_is_missing(curve, tiny_checkpoint, tmp_path, monkeypatch):
    begun = []

    def stopped_at_the_second(*given):
        begun.append(given)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return tune_and_weigh(*given)

    monkeypatch.setattr("emo_hub.fewshot.curve.tune_and_weigh", stopped_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        draw_curve(tiny_checkpoint, tmp_path / "out", print)
    told = []
    assert draw_curve(tiny_checkpoint, tmp_path / "out", told.append) == curve[0]
    assert any("3 trainings of an earlier curve are kept" in line for line in told)
    assert len(begun) == 1 + 4  # two shots, two seeds; the stopped one begins anew


def test_a_curve_from_other_weights_takes_nothing_that_is_kept(curve, tiny_checkpoint, tmp_path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / tiny_checkpoint.name)
    weights = load_file(folder / "model.safetensors")
    one = next(name for name in weights if name.endswith("word_embeddings.weight"))
    save_file({**weights, one: weights[one] + 0.01}, folder / "model.safetensors")
    out = shutil.copytree(curve[1], tmp_path / "out")
    before = json.loads((out / "runs.json").read_text())
    draw_curve(folder, out, print)
    assert len(json.loads((out / "runs.json").read_text())) == 2 * len(before)


def test_a_damaged_record_of_trainings_is_said(curve, tiny_checkpoint, tmp_path):
    out = shutil.copytree(curve[1], tmp_path / "out")
    (out / "runs.json").write_text("[1]")
    with pytest.raises(DataError, match="is no record of trainings"):
        draw_curve(tiny_checkpoint, out, print)


def test_a_single_value_has_no_spread_on_the_page(curve):
    table = (curve[1] / "curve.md").read_text().splitlines()
    rows = {line.split(" | ")[0].split(", ")[-1]: line for line in table if ", " in line}
    assert "±" in rows["few-shot"]
    assert "±" not in rows["zero-shot"]


def test_zero_shot_is_a_flat_line(curve):
    points, _, _ = curve
    assert len({p.mean for p in points if p.series.endswith("zero-shot")}) == 1


def test_test_rows_among_the_examples_and_shots_beyond_them_are_left_out_aloud(curve):
    _, _, told = curve
    assert any("1 test rows stand among the examples" in line for line in told)
    assert any("so 64 of each are left out" in line for line in told)


def test_a_curve_states_the_test_rows_that_were_scored(curve):
    _, folder, _ = curve
    assert json.loads((folder / "curve.json").read_text())["test_rows"] == len(ROWS)
    assert f" {len(ROWS)} test rows," in (folder / "curve.md").read_text()


def test_other_labels_in_the_test_rows_are_refused():
    other = made([("what", "joy"), ("now", "pride")])
    with pytest.raises(DataError, match="only one of them has anger, fear, pride"):
        learning_curve(made(ROWS), other)


def test_a_curve_that_cannot_be_drawn_leaves_no_folder(tiny_checkpoint, tmp_path):
    plan = CurvePlan(models=(str(tiny_checkpoint),), shots=(1,), seeds=(0,), setfit=0)
    with pytest.raises(DataError, match="No test row is left"):
        write_learning_curve(made(ROWS), made(ROWS), tmp_path / "out", plan=plan)
    assert not (tmp_path / "out").exists()


def test_plain_minilm_learns_without_a_prior():
    plain = open_encoder(PLAIN)
    assert not plain.is_zero_shot
    from sentence_transformers import SentenceTransformer

    from emo_hub.checkpoint import base_folder

    body = SentenceTransformer(str(base_folder(PLAIN)), device="cpu", local_files_only=True)
    assert np.abs(body.encode(NEW) - plain.model.encode_texts(NEW)).max() < 1e-5
