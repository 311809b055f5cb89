"""Labels that compete are matched to unlabelled texts: evenly, whatever favoured them before."""

from __future__ import annotations

import numpy as np
import pytest

from emo_hub.calibration import softmax
from emo_hub.errors import InputError
from emo_hub.matching import FEWEST, matching_bias

LABELS = ["joy", "anger", "homesickness", "relief"]
SAID = ["I am so happy for you", "How dare you say that", "I miss my street", "It is over at last"]
TEXTS = [f"{SAID[n % 4]}, he wrote in letter {n}." for n in range(60)]


def contest(count, favour, seed=0):
    """Draw logits of texts of which each label is right as often, and the right labels."""
    rng = np.random.default_rng(seed)
    right = np.arange(count) % len(favour)
    logits = rng.normal(size=(count, len(favour)))
    logits[np.arange(count), right] += 2.0
    return (logits + favour).astype(np.float32), right


def test_the_mean_softmax_becomes_even():
    logits, _ = contest(2000, np.array([1.5, 0.0, -1.0, 0.3]))
    shares = softmax(logits + matching_bias(logits)).mean(axis=0)
    assert np.allclose(shares, 0.25, atol=2e-3)


def test_what_favoured_a_label_is_taken_off():
    favour = np.array([1.5, 0.0, -1.0, 0.3])
    logits, right = contest(2000, favour)
    bias = matching_bias(logits)
    assert np.allclose(bias, favour.mean() - favour, atol=0.15)
    before, after = logits.argmax(axis=1) == right, (logits + bias).argmax(axis=1) == right
    assert after.mean() > before.mean() + 0.1


def test_even_labels_stay_as_they_are():
    logits, _ = contest(2000, np.zeros(4))
    assert np.abs(matching_bias(logits)).max() < 0.15


def test_few_texts_move_labels_less_than_many():
    favour = np.array([2.0, 0.0, -2.0])
    few, many = (np.abs(matching_bias(contest(n, favour)[0])).max() for n in (FEWEST, 2000))
    assert 0.0 < few < many


def test_the_order_of_labels_changes_nothing():
    logits, _ = contest(300, np.array([1.0, -0.5, 0.2, 0.0, 2.0]))
    order = [3, 1, 4, 0, 2]
    assert np.allclose(matching_bias(logits)[order], matching_bias(logits[:, order]), atol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_sure_and_unsure_contests_both_end(scale):
    logits, _ = contest(100, np.array([1.0, 0.0, -1.0]))
    bias = matching_bias(np.float32(scale) * logits)
    assert np.isfinite(bias).all()
    assert bias.mean() == pytest.approx(0.0, abs=1e-3 * max(1.0, scale))


# In the pipeline.


def asked(clf, texts, **more):
    more = {"candidate_labels": LABELS, "multi_label": False, **more}
    return clf(texts, **more)


def table(answers, labels=LABELS):
    return np.array([[dict(zip(a["labels"], a["scores"], strict=True))[label] for label in labels]
                     for a in answers])  # fmt: skip


def test_over_its_reference_texts_every_label_is_given_as_often(clf):
    before = table(asked(clf, TEXTS)).mean(axis=0)
    after = table(asked(clf, TEXTS, reference_texts=TEXTS)).mean(axis=0)
    assert np.allclose(after, 0.25, atol=0.02)
    assert np.abs(before - 0.25).max() > 2 * np.abs(after - 0.25).max()


def test_a_text_is_scored_alone_as_in_a_list_and_as_a_stream(clf):
    listed = asked(clf, TEXTS[:5], reference_texts=TEXTS)
    alone = [asked(clf, text, reference_texts=TEXTS) for text in TEXTS[:5]]
    streamed = list(asked(clf, iter(TEXTS[:5]), reference_texts=TEXTS))
    assert np.allclose(table(listed), table(alone), atol=1e-4)
    assert np.allclose(table(listed), table(streamed), atol=1e-4)


def test_other_reference_texts_and_none_are_told_apart(clf):
    first, second = TEXTS[:20], TEXTS[0::4] + TEXTS[1:6]
    found = [
        table(asked(clf, TEXTS[:8], **({"reference_texts": some} if some else {})))
        for some in (first, second, None, first)
    ]
    assert not np.allclose(found[0], found[1], atol=1e-3)
    assert not np.allclose(found[0], found[2], atol=1e-3)
    assert np.array_equal(found[0], found[3])


def test_reference_texts_may_be_given_once_for_all_calls(default_model):
    from emo_hub.pipelines import pipeline

    clf = pipeline(model=default_model, candidate_labels=LABELS, multi_label=False,
                   reference_texts=TEXTS)  # fmt: skip
    plain = pipeline(model=default_model)
    assert clf(TEXTS[0]) == asked(plain, TEXTS[0], reference_texts=TEXTS)


def test_each_label_list_is_matched_by_itself(clf):
    lists = [LABELS, LABELS[:2], LABELS[1:]] * 10
    own = clf(TEXTS[:30], candidate_labels=lists, multi_label=False, reference_texts=TEXTS)
    for n in range(3):
        one = asked(clf, TEXTS[n], candidate_labels=lists[n], reference_texts=TEXTS)
        assert own[n]["labels"] == one["labels"]
        assert own[n]["scores"] == pytest.approx(one["scores"], abs=1e-4)


def test_what_came_before_reference_texts_counts(clf):
    told = [{"text": text, "context": "He has not seen his home for years."} for text in TEXTS]
    with_context = table(asked(clf, TEXTS[:8], reference_texts=told))
    assert not np.allclose(with_context, table(asked(clf, TEXTS[:8], reference_texts=TEXTS)))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"multi_label": True}, "give multi_label=False"),
        ({"explain": True}, "leave one of the two out"),
        ({"reference_texts": TEXTS[: FEWEST - 1]}, f"at least {FEWEST} texts"),
        ({"reference_texts": " ".join(TEXTS)}, "must be a list of texts; got a str"),
        ({"reference_texts": [*TEXTS, 7]}, "7"),
        ({"reference_texts": [*TEXTS, {"said": "x"}]}, "got the keys said"),
    ],
)
def test_what_cannot_be_meant_is_refused(clf, more, said):
    with pytest.raises(InputError, match=said):
        asked(clf, TEXTS[:2], **{"reference_texts": TEXTS, **more})
