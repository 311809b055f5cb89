"""Learning curves: shares are nested, kinds stand alone, and a second run makes nothing anew.

Comments and benchmark rows here are of our own writing.
"""

from __future__ import annotations

import dataclasses
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from emo_hub.cli import app
from emo_hub.config import read_recipe
from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, InputError, SettingsError
from emo_hub.learning_curves import (
    KINDS,
    SHARES,
    CurvePlan,
    Variant,
    ablations,
    learning_curves,
    read_variants,
)
from emo_hub.learning_curves.halves import halves
from emo_hub.modeling import EmotionModel
from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive
from emo_hub.training.rows import TrainingRow, share_of

ROWS = tuple(
    TrainingRow(f"{kind}{i}", kind, f"text {i}", None, {"joy": 1.0}, ("glee",))
    for kind, count in (("utterance", 80), ("scene", 16), ("comment", 160))
    for i in range(count)
)
SETS = {
    "goemotions/dev.parquet": [
        {"text": "The bus is at nine.", "label_ids": "27", "id": "a1"},
        {"text": "You did it, well done!", "label_ids": "0,17", "id": "a2"},
        {"text": "I was so not happy.", "label_ids": "9", "id": "a3"},
    ],
    "isear/all.parquet": [
        {"SIT_clean": "My dog came home.", "non_response": False, "label": "joy"},
        {"SIT_clean": "I broke her cup.", "non_response": False, "label": "guilt"},
    ],
    "empathetic_dialogues/dev.parquet": [
        {"situation": "Nobody came to my party.", "emotion": "sad"},
        {"situation": "My son can swim now.", "emotion": "proud"},
    ],
    "edos_mturk/mturk_9k.parquet": [
        {"Dialog": "Where is he ?\nGone .", "Agreed emotion (2/3 vote)": "Devastated"},
        {"Dialog": "Leave me alone !", "Agreed emotion (2/3 vote)": "Angry"},
    ],
}
NAMES = ["goemotions dev", "isear", "empathetic-dialogues dev", "edos"]


def counted(rows):
    return {kind: sum(r.source == kind for r in rows) for kind in ("utterance", "scene", "comment")}


@pytest.mark.parametrize(("small", "large"), [(1 / 8, 1 / 4), (1 / 4, 1 / 2), (1 / 2, 1.0)])
def test_a_smaller_share_lies_within_a_larger_one(small, large):
    few, many = ({r.id for r in share_of(ROWS, share, 3)} for share in (small, large))
    assert few < many


def test_a_share_is_taken_of_each_kind():
    assert counted(share_of(ROWS, 1 / 8, 0)) == {"utterance": 10, "scene": 2, "comment": 20}


def test_a_kind_alone_gets_the_rows_that_it_has_in_a_share_of_all():
    alone = share_of([r for r in ROWS if r.source == "comment"], 1 / 4, 0)
    assert alone == tuple(r for r in share_of(ROWS, 1 / 4, 0) if r.source == "comment")


def test_a_share_keeps_the_order_and_the_whole_is_the_whole():
    places = [ROWS.index(r) for r in share_of(ROWS, 1 / 2, 0)]
    assert places == sorted(places)
    assert share_of(ROWS, 1.0, 0) == ROWS


def test_another_seed_takes_other_rows():
    assert share_of(ROWS, 1 / 4, 0) != share_of(ROWS, 1 / 4, 1)


def test_a_share_does_not_depend_on_the_order_of_rows():
    one, two = share_of(ROWS, 1 / 4, 0), share_of(ROWS[::-1], 1 / 4, 0)
    assert {r.id for r in one} == {r.id for r in two}


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(SettingsError, match="row_share must be"):
        ContrastiveRecipe(row_share=share)


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ({}, {"utterance", "scene"}),
        ({"use_utterances": False}, set()),
        ({"use_scenes": False}, {"utterance"}),
        ({"use_utterances": False, "use_scenes": True}, {"scene"}),
    ],
)
def test_scenes_go_with_the_utterances_unless_it_is_said(settings, kinds):
    assert ContrastiveRecipe(**settings).synthetic_kinds == kinds


