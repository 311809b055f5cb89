"""Benchmarks are found, read in each true form, and handed out by role.

The rows here are of our own writing, in the columns and the file formats of each release.
"""

import ast
import dataclasses
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import emo_hub
from emo_hub.errors import DataError, InputError
from emo_hub.evaluation import benchmarks as registry
from emo_hub.evaluation.benchmarks import BENCHMARKS, benchmark
from emo_hub.evaluation.declaration import Benchmark, Example, HubSource, Layout, Names
from emo_hub.evaluation.faults import faults_of, measure_faults
from emo_hub.evaluation.layouts import flags, named, text_folder
from emo_hub.evaluation.loading import (
    choose,
    fitting_split,
    load,
    load_for_scoring,
    splits,
)
from emo_hub.evaluation.sources import Hub, place
from emo_hub.taxonomy import GOEMOTIONS, GOEMOTIONS_TO_SENTIMENT, LabelSet

COLOURS = LabelSet("colours", ("amber", "blue", "clear grey"), multi_label=True)
TOY = Benchmark(
    name="toy",
    title="Toy",
    folders=("toybench", "toy-set"),
    layouts=(*text_folder(("text", "tweet")), flags("text", COLOURS.labels, form="flags")),
    labels=COLOURS,
    kind="multi_label",
    headline="macro_f1",
    licence="ours",
    source="written here",
    spellings={"azure": "blue"},
)
ROWS = [{"text": "one", "labels": "amber"}, {"text": "two", "labels": "blue,amber"}]


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        pq.write_table(content if isinstance(content, pa.Table) else table(content), path)
    return path


def table(rows):
    return pa.Table.from_pylist(rows)


def labelled(rows):
    return {
        text: tuple(label for label, on in zip(rows.labels, target, strict=True) if on)
        for text, target in zip(rows.texts, rows.targets, strict=True)
    }


# The true forms of the releases


def test_goemotions_is_read_from_the_headerless_files_of_its_release(tmp_path):
    write(
        tmp_path / "goemotions/data/test.tsv",
        'He said "no, never" again.\t3,10\tx1\n"Wow\t26\tx2\nFine.\t27\tx3\n',
    )
    write(tmp_path / "goemotions/data/full_dataset/goemotions_1.csv", "text,id\nraw,y1\n")
    rows = load_for_scoring(BENCHMARKS["goemotions"], tmp_path)
    assert labelled(rows) == {
        'He said "no, never" again.': ("annoyance", "disapproval"),
        '"Wow': ("surprise",),
        "Fine.": ("neutral",),
    }
    assert rows.ids == ("x1", "x2", "x3")


def test_goemotions_is_read_from_a_snapshot_of_its_hub_repository(tmp_path):
    snapshot = tmp_path / "go_emotions"
    for number, label in ((0, [2]), (1, [5, 27])):
        name = f"simplified/test-0000{number}-of-00002.parquet"
        write(snapshot / name, [{"text": f"t{number}", "labels": label, "id": f"i{number}"}])
    raw = {"text": "r", "id": "i", "author": "a", "rater_id": 1, "anger": 1, "joy": 0}
    write(snapshot / "raw/test-00000-of-00001.parquet", [raw])
    rows = load_for_scoring(BENCHMARKS["goemotions"], tmp_path)
    assert labelled(rows) == {"t0": ("anger",), "t1": ("caring", "neutral")}


def test_goemotions_with_a_row_for_each_rater_is_refused(tmp_path):
    raw = {"text": "r", "id": "i", "author": "a", "rater_id": 1, "anger": 1, "joy": 0}
    write(tmp_path / "goemotions/test.parquet", [raw])
    with pytest.raises(DataError, match=r"'rater_id'.*fit no known form"):
        load_for_scoring(BENCHMARKS["goemotions"], tmp_path)


