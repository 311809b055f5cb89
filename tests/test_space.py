"""Proves that the Space answers what is typed into it, in a real browser, and that text stays text.

Browser tests use the system's Chromium (or the one that CHROMIUM names); where there is none they
are skipped, except in CI, where they fail.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import yaml
from markupsafe import escape

pytest.importorskip("gradio", reason="the Space needs emo-hub[space]")
pytest.importorskip("playwright", reason="its browser tests need emo-hub[dev]")

from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect, sync_playwright

from emo_hub.errors import InputError
from emo_hub.explaining import Explanation, WeighedWord, Word
from emo_hub.explaining.words import find_words
from emo_hub.registration import default_model_folder
from emo_hub.space import Classify, build_app, serve
from emo_hub.space.answer import mark_words, name_mood, render_reading
from emo_hub.space.presets import EXAMPLES, PRESETS
from emo_hub.space.reading import Bar, Grounds, Reading, take_reading
from emo_hub.space.request import (
    MAX_LABEL_CHARACTERS,
    MAX_LABELS,
    MAX_TEXT_CHARACTERS,
    read_request,
    split_labels,
)
from emo_hub.space.server import MAX_BODY_BYTES

SPACE = Path(__file__).parents[1] / "spaces" / "zero-shot-emotion"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IMAGE = "<img src=x onerror=window.pwned=1>"
TEMPLATES = "${window.pwned=1} {{value}} {% raw %}"
HINTS = {"thank": ("gratitude", "sarcastic contempt"), "job": ("excitement", "pride", "relief")}


class StandIn:
    """Answers as the pipeline does, from a hash, where there is no checkpoint to test with."""

    def __call__(
        self, text: str, *, candidate_labels: Sequence[str], context: str | None, vad: bool
    ) -> dict[str, Any]:
        hinted = {
            label for word, labels in HINTS.items() if word in text.lower() for label in labels
        }
        scores = {
            label: 0.6 + self._noise(text, label) if label in hinted else self._noise(text, label)
            for label in candidate_labels
        }
        labels = sorted(scores, key=lambda label: -scores[label])
        return {
            "sequence": text,
            "labels": labels,
            "scores": [scores[label] for label in labels],
            "valence": 1 + 12 * self._noise(text, "valence"),
            "arousal": 1 + 12 * self._noise(text, "arousal"),
            "dominance": 2.5 if context else 2.0,
        }

    def thresholds(self, labels: Sequence[str]) -> list[float]:
        return [0.4 + self._noise(label, "threshold") / 3 for label in labels]

    def explain(
        self,
        text: str,
        candidate_labels: Sequence[str],
        *,
        context: str | None,
        method: str,
        only: Sequence[str],
    ) -> Explanation:
        words = tuple(Word(text[start:end], start, end) for start, end in find_words(text))
        weights = [[3 * self._noise(word.word, label) for word in words] for label in only]
        return Explanation(text, tuple(only), words, np.array(weights), None, method)

    def _noise(self, *parts: str) -> float:
        return hashlib.sha256("|".join(parts).encode()).digest()[0] / 256 / 3


@pytest.fixture(scope="module")
def classify() -> Classify:
    """The real pipeline wherever the embedded model is there."""
    if not default_model_folder().is_dir():
        return StandIn()
    from transformers import pipeline

    return pipeline("zero-shot-emotion", model=str(default_model_folder()))


@pytest.fixture(scope="module")
def address(classify: Classify) -> Iterator[str]:
    app = build_app(classify)
    yield serve(app, block=False, quiet=True).rstrip("/")
    app.close(verbose=False)


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False, analytics_enabled=False)


def reading(*bars: Bar, valence: float = 3.0, arousal: float = 3.0) -> Reading:
    return Reading(bars, valence, arousal, 3.0)


def grounded(text: str, *carrying: str, label: str = "joy") -> Reading:
    """An answer whose first-named word weighs most."""
    words = [
        WeighedWord(word, text.index(word), text.index(word) + len(word), 2.0 / (1 + 2 * place))
        for place, word in enumerate(carrying)
    ]
    ordered = tuple(sorted(words, key=lambda word: word.start))
    return Reading((Bar(label, 0.9, 0.5),), 3.0, 3.0, 3.0, Grounds(label, text, ordered))


# What may be asked


def test_commas_split_one_entry_into_labels():
    typed = ["gratitude, anger, sarcastic  contempt", "Anger", " "]
    assert split_labels(typed) == ("gratitude", "anger", "sarcastic contempt")


@pytest.mark.parametrize(
    ("text", "context", "labels", "said"),
    [
        ("", None, ["joy"], "no text yet"),
        (" \n ", None, ["joy"], "no text yet"),
        (None, None, ["joy"], "no text yet"),
        (7, None, ["joy"], "has to be a string"),
        (float("nan"), None, ["joy"], "has to be a string"),
        ("Q" * (MAX_TEXT_CHARACTERS + 1), None, ["joy"], "2,001 characters and 2,000"),
        ("Q" * 1_000_000, None, ["joy"], "1,000,000 characters"),
        ("fine", "Q" * (MAX_TEXT_CHARACTERS + 1), ["joy"], "The context has 2,001"),
        ("fine", ["Q"], ["joy"], "context has to be a string"),
        ("fine", None, [], "no labels yet"),
        ("fine", None, " , ,", "no labels yet"),
        ("fine", None, None, "no labels yet"),
        ("fine", None, [f"Q{i}" for i in range(5_000)], "5,000 labels"),
        ("fine", None, ["Q" * (MAX_LABEL_CHARACTERS + 1)], "61 characters"),
        ("fine", None, ["joy", 3], "Labels come as words"),
        ("fine", None, {"Q": 1}, "Labels come as words"),
    ],
)
def test_unusable_question_is_refused_in_a_sentence_that_quotes_nothing(
    text, context, labels, said
):
    with pytest.raises(InputError, match=said) as refusal:
        read_request(text, context, labels)
    assert "Q" not in str(refusal.value)


def test_question_at_every_limit_is_accepted():
    labels = [f"{i:0{MAX_LABEL_CHARACTERS}d}" for i in range(MAX_LABELS)]
    request = read_request("x" * MAX_TEXT_CHARACTERS, "y" * MAX_TEXT_CHARACTERS, labels)
    assert len(request.labels) == MAX_LABELS


@pytest.mark.parametrize("labels", PRESETS.values(), ids=PRESETS.keys())
def test_preset_can_be_asked(labels):
    assert read_request("fine", None, labels).labels == labels


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_example_can_be_asked(example):
    assert read_request(example.text, example.context, example.labels).labels == example.labels


# What is answered, and how it is drawn


def test_reading_marks_the_labels_that_the_model_itself_keeps(classify: Classify):
    request = read_request(EXAMPLES[2].text, None, EXAMPLES[2].labels)
    answer = take_reading(classify, request)
    limits = dict(zip(request.labels, classify.thresholds(request.labels), strict=True))
    kept = {bar.label for bar in answer.bars if bar.score >= limits[bar.label]}
    assert {bar.label for bar in answer.fitting} == kept


def test_reading_is_sorted_by_falling_score(classify: Classify):
    answer = take_reading(classify, read_request("I lost my keys.", None, PRESETS["Fine shades"]))
    scores = [bar.score for bar in answer.bars]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("label", [IMAGE, "<script>1</script>", '"><u>', "&lt;i&gt;"])
def test_label_is_drawn_as_the_characters_it_consists_of(label):
    drawn = render_reading(reading(Bar(label, 0.9, 0.5), Bar(label + "2", 0.1, 0.5)))
    assert drawn.count(str(escape(label))) == 3
    assert label not in drawn.replace(str(escape(label)), "")


@pytest.mark.parametrize("text", [IMAGE, "<b>so</b> happy", "&lt;i&gt; {{ 1 }}", '"><u>'])
def test_text_is_drawn_as_the_characters_it_consists_of(text):
    word = re.search(r"\w+", text)[0]
    drawn = render_reading(grounded(text, word, label=text))
    passage = re.search(r'<p class="passage" dir="auto">(.*?)</p>', drawn, re.DOTALL)[1]
    assert re.sub(r'</?mark(?: class="strong")?>', "", passage) == str(escape(text))
    assert text not in drawn


def test_words_that_carried_the_label_are_marked_by_their_weight():
    drawn = render_reading(grounded("a so\n happy \U0001f600 day", "happy", "\U0001f600"))
    passage = re.search(r'<p class="passage" dir="auto">(.*?)</p>', drawn, re.DOTALL)[1]
    assert passage == (
        'a so\n <mark class="strong">happy</mark> <mark class="some">\U0001f600</mark> day'
    )


def test_words_that_carried_the_label_are_said_to_a_screen_reader_the_strongest_first():
    drawn = render_reading(grounded("so happy", "happy", "so"))
    said = re.sub(r"<[^>]+>", "", drawn)
    assert "Words that spoke for joy, the strongest first: “happy”, “so”." in said


def test_text_without_a_carrying_word_says_so():
    drawn = render_reading(grounded("so happy"))
    assert "No single word stands out for" in drawn
    assert "<mark class=" not in drawn


@pytest.mark.parametrize("text", ["so happy", "happy so", "x happy y", "happy"])
def test_marked_and_unmarked_stretches_are_the_text_again(text):
    pieces = list(mark_words(grounded(text, "happy").grounds))
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.mark] == ["happy"]


def test_reading_is_grounded_in_words_of_the_text_for_the_best_label_that_fits(classify: Classify):
    text = "  Thank you so much!  "
    answer = take_reading(classify, read_request(text, None, ["boredom", "gratitude"]))
    assert answer.grounds.label == answer.fitting[0].label == "gratitude"
    words = answer.as_json()["words"]["gratitude"]
    assert all(text.strip()[word["start"] : word["end"]] == word["word"] for word in words)


def test_reading_without_a_label_that_fits_has_no_grounds(classify: Classify):
    answer = take_reading(classify, read_request("The table is 80 cm wide.", None, ["grief"]))
    assert answer.fitting == ()
    assert answer.grounds is None
    assert answer.as_json()["words"] == {}


def test_none_of_these_names_the_closest_label_and_what_it_lacks():
    drawn = render_reading(reading(Bar("joy", 0.3, 0.5), Bar("fear", 0.1, 0.5)))
    assert "None of these" in drawn
    assert re.search(r"joy</strong> with 30 %; it would need 50 %", drawn)


def test_label_that_fits_is_never_folded_away():
    bars = [Bar(f"label {i}", 0.9, 0.5) for i in range(20)] + [Bar("rest", 0.1, 0.5)]
    above, below = render_reading(reading(*bars)).split("<details>")
    assert "label 19" in above
    assert "rest" in below


@pytest.mark.parametrize(
    ("valence", "arousal", "mood"),
    [
        (1.5, 4.5, "unpleasant, stirred up"),
        (4.5, 4.5, "pleasant, stirred up"),
        (1.5, 1.5, "unpleasant, calm"),
        (4.5, 1.5, "pleasant, calm"),
        (1.5, 3.1, "unpleasant"),
        (3.1, 2.9, "close to neutral"),
    ],
)
def test_mood_names_the_quadrant(valence, arousal, mood):
    assert name_mood(valence, arousal) == mood


def test_point_lies_right_of_the_middle_and_above_it_for_pleasant_and_stirred():
    drawn = render_reading(reading(Bar("joy", 0.9, 0.5), valence=4.0, arousal=5.0))
    assert 'class="dot" cx="166.0" cy="16.0"' in drawn


# The server


def test_importing_the_space_leaves_the_environment_as_it_was():
    code = (
        "import os; before = dict(os.environ); import emo_hub.space; "
        "import sys; sys.exit(dict(os.environ) != before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_page_is_built_without_telemetry():
    assert build_app(StandIn()).analytics_enabled is False


def test_endpoint_answers_as_the_page_does(client: Client, classify: Classify):
    labels = ["gratitude", "boredom", "anger"]
    answer = client.predict("Thank you so much!", labels, "", api_name="/classify")
    direct = take_reading(classify, read_request("Thank you so much!", "", labels)).as_json()
    assert answer.keys() == direct.keys()
    assert answer["labels"] == direct["labels"]
    assert answer["scores"] == pytest.approx(direct["scores"], abs=1e-5)


def test_endpoint_is_the_only_one_with_a_name(address: str):
    named = httpx.get(f"{address}/gradio_api/info").json()["named_endpoints"]
    assert list(named) == ["/classify"]


def test_endpoint_refuses_in_a_sentence(client: Client):
    with pytest.raises(AppError, match="no labels yet"):
        client.predict("Thank you!", [], "", api_name="/classify")


def test_many_visitors_get_their_own_answers(client: Client, classify: Classify):
    texts = [f"I have told you {i} times, thank you." for i in range(16)]
    labels = ["gratitude", "annoyance", "tenderness"]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda t: client.predict(t, labels, "", api_name="/classify"), texts)
    for text, answer in zip(texts, answers, strict=True):
        direct = take_reading(classify, read_request(text, None, labels)).as_json()
        assert answer["scores"] == pytest.approx(direct["scores"], abs=1e-5)


def test_body_beyond_the_limit_is_refused(address: str):
    body = b"x" * (MAX_BODY_BYTES + 1)
    assert httpx.post(f"{address}/gradio_api/queue/join", content=body).status_code == 413


def test_body_of_unsaid_length_is_refused(address: str):
    pieces = iter([b"x", b"y"])
    assert httpx.post(f"{address}/gradio_api/queue/join", content=pieces).status_code == 411


# What is published


def test_space_card_says_what_the_hub_needs():
    card = yaml.safe_load((SPACE / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert card["sdk"] == "gradio"
    assert card["sdk_version"] == version("gradio")
    assert card["python_version"] == "3.12"
    assert card["license"] == "apache-2.0"
    assert len(card["short_description"]) <= 60
    assert (SPACE / card["app_file"]).is_file()


# In a real browser


class Visit:
    """One visitor's page, and everything that went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def _on_console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console {message.text}")

    def _on_failure(self, request) -> None:
        # gradio's client hangs up on the stream of events itself, once it has its answer.
        if not ("/queue/data" in request.url and request.failure == "net::ERR_ABORTED"):
            self.complaints.append(f"failed {request.url} {request.failure}")

    def _on_response(self, response) -> None:
        if response.status >= 400 or urlsplit(response.url).hostname not in ("127.0.0.1", None, ""):
            self.complaints.append(f"{response.status} {response.url}")

    def write(self, text: str) -> None:
        self.page.locator("#text textarea").fill(text)

    def clear_labels(self) -> None:
        self.page.get_by_title("Clear").click()
        expect(self.page.locator("#labels .token")).to_have_count(0)

    def add_labels(self, typed: str) -> None:
        field = self.page.locator("#labels input")
        field.press_sequentially(typed)
        field.press("Enter")

    def read(self) -> None:
        self.page.get_by_role("button", name="Read the emotion").click()

    def rows(self) -> list[tuple[str, int]]:
        found = []
        for row in self.page.locator("#answer tbody tr").all():
            label = row.locator("th").text_content()
            found.append((label, int(row.locator(".score").text_content().split()[0])))
        return found

    def overflow(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    candidates = (named, shutil.which("chromium"), "/usr/bin/chromium")
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        missing = "There is no Chromium: install Debian's package chromium, or name it in CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def open_it(width: int = 1280, height: int = 900, scheme: str = "light") -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.goto(address)
        expect(visit.page.locator("#answer .bars").first).to_be_visible(timeout=30_000)
        expect(visit.page.get_by_placeholder("add a feeling")).to_be_visible()
        return visit

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture
def visit(open_page: Callable[..., Visit]) -> Visit:
    return open_page()


@pytest.mark.browser
def test_typed_text_and_labels_are_answered(visit: Visit, classify: Classify):
    text = "Thank you so much for everything you did for us!"
    visit.write(text)
    visit.clear_labels()
    visit.add_labels("gratitude")
    visit.add_labels("jealous rage")
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")
    direct = take_reading(classify, read_request(text, None, ["gratitude", "jealous rage"]))
    assert visit.rows() == [(bar.label, round(100 * bar.score)) for bar in direct.bars]
    assert visit.rows()[0][0] == "gratitude"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_that_carried_the_best_label_are_marked_readably(
    open_page: Callable[..., Visit], scheme
):
    visit = open_page(scheme=scheme)
    text = "Thank you so much\n<b>for</b> everything \U0001f600 you did!"
    visit.write(text)
    visit.clear_labels()
    visit.add_labels("gratitude")
    visit.read()
    expect(visit.page.locator("#answer .passage")).to_have_text(text, use_inner_text=True)
    marked = visit.page.locator("#answer .passage mark")
    assert "Thank" in marked.all_text_contents()
    style = "e => { const s = getComputedStyle(e);"
    style += " return [s.textDecorationLine, s.color, s.backgroundColor]; }"
    line, ink, back = visit.page.locator("#answer mark.strong").first.evaluate(style)
    assert line == "underline"
    assert contrast(ink, back) >= 4.5


@pytest.mark.browser
def test_typed_commas_become_chips(visit: Visit):
    visit.clear_labels()
    visit.add_labels("gratitude, anger, sarcastic contempt")
    expect(visit.page.locator("#labels .token")).to_have_text(
        ["gratitude", "anger", "sarcastic contempt"]
    )


@pytest.mark.browser
def test_labels_typed_without_enter_count(visit: Visit):
    visit.clear_labels()
    visit.page.locator("#labels input").press_sequentially("hope, dread")
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")


@pytest.mark.browser
def test_preset_is_answered_at_once_and_unmarked_when_changed(visit: Visit):
    visit.page.get_by_text("GoEmotions 28", exact=True).click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 28 labels")
    expect(visit.page.locator("#presets label.selected")).to_have_text(["GoEmotions 28"])
    visit.add_labels("schadenfreude")
    expect(visit.page.locator("#presets label.selected")).to_have_count(0)
    expect(visit.page.locator("#labels .token")).to_have_count(29)


@pytest.mark.browser
def test_example_with_context_shows_its_context(visit: Visit):
    example = next(example for example in EXAMPLES if example.context)
    visit.page.get_by_role("button", name=example.title).click()
    expect(visit.page.locator("#text textarea")).to_have_value(example.text)
    expect(visit.page.locator("#context textarea")).to_be_visible()
    expect(visit.page.locator("#context textarea")).to_have_value(example.context)
    expect(visit.page.locator("#labels .token")).to_have_text(list(example.labels))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("text", "said"), [("", "no text yet"), ("x" * 2_001, "2,001 characters and 2,000")]
)
def test_page_says_what_is_wrong_with_the_text(visit: Visit, text, said):
    visit.write(text)
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text(said)


