"""The checks of d01: nights that pass, and nights on which the report is made to fail."""

from __future__ import annotations

import datetime
import itertools
from zoneinfo import ZoneInfo

from labs.checking import CheckContext, Evidence, counted
from labs.d01_nightly_report import nights
from labs.d01_nightly_report.nights import Nights, Run

_SCHEDULE = "aws scheduler get-schedule --name nightly-report"
_LOGS = "aws logs filter-log-events --log-group-name /ecs/nightly-report"
_RULES = "aws events list-rules"
HOUR_MS = 3_600_000
_HOURS_AHEAD = 400 * 24


def written(ctx: CheckContext) -> Evidence:
    """Night after night a report is written."""
    wanted = ctx.number("nights")
    expected = f"a report written in each of {wanted} nights"
    seen, problem = _quiet_nights(ctx)
    if seen is None:
        return Evidence(False, expected, f"not tried: {problem}")
    good = _good(ctx, seen)
    days = {nights.local(ctx, run.at_ms).date() for run in good}
    observed = f"{counted(len(days), 'night')} with a report"
    bad = [run for run in seen.runs if run not in good]
    if bad:
        observed += f"; {counted(len(bad), 'run')} without one, the last: {bad[-1].end}"
    elif not seen.runs:
        observed += "; nothing ran at all"
    return Evidence(len(days) >= wanted, expected, observed, _LOGS)


def once_a_night(ctx: CheckContext) -> Evidence:
    """One run a night, and it is over before the next."""
    wanted = ctx.number("nights")
    expected = f"{counted(wanted, 'run')} in {wanted} nights, one at a time"
    seen, problem = _quiet_nights(ctx)
    if seen is None:
        return Evidence(False, expected, f"not tried: {problem}")
    spans = sorted((run.at_ms, run.stopped_ms or ctx.clock.now_ms) for run in seen.runs)
    overlaps = sum(end > begin for (_, end), (begin, _) in itertools.pairwise(spans))
    observed = counted(len(seen.runs), "run")
    if overlaps:
        observed += f", {overlaps} of them begun while another was under way"
    return Evidence(len(seen.runs) == wanted and not overlaps, expected, observed, _SCHEDULE)


def on_time(ctx: CheckContext) -> Evidence:
    """Every report is begun within the hour that was agreed."""
    expected = f"every report begun {_hours(ctx)}"
    seen, problem = _quiet_nights(ctx)
    if seen is None:
        return Evidence(False, expected, f"not tried: {problem}")
    good = _good(ctx, seen)
    if not good:
        return Evidence(False, expected, "no report was written", _SCHEDULE)
    moments = [nights.local(ctx, run.at_ms) for run in good]
    late = [at for at in moments if not ctx.number("from_hour") <= at.hour < ctx.number("to_hour")]
    shown = ", ".join(sorted({f"{at:%H:%M}" for at in late or moments}))
    return Evidence(not late, expected, f"begun at {shown} there", _SCHEDULE)


def clocks_change(ctx: CheckContext) -> Evidence:
    """The schedule goes along when the clocks change."""
    change, before, after = _next_change(ctx)
    expected = f"still {_hours(ctx)} when the clocks there change on {change:%-d %B}"
    found = nights.schedules(ctx)
    if not found:
        return Evidence(False, expected, "no schedule that is switched on runs a task", _SCHEDULE)
    apart = []
    for whole in found:
        zone = whole.get("ScheduleExpressionTimezone") or "UTC"
        if whole["ScheduleExpression"].startswith("rate"):
            apart.append(f"{whole['Name']} counts hours from its beginning and knows no clock")
        elif (_offset(zone, after) - _offset(zone, before)) != (
            _offset(ctx.name("zone"), after) - _offset(ctx.name("zone"), before)
        ):
            moves = _offset(ctx.name("zone"), after) - _offset(ctx.name("zone"), before)
            turn = "later" if moves > datetime.timedelta() else "earlier"
            apart.append(f"{whole['Name']} keeps {zone}: from then on it runs an hour {turn} there")
    return Evidence(not apart, expected, "; ".join(apart) or "it goes along", _SCHEDULE)


def crash_told(ctx: CheckContext) -> Evidence:
    """A run that ends badly is told."""
    return _failure_told(ctx, nights.CRASH, "a report that ends with exit code 3")


def start_told(ctx: CheckContext) -> Evidence:
    """A run that never begins is told."""
    return _failure_told(ctx, nights.CANNOT_START, "a report whose image cannot be pulled")