ISEAR = (
    "ID|COUN|EMOT|Field1|MYKEY|SIT|STATE|\n"
    "11001|1|1|joy|k1|When the á rain stopped.|1|\n"
    '11001|1|7|guilt|k2|I said \\never\\" and á|left."|1|\n'
    "11001|1|6|shame|k3|[ No response.]|1|\n"
    "11001|1|2|fear|k4|NO RESPONSE.|1|\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_isear_is_read_from_the_file_that_its_database_became(tmp_path, encoding):
    write(tmp_path / "isear/isear.csv", ISEAR.encode(encoding))
    rows = load_for_scoring(BENCHMARKS["isear"], tmp_path)
    assert labelled(rows) == {
        "When the rain stopped.": ("joy",),
        'I said "never" and left.': ("guilt",),
    }
    assert (rows.dropped, rows.ids) == (2, ("k1", "k2"))


def test_empathetic_dialogues_gives_each_conversation_once_with_its_commas(tmp_path):
    head = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
    lines = (
        'hit:0_conv:1,1,proud,"Won_comma_ at last.,1,I won!,5|5|5,\n'
        'hit:0_conv:1,2,proud,"Won_comma_ at last.,2,You "did"?,5|5|5,\n'
        "hit:2_conv:4,1,afraid,A dog ran at me.,3,Help.,5|5|5,,one|two\n"
    )
    write(tmp_path / "empatheticdialogues/test.csv", head + lines)
    rows = load_for_scoring(BENCHMARKS["empathetic-dialogues"], tmp_path)
    assert labelled(rows) == {'"Won, at last.': ("proud",), "A dog ran at me.": ("afraid",)}
    assert (rows.split, rows.groups) == ("test", ("hit:0_conv:1", "hit:2_conv:4"))


EDOS = (
    "Count,Index,DialogID,Dialog,Agreed emotion (2/3 vote),"
    "Worker 1 answer,Worker 2 answer,Worker 3 answer\n"
    '1,0.9-1,77,"Is it gone ?\nThe ""blue"" one is .",Sad,Sad,Sad,Tired (Other)\n'
    "2,0.9-2,78,Well .,-,Sad,Angry,Proud\n"
)


def test_edos_gives_the_last_turn_and_how_its_workers_were_divided(tmp_path):
    write(tmp_path / "EDOS/1. MTurk_groundtruth_labels_9K.csv", EDOS)
    write(tmp_path / "EDOS/2. Similar_dialogs_3K.csv", "a,b\n1,2\n")
    rows = load_for_scoring(BENCHMARKS["edos"], tmp_path)
    assert (rows.texts, rows.contexts) == (('The "blue" one is .',), ("Is it gone ?",))
    shares = dict(zip(rows.labels, rows.distributions[0], strict=True))
    assert {k: v for k, v in shares.items() if v} == {"sad": pytest.approx(2 / 3)}


def test_xed_is_read_from_the_headerless_file_of_its_release(tmp_path):
    write(tmp_path / "XED/AnnotatedData/en-annotated.tsv", '" Come on !\t1, 5\nYes " no " .\t8\n')
    write(tmp_path / "XED/AnnotatedData/neu_en.txt", "0\tNothing .\n")
    rows = load_for_scoring(BENCHMARKS["xed"], tmp_path)
    assert labelled(rows) == {'" Come on !': ("anger", "joy"), 'Yes " no " .': ("trust",)}


def test_emocontext_is_read_from_the_text_files_of_its_task(tmp_path):
    head = "id\tturn1\tturn2\tturn3\tlabel\n"
    write(tmp_path / "emocontext/testwithlabels.txt", head + '0\tHi\tHello "you\tI won\thappy\n')
    write(tmp_path / "emocontext/devwithlabels.txt", head + "0\ta\tb\tc\tothers\n")
    write(tmp_path / "emocontext/train.txt", head + "0\td\te\tf\tsad\n")
    rows = load_for_scoring(BENCHMARKS["emocontext"], tmp_path)
    assert (rows.split, labelled(rows)) == ("test", {"I won": ("happy",)})
    assert rows.contexts == ('Hi\nHello "you',)


def test_emobank_is_cut_by_the_column_that_says_the_split(tmp_path):
    write(
        tmp_path / "EmoBank/corpus/emobank.csv",
        'id,split,V,A,D,text\na,train,3,3,3,"One, two."\nb,test,1.5,2,4,Three.\n'
        "c,dev,5,4,3,Four.\n",
    )
    write(tmp_path / "EmoBank/corpus/reader.csv", "id,V,A,D,N,stdV,stdA,stdD\na,3,3,3,5,0,0,0\n")
    declared = BENCHMARKS["emobank"]
    scored = load_for_scoring(declared, tmp_path)
    assert (scored.split, scored.texts, scored.targets.tolist()) == (
        "test", ("Three.",), [[1.5, 2, 4]],
    )  # fmt: skip
    assert load(declared, tmp_path, "train").texts == ("One, two.",)
    assert splits(declared, tmp_path) == ("train", "dev", "test")


def test_ratings_outside_the_scale_name_the_row(tmp_path):
    write(tmp_path / "emobank/dev.parquet", [{"V": 3.0, "A": 6.0, "D": 3.0, "text": "x"}])
    with pytest.raises(DataError, match=r"Row 1 of .* 1 to 5"):
        load_for_scoring(BENCHMARKS["emobank"], tmp_path)


# Folders and files


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("goemotions", "GoEmotions"),
        ("goemotions", "go_emotions"),
        ("goemotions", "goemotions-v1"),
        ("emocontext", "emocontext2019"),
        ("emocontext", "emocontext"),
        ("empathetic-dialogues", "EmpatheticDialogues"),
        ("empathetic-dialogues", "empathetic_dialogues_test"),
        ("edos", "edos_mturk"),
        ("xed", "xed_en"),
        ("semeval2018-ec", "semeval2018_ec"),
        ("semeval2018-ec", "semeval-2018-task-1"),
        ("dair-emotion", "dair_ai_emotion"),
        ("dair-emotion", "emotion"),
        ("brighter-en", "brighter_en"),
    ],
)
def test_a_folder_is_found_by_its_letters_and_digits(tmp_path, name, folder):
    (tmp_path / folder).mkdir()
    assert name in [declared.name for declared in choose(tmp_path)]
    others = {declared.folder for declared in choose(tmp_path)}
    assert others == {benchmark(name).folder}


