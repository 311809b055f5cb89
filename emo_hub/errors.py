"""The ways things go wrong here, each a class that a caller can tell apart without reading text."""

from __future__ import annotations

import importlib
from typing import NamedTuple


class EmoHubError(Exception):
    """Base of what emo_hub raises on purpose; the command line prints it as one sentence."""


class InputError(EmoHubError, ValueError):
    """An argument, a text or a label that cannot be used: says what was got and what was wanted."""


class NotSuited(InputError):  # noqa: N818 - a state of a pair, not a fault
    """A scorer that has nothing to say about these labels: the benchmark is left out aloud."""


class SettingsError(EmoHubError, ValueError):
    """A recipe with an unknown key or a value of the wrong type."""


class TaxonomyError(EmoHubError, ValueError):
    """A label outside its set, or two label sets that do not project on each other."""


class Usage(NamedTuple):
    """What one answer of a teacher cost: tokens read, tokens written, seconds until it was there.

    It stands here since an answer of which nothing can be made was paid for too.
    """

    prompt_tokens: int
    completion_tokens: int
    seconds: float


class ReplyError(EmoHubError):
    """A reply that cannot become records.

    Args:
        reason: a short word that can be counted.
        detail: what was found.
        cost: of an answer that came and is lost; None where nobody counted, or none came.
    """

    def __init__(self, reason: str, detail: str = "", cost: Usage | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.cost = cost


class Unanswered(EmoHubError):  # noqa: N818 - a state of a request, not a fault
    """A request that nobody answered for now; the run goes on, and a later one asks again."""


class TeacherError(EmoHubError):
    """A teacher that cannot go on at all: no key, no server, no such model."""


class NotRecordedError(EmoHubError):
    """A request without a recorded reply, asked where no live teacher stands behind."""


class CheckpointError(EmoHubError):
    """A checkpoint folder or file that is missing, incomplete or damaged."""


class DataError(EmoHubError):
    """A dataset or benchmark folder that is missing, incomplete or of another layout."""


class PublishError(EmoHubError):
    """A publication that the Hub or its state does not allow; says how the repository is left."""


class CardError(EmoHubError):
    """A card template that asks for a fact nobody measured."""


def require(module: str, extra: str, purpose: str) -> None:
    """Make sure that an optional dependency can be imported, before any work starts.

    Raises:
        ImportError: names the purpose and the command that installs the missing extra.
    """
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{purpose} needs {module}: pip install 'emo-hub[{extra}]'") from error
