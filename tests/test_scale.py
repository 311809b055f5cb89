"""Proves that a corpus of any size is written in flat memory, exactly and always the same."""

from __future__ import annotations

import errno
import json
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pytest

from emo_hub.dataset import CONFIGS, FEATURES, read_corpus
from emo_hub.errors import CardError, DataError, InputError
from emo_hub.records import (
    SPLITS,
    Affect,
    Character,
    ContextualUtterance,
    Look,
    Narrative,
    Provenance,
    Rejection,
    Utterance,
)
from emo_hub.synthesis import shards
from emo_hub.synthesis.consensus import agreement, together
from emo_hub.synthesis.repeats import BATCH, NEAR, Repeats
from emo_hub.synthesis.write import CorpusWriter, Made

from .recordedlike import ABOUT, ROWS_OF_ROUND, build, records, replies

MADE = Made(prompts={"lines": "lines-1"}, costs={"lines": {"items": 3.0}}, further={})
AFFECT = Affect((("joy", 0.9), ("pride", 0.4)), ("glad",), 4.0, 3.0, 3.0)
FIRST = Look("one", (("joy", 0.8),), (("triumph", 0.4),))
TALE = Narrative("n", "T", "g", "s", "A tale.", (), Provenance("t", "v", "r"))
SECOND = Look("two", (("joy", 0.4), ("pride", 0.6)))


def line(number, text, **changes):
    provenance = Provenance("t", "v", f"r{number}")
    return replace(Utterance(f"id{number}", text, AFFECT, "diary", "w", provenance), **changes)


def written(out, *records, rejections=(), made=MADE, about=ABOUT):
    with CorpusWriter(out) as writer:
        for record in records:
            writer.add(record)
        for rejection in rejections:
            writer.reject(rejection)
        writer.finish(about, made)
    return read_corpus(out)


def rows(stored, config):
    return [row for split in SPLITS for row in stored.rows(config, split)]


def numbered(count):
    """Lines that no check minds and that share next to nothing."""
    return [line(n, f"the day{n} and our bus{n} in town{n}") for n in range(count)]


# --- repeats


def verdicts(lines, batch):
    repeats = Repeats()
    found = []
    for start in range(0, len(lines), batch):
        part = list(enumerate(lines))[start : start + batch]
        found += repeats.sift([(str(place), words) for place, words in part])
    return found


def exactly(lines):
    """The slow way: every line against all that stay."""
    sets = [set(words) | set(pairwise(words)) for words in lines]
    kept, found = [], []
    for place, mine in enumerate(sets):
        near = [k for k in kept if len(mine & sets[k]) >= NEAR * len(mine | sets[k])]
        same = [k for k in near if lines[k] == lines[place]]
        found.append(next(((str(k), bool(same)) for k in [*same, *near]), None))
        if not near:
            kept.append(place)
    return found


@pytest.fixture(scope="module")
def near_lines():
    """Lines of few words, so that very many come near to each other."""
    import numpy as np

    chance = np.random.default_rng(7)
    words = [f"w{n}" for n in range(40)]
    made = [[words[n] for n in chance.integers(0, 40, chance.integers(1, 12))] for _ in range(400)]
    for _ in range(800):
        copy = list(made[int(chance.integers(0, len(made)))])
        for _ in range(int(chance.integers(0, 3))):
            copy[int(chance.integers(0, len(copy)))] = words[int(chance.integers(0, 40))]
        made.insert(int(chance.integers(0, len(made))), copy)
    return [tuple(words) for words in made]


@pytest.mark.parametrize("batch", [1, 64, 2000])
def test_repeats_are_those_of_comparing_all_pairs_whatever_the_batch(near_lines, batch):
    found = [repeat and (repeat.of, repeat.exact) for repeat in verdicts(near_lines, batch)]
    assert sum(repeat is not None for repeat in found) > 300
    assert found == exactly(near_lines)


def test_many_copies_of_one_line_cost_no_more_than_other_lines():
    repeats = Repeats()
    found = repeats.sift([(str(n), ("good", "morning", "all")) for n in range(50_000)])
    assert found[0] is None
    assert {repeat.of for repeat in found[1:]} == {"0"}


def test_variations_of_one_line_are_not_compared_pair_by_pair():
    words = ["my", "bus", "was", "late", "again", "and", "nobody", "said", "sorry", "to", "us"]
    lines = [tuple(f"{word}{n}" if word == "bus" else word for word in words) for n in range(4000)]
    began = time.process_time()
    found = verdicts(lines, BATCH)
    assert {repeat.of for repeat in found[1:]} == {"0"}
    # Pair by pair it takes minutes.
    assert time.process_time() - began < 10


