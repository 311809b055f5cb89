"""How many requests a server gets at once: what a good guest does.

A provider says 429 when it has enough. A server of one's own never does, it only gets slower; so
the limit listens to faults and to latency alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_START = 2
_SAMPLES = 5
_SMOOTHING = 0.2
# A batching server answers many at once a little slower each and far faster in all, so twice the
# smallest latency is still a bargain; at three times most of it is waiting in a queue.
_STEADY = 2.0
_CROWDED = 3.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to send one request.

    Args:
        request: whose turn it is.
        began: when, on the clock of the gate.
        full: it took the last free place, so there is demand for more.
        probe: it goes through an open breaker.
    """

    request: str
    began: float
    full: bool = False
    probe: bool = False


@dataclass
class Pace:
    """Smoothed seconds per output token of one stage's calls, and the smallest seen so far."""

    smallest: float = 0.0
    count: int = 0
    _seconds: float = 0.0
    _tokens: float = 0.0

    def add(self, seconds: float, tokens: int) -> float:
        """Take one call in; give the pace over the smallest.

        While too few calls are known, the first ones may speed up and later ones have to wait.
        """
        self.count += 1
        weight = max(_SMOOTHING, 1 / self.count)
        self._seconds += weight * (seconds - self._seconds)
        self._tokens += weight * (max(tokens, 1) - self._tokens)
        if self.count < _SAMPLES:
            return _CROWDED if self.smallest else 1.0
        pace = self._seconds / self._tokens
        self.smallest = min(self.smallest or pace, pace)
        return pace / max(self.smallest, 1e-9)

    def forget_smallest(self) -> None:
        """Take the present pace for the smallest."""
        self.smallest = self._seconds / max(self._tokens, 1)


@dataclass
class Limit:
    """Additive increase while it pays, multiplicative decrease at most once per round trip.

    Args:
        most: the highest limit, at least 1.
        at_once: the limit now, in [1, most]; doubles per round trip until the first trouble, and
            after one until half of where that began, then grows by one per round trip.
    """

    most: int
    at_once: float = field(init=False)
    _doubles_below: float = field(init=False)
    _decreased_at: float = field(default=float("-inf"), init=False)
    _grown: bool = field(default=True, init=False)
    _paces: dict[str, Pace] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.at_once = float(min(_START, self.most))
        self._doubles_below = float(self.most)

    def succeeded(self, ticket: Ticket, now: float, stage: str, tokens: int) -> None:
        """Learn from a call that came back; `tokens` is 0 where the server does not say."""
        if ticket.began < self._decreased_at:
            return
        pace = self._paces.setdefault(stage, Pace())
        slower = pace.add(now - ticket.began, tokens)
        if slower > _CROWDED:
            if self.at_once > _START:
                self._decrease(now, max(0.5, _CROWDED / slower), floor=min(_START, self.most))
            else:
                # So few requests cannot crowd a server: it is slower now, and stays usable.
                pace.forget_smallest()
        elif slower <= _STEADY and ticket.full:
            step = 1.0 if self.at_once < self._doubles_below else 1 / self.at_once
            self.at_once = min(self.most, self.at_once + step)
            self._grown = True

    def failed(self, ticket: Ticket, now: float) -> None:
        """Learn from a 429, a 5xx, a timeout or a lost connection."""
        if ticket.began >= self._decreased_at:
            self._decrease(now, 0.5, floor=1)

    def _decrease(self, now: float, factor: float, floor: int) -> None:
        if self._grown:
            self._doubles_below = max(self.at_once / 2, 2.0)
        self.at_once = max(float(floor), self.at_once * factor)
        self._decreased_at, self._grown = now, False
        for pace in self._paces.values():
            pace.count = 0
