"""Stories and texts of users come in whole, once, under stable ids, or are refused by name."""

from __future__ import annotations

import csv
import gzip
import json
import logging
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from emo_hub.cli import app
from emo_hub.errors import DataError, InputError
from emo_hub.synthesis.job import Job
from emo_hub.synthesis.narratives import Story, passages, read_stories
from emo_hub.synthesis.sentences import paragraphs, sentences
from emo_hub.synthesis.texts import read_texts

LINE = "The miller's cat sat by the cold stove and counted the mice that did not come. "
LONG = LINE * 8


def story_of(n):
    return f"Tale {n}. {LONG}"


def shared(name):
    places = [os.environ.get("EMO_HUB_NARRATIVES"), Path(__file__).parents[2] / "shared/narratives"]
    folder = next((Path(p) / name for p in places if p and (Path(p) / name).is_dir()), None)
    if folder is None:
        pytest.skip("NO NARRATIVES: set EMO_HUB_NARRATIVES to the folder that holds them")
    return folder


def write(path, rows):
    kind = path.name.removesuffix(".gz").rsplit(".")[-1]
    opened = gzip.open if path.suffix == ".gz" else open
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        if kind == "jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        elif kind == "json":
            json.dump({"about": "tales", "stories": rows}, file, indent=1)
        else:
            lines = csv.DictWriter(file, rows[0], delimiter="\t" if kind == "tsv" else ",")
            lines.writeheader()
            lines.writerows(rows)
    return path


ROWS = [
    {"id": f"t{n}", "title": f"Cat {n}", "text": story_of(n) + '\n\nShe said: "Go, now!"'}
    for n in range(3)
]


@pytest.mark.parametrize(
    "name",
    ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.jsonl.gz", "a.csv.gz", "a.json.gz"],
)
def test_every_kind_of_table_gives_the_same_stories(tmp_path, name):
    found = list(read_stories(write(tmp_path / name, ROWS), source="tales"))
    assert [(story.title, story.text) for story in found] == [
        (row["title"], row["text"]) for row in ROWS
    ]
    assert [story.id.split("-")[0] for story in found] == ["tales/t0", "tales/t1", "tales/t2"]


def test_an_id_ends_in_the_hash_of_the_text_and_stays_the_same(tmp_path):
    write(tmp_path / "a.jsonl", ROWS[::-1])
    write(tmp_path / "b.csv", ROWS)
    from hashlib import sha256

    first = {story.id for story in read_stories(tmp_path / "a.jsonl", source="s")}
    assert first == {story.id for story in read_stories(tmp_path / "b.csv", source="s")}
    digest = sha256(ROWS[0]["text"].encode()).hexdigest()[:8]
    assert f"s/t0-{digest}" in first


def test_ids_are_safe_in_file_names(tmp_path):
    rows = [{"title": 'Ä "Cat"/\\:*?\n..', "text": story_of(1)}, {"title": "猫", "text": LONG}]
    for story in read_stories(write(tmp_path / "My Tales (2).jsonl", rows)):
        source, own = story.id.split("/")
        assert source == "my-tales-2"
        assert set(own) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_folder_gives_one_story_a_text_file_and_leaves_its_paperwork(tmp_path):
    for name in ("sub/b.txt", "a.md", "LICENSE.txt", "README.md", ".hidden/c.txt", "picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name} {LONG}")
    (tmp_path / "z.txt.gz").write_bytes(gzip.compress(f"z {LONG}".encode()))
    found = list(read_stories(tmp_path, source="tales"))
    assert [story.title for story in found] == ["a", "b", "z"]
    assert found[1].id.startswith("tales/sub-b-")


def sections(order=(2, 10, 1)):
    return [
        {"story": own, "origin": "book", "section": str(n), "text": f"{own} {n}. {LONG}"}
        for own in ("fox", "hen")
        for n in order
    ]


def test_rows_of_one_id_are_joined_in_the_order_of_their_sections(tmp_path):
    found = list(read_stories(write(tmp_path / "a.parquet", sections())))
    assert [story.title for story in found] == ["fox", "hen"]
    starts = [paragraph.split(".")[0] for paragraph in paragraphs(found[0].text)]
    assert starts == ["fox 1", "fox 2", "fox 10"]


def test_rows_of_one_id_that_lie_apart_are_refused(tmp_path):
    rows = sections()
    write(tmp_path / "a.jsonl", [*rows, rows[0]])
    with pytest.raises(InputError, match="do not follow one another"):
        list(read_stories(tmp_path / "a.jsonl", id_column="story"))


