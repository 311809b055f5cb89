"""IEMOCAP is read off the folders of its own release, by whoever holds the licence.

The release is written here in its layout, stray files included; every line of it is invented.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from emo_hub.classifier import EmotionClassifier
from emo_hub.errors import DataError
from emo_hub.evaluation.benchmarks import benchmark
from emo_hub.evaluation.loading import choose, load, load_for_scoring, splits
from emo_hub.evaluation.run import evaluate
from emo_hub.evaluation.scorers import open_model
from emo_hub.taxonomy import GOEMOTIONS_TO_IEMOCAP_FOUR
from tests.classifiers import save_classifier, settings_of

# Start and end in seconds, who speaks, what the raters agreed on, what was said.
SCENE = (
    (0.5, 2.1, "M000", "neu", "Did the parcel come?"),
    (6.0, 7.5, "F001", "exc", "It did! I cannot believe they found it."),
    (2.4, 5.8, "F000", "hap", "It is on the table, under your hat."),
    (7.9, 9.0, "M001", "xxx", "Found what?"),
    (9.2, 12.0, "F002", "sad", "The letters he wrote before he left."),
    (12.5, 14.0, "M002", "fru", "You said they were burnt."),
    (14.2, 15.0, "M003", "ang", "You lied to me."),
    (15.5, 16.0, "F003", "fea", "Please do not shout."),
)
RATERS = {"exc": "Excited", "hap": "Happiness", "neu": "Neutral state", "sad": "Sadness",
          "fru": "Frustration", "ang": "Anger", "fea": "Fear", "xxx": "Other"}  # fmt: skip


def spoken(name):
    lines = [f"{name}_{who} [{a:08.4f}-{b:08.4f}]: {said}" for a, b, who, _, said in SCENE]
    return "\n".join([*lines, "F: [SOBBING]", ""])


def judged(name):
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for start, end, who, code, _ in SCENE:
        lines += [
            f"[{start:.4f} - {end:.4f}]\t{name}_{who}\t{code}\t[2.5000, 3.0000, 3.5000]",
            *(f"C-E{i}:\t{RATERS[code]};\t()" for i in (2, 3, 4)),
            f"C-{who[0]}1:\tSurprise;\t()",
            "A-E3:\tval 3; act 3; dom  3;\t()",
            "",
        ]
    return "\n".join(lines)


def put(path, text, ending="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline=ending)


def release(root, sessions=(1, 2, 3, 4, 5), ending="\n"):
    for n in sessions:
        dialog = root / f"Session{n}" / "dialog"
        for name in (f"Ses0{n}F_impro04", f"Ses0{n}M_script01_1b"):
            put(dialog / "transcriptions" / f"{name}.txt", spoken(name), ending)
            put(dialog / "EmoEvaluation" / f"{name}.txt", judged(name), ending)
        rated = f":{name}_F000 :Happiness; ()\n"
        put(dialog / "EmoEvaluation" / "Categorical" / f"{name}_e2_cat.txt", rated)
        put(dialog / "EmoEvaluation" / "Attribute" / f"{name}_e2_atr.txt", rated)
        # What the archive's makers left in it.
        put(dialog / "EmoEvaluation" / f"._{name}.txt", "Mac OS X")
        put(dialog / "transcriptions" / f"._{name}.txt", "Mac OS X")
    return root


def labels_of(rows):
    return [rows.labels[row.argmax()] for row in rows.targets]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("benchmarks")
    release(root / "IEMOCAP_full_release")
    return root


def test_four_classes_count_excitement_as_happiness(place):
    rows = load_for_scoring(benchmark("iemocap-4"), place)
    assert rows.labels == ("anger", "happiness", "sadness", "neutral")
    assert labels_of(rows) == ["neutral", "happiness", "happiness", "sadness", "anger"] * 2
    assert rows.texts[:2] == ("Did the parcel come?", "It is on the table, under your hat.")


def test_six_classes_keep_excitement_and_frustration(place):
    rows = load_for_scoring(benchmark("iemocap-6"), place)
    assert labels_of(rows)[:6] == [
        "neutral",
        "happiness",
        "excitement",
        "sadness",
        "frustration",
        "anger",
    ]
    assert len(rows.texts) == 12
    assert rows.dropped == 4


def test_the_context_is_all_that_was_said_before_whether_it_is_scored_or_not(place):
    rows = load_for_scoring(benchmark("iemocap-4"), place)
    assert rows.contexts[0] is None
    assert rows.contexts[3] == (
        "Man: Did the parcel come?\n"
        "Woman: It is on the table, under your hat.\n"
        "Woman: It did! I cannot believe they found it.\n"
        "Man: Found what?"
    )
    assert rows.contexts[4].endswith("Man: You said they were burnt.")
    assert rows.contexts[5] is None, "another dialogue begins without the one before"


def test_sessions_make_the_splits_and_no_dialogue_straddles_them(place):
    declared = benchmark("iemocap-4")
    assert splits(declared, place) == ("train", "dev", "test")
    groups = {split: set(load(declared, place, split).groups) for split in ("train", "dev")}
    groups["test"] = set(load_for_scoring(declared, place).groups)
    assert [len(groups[split]) for split in ("train", "dev", "test")] == [6, 2, 2]
    assert groups["test"] == {"Ses05F_impro04", "Ses05M_script01_1b"}
    assert not groups["train"] & (groups["dev"] | groups["test"])


def test_lines_that_end_as_on_windows_are_read_alike(place, tmp_path):
    release(tmp_path / "iemocap", ending="\r\n")
    for name in ("iemocap-4", "iemocap-6"):
        one, other = (load_for_scoring(benchmark(name), root) for root in (place, tmp_path))
        assert one.texts == other.texts
        assert one.contexts == other.contexts
        assert (one.targets == other.targets).all()


def test_it_is_found_by_its_folder(place):
    assert {declared.name for declared in choose(place)} == {
        "iemocap-4",
        "iemocap-6",
        "iemocap-vad",
    }


def test_a_dialogue_without_evaluations_is_named(place, tmp_path):
    shutil.copytree(place / "IEMOCAP_full_release", tmp_path / "iemocap")
    (tmp_path / "iemocap/Session5/dialog/EmoEvaluation/Ses05F_impro04.txt").unlink()
    with pytest.raises(DataError, match=r"Ses05F_impro04\.txt has no .*complete the folder"):
        load_for_scoring(benchmark("iemocap-4"), tmp_path)


def test_an_evaluation_file_of_another_kind_is_told(place, tmp_path):
    shutil.copytree(place / "IEMOCAP_full_release", tmp_path / "iemocap")
    (tmp_path / "iemocap/Session5/dialog/EmoEvaluation/Ses05F_impro04.txt").write_text("hap\n")
    with pytest.raises(DataError, match="not an evaluation file of the release"):
        load_for_scoring(benchmark("iemocap-4"), tmp_path)


@pytest.mark.parametrize("name", ["iemocap-4", "iemocap-6"])
def test_a_classifier_adapted_to_it_is_measured_with_the_turns_before(place, tmp_path, name):
    labels = benchmark(name).labels.labels
    folder = save_classifier(tmp_path / "model", settings_of(labels, task=name))
    scored = evaluate(open_model(f"encoder:{folder}"), place, [name])[0]
    rows = load_for_scoring(benchmark(name), place)
    model = EmotionClassifier.load(folder)
    wanted = model.score(rows.texts, rows.contexts)
    assert scored.scores == pytest.approx(wanted, abs=1e-5)
    assert np.abs(wanted - model.score(rows.texts)).max() > 0.01, "contexts must matter here"
    right = (wanted.argmax(axis=1) == rows.targets.argmax(axis=1)).mean()
    assert scored.result.metrics["accuracy"] == pytest.approx(right)
    assert scored.result.role == "fine-tuned"


def test_a_classifier_of_the_28_labels_is_measured_by_what_they_become(place, tmp_path):
    opened = open_model(str(save_classifier(tmp_path / "model")))
    scored = evaluate(opened, place, ["iemocap-4"])[0]
    model = EmotionClassifier.load(tmp_path / "model")
    rows = load_for_scoring(benchmark("iemocap-4"), place)
    own = model.score(rows.texts, rows.contexts)
    becomes = GOEMOTIONS_TO_IEMOCAP_FOUR.groups()
    parts = [[model.labels.index(name) for name in becomes[label]] for label in rows.labels]
    highest = np.stack([own[:, part].max(axis=1) for part in parts], axis=1)
    assert scored.scores == pytest.approx(highest, abs=1e-5)
    assert scored.result.role == "zero-shot"
    assert not opened.missing(benchmark("iemocap-6").labels.labels)


@pytest.mark.slow
def test_one_command_measures_a_classifier_on_it(place, tiny_corpus, tmp_path):
    folder = save_classifier(tmp_path / "mine", settings_of(("anger", "joy", "sadness", "neutral")))
    done = subprocess.run(
        [sys.executable, "-m", "emo_hub", "evaluate", f"encoder:{folder}", "--benchmarks",
         str(place), "--only", "iemocap-4,iemocap-6", "--data", str(tiny_corpus),
         "--no-baselines", "--out", str(tmp_path / "report")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
             "EMO_HUB_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    facts = report["facts"]["contestants"]["mine"]
    assert facts["kind"] == "encoder"
    assert facts["context"] == "first of a pair"
    assert "iemocap-4: 10 rows" in done.stdout
    assert "iemocap-6: 12 rows" in done.stdout
