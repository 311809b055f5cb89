"""One model used from two threads: each text is read whole, whatever the other one does."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from emo_hub import pairs
from emo_hub.classifier import EmotionClassifier
from emo_hub.explaining.words import read_passage
from emo_hub.pipelines import pipeline
from tests.classifiers import bert_tokenizer, save_classifier

LABELS = ["joy", "anger", "fear"]
LONG = "i was so happy, and it was not my fear of the anger: a joy"
BEFORE = "you never listen, he lied to me, " * 30
TIMES = 20
PAUSE = 0.002  # seconds, in which the other thread comes in between where nothing keeps it out


@pytest.fixture(autouse=True)
def dawdling(monkeypatch):
    """A tokenizer that waits between noting down where to cut and reading that."""
    note_down = PreTrainedTokenizerFast.set_truncation_and_padding

    def dawdle(tokenizer, *arguments, **how):
        note_down(tokenizer, *arguments, **how)
        time.sleep(PAUSE)

    monkeypatch.setattr(PreTrainedTokenizerFast, "set_truncation_and_padding", dawdle)


def beside(odd, work):
    """What some work gives, done often, while another thread does odd things to the same model."""
    done = threading.Event()

    def keep_on():
        while not done.is_set():
            odd()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(keep_on)
        try:
            return [work() for _ in range(TIMES)]
        finally:
            done.set()
            other.result()


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return EmotionClassifier.load(save_classifier(tmp_path_factory.mktemp("threads") / "model"))


def test_scores_beside_explaining_are_those_of_a_single_thread(untrained):
    clf = pipeline(model=untrained)

    def scores():
        return clf(LONG, candidate_labels=LABELS)["scores"]

    alone = scores()
    found = beside(lambda: read_passage(untrained, "so sad"), scores)
    assert np.allclose(found, alone, atol=1e-5)


def test_tokens_after_a_context_are_those_of_a_single_thread(untrained):
    alone = untrained.tokenize(LONG, BEFORE)
    found = beside(lambda: untrained.tokenize("so sad"), lambda: untrained.tokenize(LONG, BEFORE))
    assert all(one == alone for one in found)


def test_words_of_a_long_text_are_those_of_a_single_thread(untrained):
    alone = read_passage(untrained, LONG * 4)
    found = beside(
        lambda: untrained.tokenize("so sad", BEFORE), lambda: read_passage(untrained, LONG * 4)
    )
    assert all(one == alone for one in found)


def test_tokens_of_a_classifier_are_those_of_a_single_thread(classifier):
    long = "how was the concert " * 20
    alone = classifier.tokenize(long)
    found = beside(lambda: classifier.tokenize("fine", BEFORE), lambda: classifier.tokenize(long))
    assert all(one == alone for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_forked_worker_waits_for_no_thread_that_it_left_behind():
    tokenizer = bert_tokenizer()
    pairs.tokenized(tokenizer, "fine")
    with pairs._IN_USE[tokenizer]:
        worker = multiprocessing.get_context("fork").Process(
            target=pairs.tokenized, args=(tokenizer, "fine")
        )
        worker.start()
        worker.join(60)
    worker.kill()
    worker.join()
    assert worker.exitcode == 0