def test_an_empty_id_column_makes_each_row_a_story(tmp_path):
    assert len(list(read_stories(write(tmp_path / "a.jsonl", sections()), id_column=""))) == 6


def test_a_number_of_the_row_does_not_hide_the_id_of_the_story(tmp_path):
    rows = [{"id": n} | row for n, row in enumerate(sections())]
    assert len(list(read_stories(write(tmp_path / "a.jsonl", rows)))) == 2


def test_two_columns_of_text_are_asked_about(tmp_path):
    path = write(tmp_path / "a.csv", [{"raw": LONG, "clean": LONG, "note": "short"}])
    with pytest.raises(InputError, match=r"raw 128, clean 128, note 1.*--text-column"):
        list(read_stories(path))
    assert next(read_stories(path, text_column="clean")).text == LONG.strip()


def test_a_table_without_stories_is_refused_alone_and_passed_over_in_company(tmp_path, caplog):
    facts = write(tmp_path / "facts.csv", [{"name": "fox", "words": "200"}])
    with pytest.raises(InputError, match="no column with 40 words"):
        list(read_stories(facts))
    write(tmp_path / "tales.jsonl", ROWS)
    with caplog.at_level(logging.INFO):
        assert len(list(read_stories(tmp_path))) == 3
    assert "facts.csv" in caplog.text


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    path = write(tmp_path / "a.jsonl", ROWS)
    for option in ("text_column", "id_column", "title_column"):
        with pytest.raises(InputError, match="mean words by column: text 1"):
            list(read_stories(path, **{option: "nonsense"}))


def test_empty_and_repeated_stories_are_counted(tmp_path):
    rows = [ROWS[0], {"id": "x", "title": "", "text": " "}, {**ROWS[0], "id": "y"}, ROWS[1]]
    stories = read_stories(write(tmp_path / "a.jsonl", rows))
    assert len(list(stories)) == 2
    assert stories.skipped == {"empty": 1, "duplicate": 1}


def test_limit_counts_stories_that_are_given(tmp_path):
    rows = [ROWS[0], ROWS[0], ROWS[1], ROWS[2]]
    path = write(tmp_path / "a.parquet", rows)
    assert [s.title for s in read_stories(path, limit=2)] == ["Cat 0", "Cat 1"]
    assert list(read_stories(path, limit=0)) == []


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.txt", b"one\ntwo\ncaf\xe9\n", r"a\.txt, line 3 is not UTF-8 \(byte 0xe9"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', r"a\.jsonl, line 2 is not JSON"),
        ("a.jsonl", b'{"text": "a"}\n[1]\n', r"line 2 is list"),
        ("a.json", b"17", "holds one int"),
        ("a.csv", b"id,text\n1,a,b\n", "line 2 has 3 columns and the first line 2"),
        ("a.tsv", b'id\ttext\n1\t"Go," he said.\n', "line 2: .* quote"),
        (
            "a.csv",
            b"it was a long text and it had no name of a column at all before it\n",
            "begins",
        ),
        ("a.parquet", b"PAR1 not really", "cannot be read as Parquet"),
        ("a.txt", b"\x00\x01\x02", "zero byte"),
        ("a.txt.gz", gzip.compress(b"hello" * 999)[:30], "ends or breaks after line"),
        ("a.txt.gz", b"no gzip", "ends or breaks after line"),
        ("a.txt", b"x" * 5_000_001, "more than 5 MB"),
        ("a.jsonl", json.dumps({"text": "x " * 2_600_000}).encode(), "over 5000000 characters"),
        ("a.jsonl", json.dumps({"text": LONG + "\ud800"}).encode(), "half a character"),
    ],
)
def test_damage_is_named(tmp_path, name, content, complaint):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        list(read_stories(tmp_path / name, text_column="text"))


