"""Classes for the board, and a door that carries out nothing but remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tui.classroom import BoardView, ClassClock, ClassPolicy, Look, SeatRow, StepHead, StepState
from tui.session import SessionError

STEPS = (
    StepHead("cluster", "Create a cluster"),
    StepHead("task-definition", "Describe what to run"),
    StepHead("service", "Keep two of them running"),
    StepHead("addresses", "One address per task"),
    StepHead("break-it", "Deploy what cannot start"),
    StepHead("rollback", "Watch it come back"),
    StepHead("drain", "Release under load, lose nothing"),
    StepHead("clean-up", "Leave nothing behind"),
)
NAMES = (
    "Ada Lovelace",
    "Grace Hopper",
    "Edsger",
    "Barbara Liskov",
    "Niklaus Wirth-Maximilian von Überlingen",
    "[b]Bobby[/b] <script>",
    "李 小龙",
    "Margaret Hamilton",
)


def states(passed: int, tried: bool = False, opened: int = 8) -> tuple[StepState, ...]:
    """So many passed, the next one perhaps tried, those after the `opened` first locked."""
    found: list[StepState] = []
    for at in range(len(STEPS)):
        if at < passed:
            found.append("passed")
        elif at >= opened:
            found.append("locked")
        else:
            found.append("tried" if tried and at == passed else "open")
    return tuple(found)


def row(number: int, passed: int = 2, **changes: Any) -> SeatRow:
    """A seat at work."""
    step = STEPS[passed].title if passed < len(STEPS) else ""
    made = SeatRow(
        id=f"{number:02d}",
        name=NAMES[(number - 1) % len(NAMES)],
        code=f"A{number:02d}KXW7Q"[:8].replace("0", "Z").replace("1", "Y"),
        online=True,
        lab="core-lab",
        steps=states(passed, bool(changes.get("failing"))),
        step=step,
        on_step_s=200.0 if step else 0.0,
        last_command="aws ecs describe-services --cluster core-lab --services web",
        idle_s=20.0,
        score=100 * passed // len(STEPS),
    )
    return replace(made, **changes)


def stuck(number: int, **changes: Any) -> SeatRow:
    """A seat that gets nowhere."""
    failing = (
        "service-breaker: the circuit breaker is enabled without rollback",
        "first-deployment: IN_PROGRESS since 4 min, 0 of 2 tasks run",
    )
    settings: dict[str, Any] = {
        "failing": failing,
        "stuck": True,
        "tries": 4,
        "hints": 2,
        "on_step_s": 1260.0,
        "last_command": "aws ecs create-service --cluster core-lab --service-name web  (exit 254)",
    }
    return row(number, 2, **(settings | changes))


def new(number: int) -> SeatRow:
    """A seat that was taken, and no more."""
    return replace(row(number, 0), lab="", step="", on_step_s=0.0, last_command="", idle_s=None, online=False)


def room(*rows: SeatRow, **changes: Any) -> BoardView:
    """A class with these seats."""
    view = BoardView(
        name="monday",
        lab="core-lab",
        steps=STEPS,
        seats=rows,
        free=max(0, 30 - len(rows)),
        policy=ClassPolicy("core-lab", None, "all", True),
        join="http://192.168.1.5:8700",
        code="K7WQ2M",
        labs=("core-lab", "p01-deregistration-delay", "p06-no-breaker"),
    )
    return replace(view, **changes)


def mixed() -> BoardView:
    """One of each."""
    return room(
        row(1, 8),
        stuck(2),
        row(3, 4),
        row(4, 1, idle_s=2000.0, online=False),
        row(5, 3, hints=1, solution=True),
        row(6, 0, lab="p06-no-breaker", step="See what is wrong"),
        new(7),
        stuck(8, on_step_s=400.0, solution=True),
    )


def full(count: int = 60) -> BoardView:
    """Many seats."""
    rows = [stuck(i) if i % 7 == 3 else row(i, i % 9, online=i % 5 > 0) for i in range(1, count + 1)]
    return room(*rows)


class FakeBoard:
    """What was done is in `calls`. `fail` names methods that refuse, and how."""

    def __init__(self, view: BoardView) -> None:
        self.seen = view
        self.shown: dict[str, Look] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.fail: dict[str, SessionError] = {}
        self.looks = 0
        self.closed = 0

    def _called(self, name: str, *details: Any) -> None:
        self.calls.append((name, *details))
        if name in self.fail:
            raise self.fail[name]

    def view(self) -> BoardView:
        self.looks += 1
        if "view" in self.fail:
            raise self.fail["view"]
        return self.seen

    def look(self, seat: str) -> Look:
        if "look" in self.fail:
            raise self.fail["look"]
        return self.shown.get(seat, Look(seat, 0, 0))

    def message(self, text: str, seat: str | None = None) -> None:
        self._called("message", text, seat)

    def set_policy(self, seat: str | None = None, **changes: Any) -> None:
        self._called("set_policy", seat, changes)
        if seat is None:
            self.seen = replace(self.seen, policy=replace(self.seen.policy, **changes))

    def clock(self, action: ClassClock, speed: float | None = None, seat: str | None = None) -> None:
        self._called("clock", action, speed, seat)

    def reset(self, seat: str | None = None) -> None:
        self._called("reset", seat)

    def rename(self, seat: str, name: str) -> None:
        self._called("rename", seat, name)

    def free(self, seat: str) -> None:
        self._called("free", seat)

    def export(self) -> tuple[str, ...]:
        self._called("export")
        return ("/srv/monday/grades.csv", "/srv/monday/grades.xml")

    def close(self) -> None:
        self.closed += 1
