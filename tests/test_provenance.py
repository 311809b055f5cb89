"""On whose labels a model was trained follows it into whatever starts from it, and to its table."""

import dataclasses
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.adaptation import read_task
from emo_hub.adaptation.lessons import lesson_of
from emo_hub.errors import CheckpointError, InputError
from emo_hub.evaluation import evaluate, evaluate_rows
from emo_hub.evaluation.scorers import ModelOptions, open_model
from emo_hub.model_card import write_card
from emo_hub.tensors import LEARNT_FILE
from emo_hub.training.ancestry import descended, inherited, joined
from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive
from emo_hub.training.encoder import EncoderRecipe, train_lesson
from emo_hub.training.nano import NanoRecipe, train_nano
from tests.classifiers import SETTINGS, save_classifier, settings_of
from tests.conftest import with_results
from tests.lessons import LABELS, lesson, quick_recipe

NO_LABEL = "No human emotion label entered its training"
ISEAR = ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame")


def encoder(base, out, task):
    """Train a classifier for a task; what its rows are does not matter here."""
    made = dataclasses.replace(lesson(16, 8), task=task)
    return train_lesson(made, out, quick_recipe(base)).path


def told(folder):
    return json.loads((folder / "training.json").read_text())


@pytest.fixture(scope="module")
def human(tiny_base, tmp_path_factory):
    """A classifier that learnt the labels of GoEmotions' annotators."""
    return encoder(tiny_base, tmp_path_factory.mktemp("human") / "ge", "goemotions")


@pytest.fixture(scope="module")
def descendant(human, tmp_path_factory):
    """One of the corpus that starts from it."""
    return encoder(human, tmp_path_factory.mktemp("descendant") / "x", "emo-pillars")


@pytest.fixture(scope="module")
def dual(human, tiny_corpus, tiny_settings, tmp_path_factory):
    """A dual encoder that starts from it."""
    settings = {**tiny_settings, "base": str(human), "use_comments": False}
    out = tmp_path_factory.mktemp("dual") / "model"
    return train_contrastive(tiny_corpus, out, ContrastiveRecipe(**settings)).path


# What training records, and an evaluation reads.


def test_a_corpus_encoder_on_a_human_trained_base_is_not_zero_shot(descendant):
    assert told(descendant)["trained_on"] == ["goemotions"]
    opened = open_model(str(descendant))
    assert opened.role_on("goemotions-ekman") == "fine-tuned"
    assert opened.role_on("xed") == "transfer"


def test_an_encoder_of_the_corpus_alone_stays_zero_shot(tiny_base, tmp_path):
    plain = encoder(tiny_base, tmp_path / "plain", "emo-pillars")
    assert told(plain)["trained_on"] == []
    assert open_model(str(plain)).role_on("goemotions") == "zero-shot"


def test_a_chain_of_adaptations_remembers_its_first_set(descendant, tmp_path):
    found = encoder(descendant, tmp_path / "chain", "isear")
    assert told(found)["trained_on"] == ["goemotions", "isear"]
    assert open_model(str(found)).role_on("goemotions") == "fine-tuned"


def test_a_dual_encoder_on_a_human_trained_base_is_not_zero_shot(dual):
    opened = open_model(str(dual))
    assert opened.role_on("goemotions") == "fine-tuned"
    assert opened.role_on("xed") == "transfer"
    assert opened.facts["trained_on_datasets"] == ["goemotions"]


def test_what_is_distilled_from_a_human_trained_model_is_not_zero_shot(dual, tiny_corpus, tmp_path):
    recipe = NanoRecipe(teacher=str(dual), use_comments=False, max_rows=24, mixed_precision="no")
    made = train_nano(tiny_corpus, tmp_path / "nano", recipe)
    assert open_model(str(made.path)).role_on("xed") == "transfer"


def test_what_is_said_of_a_model_of_ours_makes_it_transfer(tiny_checkpoint):
    assert open_model(str(tiny_checkpoint)).role_on("xed") == "zero-shot"
    opened = open_model(str(tiny_checkpoint), ModelOptions(trained_on=("goemotions",)))
    assert opened.role_on("xed") == "transfer"


