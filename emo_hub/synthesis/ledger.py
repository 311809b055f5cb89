"""What a run asked, got, lost and paid, stage by stage."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from emo_hub.records import Rejection
from emo_hub.synthesis.stage import Answered
from emo_hub.teacher import FAULTS, Prompt


@dataclass
class StageCost:
    """The account of one stage.

    Args:
        items: that came to the stage and were asked about.
        replies: that came, repairs included.
        repairs: second questions because the first reply could not be read.
        rejected: replies, or parts of them, that gave no record.
        pending: questions that nobody has answered yet.
        metered: replies whose cost is known; tokens and seconds are sums over these.
    """

    items: int = 0
    replies: int = 0
    repairs: int = 0
    rejected: int = 0
    pending: int = 0
    metered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


@dataclass
class Ledger:
    """Keeps the accounts, and hands on what was rejected and what is pending."""

    stages: dict[str, StageCost] = field(default_factory=dict)
    rejections: deque[Rejection] = field(default_factory=deque)
    pending: deque[Prompt] = field(default_factory=deque)
    last_fault: str = ""  # why a question found no answer
    given_up: Counter[str] = field(default_factory=Counter)  # by a teacher, for what reason

    def note(self, stage: str, answered: Answered[Any, Any]) -> None:
        """Enter what became of one item."""
        cost = self.stages.setdefault(stage, StageCost())
        cost.items += 1
        cost.replies += len(answered.replies)
        cost.repairs += max(0, len(answered.replies) - 1)
        cost.rejected += len(answered.rejections)
        for reply in answered.replies:
            if (usage := reply.usage) is not None:
                cost.metered += 1
                cost.prompt_tokens += usage.prompt_tokens
                cost.completion_tokens += usage.completion_tokens
                cost.seconds += usage.seconds
        self.rejections.extend(answered.rejections)
        self.given_up.update(r.reason for r in answered.rejections if r.reason in FAULTS)
        if answered.pending is not None:
            cost.pending += 1
            self.last_fault = answered.fault or self.last_fault
            self.pending.append(answered.pending)

    @property
    def unanswered(self) -> int:
        """Count the questions that nobody has answered yet."""
        return sum(cost.pending for cost in self.stages.values())

    def facts(self) -> dict[str, dict[str, float]]:
        """Give the accounts as plain numbers."""
        return {name: asdict(cost) for name, cost in self.stages.items()}


def priced(
    stages: Mapping[str, StageCost], input_price: float, output_price: float
) -> dict[str, float]:
    """Give what each stage cost, in the currency of the prices, which are per million tokens."""
    return {
        name: (cost.prompt_tokens * input_price + cost.completion_tokens * output_price) / 1e6
        for name, cost in stages.items()
    }
