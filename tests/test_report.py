"""A report shows what was measured and nothing else: every number, every role apart, text as text.

Rows and models are scripted here, in words of our own; the report is the real one, read back as a
browser and a Markdown renderer would read it.
"""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt

from emo_hub.errors import InputError
from emo_hub.evaluation import BENCHMARKS
from emo_hub.evaluation.compare import compare
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.pictures import Curve, LabelMap
from emo_hub.evaluation.published import PUBLISHED
from emo_hub.evaluation.report import comparison_page, write_comparison, write_report
from emo_hub.evaluation.report import json as report_json
from emo_hub.evaluation.report.blocks import Cell, Document, Paragraph, Section, table
from emo_hub.evaluation.report.extras import btzsc_lines
from emo_hub.evaluation.report.markdown import render as render_markdown
from emo_hub.evaluation.report.material import gather
from emo_hub.evaluation.report.page import render as render_html
from emo_hub.evaluation.report.titles import metric_title
from emo_hub.evaluation.report.worst import row_losses, worst_rows
from emo_hub.evaluation.run import evaluate_rows
from emo_hub.records import DIMENSIONS
from emo_hub.taxonomy import EKMAN, GOEMOTIONS

from .visits import CHROMIUM_ARGUMENTS, find_chromium

SCRIPT = "<script>window.pwned = 1</script>"
IMAGE = '<img src="https://evil.example/x.png" onerror="window.pwned = 1">'
NASTY = f"{SCRIPT}|a | b\n\n# not a heading `code` [link](javascript:alert(1)) **bold** {IMAGE}"
NASTY_LABEL = "joy|<b>`\n| x"
NASTY_MODEL = f"mine {SCRIPT} | `rm`"


class Scripted:
    """Gives the right labels a head start and noise to all, the same at every call."""

    def __init__(self, name, seed=0, head_start=0.3):
        self.name, self.seed, self.head_start = name, seed, head_start

    def score(self, texts, labels, contexts=None, *, multi_label=True):
        scores = np.random.default_rng(self.seed).random((len(texts), len(labels))) * 0.7
        for i, text in enumerate(texts):
            scores[i, len(text) % len(labels)] += self.head_start
        return scores.astype(np.float32)

    def thresholds(self, labels):
        return np.full(len(labels), 0.6, dtype=np.float32)

    def dimensions(self, texts, contexts=None):
        values = np.random.default_rng(self.seed).random((len(texts), 3)) * 4 + 1
        return values.astype(np.float32)


def texts_of(count, labels):
    return tuple(f"The kettle sang {'o' * (i % labels)} at {i}." for i in range(count))


def make_rows(name="xed", kind="single_label", labels=EKMAN.labels, count=60, **changes):
    texts = texts_of(count, len(labels))
    targets = np.zeros((count, len(labels)), dtype=np.int8)
    for i, text in enumerate(texts):
        targets[i, len(text) % len(labels)] = 1
        if kind == "multi_label" and i % 3 == 0:
            targets[i, i % len(labels)] = 1
    values = {
        "name": name, "split": "test", "kind": kind, "headline": "macro_f1", "texts": texts,
        "contexts": (None,) * count, "targets": targets, "labels": labels,
    }  # fmt: skip
    return LoadedBenchmark(**{**values, **changes})


def ratings(count=40, name="emobank"):
    targets = np.random.default_rng(3).random((count, 3)).astype(np.float32) * 4 + 1
    return make_rows(
        name, "regression", DIMENSIONS, count, targets=targets, headline="valence_pearson",
        split="dev",
    )  # fmt: skip


def score(rows, model="mine", seed=0, role=None, **changes):
    scored = evaluate_rows(Scripted(model, seed), rows, role)
    return replace(scored, result=replace(scored.result, **changes)) if changes else scored


