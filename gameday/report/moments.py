"""The rows of a team's timeline: what came, what the cloud did, what the team did. The game's notes and the kinds of docs/journal.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gameday.report.blocks import Moment, Tone
from gameday.report.calls import call_line
from gameday.report.model import GameReport, TeamReport
from gameday.report.series import slo_spans
from gameday.report.words import burned, clock, joined, took
from labs.checking import counted, duration, revision_of
from labs.history import Entry

Told = tuple[str, str, str, Tone]
"""Kind, text, detail, tone."""
_OF_POLICIES = "TargetTracking-"
"""Alarms of target tracking policies are no news in ALARM, and what they bring about is told as scaling."""
_LAST = float("inf")
_ENDS = {
    "over": "The game is over: its time is up",
    "facilitator": "The facilitator ended the game",
    "aborted": "The game was aborted, and everything taken back",
    "recovered": "The game was given up, and everything taken back",
}


def timeline(report: GameReport, team: TeamReport) -> tuple[Moment, ...]:
    """Everything worth a row, in the order in which it happened."""
    rows = [
        *_of_entries(report, team),
        *_of_slos(report, team),
        *_of_looks(report, team),
        *_of_ends(team),
    ]
    return tuple(moment for _, _, moment in sorted(rows, key=lambda row: (row[0], row[1])))


Row = tuple[int, float, Moment]
"""The moment, the place among those of the same moment, and the row itself."""


def _of_entries(report: GameReport, team: TeamReport) -> list[Row]:
    rows: list[Row] = []
    again: dict[str, _Again] = {}
    announced: dict[str, int] = {}
    for entry in team.of_the_game():
        at_ms = team.since_start(entry.at_ms)
        if entry.kind == "call":
            moment = _of_call(report, team, entry)
            if moment is not None:
                rows.append((at_ms, entry.seq, moment))
            continue
        if entry.kind == "game.injecting":
            announced[str(entry.data["injection"])] = entry.seq
        told = _tell(report, entry)
        if told is None:
            continue
        kind, text, detail, tone = told
        key = _REPEATED[entry.kind](entry.data) if entry.kind in _REPEATED else ""
        if key:
            name = f"{entry.kind} {key}"
            if name in again:
                again[name].count(entry, at_ms)
                continue
            again[name] = _Again(len(rows))
        # An injection stands before what it has done, which is where it was announced.
        place = (
            announced.get(str(entry.data["injection"]), entry.seq)
            if entry.kind == "game.injected"
            else entry.seq
        )
        rows.append((at_ms, place, Moment(at_ms, kind, text, detail, "", tone)))
    for each in again.values():
        if each.more:
            at_ms, seq, row = rows[each.place]
            detail = f"{row.detail.rstrip('.')}. {each}" if row.detail else str(each)
            rows[each.place] = at_ms, seq, replace(row, detail=detail)
    return rows


@dataclass(slots=True)
class _Again:
    """What came again after the row at ``place``: how often, how many requests with it, and when last."""

    place: int
    more: int = 0
    requests: int = 0
    last_ms: int = 0

    def count(self, entry: Entry, at_ms: int) -> None:
        self.more += 1
        self.last_ms = at_ms
        if entry.kind == "traffic.lost":
            self.requests += int(entry.data["count"]) + int(entry.data["unsaved"])

    def __str__(self) -> str:
        """``12 more like it until 14:30, with 80 requests``."""
        with_them = f", with {counted(self.requests, 'request')}" if self.requests else ""
        return f"{self.more:,} more like it until {clock(self.last_ms)}{with_them}"


# -- the team ------------------------------------------------------------------------------------------


def _of_call(report: GameReport, team: TeamReport, entry: Entry) -> Moment | None:
    data = entry.data
    if data["reading"] or "actor" in data:
        return None
    at_ms = team.since_start(entry.at_ms)
    call = call_line(str(data["service"]), str(data["operation"]), data.get("params") or {})
    if int(data["status"]) >= 400:
        why = joined([str(each) for each in (data.get("error"), data.get("message")) if each]) or "an error"
        return Moment(at_ms, "team", "Refused", why, call, "plain")
    notes = [
        f"Diagnosed {report.letter(cause.injection)}"
        for cause in team.score.causes
        if cause.diagnose_ms is not None
        and cause.seen_ms + cause.diagnose_ms == entry.at_ms
        and cause.diagnosed_by == f"{data['service']}:{data['operation']}"
    ]
    harm = next((each for each in team.score.findings.harm if each.seq == entry.seq), None)
    if harm is not None:
        notes.append(f"Did harm: cost {burned(harm.burned)} of the budget of {harm.slo}")
    tone: Tone = "bad" if harm is not None else "good" if notes else "plain"
    return Moment(at_ms, "team", ". ".join(notes) or "Changed", "", call, tone)


def _of_looks(report: GameReport, team: TeamReport) -> list[Row]:
    rows: list[Row] = []
    for cause in team.score.causes:
        if cause.detect_ms is None:
            continue
        at_ms = team.since_start(cause.seen_ms) + cause.detect_ms
        text = f"Detected {report.letter(cause.injection)}: the first look at something in which it shows"
        rows.append((at_ms, -1, Moment(at_ms, "team", text, "", cause.detected_by, "good")))
    return rows


def _of_slos(report: GameReport, team: TeamReport) -> list[Row]:
    rows: list[Row] = []
    for slo in report.scenario.steady_state:
        for since_ms, until_ms in slo_spans(team, slo):
            text = f"{slo.id} is broken, for {duration(until_ms - since_ms)}"
            rows.append(
                (since_ms, _LAST, Moment(since_ms, "SLO", text, f"until {clock(until_ms)}", "", "bad"))
            )
    return rows


def _of_ends(team: TeamReport) -> list[Row]:
    rows: list[Row] = []
    if team.mitigated_ms is not None:
        text = f"Mitigated: every SLO is back, and stays so for three minutes at least, after {took(team.score.mitigate_ms)}"
        rows.append((team.mitigated_ms, -0.5, Moment(team.mitigated_ms, "SLO", text, "", "", "good")))
    if team.restored_ms is not None and team.score.causes:
        at_ms = max(0, team.restored_ms)
        text = "Restored: from here on the exercises hold"
        rows.append((at_ms, _LAST, Moment(at_ms, "SLO", text, "", "", "good")))
    return rows


# -- the game and the cloud ----------------------------------------------------------------------------


def _tell(report: GameReport, entry: Entry) -> Told | None:
    data = entry.data
    if entry.kind in ("game.injected", "game.refused", "game.taken_back", "game.held", "game.let_go"):
        return _of_injection(report, entry)
    teller = _TELLERS.get(entry.kind)
    return teller(data) if teller is not None else None


def _of_injection(report: GameReport, entry: Entry) -> Told | None:
    known = {each.id: each for each in report.scenario.timeline}
    injection = known.get(str(entry.data["injection"]))
    if injection is None:
        return None
    name = f"{report.letter(injection.id)}: {injection.title}"
    match entry.kind:
        case "game.injected":
            return (
                ("decoy", name, f"It hurts nobody. {injection.tells}", "plain")
                if injection.decoy
                else ("injection", name, injection.tells, "bad")
            )
        case "game.refused":
            return "facilitator", f"Could not be injected, {name}", str(entry.data.get("error", "")), "plain"
        case "game.taken_back":
            return "facilitator", f"Taken back, {name}", "", "plain"
        case "game.held":
            return "facilitator", f"Held back, {name}", "", "plain"
    return "facilitator", f"Let go, {name}", "", "plain"


def _alarm(data: Mapping[str, Any]) -> Told | None:
    now, before = str(data["to"]), str(data["from"])
    if "ALARM" not in (now, before) or str(data["alarm"]).startswith(_OF_POLICIES):
        return None
    value, threshold = data.get("value"), data.get("threshold")
    detail = (
        f"value {_number(value)}, threshold {_number(threshold)}"
        if value is not None and threshold is not None
        else ""
    )
    return "alarm", f"{data['alarm']}: {before} to {now}", detail, "bad" if now == "ALARM" else "good"


def _completed(data: Mapping[str, Any]) -> Told:
    how = "Rolled back to" if data.get("rollback_of") else "Deployment completed:"
    return (
        "deployment",
        f"{how} {_revision(data)}",
        f"{counted(int(data['running']), 'task')} running",
        "good",
    )


def _capacity(data: Mapping[str, Any], what: str, tone: Tone) -> Told:
    where = f" in {data['az']}" if data.get("az") else " in all zones"
    return "capacity", f"{what} {data['provider']}{where}", "", tone


def _exited(data: Mapping[str, Any]) -> Told | None:
    reason = data.get("reason")
    if not reason or not data.get("essential", True):
        return None
    return "task", f"Container {data['container']} exited with {data['exit_code']}", str(reason), "bad"


def _lost(data: Mapping[str, Any]) -> Told:
    lost = [f"{data['count']:,} lost"] if data["count"] else []
    unsaved = [f"{data['unsaved']:,} answered but never written down"] if data["unsaved"] else []
    text = f"A task ended with requests: {joined([*lost, *unsaved])}"
    return "clients", text, f"{data['cause']} The knob: {data['knob']}", "bad"


def _start_failed(data: Mapping[str, Any]) -> Told:
    return "task", f"A task cannot start: {data['link']}", str(data["missing"]), "bad"


def _revision(data: Mapping[str, Any]) -> str:
    return f"{revision_of(str(data['task_definition']))} of service {data['service']}"


def _number(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, int | float) and abs(value) < 10_000 else str(value)


_TELLERS: dict[str, Callable[[Mapping[str, Any]], Told | None]] = {
    "game.started": lambda _: ("game", "The game begins", "", "plain"),
    "game.hint": lambda d: (
        "hint",
        str(d.get("text", "A hint")),
        f"cost {counted(int(d['cost']), 'point')}",
        "plain",
    ),
    "game.message": lambda d: ("facilitator", str(d["text"]), "", "plain"),
    "game.undo_failed": lambda d: (
        "facilitator",
        f"{d['injection']} could not be taken back",
        str(d.get("error", "")),
        "plain",
    ),
    "game.ended": lambda d: ("game", _ENDS.get(str(d.get("why")), "The game ended"), "", "plain"),
    "alarm.state": _alarm,
    "deployment.started": lambda d: ("deployment", f"Deployment started: {_revision(d)}", "", "plain"),
    "deployment.completed": _completed,
    "deployment.failed": lambda d: (
        "deployment",
        f"Deployment failed: {_revision(d)}",
        str(d.get("reason") or ""),
        "bad",
    ),
    "deployment.rolling_back": lambda d: ("deployment", f"Rolling back to {_revision(d)}", "", "plain"),
    "deployment.stalled": lambda d: ("deployment", f"Deployment stalled: {d['service']}", "", "bad"),
    "scaling.activity": lambda d: (
        "scaling",
        f"{d['service']}: desired count {d['from']} to {d['to']}",
        str(d["cause"]),
        "plain",
    ),
    "scaling.held": lambda d: (
        "scaling",
        f"{d['service']} was not scaled {d['direction']}",
        str(d["why"]),
        "plain",
    ),
    "service.placement_failed": lambda d: (
        "capacity",
        f"No capacity for a task of {d['service']}",
        f"{d['provider']}, {d['az']}: {d['reason']}",
        "bad",
    ),
    "service.throttled": lambda d: ("deployment", f"ECS slows down the starts of {d['service']}", "", "bad"),
    "service.not_launched": lambda d: (
        "deployment",
        f"No task of {d['service']} could be launched",
        str(d["reason"]),
        "bad",
    ),
    "capacity.shortage": lambda d: _capacity(d, "Shortage of", "bad"),
    "capacity.restored": lambda d: _capacity(d, "There is capacity again of", "good"),
    "spot.interrupted": lambda d: (
        "capacity",
        f"{counted(len(d['tasks']), 'Spot task')} interrupted",
        "",
        "bad",
    ),
    "task.start_failed": _start_failed,
    "task.unhealthy": lambda d: (
        "task",
        f"A task of {d['service']} is unhealthy",
        str(d.get("reason") or ""),
        "bad",
    ),
    "container.exited": _exited,
    "call.denied": lambda d: ("task", f"{d['action']} is denied to a task", str(d["because"]), "bad"),
    "call.unreachable": lambda d: (
        "task",
        f"{d['action']} is out of a task's reach",
        str(d["missing"]),
        "bad",
    ),
    "traffic.lost": _lost,
    "queue.duplicate": lambda d: (
        "clients",
        "An order was charged again",
        f"{d['cause']} The knob: {d['knob']}",
        "bad",
    ),
    "queue.dead_lettered": lambda d: (
        "clients",
        f"Orders of {d['queue']} end in the dead-letter queue",
        f"received {d['receives']} times",
        "bad",
    ),
    "schedule.failed": lambda d: (
        "schedule",
        f"Schedule {d['schedule']} failed",
        f"{d['error']}: {d['message']}",
        "bad",
    ),
}
_REPEATED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "scaling.held": lambda d: f"{d['service']} {d['direction']} {d['reason']}",
    "service.placement_failed": lambda d: f"{d['service']} {d['provider']} {d['az']}",
    "service.throttled": lambda d: f"{d['deployment']}",
    "service.not_launched": lambda d: f"{d['service']} {d['reason']}",
    "task.start_failed": lambda d: f"{d['link']} {d['missing']}",
    "task.unhealthy": lambda d: f"{d['service']} {d['deployment']} {d.get('reason')}",
    "container.exited": lambda d: f"{d['container']} {d['exit_code']} {d.get('reason')}",
    "call.denied": lambda d: f"{d['action']}",
    "call.unreachable": lambda d: f"{d['action']}",
    "traffic.lost": lambda d: f"{d['cause']} {d['knob']}",
    "queue.duplicate": lambda d: f"{d['queue']} {d['cause']}",
    "queue.dead_lettered": lambda d: f"{d['queue']}",
    "schedule.failed": lambda d: f"{d['schedule']} {d['error']}",
}
"""Of kinds that come in crowds, what makes two of them the same to a reader: the first is told, the others are counted."""
