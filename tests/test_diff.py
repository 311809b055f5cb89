"""Two versions compared: what was added, removed, relabelled, and in numbers."""

from __future__ import annotations

import json
from dataclasses import asdict

import pyarrow.parquet as pq
import pytest

from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.diff import compare_corpora
from emo_hub.synthesis.diff_tables import change_lines

from .small_corpora import FEAR, ROWS, line, write_small


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versions") / "first"
    return read_corpus(write_small(folder, "1.0.0", [line(n) for n in range(ROWS)]))


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """Row 0 is gone, two are new, 1 and 2 are relabelled, and 3 is reworded."""
    folder = tmp_path_factory.mktemp("versions") / "second"
    lines = [line(n, affect=FEAR) if n in (1, 2) else line(n) for n in range(1, ROWS + 2)]
    lines[2] = line(3, "the ferry3 and our harbour3 in rain3")
    return read_corpus(write_small(folder, "1.1.0", lines))


@pytest.fixture(scope="module")
def change(first, second):
    return compare_corpora(first, second)


def of(change, config="contextless"):
    return next(found for found in change.configs if found.config == config)


def test_rows_are_counted_by_what_became_of_them(change):
    found = of(change)
    assert found.rows == (ROWS, ROWS + 1)
    assert (found.added, found.removed) == (2, 1)
    assert (found.relabelled, found.reworded, found.otherwise, found.changed) == (2, 1, 0, 3)


def test_it_is_said_in_which_columns_rows_differ(change):
    columns = of(change).columns
    assert columns["labels"] == columns["intensities"] == columns["primary_emotion"] == 2
    assert columns["utterance"] == 1
    assert "register" not in columns


def test_configs_that_stayed_have_no_changes(change):
    for config in ("contextual", "descriptors", "narratives"):
        found = of(change, config)
        assert found.rows == (ROWS, ROWS)
        assert found.added == found.removed == found.changed == found.moved == 0


def test_examples_give_labels_by_name_before_and_after(change):
    rows = {row.id: row for row in of(change).examples["relabelled"]}
    assert set(rows) == {"id1", "id2"}
    assert rows["id1"].columns["labels"] == (["joy", "pride"], ["fear"])
    assert rows["id1"].columns["primary_emotion"] == ("joy", "fear")
    assert "utterance" not in rows["id1"].columns


def test_examples_of_new_and_lost_rows_give_the_row(change):
    (lost,) = of(change).examples["removed"]
    assert (lost.id, lost.split[1]) == ("id0", None)
    assert lost.columns["utterance"] == ("the day0 and our bus0 in town0", None)
    assert {row.id for row in of(change).examples["added"]} == {f"id{ROWS}", f"id{ROWS + 1}"}


def test_no_more_examples_than_asked_for_and_counts_stay_exact(first, second):
    found = of(compare_corpora(first, second, most=1))
    assert {len(rows) for rows in found.examples.values()} == {1}
    assert (found.added, found.relabelled) == (2, 2)
    assert of(compare_corpora(first, second, most=0)).examples == {}


def test_numbers_stand_side_by_side(change):
    found = of(change)
    assert found.labels["fear"] == (0, 2)
    assert found.labels["joy"] == (ROWS, ROWS - 1)
    before, after = found.statistics["mean valence"]
    assert before == 4.0
    assert after == pytest.approx(4.0 - 2 * 2.5 / (ROWS + 1), abs=1e-4)


def test_the_same_version_has_no_changes(first):
    change = compare_corpora(first, first)
    assert change.same
    assert not any(c.added + c.removed + c.changed + c.moved for c in change.configs)


def rewritten(corpus, folder, edit):
    """The same corpus with the tables of contextless edited."""
    import shutil

    shutil.copytree(corpus.path, folder)
    for file in (folder / "contextless").glob("*.parquet"):
        pq.write_table(edit(pq.read_table(file)), file)
    return read_corpus(folder)


def test_versions_with_other_columns_are_compared_in_those_that_both_have(first, tmp_path):
    older = rewritten(first, tmp_path / "old", lambda table: table.drop_columns(["words"]))
    found = of(compare_corpora(older, first))
    assert found.new_columns == ("words",)
    assert found.changed == 0
    assert of(compare_corpora(first, older)).lost_columns == ("words",)


def test_class_numbers_are_compared_by_the_names_of_their_own_version(first, tmp_path):
    """The same numbers under other names are other labels."""

    def renamed(table):
        schema = table.schema
        told = json.loads(schema.metadata[b"huggingface"])
        names = told["info"]["features"]["labels"]["feature"]["names"]
        names[names.index("joy")] = "delight"
        return table.replace_schema_metadata({"huggingface": json.dumps(told)})

    found = of(compare_corpora(first, rewritten(first, tmp_path / "renamed", renamed)))
    assert found.columns == {"labels": ROWS}


def test_rows_that_change_their_split_are_counted(first, tmp_path):
    import shutil

    shutil.copytree(first.path, tmp_path / "swapped")
    place = tmp_path / "swapped" / "contextless"
    train, test = (next(place.glob(f"{split}-*.parquet")) for split in ("train", "test"))
    rows = len(pq.read_table(train)) + len(pq.read_table(test))
    spare = place / "spare"
    train.rename(spare)
    test.rename(train)
    spare.rename(test)
    found = of(compare_corpora(first, read_corpus(tmp_path / "swapped")))
    assert (found.moved, found.changed) == (rows, 0)


def test_a_config_of_one_version_alone_is_all_new(first, tmp_path):
    import shutil

    shutil.copytree(first.path, tmp_path / "fewer")
    manifest = json.loads((tmp_path / "fewer" / "corpus.json").read_text())
    del manifest["counts"]["narratives"]
    (tmp_path / "fewer" / "corpus.json").write_text(json.dumps(manifest))
    found = of(compare_corpora(read_corpus(tmp_path / "fewer"), first), "narratives")
    assert (found.rows, found.added, found.new_columns) == ((0, ROWS), ROWS, ())


def test_a_damaged_file_is_named(first, tmp_path):
    import shutil

    shutil.copytree(first.path, tmp_path / "broken")
    file = next((tmp_path / "broken" / "contextless").glob("train-*"))
    file.write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read"):
        compare_corpora(first, read_corpus(tmp_path / "broken"))


def test_what_has_no_config_in_common_is_no_version(first, tmp_path):
    (tmp_path / "corpus.json").write_text(
        '{"counts": {"other": {}}, "version": "1", "fingerprint": "f", "content": "c"}'
    )
    with pytest.raises(InputError, match="no config in common"):
        compare_corpora(first, read_corpus(tmp_path))


def test_the_page_says_it_all(change):
    page = "\n".join(change_lines(change))
    assert "From emo-pillars 1.0.0 to emo-pillars 1.1.0" in page
    assert "| contextless | 40 | 41 | 2 | 1 | 2 | 1 | 0 | 0 |" in page
    assert "labels: ['joy', 'pride'] -> ['fear']" in page
    assert "| fear | 0 -> 2 |" in page


def test_all_of_it_is_json(change):
    told = json.loads(json.dumps(asdict(change)))
    assert told["configs"][0]["relabelled"] == 2


def test_the_command_compares_folders(first, second):
    from typer.testing import CliRunner

    from emo_hub.cli import app

    words = ["corpus", "diff", str(first.path), str(second.path)]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(done.stdout)["configs"][0]["added"] == 2
    done = CliRunner().invoke(app, [*words, "--rows", "0"])
    assert "Rows" in done.stdout
    assert "id1" not in done.stdout
