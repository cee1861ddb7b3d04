"""What whoever runs a game sees and does (`tui.games.FacilitatorDoor`)."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Concatenate, Literal, ParamSpec, TypeVar

from fargate_lab import worlds
from fargate_lab.errors import LabError
from fargate_lab.games.host import Host
from fargate_lab.games.reports import write_reports
from fargate_lab.games.seat import Seat
from gameday.budget import budget
from gameday.describing import when
from gameday.findings import Findings, outcome
from gameday.indicators import Interval
from gameday.report.calls import call_line
from gameday.scenario import Injection, Scenario, Slo
from gameday.scoring import SO_FAR, Line, score
from gameday.story import Story, TeamCall, story_of
from labs.history import Entry, History
from tui import games as door
from tui.session import Progress, SessionError

_CALLS_SHOWN = 12
_HISTORY_SHOWN = 30
_LOG_SHOWN = 200
_WORDS: Mapping[str, str] = {
    "injected": "came",
    "refused": "could not be injected",
    "taken_back": "was taken back",
    "undo_failed": "could not be taken back yet",
    "held": "is held",
    "let_go": "is let go",
}
_TOLD = tuple(f"game.{word}" for word in (*_WORDS, "ended", "message", "hint"))
_TONES: Mapping[str, Literal["plain", "good", "bad"]] = {
    "refused": "bad",
    "undo_failed": "bad",
    "taken_back": "good",
}

P = ParamSpec("P")
R = TypeVar("R")


def _through_the_door(
    method: Callable[Concatenate[Facilitator, P], R],
) -> Callable[Concatenate[Facilitator, P], R]:
    """Let a LabError leave as a SessionError."""

    @functools.wraps(method)
    def call(self: Facilitator, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except LabError as error:
            raise SessionError(error.message, error.hint) from None

    return call


class Facilitator:
    """See `tui.games.FacilitatorDoor`. The host's worlds stand; closing ends them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._scenario = host.scenario
        self._cards: dict[str, _Card] = {
            slug: _Card(host.scenario, seat, host) for slug, seat in host.seats.items()
        }
        self._last: door.GameView | None = None
        self._closing = threading.Lock()
        host.start_ticking()

    @_through_the_door
    def view(self) -> door.GameView:
        if not self._host.seats:  # the worlds have ended: what was last seen stays
            if self._last is None:
                raise LabError(
                    "The game's worlds have ended.", "Go on with it: fargate-lab gameday host --resume NAME"
                )
            return self._last
        scenario = self._scenario
        cards = {slug: card.view() for slug, card in self._cards.items()}
        self._last = door.GameView(
            self._host.folder.name,
            scenario.title,
            scenario.briefing,
            scenario.length_ms,
            tuple(cards.values()),
            tuple(self._injection(each) for each in scenario.timeline),
            tuple(door.HintView(each.text, each.cost) for each in scenario.hints),
            scenario.hint_budget,
            scenario.debrief,
            tuple(self._log()),
        )
        return self._last

    @_through_the_door
    def run(self, team: str | None = None) -> None:
        self._host.run(team)

    @_through_the_door
    def freeze(self, team: str | None = None) -> None:
        self._host.freeze(team)

    @_through_the_door
    def set_speed(self, speed: door.Speed, team: str | None = None) -> None:
        self._host.speed(speed, team)

    @_through_the_door
    def inject(self, injection: str, team: str | None = None) -> None:
        self._host.inject(injection, team)

    @_through_the_door
    def hold(self, injection: str, team: str | None = None) -> None:
        self._host.hold(injection, team)

    @_through_the_door
    def let_go(self, injection: str, team: str | None = None) -> None:
        self._host.let_go(injection, team)

    @_through_the_door
    def take_back(self, injection: str, team: str | None = None) -> None:
        self._host.take_back(injection, team)

    @_through_the_door
    def hint(self, team: str) -> None:
        self._host.hint(team)

    @_through_the_door
    def message(self, text: str, team: str | None = None) -> None:
        self._host.message(text, team)

    @_through_the_door
    def end(self, team: str | None = None) -> None:
        self._host.end(team)
        self._host.freeze(team)

    @_through_the_door
    def abort(self) -> None:
        self._host.abort()

    @_through_the_door
    def report(self, progress: Progress) -> tuple[str, ...]:
        if self._host.seats and not self._host.over:
            raise LabError("The game is not over for every team.", "End it first.")
        self.view()
        self.close()
        return tuple(str(path) for path in write_reports(self._host.folder, progress))

    def close(self) -> None:
        with self._closing:
            self._host.close()

    # -- how -----------------------------------------------------------------------------------------

    def _injection(self, injection: Injection) -> door.InjectionView:
        states = {slug: _state(seat, injection) for slug, seat in self._host.seats.items()}
        return door.InjectionView(
            injection.id, injection.title, when(injection.trigger), injection.tells, injection.decoy, states
        )

    def _log(self) -> list[door.LogLine]:
        """What has happened in all worlds, newest first: what the runners have noted, also before a resumption."""
        lines = [line for card in self._cards.values() for line in card.log]
        return sorted(lines, key=lambda line: line.at_ms, reverse=True)[:_LOG_SHOWN]


def _line(scenario: Scenario, team: str, entry: Entry) -> door.LogLine:
    """A note of a runner, for people."""
    what, data = entry.kind.removeprefix("game."), entry.data
    if what == "ended":
        said = f"the game ended ({data['why']})"
    elif what == "message":
        said = f"was told: {data['text']}"
    elif what == "hint":
        said = f"got a hint for {data['cost']} points: {data['text']}"
    else:
        said = f"{scenario.injection(str(data['injection'])).title} {_WORDS[what]}"
        said += f": {data['error']}" if "error" in data else ""
    tone = _TONES.get(what, "plain")
    return door.LogLine(entry.at_ms, f"{team}: {said}", tone)


