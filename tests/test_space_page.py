"""Proves that the page answers what is typed into it, in a real browser, tab by tab.

Browser tests use the system's Chromium (or the one that CHROMIUM names); where there is none they
are skipped, except in CI, where they fail.
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import yaml

pytest.importorskip("gradio", reason="the Space needs emo-hub[space]")
pytest.importorskip("playwright", reason="its browser tests need emo-hub[dev]")

from gradio import Blocks
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from emo_hub.registration import default_model_folder
from emo_hub.space import Classify, Extras, build_app, serve
from emo_hub.space.batch import MAX_LINES
from emo_hub.space.limits import MAX_BODY_BYTES, RateLimit
from emo_hub.space.presets import EXAMPLES
from emo_hub.space.reading import take_reading
from emo_hub.space.request import MAX_LABEL_CHARACTERS, read_request
from emo_hub.space.shelf import open_shelf

from .small_corpora import line, write_small
from .visits import CHROMIUM_ARGUMENTS, IMAGE, PATIENCE, Visit, contrast, find_chromium

SPACE = Path(__file__).parents[1] / "spaces" / "zero-shot-emotion"
TEMPLATES = "${window.pwned=1} {{value}} {% raw %}"
TABS = ("Read", "Batch", "Compare", "Explore", "About")

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def classify() -> Classify:
    from transformers import pipeline

    return pipeline("zero-shot-emotion", model=str(default_model_folder()))


@pytest.fixture(scope="module")
def app(classify: Classify, tmp_path_factory) -> Blocks:
    lines = [line(i, f"{IMAGE} {i}" if i == 0 else "") for i in range(40)]
    corpus = write_small(tmp_path_factory.mktemp("corpus") / "c", "1.0.0", lines)
    folder = default_model_folder()
    extras = Extras(open_shelf(str(corpus)), ("the same again", classify), folder, corpus)
    return build_app(classify, extras)


@pytest.fixture(scope="module")
def address(app: Blocks) -> Iterator[str]:
    yield serve(app, block=False, quiet=True).rstrip("/")
    app.close(verbose=False)


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False, analytics_enabled=False)


# The server


def test_page_is_built_without_telemetry(app: Blocks):
    assert app.analytics_enabled is False


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


def test_script_that_asks_too_often_is_told_to_wait_and_others_are_not():
    home = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"), methods=["POST"])])
    http = TestClient(RateLimit(home, per_minute=3))
    codes = [http.post("/", headers={"x-forwarded-for": "a, b"}).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert http.post("/", headers={"x-forwarded-for": "b, a"}).status_code == 200


def test_allowance_comes_back_with_time(monkeypatch):
    home = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"), methods=["POST"])])
    http = TestClient(RateLimit(home, per_minute=60))
    now = time.monotonic()
    monkeypatch.setattr("emo_hub.space.limits.time.monotonic", lambda: now)
    assert [http.post("/").status_code for _ in range(61)][-2:] == [200, 429]
    now += 1.01
    assert [http.post("/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.skipif(find_spec("mcp") is None, reason="needs mcp")
def test_model_context_protocol_offers_the_one_tool_with_its_description(address: str):
    schema = httpx.get(f"{address}/gradio_api/mcp/schema").json()
    assert len(schema) == 1
    assert schema[0]["name"].endswith("classify")
    assert "your own words for a feeling" in schema[0]["description"]
    assert set(schema[0]["inputSchema"]["properties"]) == {"text", "labels", "context"}


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


@pytest.fixture(scope="module")
def context_of(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Contexts by what they are made with: their caches hold the scripts of gradio's page."""
    made: dict[tuple, BrowserContext] = {}

    def context(width: int, height: int, scheme: str, locale: str) -> BrowserContext:
        key = (width, height, scheme, locale)
        if key not in made:
            made[key] = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale
            )
        return made[key]

    yield context
    for one in made.values():
        one.close()


