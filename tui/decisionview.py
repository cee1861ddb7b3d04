"""A scaling decision, or an alarm, on a page: the points against the threshold, and everything that counted. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content

from tui import decisions, text
from tui.chart import MARGIN, nice, number
from tui.scalecharts import Layer, Limit, Scale, draw
from tui.scaling import Activity, Alarm, Decision, Point, Policy, Scaling, Target, breaching, metric_words

_LABEL = 11
_TALL = 30
_DONE_WITHIN_MS = 90_000
"""An activity that began so soon after a decision, and ended at its count, is what came of it."""

SIGNS = {"out": ("▲", "out"), "in": ("▼", "in")}
STATES = {
    "OK": ("✓ OK", "$success"),
    "ALARM": ("✗ ALARM", "bold $error"),
    "INSUFFICIENT_DATA": ("? INSUFFICIENT_DATA", "$warning"),
}


def sign_of(decision: Decision) -> tuple[str, str]:
    """Which way, as a sign and a word."""
    return SIGNS.get(decision.direction, ("·", text.one_line(decision.direction)))


def state_of(alarm: Alarm, *, inward: bool = False) -> tuple[str, str]:
    """Sign, word and style of an alarm's state. One that scales in is no trouble when it is in ALARM."""
    if inward and alarm.state == "ALARM":
        return ("▼ ALARM", "$warning")
    return STATES.get(alarm.state, (f"· {text.one_line(alarm.state)}", "$muted"))


def scales_in(alarm: Alarm, targets: Sequence[Target]) -> bool:
    """Whether an alarm is there to take tasks away: that it is in ALARM is what a quiet service looks like."""
    policies = [p for t in targets for p in t.policies if alarm.name in p.alarms]
    if not policies:
        return False
    steps = [step.adjustment for policy in policies for step in policy.steps]
    return alarm.comparison.startswith("Less") and all(adjustment <= 0 for adjustment in steps)


def outcome_style(decision: Decision) -> str:
    """How a decision is marked: what was done, what was held back, what there was nothing to do about."""
    if decision.scaled:
        return "bold $success"
    return "$muted" if decision.reason in ("at_min", "already", "scaled") else "$warning"


def decision_page(
    decision: Decision, target: Target, scaling: Scaling, width: int, height: int
) -> list[Content]:
    """Everything that is known of one decision."""
    sign, word = sign_of(decision)
    until = f" to {text.time_of_day(decision.last_ms)}, {decision.times} times" if decision.times > 1 else ""
    policy = target.policy(decision.policy)
    lines = [
        Content.assemble(
            (f"{sign} Scale {word}  ", "bold"),
            (decisions.move(decision), "bold $primary"),
            ("" if decision.scaled else f"  {text.one_line(decision.reason_words)}", outcome_style(decision)),
            (f"   {text.time_of_day(decision.at_ms)}{until}", "$muted"),
        ),
        Content(""),
        *points_chart(decision.points, decision.threshold, decision.comparison, width, height),
        Content(""),
    ]
    rows = [
        ("policy", _policy_words(decision, policy)),
        ("alarm", decision.alarm),
        ("points", decisions.points_words(decision, scaling)),
        ("capacity", _capacity(decision, target)),
        ("done", decisions.difference(decision, target)),
        ("bounds", f"{target.low} to {target.high} tasks"),
        ("cooldown", _cooldown(decision, target, scaling.now_ms)),
        *[
            ("others" if index == 0 else "", f"{vote.policy}: {vote.words}")
            for index, vote in enumerate(decisions.votes(decision, target, scaling))
        ],
        ("result", decision.why),
    ]
    lines += [line for name, words in rows if words for line in row(name, words, width)]
    activity = _came_of_it(decision, target.activities)
    if activity is not None:
        lines += [Content(""), *activity_lines(activity, width)]
    return [line.truncate(max(1, width), ellipsis=True) for line in lines]


def row(name: str, words: str, width: int, style: str = "") -> list[Content]:
    """A name, and words that go on below themselves."""
    wrapped = textwrap.wrap(text.one_line(words), max(20, width - _LABEL)) or [""]
    return [
        Content.assemble(((name if index == 0 else "").ljust(_LABEL), "$muted"), (part, style))
        for index, part in enumerate(wrapped)
    ]


def _policy_words(decision: Decision, policy: Policy | None) -> str:
    if policy is None:
        return decision.policy
    return f"{policy.name}: {policy.words}"


def _capacity(decision: Decision, target: Target) -> str:
    how = decisions.arithmetic(decision, target)
    wanted = f"{decision.before} now, {decision.wanted} wanted"
    return f"{wanted}: {how}" if how else wanted


