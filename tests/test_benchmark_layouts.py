"""Each benchmark that is not here is read from a few rows of our own in its release's true form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emo_hub.errors import DataError, InputError
from emo_hub.evaluation.benchmarks import benchmark
from emo_hub.evaluation.loading import (
    LoadedBenchmark,
    choose,
    fitting_split,
    load,
    load_for_scoring,
    splits,
)


def put(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def table(path: Path, delimiter: str, *rows: list[object], encoding: str = "utf-8") -> None:
    put(path, "".join(delimiter.join(map(str, row)) + "\n" for row in rows), encoding)


def parquet(path: Path, **columns: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def labels_of(rows: LoadedBenchmark) -> list[tuple[str, ...]]:
    return [
        tuple(label for label, on in zip(rows.labels, target, strict=True) if on)
        for target in rows.targets
    ]


SEMEVAL = ["ID", "Tweet", "anger", "anticipation", "disgust", "fear", "joy", "love", "optimism",
           "pessimism", "sadness", "surprise", "trust"]  # fmt: skip


def semeval_row(name: str, text: str, *on: str) -> list[object]:
    return [name, text, *(int(label in on) for label in SEMEVAL[2:])]


def semeval(folder: Path) -> None:
    table(
        folder / "2018-E-c-En-dev.txt",
        "\t",
        SEMEVAL,
        semeval_row("2018-En-9", "Trains are late again.", "anger", "pessimism"),
    )
    table(
        folder / "2018-E-c-En-test-gold.txt",
        "\t",
        SEMEVAL,
        semeval_row("2018-En-1", '"Tea at last, all of us', "joy", "optimism"),
        semeval_row("2018-En-2", "The shop opens at nine."),
    )


def test_semeval_reads_the_tsv_of_the_task_with_lone_quotes_and_rows_without_emotion(tmp_path):
    semeval(tmp_path / "semeval2018-ec")
    declared = benchmark("semeval2018-ec")
    rows = load_for_scoring(declared, tmp_path)
    assert rows.texts == ('"Tea at last, all of us', "The shop opens at nine.")
    assert labels_of(rows) == [("joy", "optimism"), ()]
    assert rows.ids == ("2018-En-1", "2018-En-2")
    assert rows.headline == "jaccard"
    dev = load(declared, tmp_path, "dev")
    assert labels_of(dev) == [("anger", "pessimism")]
    assert not dev.is_scored
    assert fitting_split(declared, tmp_path) == "dev"


def test_semeval_reads_the_unpacked_archive_of_all_languages(tmp_path):
    semeval(tmp_path / "SemEval2018-Task1-all-data" / "English" / "E-c")
    table(
        tmp_path / "SemEval2018-Task1-all-data" / "Spanish" / "E-c" / "2018-E-c-Es-test-gold.txt",
        "\t",
        SEMEVAL,
        semeval_row("2018-Es-1", "El tren llega tarde.", "anger"),
    )
    assert len(load_for_scoring(benchmark("semeval2018-ec"), tmp_path).texts) == 2


def test_semeval_reads_the_booleans_of_the_hub_copy(tmp_path):
    off = {label: [False] for label in SEMEVAL[2:]}
    parquet(
        tmp_path / "sem_eval_2018_task_1" / "test-00000-of-00001.parquet",
        ID=["2018-En-1"], Tweet=["We won the cup!"], **{**off, "joy": [True], "love": [True]},
    )  # fmt: skip
    rows = load_for_scoring(benchmark("semeval2018-ec"), tmp_path)
    assert labels_of(rows) == [("joy", "love")]


def test_a_semeval_test_file_with_hidden_labels_is_not_scored_as_no_emotion(tmp_path):
    hidden = ["2018-En-1", "We won the cup!", *(["NONE"] * 11)]
    table(tmp_path / "semeval2018-ec" / "2018-E-c-En-test.txt", "\t", SEMEVAL, hidden)
    with pytest.raises(DataError, match=r"hidden in this file; take 2018-E-c-En-test-gold\.txt"):
        load_for_scoring(benchmark("semeval2018-ec"), tmp_path)


MELD = ["Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID",
        "Season", "Episode", "StartTime", "EndTime"]  # fmt: skip


def meld(path: Path, encoding: str = "utf-8", apostrophe: str = "'") -> None:
    times = ['"00:00:01,100"', '"00:00:02,200"']
    table(
        path,
        ",",
        MELD,
        [1, '"Who ate the pie, then?"', "Ada", "anger", "negative", 0, 0, 3, 7, *times],
        [3, "Look at that.", "Bo", "surprise", "positive", 1, 0, 3, 7, *times],
        [2, f"I didn{apostrophe}t.", "Bo", "fear", "negative", 0, 1, 3, 7, *times],
        [4, "Fine.", "Ada", "neutral", "neutral", 0, 2, 3, 7, *times],
        encoding=encoding,
    )


def test_meld_gives_each_turn_what_its_own_dialogue_said_before(tmp_path):
    meld(tmp_path / "meld" / "test_sent_emo.csv")
    meld(tmp_path / "meld" / "dev_sent_emo.csv")
    rows = load_for_scoring(benchmark("meld"), tmp_path)
    assert rows.texts == ("Who ate the pie, then?", "Look at that.", "I didn't.", "Fine.")
    assert rows.contexts == (
        None,
        None,
        "Ada: Who ate the pie, then?",
        "Ada: Who ate the pie, then?\nBo: I didn't.",
    )
    assert labels_of(rows) == [("anger",), ("surprise",), ("fear",), ("neutral",)]
    assert rows.groups == ("3-7-0", "3-7-1", "3-7-0", "3-7-0")
    assert (rows.headline, rows.neutral) == ("weighted_f1", "neutral")
    assert load(benchmark("meld"), tmp_path, "dev").texts == rows.texts


@pytest.mark.parametrize(
    ("encoding", "apostrophe"), [("cp1252", "\u2019"), ("utf-8", "\x92"), ("utf-8", "\u2019")]
)
def test_meld_mends_the_curly_quotes_of_each_copy(tmp_path, encoding, apostrophe):
    meld(tmp_path / "MELD" / "data" / "MELD" / "test_sent_emo.csv", encoding, apostrophe)
    assert load_for_scoring(benchmark("meld"), tmp_path).texts[2] == "I didn\u2019t."


def emory_json(*scenes: list[dict[str, object]]) -> str:
    held = [{"scene_id": f"s01_e01_c0{i}", "utterances": s} for i, s in enumerate(scenes, 1)]
    return json.dumps({"season_id": "s01", "episodes": [{"episode_id": "e", "scenes": held}]})


def emory_turn(number: int, speakers: list[str], text: str, emotion: str) -> dict[str, object]:
    return {
        "utterance_id": f"s01_e01_c01_u00{number}", "speakers": speakers, "transcript": text,
        "tokens": [text.split()], "emotion": emotion,
    }  # fmt: skip


def test_emorynlp_reads_the_json_of_the_release_scene_by_scene(tmp_path):
    first = [
        emory_turn(1, ["Ada Low"], "The roof leaks.", "Scared"),
        emory_turn(2, ["Bo High", "Cy Mid"], "We will mend it.", "Powerful"),
    ]
    second = [emory_turn(3, ["Cy Mid"], "What a calm day.", "Peaceful")]
    folder = tmp_path / "emorynlp" / "json"
    put(folder / "emotion-detection-tst.json", emory_json(first, second))
    put(folder / "emotion-detection-dev.json", emory_json(second))
    rows = load_for_scoring(benchmark("emorynlp"), tmp_path)
    assert rows.split == "test"
    assert labels_of(rows) == [("scared",), ("powerful",), ("peaceful",)]
    assert rows.contexts == (None, "Ada Low: The roof leaks.", None)
    assert rows.groups == ("s01_e01_c01", "s01_e01_c01", "s01_e01_c02")
    assert rows.ids[1] == "s01_e01_c01_u002"
    assert load(benchmark("emorynlp"), tmp_path, "dev").texts == ("What a calm day.",)
    assert splits(benchmark("emorynlp"), tmp_path) == ("dev", "test")


def test_emorynlp_reads_the_csv_copy_with_speakers_in_a_list(tmp_path):
    header = ["Utterance", "Speaker", "Emotion", "Scene_ID", "Utterance_ID", "Season", "Episode"]
    table(
        tmp_path / "emorynlp" / "emorynlp_test_final.csv",
        ",",
        header,
        ["The roof leaks.", "['Ada Low']", "Scared", 1, 1, 1, 15],
        ["We will mend it.", "\"['Bo High', 'Cy Mid']\"", "Powerful", 1, 3, 1, 15],
        ["I sing.", "['Cy Mid']", "Joyful", 1, 4, 1, 15],
        ["Another episode.", "['Cy Mid']", "Neutral", 1, 1, 1, 20],
    )
    rows = load_for_scoring(benchmark("emorynlp"), tmp_path)
    assert rows.contexts[2] == "Ada Low: The roof leaks.\nBo High, Cy Mid: We will mend it."
    assert rows.contexts[3] is None
    assert rows.groups == ("1-15-1", "1-15-1", "1-15-1", "1-20-1")
    assert labels_of(rows)[2:] == [("joyful",), ("neutral",)]


def test_damaged_json_of_emorynlp_is_said_to_be_of_another_form(tmp_path):
    put(tmp_path / "emorynlp" / "emotion-detection-tst.json", '{"seasons": []}')
    with pytest.raises(DataError, match="not in the form of the release, episodes of scenes"):
        load_for_scoring(benchmark("emorynlp"), tmp_path)


def dailydialog(folder: Path) -> None:
    put(
        folder / "test" / "dialogues_test.txt",
        "Do you like it ? __eou__ I love it ! __eou__ Good . __eou__\n"
        "My dog ran away . __eou__ Oh no . __eou__\n",
    )
    put(folder / "test" / "dialogues_emotion_test.txt", "0 4 0 \n5 6 \n")
    put(folder / "test" / "dialogues_act_test.txt", "2 1 1 \n1 1 \n")
    put(folder / "validation" / "dialogues_validation.txt", "Go away ! __eou__\n")
    put(folder / "validation" / "dialogues_emotion_validation.txt", "1 \n")


def test_dailydialog_reads_the_text_files_of_the_release(tmp_path):
    dailydialog(tmp_path / "EMNLP_dataset")
    declared = benchmark("dailydialog")
    rows = load_for_scoring(declared, tmp_path)
    assert rows.texts[:3] == ("Do you like it ?", "I love it !", "Good .")
    assert labels_of(rows) == [
        ("neutral",), ("happiness",), ("neutral",), ("sadness",), ("surprise",),
    ]  # fmt: skip
    assert rows.contexts == (
        None, "Do you like it ?", "Do you like it ?\nI love it !", None, "My dog ran away .",
    )  # fmt: skip
    assert rows.groups == ("test-1",) * 3 + ("test-2",) * 2
    assert rows.headline == "micro_f1_without_neutral"
    assert labels_of(load(declared, tmp_path, "dev")) == [("anger",)]


@pytest.mark.parametrize(("texts", "emotions"), [("dialog", "emotion"), ("utterances", "emotions")])
def test_dailydialog_reads_the_lists_of_its_hub_copies(tmp_path, texts, emotions):
    parquet(
        tmp_path / "daily_dialog" / "test.parquet",
        **{texts: [["Hello .", "I am sad ."], ["Ugh !", "Yes !"]], emotions: [[0, 5], [2, 4]]},
    )
    rows = load_for_scoring(benchmark("dailydialog"), tmp_path)
    assert rows.texts == ("Hello .", "I am sad .", "Ugh !", "Yes !")
    assert rows.contexts == (None, "Hello .", None, "Ugh !")
    assert labels_of(rows) == [("neutral",), ("sadness",), ("disgust",), ("happiness",)]


def test_a_dialogue_with_more_turns_than_labels_is_left_out_and_counted(tmp_path):
    parquet(
        tmp_path / "dailydialog" / "test.parquet",
        dialog=[["Hello .", "I am sad ."], ["Ugh !"]], emotion=[[0], [2]],
    )  # fmt: skip
    rows = load_for_scoring(benchmark("dailydialog"), tmp_path)
    assert (rows.texts, rows.dropped) == (("Ugh !",), 2)


def test_dailydialog_files_of_different_length_are_refused(tmp_path):
    dailydialog(tmp_path / "dailydialog")
    put(tmp_path / "dailydialog" / "test" / "dialogues_emotion_test.txt", "0 4 0 \n")
    with pytest.raises(DataError, match=r"has 2 lines and .* has 1; they must stand line beside"):
        load_for_scoring(benchmark("dailydialog"), tmp_path)


def test_dair_reads_the_numbers_of_its_parquet_files(tmp_path):
    folder = tmp_path / "emotion" / "split"
    parquet(
        folder / "test-00000-of-00001.parquet", text=["i feel low", "i adore you"], label=[0, 2]
    )
    parquet(folder / "validation-00000-of-00001.parquet", text=["i feel shocked"], label=[5])
    rows = load_for_scoring(benchmark("dair-emotion"), tmp_path)
    assert labels_of(rows) == [("sadness",), ("love",)]
    assert labels_of(load(benchmark("dair-emotion"), tmp_path, "dev")) == [("surprise",)]


def test_dair_ignores_the_unsplit_rows_beside_the_split(tmp_path):
    folder = tmp_path / "dair-emotion"
    parquet(folder / "split" / "test-00000-of-00001.parquet", text=["i feel low"], label=[0])
    parquet(folder / "unsplit" / "train-00000-of-00001.parquet", text=["i feel low"], label=[0])
    assert splits(benchmark("dair-emotion"), tmp_path) == ("test",)


BRIGHTER = {"anger": [0, 1, 1, 0], "fear": [1, 0, 0, 0], "joy": [0, 0, 0, 0],
            "sadness": [1, 0, 0, 0], "surprise": [0, 1, 1, 0]}  # fmt: skip


def test_brighter_reads_the_hub_copy_with_an_empty_disgust_and_each_text_once(tmp_path):
    parquet(
        tmp_path / "BRIGHTER-emotion-categories" / "eng" / "test-00000-of-00001.parquet",
        id=["eng_test_track_a_1", "eng_test_track_a_2", "eng_test_track_c_2", "eng_test_track_a_3"],
        text=["The cellar light went out.", "He did what?", "He did what?", "#NAME?"],
        disgust=pa.array([None] * 4, pa.int64()), **BRIGHTER,
        emotions=[["fear", "sadness"], ["anger", "surprise"], ["anger", "surprise"], []],
    )  # fmt: skip
    rows = load_for_scoring(benchmark("brighter-en"), tmp_path)
    assert labels_of(rows) == [("fear", "sadness"), ("anger", "surprise")]
    assert rows.labels == ("anger", "fear", "joy", "sadness", "surprise")
    assert rows.dropped == 2


def test_brighter_reads_the_csv_of_the_task_with_capital_names(tmp_path):
    table(
        tmp_path / "brighter" / "track_a" / "dev" / "eng.csv",
        ",",
        ["id", "text", "Anger", "Fear", "Joy", "Sadness", "Surprise"],
        ["eng_dev_track_a_1", '"Well, nothing."', 0, 0, 0, 0, 0],
        ["eng_dev_track_a_2", "What a gift!", 0, 0, 1, 0, 1],
    )
    rows = load_for_scoring(benchmark("brighter-en"), tmp_path)
    assert (rows.split, labels_of(rows)) == ("dev", [(), ("joy", "surprise")])


def test_brighter_refuses_a_language_with_disgust(tmp_path):
    parquet(
        tmp_path / "brighter-en" / "test.parquet",
        id=list("abcd"), text=["w", "x", "y", "z"], disgust=[0, 1, 0, 0], **BRIGHTER,
    )  # fmt: skip
    with pytest.raises(DataError, match="disgust is marked, which the English part"):
        load_for_scoring(benchmark("brighter-en"), tmp_path)


ENISEAR = ["Sentence_id", "Prior_Emotion", "Sentence", "Temporal_Distance", "Intensity", "Duration",
           "Gender", "City", "Country", "Worker_id", "Time", "Anger", "Disgust", "Fear", "Guilt",
           "Joy", "Sadness", "Shame"]  # fmt: skip


def enisear(folder: Path) -> None:
    meta = ["D", "Vi", "Fm", "Fl", "Cork", "IRL"]
    table(
        folder / "enISEAR.tsv",
        "\t",
        ENISEAR,
        [1, "Guilt", "I felt ... when I broke her vase.", *meta, 7, 40, 0, 0, 0, 3, 0, 0, 2],
        [2, "Joy", 'I felt ... because he said "yes".', *meta, 8, 41, 0, 0, 0, 0, 4, 0, 0],
        [3, "Fear", "I felt ... as the ice cracked.", *meta, 7, 42, 0, 0, 0, 0, 0, 0, 0],
    )
    put(folder / "enISEAR_validation.tsv", "Sentence_id\tAnswer\n1\tShame\n")
    put(folder / "deISEAR.tsv", "Sentence_id\tPrior_Emotion\tSentence\n1\tWut\tEin Satz.\n")


def test_enisear_gives_the_votes_of_the_readers_as_distributions(tmp_path):
    enisear(tmp_path / "deISEARenISEAR")
    rows = load_for_scoring(benchmark("enisear"), tmp_path)
    assert rows.split == "all"
    assert rows.texts[0] == "I felt ... when I broke her vase."
    assert labels_of(rows) == [("guilt",), ("joy",), ("fear",)]
    by_label = dict(zip(rows.labels, rows.distributions[0], strict=True))
    assert (by_label["guilt"], by_label["shame"]) == (pytest.approx(0.6), pytest.approx(0.4))
    np.testing.assert_allclose(np.nansum(rows.distributions[:2], axis=1), 1)
    assert rows.groups == ("7", "8", "7")


def test_nothing_of_enisear_can_be_fitted_on_although_a_file_is_called_validation(tmp_path):
    enisear(tmp_path / "enisear")
    assert fitting_split(benchmark("enisear"), tmp_path) is None
    with pytest.raises(InputError, match="has no split 'dev' there; there are: all"):
        load(benchmark("enisear"), tmp_path, "dev")


def ssec_line(text: str, *on: str) -> list[object]:
    order = ["Anger", "Anticipation", "Disgust", "Fear", "Joy", "Sadness", "Surprise", "Trust"]
    return [*(label if label in on else "---" for label in order), text]


def test_ssec_reads_the_file_of_one_annotator_without_header_or_quoting(tmp_path):
    folder = tmp_path / "ssec" / "ssec-aggregated"
    table(
        folder / "test-combined-0.0.csv",
        "\t",
        ssec_line('"Soon, they said', "Anger", "Anticipation"),
        ssec_line("A quiet street", ),
        ssec_line("XXXXXXXXXXXX"),
    )  # fmt: skip
    table(folder / "test-combined-0.99.csv", "\t", ssec_line("They said soon", "Anger"))
    table(folder / "train-combined-0.0.csv", "\t", ssec_line("I trust her", "Trust", "Joy"))
    rows = load_for_scoring(benchmark("ssec"), tmp_path)
    assert rows.texts == ('"Soon, they said', "A quiet street")
    assert labels_of(rows) == [("anger", "anticipation"), ()]
    assert rows.dropped == 1
    assert labels_of(load(benchmark("ssec"), tmp_path, "train")) == [("joy", "trust")]
    assert fitting_split(benchmark("ssec"), tmp_path) is None


def test_an_ssec_column_with_another_emotion_is_refused(tmp_path):
    shifted = ["Fear", *ssec_line("A quiet street")[1:]]
    table(tmp_path / "ssec" / "test-combined-0.0.csv", "\t", shifted)
    with pytest.raises(DataError, match=r"Row 1 of .* column anger holds 'Fear'; wanted anger or"):
        load_for_scoring(benchmark("ssec"), tmp_path)


def iemocap(root: Path, sessions: tuple[int, ...] = (1, 2, 3, 4, 5)) -> None:
    for n in sessions:
        name = f"Ses0{n}F_impro01"
        put(
            root / f"Session{n}" / "dialog" / "transcriptions" / f"{name}.txt",
            f"{name}_F000 [006.2901-008.2357]: Is it far?\n"
            f"{name}_F001 [012.0000-014.1000]: Oh, wonderful!\n"
            f"{name}_M000 [009.5712-010.4750]: Ten miles.\n"
            f"{name}_M001 [015.0000-016.0000]: Stop laughing.\n"
            f"{name}_MXX0 [017.0000-018.0000]: Hm.\n"
            "M: [LAUGHTER]\n",
        )
        put(
            root / f"Session{n}" / "dialog" / "EmoEvaluation" / f"{name}.txt",
            "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
            f"[6.2901 - 8.2357]\t{name}_F000\tneu\t[2.5000, 2.0000, 3.0000]\n"
            "C-E2:\tNeutral;\t()\nC-E3:\tNeutral;\t()\nC-E4:\tAnger;\t(short)\n"
            "C-F1:\tSadness;\t()\nA-E3:\tval 3; act 2; dom  3;\t()\n\n"
            f"[9.5712 - 10.4750]\t{name}_M000\txxx\t[3.0000, 2.5000, 2.5000]\n"
            "C-E2:\tNeutral;\t()\n\n"
            f"[12.0000 - 14.1000]\t{name}_F001\texc\t[4.5000, 4.0000, 3.5000]\n"
            "C-E2:\tExcited; Happiness;\t()\nC-E3:\tExcited;\t()\nC-E4:\tSurprise;\t()\n\n"
            f"[15.0000 - 16.0000]\t{name}_M001\tfru\t[2.0000, 3.5000, 4.0000]\n"
            "C-E2:\tFrustration;\t()\n",
        )


def test_iemocap_reads_the_release_with_earlier_turns_in_the_order_of_time(tmp_path):
    iemocap(tmp_path / "IEMOCAP_full_release")
    rows = load_for_scoring(benchmark("iemocap-6"), tmp_path)
    assert rows.texts == ("Is it far?", "Oh, wonderful!", "Stop laughing.")
    assert labels_of(rows) == [("neutral",), ("excitement",), ("frustration",)]
    assert rows.contexts == (
        None,
        "Woman: Is it far?\nMan: Ten miles.",
        "Woman: Is it far?\nMan: Ten miles.\nWoman: Oh, wonderful!",
    )
    assert set(rows.groups) == {"Ses05F_impro01"}
    assert rows.dropped == 2


def test_iemocap_distributions_are_of_outside_raters_alone_each_with_one_vote(tmp_path):
    iemocap(tmp_path / "iemocap")
    rows = load_for_scoring(benchmark("iemocap-6"), tmp_path)
    neutral, excited = (dict(zip(rows.labels, s, strict=True)) for s in rows.distributions[:2])
    assert neutral["neutral"] == pytest.approx(2 / 3)
    assert neutral["anger"] == pytest.approx(1 / 3)
    assert neutral["sadness"] == 0
    assert excited["excitement"] == pytest.approx(0.5)
    assert excited["happiness"] == pytest.approx(1 / 6)
    assert sum(excited.values()) == pytest.approx(2 / 3)


def test_iemocap_in_four_classes_counts_excitement_as_happiness(tmp_path):
    iemocap(tmp_path / "iemocap")
    rows = load_for_scoring(benchmark("iemocap-4"), tmp_path)
    assert labels_of(rows) == [("neutral",), ("happiness",)]
    assert rows.distributions[1].sum() == pytest.approx(2 / 3)


def test_iemocap_values_are_valence_then_activation_then_dominance(tmp_path):
    iemocap(tmp_path / "iemocap")
    rows = load_for_scoring(benchmark("iemocap-vad"), tmp_path)
    assert rows.labels == ("valence", "arousal", "dominance")
    assert len(rows.texts) == 4
    np.testing.assert_allclose(rows.targets[2], (4.5, 4.0, 3.5))


def test_iemocap_sessions_make_the_splits(tmp_path):
    iemocap(tmp_path / "iemocap")
    declared = benchmark("iemocap-4")
    assert splits(declared, tmp_path) == ("train", "dev", "test")
    assert set(load(declared, tmp_path, "dev").groups) == {"Ses04F_impro01"}
    assert len(set(load(declared, tmp_path, "train").groups)) == 3


def test_a_missing_session_of_iemocap_is_named(tmp_path):
    iemocap(tmp_path / "iemocap", sessions=(1, 3, 5))
    with pytest.raises(DataError, match=r"session 1, 2, 3, and .* has no Session2/dialog"):
        load(benchmark("iemocap-4"), tmp_path, "train")


WRITTEN = ("semeval2018-ec", "meld", "emorynlp", "dailydialog", "dair-emotion", "brighter-en",
           "enisear", "ssec", "iemocap-4", "iemocap-6", "iemocap-vad")  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_wrong_columns_are_told_with_those_that_were_wanted(tmp_path, name):
    declared = benchmark(name)
    table(tmp_path / declared.folder / "test.csv", ",", ["colour", "size"], ["red", 3])
    with pytest.raises(DataError, match=r"has the columns 'colour', 'size', which fit no known"):
        load_for_scoring(declared, tmp_path)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_missing_folder_is_told_with_its_name_and_source(tmp_path, name):
    declared = benchmark(name)
    with pytest.raises(DataError, match="There is no") as told:
        load_for_scoring(declared, tmp_path)
    assert declared.source in str(told.value)


@pytest.mark.parametrize("name", sorted(set(WRITTEN) - {"iemocap-vad"}))
def test_a_plain_folder_of_parquet_files_works_by_name(tmp_path, name):
    declared = benchmark(name)
    label = declared.labels.labels[1]
    parquet(tmp_path / name / "test.parquet", text=["Well, well."], label=[label])
    rows = load_for_scoring(declared, tmp_path)
    assert labels_of(rows) == [(label,)]


@pytest.mark.parametrize("name", WRITTEN)
def test_each_declaration_says_licence_source_and_faults(name):
    declared = benchmark(name)
    assert declared.licence
    assert declared.source
    assert declared.faults
    assert all(fault.endswith(".") for fault in declared.faults)


def test_a_root_offers_what_lies_in_it_and_no_more(tmp_path):
    enisear(tmp_path / "enisear")
    iemocap(tmp_path / "iemocap")
    chosen = {declared.name for declared in choose(tmp_path)}
    assert chosen == {"enisear", "iemocap-4", "iemocap-6", "iemocap-vad"}
