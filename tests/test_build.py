"""Proves that what ships can be replayed, and that a build is whole, reused or refused."""

import gzip
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emo_hub.cli import app
from emo_hub.errors import DataError, InputError, NotRecordedError, Unanswered
from emo_hub.synthesis import descriptors, scenes, utterances
from emo_hub.synthesis.about import read_words
from emo_hub.synthesis.build import build_corpus, fingerprint_of
from emo_hub.synthesis.harvest import STAGES, pour
from emo_hub.synthesis.ingest import record_replies, rekey
from emo_hub.synthesis.job import Job
from emo_hub.synthesis.origin import ABOUT, TEACHER
from emo_hub.synthesis.own import OwnCorpus, build_own
from emo_hub.synthesis.plan import Plan, plan_from_json, plan_to_json, read_plan
from emo_hub.synthesis.rejects import browse_rejects
from emo_hub.synthesis.write import CorpusWriter
from emo_hub.teacher import PACKAGED_RECORDINGS, Recorded, Reply, read_object, recording_line
from tests.commands import emo_hub

from .samples import AFFECT, REQUEST, SEED, TEXT, moment, slot


def story(*moments):
    return {
        "title": "The Pier",
        "narrative": "A boat is late and comes back.",
        "characters": [{"name": "Ada", "description": "A baker."}],
        "utterances": list(moments),
    }


# --- what ships


@pytest.fixture(scope="module")
def shipped():
    return read_plan(PACKAGED_RECORDINGS), Recorded()


@pytest.mark.parametrize("name", ["utterances", "scenes", "descriptors"])
def test_every_request_of_the_shipped_plan_is_recorded(shipped, name):
    plan, teacher = shipped
    stage = next(stage for stage in STAGES if stage.name == name)
    prompts = [stage.ask(item) for item in getattr(plan, name)]
    assert len({prompt.key for prompt in prompts}) == len(prompts) > 0
    for prompt in prompts:
        assert teacher.answer(prompt).text


def test_shipped_recordings_hold_no_damage_and_no_text_that_is_not_ours(shipped):
    plan, teacher = shipped
    assert teacher.damaged == []
    for item in plan.descriptors[::500]:
        assert set(read_object(teacher.answer(descriptors.ask(item)).text)) == {
            "descriptors", "emotions", "valence", "arousal",
        }  # fmt: skip


def test_provenance_names_no_path_of_any_machine():
    text = (PACKAGED_RECORDINGS / "provenance.json").read_text()
    assert "/" not in json.dumps(json.loads(text)["campaigns"])
    assert json.loads(text)["licence"].startswith("CC BY 4.0")


def test_what_ships_says_of_itself_what_the_origin_says():
    told = json.loads((PACKAGED_RECORDINGS / "provenance.json").read_text())
    assert {name: told.get(name) for name in ABOUT} == ABOUT


def test_shipped_recordings_take_less_than_ten_megabytes():
    assert sum(path.stat().st_size for path in PACKAGED_RECORDINGS.iterdir()) < 10_000_000


def unpacked(folder, name):
    # What zlib makes of equal text may differ between machines, the text may not.
    return gzip.decompress((folder / name).read_bytes()).decode()


@pytest.fixture
def recorded(tmp_path):
    """Recordings of one small campaign, in the form of those that ship."""
    record_replies([make_source(tmp_path / "source", "q1")], tmp_path / "recorded", teacher=TEACHER)
    return tmp_path / "recorded"


def assert_stays_when_filed_anew(before, folder):
    shutil.copytree(before, folder)
    rekey(folder)
    paths = list(before.glob("*.gz"))
    assert paths
    for path in paths:
        assert unpacked(folder, path.name) == unpacked(before, path.name)
    told = "provenance.json"
    assert (folder / told).read_text() == (before / told).read_text()


def test_recordings_filed_anew_under_the_same_prompts_stay_the_same(recorded, tmp_path):
    assert_stays_when_filed_anew(recorded, tmp_path / "recordings")


@pytest.mark.slow
def test_shipped_recordings_filed_anew_under_the_same_prompts_stay_the_same(tmp_path):
    assert_stays_when_filed_anew(PACKAGED_RECORDINGS, tmp_path / "recordings")


