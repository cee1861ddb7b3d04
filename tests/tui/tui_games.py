"""A `FacilitatorDoor` without worlds: scripted teams, recorded calls, answers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui.games import (
    CallLine,
    GameView,
    HintView,
    InjectionState,
    InjectionView,
    LogLine,
    PointsLine,
    SloView,
    Speed,
    TeamCard,
)
from tui.session import Progress, SessionError

START_MS = 1_767_603_600_000
LENGTH_MS = 40 * 60_000
NAMES = (
    "Red",
    "Blue",
    "Green pastures",
    "Platform",
    "Payments on call",
    "SRE",
    "Night shift",
    "Interns of 2026",
)

GOOD = (True,) * 24
DIPPED = (True,) * 14 + (False,) * 6 + (True,) * 4
BROKEN = (None,) * 2 + (True,) * 10 + (False,) * 12

HINTS = (
    HintView(
        "Two deployments have failed, for two different reasons. Sort the tasks that stopped by revision and by reason.",
        5,
    ),
    HintView(
        "The tasks of revision 1 are healthy as far as they know. Who says that they are not, and on which port does it ask?",
        10,
    ),
)
BRIEFING = """\
You are on call for the **shop**. Version 2.0 goes out at nine; the pipeline does it.

- Ninety-nine of a hundred orders must be taken.
- Four tasks are to be healthy.
"""
DEBRIEF = (
    "What does ECS take back in a rollback, and what of your release lives elsewhere?",
    "In which order would you change a health check and the program that answers it, so that each step can be taken back alone?",
)  # fmt: skip


def slos(
    value: str = "99.8 %",
    good: bool | None = True,
    burned: float = 0.12,
    history: tuple[bool | None, ...] = GOOD,
) -> tuple[SloView, ...]:
    return (
        SloView("orders", "Of a hundred orders, ninety-nine are taken", value, good, burned, history),
        SloView("capacity", "Four healthy tasks", "4", True, 0.0, GOOD),
    )


LOOKED = CallLine(START_MS + 240_000, "elbv2 describe-target-health --target-group-arn shop", reading=True)
CHANGED = CallLine(
    START_MS + 301_000,
    "ecs update-service --service shop --task-definition shop:1 --force-new-deployment",
    reading=False,
)
REFUSED = CallLine(
    START_MS + 322_000, "ecs update-service --service shop --desired-count -1", reading=False, refused=True
)

LINES = (
    PointsLine("error budget", 31.4, 40.0, "orders burned 22 % of its budget"),
    PointsLine(
        "time to detect",
        8.5,
        10.0,
        "2m20s from the first bad interval to the first look at the targets' health",
    ),
    PointsLine("hints", -5.0, 0.0, "1 taken"),
)


def card(name: str = "Red", **changes: Any) -> TeamCard:
    """A team that plays well, four minutes from the start."""
    slug = name.lower().replace(" ", "-")
    return replace(
        TeamCard(
            slug=slug,
            name=name,
            phase="playing",
            mode="running",
            speed=10.0,
            now_ms=START_MS + 342_000,
            elapsed_ms=342_000,
            slos=slos(),
            symptoms=(),
            calls=(CHANGED, LOOKED),
            points=72,
            lines=LINES,
            hints_shown=0,
            in_force=(),
            join=f"fargate-lab gameday join http://192.168.178.24:43117 {slug}-kiwi-lamp-42",
        ),
        **changes,
    )


def ready(name: str) -> TeamCard:
    """A team that has not begun."""
    return card(
        name, phase="ready", mode="paused", speed=1.0, now_ms=START_MS, elapsed_ms=0, slos=(), calls=(), points=0, lines=(),
    )  # fmt: skip


def over(name: str) -> TeamCard:
    """A team whose game is over."""
    return card(name, phase="over", mode="paused", now_ms=START_MS + LENGTH_MS, elapsed_ms=LENGTH_MS)


def suffering(name: str) -> TeamCard:
    """A team whose shop is down, with a runner that is in trouble, too."""
    return card(
        name,
        slos=slos("41.7 %", False, 1.36, BROKEN),
        symptoms=(
            "shop-5xx is in ALARM",
            "shop: 2 of 4 tasks healthy",
            "shop: the deployment of shop:2 has failed",
        ),
        calls=(REFUSED, CHANGED, LOOKED),
        points=18,
        hints_shown=1,
        in_force=("The pipeline moves the health check to port 9090",),
        trouble="The release could not be taken back: the service shop is gone. It is tried again every 10 s.",
    )


def injections(*teams: TeamCard) -> tuple[InjectionView, ...]:
    """Three of them, in the states in which the first teams are after some minutes."""

    def states(*found: InjectionState) -> dict[str, InjectionState]:
        return {team.slug: found[i % len(found)] for i, team in enumerate(teams)}

    return (
        InjectionView(
            "first-step",
            "The pipeline moves the health check to port 9090",
            "after 3 min",
            "Version 2.0 is to answer its health check on a port of its own. The pipeline tells the target group first, and "
            "nothing of version 1.0 listens there.",
            decoy=False,
            states=states("came", "in force", "taken back", "refused"),
        ),
        InjectionView(
            "second-step",
            "The pipeline releases 2.0, started by a script that is not in the image",
            "when first-step has come, 30 s later",
            "Each new task ends with exit code 127 as soon as it runs. The breaker gives up after three of them.",
            decoy=False,
            states=states("held", "in force", "waiting"),
        ),
        InjectionView(
            "memory-alarm",
            "A colleague adds an alarm on memory, and it is in ALARM at once",
            "by hand",
            "The threshold is far too low. Memory is where it has always been.",
            decoy=True,
            states=states("waiting"),
        ),
    )


def game(*teams: TeamCard, log: tuple[LogLine, ...] = ()) -> GameView:
    """A game of these teams."""
    return GameView(
        "friday", "Half a rollback", BRIEFING, LENGTH_MS, teams, injections(*teams), HINTS, 10, DEBRIEF, log
    )


LOG = (
    LogLine(START_MS + 330_000, "Blue: The release could not be taken back: the service shop is gone", "bad"),
    LogLine(
        START_MS + 240_000, "Red: The pipeline moves the health check to port 9090 was taken back", "good"
    ),
    LogLine(START_MS + 180_000, "Blue: The pipeline moves the health check to port 9090 came"),
    LogLine(START_MS + 180_000, "Red: The pipeline moves the health check to port 9090 came"),
)


class FakeDoor:
    """What was done is in `calls`; what is done shows in the next view. `fail` names methods that refuse, and how."""

    def __init__(self, *teams: TeamCard, log: tuple[LogLine, ...] = ()) -> None:
        self.game = game(*teams, log=log)
        self.calls: list[tuple[Any, ...]] = []
        self.fail: dict[str, SessionError] = {}
        self.go_on = threading.Event()
        """A report (and an abort) waits for it."""
        self.go_on.set()
        self.looks = 0
        self.closed = 0

    def _called(self, name: str, *details: Any) -> None:
        self.calls.append((name, *details))
        if name in self.fail:
            raise self.fail[name]

    def change(self, team: str | None, how: Callable[[TeamCard], TeamCard]) -> None:
        """Change one team, or (None) all."""
        teams = tuple(how(each) if team in (None, each.slug) else each for each in self.game.teams)
        self.game = replace(self.game, teams=teams)

    def _stand(self, injection: str, team: str | None, state: InjectionState) -> None:
        self.game = replace(
            self.game,
            injections=tuple(
                replace(
                    each,
                    states={
                        slug: state if team in (None, slug) else old for slug, old in each.states.items()
                    },
                )
                if each.id == injection
                else each
                for each in self.game.injections
            ),
        )

    # The protocol.

    def view(self) -> GameView:
        self.looks += 1
        if "view" in self.fail:
            raise self.fail["view"]
        return self.game

    def run(self, team: str | None = None) -> None:
        self._called("run", team)
        self.change(team, lambda card: replace(card, mode="running", phase="playing"))

    def freeze(self, team: str | None = None) -> None:
        self._called("freeze", team)
        self.change(team, lambda card: replace(card, mode="paused"))

    def set_speed(self, speed: Speed, team: str | None = None) -> None:
        self._called("set_speed", speed, team)
        self.change(team, lambda card: replace(card, speed=speed))

    def inject(self, injection: str, team: str | None = None) -> None:
        self._called("inject", injection, team)
        self._stand(injection, team, "in force")

    def hold(self, injection: str, team: str | None = None) -> None:
        self._called("hold", injection, team)
        self._stand(injection, team, "held")

    def let_go(self, injection: str, team: str | None = None) -> None:
        self._called("let_go", injection, team)
        self._stand(injection, team, "waiting")

    def take_back(self, injection: str, team: str | None = None) -> None:
        self._called("take_back", injection, team)
        self._stand(injection, team, "taken back")

    def hint(self, team: str) -> None:
        self._called("hint", team)
        self.change(team, lambda card: replace(card, hints_shown=card.hints_shown + 1))

    def message(self, text: str, team: str | None = None) -> None:
        self._called("message", text, team)

    def end(self, team: str | None = None) -> None:
        self._called("end", team)
        self.change(team, lambda card: replace(card, phase="over", mode="paused"))

    def abort(self) -> None:
        self._called("abort")
        self.go_on.wait(5)
        self.change(None, lambda card: replace(card, phase="over", mode="paused", in_force=()))

    def report(self, progress: Progress) -> tuple[str, ...]:
        self._called("report")
        progress("Living through Red's session again")
        progress("Drawing the report")
        self.go_on.wait(5)
        base = "/home/ada/.local/share/fargate-lab/games/friday/report"
        return (f"{base}/report.html", f"{base}/report.md", f"{base}/grades.csv", f"{base}/grades.xml")

    def close(self) -> None:
        self.closed += 1
