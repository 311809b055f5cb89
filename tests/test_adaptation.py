"""Adaptation: rows are dealt out without leaks, seeds are reused, and the numbers are the rows'.

Every benchmark here is a few rows of our own in its release's form.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification
from typer.testing import CliRunner

from emo_hub.adaptation import TASKS, adapt, read_adapted, read_task
from emo_hub.adaptation.outcome import Run, summed_up
from emo_hub.adaptation.portions import in_shares, training_rows
from emo_hub.classifier import EmotionClassifier
from emo_hub.cli import app
from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.benchmarks import benchmark
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.results import Decision, measure_decisions
from emo_hub.evaluation.scored import Scored
from emo_hub.metrics import macro_f1
from emo_hub.taxonomy import EKMAN, GOEMOTIONS, GOEMOTIONS_TO_EKMAN
from emo_hub.training.encoder import EncoderRecipe, train_lesson
from emo_hub.training.outputs import OutputSettings, move_outputs, open_outputs, output_layer
from tests.classifiers import save_classifier, settings_of
from tests.test_iemocap import release

TINY = {
    "epochs": 1,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "max_tokens": 48,
    "mixed_precision": "no",
    "save_every": 0,
    "checks_per_epoch": 1,
    "threshold_shrink": 5.0,
}
ISEAR_LABELS = ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame")


def recipe(base, **changes):
    return EncoderRecipe(**{**TINY, "base": str(base), **changes})


def put(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def comments(count, part):
    """Comments whose one word tells their label: 2 anger, 14 fear, 17 joy, 25 sadness."""
    kinds = (("anger", 2), ("fear", 14), ("joy", 17), ("sad", 25))
    return [
        {
            "text": f"i feel {kinds[n % 4][0]} {part} {n}",
            "label_ids": str(kinds[n % 4][1]),
            "id": f"{part}{n}",
        }
        for n in range(count)
    ]


def chats(count, part):
    kinds = ("happy", "sad", "angry", "others")
    return [
        {
            "id": str(n),
            "turn1": f"first {part} {n}",
            "turn2": f"second {kinds[n % 4]}",
            "turn3": f"third {part} {n}",
            "label": kinds[n % 4],
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("benchmarks")
    train = [*comments(96, "t"), {"text": "I feel  JOY e 2", "label_ids": "17", "id": "leak"}]
    put(root / "goemotions" / "train.parquet", train)
    # One dev row stands in test too.
    put(root / "goemotions" / "dev.parquet", [*comments(32, "d"), comments(3, "e")[2]])
    put(root / "goemotions" / "test.parquet", comments(40, "e"))
    told = [
        {"SIT_clean": f"the {ISEAR_LABELS[n % 7]} of {n // 2}", "non_response": False}
        | {"label": ISEAR_LABELS[n % 7]}
        for n in range(140)
    ]
    again = [{**told[n], "label": ISEAR_LABELS[(n + 1) % 7]} for n in range(0, 140, 9)]
    put(root / "isear" / "all.parquet", [*told, *again])
    put(root / "emocontext" / "train.parquet", chats(160, "t"))
    put(root / "emocontext" / "dev.parquet", chats(24, "e"))
    return root


def texts(rows):
    return {(r.context, " ".join(r.text.lower().split())) for r in rows}


# What tasks are.


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_mapping_leads_from_the_28_to_the_labels_that_are_reported(task):
    declared = benchmark(task.benchmark)
    reported = declared.projection.target if declared.projection else declared.labels
    if task.mapping is None:
        assert reported == GOEMOTIONS
    else:
        assert (task.mapping.source, task.mapping.target) == (GOEMOTIONS, reported)


def test_the_command_names_every_task():
    told = CliRunner().invoke(app, ["train", "encoder", "--help"], env={"COLUMNS": "400"}).output
    assert all(name in told for name in TASKS)


# What outputs start from.


def opened(base, labels, counterparts):
    settings = OutputSettings(
        base=str(base), dropout=0.0, max_tokens=48, segments="own", gradient_checkpointing=False
    )
    shares = np.full(len(labels), 0.1, np.float32)
    return open_outputs(settings, labels, shares, counterparts)


def test_an_output_starts_from_those_of_the_28_that_become_its_label(tmp_path):
    base = save_classifier(tmp_path / "base")
    known = AutoModelForSequenceClassification.from_pretrained(base).classifier.weight
    made = opened(base, EKMAN.labels, GOEMOTIONS_TO_EKMAN.groups())
    found = output_layer(made.model, 7).weight
    fear = [GOEMOTIONS.index("fear"), GOEMOTIONS.index("nervousness")]
    assert torch.allclose(found[EKMAN.index("disgust")], known[GOEMOTIONS.index("disgust")])
    assert torch.allclose(found[EKMAN.index("fear")], known[fear].mean(dim=0))
    assert "of the same meaning" in made.start


def test_a_label_without_counterpart_starts_new(tmp_path):
    base = save_classifier(tmp_path / "base", settings_of(("joy", "fear")))
    known = AutoModelForSequenceClassification.from_pretrained(base).classifier.weight
    found = output_layer(opened(base, ("joy", "awe"), {"joy": ("joy",)}).model, 2).weight
    assert torch.allclose(found[0], known[0])
    assert not any(torch.allclose(found[1], row) for row in known)


# How rows are dealt out.


def test_rows_that_are_scored_are_neither_trained_on_nor_chosen_by(place):
    portion = read_task("goemotions", place).portions[0]
    scored = texts(training_rows(portion.test))
    assert len(scored) == 40
    assert (len(portion.train), len(portion.validation)) == (96, 32)
    assert not scored & (texts(portion.train) | texts(portion.validation))
    assert any("1 training and 1 validation rows left out" in note for note in portion.notes)


def test_ekman_is_trained_and_scored_in_its_own_seven_labels(place):
    assignment = read_task("ekman", place)
    portion = assignment.portions[0]
    assert assignment.labels == EKMAN.labels
    assert portion.test.projection is None
    assert portion.train[0].labels == {"anger": 1.0}
    assert portion.test.targets.shape == (40, 7)


def test_each_fold_scores_rows_that_no_other_does_and_all_together_score_every_row(place):
    portions = read_task("isear", place).portions
    scored = [row for p in portions for row in training_rows(p.test)]
    assert len(portions) == 5
    assert len(scored) == 156
    assert sum(len(texts(training_rows(p.test))) for p in portions) == len(texts(scored))


def test_equal_texts_never_straddle_a_fold_nor_its_choosing_rows(place):
    for portion in read_task("isear", place).portions:
        parts = [
            texts(portion.train),
            texts(portion.validation),
            texts(training_rows(portion.test)),
        ]
        assert all(parts)
        assert sum(map(len, parts)) == len(set().union(*parts))


def test_the_first_two_turns_are_the_context_of_the_third(place):
    portion = read_task("emocontext", place).portions[0]
    row = next(row for row in portion.train if row.text == "third t 5")
    assert row.context == "first t 5\nsecond sad"
    assert row.primary == "sad"


def test_what_is_scored_for_want_of_a_test_does_not_choose(place):
    portion = read_task("emocontext", place).portions[0]
    assert portion.test.split == "dev"
    assert portion.test.headline == "micro_f1_without_neutral"
    assert portion.validation
    assert all(row.text.startswith("third t") for row in portion.validation)
    assert not texts(portion.train) & texts(portion.validation)


def test_rows_that_choose_hold_each_label_as_often_as_the_authors_say_of_the_scored_ones(place):
    assignment = read_task("emocontext", place)
    rows = assignment.portions[0].train
    kept = in_shares(rows, {"happy": 0.1, "sad": 0.1, "angry": 0.2, "others": 0.6})
    counts = Counter(row.primary for row in kept)
    others = sum(row.primary == "others" for row in rows)
    assert counts["others"] == others
    assert counts["happy"] == counts["sad"] == pytest.approx(others / 6, abs=1)
    assert counts["angry"] == pytest.approx(others / 3, abs=1)
    assert sum(assignment.shares.values()) == pytest.approx(1.0)


def test_outputs_are_moved_by_the_difference_in_log_odds(tmp_path):
    model = opened(save_classifier(tmp_path / "base"), ("joy", "awe"), {}).model
    before = output_layer(model, 2).bias.detach().clone()
    move_outputs(model, np.array([0.5, 0.2], np.float32), np.array([0.9, 0.2], np.float32))
    change = output_layer(model, 2).bias.detach() - before
    assert change.tolist() == pytest.approx([np.log(9), 0.0], abs=1e-5)


def test_a_lesson_with_shares_of_use_ends_in_other_biases_and_the_same_weights(tiny_base, tmp_path):
    from tests.lessons import LABELS, lesson

    plain = lesson(24, 12)
    moved = dataclasses.replace(plain, shares=dict.fromkeys(LABELS, 0.01))
    for name, chosen in (("plain", plain), ("moved", moved)):
        train_lesson(chosen, tmp_path / name, recipe(tiny_base))
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("plain", "moved"))
    assert torch.equal(one["classifier.weight"], two["classifier.weight"])
    assert (two["classifier.bias"] < one["classifier.bias"] - 1).all()


def test_iemocap_keeps_its_sessions_apart_and_reads_earlier_turns(tmp_path):
    release(tmp_path / "IEMOCAP_full_release")
    with pytest.raises(DataError, match="nothing to train on"):
        adapt(read_task("iemocap", tmp_path), tmp_path / "out", recipe("none"), seeds=1)
    for path in tmp_path.rglob("transcriptions/Ses*.txt"):
        # Sessions that say the same would be left out of training.
        told = path.read_text().replace("]: ", f"]: {path.stem} ")
        path.write_text(told)
    for name, count in (("iemocap", 4), ("iemocap-6", 6)):
        assignment = read_task(name, tmp_path)
        portion = assignment.portions[0]
        assert len(assignment.labels) == count
        assert {row.story[:5] for row in portion.train} == {"Ses01", "Ses02", "Ses03"}
        assert {row.story[:5] for row in portion.validation} == {"Ses04"}
        assert all(group.startswith("Ses05") for group in portion.test.groups)
        second = portion.train[1]
        assert second.context is not None
        assert second.context.startswith("Man: ")


def test_an_iemocap_folder_without_its_layout_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "iemocap" / "Session1").mkdir(parents=True)
    with pytest.raises(DataError, match="IEMOCAP"):
        read_task("iemocap", tmp_path)


# One's own rows.


def own_rows(count=60):
    kinds = ("happy", "sad", "late")
    return [
        {"text": f"it was {kinds[n % 3]} {n // 2}", "label": kinds[n % 3], "context": f"day {n}"}
        for n in range(count)
    ]


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(row.values()) for row in rows]
    path.write_text("\n".join([",".join(rows[0]), *lines]) + "\n")
    return path


def test_a_tenth_of_ones_own_file_chooses_and_a_tenth_is_scored(tmp_path):
    rows = own_rows() + [{**own_rows()[n], "context": "again"} for n in range(12)]
    assignment = read_task(str(write_csv(tmp_path / "moods.csv", rows)))
    portion = assignment.portions[0]
    parts = [portion.train, portion.validation, training_rows(portion.test)]
    assert assignment.name == "own-moods"
    assert sum(map(len, parts)) == 72
    plain = [{row.text for row in part} for part in parts]
    assert all(plain)
    assert sum(map(len, plain)) == len(set().union(*plain))
    assert next(r for r in parts[0] + parts[1] if r.context).context.startswith(("day", "again"))
    assert assignment.counterparts["happy"] == ["joy"]
    assert "late" not in assignment.counterparts


def test_files_of_a_folder_keep_their_parts(tmp_path):
    write_csv(tmp_path / "train.csv", own_rows())
    write_csv(tmp_path / "validation.csv", [{**own_rows()[0], "text": "a day"}])
    write_csv(tmp_path / "test.csv", [{**own_rows()[1], "text": "my word"}])
    portion = read_task(str(tmp_path)).portions[0]
    assert len(portion.train) == 60
    assert [row.text for row in portion.validation] == ["a day"]
    assert portion.test.texts == ("my word",)


@pytest.mark.parametrize("names", [("train.csv", "training.csv"), ("dev.csv", "val.csv")])
def test_two_files_of_one_split_are_refused(tmp_path, names):
    for name in ("train.csv", *names):
        write_csv(tmp_path / name, own_rows())
    with pytest.raises(DataError, match=f"two files of .* rows, {names[0]} and {names[1]}"):
        read_task(str(tmp_path))


def test_too_few_rows_of_a_label_are_refused(tmp_path):
    rows = [*own_rows(), {"text": "once", "label": "rare", "context": ""}]
    with pytest.raises(DataError, match="fewer than 10 rows of 'rare'"):
        read_task(str(write_csv(tmp_path / "few.csv", rows)))


def test_a_folder_without_training_rows_is_refused(tmp_path):
    write_csv(tmp_path / "test.csv", own_rows())
    with pytest.raises(DataError, match="no file of training rows"):
        read_task(str(tmp_path))


def test_an_unknown_task_lists_those_that_exist():
    with pytest.raises(InputError, match="goemotions, ekman, isear"):
        read_task("goemotion")


def test_a_public_set_wants_its_folder(tmp_path):
    with pytest.raises(InputError, match="--benchmarks"):
        read_task("isear")
    with pytest.raises(DataError, match=r"There is no .*isear"):
        read_task("isear", tmp_path)


# What comes out.


@pytest.fixture(scope="module")
def adapted(place, tiny_base, tmp_path_factory):
    out = tmp_path_factory.mktemp("adapted") / "mine"
    told = []
    found = adapt(read_task("goemotions", place), out, recipe(tiny_base), seeds=2, say=told.append)
    return out, found, told


def test_seeds_differ_and_what_is_written_is_what_was_returned(adapted):
    out, found, _ = adapted
    assert [s.seed for s in found.seeds] == [0, 1]
    assert read_adapted(out) == found
    one, two = ((out / f"seed-{n}" / "model.safetensors").read_bytes() for n in (0, 1))
    assert one != two


def test_the_scores_of_a_seed_are_those_of_its_checkpoint_on_the_test_rows(adapted, place):
    out, found, _ = adapted
    model = EmotionClassifier.load(out / "seed-1")
    test = read_task("goemotions", place).portions[0].test
    scores = model.score(test.texts)
    predicted = (scores >= model.thresholds()).astype(int)
    predicted[~predicted.any(axis=1), GOEMOTIONS.index("neutral")] = 1
    assert found.seeds[1].metrics["macro_f1"] == pytest.approx(macro_f1(test.targets, predicted))


def test_the_best_checkpoint_is_the_one_that_validation_rows_prefer(adapted):
    out, found, _ = adapted
    best = max(found.seeds, key=lambda s: s.dev)
    run, chosen = (
        json.loads((out / name / "training.json").read_text())
        for name in (f"seed-{best.seed}", "best")
    )
    assert run == chosen
    assert best.dev == run["validation"]["average_precision"]
    assert EmotionClassifier.load(found.best).settings.task == "goemotions"


def test_the_card_of_the_best_states_its_own_result(adapted):
    out, found, _ = adapted
    best = max(found.seeds, key=lambda s: s.dev)
    card = (out / "best" / "README.md").read_text()
    assert card.split("---")[2].lstrip().startswith("# mine")
    assert f"| goemotions | test | 40 | macro_f1 | {best.metrics['macro_f1']:.3f} |" in card
    assert "Fine-tuned:" in card
    assert "## Over seeds" in card
    assert f"| macro_f1 | {found.mean['macro_f1']:.3f} |" in card


def test_the_table_has_each_seed_the_mean_the_interval_and_each_label(adapted):
    out, found, _ = adapted
    page = (out / "adaptation.md").read_text()
    lines = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    heads = [cells[0] for cells in lines]
    assert heads[:6] == ["| seed", "| 0", "| 1", "| **mean**", "| deviation", "| 95 % interval"]
    assert {f"| {label}" for label in GOEMOTIONS.labels} <= set(heads)
    assert f"{found.mean['macro_f1']:.4f}" in page
    low = found.intervals["macro_f1"].low
    assert f"{low:.4f} to" in page
    assert "mAP | ECE | Brier" in page


def test_a_second_call_trains_and_scores_nothing(adapted, place, tiny_base):
    out, found, _ = adapted
    files = [*out.glob("predictions/*/scores/*/*.parquet"), *out.glob("*/model.safetensors")]
    before = {path: path.stat().st_mtime_ns for path in files}
    told = []
    again = adapt(read_task("goemotions", place), out, recipe(tiny_base), seeds=2, say=told.append)
    assert again == found
    assert sum("reused" in line for line in told) == 2
    assert len(files) == 5
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_a_kill_before_predictions_are_written_has_them_made_anew(
    adapted, place, tiny_base, tmp_path
):
    import shutil

    out, found, _ = adapted
    shutil.copytree(out, tmp_path / "mine")
    for path in (tmp_path / "mine").glob("predictions/*/scores/*/*.parquet"):
        path.unlink()
    again = adapt(read_task("goemotions", place), tmp_path / "mine", recipe(tiny_base), seeds=2)
    assert [seed.metrics for seed in again.seeds] == [seed.metrics for seed in found.seeds]


def test_a_further_seed_is_added_to_those_that_are_there(adapted, place, tiny_base, tmp_path):
    import shutil

    out, found, _ = adapted
    shutil.copytree(out, tmp_path / "mine")
    more = adapt(read_task("goemotions", place), tmp_path / "mine", recipe(tiny_base), seeds=3)
    assert more.seeds[:2] == found.seeds
    assert more.seeds[2].seed == 2


def test_fewer_rows_are_trained_on_where_the_recipe_says_so(place, tiny_base, tmp_path):
    chosen = recipe(tiny_base, row_share=0.5, max_rows=20)
    adapt(read_task("goemotions", place), tmp_path / "few", chosen, seeds=1)
    run = json.loads((tmp_path / "few" / "best" / "training.json").read_text())
    assert run["rows"] == {"labelled": 20}
    assert "A share of 0.5, 48 of these 96 rows." in run["notes"]


def test_nothing_is_put_over_what_is_no_checkpoint(place, tiny_base, tmp_path):
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match=r"has no training\.json"):
        adapt(read_task("goemotions", place), tmp_path, recipe(tiny_base), seeds=1)


def test_folds_are_scored_together_by_the_best_label(place, tiny_base, tmp_path):
    found = adapt(read_task("isear", place), tmp_path / "isear", recipe(tiny_base), seeds=1)
    assert found.rows == 156
    assert found.split == "5 folds"
    assert sorted(p.name for p in (tmp_path / "isear" / "seed-0").glob("fold-*")) == [
        f"fold-{n}" for n in range(5)
    ]
    assert found.deviation["macro_f1"] is None
    # One label each, whatever the thresholds.
    assert found.mean["accuracy"] == pytest.approx(found.mean["micro_f1"])
    assert "(sample)" in (tmp_path / "isear" / "best" / "README.md").read_text()


def seed_of(seed, predicted, targets):
    rows = LoadedBenchmark(
        name="own-test",
        split="test",
        kind="multi_label",
        headline="macro_f1",
        texts=("",) * len(targets),
        contexts=(None,) * len(targets),
        targets=targets,
        labels=("a", "b"),
    )
    scores = predicted.astype(np.float32)
    result = measure_decisions("m", rows, Decision(scores, predicted), 0.0)
    return Run(seed, 0.5, [Scored("m", rows, scores, predicted, None, result)])


def test_mean_deviation_and_interval_are_over_seeds_and_rows():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (200, 2)).astype(np.int8)
    seeds = []
    for wrong in (0.1, 0.3):
        flip = rng.random(targets.shape) < wrong
        seeds.append(np.where(flip, 1 - targets, targets).astype(np.int8))
    found = summed_up("t", [seed_of(i, p, targets) for i, p in enumerate(seeds)], Path("best"), ())
    values = [macro_f1(targets, p) for p in seeds]
    assert found.mean["macro_f1"] == pytest.approx(np.mean(values))
    assert found.deviation["macro_f1"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)
    one = found.intervals["macro_f1"]
    assert one.low < found.mean["macro_f1"] < one.high
    # Rows vary less than seeds do here; the interval is of the mean over the same draws of rows.
    assert 0.02 < one.high - one.low < 0.12


# The command.


def test_the_command_adapts_to_ones_own_file(tiny_base, tmp_path):
    path = write_csv(tmp_path / "moods.csv", own_rows(90))
    settings = [x for k, v in TINY.items() for x in ("--set", f"{k}={json.dumps(v)}")]
    command = ["train", "encoder", "--task", str(path), "--out", str(tmp_path / "out")]
    command += ["--base", str(tiny_base), "--seeds", "1", *settings]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = read_adapted(tmp_path / "out")
    assert EmotionClassifier.load(found.best).labels == ("happy", "late", "sad")
    card = (found.best / "README.md").read_text()
    assert "emo-hub train encoder --recipe adapted --task FOLDER_OR_FILE --seeds 1" in card
    assert str(tmp_path) not in card + (tmp_path / "out" / "adaptation.md").read_text()


def test_the_command_wants_a_corpus_or_a_task(tmp_path):
    done = CliRunner().invoke(app, ["train", "encoder", "--out", str(tmp_path / "m")])
    assert isinstance(done.exception, InputError)
    assert "--task" in str(done.exception)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--task", "isear", "--data", "corpus"], "--data would be ignored beside --task"),
        (["--task", "isear", "--texts", "hub"], "--texts would be ignored beside --task"),
        (
            ["--data", "corpus", "--benchmarks", "DIR"],
            "--benchmarks would be ignored without --task",
        ),
        (["--data", "corpus", "--seeds", "3"], "--seeds would be ignored without --task"),
        (
            ["--task", "isear", "--data", "corpus", "--texts", "hub"],
            "--data, --texts would be ignored beside --task, which brings its own rows: leave them",
        ),
    ],
)
def test_an_option_that_nothing_would_read_is_refused(tmp_path, given, said):
    done = CliRunner().invoke(app, ["train", "encoder", "--out", str(tmp_path / "m"), *given])
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


DISTRIBUTED = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from emo_hub.adaptation import adapt, read_task
from emo_hub.training.encoder import EncoderRecipe
recipe = EncoderRecipe(**json.loads(sys.argv[4]))
for _ in range(2):
    found = adapt(read_task("goemotions", Path(sys.argv[2])), Path(sys.argv[3]), recipe, seeds=2)
rank = os.environ["RANK"]
Path(sys.argv[3], f"rank-{rank}.json").write_text(json.dumps(found.to_json()))
"""


@pytest.mark.slow
def test_two_processes_train_together_and_the_first_scores(place, tiny_base, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(DISTRIBUTED)
    settings = dataclasses.asdict(recipe(tiny_base, dropout=0.0))
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2",
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
        "--main_process_port", "0", str(script), str(Path(__file__).parent.parent), str(place),
        str(tmp_path / "two"), json.dumps(settings),
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads((tmp_path / "two" / f"rank-{n}.json").read_text()) for n in (0, 1)]
    assert told[0] == told[1]
    alone = adapt(
        read_task("goemotions", place), tmp_path / "one", recipe(tiny_base, dropout=0.0), seeds=2
    )
    assert told[0]["mean"]["macro_f1"] == pytest.approx(alone.mean["macro_f1"], abs=0.02)
