"""Every time that the scaler thought about a capacity: what it saw, and why it did what it did. Ours: AWS does not show this."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from fargate_sim.model.alarms.alarm import Reading

KEPT = 100

OUT, IN = "out", "in"
SCALED, HELD = "scaled", "held"

COOLDOWN = "cooldown"
AT_MAX = "at_max"
AT_MIN = "at_min"
FLAPPING = "flapping"
DEPLOYMENT = "deployment"
ANOTHER_POLICY = "another_policy"
SUSPENDED = "suspended"
SCALE_IN_DISABLED = "scale_in_disabled"
ALREADY = "already"
NOT_ACTIVE = "not_active"


@dataclass(frozen=True)
class Claim:
    """What one policy wants because of one alarm. ``points`` are the alarm's, oldest first; ``base`` is the capacity
    that it reckoned with, and ``basis`` says how it came to what it wants."""

    policy: str
    alarm: str
    direction: str
    metric: str
    points: tuple[Reading, ...]
    threshold: float
    comparison: str
    target: float | None
    wanted: int
    base: int
    basis: str


@dataclass(frozen=True)
class Verdict:
    """What becomes of a claim: ``to`` is the capacity afterwards."""

    claim: Claim
    outcome: str
    reason: str
    to: int
    why: str


@dataclass
class Decision:
    """A verdict that was passed ``times`` times in a row, first at ``at_ms``, last at ``last_ms``; claim and reasons are the latest."""

    at_ms: int
    last_ms: int
    times: int
    verdict: Verdict
    before: int

    def same(self, verdict: Verdict, before: int) -> bool:
        """Whether it would say the same again."""
        mine, other = self.verdict, verdict
        return (
            self.before == before
            and (mine.outcome, mine.reason, mine.to) == (other.outcome, other.reason, other.to)
            and (mine.claim.policy, mine.claim.alarm, mine.claim.direction, mine.claim.wanted)
            == (other.claim.policy, other.claim.alarm, other.claim.direction, other.claim.wanted)
        )


class Decisions:
    """The latest decisions about one scalable target."""

    def __init__(self) -> None:
        self._kept: deque[Decision] = deque(maxlen=KEPT)
        self._round: list[Decision] = []

    def newest_first(self) -> list[Decision]:
        """As they were taken, the last one first."""
        return list(reversed(self._kept))

    def add(self, at_ms: int, before: int, verdicts: Iterable[Verdict]) -> list[Verdict]:
        """Write down one round; those that the round before had not said already are given back."""
        this_round: list[Decision] = []
        fresh: list[Verdict] = []
        for verdict in verdicts:
            known = next((each for each in self._round if each.same(verdict, before)), None)
            if known is not None and verdict.outcome == HELD:
                known.last_ms, known.verdict = at_ms, verdict
                known.times += 1
            else:
                known = Decision(at_ms, at_ms, 1, verdict, before)
                self._kept.append(known)
                fresh.append(verdict)
            this_round.append(known)
        self._round = this_round
        return fresh
