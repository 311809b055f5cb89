"""Proves that raters see what they should and no more, lose no answer, and are counted rightly."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from math import isnan
from pathlib import Path

import httpx
import numpy as np
import pytest

from emo_hub.agreement import (
    MISSING,
    agreement_interval,
    cohen_kappa,
    krippendorff_alpha,
    mean_kappa,
)
from emo_hub.dataset import read_corpus
from emo_hub.errors import DataError, InputError
from emo_hub.rating.pages import write_rating_report
from emo_hub.rating.report import RatingReport, report
from emo_hub.rating.sheet import (
    NONE,
    Item,
    Sheet,
    SheetSettings,
    draw_sheet,
    open_sheet,
    read_sheet,
    write_sheet,
)
from emo_hub.rating.store import (
    MAX_NAME_CHARACTERS,
    MAX_RATERS,
    Answer,
    AnswerStore,
    rater_id,
    read_answer,
)

EMOTIONS = ("joy", "love", "anger", "fear", "neutral", "grief")


def item(number: int, *labels: str, text: str = "We won.", context: str = "") -> Item:
    return Item(f"row{number}", text, context, "", (*EMOTIONS, NONE), labels or ("joy",))


def sheet_of(*items: Item, config: str = "contextless") -> Sheet:
    return Sheet(SheetSettings(config=config), "abc", items)


def keep(folder: Path, sheet: Sheet) -> Path:
    folder.mkdir(exist_ok=True)
    write_sheet(sheet, folder)
    return folder


def rate(folder: Path, rater: str, *choices: str) -> None:
    """Let a rater choose for the first rows; an empty choice leaves a row out."""
    store = AnswerStore(folder)
    for number, choice in enumerate(choices):
        if choice:
            store.append(store.admit(rater), Answer(f"row{number}", choice))


# Agreement


def test_kappa_is_what_a_hand_computes():
    # Agree on 7 of 10; first says 0 six times, second five: chance 0.6*0.5 + 0.4*0.5 = 0.5.
    first = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    second = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 0])
    assert cohen_kappa(first, second) == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_kappa_leaves_out_what_one_did_not_rate():
    first = np.array([0, 1, 0, 1, MISSING, 0])
    second = np.array([0, 1, 0, 1, 1, MISSING])
    assert cohen_kappa(first, second) == pytest.approx(1.0)


def test_kappa_is_undefined_where_both_always_say_the_same_thing():
    assert isnan(cohen_kappa(np.zeros(5, int), np.zeros(5, int)))


def test_mean_kappa_averages_the_pairs():
    table = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]])
    one, two, three = table.T
    pairs = [cohen_kappa(one, two), cohen_kappa(one, three), cohen_kappa(two, three)]
    assert pairs == [1.0, 0.0, 0.0]
    assert mean_kappa(table) == pytest.approx(1 / 3)


def test_alpha_is_what_a_hand_computes():
    # Items aa, ab, bb: 6 values, one disagreeing pair counted twice. Observed 2/6; expected
    # 2*3*3 / (6*5) = 0.6; alpha 1 - (1/3)/0.6 = 4/9.
    assert krippendorff_alpha(np.array([[0, 0], [0, 1], [1, 1]])) == pytest.approx(4 / 9)


def test_alpha_weighs_items_with_a_missing_rater():
    # aab, aa-: 5 values, a four times, b once. Item one: 4 disagreeing ordered pairs / 2 = 2, so
    # observed 2/5; expected 2*4*1 / (5*4) = 0.4; alpha 0.
    table = np.array([[0, 0, 1], [0, 0, MISSING]])
    assert krippendorff_alpha(table) == pytest.approx(0.0)


def test_alpha_ignores_items_that_one_person_rated():
    table = np.array([[0, 0], [0, 1], [1, 1]])
    longer = np.vstack([table, [[1, MISSING], [MISSING, MISSING]]])
    assert krippendorff_alpha(longer) == pytest.approx(krippendorff_alpha(table))


def test_alpha_of_guessing_is_about_zero():
    guesses = np.random.default_rng(0).integers(0, 7, (4_000, 3))
    assert abs(krippendorff_alpha(guesses)) < 0.02


@pytest.mark.parametrize("table", [np.zeros((3, 2), int), np.full((3, 2), MISSING)])
def test_alpha_is_undefined_without_two_categories(table):
    assert isnan(krippendorff_alpha(table))


def test_interval_holds_the_agreement_and_narrows_with_more_items():
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 4, 800)
    noisy = np.where(generator.random(800) < 0.3, generator.integers(0, 4, 800), truth)
    table = np.stack([truth, noisy], axis=1)
    short = agreement_interval(krippendorff_alpha, table[:80])
    long = agreement_interval(krippendorff_alpha, table)
    assert long.low < krippendorff_alpha(table) < long.high
    assert long.high - long.low < 0.6 * (short.high - short.low)


# The sheet


@pytest.fixture(scope="module")
def drawn(corpus) -> Sheet:
    return draw_sheet(read_corpus(corpus), SheetSettings())


def test_neutral_rows_are_a_tenth(drawn):
    assert len(drawn.items) == 200
    assert sum(item.labels[0] == "neutral" for item in drawn.items) == 20


@pytest.mark.parametrize("config", ["contextless", "contextual"])
def test_number_of_choices_tells_nothing(tiny_corpus, config):
    sheet = draw_sheet(read_corpus(tiny_corpus), SheetSettings(config=config, rows=100))
    assert {len(item.options) for item in sheet.items} == {7}
    assert all(len(set(item.options)) == 7 for item in sheet.items)
    assert all(item.options[-1] == NONE for item in sheet.items)


def test_teacher_labels_are_among_the_choices(drawn):
    assert all(set(item.labels[:5]) <= set(item.options) for item in drawn.items)


def test_place_of_a_shuffled_choice_tells_nothing(drawn):
    places = [item.options.index(item.labels[0]) for item in drawn.items]
    assert {places.count(place) for place in range(6)} <= set(range(15, 60))  # 33 each by chance


def test_ranked_choices_begin_with_the_teacher(tiny_corpus):
    sheet = draw_sheet(read_corpus(tiny_corpus), SheetSettings(order="ranked", rows=50))
    assert all(item.options[: len(item.labels)] == item.labels[:5] for item in sheet.items)


def test_choice_of_neutral_does_not_give_neutral_rows_away(drawn):
    offered = [item for item in drawn.items if "neutral" in item.options]
    assert sum("neutral" in item.labels for item in offered) < 0.6 * len(offered)


def test_same_seed_draws_the_same_sheet(tiny_corpus):
    stored, few = read_corpus(tiny_corpus), SheetSettings(rows=30)
    first = draw_sheet(stored, few)
    assert draw_sheet(stored, few) == first
    assert draw_sheet(stored, replace(few, seed=1)).items != first.items


def test_sheet_goes_on_and_refuses_other_settings(tiny_corpus, tmp_path):
    stored = read_corpus(tiny_corpus)
    first = open_sheet(tmp_path, stored, SheetSettings(rows=5))
    assert open_sheet(tmp_path, stored, SheetSettings(rows=5)) == first
    with pytest.raises(InputError, match=r"another sheet .*rows 5"):
        open_sheet(tmp_path, stored, SheetSettings(rows=6))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"config": "descriptors"}, "contextless, contextual"),
        ({"rows": 0}, "at least one row"),
        ({"neutral_share": 1.5}, "in 0..1"),
        ({"order": "random"}, "'shuffled' or 'ranked'"),
    ],
)
def test_settings_that_make_no_sheet_are_refused(bad, said):
    with pytest.raises(InputError, match=said):
        SheetSettings(**bad)


def test_damaged_sheet_is_named(tmp_path):
    (tmp_path / "sheet.json").write_text("{")
    with pytest.raises(DataError, match=r"sheet\.json cannot be read"):
        read_sheet(tmp_path)


# The answers


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a/b", "..a", "a\x00b", "CON:x", "~root1", "Zoë", "安娜"],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    folder = tmp_path / "ratings"
    store = AnswerStore(folder)
    store.append(store.admit(name), Answer("row0", "joy"))
    assert [path.parent for path in tmp_path.rglob("*.jsonl")] == [folder]
    assert re.fullmatch(r"[a-z0-9]+-[0-9a-f]{8}", store.raters()[0])


def test_names_that_differ_never_share_a_file():
    names = ["zoe", "Zoë", "z o e", "z-o-e", "z.o.e", "zo/e"]
    assert len({rater_id(name) for name in names}) == len(names)


def test_case_and_spaces_make_no_new_rater():
    assert rater_id("  Anna  K ") == rater_id("anna k")


@pytest.mark.parametrize("name", ["Anna", "Zoë", "a.b."])
def test_id_is_its_own_name(name):
    assert rater_id(rater_id(name)) == rater_id(name)


@pytest.mark.parametrize("name", ["", "  ", "...", None, 7, "x" * (MAX_NAME_CHARACTERS + 1)])
def test_unusable_name_is_refused(name):
    with pytest.raises(InputError, match="name"):
        rater_id(name)


def test_only_the_invited_may_rate(tmp_path):
    store = AnswerStore(tmp_path, ["Anna", "Bo"])
    assert store.admit("anna") == "anna"
    with pytest.raises(InputError, match="not on the list"):
        store.admit("Eve")


def test_number_of_raters_is_bounded(tmp_path):
    for number in range(MAX_RATERS):
        (tmp_path / f"r{number}.jsonl").touch()
    store = AnswerStore(tmp_path)
    assert store.admit("r3") == "r3"
    with pytest.raises(InputError, match="takes no more"):
        store.admit("late")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None,), "Choose the emotion"),
        (("hope",), "not among the choices"),
        ((["joy"],), "not among the choices"),
        (("joy", ["hope"]), "further emotions"),
        (("joy", "love"), "further emotions"),
        ((NONE, ["love"]), "contradict"),
        (("joy", [NONE]), "contradict"),
        (("joy", [], "perhaps"), "yes or no"),
        (("joy", [], "yes", 6), "1 to 5"),
        (("joy", [], "yes", "x" * 9999), "1 to 5"),
    ],
)
def test_answer_that_the_page_does_not_offer_is_refused(given, said):
    with pytest.raises(InputError, match=said):
        read_answer(item(0), *given)


def test_best_emotion_is_not_kept_twice():
    assert read_answer(item(0), "joy", ["love", "joy"]).also == ("love",)


def test_later_answer_wins(tmp_path):
    rate(tmp_path, "anna", "joy", "fear")
    rate(tmp_path, "anna", "grief")
    found = AnswerStore(tmp_path).read("anna")
    assert {name: answer.best for name, answer in found.items()} == {
        "row0": "grief",
        "row1": "fear",
    }


def test_line_cut_short_by_a_crash_costs_no_other(tmp_path):
    rate(tmp_path, "anna", "joy", "fear")
    file = tmp_path / "anna.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    rate(tmp_path, "anna", "", "", "grief")
    assert set(AnswerStore(tmp_path).read("anna")) == {"row0", "row2"}


def test_answers_of_many_threads_are_all_kept(tmp_path):
    store = AnswerStore(tmp_path)
    threads = [
        threading.Thread(target=store.append, args=("anna", Answer(f"row{n}", "joy" * 50)))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.read("anna")) == 40


def test_answer_is_forced_to_disk_after_it_is_written(tmp_path, monkeypatch):
    sizes, fsync = [], os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (sizes.append(os.fstat(file).st_size), fsync(file))
    )
    rate(tmp_path, "anna", "joy")
    assert sizes == [(tmp_path / "anna.jsonl").stat().st_size]


def test_answer_survives_the_death_of_the_server(tmp_path):
    code = (
        "import sys; from pathlib import Path; from emo_hub.rating.store import *; "
        "store = AnswerStore(Path(sys.argv[1]))\n"
        "for n in range(100000):\n"
        "    store.append('anna', Answer(f'row{n}', 'joy')); print(n, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        told = [int(process.stdout.readline()) for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
    assert {f"row{n}" for n in told} <= set(AnswerStore(tmp_path).read("anna"))


# The report


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Path:
    """Six rows and three raters, counted by hand in the tests below."""
    folder = tmp_path_factory.mktemp("three")
    labels = [("joy", "love"), ("joy",), ("anger", "fear"), ("neutral",), ("neutral",), ("fear",)]
    keep(folder, sheet_of(*(item(n, *found) for n, found in enumerate(labels))))
    rate(folder, "a", "joy", "joy", "fear", "neutral", "joy", NONE)
    rate(folder, "b", "joy", "love", "fear", "neutral", "joy", "fear")
    rate(folder, "c", "joy", "joy", "anger", "neutral", "neutral", "anger")
    return folder


@pytest.fixture(scope="module")
def counted(three) -> RatingReport:
    return report(three, resamples=50)


def test_accuracy_where_all_agree(counted):
    found = counted  # rows 0 and 3: both right
    assert (found.accuracy_all.value, found.accuracy_all.count) == (1.0, 2)


def test_accuracy_where_two_agree(counted):
    found = counted  # rows 0, 1, 3 right; 2 (fear for anger) and 4 (joy for neutral) wrong
    assert (found.accuracy_two.value, found.accuracy_two.count) == (pytest.approx(3 / 5), 5)


def test_any_of_the_labels_counts_beside_the_strongest(counted):
    assert counted.among_labels.value == pytest.approx(4 / 5)  # fear is the second of row 2


def test_neutral_is_counted_both_ways(counted):
    found = counted  # raters agree on neutral in row 3 alone; the teacher says it in 3 and 4
    assert (found.neutral_recall.value, found.neutral_recall.count) == (1.0, 1)
    assert (found.neutral_confirmed.value, found.neutral_confirmed.count) == (0.5, 2)


def test_share_of_none_is_over_all_answers(counted):
    found = counted
    assert (found.none.value, found.none.count) == (pytest.approx(1 / 18), 18)


def test_agreement_in_the_report_is_that_of_the_table(three, counted):
    codes = {name: n for n, name in enumerate((*EMOTIONS, NONE))}
    store = AnswerStore(three)
    columns = [[codes[store.read(r)[f"row{n}"].best] for n in range(6)] for r in "abc"]
    table = np.array(columns).T
    assert counted.alpha.value == pytest.approx(krippendorff_alpha(table))
    assert counted.mean_kappa.value == pytest.approx(mean_kappa(table))
    assert [pair.kappa.value for pair in counted.pairs] == pytest.approx(
        [cohen_kappa(table[:, i], table[:, j]) for i, j in [(0, 1), (0, 2), (1, 2)]]
    )


def test_intervals_hold_their_values(counted):
    found = counted
    for measure in (found.accuracy_two, found.none, found.alpha, found.single):
        assert measure.interval.low <= measure.value <= measure.interval.high


def test_tie_is_no_agreement(tmp_path):
    keep(tmp_path, sheet_of(item(0)))
    for rater, choice in zip("abcd", ("joy", "joy", "fear", "fear"), strict=True):
        rate(tmp_path, rater, choice)
    assert report(tmp_path, resamples=20).accuracy_two.count == 0


def test_one_rater_is_told_that_there_is_no_agreement(tmp_path):
    keep(tmp_path, sheet_of(item(0), item(1, "neutral")))
    rate(tmp_path, "anna", "fear", "neutral")
    found = write_rating_report(tmp_path)
    page = (tmp_path / "ratings.md").read_text()
    assert "only one rater" in page
    assert (found.single.value, found.neutral_recall.value) == (0.5, 1.0)


def test_raters_without_a_row_in_common_are_told_so(tmp_path):
    keep(tmp_path, sheet_of(item(0), item(1)))
    rate(tmp_path, "anna", "joy")
    rate(tmp_path, "bo", "", "joy")
    write_rating_report(tmp_path)
    assert "no row was rated by two" in (tmp_path / "ratings.md").read_text()


def test_report_without_answers_says_so(tmp_path):
    keep(tmp_path, sheet_of(item(0)))
    with pytest.raises(DataError, match="Nobody has rated"):
        report(tmp_path)


def test_report_is_valid_json_and_the_same_again(three, tmp_path_factory):
    one, two = (tmp_path_factory.mktemp(name) for name in "ab")
    write_rating_report(three, one, resamples=20)
    write_rating_report(three, two, resamples=20)
    text = (one / "ratings.json").read_text()
    json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert text == (two / "ratings.json").read_text()


# The page

pytest.importorskip("gradio", reason="the rating sheet needs emo-hub[space]")
pytest.importorskip("playwright", reason="its browser tests need emo-hub[dev]")

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

from emo_hub.rating.app import build_app, serve  # noqa: E402
from emo_hub.rating.desk import Desk  # noqa: E402
from tests.visits import CHROMIUM_ARGUMENTS, IMAGE, find_chromium  # noqa: E402

MARKUP = f"{IMAGE} **bold** [link](javascript:alert(1)) $x$"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        missing = "There is no Chromium: install Debian's package chromium, or name it in CHROMIUM."
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def rated(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ratings")
    items = [replace(item(n, text=f"Text number {n}."), context=f"Before {n}.") for n in range(3)]
    items.append(item(3, text=MARKUP, context=MARKUP))
    return keep(folder, sheet_of(*items, config="contextual"))


@pytest.fixture(scope="module")
def address(rated) -> Iterator[str]:
    app = build_app(read_sheet(rated), AnswerStore(rated))
    yield serve(app, block=False).rstrip("/")
    app.close(verbose=False)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def begin(page: Page, name: str) -> None:
    page.locator("#name").get_by_role("textbox").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("#best label")).to_have_count(7)


def choose(page: Page, key: str, *, then: str, ticked: int = 0) -> None:
    # A person waits until the next text stands there; the tick of the last answer is gone then.
    expect(page.locator("#best input:checked")).to_have_count(ticked)
    page.keyboard.press(key)
    expect(page.locator("#best input:checked")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_contain_text(then)


@pytest.mark.browser
def test_rater_answers_three_reloads_and_goes_on(page: Page, rated: Path):
    begin(page, "Anna")
    choose(page, "1", then="Text 2 of 4")
    choose(page, "3", then="Text 3 of 4")
    choose(page, "7", then="Text 4 of 4")
    page.reload()
    expect(page.locator("#progress")).to_contain_text("Text 4 of 4")
    expect(page.locator("#progress")).to_contain_text("3 rated")
    found = AnswerStore(rated).read("anna")
    assert [answer.best for answer in found.values()] == ["joy", "anger", NONE]


@pytest.mark.browser
def test_rater_comes_back_in_another_browser_by_her_name(page: Page, rated: Path):
    rate(rated, "Bo", "joy", "fear")
    begin(page, "Bo")
    expect(page.locator("#progress")).to_contain_text("Text 3 of 4")


@pytest.mark.browser
def test_back_shows_the_answer_and_changes_it(page: Page, rated: Path):
    begin(page, "Cleo")
    page.keyboard.press("2")
    page.keyboard.press("Shift+Digit1")
    page.locator("#needed").get_by_text("no", exact=True).click()
    page.locator("#natural").get_by_text("4", exact=True).click()
    page.locator("#save").click()
    expect(page.locator("#progress")).to_contain_text("Text 2 of 4")
    expect(page.locator("#best input:checked")).to_have_count(0)
    page.keyboard.press("Backspace")
    expect(page.locator("#progress")).to_contain_text("Text 1 of 4")
    expect(page.locator("#best input:checked")).to_have_value("love")
    expect(page.locator("#also input:checked")).to_have_count(1)
    first = AnswerStore(rated).read("cleo")["row0"]
    assert (first.best, first.also) == ("love", ("joy",))
    assert (first.context_needed, first.naturalness) == ("no", 4)
    choose(page, "4", then="Text 2 of 4", ticked=1)
    assert AnswerStore(rated).read("cleo")["row0"].best == "fear"


@pytest.mark.browser
def test_nothing_chosen_is_said_and_nothing_is_kept(page: Page, rated: Path):
    begin(page, "Dora")
    page.locator("#save").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the emotion")
    assert AnswerStore(rated).read("dora") == {}


@pytest.mark.browser
def test_markup_of_the_corpus_and_of_names_stays_text(page: Page, rated: Path):
    rate(rated, MARKUP[:MAX_NAME_CHARACTERS], "joy", "joy", "joy")
    begin(page, MARKUP[:MAX_NAME_CHARACTERS])
    expect(page.locator("#text textarea")).to_have_value(MARKUP)
    expect(page.locator("#context textarea")).to_have_value(MARKUP)
    assert page.locator("img[src=x], #desk a[href^=javascript]").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.browser
def test_end_is_said_and_leads_back(page: Page, rated: Path):
    rate(rated, "Eli", "joy", "joy", "joy")
    begin(page, "Eli")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That was the last one")).to_be_visible()
    page.get_by_role("button", name="Look at the last one again").click()
    expect(page.locator("#progress")).to_contain_text("Text 4 of 4")


@pytest.mark.browser
def test_shared_computer_forgets_the_rater(page: Page):
    begin(page, "Finn")
    page.get_by_role("button", name="Not you?").click()
    expect(page.locator("#name")).to_be_visible()
    page.reload()
    expect(page.locator("#name")).to_be_visible()


def test_teacher_labels_do_not_leave_the_server(tmp_path):
    secret = replace(item(0, "remorse", "pride"), options=(*EMOTIONS, NONE))
    desk = Desk(sheet_of(secret), AnswerStore(tmp_path))
    assert not re.search("remorse|pride", str(desk.enter("anna")))
    page = str(build_app(sheet_of(secret), AnswerStore(tmp_path)).get_config_file())
    assert not re.search("remorse|pride", page)


def test_sheet_and_answers_cannot_be_fetched(address: str, rated: Path):
    rate(rated, "Gus", "joy")
    for file in ("sheet.json", "gus.jsonl"):
        found = httpx.get(f"{address}/gradio_api/file={rated / file}")
        assert found.status_code in (403, 404)


def test_page_has_no_public_endpoint_and_no_telemetry(address: str, rated: Path):
    assert httpx.get(f"{address}/gradio_api/info").json()["named_endpoints"] == {}
    assert build_app(read_sheet(rated), AnswerStore(rated)).analytics_enabled is False


def test_full_disk_keeps_the_rater_where_she_is(tmp_path):
    folder = tmp_path / "ratings"
    folder.mkdir()
    (folder / "anna.jsonl").symlink_to("/dev/full")
    desk = Desk(sheet_of(item(0), item(1)), AnswerStore(folder))
    shown = desk.save("anna", 0, "joy", [], None, None)
    assert "No space left" in str(shown)
    assert "Text 2" not in str(shown)
