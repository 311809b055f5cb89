"""Seconds of processor time that the whole corpus takes from the shipped recordings."""

from __future__ import annotations

import time

import pytest

from emo_hub.synthesis.build import build_corpus

pytestmark = pytest.mark.slow


def test_the_whole_build_from_the_shipped_recordings(tmp_path):
    began = time.process_time()
    build_corpus(tmp_path / "corpus")
    print(f"\nbuilding the corpus: {time.process_time() - began:.1f} s of processor time")
