"""Second looks: independent of the first, kept beside it, and never a reason to change a label."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emo_hub.cli import app
from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError
from emo_hub.records import short_id
from emo_hub.synthesis import relooks, utterances
from emo_hub.synthesis.build import build_corpus
from emo_hub.synthesis.ingest import record_replies
from emo_hub.synthesis.origin import ABOUT, TEACHER
from emo_hub.synthesis.plan import read_plan
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.teacher import PACKAGED_RECORDINGS, Recorded

LINES = [
    "We sang all the way home from the river.",
    "The kettle in room four takes nine minutes.",
    "Nobody told me that the office had moved.",
    "My brother finally called me back last night.",
]


def felt(label, intensity, words, valence):
    return {
        "emotions": [{"label": label, "intensity": intensity}],
        "descriptors": words,
        "valence": valence,
        "arousal": 3.0,
        "dominance": 3.0,
    }


FIRST = felt("joy", 0.8, ["happy"], 4.5)


def row(number):
    return short_id("utterances", "q1", number)


def campaign(folder, *, looks=(), request="q1"):
    """Write a folder of replies: four lines of one request, and second looks at some of them."""
    folder.mkdir()
    slots = [
        {"slot": n, "emotion": "joy", "register": "diary", "tone": "plain",
         "length": "5-12 words", "may_name_it": True}
        for n in range(1, 5)
    ]  # fmt: skip
    lines = [
        {"request": request, "slot": n, "register": "diary", "utterance": line, **FIRST}
        for n, line in enumerate(LINES, start=1)
    ]
    files = {
        "utterances.jsonl": lines,
        "relooks.jsonl": [
            {"request": "look-0", "row": at, "teacher": "another", **said} for at, said in looks
        ],
    }
    (folder / "utterance_requests.json").write_text(
        json.dumps([{"request": request, "world": "a pier", "slots": slots}])
    )
    for name, values in files.items():
        (folder / name).write_text("".join(json.dumps(value) + "\n" for value in values))
    return folder


SECOND = [(row(2), felt("sadness", 0.6, ["down"], 2.0)), (row(1), felt("joy", 0.4, ["glad"], 4.0))]


@pytest.fixture
def recorded(tmp_path):
    record_replies(
        [campaign(tmp_path / "source", looks=SECOND)], tmp_path / "recordings", teacher=TEACHER
    )
    return tmp_path / "recordings"


def rows_of(folder, tmp_path):
    path = build_corpus(tmp_path / "corpus", folder).path
    corpus = read_corpus(path)
    found = [row for split in ("train", "validation", "test")
             for row in corpus.rows("contextless", split)]  # fmt: skip
    return {row["id"]: row for row in found}


def test_a_row_keeps_its_labels_and_both_looks(recorded, tmp_path):
    found = rows_of(recorded, tmp_path)[row(2)]
    joy, sadness = GOEMOTIONS.index("joy"), GOEMOTIONS.index("sadness")
    assert found["labels"] in ([joy], ["joy"])
    told = [(look["teacher"], look["descriptors"], look["valence"]) for look in found["looks"]]
    assert told == [
        ("strong-llm-2026 (recorded)", ["happy"], pytest.approx(4.5)),
        ("another", ["down"], 2.0),
    ]
    assert [look["labels"] for look in found["looks"]] in (
        [[joy], [sadness]],
        [["joy"], ["sadness"]],
    )


def test_agreement_is_that_of_the_two_looks(recorded, tmp_path):
    found = rows_of(recorded, tmp_path)
    assert found[row(2)]["agreement"] == 0.0
    assert found[row(1)]["agreement"] == pytest.approx(0.4 / 0.8)


def test_a_row_without_a_second_look_has_none(recorded, tmp_path):
    found = rows_of(recorded, tmp_path)[row(3)]
    assert (found["looks"], found["agreement"]) == ([], None)


def test_whoever_looks_again_sees_the_line_and_nothing_of_the_first_annotation(recorded):
    lines = read_plan(recorded).relooks
    assert [group.ids for group in lines] == [(row(2), row(1))]
    assert "happy" not in _first_recorded(recorded)


def _first_recorded(folder):
    import gzip

    text = gzip.decompress((folder / "relooks.jsonl.gz").read_bytes()).decode()
    return text.splitlines()[0]


def test_the_question_numbers_the_lines_and_leaves_out_target_and_labels():
    from emo_hub.records import Affect, Provenance, Utterance

    line = Utterance(
        "x", "I could weep.", Affect((("sadness", 0.9),), ("gloom",), 1.5, 3.0, 2.0),
        "diary", "a pier", Provenance("t", "v", "r"),
    )  # fmt: skip
    asked = relooks.ask(relooks.Relook("look-0", (line, line))).messages[1][1]
    assert asked == "The lines:\n1. I could weep.\n2. I could weep."


def test_a_request_about_a_line_that_was_not_written_is_rejected_and_counted(recorded, tmp_path):
    import gzip

    path = recorded / "plan.json.gz"
    plan = json.loads(gzip.decompress(path.read_bytes()))
    plan["relooks"][0]["rows"][0] = "nowhere"
    path.write_bytes(gzip.compress(json.dumps(plan).encode()))
    with pytest.raises(DataError, match="1 row_not_there"):
        build_corpus(tmp_path / "corpus", recorded)


def test_a_line_that_also_stands_in_a_benchmark_is_withheld_and_kept_as_a_reject(
    recorded, tmp_path
):
    import gzip

    path = recorded / "plan.json.gz"
    plan = json.loads(gzip.decompress(path.read_bytes()))
    plan["withheld"] = [row(3)]
    path.write_bytes(gzip.compress(json.dumps(plan).encode()))
    with pytest.raises(DataError, match="1 in_a_benchmark"):
        build_corpus(tmp_path / "corpus", recorded)


def test_a_withheld_line_takes_nothing_from_those_that_were_asked_about_with_it(recorded, tmp_path):
    import gzip

    path = recorded / "plan.json.gz"
    plan = json.loads(gzip.decompress(path.read_bytes()))
    plan["withheld"] = [plan["relooks"][0]["rows"][0]]
    path.write_bytes(gzip.compress(json.dumps(plan).encode()))
    with pytest.raises(DataError) as raised:
        build_corpus(tmp_path / "corpus", recorded)
    assert "in_a_benchmark" in str(raised.value)
    assert "row_not_there" not in str(raised.value)


def test_a_campaign_is_added_to_what_is_recorded(recorded, tmp_path):
    before = Recorded(recorded)
    more = campaign(tmp_path / "more", request="q2")
    record_replies([more], recorded, teacher=TEACHER)
    plan = read_plan(recorded)
    assert [request.request for request in plan.utterances] == ["q1", "q2"]
    assert (
        before.answer(relooks_prompt(recorded)).text
        == Recorded(recorded).answer(relooks_prompt(recorded)).text
    )
    told = json.loads((recorded / "provenance.json").read_text())
    assert len(told["campaigns"]) == 2


def relooks_prompt(folder):
    from emo_hub.synthesis import utterances

    return utterances.STAGE.ask(read_plan(folder).utterances[0])


def test_a_campaign_is_not_recorded_twice(recorded, tmp_path):
    with pytest.raises(DataError, match="already"):
        record_replies([tmp_path / "source"], recorded, teacher=TEACHER)


def test_a_request_of_a_name_that_is_recorded_is_refused(recorded, tmp_path):
    before = contents(recorded)
    with pytest.raises(DataError, match="2 requests named q1"):
        record_replies([campaign(tmp_path / "other")], recorded, teacher=TEACHER)
    assert contents(recorded) == before


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("files", range(8))
def test_an_import_cut_off_after_any_file_loses_nothing_and_can_be_repeated(
    recorded, tmp_path, monkeypatch, files
):
    more = campaign(tmp_path / "more", request="q2")
    whole = shutil.copytree(recorded, tmp_path / "whole")
    record_replies([more], whole, teacher=TEACHER)
    real, left = Path.replace, iter(range(files))

    def replace(path, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            record_replies([more], recorded, teacher=TEACHER)
    teacher = Recorded(recorded)
    asked = [utterances.ask(request) for request in read_plan(recorded).utterances]
    assert [teacher.answer(prompt).teacher for prompt in asked] == [TEACHER]
    record_replies([more], recorded, teacher=TEACHER)
    assert contents(recorded) == contents(whole)


def test_recordings_of_others_name_their_teacher_and_keep_what_their_maker_says(tmp_path):
    out = tmp_path / "recordings"
    path = out / "provenance.json"
    for request in ("q1", "q2"):
        source = campaign(tmp_path / request, request=request)
        words = ["import-replies", str(source), "--store", str(out), "--teacher", "my-llm"]
        CliRunner().invoke(app, ["corpus", *words], catch_exceptions=False)
        told = json.loads(path.read_text())
        assert told["teacher"] == "my-llm"
        assert [name for name, fact in ABOUT.items() if told.get(name) == fact] == []
        if request == "q1":
            path.write_text(json.dumps(told | {"licence": "Mine alone."}))
            rows = rows_of(out, tmp_path).values()
    assert {row["provenance"]["teacher"] for row in rows} == {"my-llm"}
    card = (tmp_path / "corpus" / "README.md").read_text()
    assert "license: unknown\n" in card
    assert "\nMine alone.\n" in card
    assert (told["licence"], len(told["campaigns"])) == ("Mine alone.", 2)


def test_what_ships_has_second_looks_at_both_kinds_of_line():
    asked = read_plan(PACKAGED_RECORDINGS).relooks
    kinds = {group.request.split("-")[1] for group in asked}
    assert kinds == {"u", "c"}
    assert sum(len(group.ids) for group in asked) >= 3000
