"""`scaling`: how services scale, and why each decision was taken or not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence

from fargate_lab import talk
from fargate_lab.commands.answering import tell
from fargate_lab.commands.tables import table
from fargate_lab.errors import ExitCode
from labs.control import ControlClient
from labs.control import scaling as fetch
from tui import decisions
from tui.scaling import Alarm, Decision, Minute, Scaling, Target, metric_words, parse_scaling
from tui.text import one_line, time_of_day

_DECISIONS_SHOWN = 20
_ACTIVITIES_SHOWN = 10
_MINUTES_SHOWN = 12
_NOTHING = """No scalable target and no alarm yet. Begin with:
  aws application-autoscaling register-scalable-target --service-namespace ecs \\
    --scalable-dimension ecs:service:DesiredCount --resource-id service/CLUSTER/SERVICE \\
    --min-capacity 2 --max-capacity 10"""


def scaling(arguments: argparse.Namespace) -> ExitCode:
    """Tell it."""
    return tell(arguments, answers)


def answers(arguments: argparse.Namespace, connect: Callable[[], ControlClient]) -> tuple[str, str]:
    """Ask the world that `connect` reaches; the answer, and a word of advice that is empty."""
    raw = fetch(connect(), arguments.minutes)
    return (json.dumps(raw, indent=2) if arguments.json else render(parse_scaling(raw))), ""


def render(seen: Scaling) -> str:
    """The whole of it for people."""
    if not seen.known:
        return _NOTHING
    lines: list[str] = []
    for target in seen.targets:
        lines += [*_target(target), ""]
    lines += _headed("Alarms", table([_alarm(alarm) for alarm in seen.alarms]))
    return "\n".join(lines).rstrip("\n")


def _target(target: Target) -> Iterator[str]:
    """One scalable target with all that belongs to it."""
    notes = [f"suspended: {target.suspended.words}"] if target.suspended.words else []
    notes += ["a deployment is on its way: no scale-in"] if target.in_rollout else []
    yield (
        f"{one_line(target.resource_id)}: {target.desired} desired, {target.running} running, "
        f"between {target.low} and {target.high}" + "".join(f"; {note}" for note in notes)
    )
    yield from _headed("  Policies", table([_policy(target, i) for i in range(len(target.policies))], 4))
    plans = [
        [
            one_line(plan.name),
            f"{one_line(plan.schedule)} {one_line(plan.timezone)}".rstrip(),
            f"{_or_dash(plan.low)} to {_or_dash(plan.high)}",
            "" if plan.next_ms is None else f"next {time_of_day(plan.next_ms)}",
        ]
        for plan in target.scheduled_actions
    ]
    yield from _headed("  Scheduled", table(plans, 4))
    yield from _headed("  By the minute", table(_minutes(target.series), 4))
    made = target.decisions[:_DECISIONS_SHOWN]
    yield from _headed(
        _counted("  Decisions, newest first", len(made), len(target.decisions)),
        table([_decision(each) for each in made], 4),
    )
    done = target.activities[:_ACTIVITIES_SHOWN]
    told = [
        line
        for each in done
        for line in (
            f"    {time_of_day(each.at_ms)}  {one_line(each.description)} {one_line(each.status)}",
            f"              {one_line(each.cause)}",
        )
    ]
    yield from _headed(_counted("  Activities, newest first", len(done), len(target.activities)), told)


def _headed(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *lines] if lines else []


def _counted(heading: str, shown: int, known: int) -> str:
    return heading + (f" ({shown} of {known})" if known > shown else "")


def _policy(target: Target, index: int) -> list[str]:
    policy = target.policies[index]
    cooldowns = f"cooldown out {_or_dash(policy.cooldown('out'))} s, in {_or_dash(policy.cooldown('in'))} s"
    off = ", scale-in off" if policy.disable_scale_in else ""
    return [one_line(policy.name), one_line(policy.words), cooldowns + off]


def _decision(decision: Decision) -> list[str]:
    return [
        time_of_day(decision.at_ms),
        one_line(decision.direction),
        decisions.move(decision),
        one_line(decision.reason_words) + (f" x{decision.times}" if decision.times > 1 else ""),
        one_line(decision.policy),
        one_line(decision.why),
    ]


def _alarm(alarm: Alarm) -> list[str]:
    known = next((value for _, value in reversed(alarm.points) if value is not None), None)
    return [
        one_line(alarm.state),
        " ".join(
            part for part in (one_line(alarm.policy), decisions.short_alarm(one_line(alarm.name))) if part
        ),
        metric_words(one_line(alarm.metric)),
        f"{one_line(alarm.rule)}, now {alarm.breaching}",
        "no data" if known is None else f"last {known:.4g}",
    ]


def _minutes(series: Sequence[Minute]) -> list[list[str]]:
    """A heading and at most a dozen minutes, evenly spread up to the last."""
    step = -(-len(series) // _MINUTES_SHOWN)
    shown = list(reversed(series[::-1][:: step or 1]))
    if not shown:
        return []
    head = ["", "desired", "running", "CPU %", "memory %", "per target", "requests", "failed", "p50", "p99"]
    return [head] + [
        [
            time_of_day(minute.at_ms),
            _or_dash(minute.desired),
            _or_dash(minute.running),
            _or_dash(minute.cpu),
            _or_dash(minute.memory),
            _or_dash(minute.requests_per_target),
            f"{minute.sent:,}",
            f"{minute.failed:,}",
            _ms(minute.p50_ms),
            _ms(minute.p99_ms),
        ]
        for minute in shown
    ]


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g} ms" if value < 1000 else talk.duration(value)
