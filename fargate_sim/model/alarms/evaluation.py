"""Which state an alarm is in, from its latest datapoints and the way in which it treats missing ones.

Sources: CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" (whose two tables the tests
repeat); the wording of reasons, the newest datapoint first, from public state-change records. [A]: how many periods beyond
EvaluationPeriods are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from fargate_sim.model.alarms import alarm as a
from fargate_sim.model.alarms.alarm import AlarmSpec, Reading

PERIODS_BEYOND = 2
"""Periods before the evaluation periods that count when newer ones have no data. [A] The user guide's example has five for three."""
_LISTED = 5
"""A reason names at most so many datapoints, and from here on says so. [R] public state changes; [A] that OK names no more either"""
_WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


class Verdict(NamedTuple):
    """A state and the reason for it in CloudWatch's words; ``used`` are the datapoints that counted, oldest first."""

    state: str
    reason: str
    used: tuple[tuple[int, float], ...]


def evaluate(spec: AlarmSpec, readings: Sequence[Reading]) -> Verdict | None:
    """Judge the periods of the evaluation range, oldest first; None: the alarm keeps its state."""
    periods, needed = spec.evaluation_periods, spec.needed
    real = [(at_ms, value) for at_ms, value in readings if value is not None]
    used = tuple(real[-periods:])
    breaching = [each for each in used if spec.breaches(each[1])]
    fine = [each for each in used if not spec.breaches(each[1])]
    filled = periods - len(used)
    if not filled or spec.treat_missing == a.NOT_BREACHING:
        return _crossed(spec, used, breaching, fine, filled, alarming=len(breaching) >= needed)
    if spec.treat_missing == a.BREACHING:
        return _crossed(spec, used, breaching, fine, filled, alarming=len(breaching) + filled >= needed)
    if len(breaching) >= needed:
        return _crossed(spec, used, breaching, fine, 0, alarming=True)
    if fine:
        return _crossed(spec, used, breaching, fine, 0, alarming=False)
    if spec.treat_missing == a.IGNORE:
        return None
    if not used:
        return Verdict(
            a.INSUFFICIENT_DATA,
            f"Insufficient Data: {_counted(periods, 'datapoint')} {'was' if periods == 1 else 'were'} unknown.",
            (),
        )
    # All that is known breaches, but there is not enough of it: only one that is old enough decides.
    ages = [len(readings) - index for index, (_, value) in enumerate(readings) if value is not None]
    return _crossed(spec, used, breaching, fine, 0, alarming=True) if max(ages) >= needed else None


def _crossed(
    spec: AlarmSpec,
    used: tuple[tuple[int, float], ...],
    breaching: list[tuple[int, float]],
    fine: list[tuple[int, float]],
    filled: int,
    *,
    alarming: bool,
) -> Verdict:
    state = a.ALARM if alarming else a.OK
    listed = breaching if alarming else fine
    if not listed:
        treated = "Breaching" if spec.treat_missing == a.BREACHING else "NonBreaching"
        was = "was" if filled == 1 else "were"
        reason = (
            f"Threshold Crossed: no datapoints were received for {_counted(filled, 'period')} and "
            f"{_counted(filled, 'missing datapoint')} {was} treated as [{treated}]."
        )
        return Verdict(state, reason, used)
    values = ", ".join(f"{number(value)} ({_moment(at_ms)})" for at_ms, value in reversed(listed[-_LISTED:]))
    verb = ("was" if len(listed) == 1 else "were") + ("" if alarming else " not")
    minimum = spec.needed if alarming else spec.evaluation_periods - spec.needed + 1
    way = "OK -> ALARM" if alarming else "ALARM -> OK"
    count = f"{len(listed)} out of the last {spec.evaluation_periods} datapoints"
    against = f"{verb} {_WORDS[spec.comparison]} the threshold ({number(spec.threshold)})"
    if alarming and len(listed) >= _LISTED:
        said = f"{count} {against}. The most recent datapoints which crossed the threshold: [{values}]"
    else:
        said = f"{count} [{values}] {against}"
    reason = f"Threshold Crossed: {said} (minimum {_counted(minimum, 'datapoint')} for {way} transition)."
    return Verdict(state, reason, used)


def number(value: float) -> str:
    """A number as CloudWatch's reasons have it: with a decimal point."""
    return repr(float(value))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%d/%m/%y %H:%M:%S")
