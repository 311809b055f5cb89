"""Courses of training: stages in turn, equal ones once, all judged on rows that none has seen."""

from __future__ import annotations

import dataclasses
import json

import pytest

from emo_hub.adaptation import CoursePlan, compare_courses, courses, read_courses, read_task
from emo_hub.adaptation.courses_page import write_courses
from emo_hub.classifier import EmotionClassifier
from emo_hub.cli.options import retold_base, retold_settings
from emo_hub.errors import InputError, SettingsError
from tests.test_adaptation import place, recipe

__all__ = ["place"]

COURSES = """
["both"]
why = "One after the other."
corpus = {}
task = {}

["human"]
why = "Labels of people alone."
task = {}

["synthetic"]
why = "The corpus alone."
corpus = {}
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    path = tmp_path_factory.mktemp("courses") / "courses.toml"
    path.write_text(COURSES, encoding="utf-8")
    return read_courses(path)


@pytest.fixture(scope="module")
def plan(tiny_corpus, tiny_base, place):
    chosen = recipe(tiny_base, threshold_shrink=5.0)
    return CoursePlan(
        data=tiny_corpus,
        texts="",
        assignment=read_task("goemotions", place),
        corpus_recipe=chosen,
        task_recipe=chosen,
    )


@pytest.fixture(scope="module")
def compared(plan, listed, tmp_path_factory):
    """What came out, what was said, and where it is."""
    out, said = tmp_path_factory.mktemp("compared"), []
    found = compare_courses(plan, listed, out=out / "runs", say=said.append)
    write_courses(out, plan, listed, found, "emo-hub train encoder-ablations")
    return found, said, out


def test_a_course_counts_the_rows_of_each_of_its_stages(compared):
    both, human, synthetic = (one.rows for one in compared[0])
    assert both == {**synthetic, **human}
    assert set(human) == {"goemotions"}
    assert set(synthetic) == {"emo-pillars"}


def test_equal_stages_are_trained_once(compared):
    runs = sorted(path.name.split("-")[0] for path in (compared[2] / "runs").glob("[!.]*"))
    assert runs == ["corpus", "task", "task"]


def test_the_second_stage_goes_on_from_the_first(compared):
    after = next((compared[2] / "runs").glob("task-*-after-*"))
    told = json.loads((after / "training.json").read_text(encoding="utf-8"))
    assert "its outputs kept" in told["start"]


def test_rows_that_are_scored_neither_stop_nor_teach(plan):
    stops, scored = courses._halves(plan.assignment)
    texts = [{row.text for row in rows} for rows in (stops, scored)]
    assert texts[0]
    assert texts[1]
    assert not texts[0] & texts[1]
    assert not texts[1] & {row.text for row in plan.assignment.portions[0].train}


def with_training_rows(plan, added):
    portion = plan.assignment.portions[0]
    portion = dataclasses.replace(portion, train=(*portion.train, *added))
    return dataclasses.replace(plan.assignment, portions=(portion,))


def test_rows_that_are_trained_on_are_not_scored(plan):
    said = []
    stops, scored = courses._halves(plan.assignment)
    seen = [dataclasses.replace(row, text=f" {row.text.upper()}") for row in scored[:2]]
    found = courses._halves(with_training_rows(plan, seen), said.append)
    assert found == (stops, scored[2:])
    assert said == [f"2 of {len(scored)} rows to score left out, whose text is trained on."]


def test_a_set_that_trains_on_every_row_to_score_is_refused(plan, listed, tmp_path):
    _, scored = courses._halves(plan.assignment)
    given = dataclasses.replace(plan, assignment=with_training_rows(plan, scored))
    with pytest.raises(InputError, match="every one of them is trained on"):
        compare_courses(given, listed, out=tmp_path / "runs")


def test_numbers_are_those_of_the_scored_rows(compared, plan):
    from emo_hub.metrics import mean_average_precision
    from emo_hub.training.targets import target_table

    _, scored = courses._halves(plan.assignment)
    alone = next(p for p in (compared[2] / "runs").glob("task-*") if "after" not in p.name)
    classifier = EmotionClassifier.load(alone)
    scores = classifier.score([row.text for row in scored])
    targets = target_table(scored, classifier.labels, "hard").astype(int)
    found = compared[0][1]
    assert found.precision[0] == pytest.approx(mean_average_precision(targets, scores), abs=1e-4)
    assert found.precision[1] <= found.precision[0] <= found.precision[2]


def test_a_finished_comparison_trains_nothing_again(compared, plan, listed):
    said = []
    again = compare_courses(plan, listed, out=compared[2] / "runs", say=said.append)
    assert again == compared[0]
    assert sum("reused" in line for line in said) == 4


def test_the_table_has_a_line_for_each_course_and_names_its_command(compared):
    page = (compared[2] / "courses.md").read_text(encoding="utf-8")
    assert "`emo-hub train encoder-ablations`" in page
    assert all(f"| {one.course} |" in page for one in compared[0])


def test_a_share_of_rows_is_one_of_those_that_the_recipe_takes(plan, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('["half"]\nwhy = "x"\ncorpus = { row_share = 0.5 }\n', encoding="utf-8")
    plan = dataclasses.replace(
        plan, corpus_recipe=dataclasses.replace(plan.corpus_recipe, row_share=0.5)
    )
    corpus, _ = courses._stages(plan, read_courses(path)[0])
    assert corpus.row_share == 0.25


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a]\ncorpus = {}\n", "why"),
        ('[a]\nwhy = "x"\n', "a in .* has no stage"),
        ("", "lists nothing"),
        ("a = 1\n", "no list of courses"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(tmp_path, text, wrong):
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=wrong):
        read_courses(path)


def test_a_setting_that_is_none_is_refused_before_any_work(plan, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[a]\nwhy = "x"\ncorpus = { epoch = 1 }\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="epoch"):
        compare_courses(plan, read_courses(path), out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_set_in_folds_is_refused(plan, listed, place, tmp_path):
    folded = dataclasses.replace(plan, assignment=read_task("isear", place))
    with pytest.raises(InputError, match="folds"):
        compare_courses(folded, listed, out=tmp_path)


def test_the_shipped_list_asks_what_the_papers_leave_open():
    shipped = {course.name: course for course in read_courses()}
    assert {"synthetic, then human", "human alone", "synthetic alone"} <= set(shipped)
    assert shipped["soft targets"].corpus == {"targets": "soft"}
    assert shipped["no contexts"].corpus["context_share"] == 0.0
    shares = {c.corpus.get("row_share") for c in shipped.values() if c.corpus}
    assert {0.125, 0.25, 0.5} <= shares


def test_a_card_retells_no_folder_of_this_machine(tmp_path):
    told = retold_base(str(tmp_path)) + retold_settings([f'base="{tmp_path}"', "epochs=2"])
    assert told == " --base FOLDER --set base=FOLDER --set epochs=2"
