"""The parts of the scaling screen: charts, decisions, alarms, activities. Only what is in view is drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui import decisions, scalecharts, text
from tui.chart import EIGHTHS
from tui.decisionview import outcome_style, scales_in, sign_of, state_of, wrong_style
from tui.scaling import NOTHING, Activity, Alarm, Decision, Scaling, Target, breaching, metric_words
from tui.widgets.linelist import Line, LineList, ready

_ROOMY = 110
"""From this width of a list on, a line has room for the policy, the metric, the whole word of a state."""
_POINTS = 15


@dataclass(frozen=True, slots=True)
class View:
    """What the parts show: everything, one target of it, and what the service asked for is called."""

    scaling: Scaling = NOTHING
    target: Target | None = None
    slo_ms: float | None = None
    cluster: str = "CLUSTER"
    service: str = "SERVICE"
    asked: bool = False
    """Whether the world has something of which nothing is known yet."""


class ScalingCharts(Widget, can_focus=True):
    """An hour of one target."""

    DEFAULT_CSS = "ScalingCharts { height: 1fr; padding: 0 1; background: $background; }"
    ALLOW_SELECT = False
    auto_links = False

    view: reactive[View] = reactive(View())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        return max(17, container.height)

    def render(self) -> Content:
        width, height = self.size
        return Content("\n").join(chart_lines(self.view, width, height))


def charted(view: View) -> tuple[object, ...]:
    """What the charts are drawn from: they need not be drawn again while this is the same."""
    target = view.target
    if target is None:
        return (None, view.asked, view.cluster, view.service)
    counts = (target.low, target.high, target.desired, target.running)
    return (
        target.resource_id,
        view.scaling.now_ms // 60_000,
        counts,
        target.policies,
        target.series,
        view.slo_ms,
    )


def chart_lines(view: View, width: int, height: int) -> list[Content]:
    """The charts, or what is to be done before there are any."""
    if view.target is None:
        return _fitted(without_target(view), width)
    drawn = scalecharts.lines(view.target, view.scaling.now_ms, width, height, view.slo_ms)
    if drawn:
        return drawn
    return _fitted(
        [
            ("Nothing measured yet.", "bold"),
            ("The first point comes when a minute of the virtual clock is over; F9 jumps.", "$muted"),
        ],
        width,
    )


def without_target(view: View) -> list[tuple[str, str]]:
    """What to do where no service is a scalable target."""
    if view.asked:
        return [("Looking …", "$muted")]
    return [
        ("No scalable target yet: nobody but you moves the desired count.", "bold"),
        ("", ""),
        ("Make the service one, in the console (F4):", ""),
        ("aws application-autoscaling register-scalable-target", "$primary"),
        ("  --service-namespace ecs", "$primary"),
        ("  --scalable-dimension ecs:service:DesiredCount", "$primary"),
        (f"  --resource-id service/{text.one_line(view.cluster)}/{text.one_line(view.service)}", "$primary"),
        ("  --min-capacity 2 --max-capacity 10", "$primary"),
        ("", ""),
        ("Then give it a policy:", ""),
        ("aws application-autoscaling put-scaling-policy ...", "$primary"),
    ]


def _fitted(rows: Sequence[tuple[str, str]], width: int) -> list[Content]:
    return [Content.styled(*line).truncate(max(1, width), ellipsis=True) for line in rows]


class ScalingList(LineList):
    """A list that is made from a `View`."""

    view: reactive[View] = reactive(View(), repaint=False)

    def watch_view(self) -> None:
        self.remake()


def _hints(*rows: tuple[str, str]) -> list[Line]:
    return [ready(Content.styled(*line)) for line in rows]


class DecisionList(ScalingList):
    """The scaling timeline: every decision, taken or not, newest first."""

    @dataclass
    class Chosen(Message):
        """A decision was asked about."""

        decision: Decision

    def make(self, width: int) -> Sequence[Line]:
        return decision_lines(self.view, width)

    def choose(self, key: str) -> None:
        decision = find_decision(self.view.target, key)
        if decision is not None:
            self.post_message(self.Chosen(decision))


def key_of(decision: Decision) -> str:
    """What tells a decision from others, also while like ones are folded into it."""
    return f"{decision.at_ms}/{decision.policy}/{decision.alarm}/{decision.direction}/{decision.reason}"


def find_decision(target: Target | None, key: str) -> Decision | None:
    """A decision by its key."""
    return next((d for d in target.decisions if key_of(d) == key), None) if target else None


def decision_lines(view: View, width: int) -> list[Line]:
    """A heading and a line for each decision."""
    target = view.target
    if target is None:
        return _hints(("No decisions: there is no scalable target.", "$muted"))
    head = ready(Content.assemble(("Decisions", "bold"), ("   Enter shows why", "$muted")))
    if target.decisions:
        lines = [head]
        column = min(15, max(len(each.policy) for each in target.decisions)) + 1
        for each in target.decisions:
            lines.append(Line(partial(decision_line, each, width, column), key_of(each)))
            if width < _ROOMY:
                lines.append(ready(Content.styled(" " * 9 + text.one_line(each.why), "$muted")))
        return lines
    if not target.policies:
        return [
            head,
            *_hints(
                ("No policy yet, so nothing decides:", "$muted"),
                ("aws application-autoscaling put-scaling-policy --policy-name ...", "$primary"),
                ("  --policy-type TargetTrackingScaling --service-namespace ecs", "$primary"),
                (f"  --resource-id {text.one_line(target.resource_id)} ...", "$primary"),
            ),
        ]
    return [
        head,
        *_hints(
            ("None yet. A policy decides when an alarm of its goes into ALARM, and is told so.", "$muted")
        ),
    ]


def decision_line(decision: Decision, width: int, column: int) -> Content:
    """One decision: when, which way, from where to where, whose (in `column` columns), and why."""
    sign, word = sign_of(decision)
    style = outcome_style(decision)
    moved = decisions.move(decision).replace("held at", "held")
    times = f"×{decision.times}" if decision.times > 1 else ""
    roomy = width >= _ROOMY
    return Content.assemble(
        (text.time_of_day(decision.at_ms) + " ", "$muted"),
        (f"{sign} {word:<4}", "bold"),
        (f"{moved:<8}", style),
        (f"{text.clip(text.one_line(decision.reason_words), 14):<15}", style),
        (f"{times:<4}", "$muted"),
        (text.clip(text.one_line(decision.policy), column - 1).ljust(column), "$primary"),
        # Where there is less room it stands on a line of its own.
        (text.one_line(decision.why) if roomy else "", "$muted" if style == "$muted" else ""),
    )


class AlarmList(ScalingList):
    """Every alarm: state, last points against the threshold, rule."""

    @dataclass
    class Chosen(Message):
        """An alarm was asked about."""

        alarm: Alarm

    def make(self, width: int) -> Sequence[Line]:
        return alarm_lines(self.view, width)

    def choose(self, key: str) -> None:
        alarm = self.view.scaling.alarm(key)
        if alarm is not None:
            self.post_message(self.Chosen(alarm))


def alarm_lines(view: View, width: int) -> list[Line]:
    """A heading and a line for each alarm."""
    alarms = view.scaling.alarms
    if not alarms:
        return _hints(
            ("Alarms", "bold"),
            ("None yet. A target tracking policy makes its own two; step scaling wants yours:", "$muted"),
            ("aws cloudwatch put-metric-alarm --alarm-actions POLICY_ARN ...", "$primary"),
        )
    head = Content.assemble(("Alarms", "bold"), ("   the last points, against the threshold", "$muted"))
    return [
        ready(head),
        *(
            Line(partial(alarm_line, each, scales_in(each, view.scaling.targets), width), each.name)
            for each in alarms
        ),
    ]


def alarm_line(alarm: Alarm, inward: bool, width: int) -> Content:
    """One alarm, in one line."""
    state, style = state_of(alarm, inward=inward)
    roomy = width >= _ROOMY
    if not roomy:
        state = state.replace("INSUFFICIENT_DATA", "NO DATA")
    name = decisions.short_alarm(text.one_line(alarm.name))
    if alarm.policy and alarm.name != name:
        # What target tracking has made is known by its policy.
        name = f"{text.one_line(alarm.policy)} {'low' if inward else 'high'}"
    points = alarm.points[-_POINTS:]
    known = next((value for _, value in reversed(points) if value is not None), None)
    metric = metric_words(text.one_line(alarm.metric)).rpartition(" ")[2]
    name_width = 26 if roomy else 18
    return Content.assemble(
        (f"{state:<20}" if roomy else f"{state:<10}", style),
        (f"{text.clip(name, name_width - 1):<{name_width}}", ""),
        (f"{text.clip(metric, 23):<24}" if roomy else "", "$muted"),
        *spark(alarm),
        (" " * (_POINTS - len(points)), ""),
        (f" {'–' if known is None else f'{known:.4g}':>6} ", "bold"),
        (text.one_line(alarm.rule), "$muted"),
        (f" now {breaching(points, alarm.threshold, alarm.comparison)}" if points else "", style),
    )


def spark(alarm: Alarm) -> list[tuple[str, str]]:
    """The last points as one row of bars; red on the wrong side of the threshold, a dot for no data."""
    points = alarm.points[-_POINTS:]
    top = (
        max([abs(v) for _, v in points if v is not None] + [abs(alarm.threshold or 0.0)], default=0.0) or 1.0
    )
    cells = []
    for point in points:
        value = point[1]
        if value is None:
            cells.append(("·", "$muted"))
            continue
        wrong = breaching((point,), alarm.threshold, alarm.comparison) > 0
        cells.append(
            (
                EIGHTHS[max(1, min(8, round(value / top * 8)))],
                wrong_style(alarm.comparison) if wrong else "$primary",
            )
        )
    return cells


class ActivityList(ScalingList):
    """Scaling activities, in AWS's words, and what is planned."""

    def make(self, width: int) -> Sequence[Line]:
        return activity_lines(self.view, width)