def test_replies_are_found_again_after_a_prompt_has_changed(recorded, monkeypatch):
    before = scenes.STAGE

    def ask(item):
        return replace(before.ask(item), version="scenes-reworded")

    monkeypatch.setattr(scenes, "STAGE", replace(before, ask=ask))
    item = read_plan(recorded).scenes[0]
    with pytest.raises(NotRecordedError):
        Recorded(recorded).answer(ask(item))
    rekey(recorded)
    assert Recorded(recorded).answer(ask(item)).text


def test_ingest_of_the_first_campaign_is_part_of_what_ships(tmp_path):
    source = Path(
        os.environ.get("EMO_HUB_TEACHER")
        or Path(__file__).resolve().parents[2] / "shared" / "teacher"
    )
    if not source.is_dir():
        pytest.skip("the source replies are not here: set EMO_HUB_TEACHER to their folder")
    record_replies([source], tmp_path, teacher=TEACHER)
    for path in tmp_path.glob("*.jsonl.gz"):
        shipped = set(unpacked(PACKAGED_RECORDINGS, path.name).splitlines())
        assert set(unpacked(tmp_path, path.name).splitlines()) <= shipped


def test_two_campaigns_make_one_plan(tmp_path):
    source = shutil.copytree(make_source(tmp_path / "one", "q1"), tmp_path / "first")
    more = make_source(tmp_path / "two", "q2")
    (more / "scenes.jsonl").unlink()
    record_replies([source, more], tmp_path / "out", teacher=TEACHER)
    plan = read_plan(tmp_path / "out")
    assert [request.request for request in plan.utterances] == ["q1", "q2"]
    assert len(plan.scenes) == 1


def make_source(folder, name):
    folder.mkdir()
    slots = [{"slot": 1, "emotion": "joy", "register": "diary", "tone": "plain"}]
    slots[0] |= {"length": "3-7 words", "may_name_it": True}
    request = {"request": name, "world": f"the world of {name}", "slots": slots}
    line = {"request": name, "slot": 1, "utterance": "We sang all the way home."}
    files = {
        "utterance_requests.json": [request],
        "utterances.jsonl": line,
        "scenes.jsonl": {"request": f"s-{name}", "genre": "drama", "setting": "a pier"},
        "descriptors_goemotions.jsonl": {"source": "goemotions", "split": "train", "id": name},
        "descriptors_goemotions_second.jsonl": {
            "source": "goemotions", "split": "train", "id": name,
        },
    }  # fmt: skip
    for file, value in files.items():
        (folder / file).write_text(json.dumps(value) + "\n")
    return folder