@pytest.fixture
def open_page(
    context_of: Callable[..., BrowserContext], address: str
) -> Iterator[Callable[..., Visit]]:
    pages = []

    def open_it(
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        fragment: str = "",
        locale: str = "en-US",
    ) -> Visit:
        pages.append(context_of(width, height, scheme, locale).new_page())
        visit = Visit(pages[-1])
        visit.open(address + "/" + fragment)
        return visit

    yield open_it
    for page in pages:
        page.close()


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
    assert visit.rows() == [(bar.label, round(100 * bar.score)) for bar in direct.scores.bars]
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
    visit.page.locator("#labels input").fill("hope, dread")
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")


@pytest.mark.browser
def test_preset_is_answered_at_once_and_unmarked_when_changed(visit: Visit):
    visit.page.locator("#presets").get_by_text("GoEmotions 28", exact=True).click()
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


# Types and asks, and asks again for something else while the first answer is still on its way.
ASK_TWICE = """async (texts) => {
    const field = document.querySelector("#text textarea");
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    for (const text of texts) {
        set.call(field, text);
        field.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise((done) => setTimeout(done, 5));
        document.querySelector("#read").click();
        await new Promise((done) => setTimeout(done, 5));
    }
}"""


@pytest.mark.browser
def test_who_asks_again_before_the_answer_gets_the_last_answer(visit: Visit):
    visit.page.evaluate(ASK_TWICE, ["Thank you so much!", "  "])
    expect(visit.page.get_by_role("alert")).to_contain_text("no text yet", timeout=10_000)


@pytest.mark.browser
def test_page_asks_for_labels_where_there_are_none(visit: Visit):
    visit.clear_labels()
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text("no labels yet")


@pytest.mark.browser
@pytest.mark.parametrize("attack", [IMAGE, TEMPLATES], ids=["markup", "template"])
def test_typed_markup_stays_inert(visit: Visit, attack):
    visit.write(attack)
    visit.page.get_by_text("What happened before").first.click()
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
    visit.page.locator("#presets").get_by_text("Customer feelings").click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 12 labels")
    visit.page.get_by_role("button", name="Room 204").click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 6 labels")
    visit.write("")
    visit.read()
    expect(visit.page.get_by_role("alert")).to_be_visible()
    visit.page.wait_for_timeout(500)  # the page keeps a stream open, so it is never idle
    assert visit.complaints == []


@pytest.mark.browser
def test_phone_shows_everything_without_sideways_scrolling(open_page: Callable[..., Visit]):
    visit = open_page(width=390, height=844)
    assert visit.overflow() <= 0
    visit.page.locator("#presets").get_by_text("GoEmotions 28", exact=True).click()
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


# Links


def link(text: str, labels: str, before: str = "") -> str:
    return f"#text={quote(text)}&labels={quote(labels)}" + (
        f"&before={quote(before)}" * bool(before)
    )


@pytest.mark.browser
def test_link_fills_the_page_and_answers(open_page: Callable[..., Visit], classify: Classify):
    visit = open_page(fragment=link("I won & I'm <b>proud</b> #1!", "pride,fear", "He lost."))
    expect(visit.page.locator("#text textarea")).to_have_value("I won & I'm <b>proud</b> #1!")
    expect(visit.page.locator("#context textarea")).to_have_value("He lost.")
    expect(visit.page.locator("#labels .token")).to_have_text(["pride", "fear"])
    request = read_request("I won & I'm <b>proud</b> #1!", "He lost.", ["pride", "fear"])
    direct = take_reading(classify, request)
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")
    assert visit.rows() == [(bar.label, round(100 * bar.score)) for bar in direct.scores.bars]


