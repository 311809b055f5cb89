"""The door between the threads of a run and one server: who may send a request, and when.

It keeps the limit, and where nothing comes back any more a circuit breaker that lets one request
through at a time until one succeeds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from emo_hub.errors import EmoHubError, TeacherError, Unanswered
from emo_hub.teacher.limiter import Limit, Ticket

_PILE = 5
# No wait is longer than this, so that a missed wake-up can never become a hang.
_LONGEST_NAP_SECONDS = 1.0


@dataclass
class Breaker:
    """Opens when faults pile up and nothing succeeds; then one probe at a time goes through.

    Args:
        first_wait_seconds: until the first probe; later ones wait twice as long each time.
        longest_wait_seconds: between two probes.
        is_open: whether only probes go through.
        since: when the present trouble began, None while there is none.
        requests: those that failed since, so that one request that no server can answer is not
            taken for a server that answers nobody.
    """

    first_wait_seconds: float
    longest_wait_seconds: float
    is_open: bool = False
    since: float | None = None
    requests: set[str] = field(default_factory=set)
    last_fault: str = ""
    _faults: int = 0
    _wait: float = 0.0
    _next_probe: float = 0.0
    _succeeded_at: float = float("-inf")

    def succeeded(self, now: float) -> None:
        """Close: the server answers."""
        self.is_open, self.since, self._faults, self._succeeded_at = False, None, 0, now
        self.requests.clear()

    def failed(self, ticket: Ticket, now: float, fault: str) -> None:
        """Count a fault, and open or wait longer where it is time to."""
        self._faults += 1
        self.last_fault = fault
        self.requests.add(ticket.request)
        if self.since is None:
            self.since = max(ticket.began, self._succeeded_at)
        if self.is_open and ticket.probe:
            self._wait = min(2 * self._wait, self.longest_wait_seconds)
            self._next_probe = now + self._wait
        elif self._faults >= _PILE and now - self.since >= self.first_wait_seconds:
            if not self.is_open:
                self._wait = self.first_wait_seconds
                self._next_probe = now + self._wait
            self.is_open = True

    def hold(self, now: float) -> float:
        """Give the seconds until the next probe may go."""
        return max(0.0, self._next_probe - now) if self.is_open else 0.0

    def silent_seconds(self, now: float) -> float:
        """Give for how long nobody was answered; 0 while only one request is in trouble."""
        return now - self.since if self.since is not None and len(self.requests) > 1 else 0.0


class Gate:
    """Lets threads through to a server, as many at once as it bears.

    Every wait happens here, on one condition, so that `stop` and `end` wake all who wait.
    """

    def __init__(
        self,
        server: str,
        most: int,
        breaker: Breaker,
        patience_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = Limit(most)
        self.breaker = breaker
        self.in_flight = 0
        self._server = server
        self._probing = False
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._changed = threading.Condition()
        self._closed_until = float("-inf")
        self._ended: EmoHubError | None = None

    def enter(self, request: str) -> Ticket:
        """Wait for a place.

        Raises:
            TeacherError: nobody was answered for too long, or another thread found it pointless.
            Unanswered: the gate was stopped.
        """
        with self._changed:
            while (hold := self._hold()) > 0:
                self._changed.wait(min(hold, _LONGEST_NAP_SECONDS))
            self.in_flight += 1
            self._probing = self._probing or self.breaker.is_open
            full = self.in_flight >= int(self.limit.at_once)
            return Ticket(request, self._clock(), full, self.breaker.is_open)

    def _hold(self) -> float:
        if self._ended is not None:
            # A fresh one for each thread: a raised exception carries the traceback of its thread.
            raise type(self._ended)(*self._ended.args)
        now = self._clock()
        if (silent := self.breaker.silent_seconds(now)) > self._patience_seconds:
            self._ended = TeacherError(
                f"the server at {self._server} has not answered for {spoken(silent)} (last: "
                f"{self.breaker.last_fault}); every reply so far is kept, run the same command "
                "again to go on"
            )
            self._changed.notify_all()
            raise TeacherError(*self._ended.args)
        if self._probing if self.breaker.is_open else self.in_flight >= int(self.limit.at_once):
            return _LONGEST_NAP_SECONDS
        return max(self._closed_until - now, self.breaker.hold(now))

    def answered(self, ticket: Ticket, stage: str, tokens: int) -> None:
        """Give the place back: a reply came, of so many tokens where the server says it, else 0."""
        with self._left(ticket) as now:
            self.breaker.succeeded(now)
            self.limit.succeeded(ticket, now, stage, tokens)

    def refused(self, ticket: Ticket) -> None:
        """Give the place back: the server is alive, and nothing was generated to learn from."""
        with self._left(ticket) as now:
            self.breaker.succeeded(now)

    def failed(self, ticket: Ticket, fault: str, closed_seconds: float = 0.0) -> None:
        """Give the place back after a fault.

        Args:
            ticket: of the request.
            fault: in words.
            closed_seconds: for how long the server asked to be left alone, by anybody.
        """
        with self._left(ticket) as now:
            self.limit.failed(ticket, now)
            self.breaker.failed(ticket, now, fault)
            self._closed_until = max(self._closed_until, now + closed_seconds)

    def abandon(self, ticket: Ticket) -> None:
        """Give the place back where the request itself broke off."""
        with self._left(ticket):
            pass

    @contextmanager
    def _left(self, ticket: Ticket) -> Iterator[float]:
        with self._changed:
            self.in_flight -= 1
            self._probing = self._probing and not ticket.probe
            yield self._clock()
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait, holding no place; ends early when the gate does."""
        with self._changed:
            until = self._clock() + seconds
            while self._ended is None and (rest := until - self._clock()) > 0:
                self._changed.wait(min(rest, _LONGEST_NAP_SECONDS))

    def stop(self) -> None:
        """Let nobody in any more; who waits gets `Unanswered`, who is under way comes back."""
        self.end(Unanswered("the run is being stopped"))

    def end(self, error: EmoHubError) -> None:
        """Let everybody who waits, and who comes, fail with this error; the first one counts."""
        with self._changed:
            self._ended = self._ended or error
            self._changed.notify_all()


def spoken(seconds: float) -> str:
    """Write a duration as a person would say it."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