def test_ingest_without_its_files_names_them(tmp_path):
    with pytest.raises(DataError, match=r"scenes\.jsonl"):
        record_replies([tmp_path], tmp_path / "out", teacher=TEACHER)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"request": "q1", "slot"', "line 2 cannot be read"),
        ("\udcff", "line 2 cannot be read"),
        ("[]", "line 2 is list; wanted a JSON object"),
        ('{"slot": 1}', "line 2 lacks request"),
    ],
)
def test_a_line_that_is_no_reply_is_named(tmp_path, line, said):
    source = make_source(tmp_path / "source", "q1")
    with (source / "utterances.jsonl").open("ab") as file:
        file.write(line.encode(errors="surrogateescape"))
    done = emo_hub(
        "corpus", "import-replies", source, "--store", tmp_path / "out", "--teacher", "m"
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_replies_of_somebody_who_is_not_named_are_not_put_down_to_this_package(tmp_path):
    source = make_source(tmp_path / "source", "q1")
    done = emo_hub("corpus", "import-replies", source, "--store", tmp_path / "out")
    assert done.returncode == 2
    assert "name the teacher (--teacher)" in done.stderr
    assert not (tmp_path / "out").exists()


# --- builds of a few requests


def small_plan():
    requests = tuple(replace(REQUEST, request=f"q{n}", sample=n) for n in range(30))
    return Plan(requests, (SEED,), (TEXT, replace(TEXT, look=2)))


def record_small(folder):
    plan = small_plan()
    folder.mkdir()
    (folder / "plan.json.gz").write_bytes(gzip.compress(json.dumps(plan_to_json(plan)).encode()))
    (folder / "provenance.json").write_bytes((PACKAGED_RECORDINGS / "provenance.json").read_bytes())
    replies = []
    for n, request in enumerate(plan.utterances):
        value = {
            "utterances": [
                slot(text=f"n{n}a n{n}b n{n}c"),
                slot(2, "review", f"n{n}d n{n}e n{n}f"),
            ]
        }
        replies.append(recording_line(utterances.ask(request), Reply(json.dumps(value), "t")))
    replies.append(recording_line(scenes.ask(SEED), Reply(json.dumps(story(moment())), "t")))
    replies += [
        recording_line(descriptors.ask(text), Reply(json.dumps(AFFECT), "t"))
        for text in plan.descriptors
    ]
    (folder / "all.jsonl").write_text("".join(replies))
    return folder


def test_plan_survives_its_json():
    plan = small_plan()
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


def test_second_build_of_the_same_is_reused_and_says_so(tmp_path):
    source = record_small(tmp_path / "r")
    first = build_corpus(tmp_path / "c", source)
    made = (tmp_path / "c" / "README.md").stat().st_mtime_ns
    second = build_corpus(tmp_path / "c", source)
    assert (first.reused, second.reused) == (False, True)
    assert (tmp_path / "c" / "README.md").stat().st_mtime_ns == made
    assert replace(first, reused=True) == second


def test_build_is_made_again_when_a_file_of_it_was_changed(tmp_path):
    source = record_small(tmp_path / "r")
    build_corpus(tmp_path / "c", source)
    parquet = next((tmp_path / "c" / "contextless").glob("*.parquet"))
    content = parquet.read_bytes()
    parquet.write_bytes(content[:-8])
    assert not build_corpus(tmp_path / "c", source).reused
    assert parquet.read_bytes() == content


def test_fingerprint_changes_with_the_recording(tmp_path):
    source = record_small(tmp_path / "r")
    before = fingerprint_of(source)
    with (source / "all.jsonl").open("a") as file:
        file.write("\n")
    assert fingerprint_of(source) != before


def test_corrupt_line_costs_its_request_and_is_counted(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    first, rest = recording.read_text().split("\n", 1)
    recording.write_text(first[:-9] + "\n" + rest)
    report = build_corpus(tmp_path / "c", source)
    assert report.rejects == {"corrupt_recording_line": 1}
    assert sum(report.counts["contextless"].values()) == 2 * 29 + 1
    rejected = json.loads((tmp_path / "c" / "rejected.jsonl").read_text())
    assert rejected["request_id"] == "q0"
    assert "all.jsonl, line 1" in rejected["detail"]
    assert "| utterances | corrupt_recording_line | 1 |" in (tmp_path / "c/README.md").read_text()


def test_half_a_surrogate_pair_costs_its_reply_alone_and_is_kept_with_the_rejects(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    # Once escaped by the teacher, once as it stands.
    told = recording.read_text().replace("n3b", "\\\\ud83d").replace("n4b", "\\ud83d")
    recording.write_text(told)
    report = build_corpus(tmp_path / "c", source)
    assert report.rejects == {"half_a_character": 2}
    assert sum(report.counts["contextless"].values()) == 2 * 28 + 1
    lines = (tmp_path / "c" / "rejected.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert [entry["request_id"] for entry in kept] == ["q3", "q4"]
    assert "n4a \ud83d n4c" in kept[1]["reply"]
    assert all(rejected.text.isascii() for rejected in browse_rejects(tmp_path / "c"))


def test_the_card_tells_of_every_campaign(tmp_path):
    build_corpus(tmp_path / "c", record_small(tmp_path / "r"))
    card = (tmp_path / "c" / "README.md").read_text()
    campaigns = [text for name, text in ABOUT.items() if name.endswith("_campaign")]
    assert [text for text in campaigns if text not in card] == []


@pytest.mark.parametrize(
    "words",
    [
        ("--about", "mine.toml"), ("--partial",), ("--most-rejected", "0.5"),
        ("--limit", "3"), ("--model", "m"), ("--tasks", "2"),
    ],
)  # fmt: skip
def test_what_recordings_do_not_heed_is_refused(tmp_path, words):
    command = ["corpus", "build", "--out", str(tmp_path / "c"), *words]
    with pytest.raises(InputError, match=f"^{words[0]} would change nothing"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_a_dry_run_of_recordings_builds_nothing(tmp_path):
    command = ["corpus", "build", "--out", str(tmp_path / "c"), "--dry-run"]
    with pytest.raises(InputError, match="recorded replies ask nobody"):
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert not (tmp_path / "c").exists()


def test_line_damaged_beyond_its_key_is_counted_beside_the_request_it_lost(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    recording.write_text("#\n" + recording.read_text().split("\n", 1)[1])
    report = build_corpus(tmp_path / "c", source)
    assert report.rejects == {"corrupt_recording_line": 1, "lost_in_damaged_recording": 1}


def test_thin_corpus_is_refused_and_leaves_nothing_behind(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    recording.write_text(
        recording.read_text().replace('\\"joy\\", \\"intensity\\"', '\\"glee\\", \\"x\\"')
    )
    with pytest.raises(DataError, match="were rejected"):
        build_corpus(tmp_path / "c", source)
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_request_that_was_never_recorded_stops_the_build(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    recording.write_text(recording.read_text().split("\n", 1)[1])
    with pytest.raises(NotRecordedError, match="q0"):
        build_corpus(tmp_path / "c", source)


def test_line_that_names_what_its_slot_forbids_is_rejected(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    told = recording.read_text().replace("n3a n3b n3c", "n3a joy n3c").replace("n4d", "joy")
    recording.write_text(told)
    assert build_corpus(tmp_path / "c", source).rejects == {"names_its_emotion": 1}


def test_requests_asked_anew_reject_what_their_slots_forbid_too(tmp_path):
    source = record_small(tmp_path / "r")
    recording = source / "all.jsonl"
    recording.write_text(recording.read_text().replace("n3a n3b n3c", "n3a joy n3c"))
    job = Job(requests=str(source))
    built = build_own(OwnCorpus(job, (source,), tmp_path / "c", words=read_words(None)))
    assert built.rejects == {"names_its_emotion": 1}


@dataclass
class Hesitant:
    """A teacher that does not answer one request for now."""

    inner: Recorded
    request: str
    width = 1

    def answer(self, prompt):
        if prompt.request == self.request:
            raise Unanswered
        return self.inner.answer(prompt)


def test_plan_with_an_unanswered_request_becomes_no_corpus(tmp_path):
    teacher = Hesitant(Recorded(record_small(tmp_path / "r")), "q7")
    with pytest.raises(DataError, match="1 requests wait"), CorpusWriter(tmp_path / "c") as writer:
        pour(small_plan(), teacher, writer)
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_progress_is_told_reply_by_reply(tmp_path):
    told = []
    build_corpus(tmp_path / "c", record_small(tmp_path / "r"), lambda *step: told.append(step))
    assert told[:2] == [("utterances", 1, 30), ("utterances", 2, 30)]
    assert told[-1] == ("descriptors", 2, 2)


def test_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.md").write_text("years of work")
    with pytest.raises(InputError, match=r"has no corpus\.json"):
        build_corpus(tmp_path / "thesis", record_small(tmp_path / "r"))
    assert (tmp_path / "thesis" / "chapter1.md").read_text() == "years of work"


def test_earlier_corpus_is_replaced_whole(tmp_path):
    source = record_small(tmp_path / "r")
    build_corpus(tmp_path / "c", source)
    (tmp_path / "c" / "stale.txt").write_text("of the earlier one")
    with (source / "all.jsonl").open("a") as file:
        file.write("\n")
    assert not build_corpus(tmp_path / "c", source).reused
    assert not (tmp_path / "c" / "stale.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "r"]


def test_damaged_plan_and_missing_provenance_are_named(tmp_path):
    source = record_small(tmp_path / "r")
    (source / "provenance.json").unlink()
    with pytest.raises(DataError, match="provenance"):
        build_corpus(tmp_path / "c", source)
    (source / "plan.json.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DataError, match="plan"):
        build_corpus(tmp_path / "c", source)