def test_the_folder_of_another_benchmark_is_not_taken(tmp_path):
    (tmp_path / "emobank").mkdir()
    for name in ("emotional-speech", "emotion-stimulus", "isearch", "semeval", "emo-other"):
        (tmp_path / name).mkdir()
    assert [declared.name for declared in choose(tmp_path)] == ["emobank"]


def test_two_folders_that_could_be_one_benchmark_are_an_error(tmp_path):
    for name in ("goemotions-a", "goemotions-b"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=r"goemotions-a, goemotions-b.*Keep one"):
        load_for_scoring(BENCHMARKS["goemotions"], tmp_path)


@pytest.mark.parametrize(
    ("file", "split"),
    [
        ("train.parquet", "train"),
        ("training.parquet", "train"),
        ("validation.parquet", "dev"),
        ("valid.parquet", "dev"),
        ("val.parquet", "dev"),
        ("toy_dev_final.parquet", "dev"),
        ("testing.parquet", "test"),
        ("test-00000-of-00001.parquet", "test"),
        ("data/test-00000-of-00001-0a1b2c3d.parquet", "test"),
        ("test/eng.parquet", "test"),
        ("everything_9k.parquet", "all"),
        ("all.parquet", "all"),
    ],
)
def test_a_split_is_read_off_the_name_of_its_file(tmp_path, file, split):
    write(tmp_path / "toybench" / file, ROWS)
    assert splits(TOY, tmp_path) == (split,)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("test.csv", 'text,labels\none,amber\n"two","blue,amber"\n'),
        ("test.tsv", "text\tlabels\none\tamber\ntwo\tblue,amber\n"),
        ("test.txt", "text\tlabels\r\none\tamber\r\ntwo\tblue,amber\r\n"),
        ("test.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("test.json", json.dumps(ROWS)),
        ("test.csv", "\ufefftext;labels\none;amber\ntwo;blue,amber\n"),
    ],
)
def test_the_type_of_a_file_does_not_matter(tmp_path, file, content):
    write(tmp_path / "toybench" / file, content)
    assert labelled(load_for_scoring(TOY, tmp_path)) == {
        "one": ("amber",),
        "two": ("amber", "blue"),
    }


def test_shards_are_read_in_their_order(tmp_path):
    for number in (1, 0):
        row = {"text": f"part {number}", "labels": "blue"}
        write(tmp_path / f"toybench/data/test-0000{number}-of-00002.parquet", [row])
    assert load_for_scoring(TOY, tmp_path).texts == ("part 0", "part 1")


def test_two_files_that_could_be_one_split_are_an_error(tmp_path):
    for name in ("test_a", "test_b"):
        write(tmp_path / f"toybench/{name}.parquet", ROWS)
    with pytest.raises(DataError, match=r"test_a.*test_b.*Keep one"):
        load_for_scoring(TOY, tmp_path)