def _state(seat: Seat, injection: Injection) -> door.InjectionState:
    runner = seat.runner
    if injection.id in runner.in_force:
        return "in force"
    if injection.id in runner.held:
        return "held"
    if injection.id in runner.refused:
        return "refused"
    if injection.id in runner.fired:
        return "taken back" if injection.id in runner.taken_back else "came"
    return "waiting"


class _Card:
    """A team's card; what its history says is worked out anew only when there is more of it."""

    def __init__(self, scenario: Scenario, seat: Seat, host: Host) -> None:
        self._scenario = scenario
        self._seat = seat
        self._host = host
        self._known = -1
        self._slos: tuple[door.SloView, ...] = ()
        self._calls: tuple[door.CallLine, ...] = ()
        self._lines: tuple[door.PointsLine, ...] = ()
        self._points = 0
        self._alarms: tuple[str, ...] = ()
        self.log: tuple[door.LogLine, ...] = ()

    def view(self) -> door.TeamCard:
        seat, runner = self._seat, self._seat.runner
        clock = seat.clock()
        history = seat.cloud.history
        if runner.started_ms is not None and history.next_seq != self._known:
            self._known = history.next_seq
            self._read(history)
        started_ms = runner.started_ms if runner.started_ms is not None else clock["now_ms"]
        elapsed_ms = clock["now_ms"] - started_ms
        begun = elapsed_ms > 0 or clock["mode"] == "running"
        phase: door.Phase = "over" if runner.over else "playing" if begun else "ready"
        return door.TeamCard(
            seat.team.slug,
            seat.team.name,
            phase,
            clock["mode"],
            clock["speed"],
            clock["now_ms"],
            elapsed_ms,
            self._slos,
            (*self._alarms, *_symptoms(seat)),
            self._calls,
            self._points,
            self._lines,
            len(runner.hints_shown),
            tuple(self._scenario.injection(each).title for each in runner.in_force),
            self._host.join_words(seat),
            seat.trouble,
        )

    def _read(self, history: History) -> None:
        story = story_of(self._scenario, history.entries)
        self._slos = tuple(self._slo(each, story) for each in self._scenario.steady_state)
        self._calls = tuple(_call(each) for each in reversed(story.calls[-_CALLS_SHOWN:]))
        so_far = score(
            self._scenario, history.entries, Findings((), None, (), outcome(self._scenario, story), ())
        )
        lines = [each for each in so_far.lines if each.rule in SO_FAR]
        self._lines = tuple(_points(each) for each in lines)
        self._points = max(0, round(sum(each.points for each in lines)))
        last: dict[str, str] = {}
        for entry in history.of("alarm.state"):
            last[str(entry.data["alarm"])] = str(entry.data["to"])
        name = self._seat.team.name
        self.log = tuple(_line(self._scenario, name, entry) for entry in history.of(*_TOLD)[-_LOG_SHOWN:])
        self._alarms = tuple(f"{alarm} is in ALARM" for alarm, state in last.items() if state == "ALARM")

    def _slo(self, slo: Slo, story: Story) -> door.SloView:
        intervals = story.intervals[slo.id]
        played = min(1.0, max(1, story.ended_ms - story.started_ms) / self._scenario.length_ms)
        burned = budget(slo, story.samples, story.names, played).burned
        latest = intervals[-1] if intervals else None
        return door.SloView(
            slo.id,
            slo.title,
            "" if latest is None else _value(slo, latest),
            None if latest is None else latest.good,
            burned,
            tuple(each.good for each in intervals[-_HISTORY_SHOWN:]),
        )


def _value(slo: Slo, interval: Interval) -> str:
    value = interval.value
    if value is None:
        return ""
    if slo.indicator == "availability":
        return f"{value * 100:.1f} %"
    if slo.indicator.startswith("latency"):
        return f"{value:,.0f} ms"
    return f"{value:,.0f} s" if slo.indicator == "oldest_age_s" else f"{value:,.0f}"


def _call(call: TeamCall) -> door.CallLine:
    return door.CallLine(
        call.at_ms, call_line(call.service, call.operation, call.params), call.reading, call.refused
    )


def _points(line: Line) -> door.PointsLine:
    return door.PointsLine(line.rule, line.points, line.most, line.why)


def _symptoms(seat: Seat) -> list[str]:
    """What is wrong with the team's services now."""
    found = []
    for service in seat.cloud.control.get("/_lab/snapshot")["services"]:
        name = service["name"]
        if service["healthy"] < service["desired"]:
            found.append(f"{name}: {service['healthy']} of {service['desired']} tasks healthy")
        for deployment in service["deployments"]:
            if deployment["rollout_state"] == "FAILED":
                found.append(f"{name}: the deployment of {deployment['task_definition']} has failed")
            elif deployment["failed"]:
                found.append(
                    f"{name}: {deployment['failed']} tasks of {deployment['task_definition']} have failed"
                )
    return found


def shown_speed(speed: worlds.Speed) -> str:
    """`10x`, or `max`."""
    return "max" if speed == "max" else f"{speed:g}x"


def keeps_the_protocol(facilitator: Facilitator) -> door.FacilitatorDoor:
    """Lets the type checker prove that it is what the screens expect."""
    return facilitator