def test_the_curve_recipe_is_the_default_one_made_cheap():
    default, curve = (read_recipe(ContrastiveRecipe, name) for name in ("default", "curve"))
    assert dataclasses.replace(default, epochs=1, anchor=0.0) == curve


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices as small as these only wait for further threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def texts(tiny_corpus, tmp_path_factory):
    corpus = read_corpus(tiny_corpus)
    found = [r["source_id"] for s in ("train", "validation") for r in corpus.rows("descriptors", s)]
    ids = list(dict.fromkeys(found))
    folder = tmp_path_factory.mktemp("texts")
    table = pa.table({"id": ids, "text": [f"i was so happy {i} times" for i in range(len(ids))]})
    pq.write_table(table, folder / "train.parquet")
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """The four sets, with test splits that nobody can read."""
    folder = tmp_path_factory.mktemp("sets")
    for name, rows in SETS.items():
        (folder / name).parent.mkdir()
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    for name in ("goemotions", "empathetic_dialogues"):
        (folder / name / "test.parquet").write_bytes(b"no parquet at all")
    return folder


@pytest.fixture(scope="module")
def pairs(tiny_settings):
    """What makes the shipped recipe tiny."""
    settings = {**tiny_settings, "max_rows": 0}
    return [f"{key}={json.dumps(value)}" for key, value in settings.items()]


