"""Scores any scorer on public emotion benchmarks, with roles enforced by code.

`loading` and `benchmarks` declare and read the data, `run` turns a scorer into results,
`baselines` are scorers to compare with, `report` writes results down. torch and matplotlib are
met only in `baselines`, `report` and `picture`, which are imported by name.
"""

from emo_hub.errors import require

require("sklearn", "report", "Evaluation")

from emo_hub.evaluation.benchmarks import BENCHMARKS, benchmark  # noqa: E402 - after the check
from emo_hub.evaluation.loading import (  # noqa: E402
    Benchmark,
    FittingRows,
    LoadedBenchmark,
    load,
)
from emo_hub.evaluation.results import Result  # noqa: E402
from emo_hub.evaluation.run import Scorer, evaluate, evaluate_rows  # noqa: E402

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "FittingRows",
    "LoadedBenchmark",
    "Result",
    "Scorer",
    "benchmark",
    "evaluate",
    "evaluate_rows",
    "load",
]