def test_sections_that_are_too_much_together_are_refused_before_they_are_held(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        for _ in range(60):
            file.write(json.dumps({"id": "one", "text": "word " * 20_000}) + "\n")
    with pytest.raises(DataError, match='--id-column ""'):
        list(read_stories(path, id_column="id"))


@pytest.mark.parametrize("where", ["nowhere", "/no/such/file.txt", "a b/c"])
def test_a_place_that_is_not_there_is_refused(where):
    with pytest.raises(InputError, match="is no file, no folder"):
        read_stories(where)


def test_a_kind_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    for where in (tmp_path, tmp_path / "a.pdf"):
        with pytest.raises(InputError, match=r"wanted \.txt, \.md, \.jsonl"):
            read_stories(where)


def test_a_dataset_on_the_hub_without_a_network_is_a_clear_error():
    with pytest.raises(InputError, match=r"no such file or folder.*Without a network"):
        read_stories("nobody/nothing@v1:config/train")


def test_a_dataset_is_read_as_a_stream_with_its_splits(tmp_path, monkeypatch):
    # What stands on the Hub in such a layout, load_dataset opens from a folder the same way.
    (tmp_path / "some" / "tales").mkdir(parents=True)
    write(tmp_path / "some/tales/train.jsonl", ROWS[:2])
    write(tmp_path / "some/tales/test.jsonl", ROWS[2:])
    monkeypatch.chdir(tmp_path)
    found = [story.title for story in read_stories("hf://datasets/some/tales")]
    assert found == ["Cat 0", "Cat 1", "Cat 2"]
    assert [s.title for s in read_stories("hf://datasets/some/tales/test")] == ["Cat 2"]
    texts = read_texts("hf://datasets/some/tales/test", source="t")
    assert [text.reference for text in texts.items] == ["t/test/t2"]


def test_a_csv_may_hold_a_text_beyond_the_limit_of_the_csv_module(tmp_path):
    rows = [{"id": "a", "text": "long " * 60_000}]
    assert len(next(read_stories(write(tmp_path / "a.csv", rows))).text) > 131_072


def test_stories_are_read_one_by_one(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps({"id": n, "text": story_of(n)}) + "\n" for n in range(300))
        file.write("broken\n")
    stories = read_stories(path)
    assert [next(stories).text[:7] for _ in range(50)][-1] == "Tale 49"


def test_fairy_tales_come_whole_and_their_questions_do_not():
    folder = shared("fairytaleqa_stories")
    stories = list(read_stories(folder))
    assert len(stories) == 278
    rows = pq.read_table(folder / "sections.parquet", columns=["text"]).to_pylist()
    assert sum(len(story.text.split()) for story in stories) == sum(
        len(row["text"].split()) for row in rows
    )
    for story in stories:
        cut = passages(story)
        assert all(len(passage.text.split()) <= 700 for passage in cut)
        assert " ".join(passage.text for passage in cut).split() == story.text.split()


def test_fables_have_their_titles_as_names():
    stories = list(read_stories(shared("aesop_for_children")))
    assert len(stories) == 146
    assert all(story.title for story in stories)


SPEECH = (
    'Mr. Fox met Dr. J. R. Hen at St. Anne\'s. "Who is there?" asked the hen. "It is I!" '
    'Old Fox said. "Wait here. I will not be long." So did I. Then it was No. 5, by the '
    "U.S. Mint. “No. I won't.” \u2018Alas! alas!\u2019 he wept... He left at 3.30 p.m. on "
    "Monday (he said). And so on, i.e. Bob's way, etc. The end"
)


def test_sentences_end_where_a_reader_says_so():
    assert sentences(SPEECH) == (
        "Mr. Fox met Dr. J. R. Hen at St. Anne's.",
        '"Who is there?" asked the hen.',
        '"It is I!" Old Fox said.',
        '"Wait here.',
        'I will not be long."',
        "So did I.",
        "Then it was No. 5, by the U.S. Mint.",
        "“No.",
        "I won't.”",
        "\u2018Alas! alas!\u2019 he wept...",
        "He left at 3.30 p.m. on Monday (he said).",
        "And so on, i.e. Bob's way, etc.",
        "The end",
    )


def test_sentences_lose_nothing():
    assert " ".join(sentences(SPEECH)) == SPEECH


def test_hand_wrapped_lines_are_one_paragraph_and_long_lines_are_several():
    assert paragraphs("One line\nand its rest.\n\nTwo.") == ("One line and its rest.", "Two.")
    assert paragraphs(f"{LONG}\nTwo.\r\nThree\rmore.") == (LONG.strip(), "Two.", "Three more.")


@pytest.mark.parametrize("text", ["." * 300_000, "Mr. " * 60_000, '" ' * 200_000, "a.b" * 100_000])
def test_a_page_of_nonsense_does_not_take_for_ever(text):
    import time

    start = time.monotonic()
    for paragraph in paragraphs(text):
        sentences(paragraph)
    assert time.monotonic() - start < 5


def story(text):
    return Story("s/a-00000000", "s", "A", text)


def test_passages_are_balanced_and_end_with_paragraphs():
    text = "\n\n".join([LINE * 4] * 15)
    cut = passages(story(text), most_words=400)
    assert [len(passage.text.split()) for passage in cut] == [320, 320, 320]
    assert [(passage.part, passage.parts) for passage in cut] == [(n, 3) for n in (1, 2, 3)]
    assert [passage.id for passage in cut] == [f"s/a-00000000#{n}" for n in (1, 2, 3)]


def test_a_cut_between_paragraphs_is_preferred_to_an_even_one():
    cut = passages(story(f"{LINE * 5}\n\n{LINE * 7}"), most_words=160)
    assert [len(passage.sentences) for passage in cut] == [5, 7]


def test_a_paragraph_that_is_too_long_is_cut_between_sentences():
    cut = passages(story(LINE * 100), most_words=200)
    assert all(passage.text.endswith("come.") for passage in cut)
    assert max(len(passage.text.split()) for passage in cut) <= 200
    assert min(len(passage.text.split()) for passage in cut) >= 150


def test_a_text_without_full_stops_is_cut_after_commas():
    cut = passages(story("once there was a fox, " * 200), most_words=100)
    assert max(len(passage.text.split()) for passage in cut) <= 100
    assert all(passage.text.endswith(",") for passage in cut)


def test_stories_that_are_too_short_are_said_to_be(tmp_path, caplog):
    write(tmp_path / "a.jsonl", [{"text": LONG}, {"text": "word " * 45}, {"text": "tale " * 59}])
    found = list(Job(narratives=str(tmp_path), text_column="text").passages())
    assert {passage.story.text for passage in found} == {LONG.strip()}
    assert "under 60 words: 2 stories" in caplog.text


def test_a_corpus_of_short_stories_alone_is_refused(tmp_path):
    write(tmp_path / "a.jsonl", [{"text": "word " * 45}, {"text": "tale " * 59}])
    with pytest.raises(InputError, match="every story has fewer than 60 words"):
        list(Job(narratives=str(tmp_path), text_column="text").passages())


def test_a_story_that_is_too_short_gives_nothing():
    assert passages(story("The end.")) == ()
    assert len(passages(story("The end."), fewest_words=2)) == 1


def test_a_passage_tells_its_beginning_and_numbers_its_sentences():
    (passage,) = passages(story("One came. Two left. Three stayed."), fewest_words=1)
    assert passage.until(2) == "One came. Two left."
    assert passage.numbered() == "[1] One came.\n[2] Two left.\n[3] Three stayed."
    assert passage.text == "One came. Two left. Three stayed."


TEXTS = [{"id": f"c{n}", "text": f"I am so glad about number {n}!"} for n in range(5)]


def test_texts_are_named_by_source_split_and_own_id(tmp_path):
    (tmp_path / "talk").mkdir()
    write(tmp_path / "talk/dev.parquet", TEXTS[:2])
    write(tmp_path / "talk/train-00000-of-00001.csv", TEXTS[2:])
    texts = read_texts(tmp_path / "talk")
    assert [text.reference for text in texts.items] == [
        "talk/validation/c0",
        "talk/validation/c1",
        "talk/train/c2",
        "talk/train/c3",
        "talk/train/c4",
    ]
    assert len(texts) == 5
    assert texts.text_of("talk/train/c3") == TEXTS[3]["text"]
    assert next(read_texts(tmp_path / "talk/dev.parquet").items).reference == "talk/validation/c0"


def test_text_files_beside_tables_are_said_not_to_be_read(tmp_path, caplog):
    write(tmp_path / "talk.csv", TEXTS)
    (tmp_path / "more.txt").write_text("I am so sad today.\n")
    assert len(read_texts(tmp_path)) == len(TEXTS)
    assert "1 text files beside tables are not read" in caplog.text


def test_a_split_comes_from_the_caller_then_from_the_column(tmp_path):
    path = write(tmp_path / "test.jsonl", [{**TEXTS[0], "split": "dev"}])
    assert next(read_texts(path).items).split == "validation"
    assert next(read_texts(path, split="train").items).split == "train"
    write(path, [{**TEXTS[0], "split": "fold3"}])
    with pytest.raises(InputError, match="fold3"):
        read_texts(path)


def test_a_text_without_id_is_named_by_row_and_hash(tmp_path):
    from hashlib import sha256

    (tmp_path / "notes.txt").write_text("I am glad.\n\nI am not.\n")
    texts = read_texts(tmp_path / "notes.txt")
    digest = sha256(b"I am not.").hexdigest()[:8]
    assert [text.reference for text in texts.items][1] == f"notes/train/3-{digest}"
    assert texts.skipped == {"empty": 1}


def test_a_text_without_id_that_comes_again_is_asked_about_once(tmp_path):
    (tmp_path / "notes.txt").write_text("I am glad.\nI am not.\nI am  GLAD.\n")
    texts = read_texts(tmp_path / "notes.txt")
    assert (len(texts), texts.skipped) == (2, {"duplicate": 1})
    assert [texts.text_of(text.reference) for text in texts.items] == ["I am glad.", "I am not."]


def test_a_text_under_two_ids_of_its_own_stands_under_both(tmp_path):
    texts = read_texts(write(tmp_path / "a.jsonl", [*TEXTS, {**TEXTS[0], "id": "again"}]))
    assert (len(texts), texts.skipped) == (6, {})


def test_ids_that_do_not_tell_rows_apart_are_not_taken_unasked(tmp_path):
    path = write(tmp_path / "a.jsonl", [{**row, "id": "same"} for row in TEXTS])
    assert len(read_texts(path)) == 5
    with pytest.raises(InputError, match="'same' stands there twice"):
        read_texts(path, id_column="id")


def test_an_id_that_cannot_stand_in_a_prompt_is_refused(tmp_path):
    path = write(tmp_path / "a.jsonl", [{**TEXTS[0], "id": "{{x}}"}])
    with pytest.raises(InputError, match="cannot stand in a prompt"):
        read_texts(path)
    assert len(read_texts(path, id_column="")) == 1


def test_the_command_line_says_which_column_is_which(tmp_path):
    path = write(tmp_path / "a.csv", [{"raw": LONG, "clean": LONG, "note": "short"}])
    line = ["corpus", "build", "--narratives", str(path), "--dry-run"]
    assert "--text-column" in str(CliRunner().invoke(app, line).exception)
    told = CliRunner().invoke(app, [*line, "--text-column", "clean"])
    assert told.exit_code == 0, told.output
    texts = str(write(tmp_path / "b.jsonl", [{**TEXTS[0], "id": "{{x}}"}]))
    line = ["corpus", "build", "--texts", texts, "--dry-run"]
    assert "--id-column" in str(CliRunner().invoke(app, line).exception)
    told = CliRunner().invoke(app, [*line, "--id-column", ""])
    assert told.exit_code == 0, told.output


def test_a_store_that_was_filled_without_named_columns_goes_on():
    assert not {"text_column", "id_column"} & Job(texts="mail.csv").facts.keys()
    assert Job(texts="mail.csv", id_column="").facts["id_column"] == ""


def test_long_texts_are_refused_and_counted(tmp_path):
    path = write(tmp_path / "a.jsonl", [*TEXTS, {"id": "l", "text": "word " * 500}])
    texts = read_texts(path, text_column="text")
    assert (len(texts), texts.skipped) == (5, {"too_long": 1})


def test_a_text_that_is_not_there_is_named(tmp_path):
    texts = read_texts(write(tmp_path / "a.jsonl", TEXTS))
    for reference in ("a/train/nothing", "other/train/c1", "a", "a/test/c1"):
        with pytest.raises(DataError, match=reference):
            texts.text_of(reference)


def test_texts_can_be_asked_for_from_many_threads(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    rows = [{"id": f"c{n}", "text": f"text number {n}"} for n in range(3000)]
    texts = read_texts(write(tmp_path / "a.jsonl", rows))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: texts.text_of(text.reference), texts.items))
    assert found == [row["text"] for row in rows]


def test_texts_fill_the_prompts_of_a_live_teacher(tmp_path):
    from emo_hub.synthesis.descriptors import STAGE
    from emo_hub.teacher import Filled, Reply

    class Echo:
        width = 1

        def answer(self, prompt):
            return Reply(prompt.messages[-1][1], "echo")

    texts = read_texts(write(tmp_path / "a.jsonl", TEXTS))
    teacher = Filled(Echo(), texts.text_of)
    prompt = STAGE.ask(next(texts.items))
    assert TEXTS[0]["text"] not in prompt.messages[-1][1]
    assert teacher.answer(prompt).text == f"The comment:\n{TEXTS[0]['text']}"


def test_comments_keep_the_names_that_recordings_know(benchmarks):
    texts = read_texts(benchmarks / "goemotions")
    assert len(texts) == 54_263
    assert {text.split for text in texts.items} == {"train", "validation", "test"}
    first = pq.read_table(benchmarks / "goemotions/train.parquet").slice(0, 1).to_pylist()[0]
    assert texts.text_of(f"goemotions/train/{first['id']}") == first["text"].strip()