def quiet(ctx: CheckContext) -> Evidence:
    """What tells of failures is silent on good nights."""
    expected = "no message on nights that went well"
    seen, problem = _quiet_nights(ctx)
    if seen is None:
        return Evidence(False, expected, f"not tried: {problem}")
    if not _good(ctx, seen):
        return Evidence(False, expected, "not tried: no night went well")
    place = _listener(ctx, seen)
    if place is None:
        return Evidence(False, expected, _nobody(seen), _RULES)
    messages = len(seen.told.get(place, ()))
    observed = (
        f"{counted(messages, 'message')} to {_short(place)} in {counted(ctx.number('nights'), 'good night')}"
    )
    return Evidence(messages == 0, expected, observed, _RULES)


# -- what the checks share ---------------------------------------------------------------------------


def _quiet_nights(ctx: CheckContext) -> tuple[Nights | None, str]:
    """Some nights left to themselves: once for all drills of a grading."""
    problem = nights.busy(ctx)
    if problem:
        return None, problem
    if "nights" not in ctx.memo:
        ctx.memo["nights"] = nights.live(ctx, ctx.number("nights"))
    seen: Nights = ctx.memo["nights"]
    return seen, ""


def _bad_night(ctx: CheckContext, how: str) -> tuple[Nights | None, str]:
    """A night on which the report was made to fail; None, and why, when there is nothing to be made to fail."""
    seen, problem = _quiet_nights(ctx)
    if seen is None:
        return None, problem
    names = {run.schedule for run in _good(ctx, seen) if run.schedule is not None}
    if not names:
        return None, "no schedule has written a report, so there is no night to spoil"
    if how not in ctx.memo:
        ctx.memo[how] = nights.fail_once(ctx, names, how)
    bad: Nights = ctx.memo[how]
    return bad, ""


def _good(ctx: CheckContext, seen: Nights) -> list[Run]:
    return [run for run in seen.runs if run.wrote(ctx.name("image"), ctx.number("report_minutes"))]


def _listener(ctx: CheckContext, seen: Nights) -> str | None:
    """The target that tells of failures: of all that rules write to, the one that hears of most failures and least else."""
    spoilt = [_bad_night(ctx, how)[0] for how in (nights.CRASH, nights.CANNOT_START)]
    best: tuple[int, int, str] | None = None
    for arn in sorted(seen.told):
        heard = sum(bool(night and _about_failures(night, arn)) for night in spoilt)
        rank = (-heard, len(seen.told[arn]), arn)
        best = rank if best is None or rank < best else best
    return best[2] if best else None


def _about_failures(night: Nights, arn: str) -> list[str]:
    """The failed runs of a night that a target was told of."""
    failed = {run.task for run in night.runs if set(run.exit_codes) != {0}}
    return [about for about in night.told.get(arn, ()) if about in failed]


def _failure_told(ctx: CheckContext, how: str, what: str) -> Evidence:
    expected = f"{what} is told to a queue or a log group"
    night, problem = _bad_night(ctx, how)
    if night is None:
        return Evidence(False, expected, f"not tried: {problem}")
    if not night.runs:
        return Evidence(False, expected, "on that night nothing ran", _SCHEDULE)
    end = night.runs[-1].end
    seen, _ = _quiet_nights(ctx)
    place = _listener(ctx, seen) if seen else None
    if place is None:
        return Evidence(False, expected, f"{end}; {_nobody(night)}", _RULES)
    told = len(_about_failures(night, place))
    return Evidence(told > 0, expected, f"{end}; {counted(told, 'message')} to {_short(place)}", _RULES)


def _nobody(night: Nights) -> str:
    return "no rule of EventBridge has a target" if not night.told else "nobody was told"


def _short(arn: str) -> str:
    """A queue's or log group's name."""
    return arn.removesuffix(":*").rpartition(":")[2]


def _hours(ctx: CheckContext) -> str:
    city = ctx.name("zone").rpartition("/")[2]
    return f"between {ctx.number('from_hour'):02d}:00 and {ctx.number('to_hour'):02d}:00 in {city}"


def _offset(zone: str, at: datetime.datetime) -> datetime.timedelta:
    return at.astimezone(ZoneInfo(zone)).utcoffset() or datetime.timedelta()


def _next_change(ctx: CheckContext) -> tuple[datetime.datetime, datetime.datetime, datetime.datetime]:
    """When the lab's zone changes its clocks next, as local time, and moments just before and just after."""
    zone = ctx.name("zone")
    at = datetime.datetime.fromtimestamp(ctx.clock.now_ms // HOUR_MS * HOUR_MS / 1000, datetime.UTC)
    for _ in range(_HOURS_AHEAD):
        later = at + datetime.timedelta(hours=1)
        if _offset(zone, at) != _offset(zone, later):
            return later.astimezone(ZoneInfo(zone)), at, later
        at = later
    raise ValueError(f"the clocks of {zone} do not change")