def test_a_mean_of_runs_was_trained_on_the_labels_of_each():
    runs = [{"trained_on": ["isear"]}, {"trained_on": ["xed"], "in_folds": ["isear"]}, {}]
    assert joined(runs) == {"trained_on": ["isear", "xed"], "in_folds": ["isear"]}


def test_labels_that_a_base_learnt_from_examples_count_where_outputs_start_from_them(
    measured_checkpoint, tmp_path
):
    base = shutil.copytree(measured_checkpoint, tmp_path / "mine")
    (base / LEARNT_FILE).write_bytes(b"")
    read = descended(base, str(base), task="emo-pillars", portion="", reads_labels=True)
    assert read["trained_on"] == ["examples that mine learnt labels from"]
    assert inherited(base, str(base))["trained_on"] == []


@pytest.mark.parametrize("harm", ["{", "[]", '{"trained_on": "isear"}'])
def test_a_damaged_record_of_a_base_is_told_in_a_sentence(human, tmp_path, harm):
    base = shutil.copytree(human, tmp_path / "base")
    (base / "training.json").write_text(harm)
    with pytest.raises(CheckpointError, match=r"training\.json"):
        inherited(base, str(base))
    with pytest.raises(CheckpointError, match=r"training\.json"):
        open_model(str(base))


# Bases that are not ours.


def foreign(folder, labels=LABELS, datasets=()):
    """A classifier of somebody else's, with the card that such have."""
    save_classifier(folder, settings_of(labels))
    config = json.loads((folder / "config.json").read_text())
    config.pop("emo_hub_task")
    (folder / "config.json").write_text(json.dumps(config))
    if datasets:
        carded(folder, datasets)
    return folder


def carded(folder, datasets):
    (folder / "README.md").write_text(f"---\ndatasets: [{', '.join(datasets)}]\n---\nA card.\n")


def test_a_classifier_of_somebody_else_brings_the_sets_of_its_card(tmp_path):
    base = foreign(tmp_path / "theirs", datasets=["google/go_emotions"])
    assert inherited(base, str(base)) == {"trained_on": ["google/go_emotions"]}


def test_a_classifier_that_names_no_set_is_named_itself(tmp_path):
    base = foreign(tmp_path / "theirs")
    assert inherited(base, str(base)) == {"trained_on": ["theirs"]}


def test_a_model_of_entailment_brings_no_label_of_emotion(tmp_path):
    base = foreign(tmp_path / "nli", ("contradiction", "entailment"), ["multi_nli"])
    assert inherited(base, str(base)) == {"trained_on": [], "base_datasets": ["multi_nli"]}


@pytest.mark.parametrize(
    ("datasets", "role"),
    [(["bookcorpus", "wikipedia"], "zero-shot"), (["wikipedia", "go_emotions"], "transfer")],
)
def test_of_an_encoders_texts_only_known_labels_count(tiny_base, tmp_path, datasets, role):
    base = shutil.copytree(tiny_base, tmp_path / "base")
    carded(base, datasets)
    made = encoder(base, tmp_path / "made", "emo-pillars")
    assert open_model(str(made)).role_on("isear") == role


def test_the_packaged_encoder_brings_nothing():
    from emo_hub.checkpoint import PACKAGED_BASE, base_folder

    assert inherited(base_folder(PACKAGED_BASE), PACKAGED_BASE) == {"trained_on": []}


# A namespace says who published a set, not whose labels it has.


@pytest.mark.parametrize("namespace", ["", "emo-hub/", "me/"])
def test_a_corpus_has_no_labels_of_people_in_any_namespace(tmp_path, namespace):
    folder = save_classifier(tmp_path / "model", SETTINGS)
    carded(folder, [f"{namespace}emo-pillars"])
    assert open_model(str(folder)).role_on("isear") == "zero-shot"


# Cards.


def test_a_dual_encoders_card_does_not_deny_the_labels_of_its_base(
    dual, measured_checkpoint, tmp_path
):
    place = shutil.copytree(measured_checkpoint, tmp_path / "model")
    assert NO_LABEL in write_card(place, name="mine").read_text()
    run = {**told(place), "trained_on": told(dual)["trained_on"]}
    (place / "training.json").write_text(json.dumps(run))
    card = write_card(place, name="mine").read_text()
    assert NO_LABEL not in card
    assert "trained on those of goemotions" in card