@pytest.mark.browser
def test_answered_text_stands_in_the_address_and_opens_again(
    visit: Visit, open_page: Callable[..., Visit]
):
    visit.write("Überraschung 😀, & mehr?")
    visit.clear_labels()
    visit.add_labels("surprise, joy")
    visit.read()
    visit.page.wait_for_url("**/#text=*surprise*")
    fragment = visit.page.url.split("/", 3)[3]
    again = open_page(fragment=fragment)
    expect(again.page.locator("#text textarea")).to_have_value("Überraschung 😀, & mehr?")
    expect(again.page.locator("#labels .token")).to_have_text(["surprise", "joy"])


@pytest.mark.browser
def test_link_is_copied_and_the_page_says_so(visit: Visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.locator("#share").click()
    expect(visit.page.locator("#share")).to_contain_text("Link copied")
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == visit.page.url
    assert "got+the+job" in copied


@pytest.mark.browser
def test_typed_text_is_sent_in_no_address(visit: Visit):
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.write("A secret of mine.")
    visit.read()
    visit.page.wait_for_url("**/#text=A+secret*")
    visit.page.reload()
    expect(visit.page.locator("#text textarea")).to_have_value("A secret of mine.")
    assert asked
    assert not [url for url in asked if "secret" in url.split("#")[0]]


@pytest.mark.browser
@pytest.mark.parametrize(
    "fragment", ["#text=", "#text=%E0%A4%A", link(IMAGE, IMAGE), "#text=x&labels=,,"]
)
def test_broken_or_hostile_link_does_no_harm(open_page: Callable[..., Visit], fragment):
    visit = open_page(fragment=fragment)
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []


# What the first tab draws


@pytest.mark.browser
def test_context_stands_beside_its_absence(visit: Visit):
    example = next(example for example in EXAMPLES if example.context)
    visit.page.get_by_role("button", name=example.title).click()
    rows = visit.page.locator("#answer .sides tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first.locator("td")).to_have_count(2)


@pytest.mark.browser
def test_labels_and_text_lie_in_the_plane(visit: Visit):
    expect(visit.page.locator("#answer .spot")).to_have_count(len(EXAMPLES[0].labels))
    dot = visit.page.locator("#answer circle.dot").bounding_box()
    plane = visit.page.locator("#answer svg").bounding_box()
    assert plane["x"] < dot["x"] < plane["x"] + plane["width"]


@pytest.mark.browser
def test_nothing_fitting_is_said(visit: Visit):
    visit.page.get_by_role("button", name="Room 204").click()
    expect(visit.page.locator("#answer .verdict")).to_have_text("None of these.")


@pytest.mark.browser
def test_browser_chooses_the_language(open_page: Callable[..., Visit]):
    visit = open_page(locale="de-DE")
    expect(visit.page.locator("#read")).to_have_text("Gefühl lesen")
    expect(visit.page.locator("#answer .kicker")).to_contain_text("Gefühle")
    visit.write("")
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text("Es fehlt noch ein Text")


@pytest.mark.browser
@pytest.mark.parametrize(
    "text",
    ["😀😭🏳️‍🌈👩‍👩‍👧" * 20, "شكراً جزيلاً على كل شيء!", "תודה רבה", "谢谢你" * 9, "a\u202ebc"],
)
def test_any_script_comes_back_as_it_was_typed(visit: Visit, text):
    visit.write(text)
    visit.clear_labels()
    visit.add_labels(text[:20])
    visit.add_labels("joy")
    visit.read()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 2 labels")
    labels = {label for label, _ in visit.rows()}
    assert labels == {text[:20].strip(), "joy"}
    assert visit.complaints == []


@pytest.mark.browser
def test_two_hundred_thousand_characters_are_refused_and_the_page_lives(visit: Visit):
    visit.write("x" * 200_000)
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text("200,000 characters")
    visit.write("Thank you!")
    visit.read()
    expect(visit.page.locator("#answer .bars").first).to_be_visible()
    assert visit.complaints == []


@pytest.mark.browser
def test_three_hundred_labels_are_refused_and_the_page_lives(visit: Visit):
    visit.clear_labels()
    visit.add_labels(",".join(f"feeling {i}" for i in range(300)))
    expect(visit.page.locator("#labels .token")).to_have_count(300)
    visit.read()
    expect(visit.page.get_by_role("alert")).to_contain_text("These are 300 labels")
    visit.page.locator("#presets").get_by_text("Ekman").click()
    expect(visit.page.locator("#answer .kicker")).to_contain_text("of 7 labels")
    assert visit.complaints == []


@pytest.mark.browser
def test_keyboard_alone_asks_and_changes_tabs(visit: Visit):
    visit.page.locator("#text textarea").focus()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.type("I am so excited!")
    visit.page.keyboard.press("Shift+Enter")
    expect(visit.page.locator("#answer .passage")).to_contain_text("I am so excited!")
    tab = visit.page.get_by_role("tab", name="Batch")
    tab.focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#lines")).to_be_visible()


# The other tabs


@pytest.fixture
def batch(visit: Visit) -> Visit:
    visit.go("Batch")
    expect(visit.page.locator("#batch-notice")).to_contain_text(f"Up to {MAX_LINES} texts")
    return visit


def read_batch(visit: Visit) -> None:
    visit.page.locator("#batch-go").click()
    expect(visit.page.locator("#batch .list")).to_be_visible()


@pytest.mark.browser
def test_pasted_lines_become_a_table_a_picture_and_a_file(batch: Visit):
    lines = ["Thank you so much, wonderful help!", IMAGE, "=1+1", "Room 204."]
    batch.page.locator("#lines textarea").fill("\n\n".join(lines))
    read_batch(batch)
    expect(batch.page.locator("#batch .list .said")).to_have_text(lines)
    expect(batch.page.locator("#batch .tally tbody tr")).to_have_count(13)
    expect(batch.page.locator("#batch .cloud circle")).to_have_count(4)
    with batch.page.expect_download() as download:
        batch.page.locator("#batch-download").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [row["text"] for row in rows] == [*lines[:2], "'=1+1", lines[3]]
    assert "grateful" in rows[0]["fits"]
    assert batch.complaints == []


@pytest.mark.browser
def test_file_is_read_by_its_column_of_texts(batch: Visit, tmp_path: Path):
    path = tmp_path / "answers.csv"
    path.write_text('id,comment\n1,"Thank you, really"\n2,Never again\n')
    batch.page.locator("#file input[type=file]").set_input_files(path)
    expect(batch.page.locator("#batch-notice")).to_contain_text("answers.csv: 2 rows")
    expect(batch.page.locator("#column input")).to_have_value("comment")
    read_batch(batch)
    expect(batch.page.locator("#batch .list .said")).to_have_text(
        ["Thank you, really", "Never again"]
    )
    assert batch.complaints == []


@pytest.mark.slow
@pytest.mark.browser
def test_more_texts_than_the_limit_are_cut_and_it_is_said(batch: Visit):
    batch.page.locator("#lines textarea").fill("ok\n" * (MAX_LINES + 3))
    batch.page.locator("#batch-presets").get_by_text("Ekman").click()
    expect(batch.page.locator("#batch-labels .token")).to_have_count(7)
    batch.page.locator("#batch-go").click()
    expect(batch.page.get_by_role("progressbar")).to_be_visible()
    expect(batch.page.locator("#batch .notice")).to_contain_text(
        f"{MAX_LINES + 3} texts were given"
    )
    expect(batch.page.locator("#batch .list tbody tr")).to_have_count(100)


@pytest.mark.browser
def test_batch_without_texts_says_what_is_missing(batch: Visit):
    batch.page.locator("#batch-go").click()
    expect(batch.page.get_by_role("alert")).to_contain_text("no texts yet")


@pytest.mark.browser
def test_two_wordings_stand_side_by_side(visit: Visit):
    visit.go("Compare")
    visit.page.locator("#compare-go").click()
    expect(visit.page.locator("#compare .side")).to_have_count(2)
    expect(visit.page.locator("#compare .side").nth(0)).to_contain_text("grief")
    expect(visit.page.locator("#compare .side").nth(1)).to_contain_text("mourning somebody")
    assert visit.complaints == []


@pytest.mark.browser
def test_two_models_answer_for_the_same_labels(visit: Visit):
    visit.go("Compare")
    visit.page.locator("#compare-way").get_by_text("Two models").click()
    expect(visit.page.locator("#labels-b")).to_be_hidden()
    visit.page.locator("#compare-go").click()
    sides = visit.page.locator("#compare .side")
    expect(sides.nth(1)).to_contain_text("the same again")
    first, second = (sides.nth(i).locator("tbody").inner_text() for i in (0, 1))
    assert first == second


@pytest.mark.browser
def test_own_words_are_placed_on_the_map(visit: Visit):
    visit.go("Explore")
    expect(visit.page.locator("#map .spot.own")).to_have_count(3)
    visit.clear_labels("map-labels")
    visit.add_labels(f"furious, {IMAGE}", "map-labels")
    visit.page.locator("#map-go").click()
    expect(visit.page.locator("#map .near li")).to_have_count(2)
    expect(visit.page.locator("#map .near li").nth(1)).to_contain_text(IMAGE)
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []


def choose(visit: Visit, field: str, value: str) -> None:
    visit.page.locator(f"#shelf-{field} input").click()
    visit.page.get_by_role("option", name=value, exact=True).click()


@pytest.mark.browser
def test_corpus_is_filtered_by_story_and_leafed_through(visit: Visit):
    visit.go("Explore")
    shelf = visit.page.locator("#shelf")
    choose(visit, "narrative", "T")
    expect(shelf.locator(".kicker")).to_contain_text("1 to 6 of 40")
    expect(shelf.locator(".card").first).to_contain_text("Said in full")
    expect(shelf.locator(".card").first).to_contain_text("waits at pier")
    visit.page.locator("#shelf-on").click()
    expect(shelf.locator(".kicker")).to_contain_text("7 to 12 of 40")
    choose(visit, "emotion", "grief")
    expect(shelf.locator(".kicker")).to_contain_text("No line is like that")
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []


@pytest.mark.browser
def test_about_shows_cards_numbers_and_limits(visit: Visit):
    visit.go("About")
    about = visit.page.locator("#about")
    expect(about).to_contain_text("not a mental-health tool")
    expect(about.locator(".measured")).to_contain_text("goemotions")
    visit.page.get_by_text("The model card").click()
    expect(visit.page.locator("#model-card")).to_contain_text("A dual encoder")
    assert visit.complaints == []


# Everybody's page


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("tab", TABS)
def test_no_tab_scrolls_sideways_on_a_phone(open_page: Callable[..., Visit], tab):
    visit = open_page(width=390, height=844)
    if tab == "Read":
        assert visit.overflow() <= 0
        return
    # All five have room in the row: none is hidden behind gradio's last button.
    visit.page.get_by_role("tab", name=tab, exact=True).click()
    if tab == "Compare":
        visit.page.locator("#compare-go").click()
        expect(visit.page.locator("#compare .side")).to_have_count(2)
    visit.page.wait_for_timeout(300)
    assert visit.overflow() <= 0
    assert visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Callable[..., Visit], scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe-playwright-python"
    ).Axe()
    visit = open_page(scheme=scheme)
    found = {}
    for tab in TABS:
        visit.go(tab)
        if tab == "Compare":
            visit.page.locator("#compare-go").click()
            expect(visit.page.locator("#compare .side")).to_have_count(2)
        visit.page.wait_for_timeout(400)
        options = {"resultTypes": ["violations"]}  # what is in order need not be told
        for problem in axe.run(visit.page, options=options).response["violations"]:
            if problem["impact"] in ("serious", "critical"):
                where = [node["html"][:160] for node in problem["nodes"][:3]]
                found[f"{tab}: {problem['id']}"] = where
    assert found == {}
