"""The measures of a corpus find what is planted, and say nothing where nothing is."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, InputError
from emo_hub.synthesis import diversity, leaks
from emo_hub.synthesis.counting import Numbers, distinct_n, tally
from emo_hub.synthesis.quality import (
    browse_rejects,
    card_section,
    measure_quality,
    stats_table,
)
from emo_hub.synthesis.stored import StoredLine, read_lines, sample_lines
from emo_hub.synthesis.swap import exchanged, swap_probe
from emo_hub.taxonomy import GOEMOTIONS

from .small_corpora import annotation, write_records
from .small_corpora import line as utterance


def line(text="A line.", **changes) -> StoredLine:
    values = {
        "config": "contextless",
        "split": "train",
        "id": text,
        "text": text,
        "labels": (17,),
        "intensities": (0.8,),
        "primary": 17,
        "descriptors": (),
        "register": "diary",
        "world": "",
        "story": "s",
        "voice": "v",
        "context": "",
        "original": "",
        "looks": (),
    }
    return StoredLine(**(values | changes))


@pytest.fixture(scope="module")
def small(corpus, tmp_path_factory):
    """The packaged corpus with a few rows of each split, and a manifest that counts them."""
    folder = tmp_path_factory.mktemp("quality") / "small"
    shutil.copytree(corpus, folder)
    manifest = json.loads((folder / "corpus.json").read_text())
    for file in folder.rglob("*.parquet"):
        table = pq.read_table(file).slice(0, 60)
        pq.write_table(table, file)
        manifest["counts"][file.parent.name][file.name.split("-")[0]] = len(table)
    (folder / "corpus.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def report(small, tmp_path_factory):
    return measure_quality(small, out=tmp_path_factory.mktemp("report") / "q", sample=200)


def test_numbers_are_summed_up_like_numpy_does():
    values = [0.3, 0.3, 0.5, 0.7, 1.0]
    numbers = Numbers([0.3, 0.4, 0.6, 1.0])
    for value in values:
        numbers.add(float(np.float32(value)))
    facts = numbers.facts()
    assert facts["counts"] == [2, 1, 2]
    assert facts["mean"] == pytest.approx(np.mean(values), abs=1e-3)
    assert facts["sd"] == pytest.approx(np.std(values), abs=1e-3)


def test_distinct_n_is_the_share_of_different_runs():
    found = distinct_n(["a b a b", "a c"])
    assert found["distinct_1"] == pytest.approx(3 / 6)
    assert found["distinct_2"] == pytest.approx(3 / 4, abs=1e-3)
    assert found["distinct_3"] == 1.0


def test_labels_that_stand_together_are_counted_both_ways():
    found = tally([line(labels=(17, 2)), line(labels=(17,))])["contextless"].facts()
    assert (found["together"][17][2], found["together"][2][17]) == (1, 1)
    assert found["labels"]["joy"] == 2
    assert found["mean_labels"] == 1.5


def test_a_line_that_names_its_own_emotion_is_counted_among_emotional_lines_only():
    neutral = GOEMOTIONS.index("neutral")
    lines = [
        line("I am so joyful today."),
        line("Rain again."),
        line("Neutral ground.", primary=neutral, labels=(neutral,)),
    ]
    shares = tally(lines)["contextless"].facts()["shares"]
    assert shares["names_its_emotion"] == 0.5
    assert shares["neutral_names_an_emotion"] == 0.0


def test_contexts_that_leak_and_rewrites_that_copy_are_counted_with_examples():
    lines = [
        line(
            "Keep it.",
            config="contextual",
            context="She is furious at the thief.",
            original="keep it",
        ),
        line(
            "That, then.",
            config="contextual",
            context="The shop shuts.",
            original="I take that bread, then.",
        ),
    ]
    found = tally(lines)["contextual"].facts()
    assert found["shares"]["context_names_an_emotion"] == 0.5
    assert found["shares"]["rewrite_is_a_copy"] == 0.5
    assert "furious" in found["examples"]["context_names_an_emotion"][0]
    assert found["overlap_with_original"]["mean"] == pytest.approx(1.0)


def test_two_looks_are_compared():
    looks = (
        {"labels": [17, 2], "teacher": "a"},
        {"labels": [2], "teacher": "b"},
    )
    found = tally([line(looks=looks), line()])["contextless"].facts()["looks"]
    assert found == {"rows": 1, "same_top": 0.0, "some_label_shared": 1.0, "same_labels": 0.0}


def test_problems_that_slipped_through_are_counted():
    found = tally([line("As an AI language model I feel nothing.")])["contextless"].facts()
    assert found["problems"] == {"refusal": 1}


def test_a_planted_leak_between_splits_is_found_and_nothing_else():
    said = "The harbour master counted every rope on the pier before the storm came in at noon."
    nearly = said.replace("every rope", "each rope")
    lines = [
        line(said),
        line("Another thing altogether, said by nobody else in town."),
        line(nearly, split="test"),
        line(said, split="validation", id="copy"),
        line("Fresh words for the test, of bread and of bicycles.", split="test"),
    ]
    found = leaks.between_splits(lines)
    assert (found["test"]["exact"], found["test"]["near"], found["test"]["texts"]) == (0, 1, 2)
    assert (found["validation"]["exact"], found["validation"]["near"]) == (1, 0)
    assert found["test"]["examples"] == [["near", said, nearly]]


def test_a_line_that_validation_and_test_share_is_no_leak_from_train():
    said = "Seven kites over the quarry, and the youngest would not let go of hers."
    lines = [
        line("Quite another line about a kettle and a train to Leeds."),
        line(said, split="validation"),
        line(said, split="test", id="again"),
    ]
    found = leaks.between_splits(lines)
    assert [found[split]["exact"] for split in ("validation", "test")] == [0, 0]


def test_repeats_within_a_config_are_counted_and_across_configs_are_not():
    said = "Five geese crossed the yard and the dog pretended to sleep."
    lines = [line(said), line(said, id="2"), line(said, id="3", config="contextual")]
    found = leaks.repeats_within(lines)
    assert found["contextless"] == {"lines": 2, "exact": 1, "near": 0, "share": 0.5}
    assert found["contextual"] == {"lines": 1, "exact": 0, "near": 0, "share": 0.0}


def test_a_benchmark_text_in_the_corpus_is_found_in_parquet_and_csv(tmp_path):
    said = "My uncle traded the tractor for two goats and a promise."
    rows = {
        "text": [said, *(f"Line {n} is of something else." for n in range(9))],
        "label": ["joy"] * 10,
        "setting": ["said at the market"] * 10,
    }
    (tmp_path / "set").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "set" / "test.parquet")
    (tmp_path / "plain.csv").write_text(f'text,label\n"{said}",joy\n"Not this one at all.",fear\n')
    found = leaks.with_benchmarks([line(said), line("A different line.")], tmp_path)
    assert sorted(found) == ["plain.csv", "set/test.parquet"]
    assert found["set/test.parquet"]["columns"] == ["text"]
    assert [found[name]["exact_long"] for name in sorted(found)] == [1, 1]
    assert [found[name]["near"] for name in sorted(found)] == [0, 0]


def test_a_benchmark_text_that_only_repeats_another_one_is_no_leak(tmp_path):
    rows = {"text": ["The lamp went out at nine sharp.", "The lamp went out at nine, sharp."]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    found = leaks.with_benchmarks([line("A different line.")], tmp_path)["a.parquet"]
    assert (found["exact"], found["near"]) == (0, 0)


def test_benchmarks_that_are_not_there_are_refused_before_any_work(small, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "nothing", tmp_path / "empty"):
        with pytest.raises(InputError):
            measure_quality(small, out=tmp_path / "out", benchmarks=folder)
    assert not (tmp_path / "out").exists()


def test_the_nearest_earlier_line_is_the_one_that_brute_force_finds():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(50, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    places, best = diversity.nearest_before(vectors)
    assert best[0] == -1.0
    for n in range(1, 50):
        cosines = vectors[:n] @ vectors[n]
        assert places[n] == cosines.argmax()
        assert best[n] == pytest.approx(cosines.max(), abs=1e-5)


def test_lines_of_one_voice_are_compared_within_and_those_of_two_stories_across():
    axes = np.eye(4, dtype=np.float32)
    lines = [line(f"{s}{n}", story=s, voice=s) for s in "ab" for n in range(10)]
    vectors = np.repeat(axes[:2], 10, axis=0)
    found = diversity.similarities(lines, vectors)["all"]
    assert (found["within"]["mean"], found["within"]["pairs"]) == (1.0, 90)
    assert found["across"]["mean"] == 0.0


def test_the_same_sense_is_looked_for_within_a_config_only():
    lines = [line("a"), line("b"), line("c", config="contextual")]
    same = np.ones((3, 1), np.float32)
    found = diversity.same_sense(lines, same)
    assert found["repeats"] == {"contextless": 1}


def test_clusters_that_are_apart_are_found_the_same_way_every_time():
    random = np.random.default_rng(1)
    vectors = np.repeat(np.eye(5, dtype=np.float32), 20, axis=0)
    vectors += random.normal(scale=0.05, size=vectors.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assigned = diversity.clusters(vectors, 5)
    assert [len(set(assigned[n : n + 20])) for n in range(0, 100, 20)] == [1] * 5
    assert len(set(assigned)) == 5
    assert np.array_equal(assigned, diversity.clusters(vectors, 5))


def test_topics_of_one_size_are_even_and_one_big_topic_is_not():
    lines = [line(f"word{n}") for n in range(100)]
    even = np.repeat(np.eye(5, dtype=np.float32), 20, axis=0)
    uneven = np.repeat(np.eye(5, dtype=np.float32), [96, 1, 1, 1, 1], axis=0)
    assert diversity.topics(lines, even, 5)["evenness"] == pytest.approx(1.0)
    found = diversity.topics(lines, uneven, 5)
    assert found["evenness"] < 0.2
    assert found["largest"] == pytest.approx(0.96)


def test_a_sample_takes_whole_stories_and_is_the_same_every_time(corpus):
    stored = read_corpus(corpus)
    drawn = sample_lines(stored, 2000)
    assert 1950 < len(drawn) <= 2000
    assert drawn == sample_lines(stored, 2000)
    sizes = Counter(found.story for found in read_lines(stored))
    assert all(sizes[story] == size for story, size in Counter(d.story for d in drawn).items())


def test_columns_that_an_older_corpus_lacks_are_taken_as_empty(small, tmp_path):
    folder = tmp_path / "older"
    shutil.copytree(small, folder)
    for file in folder.glob("context*/*.parquet"):
        table = pq.read_table(file)
        gone = [name for name in ("looks", "agreement") if name in table.column_names]
        pq.write_table(table.drop_columns(gone), file)
    found = tally(read_lines(read_corpus(folder)))
    assert found["contextless"].rows.total() == 180
    assert found["contextless"].facts()["looks"]["rows"] == 0


def exchanged_lines():
    return [
        line(f"{split}{s}{n}", split=split, story=f"{split}{s}", context=f"{split}{s}{n}")
        for split in ("validation", "test")
        for s in range(4)
        for n in range(6)
    ]


def test_contexts_are_exchanged_between_stories_of_one_split():
    lines = exchanged_lines()
    for number in (1, 2):
        for found, context in zip(lines, exchanged(lines, number), strict=True):
            assert context.startswith(found.split)
            assert not context.startswith(found.story)
    assert exchanged(lines, 1) == exchanged(lines, 1)
    assert exchanged(lines, 1) != exchanged(lines, 2)


def test_contexts_that_say_all_the_same_decide_nothing(default_model):
    same = "They stand in the kitchen and the kettle is on."
    lines = [
        line(f"Take number {n}.", split="test", story=str(n % 5), context=same, config="contextual")
        for n in range(25)
    ]
    found = swap_probe(lines, default_model)
    assert (found.rows, found.changed_by_swap, found.drop) == (25, 0.0, 0.0)


def test_contexts_that_decide_are_seen_to_decide(default_model):
    told = {
        "sadness": "Tomas is back from his mother's funeral and finds her glasses on the shelf.",
        "anger": "The landlord admits that he kept the deposit and let the flat to his nephew.",
        "gratitude": "A stranger who gave Tomas a kidney stands at the door with a suitcase.",
    }
    names = ["Tomas", "Ada", "Ines", "Karim", "Lena", "Milo", "Nora", "Otto", "Pia", "Ruben"]
    lines = [
        line(
            f"Look at you, {name}.", split="test", story=f"{label} {name}", id=f"{label} {name}",
            context=context, config="contextual", primary=GOEMOTIONS.index(label),
        )
        for name in names
        for label, context in told.items()
    ]  # fmt: skip
    found = swap_probe(lines, default_model)
    assert found.changed_by_swap > 0.3
    assert found.right > found.right_swapped
    assert found.drop_low <= found.drop <= found.drop_high


def test_too_few_contextual_rows_give_no_figures(default_model):
    assert math.isnan(swap_probe([line(context="x", split="test")], default_model).drop)


def test_the_report_is_written_whole_and_its_json_is_strict(report):
    def refuse(constant):
        raise AssertionError(constant)

    facts = json.loads(
        (report.folder / "quality.json").read_text(encoding="utf-8"), parse_constant=refuse
    )
    assert facts["diversity"]["sampled"] > 100
    assert facts["swap"]["rows"] == 120
    names = {path.name for path in report.folder.iterdir()}
    assert {"quality.md", "quality.json", *report.pictures} == names
    assert len(report.pictures) == 6


def test_every_picture_is_a_png_of_some_size(report):
    for name in report.pictures:
        data = (report.folder / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) > 10_000


def test_the_page_shows_every_picture_and_every_reason_of_rejection(report, small):
    page = (report.folder / "quality.md").read_text(encoding="utf-8")
    assert all(f"]({name})" in page for name in report.pictures)
    for rejection in browse_rejects(small):
        assert f"### {rejection.reason} (" in page
    assert not re.search(r"\bnan\b", page)


def test_the_section_for_the_card_names_its_command_and_its_figures(report):
    section = card_section(report)
    assert "emo-hub corpus stats" in section
    assert f"{report.facts['swap']['right']:.1%}" in section


def test_a_corpus_of_comments_alone_is_measured_without_pictures(tmp_path):
    corpus = write_records(tmp_path / "c", map(annotation, range(9)))
    report = measure_quality(corpus, out=tmp_path / "quality")
    assert report.pictures == ()
    assert json.loads((report.folder / "quality.json").read_text())["configs"] == {}
    assert not re.search(r"\bnan\b", (report.folder / "quality.md").read_text())


def test_a_corpus_of_two_lines_is_measured_without_a_map(tmp_path):
    corpus = write_records(tmp_path / "c", map(utterance, range(2)))
    report = measure_quality(corpus, out=tmp_path / "quality")
    assert "labels.png" in report.pictures
    assert "map.png" not in report.pictures


@pytest.mark.slow
def test_measuring_twice_gives_the_same_figures(report, small, tmp_path):
    measure_quality(small, out=tmp_path / "again", sample=200)
    again = (tmp_path / "again" / "quality.json").read_bytes()
    assert again == (report.folder / "quality.json").read_bytes()


def test_a_sample_that_tells_nothing_is_refused(small, tmp_path):
    with pytest.raises(InputError, match="at least 100"):
        measure_quality(small, out=tmp_path, sample=5)


@pytest.mark.parametrize("size", ["small", pytest.param("corpus", marks=pytest.mark.slow)])
def test_the_quick_tables_count_all_rows(size, request):
    folder = request.getfixturevalue(size)
    tables = {table.title: table for table in stats_table(folder)}
    total = sum(int(row[-1].replace(",", "")) for row in tables["Rows"].rows)
    assert total == sum(sum(counts.values()) for counts in read_corpus(folder).counts.values())
    assert len(tables["Rows by label"].rows) == len(GOEMOTIONS)


def test_the_quick_tables_need_none_of_the_extras(small):
    code = (
        "import sys\n"
        "for name in ('sklearn', 'matplotlib', 'semhash', 'cleanlab'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from emo_hub.synthesis.quality import stats_table, browse_rejects\n"
        "print(len(stats_table(Path(sys.argv[1]))), len(browse_rejects(Path(sys.argv[1]))))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(small)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split()[0] == "11"


def test_rejects_are_browsed_by_reason(small):
    every = browse_rejects(small)
    reason = every[0].reason
    assert browse_rejects(small, reason) == tuple(r for r in every if r.reason == reason)
    assert len(browse_rejects(small, n=1)) == 1
    with pytest.raises(InputError, match=reason):
        browse_rejects(small, "no_such_reason")


def test_a_damaged_list_of_rejects_is_named(small, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(small, folder)
    (folder / "rejected.jsonl").write_text("{half a li\n")
    with pytest.raises(DataError, match=r"rejected\.jsonl"):
        browse_rejects(folder)
