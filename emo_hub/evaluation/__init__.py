"""Scores any scorer on public emotion benchmarks, with roles enforced by code.

`benchmarks` declares and `loading` reads data, `scorers` opens any kind of model, `run` turns it
into records (`scored`), `store` keeps them, `compare` pairs two of them, `report` and `pictures`
write and draw. torch and matplotlib are met only in `scorers`, `report` and `pictures`, which are
imported by name.
"""

from emo_hub.errors import require

require("sklearn", "report", "Evaluation")

from emo_hub.evaluation.benchmarks import BENCHMARKS, benchmark  # noqa: E402 - after the check
from emo_hub.evaluation.declaration import Benchmark  # noqa: E402
from emo_hub.evaluation.loading import (  # noqa: E402
    FittingRows,
    LoadedBenchmark,
    choose,
    fitting_split,
    load,
)
from emo_hub.evaluation.results import Result  # noqa: E402
from emo_hub.evaluation.run import Scorer, Terms, evaluate, evaluate_rows  # noqa: E402
from emo_hub.evaluation.scored import Scored  # noqa: E402
from emo_hub.evaluation.sources import Hub  # noqa: E402

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "FittingRows",
    "Hub",
    "LoadedBenchmark",
    "Result",
    "Scored",
    "Scorer",
    "Terms",
    "benchmark",
    "choose",
    "evaluate",
    "evaluate_rows",
    "fitting_split",
    "load",
]
