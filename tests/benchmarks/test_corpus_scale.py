"""Records a second, and memory, from replies to a corpus, up to the size of the paper's."""

from __future__ import annotations

import pytest

from tests.recordedlike import measure

pytestmark = pytest.mark.slow

SIZES = (25_000, 100_000, 400_000)
MOST_MB, MOST_SECONDS = 2_000, 600


def test_corpus_of_the_papers_size_on_two_cores():
    print("\n   records   seconds  records/s  peak MB")
    for size in SIZES:
        spent = measure(size)
        speed = spent.rows / spent.seconds
        print(f"{spent.rows:>10,}{spent.seconds:>10.1f}{speed:>11,.0f}{spent.peak_mb:>9.0f}")
        assert spent.peak_mb < MOST_MB
        assert spent.seconds < MOST_SECONDS