def test_columns_are_found_in_another_case(tmp_path):
    write(tmp_path / "toybench/test.parquet", [{"Text": "one", "LABELS": "blue"}])
    assert labelled(load_for_scoring(TOY, tmp_path)) == {"one": ("blue",)}


def test_a_column_of_the_exact_name_goes_before_one_in_another_case(tmp_path):
    row = {"TEXT": "shouted", "text": "said", "labels": "blue"}
    write(tmp_path / "toybench/test.parquet", [row])
    assert load_for_scoring(TOY, tmp_path).texts == ("said",)


def test_columns_that_fit_nothing_are_listed_beside_those_that_would(tmp_path):
    write(tmp_path / "toybench/test.parquet", [{"text": "one", "colour": "blue"}])
    with pytest.raises(DataError, match=r"'text', 'colour'.*written here.*text, .*labels.*tweet, "):
        load_for_scoring(TOY, tmp_path)


def test_a_missing_folder_says_where_the_data_comes_from_and_its_columns(tmp_path):
    with pytest.raises(DataError, match=r"toybench.*written here.*text, .*labels"):
        load_for_scoring(TOY, tmp_path)


def test_a_line_with_too_few_cells_is_named(tmp_path):
    write(tmp_path / "toybench/test.tsv", "text\tlabels\none\tamber\nbroken\n")
    with pytest.raises(DataError, match=r"Line 3 of .* has 1 cells; wanted 2"):
        load_for_scoring(TOY, tmp_path)


@pytest.mark.parametrize("name", ["test.parquet", "test.json", "test.jsonl"])
def test_a_file_that_is_not_of_its_type_is_a_data_error(tmp_path, name):
    write(tmp_path / "toybench" / name, b"\x00 not that")
    with pytest.raises(DataError, match="readable"):
        load_for_scoring(TOY, tmp_path)


def test_quotes_of_a_tsv_that_wrap_cells_are_taken_off(tmp_path):
    write(tmp_path / "toybench/test.tsv", 'text\tlabels\n"say ""so"""\tblue\n')
    assert load_for_scoring(TOY, tmp_path).texts == ('say "so"',)


def test_quotes_of_a_tsv_that_were_said_stay(tmp_path):
    write(tmp_path / "toybench/test.tsv", 'text\tlabels\nsay "so\tblue\n"oh" he said\tblue\n')
    assert load_for_scoring(TOY, tmp_path).texts == ('say "so', '"oh" he said')


# Labels


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("blue", ("blue",)),
        ("Azure", ("blue",)),
        ("Clear_Grey", ("clear grey",)),
        (1, ("blue",)),
        ("1", ("blue",)),
        (1.0, ("blue",)),
        ("0, 2", ("amber", "clear grey")),
        ("amber,blue", ("amber", "blue")),
        ([0, 1], ("amber", "blue")),
        (["blue"], ("blue",)),
        ("[0 , 1]", ("amber", "blue")),
        ("['blue', 'amber']", ("blue", "amber")),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_labels_may_be_names_or_numbers_one_or_several(value, found):
    names = Names(COLOURS.labels, spellings={"azure": "blue"})
    assert names.names(value) == found


@pytest.mark.parametrize("value", [3, -1, "7"])
def test_a_number_outside_the_list_is_refused(value):
    with pytest.raises(ValueError, match=r"outside 0\.\.2"):
        Names(COLOURS.labels).names(value)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels.json", '{"1": "amber", "2": "blue"}'),
        ("labels.json", '["clear grey", "amber", "blue"]'),
        ("label2id.json", '{"amber": 1, "blue": 2}'),
        ("emotions.txt", "clear grey\namber\nblue\n"),
    ],
)
def test_numbers_are_those_of_the_label_file_beside_the_data(tmp_path, file, content):
    write(tmp_path / "toybench/test.parquet", [{"text": "one", "label_ids": "1,2"}])
    write(tmp_path / "toybench" / file, content)
    assert labelled(load_for_scoring(TOY, tmp_path)) == {"one": ("amber", "blue")}


def classed(names):
    """A table as `datasets` writes it, with the names of its label column in the schema."""
    feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "List"}
    about = {"info": {"features": {"text": {"dtype": "string", "_type": "Value"},
                                   "labels": feature}}}  # fmt: skip
    rows = table([{"text": "one", "labels": [0]}])
    return rows.replace_schema_metadata({"huggingface": json.dumps(about)})