@pytest.fixture(scope="module")
def made(tiny_corpus, texts, sets, pairs, tmp_path_factory):
    """The folder after the whole command, and what it printed."""
    out = tmp_path_factory.mktemp("curves")
    with pytest.MonkeyPatch.context() as patch:
        # A thousand for each metric of 64 results; how near an interval comes is no property here.
        patch.setattr("emo_hub.evaluation.results.RESAMPLES", 50)
        done = CliRunner().invoke(
            app,
            ["train", "curves", "--data", str(tiny_corpus), "--texts", str(texts), "--benchmarks",
             str(sets), "--out", str(out), *(f"--set={pair}" for pair in pairs)],
            catch_exceptions=False,
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    return out, done.output


@pytest.fixture
def plan(tiny_corpus, texts, sets, pairs):
    def make(**changes):
        given = {"data": tiny_corpus, "texts": str(texts), "benchmarks": sets}
        recipe = read_recipe(ContrastiveRecipe, "curve", pairs)
        return CurvePlan(**{**given, "recipe": recipe, **changes})

    return make


def points_of(out):
    return json.loads((out / "curves.json").read_text())["points"]


def test_one_command_makes_a_point_for_each_kind_and_share(made):
    found = [(p["kind"], p["share"]) for p in points_of(made[0])]
    assert found == [(kind, share) for kind in KINDS for share in SHARES]


def test_every_number_has_its_interval_and_its_rows(made):
    for point in points_of(made[0]):
        assert [r["rows"] for r in point["reached"]] == [3, 2, 2, 2]
        assert all(0 <= r["low"] <= r["value"] <= r["high"] <= 1 for r in point["reached"])


def test_each_kind_is_trained_on_alone(made):
    own = {"utterances": "utterance", "scenes": "scene", "comments": "comment"}
    for point in points_of(made[0]):
        if point["kind"] in own:
            assert set(point["rows"]) == {own[point["kind"]]}


def test_together_is_the_sum_of_the_kinds_at_every_share(made):
    totals = {(p["kind"], p["share"]): p["total"] for p in points_of(made[0])}
    for share in SHARES:
        alone = sum(totals[kind, share] for kind in KINDS if kind != "together")
        assert totals["together", share] == alone


def test_validation_rows_are_the_same_at_every_share(made):
    for kind in KINDS:
        models = [EmotionModel.load(path) for path in made[0].glob(f"runs/{kind}-*")]
        assert len(models) == len(SHARES)
        assert len({json.dumps(m.head.facts["validation_rows"]) for m in models}) == 1


def test_the_page_names_sets_by_their_split_and_says_that_the_recipe_is_cheap(made):
    page = (made[0] / "curves.md").read_text()
    assert [line.split(", ")[0] for line in page.splitlines() if ", macro_f1" in line] == [
        f"## {name}" for name in NAMES
    ]
    assert "cheap recipe" in page
    assert "belong on no leaderboard" in page


def test_the_page_says_what_the_last_step_brought(made):
    last = [p for p in points_of(made[0]) if p["kind"] == "comments"][-2:]
    change = last[1]["reached"][0]["value"] - last[0]["reached"][0]["value"]
    rows = f"({last[0]['total']} to {last[1]['total']} rows)"
    assert f"comments {change:+.3f} {rows}" in (made[0] / "curves.md").read_text()


def test_the_picture_has_a_panel_for_each_set_and_a_series_for_each_kind(made, monkeypatch):
    from emo_hub.evaluation import pictures
    from emo_hub.learning_curves import page
    from emo_hub.learning_curves.plan import Point, Reached

    drawn = []
    monkeypatch.setattr(pictures, "draw_curves", lambda curves, path: drawn.extend(curves))
    points = [
        Point(**{**{k: v for k, v in p.items() if k != "total"},
                 "reached": tuple(Reached(**r) for r in p["reached"])})
        for p in points_of(made[0])
    ]  # fmt: skip
    page.draw(made[0] / "again", points)
    assert {(c.title, c.measure) for c in drawn} == {
        (kind, f"{name} macro-F1") for kind in KINDS for name in NAMES
    }
    assert all(len(c.points) == len(SHARES) for c in drawn)
    assert (made[0] / "learning-curves.png").read_bytes()[:4] == b"\x89PNG"


def test_no_path_of_this_machine_is_written(made):
    out, _ = made
    for name in ("curves.md", "curves.json"):
        told = json.loads((out / name).read_text()) if name.endswith("json") else None
        text = told["command"] if told else (out / name).read_text()
        assert "--data CORPUS --texts FOLDER --benchmarks DIR" in text


def stamps(out):
    paths = [*out.glob("runs/*/model.safetensors"), *out.glob("scores/*.json")]
    return {path: path.stat().st_mtime_ns for path in paths}


def test_a_second_run_trains_and_scores_nothing(made, plan):
    out, _ = made
    before, said = stamps(out), []
    points = learning_curves(plan(kinds=["comments"]), out, say=said.append)
    assert stamps(out) == before
    assert sum("reused" in line for line in said) == len(points) == 4


def test_a_stopped_run_goes_on_and_keeps_what_it_has(plan, tmp_path):
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(step, steps, loss):
        if (tmp_path / "runs" / "scenes-1-8").exists():
            raise Stopped

    chosen = plan(kinds=["scenes"], shares=[1 / 8, 1.0])
    with pytest.raises(Stopped):
        learning_curves(chosen, tmp_path, progress=stop)
    assert len(points_of(tmp_path)) == 1
    first = stamps(tmp_path)
    assert len(learning_curves(chosen, tmp_path)) == 2
    assert first.items() <= stamps(tmp_path).items()


def test_changed_labels_of_a_set_are_scored_again(made, plan, sets, tmp_path):
    out = shutil.copytree(made[0], tmp_path / "curves")
    other = shutil.copytree(sets, tmp_path / "sets")
    rows = [{**row, "emotion": "furious"} for row in SETS["empathetic_dialogues/dev.parquet"]]
    pq.write_table(pa.Table.from_pylist(rows), other / "empathetic_dialogues" / "dev.parquet")
    before = json.loads((out / "scores" / "scenes-all.json").read_text())
    learning_curves(plan(kinds=["scenes"], shares=[1.0], benchmarks=other), out)
    after = json.loads((out / "scores" / "scenes-all.json").read_text())
    (fresh,) = after.keys() - before.keys()
    assert after[fresh]["benchmark"] == "empathetic-dialogues"


def test_another_recipe_is_trained_anew(made, plan, pairs, tmp_path):
    out = shutil.copytree(made[0], tmp_path / "curves")
    said = []
    other = read_recipe(ContrastiveRecipe, "curve", [*pairs, "seed=7"])
    learning_curves(plan(kinds=["scenes"], shares=[1.0], recipe=other), out, say=said.append)
    assert "trained in" in said[0]


def test_a_missing_set_is_told_before_anything_is_trained(plan, tmp_path):
    with pytest.raises(DataError):
        learning_curves(plan(benchmarks=tmp_path / "nowhere"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"kinds": ["poems"]}, InputError, "Kinds of data are"),
        ({"kinds": []}, InputError, "got none"),
        ({"shares": [0.0]}, InputError, "Shares lie in"),
        ({"shares": []}, InputError, "Shares lie in"),
        ({"texts": ""}, InputError, "no texts were given"),
        ({"recipe": ContrastiveRecipe(max_rows=9)}, SettingsError, "max_rows is 9"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(plan, changes, error, words):
    with pytest.raises(error, match=words):
        plan(**changes)


def test_a_recipe_for_scenes_alone_says_so_in_its_checkpoint(tiny_corpus, tiny_settings, tmp_path):
    recipe = ContrastiveRecipe(
        **{**tiny_settings, "use_utterances": False, "use_scenes": True, "use_comments": False}
    )
    made = train_contrastive(tiny_corpus, tmp_path / "m", recipe)
    told = json.loads((made.path / "training.json").read_text())
    assert set(told["rows"]) == {"scene"}
    assert "scenes alone" in " ".join(told["notes"])


def test_shipped_variants_change_settings_that_there_are():
    base = dataclasses.asdict(read_recipe(ContrastiveRecipe, "curve"))
    first, *others = read_variants()
    assert not first.settings
    assert all(v.settings and v.settings.keys() <= base.keys() for v in others)
    assert all(base[k] != value for v in others for k, value in v.settings.items())


@pytest.mark.slow
def test_ablations_say_what_each_change_is_worth(plan, tmp_path):
    variants = [Variant("as it is", "The start.", {}), Variant("wide", "More.", {"batch_size": 8})]
    points = ablations(plan(), variants, tmp_path)
    assert [point.kind for point in points] == ["as it is", "wide"]
    page = (tmp_path / "ablations.md").read_text()
    change = points[1].reached[0].value - points[0].reached[0].value
    assert f"{points[1].reached[0].value:.3f} ({change:+.3f})" in page
    assert "**wide**: More. (`batch_size = 8`)" in page


def test_a_variant_that_sets_no_setting_is_refused_before_any_training(plan, tmp_path):
    with pytest.raises(SettingsError, match="batch_sise"):
        ablations(plan(), [Variant("x", "y", {"batch_sise": 8})], tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_list_without_reasons_is_refused(tmp_path):
    (tmp_path / "v.toml").write_text("[wide]\nbatch_size = 8\n")
    with pytest.raises(SettingsError, match="why"):
        read_variants(tmp_path / "v.toml")


# Few-shot curves on a benchmark

NAMED = ("anger", "disgust", "fear", "guilt", "joy", "sadness", "shame")
TOLD = [(f"{how} {label} {n}", label) for label in NAMED for how in ("so", "then") for n in "1234"]


@pytest.fixture
def reports(tmp_path):
    """ISEAR's layout with lines of our own, each of them twice."""
    rows = [{"SIT_clean": text, "non_response": False, "label": label} for text, label in TOLD * 2]
    place = tmp_path / "benchmarks" / "isear"
    place.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), place / "all.parquet")
    return tmp_path / "benchmarks"


def test_halves_of_a_benchmark_share_no_text_and_leave_none_out(reports):
    learns, judges = halves("isear", reports, "all")
    assert len(learns) + len(judges) == 2 * len(TOLD)
    assert {*learns.texts}.isdisjoint(judges.texts)
    assert dict(TOLD)[learns.texts[0]] == learns.labels[int(learns.targets[0].argmax())]


def test_dimensions_are_no_labels_to_learn(tmp_path):
    (tmp_path / "emobank").mkdir()
    rated = [{"V": 3.0, "A": 2.0, "D": 3.0, "text": "The door is shut."}]
    pq.write_table(pa.Table.from_pylist(rated), tmp_path / "emobank" / "dev.parquet")
    with pytest.raises(InputError, match="no labels to learn"):
        halves("emobank", tmp_path, "dev")


@pytest.mark.slow
def test_a_few_shot_curve_of_a_benchmark_names_its_command(reports, tmp_path, tiny_checkpoint):
    out = tmp_path / "curve"
    given = ["train", "fewshot", "--benchmark", "isear:all", "--benchmarks", str(reports)]
    given += ["--model", str(tiny_checkpoint), "--shots", "1", "--prior", "0.25"]
    made = CliRunner().invoke(app, [*given, "--out", str(out)])
    assert made.exit_code == 0, made.output
    page = (out / "curve.md").read_text()
    command = "emo-hub train fewshot --benchmark isear:all --benchmarks DIR"
    assert f"{command} --model FOLDER --prior 0.25 --shots 1 --seeds 3" in page
    assert str(tmp_path) not in page


def test_a_benchmark_brings_its_own_examples(reports, tmp_path):
    given = ["train", "fewshot", "--benchmark", "isear:all", "--examples", "mine.csv"]
    refused = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "out")])
    assert isinstance(refused.exception, InputError)
    assert "brings its own examples" in str(refused.exception)
