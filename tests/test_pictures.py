"""Pictures of a report: legible, within bounds, the same every time, and true to the numbers."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

from matplotlib.axis import Axis
from matplotlib.collections import QuadMesh
from matplotlib.text import Text
from PIL import Image

from emo_hub import metrics
from emo_hub.errors import InputError
from emo_hub.evaluation import pictures
from emo_hub.evaluation.compare import Change, Comparison, LabelChange
from emo_hub.evaluation.loading import LoadedBenchmark
from emo_hub.evaluation.pictures import Curve, LabelMap, heat, names, placing, style
from emo_hub.evaluation.published import Published
from emo_hub.evaluation.results import LabelResult, Result
from emo_hub.evaluation.scored import Scored
from emo_hub.records import DIMENSIONS

WORDS = (
    "admiration", "amusement", "embarrassment", "disappointment", "acknowledging", "sympathizing",
    "joy", "fear", "pride", "grief", "relief", "sentimental", "nostalgic", "apprehensive",
)  # fmt: skip
NASTY = ("$\\frac{$", "a$b", "_under", "喜び", "two\nlines", "100 %", "^_^", "\\alpha", "")
LONG = "somebody-with-a-long-name/an-encoder-large-zero-shot-v2.0-of-emotions-$x$"


def labels_of(count):
    return tuple(
        WORDS[i % len(WORDS)] + (str(i // len(WORDS)) if i >= len(WORDS) else "")
        for i in range(count)
    )


def scored(
    count=8, model="ours", *, several=False, seed=0, rows=150, names=None, role="zero-shot",
    benchmark="goemotions", split="dev",
):  # fmt: skip
    """A model of some skill on made-up rows."""
    random = np.random.default_rng(seed + 17 * count)
    weights = 1.0 / np.arange(1, count + 1)
    targets = np.zeros((rows, count), dtype=np.int8)
    first = np.random.default_rng(count).choice(count, rows, p=weights / weights.sum())
    targets[np.arange(rows), first] = 1
    if several:
        targets[np.arange(0, rows, 4), (first[::4] + 1) % count] = 1
    logits = 2.0 * targets + random.normal(-2.0, 1.0, targets.shape)
    scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    thresholds = np.full(count, 0.5, np.float32) if several else None
    predicted = (scores >= 0.5).astype(np.int8) if several else metrics.predict_best(scores)
    labels = names or labels_of(count)
    f1 = metrics.label_f1(targets, predicted)
    per_label = {
        label: LabelResult(float(f1[i]), int(targets[:, i].sum()), int(predicted[:, i].sum()))
        for i, label in enumerate(labels)
    }
    kind = "multi_label" if several else "single_label"
    loaded = LoadedBenchmark(
        name=benchmark, split=split, kind=kind, headline="macro_f1", texts=("",) * rows,
        contexts=(None,) * rows, targets=targets, labels=labels,
    )  # fmt: skip
    value = metrics.macro_f1(targets, predicted)
    result = Result(
        model=model, benchmark=benchmark, split=split, kind=kind, rows=rows, available=rows,
        dropped=0, headline="macro_f1", metrics={"macro_f1": value}, per_label=per_label,
        interval=metrics.Interval(value - 0.03, value + 0.03), seconds=1.0, role=role,
    )  # fmt: skip
    return Scored(model, loaded, scores, predicted, thresholds, result)


def regression(model="ours"):
    random = np.random.default_rng(0)
    targets = random.uniform(1, 5, (40, 3)).astype(np.float32)
    loaded = LoadedBenchmark(
        name="emobank", split="dev", kind="regression", headline="valence_pearson",
        texts=("",) * 40, contexts=(None,) * 40, targets=targets, labels=DIMENSIONS,
    )  # fmt: skip
    result = Result(
        model=model, benchmark="emobank", split="dev", kind="regression", rows=40, available=40,
        dropped=0, headline="valence_pearson", metrics={"valence_pearson": -0.1}, per_label={},
        interval=metrics.Interval(-0.3, 0.1), seconds=1.0,
    )  # fmt: skip
    return Scored(model, loaded, targets, None, None, result)


def five(count, **kwargs):
    models = ("ours", "a baseline", LONG, "/some/folder/run-7/best", "_hidden")
    return [scored(count, model, seed=i, **kwargs) for i, model in enumerate(models)]


def label_map(count=41, model="ours", human=None):
    random = np.random.default_rng(count)
    valence, arousal = random.normal(3.0, 0.55, (2, count)).clip(1, 5)
    return LabelMap(model, labels_of(count), valence, arousal, human)


def curve(title, xs, axis="training rows", measure="macro-F1"):
    return Curve(
        title, axis, tuple((x, 0.2 + 0.01 * i, 0.18, 0.3) for i, x in enumerate(xs)), measure
    )


def comparison():
    verdicts = ("better", "worse", "no more than noise")
    changes = tuple(
        Change(
            benchmark=f"benchmark-{i}", split="test", role="zero-shot", metric="macro_f1", rows=900,
            left_out=0, first=0.4, second=0.4 + d, difference=d, low=d - 0.02, high=d + 0.02,
            p_value=0.01, p_holm=0.03, verdict=verdict, fixed=1, broken=1,
        )
        for i, (verdict, d) in enumerate(zip(verdicts, (0.1, -0.05, 0.004), strict=True))
    )  # fmt: skip
    labels = tuple(
        LabelChange("benchmark-0", label, 0.3, 0.3 + d, d, 25)
        for label, d in zip(labels_of(12), np.linspace(-0.2, 0.3, 12), strict=True)
    )
    return Comparison("ours before", LONG, changes, labels)


QUOTED = (
    Published("goemotions", "a rival", "zero-shot", "macro_f1", 0.31, "a paper"),
    Published(
        "goemotions", "a tuned rival", "fine-tuned", "macro_f1", 0.93, "a paper", "other rows"
    ),
    Published("goemotions", "of another metric", "zero-shot", "micro_f1", 0.5, "a paper"),
    Published("elsewhere", "of another benchmark", "zero-shot", "macro_f1", 0.5, "a paper"),
)
HUMAN = {"joy": (4.5, 3.8), "fear": (1.8, 4.2), "grief": (1.5, 2.5)}

DRAWN = {
    "leaderboard": lambda p: pictures.draw_leaderboard(
        [*five(8), *five(7, benchmark="isear"), regression(),
         scored(8, role="fine-tuned", model="tuned")], QUOTED, p,
    ),
    "leaderboard of regression": lambda p: pictures.draw_leaderboard([regression()], (), p),
    "labels": lambda p: pictures.draw_labels(five(41), p),
    "labels with nasty names": lambda p: pictures.draw_labels(five(9, names=NASTY), p),
    "confusion of 7": lambda p: pictures.draw_confusion(scored(7), p),
    "confusion of 28": lambda p: pictures.draw_confusion(scored(28, several=True), p),
    "confusion of 32": lambda p: pictures.draw_confusion(scored(32), p),
    "confusion of 41": lambda p: pictures.draw_confusion(scored(41, LONG), p),
    "confusion with nasty names": lambda p: pictures.draw_confusion(scored(9, names=NASTY), p),
    "co-occurrence of 8": lambda p: pictures.draw_cooccurrence(scored(8, several=True), p),
    "co-occurrence of 28": lambda p: pictures.draw_cooccurrence(scored(28, several=True), p),
    "reliability": lambda p: pictures.draw_reliability(five(8), p),
    "precision-recall of one": lambda p: pictures.draw_precision_recall([scored(8)], p),
    "precision-recall of five": lambda p: pictures.draw_precision_recall(five(8), p),
    "map": lambda p: pictures.draw_label_map([label_map(human=HUMAN)], p),
    "map of two": lambda p: pictures.draw_label_map([label_map(14), label_map(28, "$other$")], p),
    "map of one label": lambda p: pictures.draw_label_map([label_map(1)], p),
    "curves": lambda p: pictures.draw_curves(
        [curve("full", (100, 1_000, 10_000)), curve("LoRA", (0, 100, 300, 3_000)),
         curve("$few$", range(10, 500, 7)), curve("full", (5, 6), "requests")], p,
    ),
    "comparison": lambda p: pictures.draw_comparison(comparison(), p),
}  # fmt: skip


@pytest.fixture
def drawn(monkeypatch):
    """Draw really, and also keep the figure."""
    kept = []
    save = style.Sheet.save

    def keep(sheet, path):
        save(sheet, path)
        kept.append(sheet.figure)

    monkeypatch.setattr(style.Sheet, "save", keep)
    return kept


def texts_of(figure):
    """Every text that is visible, but not tick labels outside the view, which are not drawn."""
    hidden = set()
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        spare = (high - low) * 1e-6
        for tick in axis.get_major_ticks() + axis.get_minor_ticks():
            if not low - spare <= tick.get_loc() <= high + spare:
                hidden |= {tick.label1, tick.label2}
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [t for t in found if t not in hidden]


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_a_bounded_png_without_a_warning(name, tmp_path):
    path = tmp_path / "new" / "picture.png"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DRAWN[name](path)
    with Image.open(path) as image:
        image.verify()
        width, height = image.size
        assert image.format == "PNG"
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    assert 1000 <= width <= 1300
    assert 250 <= height <= 2600
    assert path.stat().st_size < 700_000


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_input_gives_the_same_bytes(name, tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in paths:
        DRAWN[name](path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"Creation" not in first


@pytest.mark.parametrize("name", DRAWN)
def test_type_is_at_least_8_pt_within_the_sheet_and_covers_no_other(name, tmp_path, drawn):
    DRAWN[name](tmp_path / "picture.png")
    (figure,) = drawn
    found = texts_of(figure)
    assert min(text.get_fontsize() for text in found) >= 8
    boxes = [text.get_window_extent() for text in found]
    sheet = figure.bbox
    for text, box in zip(found, boxes, strict=True):
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= sheet.x1 + 1 and box.y1 <= sheet.y1 + 1
        assert inside, f"{text.get_text()!r} is cut off: {box} of {sheet}"
    for i, box in enumerate(boxes):
        for j in range(i):
            across = min(box.x1, boxes[j].x1) - max(box.x0, boxes[j].x0)
            down = min(box.y1, boxes[j].y1) - max(box.y0, boxes[j].y0)
            overlap = across > 2.5 and down > 4  # boxes hold room for letters that are not there
            assert not overlap, f"{found[i].get_text()!r} lies on {found[j].get_text()!r}"


@pytest.mark.parametrize("several", [False, True])
def test_far_too_many_labels_are_cut_to_the_frequent_ones_and_the_picture_says_so(
    several, tmp_path, drawn
):
    many = scored(150, several=several, rows=400)
    pictures.draw_labels([many], tmp_path / "labels.png")
    pictures.draw_confusion(many, tmp_path / "confusion.png")
    if several:
        pictures.draw_cooccurrence(many, tmp_path / "together.png")
    for figure in drawn:
        assert any("of 150 labels are shown" in text.get_text() for text in texts_of(figure))
        assert max(figure.get_size_inches()) * figure.dpi < 4000


def test_nine_models_are_cut_to_eight_and_the_picture_says_so(tmp_path, drawn):
    many = [scored(5, f"model {i}", seed=i) for i in range(9)]
    pictures.draw_labels(many, tmp_path / "labels.png")
    pictures.draw_leaderboard(many, (), tmp_path / "board.png")
    pictures.draw_reliability(many, tmp_path / "reliability.png")
    for figure in drawn:
        said = " ".join(text.get_text() for text in texts_of(figure))
        assert "1 further model" in said
        assert "model 7" in said
        assert "model 8" not in said


@pytest.mark.parametrize(
    "draw",
    [
        lambda p: pictures.draw_labels([regression()], p),
        lambda p: pictures.draw_confusion(regression(), p),
        lambda p: pictures.draw_cooccurrence(regression(), p),
        lambda p: pictures.draw_reliability([regression()], p),
        lambda p: pictures.draw_precision_recall([regression()], p),
    ],
)
def test_regression_is_refused_where_labels_are_drawn(draw, tmp_path):
    with pytest.raises(InputError, match="emobank asks for valence"):
        draw(tmp_path / "p.png")
    assert not list(tmp_path.iterdir())


def test_splits_are_never_mixed_in_one_picture(tmp_path):
    with pytest.raises(InputError, match="goemotions dev, goemotions test"):
        pictures.draw_labels([scored(), scored(split="test")], tmp_path / "p.png")


def test_labels_of_single_label_rows_do_not_co_occur(tmp_path):
    with pytest.raises(InputError, match="one label each"):
        pictures.draw_cooccurrence(scored(), tmp_path / "p.png")


@pytest.mark.parametrize(
    "draw",
    [
        lambda p: pictures.draw_leaderboard([], (), p),
        lambda p: pictures.draw_labels([], p),
        lambda p: pictures.draw_label_map([], p),
        lambda p: pictures.draw_curves([], p),
        lambda p: pictures.draw_curves([curve("x", (-1, 2))], p),
        lambda p: pictures.draw_comparison(Comparison("a", "b", (), ()), p),
    ],
)
def test_nothing_to_draw_is_said(draw, tmp_path):
    with pytest.raises(InputError):
        draw(tmp_path / "p.png")


def test_roles_have_panels_of_their_own_and_quoted_numbers_are_marked(tmp_path, drawn):
    board = [scored(), scored(model="tuned", role="fine-tuned"), scored(model="t", role="transfer")]
    pictures.draw_leaderboard(board, QUOTED, tmp_path / "p.png")
    panels = [" ".join(text.get_text() for text in axes.texts) for axes in drawn[0].axes]
    assert len(panels) == 3
    zero, transfer, tuned = panels
    assert "a rival (quoted)" in zero
    assert "a tuned rival" not in zero
    assert "quoted" not in transfer
    assert "a tuned rival (quoted)*" in tuned
    assert not any("of another" in panel for panel in panels)


def test_models_of_different_roles_say_so_in_the_legend(tmp_path, drawn):
    pictures.draw_labels([scored(), scored(role="fine-tuned", seed=1)], tmp_path / "p.png")
    said = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert said == ["ours, zero-shot", "ours, fine-tuned"]


def test_a_model_whose_name_begins_with_an_underscore_is_in_the_legend(tmp_path, drawn):
    pictures.draw_reliability([scored(model="_hidden")], tmp_path / "p.png")
    (said,) = drawn[0].legends[0].get_texts()
    assert said.get_text().startswith("_hidden: ECE")


def test_a_role_that_only_others_reached_is_drawn_apart(tmp_path, drawn):
    pictures.draw_leaderboard([scored()], QUOTED, tmp_path / "p.png")
    assert len(drawn[0].axes) == 2


def test_the_confusion_of_single_labels_has_rows_that_sum_to_one(tmp_path, drawn):
    one = scored(7)
    pictures.draw_confusion(one, tmp_path / "p.png")
    (mesh,) = drawn[0].axes[0].findobj(QuadMesh)
    shares = np.asarray(mesh.get_array()).reshape(7, 7)
    assert shares.sum(axis=1) == pytest.approx(np.ones(7))
    first = one.rows.targets.sum(axis=0).argmax()
    hit = one.predicted[one.rows.targets[:, first] == 1, first].mean()
    assert shares[0, 0] == pytest.approx(hit)
    counts = [int(text.get_text()) for text in drawn[0].axes[0].texts]
    assert sum(counts) == len(one.rows.texts)


def test_rows_for_which_nothing_was_predicted_are_shown(tmp_path, drawn):
    one = scored(6, several=True)
    empty = ~one.predicted.any(axis=1)
    assert empty.any()
    pictures.draw_confusion(one, tmp_path / "p.png")
    axes = drawn[0].axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()][-1] == "(none)"
    label = int(one.rows.targets.sum(axis=0).argmax())
    shares = np.asarray(axes.findobj(QuadMesh)[0].get_array()).reshape(6, 7)
    assert shares[0, -1] == pytest.approx(empty[one.rows.targets[:, label] == 1].mean())


def test_co_occurrence_is_the_share_of_rows_with_one_label_that_carry_another(tmp_path, drawn):
    one = scored(3, several=True, rows=4)
    one.rows.targets[:] = [[1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 1, 0]]
    pictures.draw_cooccurrence(one, tmp_path / "p.png")
    shares = np.asarray(drawn[0].axes[0].findobj(QuadMesh)[0].get_array()).reshape(3, 3)
    np.testing.assert_allclose(shares, [[np.nan, 1 / 3, 1 / 3], [1 / 2, np.nan, 0], [1, 0, np.nan]])


def test_the_legend_states_calibration_error_and_average_precision(tmp_path, drawn):
    one = scored(8, several=True)
    pictures.draw_reliability([one], tmp_path / "p.png")
    pictures.draw_precision_recall([one], tmp_path / "q.png")
    said = [" ".join(t.get_text() for t in f.legends[0].get_texts()) for f in drawn]
    error = metrics.calibration_error(one.rows.targets, one.scores, bins=15)
    area = metrics.mean_average_precision(
        one.rows.targets.reshape(-1, 1), one.scores.reshape(-1, 1)
    )
    assert f"ECE {error:.3f}" in said[0]
    assert f"AP {area:.3f}" in said[1]


def test_the_large_mark_is_precision_and_recall_of_the_decisions(tmp_path, drawn):
    one = scored(8, several=True)
    pictures.draw_precision_recall([one], tmp_path / "p.png")
    marks = [line for line in drawn[0].axes[0].lines if len(line.get_xdata()) == 1]
    hits = (one.rows.targets & one.predicted).sum()
    for mark in marks:
        assert mark.get_xdata()[0] == pytest.approx(hits / one.rows.targets.sum())
        assert mark.get_ydata()[0] == pytest.approx(hits / one.predicted.sum())
    assert marks


def test_only_what_is_more_than_noise_is_filled(tmp_path, drawn):
    pictures.draw_comparison(comparison(), tmp_path / "p.png")
    marks = [line for line in drawn[0].axes[0].lines if line.get_marker() in "^vo"]
    filled = {line.get_marker(): line.get_markerfacecolor() != "white" for line in marks}
    assert filled == {"^": True, "v": True, "o": False}
    assert [float(np.ravel(m.get_xdata())[0]) for m in marks] == [0.1, 0.004, -0.05]


def test_names_on_a_map_cover_neither_each_other_nor_a_mark():
    for seed in range(4):
        random = np.random.default_rng(seed)
        points = random.normal((250, 200), (90, 60), (41, 2))
        sizes = np.column_stack([random.uniform(20, 75, 41), np.full(41, 9.0)])
        field = np.array([[0.0, 0.0], [500.0, 400.0]])
        middles = placing.place_names(points, sizes, field, points)
        gaps = np.abs(middles[:, None] - middles[None]) - (sizes[:, None] + sizes[None]) / 2
        apart = (gaps >= -0.01).any(axis=2) | np.eye(41, dtype=bool)
        assert apart.all()
        covered = (np.abs(middles[:, None] - points[None]) < sizes[:, None] / 2).all(axis=2)
        assert not covered.any()
        assert (middles - sizes / 2 >= field[0]).all()
        assert (middles + sizes / 2 <= field[1]).all()


def test_series_differ_in_marker_and_in_line_not_only_in_colour():
    styles = [style.style_of(place) for place in range(style.MOST_SERIES)]
    assert len({s.marker for s in styles}) == len({s.line for s in styles}) == len(styles)


def test_equal_steps_of_the_heat_scale_are_equal_steps_of_lightness():
    red, green, blue = heat._INK(np.linspace(0, 1, 41))[:, :3].T
    linear = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (red, green, blue)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    steps = np.diff(116 * np.cbrt(luminance) - 16)
    assert (steps < 0).all()
    assert np.abs(steps - steps.mean()).max() < 0.35 * abs(steps.mean())


def test_names_are_drawn_as_typed_and_unknown_glyphs_as_codes():
    assert names.plain("a$b$") == r"a\$b\$"
    assert names.plain("喜") == "U+559C"
    assert names.plain("two\nlines\x07") == "two linesU+0007"
    assert len(names.plain("x" * 500, 30)) == 30


def test_short_names_of_models_still_differ():
    short = names.short_names(
        ["org/" + "a" * 40, "other/" + "a" * 40, "/runs/2026/best-of-many-runs-yet"]
    )
    assert len(set(short)) == 3
    assert short[2] == "best-of-many-runs-yet"[:34] or short[2].startswith("/runs")


def test_measured_type_is_as_wide_as_drawn_type(tmp_path, drawn):
    pictures.draw_curves([curve("x", (1, 2))], tmp_path / "p.png")
    figure = drawn[0]
    text = figure.text(0, 0, "A sentence of some words", fontsize=10)
    drawn_width = text.get_window_extent().width / figure.dpi
    assert names.width_of("A sentence of some words", 10) == pytest.approx(drawn_width, rel=0.02)


def test_drawing_never_imports_pyplot(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from emo_hub.evaluation.pictures import Curve, draw_curves\n"
        "draw_curves([Curve('a', 'rows', ((1, .1, .1, .2), (9, .2, .1, .3)))], Path(sys.argv[1]))\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "p.png")],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
