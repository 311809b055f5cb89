"""The hot path of the zero-shot pipeline: many texts and labels at once, and nothing changed."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from emo_hub.batching import TokenReader, batches
from emo_hub.calibration import sigmoid, softmax
from emo_hub.errors import InputError
from emo_hub.pipelines.ranking import ranked
from emo_hub.pipelines.streams import growing_chunks
from emo_hub.scoring import KeptScorers, LinearScorer, Scoring
from tests.classifiers import LONGEST, bert_tokenizer, roberta_tokenizer

TEXTS = [
    "I waited two hours and nobody came.",
    "Thank you, that means the world to me!",
    "ok",
    "My sister finally called, and we talked until the battery of my phone was empty. " * 12,
]
CONTEXTS = [None, "He carried every box up to the fourth floor. " * 40, " \n", "She moved away."]
LABELS = ["joy", "not angry", "missing somebody", "gratitude", "zorp", "unhappy"]


def explicit_logits(model, vectors, labels):
    """The calibrated logits as they are defined, text by text."""
    head, moments = model.head, model.moments
    labelled = model.encode_labels(labels)
    known, turned = model.reader.columns(labels)
    labelled = labelled * turned[:, None]
    raw = head.logit_scale * (vectors @ labelled.T) + head.logit_bias
    places = [head.trained_labels.index(label) for label in np.array(labels)[known]]
    logits = head.calibration.logits(raw, moments.standing_out(vectors, labelled))
    learnt = vectors @ model.offsets.weight[places].T + model.offsets.bias[places]
    logits[:, known] = head.trained_calibration.logits(raw[:, known] + learnt, 0 * learnt)
    return logits * turned


def test_scores_are_those_of_the_definition(default_model):
    vectors = default_model.encode_texts(TEXTS, CONTEXTS)
    found = default_model.scorer(LABELS).logits(vectors)
    assert np.allclose(found, explicit_logits(default_model, vectors, LABELS), atol=2e-4)


def test_scores_of_a_contest_are_those_of_the_definition(default_model):
    vectors = default_model.encode_texts(TEXTS)
    rivals = default_model.encode_labels(LABELS, competing=True)
    out = default_model.moments.standing_out(vectors, rivals)
    wanted = softmax(default_model.head.calibration.competition * out)
    assert np.allclose(default_model.score(TEXTS, LABELS, multi_label=False), wanted, atol=1e-5)


def test_the_pipeline_gives_what_the_model_scores(clf, default_model):
    answers = clf(TEXTS, candidate_labels=LABELS, context=CONTEXTS)
    scores = default_model.score(TEXTS, LABELS, CONTEXTS)
    for answer, row in zip(answers, scores, strict=True):
        found = dict(zip(answer["labels"], answer["scores"], strict=True))
        assert [found[label] for label in LABELS] == pytest.approx(row.tolist(), abs=1e-5)


def test_many_texts_are_tokenised_as_each_alone_is(default_model):
    tokens = TokenReader(default_model.tokenizer, 64).read(list(zip(TEXTS, CONTEXTS, strict=True)))
    for row, pair in enumerate(zip(TEXTS, CONTEXTS, strict=True)):
        alone = TokenReader(default_model.tokenizer, 64).read([pair])
        assert {name: ids[row] for name, ids in tokens.items()} == {
            name: ids[0] for name, ids in alone.items()
        }
        assert len(tokens["input_ids"][row]) <= 64


@pytest.mark.parametrize("tokenizer", [bert_tokenizer(), roberta_tokenizer()])
def test_a_long_context_keeps_its_end_whatever_parts_it_from_the_text(tokenizer):
    pair = ("you listen", "never " * 40 + "he lied.")
    [tokens] = TokenReader(tokenizer, LONGEST).read([pair])["input_ids"]
    separators = tokenizer.num_special_tokens_to_add(pair=True) - 2
    end = tokenizer("lied.", add_special_tokens=False)["input_ids"]
    text = tokenizer(pair[0], add_special_tokens=False)["input_ids"]
    place = len(tokens) - 1 - len(text) - separators
    assert tokens[place - len(end) : place] == end


@pytest.mark.parametrize("side", ["left", "right"])
def test_batches_are_padded_as_the_tokenizer_pads(default_model, side, monkeypatch):
    tokenizer = default_model.tokenizer
    monkeypatch.setattr(tokenizer, "padding_side", side)
    tokens = TokenReader(tokenizer, 128).read([(text, None) for text in TEXTS])
    for rows, batch in batches(tokenizer, tokens, 3):
        own = [{name: ids[row] for name, ids in tokens.items()} for row in rows]
        padded = tokenizer.pad(own, return_tensors="np")
        assert all(np.array_equal(batch[name], padded[name]) for name in batch)


def test_batches_hold_every_text_once_and_no_more_tokens_than_asked(default_model):
    texts = [("word " * length, None) for length in (1, 60, 3, 40, 2, 2, 90, 7)]
    tokens = TokenReader(default_model.tokenizer, 128).read(texts)
    found = list(batches(default_model.tokenizer, tokens, None, 100))
    assert sorted(itertools.chain.from_iterable(rows.tolist() for rows, _ in found)) == list(
        range(len(texts))
    )
    assert all(batch["input_ids"].size <= 100 or len(rows) == 1 for rows, batch in found)
    assert len(found) < len(texts)


def test_order_of_a_list_is_kept_when_it_is_sorted_inside(clf):
    texts = [f"{'so ' * (i * 7 % 11)}number {i}" for i in range(40)]
    assert [a["sequence"] for a in clf(texts, candidate_labels=["joy"])] == texts


def test_texts_with_labels_of_their_own_are_answered_as_alone(clf):
    own = [["joy", "fear"], {"zorp": "deep gratitude"}, ["joy", "fear"], ["calm"]]
    together = clf(TEXTS, candidate_labels=own)
    for text, labels, answer in zip(TEXTS, own, together, strict=True):
        alone = clf(text, candidate_labels=labels)
        assert answer["labels"] == alone["labels"]
        assert answer["scores"] == pytest.approx(alone["scores"], abs=1e-4)


def test_labels_are_sorted_by_score_and_ties_stay_as_given():
    scores = np.array([[0.5, 0.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.1]], np.float32)
    assert ranked(list("abcd"), scores) == [
        (["c", "a", "d", "b"], [1.0, 0.5, 0.5, 0.0]),
        (["d", "a", "b", "c"], [pytest.approx(0.1), 0.0, 0.0, 0.0]),
    ]


def test_what_does_not_count_is_left_out_before_the_best_are_taken():
    scores = np.array([[0.9, 0.2, 0.4], [0.9, 0.2, 0.4]], np.float32)
    kept = np.array([[False, True, True], [False, False, False]])
    assert [labels for labels, _ in ranked(list("abc"), scores, kept, 1)] == [["c"], []]


def test_a_slow_stream_is_answered_item_by_item():
    def slow():
        for i in range(4):
            time.sleep(0.02)
            yield i

    assert list(growing_chunks(slow(), 8)) == [[0], [1], [2], [3]]


def test_a_fast_stream_is_soon_read_in_large_chunks_and_never_larger():
    sizes = [len(chunk) for chunk in growing_chunks(iter(range(1000)), 64)]
    assert sum(sizes) == 1000
    assert max(sizes) == 64
    assert len(sizes) < 40


def test_what_came_before_a_fault_of_a_stream_is_given_before_the_fault():
    def faulty():
        yield from range(6)
        raise ValueError("a bad line")

    given = []
    with pytest.raises(ValueError, match="a bad line"):
        given.extend(item for chunk in growing_chunks(faulty(), 8) for item in chunk)
    assert given == list(range(6))


def test_a_batch_size_says_how_many_of_a_stream_are_read_ahead(clf):
    read = []

    def source():
        for i in range(100):
            read.append(i)
            yield f"text {i}"

    next(iter(clf(source(), candidate_labels=["joy"], batch_size=1)))
    assert len(read) == 1


def test_scorers_are_kept_until_the_calibration_changes(default_model):
    kept, made = KeptScorers(), []

    def make():
        made.append(1)
        return LinearScorer(np.zeros((3, 2), np.float32), np.zeros(3, np.float32))

    one = Scoring(default_model.head, default_model.moments, default_model.reader)
    other = Scoring(default_model.head, None, default_model.reader)
    for scoring in (one, one, other, other):
        kept.get(scoring, "key", make)
    assert len(made) == 2


def test_kept_scorers_are_bounded_by_their_labels(default_model):
    kept = KeptScorers()
    scoring = Scoring(default_model.head, default_model.moments, default_model.reader)
    made = []
    large = LinearScorer(np.zeros((9000, 2), np.float32), np.zeros(9000, np.float32))
    for key in ("a", "b", "a"):
        kept.get(scoring, key, lambda: made.append(1) or large)
    assert len(made) == 3


def test_known_labels_cost_no_pass_of_the_encoder(clf, default_model, monkeypatch):
    clf(TEXTS[:1], candidate_labels=LABELS)
    encoded = []
    encode = default_model.encode_texts
    monkeypatch.setattr(
        default_model, "encode_texts", lambda *a, **k: encoded.append(len(a[0])) or encode(*a, **k)
    )
    clf(TEXTS, candidate_labels=LABELS)
    assert encoded == [len(TEXTS)]


def test_one_list_of_labels_for_each_of_other_texts_is_refused(clf):
    with pytest.raises(InputError, match="4 texts and 1 label lists"):
        clf(TEXTS, candidate_labels=[["joy"]])


def test_scores_far_from_a_half_keep_their_order(default_model):
    logits = default_model.scorer([f"mood {i}" for i in range(50)]).logits(
        default_model.encode_texts(TEXTS[:1])
    )
    names = [str(i) for i in range(50)]
    (labels, scores), *_ = ranked(names, sigmoid(logits))
    assert scores == sorted(scores, reverse=True)
    assert labels[0] == str(int(np.argmax(logits)))
