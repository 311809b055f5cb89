"""Proves that the corpus loads with datasets as declared, and that nothing leaks between splits."""

import json

import pyarrow.parquet as pq
import pytest
import yaml

from emo_hub.dataset import CONFIGS, FEATURES, parquet_name, read_corpus, table
from emo_hub.errors import DataError
from emo_hub.records import SPLITS
from emo_hub.synthesis.build import build_corpus
from emo_hub.taxonomy import GOEMOTIONS

SOFT = ("contextless", "contextual", "descriptors")


@pytest.fixture(scope="module")
def folder(corpus):
    """The shipped corpus, in a folder of the name that users load."""
    assert corpus.name == "emo-pillars"
    return corpus


@pytest.fixture(scope="module")
def rows(folder):
    stored = read_corpus(folder)
    return {c: {s: stored.rows(c, s) for s in SPLITS} for c in CONFIGS}


@pytest.fixture
def beside(folder, tmp_path, monkeypatch):
    """Stand in the folder that holds the corpus, with a cache of one's own."""
    monkeypatch.chdir(folder.parent)
    return str(tmp_path / "cache")


@pytest.mark.parametrize("config", CONFIGS)
def test_load_dataset_gives_every_config_with_its_columns(beside, config):
    from datasets import load_dataset

    loaded = load_dataset("./emo-pillars", config, cache_dir=beside)
    assert set(loaded) == set(SPLITS)
    assert all(loaded[split].features == FEATURES[config] for split in SPLITS)


def test_default_config_is_contextless(beside):
    from datasets import load_dataset

    loaded = load_dataset("./emo-pillars", cache_dir=beside)
    assert loaded["train"].features == FEATURES["contextless"]
    assert loaded["train"].features["labels"].feature.names == list(GOEMOTIONS.labels)


@pytest.mark.parametrize("config", CONFIGS)
def test_streaming_gives_the_same_rows(folder, beside, config):
    from datasets import load_dataset

    stream = load_dataset("./emo-pillars", config, split="test", streaming=True)
    assert stream.features == FEATURES[config]
    assert list(stream) == read_corpus(folder).split(config, "test").to_list()


def test_label_order_survives_the_parquet_round_trip(folder, rows):
    raw = pq.read_table(folder / parquet_name("contextless", "test")).to_pylist()
    for number, row in zip(raw, rows["contextless"]["test"], strict=True):
        assert [GOEMOTIONS.labels[n] for n in number["labels"]] == row["labels"]
    assert GOEMOTIONS.labels[2] == "anger"


@pytest.mark.parametrize("config", CONFIGS)
def test_splits_share_no_narrative_and_no_request(rows, config):
    def groups(split):
        for row in rows[config][split]:
            request = row["provenance"]["request_id"]
            yield request.split("#")[0]
            yield row.get("narrative_id") or row.get("source_id") or request

    seen = [set(groups(split)) for split in SPLITS]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_narrative_is_in_the_same_split_of_every_config(rows):
    home = {row["id"]: split for split in SPLITS for row in rows["narratives"][split]}
    for config in ("contextless", "contextual"):
        for split in SPLITS:
            for row in rows[config][split]:
                if row["narrative_id"]:
                    assert home[row["narrative_id"]] == split


@pytest.mark.parametrize("config", SOFT)
def test_soft_labels_are_parallel_strongest_first_and_in_range(rows, config):
    for split in SPLITS:
        for row in rows[config][split]:
            strengths = row["intensities"]
            assert 1 <= len(row["labels"]) == len(strengths) <= 4
            assert strengths == sorted(strengths, reverse=True)
            assert all(0.299 < strength <= 1 for strength in strengths)
            assert row.get("primary_emotion", row["labels"][0]) == row["labels"][0]
            assert row["labels"] == ["neutral"] or "neutral" not in row["labels"]


@pytest.mark.parametrize("config", CONFIGS)
def test_ids_are_unique(rows, config):
    ids = [row["id"] for split in SPLITS for row in rows[config][split]]
    assert len(set(ids)) == len(ids)


def test_annotations_never_hold_the_text(rows):
    assert set(rows["descriptors"]["train"][0]) == {
        "id", "source", "source_split", "source_id", "look", "descriptors", "words", "labels",
        "intensities", "voted", "votes", "valence", "arousal", "provenance",
    }  # fmt: skip


def test_every_label_has_rows_in_every_split_of_the_default_config(rows):
    for split in SPLITS:
        found = {label for row in rows["contextless"][split] for label in row["labels"]}
        assert found == set(GOEMOTIONS.labels)


@pytest.mark.slow
def test_second_build_elsewhere_gives_the_same_bytes(folder, tmp_path):
    again = build_corpus(tmp_path / "again").path
    for config in CONFIGS:
        for split in SPLITS:
            name = parquet_name(config, split)
            assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_card_counts_what_is_there(folder, rows):
    text = (folder / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "cc-by-4.0"
    assert front["configs"][0]["config_name"] == "contextless"
    assert front["configs"][0]["default"] is True
    for info in front["dataset_info"]:
        for split in info["splits"]:
            assert split["num_examples"] == len(rows[info["config_name"]][split["name"]])
    count = sum("grief" in r["labels"] for s in SPLITS for r in rows["contextual"][s])
    assert f"| {count} |" in next(x for x in text.splitlines() if x.startswith("| grief |"))


def test_manifest_counts_what_is_rejected(folder):
    manifest = json.loads((folder / "corpus.json").read_text())
    lines = (folder / "rejected.jsonl").read_text().splitlines()
    assert sum(entry["count"] for entry in manifest["rejects"]) == len(lines)
    assert manifest["warnings"]["says_its_emotion_in_other_words"] > 10


def test_folder_without_a_corpus_says_how_to_make_one(tmp_path):
    with pytest.raises(DataError, match="emo-hub corpus build"):
        read_corpus(tmp_path)


def test_broken_manifest_and_broken_parquet_are_named(tmp_path):
    (tmp_path / "corpus.json").write_text("{")
    with pytest.raises(DataError, match=r"corpus\.json"):
        read_corpus(tmp_path)
    (tmp_path / "corpus.json").write_text(
        '{"counts": {}, "version": "0", "fingerprint": "0", "content": "0"}'
    )
    stored = read_corpus(tmp_path)
    with pytest.raises(DataError, match="build the corpus again"):
        stored.split("contextless", "train")
    (tmp_path / "contextless").mkdir()
    (tmp_path / parquet_name("contextless", "train")).write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="build the corpus again"):
        stored.split("contextless", "train")


def test_unknown_split_names_those_there_are(folder):
    with pytest.raises(DataError, match="validation"):
        read_corpus(folder).split("contextless", "dev")


def test_row_that_does_not_fit_names_the_config():
    with pytest.raises(DataError, match="narratives"):
        table("narratives", [{"id": "1"}])