def _cooldown(decision: Decision, target: Target, now_ms: int) -> str:
    found = decisions.cooldown(decision, target)
    if found is None:
        policy = target.policy(decision.policy)
        seconds = policy.cooldown(decision.direction) if policy else None
        return "" if seconds is None else f"{seconds} s; none was running"
    since = f"{found.seconds} s from {text.time_of_day(found.since_ms)}"
    left = found.left_s(decision.at_ms)
    if not left:
        return f"{since}; it was over"
    now_left = found.left_s(now_ms)
    later = f"{text.duration(now_left * 1000)} now" if now_left else "over now"
    return f"{since}; {text.duration(left * 1000)} left then, {later}"


def _came_of_it(decision: Decision, activities: Sequence[Activity]) -> Activity | None:
    if not decision.scaled:
        return None
    return next(
        (
            activity
            for activity in reversed(activities)
            if activity.after == decision.after and 0 <= activity.at_ms - decision.at_ms < _DONE_WITHIN_MS
        ),
        None,
    )


def activity_lines(activity: Activity, width: int) -> list[Content]:
    """An activity in AWS's words."""
    failed = activity.status in ("Failed", "Unfulfilled")
    lines = row("AWS says", activity.description, width, "bold")
    lines += row("cause", activity.cause, width)
    status = (
        f"{activity.status}: {activity.message}" if activity.status and activity.message else activity.status
    )
    return lines + row("status", status, width, "$error" if failed else "")


def points_chart(
    points: Sequence[Point], threshold: float | None, comparison: str, width: int, height: int
) -> list[Content]:
    """The points as bars against the threshold, with their values and moments below."""
    if not points:
        return [Content.styled("No points: the metric had no data.", "$warning")]
    room = max(len(points), width - MARGIN)
    cell = max(1, min(9, room // len(points)))
    columns: list[list[Layer]] = []
    for point in points:
        wrong = breaching((point,), threshold, comparison) > 0
        bar = [Layer(point[1], "█", wrong_style(comparison) if wrong else "$primary")]
        columns += [bar] * max(1, cell - 1) + [[]] * (cell > 1)
    known = [value for _, value in points if value is not None]
    scale = Scale(nice(max([*known, threshold or 0.0, 0.001]) * 1.05))
    limits = () if threshold is None else (Limit(threshold),)
    rows = draw(columns, scale, 8 if height >= _TALL else 4, len(columns), limits=limits)
    values = [_value(value) for _, value in points]
    times = [text.time_of_day(at)[:5] for at, _ in points]
    return [*rows, _below(values, cell, "bold"), _below(times, cell, "$muted")]


def wrong_style(comparison: str) -> str:
    """How a point beyond the threshold is marked: one that is too low is no trouble."""
    return "$warning" if comparison.startswith("Less") else "$error"


def _value(value: float | None) -> str:
    return "–" if value is None else number(round(value, 1))


def _below(words: Sequence[str], cell: int, style: str) -> Content:
    """Words below their bars; only every so many where there is no room for all."""
    every = max(1, -(-(max(len(word) for word in words) + 1) // cell))
    parts = "".join(word.ljust(cell * every) for word in words[::every])
    return Content.styled(" " * MARGIN + parts, style)


def alarm_page(alarm: Alarm, scaling: Scaling, width: int, height: int) -> list[Content]:
    """Everything that is known of one alarm."""
    state, style = state_of(alarm, inward=scales_in(alarm, scaling.targets))
    lines = [
        Content.assemble(
            (state, style), (f"  since {text.time_of_day(alarm.updated_ms)}" if alarm.updated_ms else "")
        ),
        Content(""),
        *points_chart(alarm.points, alarm.threshold, alarm.comparison, width, height),
        Content(""),
    ]
    rows = [
        ("alarm", alarm.name),
        ("policy", alarm.policy or "none of a scalable target"),
        ("metric", f"{metric_words(alarm.metric)}, {alarm.statistic} of {alarm.period_s} s"),
        ("goes off", f"{alarm.rule} points; missing data: {alarm.treat_missing or 'missing'}"),
        ("points", f"{alarm.breaching} of {len(alarm.points)} on the wrong side"),
        ("reason", alarm.reason),
    ]
    lines += [line for name, words in rows for line in row(name, words, width)]
    for index, change in enumerate(alarm.history):
        words = f"{text.time_of_day(change.at_ms)}  {change.before} → {change.after}  {change.reason}"
        lines += row("history" if index == 0 else "", words, width)
    return [line.truncate(max(1, width), ellipsis=True) for line in lines]
