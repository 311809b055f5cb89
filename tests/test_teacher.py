"""Proves that a recording answers what it holds, says what it lacks, and survives damage."""

import gzip
import hashlib
import json
from dataclasses import dataclass, field, replace

import pytest

from emo_hub.errors import DataError, NotRecordedError, ReplyError
from emo_hub.teacher import Prompt, Recorded, Reply, recording_line

ASKED = Prompt("utterances", "utterances-1", (("user", "a line, please"),), request="r1")
OTHER = replace(ASKED, messages=(("user", "another, please"),), request="r2")


@dataclass
class Scripted:
    """Answers with its own count and remembers what it was asked."""

    asked: list[Prompt] = field(default_factory=list)
    width: int = 1

    def answer(self, prompt):
        self.asked.append(prompt)
        return Reply(f"reply {len(self.asked)}", "scripted")


def write_gzip(path, *lines):
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def test_key_is_the_hash_of_the_canonical_json():
    payload = (
        '{"messages":[["user","a line, please"]],"sample":0,"stage":"utterances",'
        '"version":"utterances-1"}'
    )
    assert ASKED.key == hashlib.sha256(payload.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [{"stage": "scenes"}, {"version": "utterances-2"}, {"messages": ()}, {"sample": 1}],
)
def test_key_changes_with_everything_that_is_asked(change):
    assert replace(ASKED, **change).key != ASKED.key


def test_key_does_not_depend_on_the_request_id():
    assert replace(ASKED, request="renamed").key == ASKED.key


def test_only_declared_references_are_filled_and_only_once():
    prompt = Prompt(
        "descriptors", "d-1", (("user", "{{a/b/c}} {{not ours}}"),), references=("a/b/c",)
    )
    filled = prompt.filled({"a/b/c": "says {{a/b/c}}"}.__getitem__)
    assert filled == (("user", "says {{a/b/c}} {{not ours}}"),)


def test_recorded_reply_comes_back_word_for_word(tmp_path):
    reply = Reply('{"a": "é\u2028ü\\n"}', "someone")
    write_gzip(tmp_path / "utterances.jsonl.gz", recording_line(ASKED, reply))
    assert Recorded(tmp_path).answer(ASKED) == reply


def test_replay_without_teacher_names_the_missing_prompt(tmp_path):
    write_gzip(tmp_path / "utterances.jsonl.gz", recording_line(ASKED, Reply("x", "t")))
    with pytest.raises(NotRecordedError, match=f"r2.*utterances.*{OTHER.key[:12]}.*live teacher"):
        Recorded(tmp_path).answer(OTHER)


def test_inner_teacher_is_asked_once_and_never_again_after_a_restart(tmp_path):
    first = Scripted()
    with Recorded(tmp_path / "mine", inner=first) as recorded:
        assert recorded.answer(ASKED) == recorded.answer(ASKED) == Reply("reply 1", "scripted")
    second = Scripted()
    resumed = Recorded(tmp_path / "mine", inner=second)
    assert resumed.answer(ASKED).text == "reply 1"
    assert len(first.asked) == 1
    assert second.asked == []


def test_reply_is_on_disk_before_the_next_question(tmp_path):
    recorded = Recorded(tmp_path, inner=Scripted())
    recorded.answer(ASKED)
    assert json.loads((tmp_path / "utterances.jsonl").read_text())["reply"] == "reply 1"


def test_half_a_line_of_a_killed_run_spoils_no_later_line(tmp_path):
    whole = recording_line(ASKED, Reply("kept", "t"))
    (tmp_path / "utterances.jsonl").write_text(whole + whole[:40])
    with Recorded(tmp_path, inner=Scripted()) as resuming:
        resuming.answer(OTHER)
    resumed = Recorded(tmp_path)
    assert resumed.answer(ASKED).text == "kept"
    assert resumed.answer(OTHER).text == "reply 1"
    assert resumed.damaged == []


def test_damaged_line_is_asked_again_when_a_teacher_is_there(tmp_path):
    line = recording_line(ASKED, Reply("lost", "t"))
    (tmp_path / "utterances.jsonl").write_text(line.replace('"reply":', '"rep'))
    assert Recorded(tmp_path, inner=Scripted()).answer(ASKED).text == "reply 1"


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-4] + "\n",
        lambda line: line.replace('"reply"', '"answer"'),
        lambda line: line.replace('"reply":"lost"', '"reply":17'),
    ],
    ids=["not json", "field missing", "wrong type"],
)
def test_corrupt_line_is_kept_with_file_and_number_and_harms_no_other(tmp_path, damage):
    good = recording_line(OTHER, Reply("fine", "t"))
    write_gzip(
        tmp_path / "u.jsonl.gz", good, damage(recording_line(ASKED, Reply("lost", "t"))), good
    )
    recorded = Recorded(tmp_path)
    assert recorded.answer(OTHER).text == "fine"
    with pytest.raises(ReplyError, match=r"u\.jsonl\.gz, line 2") as caught:
        recorded.answer(ASKED)
    assert caught.value.reason == "corrupt_recording_line"


def test_truncated_gzip_keeps_the_lines_before_the_break(tmp_path):
    many = [
        recording_line(replace(ASKED, sample=sample), Reply(f"{sample} {hash(str(sample))}", "t"))
        for sample in range(2000)
    ]
    whole = gzip.compress("".join(many).encode())
    (tmp_path / "u.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    recorded = Recorded(tmp_path)
    assert recorded.answer(ASKED).text.startswith("0 ")
    with pytest.raises(ReplyError) as caught:
        recorded.answer(replace(ASKED, sample=1999))
    assert caught.value.reason == "lost_in_damaged_recording"


def test_a_file_of_noise_is_damage_and_not_a_crash(tmp_path):
    (tmp_path / "u.jsonl.gz").write_bytes(b"\x00\xff noise")
    (tmp_path / "v.jsonl").write_bytes(b"\xff\xfe\n\n")
    assert {line.path.name for line in Recorded(tmp_path).damaged} == {"u.jsonl.gz", "v.jsonl"}


def test_missing_folder_says_what_was_wanted(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        Recorded(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no recording"):
        Recorded(tmp_path)
