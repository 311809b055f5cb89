"""Votes of a panel: foreseen comment by comment, kept beside the annotation, learnt as shares."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, NotRecordedError
from emo_hub.synthesis import votes
from emo_hub.synthesis.build import build_corpus
from emo_hub.synthesis.choices import Choice, about_comment
from emo_hub.synthesis.ingest import record_replies
from emo_hub.synthesis.origin import TEACHER
from emo_hub.synthesis.stage import Refusal
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.teacher import PACKAGED_RECORDINGS, Reply
from emo_hub.training import finish
from emo_hub.training.batches import DescriptorVocabulary, make_batch
from emo_hub.training.rows import TrainingRow, Trust, annotated_rows
from emo_hub.training.targets import target_table
from tests.test_relooks import campaign
from tests.test_training import SETTINGS

PLACES = ("goemotions/train/abc", "goemotions/train/def")
ITEM = Choice("vote-0", tuple(about_comment(place) for place in PLACES))
SAID = {
    "emotions": [{"label": "amusement", "intensity": 0.7}],
    "descriptors": ["amused"],
    "valence": 4.0,
    "arousal": 3.0,
}


def reply(*told):
    return Reply(json.dumps({"votes": list(told)}), "t")


def with_votes(folder, counted, teacher="strong"):
    source = campaign(folder)
    told = [{"source": "goemotions", "split": "train", "id": place.split("/")[2], **SAID,
             "teacher": teacher} for place in PLACES]  # fmt: skip
    cast = [{"request": "vote-0", "row": PLACES[0], "votes": counted}]
    for name, lines in (("descriptors_goemotions.jsonl", told), ("votes.jsonl", cast)):
        (source / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return source


def built(tmp_path, counted, teacher="strong"):
    record_replies([with_votes(tmp_path / "s", counted, teacher)], tmp_path / "r", teacher=TEACHER)
    return build_corpus(tmp_path / "corpus", tmp_path / "r").path


def annotations(folder):
    corpus = read_corpus(folder)
    rows = [r for split in ("train", "validation", "test")
            for r in corpus.rows("descriptors", split)]  # fmt: skip
    return {r["source_id"]: r for r in rows}


def row(labels, shares):
    return TrainingRow("a", "comment", "ha", None, labels, ("amused",), votes=shares)


def test_votes_reach_the_row_most_first_and_others_have_none(tmp_path):
    found = annotations(built(tmp_path, {"neutral": 2, "amusement": 3}))
    assert (found["abc"]["voted"], found["abc"]["votes"]) == (["amusement", "neutral"], [3, 2])
    assert (found["def"]["voted"], found["def"]["votes"]) == ([], [])
    assert found["abc"]["labels"] == ["amusement"]


def test_the_card_says_how_the_votes_fell(tmp_path):
    card = (built(tmp_path, {"neutral": 3, "amusement": 2}) / "README.md").read_text()
    assert "foreseen for 1 comments: 100.0% have most votes for neutral, 100.0%" in card
    assert "and of 0.0% the first annotation's top label has most votes" in card


@pytest.mark.parametrize(
    ("counted", "reason"),
    [({"glee": 5}, "unknown_label"), ({"joy": 2}, "uncounted_votes"),
     ({"joy": 5, "love": 5, "pride": 1}, "uncounted_votes"), ({"joy": 6}, "out_of_range"),
     ({"neutral": 4, "joy": 2, "love": 1}, "uncounted_votes")],
)  # fmt: skip
def test_votes_that_no_panel_can_cast_are_refused(counted, reason):
    told = list(votes.read(ITEM, reply({"text": 1, "votes": counted},
                                       {"text": 2, "votes": {"joy": 5}})))  # fmt: skip
    assert [part.reason for part in told if isinstance(part, Refusal)] == [reason, "no_votes"]
    assert [part.votes for part in told if isinstance(part, votes.Counted)] == [(("joy", 5),)]


def test_the_text_of_a_comment_is_never_recorded(tmp_path):
    record_replies([with_votes(tmp_path / "s", {"joy": 5})], tmp_path / "r", teacher=TEACHER)
    (_, _), (_, asked) = votes.ask(ITEM).messages
    assert asked == f"The comments:\n1. {{{{{PLACES[0]}}}}}\n2. {{{{{PLACES[1]}}}}}"
    line = json.loads(gzip.decompress((tmp_path / "r" / "votes.jsonl.gz").read_bytes()))
    assert json.loads(line["reply"]) == {"votes": [{"text": 1, "votes": {"joy": 5}}]}


def test_the_panel_is_told_what_readers_take_each_label_for():
    (_, system), _ = votes.ask(ITEM).messages
    assert [system.count(f"- {label}: ") for label in GOEMOTIONS.labels] == [1] * 28


def test_recordings_without_the_votes_that_the_plan_asks_for_are_refused(tmp_path):
    record_replies([with_votes(tmp_path / "s", {"joy": 5})], tmp_path / "r", teacher=TEACHER)
    (tmp_path / "r" / "votes.jsonl.gz").unlink()
    with pytest.raises(NotRecordedError, match="stage 'votes'"):
        build_corpus(tmp_path / "corpus", tmp_path / "r")


def test_a_row_with_votes_counts_whole_whoever_annotated_it(tmp_path):
    folder = built(tmp_path, {"neutral": 3, "joy": 2}, teacher="hasty")
    texts = tmp_path / "texts"
    texts.mkdir()
    _write_texts(texts / "train.parquet")
    found = {}
    for split in ("train", "validation", "test"):
        for r in annotated_rows(folder, split, str(texts), Trust("hasty", 0.2)).rows:
            found[r.text] = (r.trust, dict(r.votes))
    assert found == {"first": (1.0, {"neutral": 0.6, "joy": 0.4}), "second": (0.2, {})}


def test_what_most_of_a_panel_give_holds_and_else_what_has_most_votes():
    assert row({"anger": 0.9}, {"joy": 0.6, "love": 0.6, "pride": 0.4}).held == {"joy", "love"}
    assert row({}, {"joy": 0.4, "love": 0.4, "pride": 0.2}).held == {"joy", "love"}
    scattered = dict.fromkeys(("joy", "love", "pride", "relief", "desire"), 0.2)
    assert row({}, scattered).held == set(scattered)
    assert row({"anger": 0.9}, {}).held == {"anger"}


def test_targets_are_the_votes_where_there_are_some():
    voted = row({"anger": 0.9}, {"joy": 0.6, "love": 0.2})
    names = ["anger", "joy", "love"]
    assert target_table([voted], names, "soft").tolist() == pytest.approx(
        np.array([[0.0, 0.6, 0.2]])
    )
    assert target_table([voted], names, "hard").tolist() == [[0.0, 1.0, 0.0]]
    batch = make_batch([voted], DescriptorVocabulary([voted]), SETTINGS, 0)
    given = dict(zip(GOEMOTIONS.labels, batch.targets[0], strict=False))
    assert (given["anger"], given["joy"]) == (0.0, pytest.approx(0.6))


def test_an_annotators_own_word_for_a_label_does_not_outvote_the_panel():
    voted = replace(row({"joy": 0.9}, {"joy": 0.4, "neutral": 0.6}), descriptors=("joy", "glee"))
    batch = make_batch([voted], DescriptorVocabulary([voted]), SETTINGS, 0)
    given = dict(zip(GOEMOTIONS.labels, batch.targets[0], strict=False))
    assert (given["joy"], given["neutral"]) == (pytest.approx(0.4), pytest.approx(0.6))
    unvoted = replace(voted, votes={})
    targets = make_batch([unvoted], DescriptorVocabulary([unvoted]), SETTINGS, 0).targets[0]
    assert targets[GOEMOTIONS.index("joy")] == 1.0


def test_a_word_of_a_row_that_shares_a_voted_label_is_no_negative():
    fond = replace(row({"admiration": 0.9}, {"love": 1.0}), descriptors=("adoring",))
    dear = replace(row({"caring": 0.9}, {"love": 0.8}), descriptors=("cherished",))
    cold = replace(row({"anger": 0.9}, {"anger": 1.0}), descriptors=("seething",))
    vocabulary = DescriptorVocabulary([fond, dear, cold])
    assert vocabulary.may_hold(dear, ["adoring"]) == [True]
    assert vocabulary.may_hold(cold, ["adoring"]) == [False]


def test_shares_of_votes_are_what_offsets_learn_and_held_labels_what_judges():
    rows = [row({"anger": 0.9}, {"joy": 0.6, "love": 0.2}), row({"anger": 0.9}, {})]
    names = ["anger", "joy", "love"]
    assert finish._shares(rows, names) == pytest.approx(np.array([[0.0, 0.6, 0.2], [1, 0, 0]]))
    assert finish._named(rows, names).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_whoever_foresaw_the_votes_is_named_on_the_card(tmp_path):
    source = with_votes(tmp_path / "s", {"joy": 5})
    path = source / "votes.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"teacher": "the foreseer"}) + "\n")
    record_replies([source], tmp_path / "r", teacher=TEACHER)
    card = (build_corpus(tmp_path / "corpus", tmp_path / "r").path / "README.md").read_text()
    assert "the foreseer" in next(x for x in card.splitlines() if x.startswith("Teachers:"))


def test_votes_on_a_comment_that_nobody_annotated_are_rejected(tmp_path):
    source = with_votes(tmp_path / "s", {"joy": 5})
    path = source / "votes.jsonl"
    line = json.loads(path.read_text())
    path.write_text(json.dumps(line | {"row": "goemotions/train/nobody"}) + "\n")
    record_replies([source], tmp_path / "r", teacher=TEACHER)
    with pytest.raises(DataError, match="1 row_not_there"):
        build_corpus(tmp_path / "corpus", tmp_path / "r")


def test_a_corpus_from_before_the_votes_says_that_it_must_be_built_again(tmp_path):
    folder = built(tmp_path, {"joy": 5})
    for path in (folder / "descriptors").glob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["voted", "votes"]), path)
    assert annotated_rows(folder, "train", "").rows == ()
    texts = tmp_path / "texts"
    texts.mkdir()
    _write_texts(texts / "train.parquet")
    with pytest.raises(DataError, match="build the corpus again"):
        annotated_rows(folder, "train", str(texts))


def test_what_ships_has_votes_for_nearly_every_comment():
    from emo_hub.synthesis.plan import read_plan

    plan = read_plan(PACKAGED_RECORDINGS)
    voted = {place for group in plan.votes for place in group.ids}
    asked = {text.reference for text in plan.descriptors}
    assert voted <= asked
    assert len(voted) > 0.98 * len(asked)


def _write_texts(path):
    pq.write_table(pa.table({"id": ["abc", "def"], "text": ["first", "second"]}), path)
