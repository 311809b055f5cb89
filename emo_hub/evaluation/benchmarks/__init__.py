"""Every benchmark that can be named, one module per source.

To add one, write a module whose `DECLARED` holds its declarations and list it below; nothing else
changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from emo_hub.errors import InputError
from emo_hub.evaluation.benchmarks import (
    brighter,
    btzsc,
    dailydialog,
    dair,
    edos,
    emobank,
    emocontext,
    emorynlp,
    empathetic,
    enisear,
    goemotions,
    iemocap,
    isear,
    meld,
    semeval,
    ssec,
    xed,
)
from emo_hub.evaluation.declaration import Benchmark

# Benchmarks that share rows are neighbours, so that a scorer sees the rows once.
_MODULES = (
    goemotions,
    isear,
    empathetic,
    edos,
    xed,
    emocontext,
    emobank,
    semeval,
    dair,
    brighter,
    meld,
    emorynlp,
    dailydialog,
    enisear,
    ssec,
    iemocap,
    btzsc,
)

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {declared.name: declared for module in _MODULES for declared in module.DECLARED}
)


def benchmark(name: str) -> Benchmark:
    """Find a declaration by name.

    Raises:
        InputError: none has that name; the message lists those that exist.
    """
    try:
        return BENCHMARKS[name]
    except KeyError:
        raise InputError(
            f"There is no benchmark '{name}'; there are: {', '.join(BENCHMARKS)}."
        ) from None
