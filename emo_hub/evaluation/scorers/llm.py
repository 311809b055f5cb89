"""A chat model as a zero-shot scorer, asked through a server that speaks the OpenAI protocol."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_hub.config import fill
from emo_hub.errors import InputError, TeacherError
from emo_hub.evaluation.scorers.contestant import Contestant, ModelOptions
from emo_hub.evaluation.scorers.deciding import SAMPLE, Thresholds
from emo_hub.evaluation.scorers.fingerprints import digest_of_thresholds, fingerprint
from emo_hub.evaluation.scorers.llm_asking import Desk, Progress
from emo_hub.evaluation.scorers.llm_questions import VERSIONS, Style
from emo_hub.evaluation.scorers.llm_scorer import OWN_DECISIONS, Forecast, LlmScorer, own_decisions
from emo_hub.evaluation.scorers.provenance import benchmarks_of, standing_of
from emo_hub.lineage import retold_place
from emo_hub.taxonomy import lexicon
from emo_hub.teacher import Prompt, Reply, stop

if TYPE_CHECKING:
    from emo_hub.teacher.http import HttpSettings, HttpTeacher

__all__ = ["Desk", "Forecast", "LlmScorer", "LlmSettings", "open_llm"]

_RULES = 1  # counts changes of how answers become scores
_NO_SERVER = "http://localhost"
# What decides the replies, beside the model; the address, the key and the waits do not.
_DECISIVE = (
    "temperature", "top_p", "repetition_penalty", "seed", "structured", "merge_system", "extra",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """How a chat model is asked; further settings are those of `HttpSettings`.

    Args:
        store: folder for replies; each model and way of sampling gets a subfolder of its own.
            Empty keeps nothing.
        at_once: requests under way at the same time, at most.
        style: `named` asks which labels fit and how strongly (or for the best one and a second),
            `all` for a probability of every label.
        definitions: whether each label that the lexicon knows is explained in a line.
        max_tokens: the longest answer, thoughts included, in tokens.
    """

    store: str = ""
    at_once: int = 16
    style: Style = "named"
    definitions: bool = False
    max_tokens: int = 2048


class _Late:
    """A server that is looked at before the first question, so that a replay needs none."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._teacher: HttpTeacher | None = None
        self._trouble: TeacherError | None = None

    @property
    def width(self) -> int:
        return self._settings.most_at_once

    def found(self) -> HttpTeacher:
        """Look at the server, once for all threads.

        Raises:
            TeacherError: nothing answers there, or the key or the model is wrong.
        """
        from emo_hub.teacher.http import HttpTeacher, probe

        with self._lock:
            if self._trouble is not None:
                raise TeacherError(*self._trouble.args)
            if self._teacher is None:
                try:
                    probe(self._settings)
                    self._teacher = HttpTeacher(self._settings)
                except TeacherError as error:
                    self._trouble = error
                    raise
            return self._teacher

    def answer(self, prompt: Prompt) -> Reply:
        return self.found().answer(prompt)

    def stop(self) -> None:
        stop(self._teacher)


def open_llm(name: str, options: ModelOptions, progress: Progress | None = None) -> Contestant:
    """Make a contestant of a chat model.

    The server is looked at now where nothing is recorded yet, else before the first question that
    needs it; without an address, all replies have to be recorded. `Contestant.facts` is brought up
    to date by each scoring: read it afterwards.

    Args:
        name: of the model, as its server names it.
        options: `base_url`, and in `llm` what `LlmSettings` and `HttpSettings` name. A key is read
            from the environment variable that `key_env` says.
        progress: told a sentence now and then.

    Raises:
        InputError: neither an address nor a store.
        SettingsError: an unknown setting, or one out of its range.
        TeacherError: the server is not there, or refuses the key or the model.
        DataError: the store cannot be used, or holds nothing where there is no address.
    """
    own, http = _settings(name, options)
    if not (options.base_url or own.store):
        raise InputError(
            f"To ask {name}, give the address of a server that speaks the OpenAI protocol, for "
            "example http://localhost:8000/v1, or the folder of an earlier run's replies."
        )
    asked = {key: getattr(http, key) for key in _DECISIVE}
    asked |= {"model": name, "max_tokens": own.max_tokens}
    late = _Late(http) if options.base_url else None
    store = _folder(own.store, name, asked)
    desk = Desk(
        options.name or name, late, store=store, max_tokens=own.max_tokens, progress=progress
    )
    if late is not None and not desk.known():
        try:
            late.found()
        except TeacherError:
            desk.close()
            raise
    return _contestant(desk, own, asked, options)


def _contestant(
    desk: Desk, own: LlmSettings, asked: Mapping[str, Any], options: ModelOptions
) -> Contestant:
    deciding = Thresholds(options, own=own_decisions, own_words=OWN_DECISIONS, most=SAMPLE)
    definitions = _definitions() if own.definitions else {}
    scorer = LlmScorer(desk, style=own.style, definitions=definitions, thresholds=deciding)
    scorer.facts |= {key: asked[key] for key in ("temperature", "seed", "max_tokens")}
    scorer.facts |= {
        "source": retold_place(asked["model"]),
        "labels": "any",
        "takes_prompts": True,
        "context": "put before the text",
        "thresholds_split": deciding.split,
        "trained_on_datasets": list(options.trained_on),
    }
    decides = {
        **asked,
        "kind": "llm",
        "rules": _RULES,
        "style": own.style,
        "definitions": definitions,
        "prompts": VERSIONS,
        "thresholds": digest_of_thresholds(options, has_own=True),
    }
    trained_on = benchmarks_of(options.trained_on)
    return Contestant(
        scorer=scorer,
        fingerprint=_hash(decides),
        standing=standing_of(options, trained_on),
        trained_on=trained_on,
        facts=scorer.facts,
    )


def _settings(name: str, options: ModelOptions) -> tuple[LlmSettings, HttpSettings]:
    from emo_hub.teacher.http import HttpSettings

    where = f"llm:{name}"
    ours = {each.name for each in dataclasses.fields(LlmSettings)}
    own = fill(LlmSettings, {k: v for k, v in options.llm.items() if k in ours}, where=where)
    rest = {key: value for key, value in options.llm.items() if key not in ours}
    table = {"most_at_once": own.at_once, **rest, "model": name}
    table["base_url"] = options.base_url or _NO_SERVER
    return own, fill(HttpSettings, table, where=where)


def _folder(store: str, name: str, asked: Mapping[str, Any]) -> Path | None:
    """Name the store after all that decides replies, so that two models never share any."""
    if not store:
        return None
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return Path(store) / f"{readable}-{_hash(asked)[:12]}"


def _definitions() -> dict[str, str]:
    return {name: emotion.definition for name, emotion in lexicon().items()}


def _hash(values: Mapping[str, Any]) -> str:
    plain = {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    return fingerprint(plain)
