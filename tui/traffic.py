"""The traffic as the screens see it: frozen, and already counted.

Parses the answer of `GET /_lab/traffic` (docs/control-api.md, "Traffic"), with the rule of `tui/raw.py`. Times are
virtual milliseconds since the epoch, latencies milliseconds. Imports no Textual: the command line tells the end of
a task with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from tui.raw import integer, integer_or_none, mapping, mappings, number_or_none, string

_RATE_SECONDS = 5
"""The rate "now" is the mean of so many whole seconds."""

Stage = Literal["in use", "draining", "waiting", "ending", "gone"]
"""What a task on its way out is doing."""


@dataclass(frozen=True, slots=True)
class Errors:
    """So many failed requests of one status. `by` is who answered: `elb` or `target`."""

    status: int
    by: str
    count: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in one second or minute. Percentiles are None where no answer was good."""

    at_ms: int
    sent: int
    failed: int
    errors: tuple[Errors, ...] = ()
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why requests failed, in a sentence, and the setting to turn. `phases` counts by the state of the task."""

    status: int
    by: str
    count: int
    sentence: str
    knob: str
    phases: tuple[tuple[str, int], ...] = ()

    @property
    def who(self) -> str:
        """Who said so to the client."""
        return {"elb": "the load balancer", "target": "the program"}.get(self.by, self.by)


@dataclass(frozen=True, slots=True)
class Load:
    """One target and what was asked of it."""

    task: str
    ip: str
    state: str
    sent: int
    failed: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a shutdown, in words."""

    at_ms: int
    words: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a task did between two moments of its end."""

    stage: Stage
    begin_ms: int
    end_ms: int
    words: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The end of one task. None stands for what has not happened, never will, or is not known."""

    task: str
    stop_requested_ms: int | None = None
    deregistered_ms: int | None = None
    delay_s: int | None = None
    in_flight_at_deregistration: int | None = None
    stray: int = 0
    unused_ms: int | None = None
    signal_ms: int | None = None
    in_flight_at_signal: int | None = None
    exited_ms: int | None = None
    exit_code: int | None = None
    killed: bool = False
    stopped_ms: int | None = None
    lost: int = 0
    unsaved: int = 0
    causes: tuple[Cause, ...] = ()
    seen: bool = True
    """Whether this is what the load balancer's clients lived through; False when only the task itself is known."""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What has happened, in order."""
        found = [
            _moment(self.stop_requested_ms, "told to stop"),
            _moment(self.deregistered_ms, "deregistered" + self._in_flight()),
            _moment(self.unused_ms, _delay_over(self.delay_s)),
            _moment(self.signal_ms, "stop signal" + _still(self.in_flight_at_signal)),
            _moment(self.exited_ms, self._ending(), bad=bool(self.exit_code)),
            _moment(self.stopped_ms, "stopped"),
        ]
        return tuple(sorted((each for each in found if each), key=lambda each: each.at_ms))

    def stretches(self, now_ms: int) -> tuple[Stretch, ...]:
        """What it did between its moments, the last one up to `now_ms` while the task has not stopped."""
        times = sorted({each.at_ms for each in self.moments})
        if not times:
            return ()
        if self.stopped_ms is None:
            times.append(max(now_ms, times[-1]))
        found: list[Stretch] = []
        for begin, end in pairwise(times):
            stage, words, bad = self._doing(begin)
            same = found.pop() if found and found[-1].words == words else None
            if end > begin:
                found.append(Stretch(stage, same.begin_ms if same else begin, end, words, bad))
            elif same:
                found.append(same)
        return tuple(found)

    def _doing(self, at_ms: int) -> tuple[Stage, str, bool]:
        """Stage, words, and whether requests are in danger, from a moment on."""

        def past(moment: int | None) -> bool:
            return moment is not None and moment <= at_ms

        if past(self.exited_ms):
            # A target that is still in use by a task whose process has ended refuses its clients.
            open_door = self.seen and not past(self.deregistered_ms)
            return ("gone", "gone, still in use" if open_door else "gone", open_door)
        if past(self.signal_ms):
            if self.exited_ms is None:
                return ("ending", "ending", False)
            return ("ending", "SIGTERM to SIGKILL" if self.killed else "SIGTERM to exit", self.killed)
        if past(self.unused_ms):
            return ("waiting", "waiting", False)
        if past(self.deregistered_ms):
            cut = self.unused_ms is not None and self.unused_ms - (self.deregistered_ms or 0) != 1000 * (
                self.delay_s or 0
            )
            return ("draining", f"draining (delay {self.delay_s} s)" if cut else "draining", False)
        return ("in use", "in use", False) if self.seen else ("waiting", "stopping", False)

    def _in_flight(self) -> str:
        if self.in_flight_at_deregistration is None:
            return ""
        stray = f"; {self.stray:,} more strayed in" if self.stray else ""
        return f", {self.in_flight_at_deregistration:,} in flight{stray}"

    def _ending(self) -> str:
        word = "killed (SIGKILL)" if self.killed else "the process ended"
        return word if self.exit_code is None else f"{word}, exit code {self.exit_code}"


def _moment(at_ms: int | None, words: str, *, bad: bool = False) -> Moment | None:
    return None if at_ms is None else Moment(at_ms, words, bad)


def _delay_over(delay_s: int | None) -> str:
    return "deregistration delay over" if delay_s is None else f"deregistration delay of {delay_s} s over"


def _still(count: int | None) -> str:
    return "" if count is None else f", {count:,} in flight"


@dataclass(frozen=True, slots=True)
class Report:
    """The load that runs, or the last one. `group` is empty before the first."""

    running: bool = False
    group: str = ""
    rates: str = ""
    """The rates that the load is to have: "20", or "4 to 20"."""
    pattern: str = ""
    started_ms: int = 0
    stopped_ms: int | None = None
    now_ms: int = 0
    sent: int = 0
    ok: int = 0
    failed: int = 0
    in_flight: int = 0
    unsaved_lost: int = 0
    p99_ms: float | None = None
    causes: tuple[Cause, ...] = ()
    targets: tuple[Load, ...] = ()
    seconds: tuple[Bucket, ...] = ()
    minutes: tuple[Bucket, ...] = ()
    shutdowns: tuple[Shutdown, ...] = ()
    """Oldest first."""

    @property
    def known(self) -> bool:
        """Whether there has been a load."""
        return bool(self.group)

    @property
    def rate(self) -> float:
        """Requests a second, now."""
        end = self.now_ms // 1000 * 1000
        begin = max(end - _RATE_SECONDS * 1000, self.started_ms)
        sent = sum(each.sent for each in self.seconds if begin <= each.at_ms < end)
        return sent / ((end - begin) / 1000) if end > begin else 0.0

    @property
    def failed_lately(self) -> int:
        """Requests that failed in the last minute."""
        return sum(each.failed for each in self.seconds if each.at_ms > self.now_ms - 60_000)

    @property
    def p99_lately_ms(self) -> float | None:
        """The 99th percentile of this minute or the one before; of the whole load when both are without answers."""
        lately = (each.p99_ms for each in reversed(self.minutes) if each.at_ms > self.now_ms - 120_000)
        return next((value for value in lately if value is not None), self.p99_ms)

    def shutdown(self, task: str) -> Shutdown | None:
        """The end of a task, if it is known."""
        return next((each for each in reversed(self.shutdowns) if each.task == task), None)


NOTHING = Report()


def rates(demand: Mapping[str, Any]) -> str:
    """The rates of a load (a control API's ``demand``): "20" where it stays, "4 to 20" where it changes; a wave is told from its low."""
    rps, other = number_or_none(demand, "rps") or 0.0, number_or_none(demand, "to_rps")
    if other is None:
        return f"{rps:g}"
    if demand.get("pattern") == "wave":
        rps, other = sorted((rps, other))
    return f"{rps:g} to {other:g}"


def parse_report(raw: Mapping[str, Any]) -> Report:
    """A traffic answer."""
    demand = mapping(raw, "demand")
    return Report(
        running=raw.get("running") is True,
        group=string(raw, "target_group"),
        rates=rates(demand),
        pattern=string(demand, "pattern"),
        started_ms=integer(raw, "started_ms"),
        stopped_ms=integer_or_none(raw, "stopped_ms"),
        now_ms=integer(raw, "now_ms"),
        sent=integer(raw, "sent"),
        ok=integer(raw, "ok"),
        failed=integer(raw, "failed"),
        in_flight=integer(raw, "in_flight"),
        unsaved_lost=integer(raw, "unsaved_lost"),
        p99_ms=number_or_none(mapping(raw, "latency"), "p99_ms"),
        causes=tuple(_cause(each) for each in mappings(raw, "causes")),
        targets=tuple(_load(each) for each in mappings(raw, "targets")),
        seconds=tuple(_bucket(each) for each in mappings(raw, "seconds")),
        minutes=tuple(_bucket(each) for each in mappings(raw, "minutes")),
        shutdowns=tuple(parse_shutdown(each) for each in mappings(raw, "shutdowns")),
    )


def parse_shutdown(raw: Mapping[str, Any]) -> Shutdown:
    """One of the `shutdowns` of an answer."""
    return Shutdown(
        task=string(raw, "task"),
        stop_requested_ms=integer_or_none(raw, "stop_requested_ms"),
        deregistered_ms=integer_or_none(raw, "deregistered_ms"),
        delay_s=integer_or_none(raw, "delay_s"),
        in_flight_at_deregistration=integer_or_none(raw, "in_flight_at_deregistration"),
        stray=integer(raw, "stray"),
        unused_ms=integer_or_none(raw, "unused_ms"),
        signal_ms=integer_or_none(raw, "signal_ms"),
        in_flight_at_signal=integer_or_none(raw, "in_flight_at_signal"),
        exited_ms=integer_or_none(raw, "exited_ms"),
        exit_code=integer_or_none(raw, "exit_code"),
        killed=raw.get("killed") is True,
        stopped_ms=integer_or_none(raw, "stopped_ms"),
        lost=integer(raw, "lost"),
        unsaved=integer(raw, "unsaved"),
        causes=tuple(_cause(each) for each in mappings(raw, "causes")),
    )


def _cause(raw: Mapping[str, Any]) -> Cause:
    phases = mapping(raw, "phases")
    return Cause(
        status=integer(raw, "status"),
        by=string(raw, "by"),
        count=integer(raw, "count"),
        sentence=string(raw, "cause"),
        knob=string(raw, "knob"),
        phases=tuple((phase, integer(phases, phase)) for phase in phases),
    )


def _load(raw: Mapping[str, Any]) -> Load:
    return Load(
        task=string(raw, "task"),
        ip=string(raw, "ip"),
        state=string(raw, "state"),
        sent=integer(raw, "sent"),
        failed=integer(raw, "failed"),
        in_flight=integer(raw, "in_flight"),
    )


def _bucket(raw: Mapping[str, Any]) -> Bucket:
    return Bucket(
        at_ms=integer(raw, "at_ms"),
        sent=integer(raw, "sent"),
        failed=integer(raw, "failed"),
        errors=tuple(
            Errors(integer(e, "status"), string(e, "by"), integer(e, "count"))
            for e in mappings(raw, "errors")
        ),
        p50_ms=number_or_none(raw, "p50_ms"),
        p95_ms=number_or_none(raw, "p95_ms"),
        p99_ms=number_or_none(raw, "p99_ms"),
    )
