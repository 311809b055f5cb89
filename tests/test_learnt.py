"""Labels learnt from examples: what the zero-shot map becomes, and the checkpoint that keeps it."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emo_hub.calibration import sigmoid, softmax
from emo_hub.errors import CheckpointError, DataError, InputError
from emo_hub.fewshot import Examples, FewshotRecipe, teach, train_fewshot
from emo_hub.fewshot.refining import (
    USUAL,
    Held,
    Refined,
    contest_lesson,
    fit,
    held_out_logits,
    rating_lesson,
    refine,
)
from emo_hub.fewshot.train import in_words
from emo_hub.learnt import read_learnt
from emo_hub.modeling import EmotionModel
from emo_hub.pipelines import pipeline
from emo_hub.scoring import LinearScorer
from emo_hub.tensors import LEARNT_FILE
from tests.commands import emo_hub

SAID = {
    "billing": ["i was charged the wrong sum", "the invoice is wrong", "where is my refund"],
    "praise": ["you are so kind, thank you", "best service ever", "so happy with you all"],
    "shipping": ["the parcel is not here", "the courier went to a wrong house", "it came late"],
}
ROWS = [(text, label) for label, texts in SAID.items() for text in texts]
NEW = ["the sum of my invoice", "so kind of you", "no parcel, no courier"]


def examples_of(rows, *, multi_label=False):
    labels = tuple(sorted({name for _, said in rows for name in said.split("|") if name}))
    targets = np.array([[name in said.split("|") for name in labels] for _, said in rows])
    return Examples(tuple(text for text, _ in rows), labels, targets, multi_label)


def write_csv(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def clouds(count, *, labels=4, size=16, seed=0):
    """Unit vectors of labels that lie each around a direction of its own, and that map."""
    chance = np.random.default_rng(seed)
    which = np.arange(count) % labels
    vectors = chance.normal(size=(count, size)) + 1.5 * np.eye(labels, size)[which]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    right = LinearScorer(6 * np.eye(labels, size, dtype=np.float32), np.zeros(labels, np.float32))
    return vectors.astype(np.float32), np.eye(labels, dtype=bool)[which], right


def turned(scorer):
    """The same map with every label in the place of its neighbour."""
    return LinearScorer(np.roll(scorer.weight, 1, axis=0), np.roll(scorer.bias, 1))


def hits(scorer, vectors, targets):
    return float((scorer.logits(vectors).argmax(axis=1) == targets.argmax(axis=1)).mean())


def parts_of(count, parts=4):
    return np.arange(count) // 4 % parts


# The fit


def rated_alone(vectors, targets):
    return rating_lesson(vectors, targets, several=False)


def rated_together(vectors, targets):
    return rating_lesson(vectors, targets, several=True)


@pytest.mark.parametrize("lesson_of", [contest_lesson, rated_alone, rated_together])
def test_what_is_held_very_firmly_stays_where_it_was(lesson_of):
    vectors, targets, right = clouds(24)
    found = fit(lesson_of(vectors, targets), right, Held(1.0, 1e9))
    assert found.scorer.weight == pytest.approx(right.weight, abs=1e-4)


@pytest.mark.parametrize("lesson_of", [contest_lesson, rated_alone, rated_together])
def test_a_fit_is_the_most_probable_map(lesson_of):
    """No step to either side costs less, in log loss and distance together."""
    vectors, targets, right = clouds(24)
    lesson = lesson_of(vectors, targets)
    found = fit(lesson, turned(right), USUAL)
    middle = lesson.vectors.mean(axis=0)

    def cost(weight, shift):
        change = weight - turned(right).weight
        logits = lesson.vectors @ turned(right).weight.T.astype(float) + shift
        logits = logits + (lesson.vectors - middle) @ change.T
        if lesson.competing:
            exact = np.exp(logits - logits.max(axis=1, keepdims=True))
            sure = exact / exact.sum(axis=1, keepdims=True)
            loss = -(lesson.weights * lesson.targets * np.log(sure)).sum()
        else:
            each = np.logaddexp(0, logits) - lesson.targets * logits
            loss = (lesson.weights * each).sum()
        return loss + 0.5 * USUAL.firmness * (change**2).sum() + 0.5 * (shift**2).sum()

    chance = np.random.default_rng(1)
    weight, shift = found.scorer.weight, found.shift
    least = cost(weight, shift)
    for _ in range(20):
        assert cost(weight + 0.05 * chance.normal(size=weight.shape), shift) > least
        assert cost(weight, shift + 0.05 * chance.normal(size=shift.shape)) > least


def test_a_map_gives_what_was_fitted():
    """Its bias holds the shift, and what weights that act on differences from the mean leave."""
    vectors, targets, right = clouds(24)
    lesson = contest_lesson(vectors, targets)
    found = fit(lesson, turned(right), USUAL)
    apart = vectors - vectors.mean(axis=0)
    change = found.scorer.weight - turned(right).weight
    wanted = turned(right).logits(vectors) + apart @ change.T + found.shift
    assert found.scorer.logits(vectors) == pytest.approx(wanted, abs=1e-4)


def test_a_label_of_many_examples_wins_no_contest_for_that():
    """Vectors say nothing here: what is left is the bias."""
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (24, 1))
    targets = np.eye(2, dtype=bool)[[0] * 20 + [1] * 4]
    none = LinearScorer(np.zeros((2, 8), np.float32), np.zeros(2, np.float32))
    found = fit(contest_lesson(vectors, targets), none, USUAL)
    assert softmax(found.scorer.logits(vectors[:1]))[0] == pytest.approx([0.5, 0.5], abs=1e-3)


@pytest.mark.parametrize("counts", [(64, 64, 64, 64), (64, 4, 4, 4), (64, 64, 64, 8)])
def test_a_label_of_few_examples_is_rated_as_those_of_many(counts):
    vectors, targets, right = clouds(256)
    rows = np.concatenate([np.flatnonzero(targets[:, i])[:n] for i, n in enumerate(counts)])
    found = fit(rated_alone(vectors[rows], targets[rows]), right, USUAL).scorer
    apart, truth, _ = clouds(2000, seed=7)
    scores = sigmoid(found.logits(apart))
    means = [scores[truth[:, column], column].mean() for column in range(4)]
    assert max(means) - min(means) < 0.15


def test_a_text_of_two_labels_shares_itself_out():
    lesson = contest_lesson(np.eye(3, dtype=np.float32), np.array([[1, 1], [0, 1], [0, 0]]) > 0)
    assert lesson.targets.tolist() == [[0.5, 0.5], [0, 1], [0, 0]]
    assert lesson.weights[2].tolist() == [0, 0]


def test_a_right_start_is_kept_and_does_not_get_worse():
    vectors, targets, right = clouds(32)
    apart, truth, _ = clouds(2000, seed=7)
    found = refine(contest_lesson(vectors, targets), right, parts_of(32))
    assert found.held.share == 1
    assert hits(found.fitted.scorer, apart, truth) >= hits(right, apart, truth) - 0.01


def test_a_wrong_start_is_dropped_by_held_out_examples():
    vectors, targets, right = clouds(64)
    apart, truth, _ = clouds(2000, seed=7)
    wrong = turned(right)
    found = refine(contest_lesson(vectors, targets), wrong, parts_of(64))
    assert found.held.share < 1
    assert hits(wrong, apart, truth) < 0.2 < 0.5 < hits(found.fitted.scorer, apart, truth)
    assert found.losses["learnt"] < found.losses["zero-shot"]


def test_examples_beat_the_start_that_they_correct():
    """Two of four labels are mixed up; some examples of each put that right."""
    vectors, targets, right = clouds(32)
    apart, truth, _ = clouds(2000, seed=7)
    mixed = LinearScorer(right.weight[[1, 0, 2, 3]], right.bias)
    found = refine(contest_lesson(vectors, targets), mixed, parts_of(32))
    assert hits(found.fitted.scorer, apart, truth) > hits(mixed, apart, truth) + 0.15


def test_a_given_share_is_used():
    vectors, targets, right = clouds(32)
    assert refine(contest_lesson(vectors, targets), right, parts_of(32), 0.5).held.share == 0.5


def test_without_a_part_to_hold_out_the_usual_prior_holds():
    vectors, targets, right = clouds(4)
    found = refine(contest_lesson(vectors, targets), right, np.full(4, -1))
    assert (found.held, found.folds, found.losses) == (USUAL, 0, None)


def test_held_out_texts_that_carry_nothing_are_no_cross_validation():
    vectors, targets, right = clouds(4)
    targets[3] = False
    part_of = np.array([-1, -1, -1, 0])
    found = refine(contest_lesson(vectors, targets), right, part_of)
    assert (found.held, found.folds, found.losses) == (USUAL, 0, None)


def test_held_out_logits_come_from_maps_that_have_not_seen_the_row():
    vectors, targets, right = clouds(16)
    part_of = parts_of(16)
    before = held_out_logits(contest_lesson(vectors, targets), right, USUAL, part_of)
    targets[:4] = np.roll(targets[:4], 1, axis=1)  # all of part 0
    after = held_out_logits(contest_lesson(vectors, targets), right, USUAL, part_of)
    assert after[:4] == pytest.approx(before[:4])
    assert np.abs(after[4:] - before[4:]).max() > 1e-3


# The checkpoint


@pytest.fixture(scope="module")
def taught(untrained):
    return teach(untrained, Examples.of(SAID))


@pytest.fixture(scope="module")
def folder(measured_checkpoint, tmp_path_factory):
    """A checkpoint that learnt from a file."""
    place = tmp_path_factory.mktemp("learnt")
    out = place / "model"
    train_fewshot(write_csv(place / "mine.csv", ROWS), out, model=str(measured_checkpoint))
    return out


def margin(model, *, several):
    """How much higher examples score by their own labels than by others."""
    scores = model.score([text for text, _ in ROWS], list(SAID), multi_label=several)
    targets = examples_of(ROWS).targets
    return scores[targets].mean() - scores[~targets].mean()


@pytest.mark.parametrize("several", [True, False])
def test_learnt_labels_know_their_examples_better(default_model, several):
    taught = teach(default_model, Examples.of(SAID))
    assert margin(taught, several=several) > margin(default_model, several=several) + 0.05


def test_the_checkpoint_that_was_taught_stays_as_it_was(untrained, taught):
    assert untrained.learnt is None
    assert taught.backbone is untrained.backbone


@pytest.mark.parametrize("several", [True, False])
def test_other_labels_score_as_before(untrained, taught, several):
    labels = ["joy", "wistful", "not angry"]
    before, after = (m.score(NEW, labels, multi_label=several) for m in (untrained, taught))
    assert np.array_equal(before, after)
    assert np.array_equal(untrained.thresholds(labels), taught.thresholds(labels))


def test_a_learnt_label_scores_the_same_whatever_stands_beside_it(taught):
    alone = taught.score(NEW, ["billing"])
    beside = taught.score(NEW, ["joy", " Billing", "praise"])[:, 1:2]
    assert beside == pytest.approx(alone, abs=1e-6)


def test_a_negated_learnt_label_is_turned_round(taught):
    scores = taught.score(NEW, ["praise", "not praise"])
    assert scores.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    cuts = taught.thresholds(["praise", "not praise"])
    assert cuts.sum() == pytest.approx(1.0)


def test_a_label_that_begins_with_not_can_be_learnt(untrained):
    rows = [(text, "not praise" if label == "billing" else label) for text, label in ROWS]
    taught = teach(untrained, examples_of(rows))
    place = taught.learnt.labels.index("not praise")
    logits = taught.scorer(["not praise"]).logits(taught.encode_texts(NEW))[:, 0]
    wanted = taught.encode_texts(NEW) @ taught.learnt.rating_weight[place]
    assert logits == pytest.approx(wanted + taught.learnt.rating_bias[place], abs=1e-4)


@pytest.mark.parametrize("learnt", ["happiness", "Co\u0302te", "not angry"])
def test_the_denial_of_a_learnt_label_means_that_label(untrained, learnt):
    """Whatever the lexicon reads it as."""
    rows = [(text, learnt if label == "billing" else label) for text, label in ROWS]
    taught = teach(untrained, examples_of(rows))
    denied = "angry" if learnt == "not angry" else f"not {learnt}"
    scores = taught.score(NEW, [learnt, denied])
    assert scores.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_labels_that_differ_in_case_alone_are_refused(untrained):
    rows = [*ROWS, ("my bill", "Billing")]
    with pytest.raises(DataError, match="'Billing' and 'billing' differ in case"):
        teach(untrained, examples_of(rows))


@pytest.mark.parametrize("several", [True, False])
def test_it_scores_alike_when_read_back(folder, several):
    model = EmotionModel.load(folder)
    again = EmotionModel.load(folder)
    assert model.learnt.labels == ("billing", "praise", "shipping")
    assert np.array_equal(*(m.score(NEW, list(SAID), multi_label=several) for m in (model, again)))
    assert model.learnt.competing


def test_a_copy_that_is_saved_keeps_what_was_learnt(folder, tmp_path):
    model = EmotionModel.load(folder)
    model.save(tmp_path / "copy")
    copy = EmotionModel.load(tmp_path / "copy")
    assert np.array_equal(model.score(NEW, list(SAID)), copy.score(NEW, list(SAID)))


def test_a_head_without_learnt_labels_leaves_none_of_an_older_one(folder, untrained, tmp_path):
    place = shutil.copytree(folder, tmp_path / "model")
    untrained.save_head(place, untrained.head)
    assert read_learnt(place) is None


def test_no_example_is_kept(folder):
    for path in (p for p in folder.rglob("*") if p.is_file()):
        assert path.suffix in (".json", ".safetensors", ".txt"), path.name
        for text, _ in ROWS:
            assert text.encode() not in path.read_bytes(), path.name


def test_the_head_tells_what_was_learnt_from_what(folder):
    (told,) = json.loads((folder / "emotion_head.json").read_text())["facts"]["learnt_labels"]
    assert told["examples_by_label"] == {"billing": 3, "praise": 3, "shipping": 3}
    assert told["contest"]["folds"] == 3
    assert told["contest"]["losses"].keys() == {"zero-shot", "learnt"}


def test_more_labels_can_be_learnt_after_these(folder):
    model = EmotionModel.load(folder)
    rows = [("a bug", "bugs"), ("it crashed", "bugs"), ("hm", "praise"), ("well", "praise")]
    more = teach(model, examples_of(rows))
    assert more.learnt.labels == ("bugs", "praise", "billing", "shipping")
    assert more.learnt.usual_labels == ("bugs", "praise")
    assert [len(one["examples_by_label"]) for one in more.head.facts["learnt_labels"]] == [3, 2]
    labels = ["billing", "shipping"]
    assert np.array_equal(more.score(NEW, labels), model.score(NEW, labels))
    assert not np.array_equal(more.score(NEW, ["praise"]), model.score(NEW, ["praise"]))


def test_numbers_as_labels_start_from_nothing(untrained):
    rows = [(text, str(list(SAID).index(label))) for text, label in ROWS]
    (facts,) = teach(untrained, examples_of(rows)).head.facts["learnt_labels"]
    assert facts["contest"]["share"] == facts["rating"]["share"] == 0


def test_a_given_prior_is_used(untrained):
    taught = teach(untrained, examples_of(ROWS), FewshotRecipe(prior=0.25))
    assert taught.head.facts["learnt_labels"][0]["contest"]["share"] == 0.25


def test_learning_again_starts_from_the_names_not_from_what_was_learnt(taught):
    """Else examples that judge what is learnt would have been learnt from before."""
    again = teach(taught, Examples.of(SAID))
    assert np.array_equal(again.learnt.contest_weight, taught.learnt.contest_weight)
    first, second = again.head.facts["learnt_labels"]
    assert first["contest"] == second["contest"]


def test_labels_of_texts_with_several_keep_their_zero_shot_thresholds(untrained):
    rows = [*ROWS, ("a wrong sum, a late parcel", "billing|shipping"), ("hm", "")]
    taught = teach(untrained, examples_of(rows, multi_label=True), FewshotRecipe(prior=1.0))
    labels = list(SAID)
    assert not taught.learnt.competing
    assert np.array_equal(taught.thresholds(labels), untrained.thresholds(labels))
    # Of a text in the middle of the examples, what was said of it by their names still holds.
    middle = taught.encode_texts([text for text, _ in rows]).mean(axis=0, keepdims=True)
    before, after = (model.scorer(labels).logits(middle) for model in (untrained, taught))
    assert after == pytest.approx(before, abs=1e-3)


def test_a_model_without_a_transformer_learns_too(measured_table):
    model = EmotionModel.load(measured_table)
    learnt = teach(model, examples_of(ROWS))
    assert margin(learnt, several=True) > margin(model, several=True) + 0.01


@pytest.mark.parametrize("harm", ["torn", "labels", "rows"])
def test_a_damaged_file_is_told_in_a_sentence(folder, tmp_path, harm):
    place = shutil.copytree(folder, tmp_path / "model")
    path = place / LEARNT_FILE
    if harm == "torn":
        path.write_bytes(b"torn")
    else:
        tensors = load_file(path)
        if harm == "rows":
            tensors["thresholds"] = tensors["thresholds"][:1]
        told = json.dumps({"labels": list(SAID), "latest": 3, "competing": True})
        save_file(tensors, path, metadata=None if harm == "labels" else {"learnt": told})
    with pytest.raises(CheckpointError, match=r"learnt_labels\.safetensors"):
        EmotionModel.load(place)


# Where it is used


def test_the_pipeline_answers_without_labels_as_the_examples_were_labelled(folder):
    clf = pipeline(model=folder)
    answer = clf(NEW[0])
    assert sorted(answer["labels"]) == ["billing", "praise", "shipping"]
    assert sum(answer["scores"]) == pytest.approx(1.0, abs=1e-5)
    assert clf(NEW[0], multi_label=True)["scores"] != answer["scores"]
    asked = clf(NEW[0], candidate_labels=list(SAID), multi_label=False)
    assert asked["scores"] == pytest.approx(answer["scores"])


def test_an_evaluation_does_not_call_it_zero_shot(folder, measured_checkpoint):
    from emo_hub.evaluation.scorers import open_model

    assert open_model(str(measured_checkpoint)).role_on("isear") == "zero-shot"
    contestant = open_model(str(folder))
    assert contestant.role_on("isear") == "transfer"
    assert contestant.facts["learnt_labels"] == ["billing", "praise", "shipping"]


def test_its_card_tells_what_it_learnt(folder, measured_checkpoint, tmp_path):
    from emo_hub.model_card import RESULTS_FILE, write_card

    place = shutil.copytree(folder, tmp_path / "model")
    assert not (place / RESULTS_FILE).exists()  # what was measured of the start is not of this
    shutil.copy(measured_checkpoint / RESULTS_FILE, place)
    card = write_card(place, name="mine").read_text(encoding="utf-8")
    assert "with 9 examples: billing 3, praise 3, shipping 3." in card
    assert "No human emotion label entered its training" not in card
    before = write_card(measured_checkpoint, name="theirs").read_text(encoding="utf-8")
    assert "No human emotion label entered its training" in before


def test_words_are_weighed_by_what_was_learnt(folder, measured_checkpoint):
    how = {"candidate_labels": list(SAID), "multi_label": False}
    learnt, zero = (
        [word.weight for word in pipeline(model=one).explain(NEW[0], **how).of("billing")]
        for one in (folder, measured_checkpoint)
    )
    assert learnt != pytest.approx(zero)


def test_predict_needs_no_labels_where_some_were_learnt(folder, tmp_path):
    done = emo_hub("predict", NEW[0], "--model", folder, "--json")
    assert sorted(json.loads(done.stdout)["labels"]) == ["billing", "praise", "shipping"]
    file = write_csv(tmp_path / "in.csv", [(text, "") for text in NEW])
    out = tmp_path / "out.csv"
    done = emo_hub("predict", "--model", folder, "--file", file, "--column", "text", "--out", out)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    for row in rows:
        assert sum(float(row[label]) for label in SAID) == pytest.approx(1.0, abs=1e-4)


def test_predict_takes_exhaustive_for_what_was_learnt(folder):
    done = emo_hub("predict", NEW[0], "--model", folder, "--json", "--exhaustive")
    asked = pipeline(model=folder)(NEW[0], exhaustive=True)
    found = json.loads(done.stdout)
    assert found["labels"] == asked["labels"]
    assert found["scores"] == pytest.approx(asked["scores"])


def test_learnt_labels_are_not_calibrated_away(folder, tmp_path):
    from emo_hub.training.calibrating import calibrate
    from emo_hub.training.contrastive import ContrastiveRecipe

    with pytest.raises(CheckpointError, match="has learnt labels from examples"):
        calibrate(folder, tmp_path / "corpus", tmp_path / "out", ContrastiveRecipe())


def test_training_does_not_take_the_folder_for_its_own_run(folder, measured_checkpoint):
    told = json.loads((folder / "training.json").read_text())
    assert "run" not in told
    assert (
        told["recipe"] == json.loads((measured_checkpoint / "training.json").read_text())["recipe"]
    )


def test_predict_without_labels_is_refused_where_none_were_learnt():
    done = emo_hub("predict", "so happy")
    assert done.returncode != 0
    assert "default has learnt none from examples" in done.stderr


def test_the_command_learns_and_says_what_it_kept(measured_checkpoint, tmp_path):
    file = write_csv(tmp_path / "mine.csv", ROWS)
    done = emo_hub(
        "train", "fewshot", "--examples", file, "--out", tmp_path / "model",
        "--model", measured_checkpoint,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "log loss of a held-out decision" in done.stderr + done.stdout
    assert read_learnt(tmp_path / "model").labels == ("billing", "praise", "shipping")


@pytest.mark.parametrize(("after", "worse"), [(0.4, False), (0.5, True), (0.6, True)])
def test_a_map_that_judges_held_out_examples_no_better_is_said_to(after, worse):
    fitted = fit(rated_alone(*clouds(8)[:2]), clouds(8)[2], USUAL)
    found = Refined(fitted, USUAL, 4, {"zero-shot": 0.5, "learnt": after})
    assert ("no better yet, give more examples" in in_words(found)) == worse


def test_few_examples_of_which_one_carries_nothing_are_learnt_from(measured_checkpoint, tmp_path):
    rows = [("we won it all", "joy|surprise"), ("my medal", "joy|pride"), ("the door is shut", "")]
    file, told = write_csv(tmp_path / "mine.csv", rows), []
    taught = train_fewshot(
        file, tmp_path / "model", model=str(measured_checkpoint), multi_label="yes",
        say=told.append,
    )  # fmt: skip
    assert taught.learnt.labels == ("joy", "pride", "surprise")
    assert any("labels competing" in line and "could be held out" in line for line in told)


@pytest.mark.parametrize("shots", [0, -1, 65])
def test_shots_out_of_range_are_refused_and_nothing_is_written(
    measured_checkpoint, tmp_path, shots
):
    file = write_csv(tmp_path / "mine.csv", ROWS)
    with pytest.raises(InputError, match=r"shots must be within 1\.\.64"):
        train_fewshot(file, tmp_path / "model", model=str(measured_checkpoint), shots=shots)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--benchmark", "isear:all", "--multi-label", "yes"], "--multi-label would be ignored"),
        (["--examples", "mine.csv", "--seeds", "2"], "--seeds would be ignored without a curve"),
        (["--examples", "mine.csv", "--setfit", "0"], "--setfit would be ignored without a curve"),
        (["--examples", "mine.csv", "--benchmarks", "DIR"], "--benchmarks would be ignored"),
        (
            ["--examples", "mine.csv", "--curve", "test.csv", "--benchmarks", "DIR"],
            "--benchmarks would be ignored without --benchmark NAME: leave it",
        ),
    ],
)
def test_an_option_that_nothing_would_read_is_refused(tmp_path, given, said):
    done = emo_hub("train", "fewshot", *given, "--out", tmp_path / "out")
    assert done.returncode != 0
    assert said in done.stderr


def test_options_of_a_curve_are_taken_for_a_curve(tmp_path):
    given = ["--examples", tmp_path / "no.csv", "--curve", "test.csv", "--seeds", 2, "--setfit", 0]
    done = emo_hub("train", "fewshot", *given, "--out", tmp_path / "out")
    assert "no.csv cannot be read" in done.stderr


def test_an_unknown_method_is_refused(tmp_path):
    file = write_csv(tmp_path / "mine.csv", ROWS)
    done = emo_hub(
        "train", "fewshot", "--examples", file, "--out", tmp_path / "model", "--method", "magic"
    )
    assert "'refine' or 'setfit'; got 'magic'" in done.stderr


def test_a_method_is_no_curve(tmp_path):
    done = emo_hub("train", "fewshot", "--benchmark", "isear:all", "--out", tmp_path / "out",
                   "--method", "setfit")  # fmt: skip
    assert "A curve shows both ways" in done.stderr


def test_plain_minilm_has_nothing_to_start_from(tmp_path):
    file = write_csv(tmp_path / "mine.csv", ROWS)
    with pytest.raises(InputError, match="--method setfit"):
        train_fewshot(file, tmp_path / "out", model="sentence-transformers/all-MiniLM-L6-v2")


def test_a_folder_of_something_else_is_left_alone(tmp_path, measured_checkpoint):
    place = shutil.copytree(measured_checkpoint, tmp_path / "model")
    with pytest.raises(InputError, match=r"has no learnt_labels\.safetensors"):
        train_fewshot(write_csv(tmp_path / "mine.csv", ROWS), place, model=str(place))


def test_examples_are_made_of_texts_under_their_labels():
    found = Examples.of({"b": ["one", "two"], "a": ["two", "three"]})
    assert (found.labels, found.texts) == (("a", "b"), ("one", "two", "three"))
    assert found.targets.tolist() == [[False, True], [True, True], [True, False]]
    assert found.multi_label
    assert not Examples.of({"b": ["one"], "a": ["two"]}).multi_label


@pytest.mark.parametrize("said", [{"a": "one"}, {"a": [""]}, {"": ["one"]}, {"a": [3]}])
def test_examples_that_are_none_are_refused(said):
    with pytest.raises(InputError):
        Examples.of(said)


def test_one_label_alone_is_refused(untrained):
    with pytest.raises(DataError, match="one label only"):
        teach(untrained, examples_of([("a", "x"), ("b", "x")]))