class Reader(HTMLParser):
    """Reads a page: its elements, the fields of its tables, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.tables, self.text, self.cell = [], [], "", None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self.cell.split()))
            self.cell = None

    def handle_data(self, data):
        self.text += data
        if self.cell is not None:
            self.cell += data

    def find(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read_markdown(text):
    """Read Markdown as a renderer does that lets HTML through and makes links of addresses."""
    return Reader(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


@pytest.fixture(scope="module")
def scored():
    labels = (NASTY_LABEL, *EKMAN.labels[1:])
    single = make_rows(
        "xed", labels=labels, texts=(NASTY, *texts_of(60, 7)[1:]),
        contexts=(NASTY, *(None,) * 59), ids=(NASTY_LABEL, *(f"r{i}" for i in range(1, 60))),
    )  # fmt: skip
    multi = make_rows("goemotions", "multi_label", GOEMOTIONS.labels, 80)
    return [
        score(single, NASTY_MODEL),
        score(multi, NASTY_MODEL, seen={"train split": 3}, times_scored=2),
        score(ratings(), NASTY_MODEL),
        score(multi, "rival", 1),
        score(multi, "tuned", 2, role="fine-tuned"),
        score(multi, "rival", 1, role="zero-shot, thresholds from dev"),
    ]


MAPS = [
    LabelMap("mine", ("joy", "fear", "calm"), np.array([4.5, 1.5, 3.5]), np.array([3.5, 4.5, 1.5]),
             {"joy": (4.25, 3.75), "fear": (1.75, 4.0), "calm": (3.75, 1.25)}),
]  # fmt: skip
CURVES = [Curve("mine", "rows", ((100, 0.25, 0.2, 0.3), (1000, 0.5, 0.45, 0.55)))]
FACTS = {"command": f"emo-hub evaluate {SCRIPT}", "date": "2026-11-21", "nested": {"a": [1, 2]}}


@pytest.fixture(scope="module")
def folder(scored, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "new" / "report"
    return write_report(scored, FACTS, out, maps=MAPS, curves=CURVES).parent


@pytest.fixture(scope="module")
def html(folder):
    return Reader((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def markdown(folder):
    return read_markdown((folder / "report.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def kept(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


# Text stays text


def squeezed(text):
    return " ".join(text.split())


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_foreign_markup_is_shown_and_never_becomes_markup(form, request):
    page = request.getfixturevalue(form)
    assert not page.find("script")
    assert not page.find("b") or form == "html"  # captions of ours are bold
    assert all("onerror" not in attributes for _, attributes in page.elements)
    assert squeezed(SCRIPT) in squeezed(page.text)
    assert squeezed(IMAGE) in squeezed(page.text)


def test_markdown_holds_no_markup_but_our_anchors(folder):
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "<" not in re.sub(r'<a id="[a-z0-9-]+"></a>', "", text)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_texts_labels_and_models_stand_in_tables_as_they_are(form, request):
    fields = [field for t in request.getfixturevalue(form).tables for row in t for field in row]
    assert squeezed(NASTY_LABEL) in fields
    assert squeezed(NASTY_MODEL) in fields
    assert any(squeezed(NASTY)[:150] in field for field in fields)


def test_markdown_tables_hold_the_same_fields_as_html(html, markdown):
    def bare(tables):  # notes stand in brackets in Markdown
        return [[[re.sub(r"[() ]", "", f) for f in row] for row in t] for t in tables]

    assert bare(markdown.tables) == bare(html.tables)
    assert len(html.tables) > 8


def test_every_row_of_a_table_has_the_fields_of_its_header(html, markdown):
    for page in (html, markdown):
        assert all(len(row) == len(t[0]) for t in page.tables for row in t)


def test_marks_that_reorder_text_and_broken_characters_are_replaced(tmp_path):
    rows = ratings()
    page = write_report([score(rows, "a\u202egpj.exe\ud800\x07")], {}, tmp_path).read_text("utf-8")
    assert "a\ufffdgpj.exe\ufffd\ufffd" in page
    models = json.loads((tmp_path / "report.json").read_text("utf-8"))["models"]
    assert list(models) == ["a\u202egpj.exe\ud800\x07"]


def test_addresses_and_names_in_markdown_do_not_become_links():
    document = Document("T", (Paragraph("see https://evil.example www.evil.example @someone"),), ())
    text = render_markdown(document, None)
    assert "://" not in text
    assert "www." not in text
    assert "@" not in text
    assert "see https://evil.example www.evil.example @someone" in read_markdown(text).text


# Numbers


def metric_tables(page):
    return [t for t in page.tables if t[0][0] == "metric"]


def test_every_metric_stands_in_the_pages_as_in_the_json(kept, html, markdown):
    for page in (html, markdown):
        fields = {row[0]: [] for t in metric_tables(page) for row in t}
        for t in metric_tables(page):
            for row in t:
                fields[row[0]] += [field.split(" ")[0] for field in row[1:]]
        count = 0
        for results in kept["models"].values():
            for r in results:
                for metric, value in r["metrics"].items():
                    digits = 0 if metric == "rows_below_thresholds" else 3
                    assert f"{value:,.{digits}f}" in fields[metric_title(metric, r["kind"])]
                    count += 1
        assert count > 40


def test_no_two_metrics_share_a_title(html):
    for t in metric_tables(html):
        titles = [row[0] for row in t]
        assert len(titles) == len(set(titles))


def test_headlines_carry_their_interval(kept, html):
    (result,) = (r for r in kept["models"]["tuned"])
    said = f"{result['interval']['low']:.3f} to {result['interval']['high']:.3f}"
    table_of = next(t for t in metric_tables(html) if "tuned" in t[0])
    assert next(row for row in table_of if row[0] == "macro-F1")[1].endswith(said)


def test_per_label_numbers_equal_the_json(kept, html):
    found = kept["models"]["tuned"][0]["per_label"]
    (shown,) = (t for t in html.tables if t[0][-1] == "F1 of tuned")
    assert {row[0]: row[2] for row in shown[1:]} == {
        label: f"{r['f1']:.3f} predicted {r['predicted']:,}" for label, r in found.items()
    }
    supports = [int(row[1].replace(",", "")) for row in shown[1:]]
    assert supports == sorted(supports, reverse=True)


def test_the_json_keeps_its_shape_and_has_no_text_of_a_benchmark(kept, folder):
    assert {"schema_version", "facts", "models", "benchmarks", "quoted"} <= kept.keys()
    assert list(kept["models"]) == [NASTY_MODEL, "rival", "tuned"]
    assert [r["role"] for r in kept["models"]["rival"]] == [
        "zero-shot", "zero-shot, thresholds from dev",
    ]  # fmt: skip
    assert "kettle" not in (folder / "report.json").read_text()
    assert "kettle" in (folder / "report.md").read_text()


def test_numbers_that_are_not_finite_become_null_in_json_and_a_hyphen_in_tables():
    values = report_json.render({"a": math.nan, "b": np.float32(np.inf), "c": np.arange(2)})
    assert json.loads(values) == {"a": None, "b": None, "c": [0, 1]}


def test_maps_and_curves_are_in_pages_and_json(kept, html):
    assert kept["label_maps"][0]["valence"] == [4.5, 1.5, 3.5]
    assert kept["label_maps"][0]["agreement"]["valence_pearson"] > 0.9
    assert ["joy", "4.50", "3.50", "4.25", "3.75"] in [row for t in html.tables for row in t]
    assert kept["curves"][0]["points"][1] == [1000, 0.5, 0.45, 0.55]
    assert ["mine", "macro-F1", "1,000 rows", "0.500 0.450 to 0.550"] in [
        row for t in html.tables for row in t
    ]


# Roles, quoted numbers, what a reader must know


def test_roles_never_share_a_table(html):
    checked = 0
    for t in html.tables:
        if "source of training" in t[0]:  # says what was seen, not how well it went
            continue
        fields = {field.removeprefix("F1 of ") for row in t for field in row}
        if "tuned" in fields:
            assert not fields & {squeezed(NASTY_MODEL), "rival"}
            checked += 1
    assert checked == 3


def test_one_model_in_two_roles_stands_in_two_tables(html):
    assert sum(t[0].count("rival") for t in metric_tables(html)) == 2
    assert all(t[0].count("rival") <= 1 for t in metric_tables(html))


def boards(page):
    return [t for t in page.tables if "status" in t[0] and "rows" in t[0]]


def test_published_numbers_are_marked_quoted_and_ours_measured(html):
    ours = {squeezed(NASTY_MODEL), "rival", "tuned"}
    rows = [row for t in boards(html) for row in t[1:]]
    for row in rows:
        assert row[6] == ("measured" if row[2] in ours else "quoted")
    assert {row[6] for row in rows} == {"measured", "quoted"}


def test_a_leaderboard_goes_from_high_to_low_within_a_metric(html):
    for t in boards(html):
        groups = {}
        for row in t[1:]:
            groups.setdefault((row[0].split(" ")[0], row[1]), []).append(float(row[3]))
        assert all(values == sorted(values, reverse=True) for values in groups.values())


def test_every_quoted_number_of_these_benchmarks_stands_there_with_its_source(kept, html):
    rows = [row for t in boards(html) for row in t[1:] if row[6] == "quoted"]
    wanted = [p for p in PUBLISHED if p.benchmark in {"goemotions", "xed", "emobank"}]
    assert len(kept["quoted"]) == len(wanted) == len(rows)
    for p in wanted:
        found = [r for r in rows if r[2].startswith(p.model) and r[3] == f"{p.value:.3f}"]
        assert any(p.source in r[7] and p.remark in r[7] for r in found)
        assert any(("second-hand" in r[7]) == p.second_hand for r in found)


def test_another_split_than_ours_is_said_beside_a_quoted_number(html):
    row = next(r for t in boards(html) for r in t if r[2] == "ChatGPT")
    assert "on test, ours is on dev" in row[7]


def test_a_second_look_at_a_split_and_seen_rows_are_said(html):
    assert "was scored 2 times on this split" in html.text
    assert [squeezed(NASTY_MODEL), "train split", "3"] in [row for t in html.tables for row in t]


def test_the_summary_is_made_of_the_numbers(kept, html):
    result = kept["models"]["tuned"][0]
    summary = squeezed(html.text).split("Contents")[0]
    assert "3 models on 3 benchmarks, 180 rows" in summary
    assert f"tuned reaches macro-F1 {result['metrics']['macro_f1']:.3f}" in summary
    assert "does not reach the best number quoted in that role for goemotions" in summary


def test_a_sample_is_called_so_and_not_compared_with_published_numbers(tmp_path):
    rows = make_rows("goemotions", "multi_label", GOEMOTIONS.labels)
    page = Reader(write_report([score(rows, available=5427)], {}, tmp_path).read_text("utf-8"))
    assert "60 of 5,427 (sample)" in page.text
    assert "the best number quoted" not in page.text


def test_facts_versions_and_digest_are_there(kept, folder, html):
    import hashlib

    rows = {row[0]: row[1] for t in html.tables if t[0] == ["fact", "value"] for row in t}
    assert rows["nested, a"] == "1, 2"
    assert rows["date"] == kept["facts"]["date"] == "2026-11-21"
    assert rows["version of numpy"] == np.__version__
    digest = hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    assert rows["SHA-256 of report.json"] == digest


def test_missing_pieces_are_said_in_words(tmp_path):
    page = Reader(write_report([score(ratings())], {}, tmp_path).read_text("utf-8"))
    assert "has ratings and no labels" in page.text
    assert "No model gave valence and arousal for label names" in page.text
    assert "No training source was compared" in page.text
    assert all(len(t) > 1 for t in page.tables)
    assert len(page.find("img")) == 1


def test_no_table_is_empty(html):
    assert all(len(t) > 1 for t in html.tables)


# Worst errors


@pytest.mark.parametrize("kind", ["single_label", "multi_label", "regression"])
def test_worst_errors_are_the_worst(kind):
    rows = ratings() if kind == "regression" else make_rows(kind=kind)
    scored = score(rows)
    found = worst_rows(scored)
    losses = row_losses(scored)
    wrong = [
        i for i in range(len(losses))
        if scored.predicted is None or (scored.predicted[i] != rows.targets[i]).any()
    ]  # fmt: skip
    assert [w.row for w in found] == sorted(wrong, key=lambda i: -losses[i])[:10]


def test_losses_equal_those_of_scikit_learn():
    from sklearn.metrics import log_loss

    single, multi = score(make_rows()), score(make_rows(kind="multi_label"))
    shares = single.scores / single.scores.sum(axis=1, keepdims=True)
    assert row_losses(single).mean() == pytest.approx(log_loss(single.rows.targets, shares), 1e-4)
    flat = log_loss(multi.rows.targets.ravel(), multi.scores.ravel().astype(float), labels=[0, 1])
    assert row_losses(multi).mean() == pytest.approx(flat, 1e-5)


def test_a_confident_error_is_worse_than_a_timid_one():
    rows = make_rows(count=2, labels=("joy", "fear"), targets=np.array([[1, 0], [1, 0]], np.int8))
    scored = replace(
        score(rows),
        scores=np.array([[0.4, 0.6], [0.01, 0.99]], np.float32),
        predicted=np.array([[0, 1], [0, 1]], np.int8),
    )
    assert [w.row for w in worst_rows(scored)] == [1, 0]


def test_a_right_decision_is_no_error_however_unsure():
    rows = make_rows(
        "own", "multi_label", ("joy", "fear"), 2, targets=np.array([[1, 0], [1, 0]], np.int8)
    )
    scored = replace(
        score(rows),
        scores=np.array([[0.1, 0.09], [0.5, 0.6]], np.float32),
        predicted=np.array([[1, 0], [1, 1]], np.int8),
    )
    losses = row_losses(scored)
    assert losses[0] > losses[1]
    assert [w.row for w in worst_rows(scored)] == [1]


def test_worst_errors_show_text_context_labels_and_scores(html, kept):
    (shown,) = (t for t in html.tables if "text" in t[0] and "r1" in str(t))
    listed = next(w for w in kept["worst"] if w["benchmark"] == "xed")["rows"]
    assert [row[0].split(" ")[0] for row in shown[1:]] == [f"{w['row'] + 1}" for w in listed]
    assert [row[1] for row in shown[1:]] == [f"{w['loss']:.2f}" for w in listed]
    assert shown[1][4].count(",") >= 2


def test_texts_are_cut_and_their_licence_is_named(tmp_path):
    rows = make_rows("mine-own", texts=tuple(f"{i} " + "long " * 200 for i in range(60)),
                     licence="CC BY 4.0")  # fmt: skip
    page = Reader(write_report([score(rows)], {}, tmp_path).read_text("utf-8"))
    assert "under its licence: CC BY 4.0" in page.text
    texts = [row[2] for t in page.tables if "text" in t[0] for row in t[1:]]
    assert texts
    assert all(len(text) <= 300 and text.endswith("...") for text in texts)


def test_a_record_without_texts_says_so(tmp_path):
    one = score(make_rows())
    bare = replace(one, rows=replace(one.rows, texts=("",) * 60))
    page = Reader(write_report([bare], {}, tmp_path).read_text("utf-8"))
    assert "The texts are not at hand" in page.text


# The page as a file


def test_nothing_is_loaded_from_anywhere(folder, html):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for tag, attributes in html.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            target = attributes.get(name) or ""
            allowed = target.startswith(("data:image/png;base64,", "#")) or tag == "a"
            assert not target or allowed, (tag, target[:80])
    assert all(tag not in {"script", "link", "iframe", "object"} for tag, _ in html.elements)
    style = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_links_out_lead_to_papers_alone(html):
    links = {a["href"] for a in html.find("a") if not a["href"].startswith("#")}
    assert links
    assert all(re.match(r"https://(arxiv\.org/abs|aclanthology\.org)/", link) for link in links)


def test_contents_lead_to_sections_that_are_there(html, markdown):
    for page in (html, markdown):
        anchors = [a["id"] for _, a in page.elements if "id" in a]
        assert len(anchors) == len(set(anchors))
        wanted = {a["href"][1:] for a in page.find("a") if a.get("href", "").startswith("#")}
        assert len(wanted) > 8
        assert wanted <= set(anchors)


def test_pictures_have_words_and_lie_where_the_markdown_looks(folder, html, markdown):
    assert len(html.find("img")) == len(markdown.find("img")) >= 10
    assert all(len(image["alt"]) > 40 for image in html.find("img"))
    for image in markdown.find("img"):
        assert (folder / image["src"]).read_bytes().startswith(b"\x89PNG")


def test_the_same_results_give_the_same_bytes(scored, folder, tmp_path):
    write_report(scored, FACTS, tmp_path, maps=MAPS, curves=CURVES)
    for name in ("report.html", "report.md", "report.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_whoever_reads_a_report_keeps_it_whole_while_it_is_written_again(scored, tmp_path):
    out = tmp_path / "out"
    write_report(scored, {"date": "2026-11-20"}, out)
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    for number, path in enumerate(files):
        os.link(path, tmp_path / f"read-{number}")
    write_report(scored, {"date": "2026-11-21"}, out)
    assert [(tmp_path / f"read-{n}").read_bytes() for n in range(len(files))] == [*before.values()]
    assert {path for path in files if path.read_bytes() != before[path]} >= {
        out / "report.html", out / "report.json", out / "report.md",
    }  # fmt: skip


def test_an_earlier_report_stays_whole_where_a_new_one_cannot_be_drawn(scored, tmp_path):
    short = LabelMap("mine", ("joy", "fear"), np.array([4.5]), np.array([3.5]), None)
    write_report(scored[:1], FACTS, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises((IndexError, ValueError)):
        write_report(scored[1:2], FACTS, tmp_path, maps=[short])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_many_models_all_stand_in_every_table(tmp_path):
    rows = make_rows(count=30)
    # One more than the pictures show.
    models = [f"organisation/some-rather-long-model-name-{i}" for i in range(9)]
    many = [score(rows, model, seed) for seed, model in enumerate(models)]
    page = Reader(write_report(many, {}, tmp_path).read_text("utf-8"))
    assert metric_tables(page)[0][0] == ["metric", *models]
    assert sorted(row[2] for row in boards(page)[0][1:]) == sorted(models)


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="no result"):
        write_report([], {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# BTZSC


def btzsc(count, **changes):
    prompts = tuple(f"This example tweet expresses the emotion: {label}" for label in EKMAN.labels)
    return make_rows("btzsc-emotion", count=count, prompts=prompts, **changes)


def test_standings_hold_our_line_among_the_published_ones():
    lines = btzsc_lines(gather([score(btzsc(2000))], {}, (), (), {}))
    assert [line.model for line in lines if line.is_measured] == ["mine"]
    assert len(lines) > 20


@pytest.mark.parametrize(("count", "role"), [(60, "zero-shot"), (2000, "transfer")])
def test_a_sample_or_another_role_does_not_stand_among_published_numbers(count, role):
    assert btzsc_lines(gather([score(btzsc(count), role=role)], {}, (), (), {})) == []


# Published numbers


def test_published_numbers_name_a_declared_benchmark_a_known_role_and_a_source():
    roles = {"zero-shot", "zero-shot, thresholds from dev", "transfer", "fine-tuned"}
    for p in PUBLISHED:
        assert p.benchmark in BENCHMARKS
        assert p.role in roles
        assert p.source
        assert 0 < p.value < 1
        assert metric_title(p.metric) != p.metric.replace("_", " ") or p.metric == "jaccard"


def test_no_published_number_stands_twice():
    keys = [(p.benchmark, p.model, p.role, p.metric, p.split) for p in PUBLISHED]
    assert len(keys) == len(set(keys))


# Comparison


CHANGE = {
    "benchmark": "xed", "split": "all", "role": "zero-shot", "metric": "macro_f1", "first": 0.25,
    "second": 0.35, "difference": 0.1, "low": 0.05, "high": 0.15, "p_value": 0.001,
    "p_holm": 0.003, "verdict": "better", "rows": 900, "fixed": 12, "broken": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("better", "new is better by more than noise on xed (+0.100)."),
        ("better than noise", "new is better by more than noise on xed (+0.100)."),
        ("worse", "new is worse by more than noise on xed (+0.100)."),
        ("no more than noise", "The difference is no more than noise on xed (+0.100)."),
    ],
)
def test_a_verdict_is_said_in_a_sentence(verdict, said):
    pages = comparison_page({"first": "old", "second": "new"}, [{**CHANGE, "verdict": verdict}])
    assert said in Reader(pages.html).text
    assert said in read_markdown(pages.markdown).text


def test_a_comparison_shows_every_number_in_both_forms():
    label = {"benchmark": "xed", "label": NASTY_LABEL, "first": 0.5, "second": 0.25,
             "difference": -0.25, "support": 1234}  # fmt: skip
    counts = {"benchmark": "xed", "fixed": 12, "broken": 5, "both_wrong": 77}
    pages = comparison_page(
        {"first": NASTY_MODEL, "second": "new"}, [CHANGE], labels=[label], changed=[counts]
    )
    for page in (Reader(pages.html), read_markdown(pages.markdown)):
        rows = [[re.sub(r"[()]", "", f) for f in row] for t in page.tables for row in t]
        assert ["xed all", "macro-F1", "0.250", "0.350", "+0.100 +0.050 to +0.150", "0.0010",
                "0.0030", "better by more than noise", "900"] in rows  # fmt: skip
        assert [squeezed(NASTY_LABEL), "0.500", "0.250", "-0.250", "1,234"] in [r[1:] for r in rows]
        assert ["xed", "12", "5", "77"] in rows
        assert not page.find("script")


def test_a_comparison_keeps_roles_apart():
    rows = [CHANGE, {**CHANGE, "benchmark": "isear", "role": "fine-tuned"}]
    page = Reader(comparison_page({"first": "old", "second": "new"}, rows).html)
    tables = [t for t in page.tables if "verdict" in t[0]]
    assert [[row[0] for row in t[1:]] for t in tables] == [["xed (all)"], ["isear (all)"]]


def test_two_models_compared_give_pages_numbers_and_a_picture(tmp_path):
    rows = make_rows(count=200)
    found = compare([score(rows, "old", 1)], [score(rows, "new", 2)])
    path = write_comparison(found, tmp_path / "new", {"date": "2026-11-21"})
    kept = json.loads((path.parent / "comparison.json").read_text())
    page = Reader(path.read_text(encoding="utf-8"))
    assert f"{kept['changes'][0]['difference']:+.3f}" in page.text
    assert page.find("img")[0]["src"].startswith("data:image/png")
    shown = read_markdown((path.parent / "comparison.md").read_text())
    assert (path.parent / shown.find("img")[0]["src"]).is_file()


# Looked at with a browser


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs emo-hub[dev]")
    if (path := find_chromium()) is None:
        pytest.skip("There is no Chromium: install Debian's package, or name it in CHROMIUM.")
    with playwright.sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=path, args=[*CHROMIUM_ARGUMENTS])
        yield chromium
        chromium.close()


@pytest.mark.browser
def test_many_models_fit_on_paper(browser, tmp_path):
    models = [f"organisation/some-rather-long-model-name-{i}" for i in range(14)]
    rows = [[model, *(Cell("0.125", "0.100 to 0.150", is_number=True) for _ in models)]
            for model in ("macro-F1", "accuracy")]  # fmt: skip
    shown = table("What it is.", ("metric", *models), rows)
    path = tmp_path / "page.html"
    path.write_text(render_html(Document("T", (), (Section("S", (shown,), (), "s"),))))
    page = browser.new_page(viewport={"width": 688, "height": 1016})  # A4 less its margins
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 688


@pytest.mark.browser
def test_a_phone_shows_the_page_without_requests_script_or_sideways_scroll(folder, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "report.html").as_uri())
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    assert [url for url in asked if not url.startswith("data:")] == [asked[0]]
    assert len(page.pdf()) > 50_000


def test_a_table_says_what_it_is_and_which_column_holds_numbers():
    shown = table("What it is.", ("a", "b"), [("x", Cell("1", is_number=True))])
    page = render_html(Document("T", (), (Section("S", (shown,), (), "s"),)))
    (header, right) = [a.get("class") for a in Reader(page).find("th")][:2]
    assert (header, right) == (None, "number")
    assert "Table 1." in Reader(page).text