@pytest.mark.browser
def test_page_asks_for_labels_where_there_are_none(visit: Visit):
    visit.clear_labels()
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text("no labels yet")


@pytest.mark.browser
@pytest.mark.parametrize("attack", [IMAGE, TEMPLATES], ids=["markup", "template"])
def test_typed_markup_stays_inert(visit: Visit, attack):
    visit.write(attack)
    visit.page.get_by_text("What happened before?").click()
    visit.page.locator("#context textarea").fill(attack)
    visit.clear_labels()
    visit.add_labels(attack)
    visit.add_labels("joy")
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")
    assert {label for label, _ in visit.rows()} == {attack, "joy"}
    for passage in visit.page.locator("#answer .passage").all():
        assert passage.text_content() == attack
    assert visit.page.locator("img[src=x]").count() == 0
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []


@pytest.mark.browser
def test_whole_visit_stays_on_the_machine_and_without_errors(visit: Visit):
    visit.page.get_by_text("Customer care", exact=True).click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 12 labels")
    visit.page.get_by_role("button", name="Room 204").click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 6 labels")
    visit.write("")
    visit.read()
    expect(visit.page.get_by_role("alert")).to_be_visible()
    visit.page.get_by_text("How it works, and its limits").click()
    expect(visit.page.get_by_text("mental-health tool")).to_be_visible()
    visit.page.wait_for_load_state("networkidle")
    assert visit.complaints == []


