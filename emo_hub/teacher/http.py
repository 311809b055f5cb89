"""The teacher behind HTTP: vLLM, TGI, Ollama, llama.cpp, a provider, anything OpenAI-compatible.

What can go well the next time is asked again and never ends a run; what cannot go well at all
(key, model, address) ends it at once with a sentence that says what to set. The key is read from
the environment when the teacher is made, lives in the headers of its connection only, and is cut
out of everything that comes back.
"""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from emo_hub.errors import ReplyError, TeacherError, Unanswered
from emo_hub.teacher.completion import (
    ServerFault,
    cut,
    model_names,
    read_completion,
    sentence_of,
)
from emo_hub.teacher.connection import Connection, Response
from emo_hub.teacher.gate import Breaker, Gate
from emo_hub.teacher.prompt import Prompt, Reply
from emo_hub.teacher.verdict import Misunderstood, final, verdict
from emo_hub.teacher.wire import Dialect, Form, HttpSettings, plainer, request_body

__all__ = ["HttpSettings", "HttpTeacher", "probe"]

_log = logging.getLogger(__name__)
_PROBE_SECONDS = 60.0
_MUTE_ATTEMPTS = 2
_PLAINNESS: tuple[Form, ...] = ("off", "object", "schema")


@dataclass
class HttpTeacher:
    """Answers prompts through a chat server; one for a whole run, shared by its threads.

    The waits of a retry are taken at the gate and not by stamina: there a request gives its place
    to others while it waits, a server's Retry-After holds for everybody, and one call of `stop`
    wakes all, where stamina sleeps in each thread on its own.

    Args:
        settings: which server, which model, and how to ask.

    Raises:
        TeacherError: the key cannot stand in a header.
    """

    settings: HttpSettings
    gate: Gate = field(init=False, repr=False)
    _connection: Connection = field(init=False, repr=False)
    _dialect: Dialect = field(init=False, repr=False)
    _forms: dict[str, Form] = field(default_factory=dict, init=False, repr=False)
    _has_answered: bool = field(default=False, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self._connection = Connection(settings)
        breaker = Breaker(settings.first_wait_seconds, settings.longest_wait_seconds)
        most, patience = settings.most_at_once, settings.patience_seconds
        self.gate = Gate(settings.root, most, breaker, patience)
        form: Form = "schema" if settings.structured == "auto" else settings.structured
        self._dialect = Dialect(form, settings.merge_system)

    @property
    def width(self) -> int:
        """Give the most requests that may be under way at once."""
        return self.settings.most_at_once

    def answer(self, prompt: Prompt) -> Reply:
        """Ask the server, as often as it takes within `attempts`.

        Raises:
            Unanswered: every attempt met a fault of the server or of the way to it.
            TeacherError: the server will answer nobody: wrong key, model or address, or it has
                been silent for `patience_seconds`.
            ReplyError: `truncated`, `refused_by_server` or `empty_reply`.
        """
        fault: ServerFault | None = None
        for attempt in range(self.settings.attempts):
            if fault is not None:
                self.gate.pause(self._wait(attempt, fault))
            try:
                return self._understood(prompt, self._opening(prompt.stage, attempt, fault))
            except ServerFault as error:
                fault = error
                _log.info("%s, attempt %d: %s", prompt.request, attempt + 1, error)
            except TeacherError as error:
                self.gate.end(error)
                raise
        raise Unanswered(f"{self.settings.attempts} attempts, the last: {fault}") from fault

    def stop(self) -> None:
        """Send nothing more: who waits gets `Unanswered`, requests under way come back."""
        self.gate.stop()

    def close(self) -> None:
        """Stop, and close the connections."""
        self.stop()
        self._connection.close()

    def _wait(self, attempt: int, fault: ServerFault) -> float:
        first, longest = self.settings.first_wait_seconds, self.settings.longest_wait_seconds
        wait = min(longest, first * 2.0 ** (attempt - 1))
        # Whoever was told the same time to come back does not come back all at once.
        return max(wait * random.uniform(0.5, 1.0), fault.wait_seconds + random.uniform(0, first))

    def _opening(self, stage: str, attempt: int, fault: ServerFault | None) -> Dialect:
        """Choose how to begin; a chat template may break without a word on a system message."""
        dialect = self._dialect_for(stage)
        is_mute = fault is not None and fault.status == 500 and not self._has_answered
        merges = is_mute and attempt >= _MUTE_ATTEMPTS and attempt % 2 == 0
        return replace(dialect, merge_system=True) if merges else dialect

    def _understood(self, prompt: Prompt, dialect: Dialect) -> Reply:
        """Put the prompt in a dialect, and in a plainer one where it is refused."""
        refusal: Misunderstood | None = None
        while True:
            try:
                reply = self._sent(prompt, request_body(prompt, self.settings, dialect))
            except Misunderstood as error:
                refusal = refusal or error
                found = plainer(dialect, error.body, error.status, error.said)
                if found is None or self._insists(dialect, found):
                    has_key = self._connection.has_key
                    raise final(
                        refusal,
                        self.settings,
                        has_key=has_key,
                        has_answered=self._has_answered,
                    ) from None
                dialect = found
            except ReplyError:
                self._learn(prompt.stage, dialect, refusal)
                raise
            else:
                self._learn(prompt.stage, dialect, refusal)
                return reply

    def _insists(self, tried: Dialect, found: Dialect) -> bool:
        return self.settings.structured != "auto" and tried.structured != found.structured

    def _dialect_for(self, stage: str) -> Dialect:
        with self._lock:
            form = self._forms.get(stage, self._dialect.structured)
            return replace(self._dialect, structured=form)

    def _learn(self, stage: str, spoken: Dialect, refusal: Misunderstood | None) -> None:
        """Remember what was understood: the form of answers per stage, the rest for all.

        A length limit that was left out is not remembered: one long prompt may be the reason.
        """
        self._has_answered = True
        with self._lock:
            known, form = self._dialect, self._forms.get(stage, self._dialect.structured)
            learnt = replace(known, merge_system=known.merge_system or spoken.merge_system)
            if refusal is not None:
                self._forms[stage] = min(form, spoken.structured, key=_PLAINNESS.index)
                limit, unsaid = spoken.limit or known.limit, known.unsaid | spoken.unsaid
                learnt = replace(learnt, limit=limit, unsaid=unsaid)
            self._dialect = learnt
            is_news = learnt != known or self._forms.get(stage, form) != form
        if is_news:
            server, said = self.settings.root, cut(refusal.said) if refusal else "HTTP 500"
            _log.warning("%s refuses (%s); %s is asked as %s", server, said, stage, spoken)

    def _sent(self, prompt: Prompt, body: dict[str, Any]) -> Reply:
        """Send one request through the gate, and tell the gate what became of it."""
        ticket = self.gate.enter(prompt.key)
        try:
            reply = self._read(self._connection.post("chat/completions", body), body)
        except ServerFault as fault:
            self.gate.failed(ticket, str(fault), fault.wait_seconds)
            raise
        except (ReplyError, Misunderstood):
            self.gate.refused(ticket)
            raise
        except BaseException:
            self.gate.abandon(ticket)
            raise
        tokens = reply.usage.completion_tokens if reply.usage else 0
        self.gate.answered(ticket, prompt.stage, tokens)
        return reply

    def _read(self, response: Response, body: dict[str, Any]) -> Reply:
        redacted, model = self._connection.redacted, self.settings.model
        if not response.is_success:
            said = redacted(sentence_of(response.content) or response.location)
            raise verdict(response.status, said, response.retry_after, body, self.settings)
        try:
            reply = read_completion(response.content, model, response.seconds)
        except ReplyError as error:
            raise ReplyError(error.reason, redacted(error.detail), error.cost) from None
        except ServerFault as fault:
            raise ServerFault(redacted(str(fault))) from None
        return replace(reply, text=redacted(reply.text), teacher=redacted(reply.teacher))

    def probe(self) -> str:
        """Do what the function `probe` says."""
        root, model = self.settings.root, self.settings.model
        try:
            response = self._connection.get("models")
        except ServerFault as error:
            raise TeacherError(f"{root}: {error}; start the server, or set base_url.") from error
        redacted = self._connection.redacted
        if response.status in (401, 403):
            said = redacted(sentence_of(response.content))
            refusal = Misunderstood(response.status, said, {})
            raise final(refusal, self.settings, has_key=self._connection.has_key)
        served = model_names(response.content) if response.is_success else ()
        if model in served:
            return f"{root} serves {model}"
        return self._asked_once(cut(redacted(", ".join(served))))

    def _asked_once(self, served: str) -> str:
        root = self.settings.root
        question = Prompt("probe", "probe-1", (("user", "Say yes."),), max_tokens=16)
        try:
            self.answer(question)
        except TeacherError as error:
            offer = f" It lists {served}." if served else ""
            raise TeacherError(f"{error}{offer}") from error
        except Unanswered as error:
            return f"{root} is there, and does not answer for now ({error}); a run waits for it"
        except ReplyError as error:
            if error.reason == "refused_by_server":
                return f"{root} is there, and refuses a short question ({error.detail})"
        return f"{root} answers as {self.settings.model}"


def probe(settings: HttpSettings) -> str:
    """Find out before any work whether the server, the key and the model are what they should be.

    The list of models is asked for; where there is none, or the model is not on it, the model is
    asked for one short answer.

    Returns:
        A sentence on what was found. A server that is merely busy or out of order for now is no
        mistake of the settings, and the sentence says so.

    Raises:
        TeacherError: nothing answers there, or the key or the model is wrong; says what to set.
    """
    seconds = min(settings.timeout_seconds, _PROBE_SECONDS)
    # Two attempts, since some servers hang up after the error that a missing list is to them.
    teacher = HttpTeacher(replace(settings, attempts=2, timeout_seconds=seconds))
    try:
        return teacher.probe()
    finally:
        teacher.close()
