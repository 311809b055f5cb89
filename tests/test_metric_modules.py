"""Every metric module loads by path and by import without a network, and counts as it says."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics as reference

from emo_hub.errors import InputError
from emo_hub.metrics import concordance, module_path, modules

evaluate = pytest.importorskip("evaluate")

NAMES = sorted(modules.MODULES)
OF_DECISIONS = ["emotion_f1", "emotion_jaccard", "emotion_accuracy", "emotion_kappa"]
OF_SCORES = ["emotion_map", "emotion_lrap", "emotion_ece", "emotion_brier"]
OF_COLUMNS = ["emotion_pearson", "emotion_ccc"]


def _refuse(*_, **__):
    raise AssertionError("somebody wanted the network")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setattr("socket.socket.connect", _refuse)
    monkeypatch.setattr("socket.getaddrinfo", _refuse)


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    # One for all tests, as Python remembers where the package of loaded scripts lies.
    root = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evaluate.config.HF_METRICS_CACHE", str(root / "metrics"))
        patch.setattr("evaluate.config.HF_MODULES_CACHE", str(root / "modules"))
        patch.setattr("evaluate.config.HF_EVALUATE_OFFLINE", True)
        patch.setattr(sys, "path", [*sys.path])
        yield


def _table(rows=45, labels=5, seed=0):
    """Targets and scores with a row and a label where nothing is there."""
    generator = np.random.default_rng(seed)
    targets = (generator.random((rows, labels)) < 0.35).astype(int)
    targets[0], targets[:, -1] = 0, 0
    scores = generator.random((rows, labels)).round(2)
    scores[0] = 0.01
    return targets, scores


def _ids(rows=45, labels=5, seed=0):
    generator = np.random.default_rng(seed)
    ids, scores = generator.integers(0, labels, rows), generator.random((rows, labels))
    return ids, scores / scores.sum(axis=1, keepdims=True)


def _inputs(name, seed=0):
    targets, scores = _table(seed=seed)
    if name in OF_COLUMNS:
        return {"predictions": scores[:, 0], "references": scores[:, 1]}
    if name == "emotion_annotator_agreement":
        return {"predictions": scores, "references": targets / 4}
    return {
        "predictions": (scores > 0.5).astype(int) if name in OF_DECISIONS else scores,
        "references": targets,
    }


def _metric(name, *configuration, **settings):
    return getattr(modules, modules.MODULES[name])(*configuration, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_loaded_by_its_path_gives_what_the_imported_class_gives(name):
    inputs = _inputs(name)
    loaded = evaluate.load(module_path(name))
    assert loaded.name == name
    assert loaded.compute(**inputs) == _metric(name).compute(**inputs)


@pytest.mark.parametrize("name", NAMES)
def test_batches_give_what_one_call_gives(name):
    inputs, metric = _inputs(name), _metric(name)
    for start in range(0, 45, 20):
        metric.add_batch(**{key: value[start : start + 20] for key, value in inputs.items()})
    assert metric.compute() == _metric(name).compute(**inputs)


@pytest.mark.parametrize("name", NAMES)
def test_single_examples_give_what_one_call_gives(name):
    inputs, metric = _inputs(name), _metric(name)
    for prediction, row in zip(inputs["predictions"], inputs["references"], strict=True):
        metric.add(prediction=prediction, reference=row)
    assert metric.compute() == _metric(name).compute(**inputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_describes_itself_and_gives_plain_numbers(name):
    metric = _metric(name)
    assert metric.description.strip()
    assert "predictions:" in metric.inputs_description
    assert "references:" in metric.inputs_description
    found = metric.compute(**_inputs(name))
    assert found
    assert all(type(value) is float and np.isfinite(value) for value in found.values())
    assert all(key in metric.inputs_description for key in found)


@pytest.mark.parametrize("names", [OF_DECISIONS, OF_SCORES, OF_COLUMNS])
@pytest.mark.parametrize("by_path", [True, False])
def test_modules_combine(names, by_path):
    inputs = _inputs(names[0])
    parts = [module_path(name) if by_path else _metric(name) for name in names]
    found = evaluate.combine(parts).compute(**inputs)
    alone = {}
    for name in names:
        alone |= _metric(name).compute(**inputs)
    assert found == alone


def test_settings_given_when_a_module_is_loaded_hold_when_it_computes():
    targets, scores = _table()
    inputs = {"predictions": scores, "references": targets}
    both = evaluate.combine(
        [
            evaluate.load(module_path("emotion_f1"), average="micro", threshold=0.6),
            evaluate.load(module_path("emotion_map")),
        ]
    )
    found = both.compute(**inputs)
    wanted = reference.f1_score(targets, scores >= 0.6, average="micro")
    assert found["micro_f1"] == pytest.approx(wanted)
    assert "mean_average_precision" in found


def test_a_setting_at_computing_overrides_one_at_loading():
    metric = _metric("emotion_f1", average="micro")
    found = metric.compute(**_inputs("emotion_f1"), average="weighted")
    assert list(found) == ["weighted_f1"]
    assert list(metric.compute(**_inputs("emotion_f1"))) == ["micro_f1"]


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("seed", range(3))
def test_f1_of_rows_and_of_ids_equals_scikit_learn(average, seed):
    targets, scores = _table(seed=seed)
    options = {"average": average, "zero_division": 0}
    found = _metric("emotion_f1").compute(
        predictions=scores > 0.6, references=targets, average=average
    )
    wanted = reference.f1_score(targets, scores > 0.6, **options)
    assert found == {f"{average}_f1": pytest.approx(wanted)}
    ids, spread = _ids(seed=seed)
    ids[ids == 2] = 4
    found = _metric("emotion_f1").compute(
        predictions=spread[:, [0, 1, 1, 3, 4]].argmax(axis=1), references=ids, average=average
    )
    best = spread[:, [0, 1, 1, 3, 4]].argmax(axis=1)
    assert found == {f"{average}_f1": pytest.approx(reference.f1_score(ids, best, **options))}


def test_f1_per_label_counts_the_labels_that_are_asked_for():
    ids, guesses = [0, 0, 2], [0, 2, 2]
    metric = _metric("emotion_f1", average=None)
    claimed = metric.compute(predictions=[0, 1, 4], references=ids)["label_f1"]
    assert claimed == pytest.approx([2 / 3, 0, 0, 0])
    two = metric.compute(predictions=guesses, references=ids)["label_f1"]
    four = metric.compute(predictions=guesses, references=ids, labels=4)["label_f1"]
    assert two == pytest.approx([2 / 3, 2 / 3])
    assert four == pytest.approx([2 / 3, 0, 2 / 3, 0])


@pytest.mark.parametrize("seed", range(3))
def test_modules_of_decisions_equal_scikit_learn(seed):
    targets, scores = _table(seed=seed)
    predicted = (scores > 0.6).astype(int)
    found = evaluate.combine([_metric(name) for name in OF_DECISIONS[1:]]).compute(
        predictions=predicted, references=targets
    )
    kappas = [
        reference.cohen_kappa_score(targets[:, i], predicted[:, i])
        for i in range(5)
        if targets[:, i].any() or predicted[:, i].any()
    ]
    jaccard = reference.jaccard_score(targets, predicted, average="samples", zero_division=1)
    assert found["jaccard"] == pytest.approx(jaccard)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert found["kappa"] == pytest.approx(np.mean(kappas))


@pytest.mark.parametrize("seed", range(3))
def test_modules_of_decisions_equal_scikit_learn_for_ids_and_for_their_scores(seed):
    ids, spread = _ids(seed=seed)
    best = spread.argmax(axis=1)
    for predictions in (best, spread):
        found = evaluate.combine([_metric(name) for name in OF_DECISIONS]).compute(
            predictions=predictions, references=ids
        )
        right = reference.accuracy_score(ids, best)
        assert found["accuracy"] == found["jaccard"] == pytest.approx(right)
        assert found["kappa"] == pytest.approx(reference.cohen_kappa_score(ids, best))
        macro = reference.f1_score(ids, best, average="macro", zero_division=0)
        assert found["macro_f1"] == pytest.approx(macro)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("single", [True, False])
def test_modules_of_scores_equal_scikit_learn(seed, single):
    targets, scores = _table(seed=seed)
    references = targets
    if single:
        references, scores = _ids(seed=seed)
        targets = np.eye(5, dtype=int)[references]
    found = evaluate.combine([_metric(name) for name in OF_SCORES]).compute(
        predictions=scores, references=references
    )
    there, labelled = targets.any(axis=0), targets.any(axis=1)
    areas = reference.average_precision_score(targets[:, there], scores[:, there])
    ranks = reference.label_ranking_average_precision_score(targets[labelled], scores[labelled])
    assert found["mean_average_precision"] == pytest.approx(areas)
    assert found["ranking_precision"] == pytest.approx(ranks)
    brier = reference.mean_squared_error(targets, scores)
    assert found["brier"] == pytest.approx(brier)
    place = np.minimum((scores * 15).astype(int), 14)
    error = sum(abs((scores - targets)[place == i].sum()) for i in range(15)) / targets.size
    assert found["calibration_error"] == pytest.approx(error)


def test_calibration_of_the_best_label_looks_at_nothing_else():
    scores = [[0.8, 0.2], [0.8, 0.2], [0.4, 0.6]]
    found = _metric("emotion_ece", kind="top_label", bins=5).compute(
        predictions=scores, references=[0, 1, 1]
    )
    assert found["calibration_error"] == pytest.approx((abs(1.6 - 1) + abs(0.6 - 1)) / 3)


def test_calibration_over_bins_of_equal_size_differs_from_bins_of_equal_width():
    targets, scores = _table()
    inputs = {"predictions": scores**3, "references": targets}
    wide = _metric("emotion_ece").compute(**inputs)
    equal = _metric("emotion_ece", kind="equal_mass").compute(**inputs)
    assert wide != equal


def test_modules_of_columns_equal_scipy_and_the_definition():
    inputs = _inputs("emotion_pearson")
    x, y = inputs["references"], inputs["predictions"]
    found = evaluate.combine([_metric(name) for name in OF_COLUMNS]).compute(**inputs)
    assert found["pearson"] == pytest.approx(stats.pearsonr(x, y).statistic)
    apart = ((x - y) ** 2).mean() / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert found["ccc"] == pytest.approx(1 - apart)
    assert found["ccc"] == pytest.approx(concordance(x, y))


def test_annotator_agreement_equals_scipy():
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.full(4, 0.5), 30).round(1)
    scores = generator.random((30, 4)) * 0.9 + 0.05
    found = _metric("emotion_annotator_agreement").compute(predictions=scores, references=shares)
    best = shares[np.arange(30), scores.argmax(axis=1)]
    kl = stats.entropy(shares, scores, axis=1)
    assert found == pytest.approx(
        {
            "cross_entropy": (kl + stats.entropy(shares, axis=1)).mean(),
            "kl_divergence": kl.mean(),
            "jensen_shannon": jensenshannon(shares, scores, base=2, axis=1).mean(),
            "expected_accuracy": best.mean(),
            "ceiling": shares.max(axis=1).mean(),
            "shares_pearson": stats.pearsonr(shares.ravel(), scores.ravel()).statistic,
        }
    )


@pytest.mark.parametrize("name", [*OF_DECISIONS, *OF_SCORES])
def test_one_row_with_nothing_in_it_is_counted(name):
    found = _metric(name).compute(predictions=[[0, 0, 0]], references=[[0, 0, 0]])
    perfect = {"emotion_jaccard", "emotion_accuracy"}
    assert list(found.values()) == [1.0 if name in perfect else 0.0]


def test_the_configuration_decides_which_inputs_are_taken():
    ids, rows = {"predictions": [0, 1], "references": [1, 1]}, _inputs("emotion_f1")
    assert _metric("emotion_f1", "multiclass").compute(**ids)
    assert _metric("emotion_f1", "multilabel").compute(**rows)
    with pytest.raises((ValueError, TypeError)):
        _metric("emotion_f1", "multilabel").compute(**ids)
    with pytest.raises((ValueError, TypeError)):
        _metric("emotion_f1", "multiclass").compute(**rows)
    with pytest.raises(InputError, match="multilabel, multiclass"):
        _metric("emotion_f1", "multi-label")


@pytest.mark.parametrize(
    ("predictions", "references", "words"),
    [
        ([[0.3, 0.7]], [[0, 1]], "predictions hold numbers other than 0 and 1"),
        ([[0, 1]], [[0.2, 0.8]], "references hold numbers other than 0 and 1"),
        ([[0, 1], [1]], [[0, 1], [1]], "same number of labels"),
        ([0.7, 0.2], [1, 0], "whole numbers"),
        ([-1, 0], [1, 0], "whole numbers"),
        ([[0.3, 0.7]], [2], "from 0 to 1"),
        ([[0, 1]], [[0, 1, 0]], "of one shape"),
    ],
)
def test_inputs_that_would_be_misread_are_refused(predictions, references, words):
    with pytest.raises(InputError, match=words):
        _metric("emotion_f1").compute(predictions=predictions, references=references)


def test_ids_beyond_the_number_of_labels_are_refused():
    with pytest.raises(InputError, match="from 0 to 1"):
        _metric("emotion_f1", labels=2).compute(predictions=[0, 2], references=[0, 1])


def test_settings_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match="average, labels, threshold"):
        _metric("emotion_f1", averge="micro")
    with pytest.raises(InputError, match="none"):
        _metric("emotion_map", bins=3)
    with pytest.raises(TypeError, match="averge"):
        _metric("emotion_f1").compute(**_inputs("emotion_f1"), averge="micro")
    with pytest.raises(InputError, match="macro, micro, weighted"):
        _metric("emotion_f1").compute(**_inputs("emotion_f1"), average="samples")
    with pytest.raises(InputError, match="equal_mass"):
        _metric("emotion_ece").compute(**_inputs("emotion_ece"), kind="best")


def test_an_unknown_module_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match=r"'f1'.*emotion_f1.*emotion_annotator_agreement"):
        module_path("f1")
    with pytest.raises(AttributeError, match="EmotionF2"):
        modules.EmotionF2  # noqa: B018


def test_every_folder_of_modules_is_listed_and_holds_its_script():
    root = Path(module_path("emotion_f1")).parent
    folders = {path.name for path in root.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert folders == set(NAMES)
    assert all((root / name / f"{name}.py").is_file() for name in NAMES)


@pytest.mark.slow  # importing evaluate anew takes longer than all the rest of this file
def test_modules_load_in_a_fresh_process_that_may_not_reach_any_network(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('somebody wanted the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import evaluate\n"
        "from emo_hub.metrics import module_path\n"
        f"for name in {NAMES!r}:\n"
        "    evaluate.load(module_path(name))\n"
        "f1 = evaluate.load(module_path('emotion_f1'))\n"
        "print(f1.compute(predictions=[[1, 0]], references=[[1, 0]]))\n"
    )
    offline = {"HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **offline}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'macro_f1': 0.5}"