@pytest.mark.browser
def test_phone_shows_everything_without_sideways_scrolling(open_page: Callable[..., Visit]):
    visit = open_page(width=390, height=844)
    assert visit.overflow() <= 0
    visit.page.get_by_text("GoEmotions 28", exact=True).click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 28 labels")
    visit.add_labels("w" * MAX_LABEL_CHARACTERS)
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 29 labels")
    assert visit.overflow() <= 0


@pytest.mark.browser
def test_phone_goes_to_the_answer(open_page: Callable[..., Visit]):
    visit = open_page(width=390, height=844)
    expect(visit.page.locator("#answer .kicker")).not_to_be_in_viewport()
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_be_in_viewport()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answer_is_readable(open_page: Callable[..., Visit], scheme):
    page = open_page(scheme=scheme).page
    back = page.locator(".reading").evaluate("e => getComputedStyle(e).backgroundColor")
    for part in ("tbody th", ".kicker", ".legend", ".score", ".meter dt", ".ends span"):
        ink = page.locator(f".reading {part}").last.evaluate("e => getComputedStyle(e).color")
        assert contrast(ink, back) >= 4.5, part


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two opaque CSS colours, as WCAG 2 defines it."""
    lights = []
    for colour in (one, other):
        channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        lights.append(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)