def test_names_that_a_parquet_file_states_go_before_the_label_file(tmp_path):
    write(tmp_path / "toybench/test.parquet", classed(["clear grey", "azure", "amber"]))
    write(tmp_path / "toybench/labels.json", '["blue", "amber"]')
    assert labelled(load_for_scoring(TOY, tmp_path)) == {"one": ("clear grey",)}


def test_documented_numbers_go_before_the_label_file(tmp_path):
    layout = named("text", "label", codes={1: "blue"})
    declared = dataclasses.replace(TOY, layouts=(layout,))
    write(tmp_path / "toybench/test.parquet", [{"text": "one", "label": 1}])
    write(tmp_path / "toybench/labels.json", '["clear grey", "amber"]')
    assert labelled(load_for_scoring(declared, tmp_path)) == {"one": ("blue",)}


def test_a_column_of_zeros_and_ones_for_each_label_is_read(tmp_path):
    rows = [
        {"text": "one", "amber": 1, "blue": 0, "clear grey": 1},
        {"text": "two", "amber": 0, "blue": None, "clear grey": 0},
    ]
    write(tmp_path / "toybench/test.parquet", rows)
    assert labelled(load_for_scoring(TOY, tmp_path)) == {"one": ("amber", "clear grey"), "two": ()}


def test_an_intensity_is_not_taken_for_a_yes(tmp_path):
    row = {"text": "one", "amber": 2, "blue": 0, "clear grey": 1}
    write(tmp_path / "toybench/test.parquet", [row])
    with pytest.raises(DataError, match=r"Row 1 .*column amber holds '2'"):
        load_for_scoring(TOY, tmp_path)


def test_a_row_of_two_labels_is_refused_where_one_is_wanted(tmp_path):
    declared = dataclasses.replace(TOY, kind="single_label")
    write(tmp_path / "toybench/test.parquet", ROWS)
    with pytest.raises(DataError, match=r"Row 2 .*wanted one label; got blue, amber"):
        load_for_scoring(declared, tmp_path)


def test_a_row_without_label_is_refused_where_a_neutral_label_exists(tmp_path):
    write(tmp_path / "goemotions/test.parquet", [{"text": "Hm.", "label_ids": ""}])
    with pytest.raises(DataError, match=r"Row 1 .*'neutral'"):
        load_for_scoring(BENCHMARKS["goemotions"], tmp_path)


# Roles


def test_dev_becomes_a_fitting_split_when_test_is_there(tmp_path):
    write(tmp_path / "toybench/dev.parquet", ROWS)
    assert (fitting_split(TOY, tmp_path), load_for_scoring(TOY, tmp_path).split) == (None, "dev")
    with pytest.raises(InputError, match="reported"):
        load(TOY, tmp_path, "dev").for_fitting()
    write(tmp_path / "toybench/test.parquet", ROWS)
    assert (fitting_split(TOY, tmp_path), load_for_scoring(TOY, tmp_path).split) == ("dev", "test")
    assert load(TOY, tmp_path, "dev").for_fitting().split == "dev"


def test_a_train_split_alone_is_not_scored(tmp_path):
    write(tmp_path / "toybench/train.parquet", ROWS)
    with pytest.raises(DataError, match="a train split is not scored"):
        load_for_scoring(TOY, tmp_path)
    assert load(TOY, tmp_path, "train").for_fitting().split == "train"


def test_a_test_split_is_refused_even_where_nothing_is_there(tmp_path):
    with pytest.raises(InputError, match="evaluate alone"):
        load(TOY, tmp_path, "test")


def test_only_the_loader_and_the_counting_of_faults_read_any_split():
    package = Path(emo_hub.__path__[0])
    users = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if "load_split" in {getattr(node, "id", None), getattr(node, "attr", None)}:
                users.add(path.relative_to(package).as_posix())
    assert users == {"evaluation/loading.py", "evaluation/faults.py"}


def test_a_benchmark_by_name_only_is_not_chosen_unnamed(tmp_path):
    for declared in BENCHMARKS.values():
        (tmp_path / declared.folder).mkdir(exist_ok=True)
    chosen = choose(tmp_path)
    assert chosen
    assert not any(declared.only_by_name for declared in chosen)
    quiet = [declared.name for declared in BENCHMARKS.values() if declared.only_by_name]
    assert [declared.name for declared in choose(tmp_path, quiet)] == quiet


# The Hub