def activity_lines(view: View, width: int) -> list[Line]:
    """Policies and scheduled actions, then a heading and two lines for each activity."""
    target = view.target
    if target is None:
        return _hints(("No activities: there is no scalable target.", "$muted"))
    lines = _hints(("Policies", "bold")) if target.policies else []
    for policy in target.policies:
        cooldowns = f"cooldown out {policy.cooldown('out')} s, in {policy.cooldown('in')} s"
        off = ", scale-in off" if policy.disable_scale_in else ""
        lines.append(
            ready(
                Content.assemble(
                    (f"{text.one_line(policy.name)}  ", "$primary"),
                    text.one_line(policy.words),
                    (f"  {cooldowns}{off}", "$muted"),
                )
            )
        )
    for action in target.scheduled_actions:
        due = f", next {text.time_of_day(action.next_ms)}" if action.next_ms is not None else ""
        bounds = (
            f"{'–' if action.low is None else action.low} to {'–' if action.high is None else action.high}"
        )
        lines.append(
            ready(
                Content.assemble(
                    (f"{text.one_line(action.name)}  ", "$primary"),
                    f"bounds {bounds} at {text.one_line(action.schedule)} {text.one_line(action.timezone)}".rstrip(),
                    (due, "$muted"),
                )
            )
        )
    lines += _hints(("Activities", "bold"))
    if not target.activities:
        lines += _hints(("None yet. Nothing has changed the desired count but you.", "$muted"))
    for activity in target.activities:
        lines.append(Line(partial(activity_line, activity)))
        lines += [ready(Content.styled(" " * 9 + part, "$muted")) for part in cause(activity, width - 9)]
    return lines