def test_repeats_do_not_depend_on_the_seed_of_hashes(near_lines):
    code = (
        "import json, sys; from emo_hub.synthesis.repeats import Repeats; "
        "found = Repeats().sift([(str(n), w) for n, w in enumerate(json.load(sys.stdin))]); "
        "print([r and (r.of, r.exact) for r in found])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(near_lines),
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


# --- memory


def test_a_record_leaves_next_to_no_objects_behind(tmp_path, monkeypatch):
    """A record is some twenty objects; its id stays, and every new word stays once."""
    monkeypatch.setattr(shards, "ROWS_AT_ONCE", 50)
    monkeypatch.setattr(shards, "ROWS_OF_GROUP", 100)
    begun = 2 * BATCH
    with CorpusWriter(tmp_path / "c") as writer:
        for read, record in enumerate(records(replies(5 * BATCH))):
            if read == begun:
                objects, columns = sys.getallocatedblocks(), pa.total_allocated_bytes()
            writer.add(record)
        grown = sys.getallocatedblocks() - objects
        assert pa.total_allocated_bytes() - columns < 1_000_000
    assert grown / (read - begun) < 3


def test_generated_corpus_loads_and_is_the_same_every_time(tmp_path):
    spent = build(10 * ROWS_OF_ROUND, tmp_path / "one")
    build(10 * ROWS_OF_ROUND, tmp_path / "two")
    one, two = read_corpus(tmp_path / "one"), read_corpus(tmp_path / "two")
    assert one.content == two.content
    assert len(rows(one, "contextless")) + len(rows(one, "contextual")) + 10 == spent.rows


# --- files


def test_split_that_grows_large_goes_into_several_files(tmp_path, monkeypatch):
    from datasets import load_dataset

    monkeypatch.setattr(shards, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(shards, "ROWS_OF_GROUP", 40)
    monkeypatch.setattr(shards, "SHARD_BYTES", 9_000)
    made = numbered(300)
    stored = written(tmp_path / "c", *made)
    files = stored.files("contextless", "train")
    assert len(files) > 1
    assert all(file.is_file() for file in files)
    train = [row["id"] for row in stored.rows("contextless", "train")]
    assert train == [one.id for one in made if one.id in set(train)]
    assert len(rows(stored, "contextless")) == 300
    loaded = load_dataset(str(tmp_path / "c"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["id"][:] == train
    files[1].unlink()
    with pytest.raises(DataError, match="build the corpus again"):
        stored.split("contextless", "train")


def test_corpus_with_empty_configs_and_splits_loads_with_what_it_has(tmp_path):
    from datasets import get_dataset_config_names, load_dataset

    moments = [
        ContextualUtterance(
            f"c{n}", f"At day{n}.", "x", f"Ada lifts the cup{n}.", Character("A", "B"), TALE,
            AFFECT, TALE.provenance, n,
        )
        for n in range(9)
    ]  # fmt: skip
    stored = written(tmp_path / "c", *moments)
    (split,) = (split for split in SPLITS if stored.counts["contextual"][split])
    assert get_dataset_config_names(str(tmp_path / "c")) == ["contextual"]
    loaded = load_dataset(str(tmp_path / "c"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(loaded[name]) for name in loaded} == {split: 9}
    assert loaded[split].features == FEATURES["contextual"]
    empty = [(c, s) for c in CONFIGS for s in SPLITS if not stored.counts[c][s]]
    assert len(empty) == 11
    assert all(stored.rows(*place) == [] for place in empty)


def test_run_that_fails_leaves_the_earlier_corpus_as_it_was(tmp_path):
    before = written(tmp_path / "c", *numbered(5)).content
    with pytest.raises(CardError):
        written(tmp_path / "c", *numbered(3000), made=replace(MADE, prompts={}))
    with CorpusWriter(tmp_path / "c") as writer:
        writer.add(numbered(1)[0])
    assert read_corpus(tmp_path / "c").content == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_killed_runs_leave_the_earlier_corpus_and_nothing_that_stays(tmp_path):
    before = written(tmp_path / "c", *numbered(5)).content
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from emo_hub.synthesis.write import CorpusWriter; "
        "CorpusWriter(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "c")], check=False)
    assert killed.returncode == -signal.SIGKILL
    # Where a kill between the two moves of the folders leaves the earlier corpus.
    (tmp_path / "c").rename(tmp_path / ".c.old")
    with CorpusWriter(tmp_path / "c"):
        assert read_corpus(tmp_path / "c").content == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_link_is_no_place_for_a_corpus(tmp_path):
    before = written(tmp_path / "c", *numbered(5)).content
    (tmp_path / "link").symlink_to("c")
    with pytest.raises(InputError, match="symbolic link"):
        written(tmp_path / "link", *numbered(6))
    assert read_corpus(tmp_path / "link").content == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "link"]


def test_two_runs_never_write_one_corpus_at_a_time(tmp_path):
    with CorpusWriter(tmp_path / "c") as first:
        with pytest.raises(DataError, match="another run"):
            written(tmp_path / "c", *numbered(6))
        for one in numbered(5):
            first.add(one)
        first.finish(ABOUT, MADE)
    assert len(rows(read_corpus(tmp_path / "c"), "contextless")) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_full_disk_is_named_and_leaves_nothing_behind(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(DataError, match="disk is full") as caught:
            written(tmp_path / "c", *(one for one in numbered(5000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.__cause__.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_corpus_says_whose_it_is_and_what_it_cost(tmp_path):
    about = replace(
        ABOUT,
        name="harbour",
        title="Harbour: voices",
        how=("Ferrymen told it.",),
        known_weaknesses=("All of them row.",),
        changes=(("0.2.0", "More ferries."), ("0.1.0", "First.")),
    )
    spent = {"items": 7, "replies": 8, "repairs": 1, "rejected": 0, "prompt_tokens": 4321}
    spent |= {"completion_tokens": 99, "minutes": 3, "price": None}
    outside = [{"word": "wistful", "count": 4, "label": "sadness", "confidence": 0.514}]
    further = {"account": {"lines": spent}, "outside": outside, "sure": 0.7}
    made = replace(MADE, further=further)
    stored = written(tmp_path / "c", line(1, "We won the cup at last."), made=made, about=about)
    card = (tmp_path / "c" / "README.md").read_text()
    for told in (
        "# harbour 0.0.1", 'pretty_name: "Harbour: voices"', "license: cc0-1.0", "- n<1K",
        "Ferrymen told it.", "- All of them row.", "### 0.2.0\n\nMore ferries.", "CC0 1.0.",
        "| lines | `lines-1` | 7 | 8 | 1 | 0 | 4321 | 99 | 3 |  |\n\n",
        "| wistful | 4 | sadness | 0.51 |",
    ):  # fmt: skip
        assert told in card
    assert not re.search(r"\bnan\b", card)
    assert (stored.manifest["name"], stored.version) == ("harbour", "0.0.1")


def test_too_many_rejections_are_named_and_a_caller_may_allow_them(tmp_path):
    lost = [Rejection("lines", "r1", "not_json")] * 3
    with pytest.raises(DataError, match=r"3 of 8 records were rejected \(3 not_json\)"):
        written(tmp_path / "c", *numbered(5), rejections=lost)
    with CorpusWriter(tmp_path / "c", most_rejected=0.5) as writer:
        for one in numbered(5):
            writer.add(one)
        for rejection in lost:
            writer.reject(rejection)
        writer.finish(ABOUT, MADE)
    assert len((tmp_path / "c" / "rejected.jsonl").read_text().splitlines()) == 3


# --- looks


def test_looks_of_a_line_are_kept_with_their_agreement(tmp_path):
    stored = written(
        tmp_path / "c",
        line(1, "We won the cup at last.", looks=(FIRST, SECOND)),
        line(2, "Nobody came to the door today.", looks=(FIRST,)),
        ContextualUtterance(
            "c1", "At last.", "We won.", "Ada lifts the cup.", Character("Ada", "A baker."), TALE,
            AFFECT, TALE.provenance, 0, (FIRST, SECOND),
        ),
    )  # fmt: skip
    one, two = sorted(rows(stored, "contextless"), key=lambda row: row["id"])
    assert [look["teacher"] for look in one["looks"]] == ["one", "two"]
    assert one["looks"][0]["labels"] == ["joy"]
    assert one["looks"][0]["outside"] == ["triumph"]
    assert one["looks"][1]["intensities"] == pytest.approx([0.4, 0.6])
    assert one["agreement"] == pytest.approx(0.4 / (0.8 + 0.4 + 0.6))
    assert (two["looks"], two["agreement"]) == ([], None)
    assert rows(stored, "contextual")[0]["looks"] == one["looks"]
    assert stored.manifest["teachers"] == ["one", "t", "two"]
    assert "overlap by 0.22 on average" in (tmp_path / "c" / "README.md").read_text()


def test_agreement_is_the_mean_overlap_of_all_pairs():
    assert agreement([FIRST]) is None
    assert agreement([FIRST, FIRST]) == 1
    assert agreement([FIRST, Look("x", (("anger", 1.0),))]) == 0
    third = Look("three", (("joy", 0.8),))
    pairs = [0.4 / 1.8, 0.8 / 1.2, 0.4 / 1.4]
    assert agreement([FIRST, SECOND, third]) == pytest.approx(sum(pairs) / 3)


@pytest.mark.parametrize(
    ("looks", "wanted"),
    [
        ([{"joy": 0.8}, {"joy": 0.4, "pride": 0.6}], {"joy": 0.6, "pride": 0.3}),
        ([{"joy": 0.8}, {"joy": 0.4, "pride": 0.5}], {"joy": 0.6}),
        ([{"neutral": 0.9}, {"joy": 0.6}], {"neutral": 0.45}),
        ([{"neutral": 0.4}, {"joy": 0.8}], {"joy": 0.4}),
        ([{"neutral": 0.6}, {"joy": 0.6}], {"joy": 0.3}),
        ([{"joy": 0.3}, {"anger": 0.4}, {"fear": 0.3}], {"anger": 0.3}),
        ([{"joy": 0.3}] * 3, {"joy": 0.3}),
        ([{}, {}], {}),
        ([dict.fromkeys(("joy", "love", "pride", "relief", "desire", "caring"), 0.9)],
         dict.fromkeys(("joy", "love", "pride", "relief", "desire"), 0.9)),
    ],
)  # fmt: skip
def test_looks_together_are_one_soft_label(looks, wanted):
    found = together([Look(str(n), tuple(look.items())) for n, look in enumerate(looks)])
    assert list(found) == list(wanted.items())