@pytest.fixture
def hub_copy(tmp_path, monkeypatch):
    """A dataset repository on disk that stands for the one on the Hub, and the calls to it."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "labels": datasets.List(datasets.ClassLabel(names=["clear grey", "blue", "amber"])),
            "id": datasets.Value("string"),
        }
    )
    repository = tmp_path / "repository"
    (repository / "plain").mkdir(parents=True)
    for split, labels in (("validation", [1]), ("test", [2, 0])):
        rows = {"text": [f"{split} text"], "labels": [labels], "id": ["7"]}
        data = datasets.Dataset.from_dict(rows, features=features)
        data.to_parquet(repository / "plain" / f"{split}-00000-of-00001.parquet")
    files = "".join(
        f"  - split: {split}\n    path: plain/{split}-*\n" for split in ("validation", "test")
    )
    (repository / "README.md").write_text(
        f"---\nconfigs:\n- config_name: plain\n  data_files:\n{files}---\n"
    )
    calls = []
    real = datasets.load_dataset

    def local(path, name, *, revision, split):
        calls.append((path, name, revision, split))
        return real(str(repository), name, revision=revision, split=split)

    monkeypatch.setattr(datasets, "load_dataset", local)
    return calls


COMMIT = "0123456789abcdef0123456789abcdef01234567"
ON_HUB = dataclasses.replace(TOY, hub=HubSource("somebody/toy", "plain", COMMIT))


def test_a_copy_on_the_hub_is_read_at_its_pinned_revision_by_its_own_names(hub_copy):
    rows = load_for_scoring(ON_HUB, "hub")
    assert labelled(rows) == {"test text": ("amber", "clear grey")}
    assert load(ON_HUB, "hub", "dev").texts == ("validation text",)
    assert hub_copy == [
        ("somebody/toy", "plain", COMMIT, "test"),
        ("somebody/toy", "plain", COMMIT, "validation"),
    ]


def test_a_revision_of_the_users_own_goes_before_the_declared_one(hub_copy):
    load_for_scoring(ON_HUB, place(f"hub:toy={'f' * 40}"))
    assert hub_copy[0][2] == "f" * 40


def test_a_copy_without_a_pinned_revision_is_not_read_off_a_moving_branch():
    declared = dataclasses.replace(TOY, hub=HubSource("somebody/toy"))
    with pytest.raises(InputError, match="hub:toy=COMMIT"):
        load_for_scoring(declared, "hub")


def test_a_benchmark_without_a_copy_on_the_hub_says_where_to_put_its_files():
    with pytest.raises(InputError, match=r"no copy on the Hub.*toybench"):
        load_for_scoring(TOY, Hub())


def test_a_repository_that_is_not_there_is_a_data_error(tmp_path):
    declared = dataclasses.replace(TOY, hub=HubSource(str(tmp_path / "nothing"), revision=COMMIT))
    with pytest.raises(DataError, match="cannot be loaded"):
        load_for_scoring(declared, "hub")


def test_the_hub_offers_those_with_a_pinned_or_a_given_revision():
    pinned = {declared.name for declared in choose("hub")}
    assert "goemotions" in pinned
    assert "xed" not in pinned
    assert {d.name for d in choose(Hub({"xed": COMMIT}))} == pinned | {"xed"}


@pytest.mark.parametrize("revision", ["main", "0123", "G" * 40])
def test_a_declared_revision_is_a_commit(revision):
    with pytest.raises(ValueError, match="40 hex digits"):
        HubSource("somebody/toy", revision=revision)


@pytest.mark.parametrize("where", ["hub:", "hub:goemotions", "hub:=abc"])
def test_a_revision_that_is_not_for_a_benchmark_is_refused(where):
    with pytest.raises(InputError, match="NAME=REVISION"):
        place(where)


# The registry


def test_no_declaration_hides_another():
    declared = [d for module in registry._MODULES for d in module.DECLARED]
    assert len(BENCHMARKS) == len(declared)


@pytest.mark.parametrize("declared", BENCHMARKS.values(), ids=lambda d: d.name)
def test_a_declaration_says_whose_it_is_and_what_to_beware_of(declared):
    said = (declared.title, declared.licence, declared.source, *declared.faults)
    assert all(said)
    assert declared.faults
    assert not declared.prompts or len(declared.prompts) == len(declared.asked_labels)


def test_a_layout_without_header_must_state_its_delimiter():
    with pytest.raises(ValueError, match="delimiter"):
        Layout(("text",), lambda row, names: Example(row["text"]), has_header=False)


# Faults


def test_faults_are_counted_within_and_between_splits(tmp_path):
    train = [("Same.", "blue"), ("same. ", "amber"), ("Other.", "blue"), ("Mine.", "blue")]
    test = [("same.", "blue"), ("Twice.", "blue"), ("twice.", "blue"), ("New.", "amber")]
    for split, rows in (("train", train), ("test", test)):
        content = [{"text": text, "labels": label} for text, label in rows]
        write(tmp_path / f"toybench/{split}.parquet", content)
    faults = measure_faults(TOY, tmp_path)
    assert faults.repeated == {"train": 1, "test": 1}
    assert faults.contradicted == {"train": 2, "test": 0}
    assert faults.shared == {("train", "test"): 1, ("test", "train"): 2}
    assert faults.sentences() == (
        "1 of 4 rows repeat in train, and 2 rows have a twin with other labels.",
        "1 of 4 rows repeat in test.",
        "1 of 4 rows of test also stand in train.",
    )


def test_faults_of_one_split_given_twice_are_refused(tmp_path):
    write(tmp_path / "toybench/train.parquet", ROWS)
    rows = load(TOY, tmp_path, "train")
    with pytest.raises(DataError, match="once"):
        faults_of([rows, rows])


# The data that is given


COUNTS = {
    "goemotions": ("test", 5427, 0),
    "goemotions-ekman": ("test", 5427, 0),
    "goemotions-sentiment": ("test", 5427, 0),
    "isear": ("all", 7451, 215),
    "empathetic-dialogues": ("dev", 2770, 0),
    "edos": ("all", 8910, 1335),
    "xed": ("all", 17528, 0),
    "emocontext": ("dev", 2755, 0),
    "emobank": ("dev", 1000, 0),
}


def given(benchmarks, name):
    if not any((benchmarks / folder).is_dir() for folder in benchmark(name).folders):
        pytest.skip(f"NO {name} in {benchmarks}: set EMO_HUB_BENCHMARKS")
    return benchmark(name)


@pytest.mark.parametrize("name", COUNTS)
def test_the_given_data_has_the_rows_that_are_known(benchmarks, name):
    rows = load_for_scoring(given(benchmarks, name), benchmarks)
    assert (rows.split, len(rows.texts), rows.dropped) == COUNTS[name]


def test_the_sentiment_of_goemotions_is_grouped_as_published(benchmarks):
    given(benchmarks, "goemotions")
    published = json.loads((benchmarks / "goemotions/sentiment_mapping.json").read_text())
    ours = {label: set(members) for label, members in GOEMOTIONS_TO_SENTIMENT.groups().items()}
    assert ours == {**{k: set(v) for k, v in published.items()}, "neutral": {"neutral"}}


def test_the_order_of_goemotions_is_that_of_its_label_file(benchmarks):
    given(benchmarks, "goemotions")
    assert tuple((benchmarks / "goemotions/emotions.txt").read_text().split()) == GOEMOTIONS.labels


def test_isear_is_cleaned_as_the_given_derivation_was(benchmarks):
    from emo_hub.evaluation.benchmarks.isear import cleaned, is_answer

    given(benchmarks, "isear")
    rows = pq.read_table(benchmarks / "isear/all.parquet").to_pylist()
    assert [cleaned(r["SIT"]) for r in rows] == [r["SIT_clean"] for r in rows]
    assert [is_answer(r["SIT"]) for r in rows] == [not r["non_response"] for r in rows]


@pytest.mark.parametrize("name", ["goemotions", "isear", "emocontext", "emobank"])
def test_faults_that_are_declared_are_those_that_are_measured(benchmarks, name):
    declared = given(benchmarks, name)
    faults = measure_faults(declared, benchmarks)
    numbers = set(re.findall(r"[\d,]*\d", " ".join(declared.faults)))
    scored = COUNTS[name][0]
    measured = {faults.repeated[scored], *(n for (a, b), n in faults.shared.items() if b == scored)}
    assert {f"{n:,}" for n in measured if n > 1} <= numbers


def test_shares_of_workers_never_exceed_the_whole(benchmarks):
    rows = load_for_scoring(given(benchmarks, "edos"), benchmarks)
    sums = rows.distributions.sum(axis=1)
    assert 0.6 < sums.min() <= sums.max() <= 1.0001
    assert rows.distributions.shape == rows.targets.shape
