"""`pipeline("zero-shot-emotion")` as an application developer meets it, with the embedded model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from emo_hub.errors import CheckpointError, EmoHubError, InputError
from emo_hub.registration import default_model_folder
from tests import commands
from tests.classifiers import save_classifier

TEXT = "Thanks for nothing, I waited two hours."
LABELS = ["gratitude", "anger", "sarcastic contempt", "joy"]


def test_transformers_pipeline_finds_the_task_and_its_default_model():
    from transformers import pipeline

    import emo_hub  # noqa: F401

    answer = pipeline("zero-shot-emotion")(TEXT, candidate_labels=LABELS)
    assert sorted(answer["labels"]) == sorted(LABELS)


def test_it_works_from_any_folder_in_a_fresh_process(tmp_path):
    code = (
        "import emo_hub, json; from transformers import pipeline; "
        f"print(json.dumps(pipeline('zero-shot-emotion')({TEXT!r}, candidate_labels={LABELS!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert json.loads(done.stdout.splitlines()[-1])["labels"][0] in LABELS


def test_shape_is_that_of_zero_shot_classification(clf):
    answer = clf(TEXT, candidate_labels=LABELS)
    assert list(answer) == ["sequence", "labels", "scores"]
    assert answer["sequence"] == TEXT
    assert answer["scores"] == sorted(answer["scores"], reverse=True)
    assert all(0.0 <= score <= 1.0 for score in answer["scores"])


def test_clear_cases_are_read_right(clf):
    assert clf("I am so happy for you!", candidate_labels=["joy", "anger", "fear"])["labels"][
        0
    ] == ("joy")
    assert clf("I hate you, get out!", candidate_labels=["joy", "anger", "love"])["labels"][0] == (
        "anger"
    )


def test_commas_make_a_list(clf):
    one = clf(TEXT, candidate_labels="gratitude, anger , joy")
    two = clf(TEXT, candidate_labels=["gratitude", "anger", "joy"])
    assert one["labels"] == two["labels"]


def test_single_label_scores_sum_to_one(clf):
    answer = clf(TEXT, candidate_labels=LABELS, multi_label=False)
    assert sum(answer["scores"]) == pytest.approx(1.0, abs=1e-5)


def test_batching_changes_no_score(clf):
    texts = ["I miss her.", "What a day!", "ok", "The bus leaves at nine and I am late again."]
    one = clf(texts, candidate_labels=LABELS)
    four = clf(texts, candidate_labels=LABELS, batch_size=4)
    for a, b in zip(one, four, strict=True):
        assert a["labels"] == b["labels"]
        assert a["scores"] == pytest.approx(b["scores"], abs=1e-4)


def test_a_generator_is_read_lazily(clf):
    def endless():
        while True:
            yield "so good"

    answers = clf(endless(), candidate_labels=LABELS)
    assert next(iter(answers))["sequence"] == "so good"


def test_a_key_dataset_works(clf):
    from datasets import Dataset
    from transformers.pipelines.pt_utils import KeyDataset

    data = KeyDataset(Dataset.from_dict({"text": ["I won!", "I lost."]}), "text")
    answers = list(clf(data, candidate_labels=LABELS, batch_size=2))
    assert [a["sequence"] for a in answers] == ["I won!", "I lost."]


def test_each_text_may_have_its_own_labels(clf):
    answers = clf(["I won!", "I lost."], candidate_labels=[["joy", "fear"], ["grief"]])
    assert [sorted(a["labels"]) for a in answers] == [["fear", "joy"], ["grief"]]


def test_a_description_moves_the_score_of_its_label(clf):
    text = "Thank you, thank you, thank you!"
    bare = clf(text, candidate_labels=["zorp"])["scores"][0]
    told = clf(text, candidate_labels={"zorp": "deep gratitude for a kindness"})
    assert told["labels"] == ["zorp"]
    assert told["scores"][0] > 1.5 * bare


def test_context_changes_what_a_text_means(clf):
    text = "You kept it all this time."
    plain = clf(text, candidate_labels=["touched", "angry"])
    after = clf(
        text, candidate_labels=["touched", "angry"], context="He hid the stolen money for years."
    )
    assert dict(zip(plain["labels"], plain["scores"], strict=True)) != pytest.approx(
        dict(zip(after["labels"], after["scores"], strict=True)), abs=1e-3
    )


def test_each_text_may_have_its_own_context(clf):
    answers = clf(["Again.", "Again."], candidate_labels=LABELS, context=["He won.", None])
    assert answers[0]["scores"] != pytest.approx(answers[1]["scores"], abs=1e-4)


def test_a_long_context_loses_its_beginning_not_the_text(default_model):
    text = "i am furious"
    long = default_model.tokenize(text, "word " * 5000)
    decoded = default_model.tokenizer.decode(long["input_ids"])
    assert len(long["input_ids"]) <= default_model.head.max_tokens
    assert text in decoded


def test_a_text_is_whole_after_a_long_context(default_model):
    text = "word " * 100 + "furious"
    tokens = default_model.tokenize(text, "catastrophizing " * 200)
    assert default_model.tokenizer.decode(tokens["input_ids"]).count("word") == 100
    assert "furious" in default_model.tokenizer.decode(tokens["input_ids"])


def test_a_context_keeps_its_end(default_model):
    tokens = default_model.tokenize("ok", "first thing " * 100 + "and then he wept")
    decoded = default_model.tokenizer.decode(tokens["input_ids"])
    assert "and then he wept" in decoded


def test_a_blank_context_is_no_context(default_model):
    assert default_model.tokenize("ok", " \n") == default_model.tokenize("ok")


def test_auto_threshold_keeps_labels_that_pass_their_own(clf):
    every = clf("Thank you so much!", candidate_labels=LABELS)
    kept = clf("Thank you so much!", candidate_labels=LABELS, threshold="auto")
    limits = dict(zip(LABELS, clf.thresholds(LABELS), strict=True))
    expected = [
        label
        for label, score in zip(every["labels"], every["scores"], strict=True)
        if score >= limits[label]
    ]
    assert kept["labels"] == expected
    assert "gratitude" in kept["labels"]


def test_nothing_that_passes_is_an_honest_none_of_these(clf):
    answer = clf("The table is 80 cm wide.", candidate_labels=["grief", "rage"], threshold="auto")
    assert answer["labels"] == []
    assert answer["none_of_these"] is True


def test_of_an_exhaustive_set_something_is_always_kept(clf):
    how = {"candidate_labels": ["grief", "rage"], "exhaustive": True}
    answer = clf("The table is 80 cm wide.", threshold="auto", **how)
    assert answer["labels"]
    assert answer["none_of_these"] is False
    assert sum(clf("The table is 80 cm wide.", **how)["scores"]) >= 1


def test_an_exhaustive_set_leaves_a_sure_label_and_its_rivals_as_they_are(clf):
    labels = ["gratitude", "fear", "boredom"]
    text = "Thank you so much, I am so grateful!"
    plain = clf(text, candidate_labels=labels)
    told = clf(text, candidate_labels=labels, exhaustive=True)
    by_label = dict(zip(plain["labels"], plain["scores"], strict=True))
    assert told["labels"][0] == "gratitude"
    for label, score in zip(told["labels"], told["scores"], strict=True):
        missed = np.prod([1 - s for s in plain["scores"]])
        assert 0 <= score - by_label[label] <= missed + 1e-6


def test_labels_in_another_order_score_the_same_in_an_exhaustive_set(clf):
    labels = ["gratitude", "fear", "boredom", "anger"]
    one = clf("Whatever.", candidate_labels=labels, exhaustive=True)
    other = clf("Whatever.", candidate_labels=labels[::-1], exhaustive=True)
    assert one["labels"] == other["labels"]
    assert one["scores"] == pytest.approx(other["scores"], abs=1e-6)


def test_top_k_keeps_the_best(clf):
    assert len(clf(TEXT, candidate_labels=LABELS, top_k=2)["labels"]) == 2


def test_vad_lies_within_one_to_five_and_knows_good_from_bad(clf):
    good = clf("This is the best day of my life!", candidate_labels=["joy"], vad=True)
    bad = clf("My dog died this morning.", candidate_labels=["joy"], vad=True)
    for answer in (good, bad):
        assert all(1 <= answer[name] <= 5 for name in ("valence", "arousal", "dominance"))
    assert good["valence"] > bad["valence"] + 1


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("", "empty"), ("   \n", "empty"), ("\u200b", "empty"), ("\x00", "empty"),
     ("I am \ud83d happy", "half a character at place 5"), (float("nan"), "must be a string"),
     (None, "string"),
     (7, "must be a string"), (b"joy", "must be a string"), ({"a": 1}, "must be a string")],
)  # fmt: skip
def test_what_is_no_text_is_a_clear_error(clf, text, wrong):
    with pytest.raises(InputError, match=wrong):
        clf(text, candidate_labels=["joy"])


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [(None, "No candidate labels"), ([], "No candidate labels"), ("", "No candidate labels"),
     (" , ,", "No candidate labels"), ([""], "non-empty"), ([3], "non-empty"),
     (5, "must be a list"), (["joy\ud83d"], "half a character"),
     ({"joy": "\ud83d"}, "half a character"),
     ({"joy": 3}, "description")],
)  # fmt: skip
def test_what_are_no_labels_is_a_clear_error(clf, labels, wrong):
    with pytest.raises(InputError, match=wrong):
        clf(TEXT, candidate_labels=labels)


@pytest.mark.parametrize(
    "arguments",
    [{"threshold": "high"}, {"threshold": 2}, {"threshold": True}, {"threshold": np.ones(2)},
     {"top_k": 0}, {"top_k": True}, {"color": "red"}, {"batch_size": 0}, {"batch_size": -1},
     {"batch_size": 1.5}, {"batch_size": "a"}, {"multi_label": "False"}, {"exhaustive": "no"},
     {"vad": 1}, {"explain": [1]}, {"explain": [None]}, {"explain": [["joy"]]},
     {"context": {"x": 1}}, {"context": "\ud83d"}],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_clear_errors(clf, arguments):
    with pytest.raises(InputError):
        clf(TEXT, candidate_labels=["joy"], **arguments)


def test_numbers_of_numpy_are_numbers(clf):
    how = {"threshold": np.float32(0.0), "top_k": np.int64(1), "batch_size": np.int32(2)}
    how["vad"] = np.True_
    assert len(clf(TEXT, candidate_labels=["joy", "fear"], **how)["labels"]) == 1


def test_blanks_before_a_text_do_not_hide_it(clf, default_model):
    plain = clf("I am so happy", candidate_labels=["joy"])["scores"]
    wide = clf(" " * 3000 + "I am so happy", candidate_labels=["joy"], explain=True)
    assert wide["scores"] == pytest.approx(plain, abs=1e-6)
    assert [word["start"] for word in wide["words"]["joy"]] == [3000, 3002, 3005, 3008]
    after = default_model.tokenize("ok", "he wept" + " " * 3000)
    assert after == default_model.tokenize("ok", "he wept")


def test_a_bad_text_in_a_list_is_found_before_work_starts(clf):
    with pytest.raises(InputError, match="empty"):
        clf(["fine", ""], candidate_labels=["joy"])


def test_as_many_contexts_as_texts_are_wanted(clf):
    with pytest.raises(InputError, match="2 texts and 1 contexts"):
        clf(["a", "b"], candidate_labels=["joy"], context=["c"])
    with pytest.raises(InputError, match="2 texts and 3 contexts"):
        clf(["a", "b"], candidate_labels=["joy"], context=np.array(["c", "d", "e"]))


def test_an_empty_list_gives_an_empty_list(clf):
    assert clf([], candidate_labels=["joy"]) == []


def test_a_generator_with_too_few_contexts_is_a_clear_error(clf):
    answers = clf(iter(["a", "b", "c"]), candidate_labels=["joy"], context=["x", "y"])
    with pytest.raises(InputError, match="Text 3 has no context"):
        list(answers)


def test_it_prints_itself(clf):
    assert "ZeroShotEmotionPipeline" in repr(clf)


def test_labels_given_at_making_serve_every_call(default_model):
    from emo_hub.pipelines import pipeline

    usual = pipeline(model=default_model, candidate_labels=["joy", "fear"])
    assert sorted(usual("so good")["labels"]) == ["fear", "joy"]
    assert usual("so good", candidate_labels=["grief"])["labels"] == ["grief"]


def test_what_it_saves_scores_the_same(clf, tmp_path):
    from emo_hub.pipelines import pipeline

    clf.save_pretrained(tmp_path / "whole")
    again = pipeline(model=tmp_path / "whole", precision="float32")(TEXT, candidate_labels=LABELS)
    one = clf(TEXT, candidate_labels=LABELS)
    assert again["labels"] == one["labels"]
    assert again["scores"] == pytest.approx(one["scores"], abs=1e-5)


@pytest.mark.parametrize("task", ["zero-shot-emotion", "contextual-emotion"])
def test_a_pipeline_is_made_of_a_repository_at_its_revision(task, tmp_path):
    from emo_hub.pipelines import pipeline

    commit = "0123456789abcdef0123456789abcdef01234567"
    place = tmp_path / "models--someone--feelings"
    if task == "contextual-emotion":
        save_classifier(place / "snapshots" / commit)
    else:
        shutil.copytree(default_model_folder(), place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "v1").write_text(commit)
    cache = {"cache_dir": str(tmp_path), "local_files_only": True}
    made = pipeline(task, "someone/feelings", revision="v1", **cache)
    assert made.model.name == "someone/feelings"
    with pytest.raises(CheckpointError, match="neither a folder nor a repository"):
        pipeline(task, "someone/feelings", revision="v2", **cache)


@pytest.mark.slow
def test_five_thousand_labels_get_five_thousand_scores(clf):
    labels = [f"mood {i}" for i in range(5000)]
    answer = clf("I am fine.", candidate_labels=labels)
    assert len(answer["labels"]) == 5000
    assert np.isfinite(answer["scores"]).all()


def test_a_megabyte_of_text_is_answered(clf):
    answer = clf("I am so angry! " * 70_000, candidate_labels=["anger", "joy"])
    assert answer["labels"][0] == "anger"


def test_a_model_of_another_kind_is_a_clear_error():
    from emo_hub.pipelines import ZeroShotEmotionPipeline

    with pytest.raises(InputError, match="runs an EmotionModel"):
        ZeroShotEmotionPipeline(model=object())


def test_command_line_predicts_as_python_does(clf, tmp_path):
    numbers = ("--precision", "float32")
    words = ("predict", TEXT, "--labels", ",".join(LABELS), "--json", *numbers)
    done = commands.emo_hub(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    expected = clf(TEXT, candidate_labels=LABELS)
    assert answer["labels"] == expected["labels"]
    assert answer["scores"] == pytest.approx(expected["scores"], abs=1e-4)


def test_command_line_says_bad_input_in_one_sentence(tmp_path):
    done = commands.emo_hub("predict", "", "--labels", "joy", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == (
        "emo-hub: A text is empty; give at least one word."
    )
    assert "Traceback" not in done.stderr


def test_every_error_of_the_package_has_one_base():
    import emo_hub.errors as errors

    raised = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, EmoHubError) for error in raised)