def activity_line(activity: Activity) -> Content:
    """When, what, and how it ended."""
    failed = activity.status in ("Failed", "Unfulfilled")
    return Content.assemble(
        (text.time_of_day(activity.at_ms) + " ", "$muted"),
        (text.one_line(activity.description), "bold"),
        (f"  {text.one_line(activity.status)}", "$error" if failed else "$success"),
        (f"  {text.one_line(activity.message)}" if failed else "", "$error"),
    )


def cause(activity: Activity, width: int) -> list[str]:
    """Its cause; alarms that target tracking makes have names longer than a line, and are shortened."""
    words = [decisions.short_alarm(word) for word in text.one_line(activity.cause).split(" ")]
    return textwrap.wrap(" ".join(words), max(20, width))


class TargetLine(Widget, can_focus=False):
    """The target in one line: counts, bounds, what holds it, its alarms."""

    DEFAULT_CSS = "TargetLine { height: 1; padding: 0 1; background: $surface; }"
    ALLOW_SELECT = False
    auto_links = False

    view: reactive[View] = reactive(View())

    def render(self) -> Content:
        return target_line(self.view).truncate(max(1, self.size.width), ellipsis=True)


def target_line(view: View) -> Content:
    """The line, the least important last."""
    target = view.target
    if target is None:
        return Content.styled("○ no scalable target", "$muted")
    several = len(view.scaling.targets) > 1
    place = (
        f" ({view.scaling.targets.index(target) + 1} of {len(view.scaling.targets)}, ] next)"
        if several
        else ""
    )
    loud = [
        alarm
        for alarm in view.scaling.alarms
        if alarm.state == "ALARM" and not scales_in(alarm, view.scaling.targets)
    ]
    parts: list[tuple[str, str]] = [
        (text.one_line(target.service), "bold"),
        (place, "$muted"),
        ("   desired ", "$muted"),
        (f"{target.desired}", "bold"),
        ("  running ", "$muted"),
        (f"{target.running}", "bold $warning" if target.running < target.desired else "bold"),
        (f"  of {target.low} to {target.high}", "$muted"),
    ]
    if target.desired >= target.high:
        parts.append(("  ▲ at the maximum", "bold $warning"))
    if target.suspended.words:
        parts.append((f"  ‖ suspended: {target.suspended.words}", "bold $error"))
    if target.in_rollout:
        parts.append(("  ◐ deployment: no scale-in", "$warning"))
    parts.append((f"  ✗ {len(loud)} in ALARM" if loud else "", "bold $error"))
    parts.append(
        (f"  {len(target.policies)} policies" if len(target.policies) != 1 else "  1 policy", "$muted")
    )
    return Content.assemble(*parts)


def view_of(view: View, scaling: Scaling, index: int) -> View:
    """The same view of a newer state."""
    target = scaling.targets[index % len(scaling.targets)] if scaling.targets else None
    return replace(view, scaling=scaling, target=target)