def test_a_card_does_not_deny_labels_that_its_own_table_tells_of(measured_checkpoint, tmp_path):
    place = shutil.copytree(measured_checkpoint, tmp_path / "model")
    results = json.loads((place / "results.json").read_text())
    results["measured"][0]["role"] = "transfer, thresholds from dev"
    (place / "results.json").write_text(json.dumps(results))
    assert NO_LABEL not in write_card(place, name="mine").read_text()


def test_an_encoders_card_names_the_sets_of_its_base(descendant, tmp_path):
    place = with_results(descendant, tmp_path / "model")
    card = write_card(place, name="mine").read_text()
    assert "what it started from was trained on those of goemotions" in card


# Folds of the rows that are scored.


@pytest.fixture(scope="module")
def benchmarks(tmp_path_factory):
    root = tmp_path_factory.mktemp("benchmarks")
    rows = [
        {"SIT_clean": f"the {ISEAR[n % 7]} of {n}", "non_response": False, "label": ISEAR[n % 7]}
        for n in range(140)
    ]
    xed = [{"text": "So it was !", "labels_raw": "8, 5", "labels": "trust,joy"}]
    for name, table in (("isear/all", rows), ("xed_en/annotated", xed)):
        (root / name).parent.mkdir()
        pq.write_table(pa.Table.from_pylist(table), root / f"{name}.parquet")
    return root


@pytest.fixture(scope="module")
def fold(benchmarks, tiny_base, tmp_path_factory):
    """The checkpoint of one fold of ISEAR, and the rows that it has not seen."""
    dealt = read_task("isear", benchmarks)
    portion = dealt.portions[0]
    recipe = EncoderRecipe(
        base=str(tiny_base),
        epochs=1,
        max_tokens=48,
        mixed_precision="no",
        save_every=0,
        checks_per_epoch=1,
    )
    out = tmp_path_factory.mktemp("fold") / "best"
    made = train_lesson(lesson_of(dealt, portion, recipe), out, recipe)
    return made.path, portion.test


def test_a_model_of_one_fold_is_not_scored_on_all_rows(fold, benchmarks):
    opened = open_model(str(fold[0]))
    with pytest.raises(InputError, match=r"trained on folds of the very rows.*adaptation\.json"):
        evaluate(opened, benchmarks, ["isear"])


def test_a_fold_that_an_earlier_version_trained_is_known_by_its_portion(fold, tmp_path):
    made = shutil.copytree(fold[0], tmp_path / "best")
    run = {key: value for key, value in told(made).items() if key not in ("in_folds", "trained_on")}
    (made / "training.json").write_text(json.dumps(run))
    assert open_model(str(made)).folded == {"isear"}
    assert inherited(made, str(made)) == {"trained_on": ["isear"], "in_folds": ["isear"]}


def test_folds_do_not_start_from_a_model_of_their_own_rows(fold):
    with pytest.raises(CheckpointError, match="best was trained on folds of isear"):
        descended(fold[0], str(fold[0]), task="isear", portion="fold-1")


def test_a_benchmark_that_was_learnt_in_folds_is_left_out_aloud(fold, benchmarks):
    said = []
    found = evaluate(open_model(str(fold[0])), benchmarks, progress=said.append)
    assert [one.rows.name for one in found] == ["xed"]
    assert any(line.startswith("isear: left out.") for line in said)


def test_the_rows_of_its_own_fold_are_scored(fold):
    made, unseen = fold
    assert evaluate_rows(open_model(str(made)), unseen).result.rows == len(unseen.texts)


def test_what_starts_from_a_fold_is_not_scored_on_its_rows(fold, benchmarks, tmp_path):
    made = encoder(fold[0], tmp_path / "made", "emo-pillars")
    assert told(made)["in_folds"] == ["isear"]
    with pytest.raises(InputError, match="trained on folds"):
        evaluate(open_model(str(made)), benchmarks, ["isear"])
