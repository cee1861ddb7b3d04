"""A `LabSession` without a cloud: scripted worlds, recorded calls, answers at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import tui_worlds

from tui.session import (
    Answer,
    CheckReport,
    CheckView,
    ClockAction,
    CommandEvent,
    Completion,
    Debrief,
    Fact,
    Finished,
    LabCard,
    LabView,
    Moment,
    Output,
    PlayEvent,
    Progress,
    Question,
    SessionError,
    ShellCommand,
    Solution,
    Step,
    StepResult,
)

GUIDE = """\
A **service** keeps `desired` tasks running. Give it two subnets, so that it spreads its tasks over two
Availability Zones, and a *circuit breaker*, so that a bad release ends by itself.

- the minimum of 100 % is the floor: never fewer than two
- the maximum of 200 % is the ceiling: four while it rolls

Watch the deployment go from `IN_PROGRESS` to `COMPLETED`.
"""

CREATE_SERVICE = """\
aws ecs create-service --cluster core-lab --service-name web \\
  --task-definition web:1 --desired-count 2 --launch-type FARGATE \\
  --deployment-configuration \\
  'deploymentCircuitBreaker={enable=true,rollback=true},minimumHealthyPercent=100,maximumPercent=200' \\
  --network-configuration \\
  "awsvpcConfiguration={subnets=[$SUBNET_A,$SUBNET_B],securityGroups=[$SG]}\""""

STEPS = (
    Step(
        "cluster",
        "Create a cluster",
        "A cluster with Container Insights at its enhanced level",
        "Every service lives in a cluster. Turn on **enhanced** Container Insights from the start.",
        (
            "aws ecs create-cluster --cluster-name core-lab \\\n  --settings name=containerInsights,value=enhanced",
        ),
        checks=(
            CheckView("active", "the cluster is ACTIVE"),
            CheckView("insights", "Container Insights is enhanced"),
        ),
    ),
    Step(
        "service",
        "Run it as a service",
        "Two tasks, in two zones, with a breaker that rolls back",
        GUIDE,
        (CREATE_SERVICE, "aws ecs wait services-stable --cluster core-lab --services web"),
        question=Question("How many tasks may run at once while it rolls?", unit="tasks"),
        checks=(
            CheckView("running", "two tasks are running"),
            CheckView("breaker", "the breaker rolls back"),
        ),
    ),
    Step(
        "broken",
        "Deploy something broken",
        "A revision whose image does not exist",
        "Register revision 2 with a tag that does not exist, deploy it, and watch.",
        ("aws ecs update-service --cluster core-lab --service web --task-definition web:2",),
        question=Question("Which revision serves in the end?", choices=("web:1", "web:2", "neither")),
    ),
)

CARDS = [
    LabCard(
        "core-lab",
        "A service that heals itself",
        "foundations",
        45,
        "From an empty account to a service on Fargate that rolls, breaks, and comes back by itself.",
        ("one network interface and one address per task", "how a rolling deployment moves", "the circuit breaker at work"),
        "started",
        2,
        7,
    ),
    LabCard("p05-tiny-subnet", "No address left", "playbook", 20, "A subnet too small for the surge.",
    ("addresses",), "new", 0, 4), LabCard("p06-no-breaker", "The release that never ends", "playbook", 15,
    "A bad image, breaker off.", (), "solved", 3, 3),
]  # fmt: skip

DEBRIEF = Debrief(
    "You broke a running service and nobody noticed.",
    (
        Fact("Lowest running count", "2", "never under the floor of 2"),
        Fact("Failures until the breaker tripped", "3", "threshold 3"),
        Fact("Time to roll back", "6m40s"),
    ),
    (
        Moment("+01:00", "you deployed web:2", "learner"),
        Moment("+01:44", "a task could not pull its image", "bad"),
        Moment("+06:40", "the service was steady on web:1", "good"),
    ),
    "A breaker **without rollback** would have stopped trying, and left you to go back by hand.",
    (
        Fact(
            "What this would have cost on AWS",
            "about $0.43",
            "an estimate: list prices of 2026-09-30, us-east-1",
        ),
        Fact("Of it, tasks", "$0.31", "Fargate, from the start of the pull to the end"),
    ),
)


class FakeSession:
    """`worlds` are given out one after the other by `advance`; whatever is asked of it is in `calls`."""

    def __init__(self, *worlds: dict[str, Any]) -> None:
        self.worlds = list(worlds) or [tui_worlds.steady()]
        self.at = 0
        self.calls: list[tuple[Any, ...]] = []
        self.passing: set[str] = {"cluster"}
        self.fail: dict[str, SessionError] = {}
        self.cards = list(CARDS)
        self.steps = STEPS
        self.current: str | None = None
        self.resumed = False
        self.preferences: dict[str, str] = {}
        self.past = ["aws ecs list-clusters", "aws ecs describe-services --cluster core-lab --services web"]
        self.output: list[CommandEvent] | None = None
        self.hold = threading.Event()
        self.held = False
        self.closed = 0
        self.clock_now: dict[str, Any] | None = None
        self.costs: dict[str, Any] = {"total": 0.0, "per_hour_now": 0.0, "items": []}
        self.chain: dict[str, Any] = {}
        self.report: dict[str, Any] = {"running": False, "target_group": None, "now_ms": 0}
        self.scales: dict[str, Any] = {}
        self.queues: dict[str, Any] = {"now_ms": 0, "queues": []}
        self.slo_p99_ms: float | None = None

    # Help for tests.

    def _called(self, name: str, *details: Any) -> None:
        self.calls.append((name, *details))
        if name in self.fail:
            raise self.fail[name]

    def count(self, name: str) -> int:
        return sum(call[0] == name for call in self.calls)

    def advance(self) -> None:
        self.at = min(self.at + 1, len(self.worlds) - 1)
        self.clock_now = None

    @property
    def world(self) -> dict[str, Any]:
        return self.worlds[self.at]

    def _result(self, step: Step) -> StepResult:
        passed = step.id in self.passing
        checks = step.checks or (CheckView("one", "it is so"),)
        return StepResult(
            step.id,
            passed,
            tuple(
                CheckView(
                    c.id,
                    c.title,
                    passed or i == 0,
                    "2 running tasks",
                    "2" if passed or i == 0 else "0",
                    "aws ecs describe-services",
                )
                for i, c in enumerate(checks)
            ),
        )

    # The protocol.

    def catalogue(self) -> list[LabCard]:
        self._called("catalogue")
        return self.cards

    def open(self, lab_id: str, progress: Progress) -> LabView:
        progress("starting the offline cloud …")
        self._called("open", lab_id)
        return LabView(
            lab_id,
            "A service that heals itself",
            tuple(self._with_state(s) for s in self.steps),
            intro="",
            current=self.current,
            resumed=self.resumed,
            solved=False,
            endpoint="http://127.0.0.1:4566",
            slo_p99_ms=self.slo_p99_ms,
        )

    def _with_state(self, step: Step) -> Step:
        return replace(step, passed=step.id in self.passing and step.id == "cluster")

    def snapshot(self, seen: int | None) -> Mapping[str, Any] | None:
        self._called("snapshot", seen)
        return None if self.world["version"] == seen else self.world

    def clock(self, action: ClockAction, value: float | Literal["max"] | None = None) -> Mapping[str, Any]:
        if action != "read":
            self._called("clock", action, value)
        elif "clock" in self.fail:
            raise self.fail["clock"]
        now = dict(self.clock_now or self.world["clock"])
        if action in ("pause", "run"):
            now["mode"] = "paused" if action == "pause" else "running"
        elif action == "speed":
            now["speed"] = value
        self.clock_now = now
        return now

    def traffic(self, *, seconds: int, minutes: int) -> Mapping[str, Any]:
        self._called("traffic", seconds, minutes)
        return self.report

    def scaling(self, *, minutes: int) -> Mapping[str, Any]:
        self._called("scaling", minutes)
        return self.scales

    def queue(self, *, minutes: int) -> Mapping[str, Any]:
        self._called("queue", minutes)
        return self.queues

    def start_traffic(self, rps: float) -> Mapping[str, Any]:
        self._called("start_traffic", rps)
        return self.report

    def stop_traffic(self) -> Mapping[str, Any]:
        self._called("stop_traffic")
        return {**self.report, "running": False}

    def cost(self) -> Mapping[str, Any]:
        self._called("cost")
        return self.costs

    def why(self, resource: str) -> Mapping[str, Any]:
        self._called("why", resource)
        return self.chain

    def check(self, step_id: str | None, *, drills: bool, progress: Progress | None = None) -> CheckReport:
        self._called("check", step_id, drills)
        if progress is not None:
            progress("grading")
        steps = tuple(self._result(s) for s in self.steps if step_id in (None, s.id))
        return CheckReport(steps, solved=all(s.id in self.passing for s in self.steps))

    def hint(self, step_id: str, level: int) -> str:
        self._called("hint", step_id, level)
        return f"Hint text {level}: look at `--desired-count`."

    def solution(self, step_id: str) -> Solution:
        self._called("solution", step_id)
        return Solution(("aws ecs create-service ...",), "Because a service keeps the count.")

    def answer(self, step_id: str, value: str) -> Answer:
        self._called("answer", step_id, value)
        return Answer(value in ("4", "web:1"), "4", "200 % of 2.")

    def reset_step(self, step_id: str, progress: Progress) -> LabView:
        self._called("reset_step", step_id)
        return self.open("core-lab", progress)

    def reset_lab(self, progress: Progress) -> LabView:
        self._called("reset_lab")
        return self.open("core-lab", progress)

    def run_command(self, line: str) -> Iterator[CommandEvent]:
        self._called("run_command", line)
        if self.held:
            yield Output("working\n")
            self.hold.wait(10)
            yield Finished(130, 0.1)
            return
        yield from self.output or [Output('{\n    "clusterArns": []\n}\n'), Finished(0, 0.4)]

    def complete(self, line: str, cursor: int) -> Completion:
        self._called("complete", line, cursor)
        start = line.rfind(" ", 0, cursor) + 1
        words = ("create-cluster", "create-service", "describe-services", "list-tasks")
        return Completion(start, tuple(w for w in words if w.startswith(line[start:cursor])))

    def history(self) -> list[str]:
        return list(self.past)

    def shell_command(self) -> ShellCommand:
        self._called("shell_command")
        return ShellCommand(
            (sys.executable, "-c", "print('a shell')"), {"PATH": "/bin"}, "/", "type exit to come back"
        )

    def play(self) -> Iterator[PlayEvent]:
        self._called("play")
        yield PlayEvent("say", "First, a cluster.", "cluster")
        yield PlayEvent("command", "aws ecs create-cluster --cluster-name core-lab", "cluster")
        yield PlayEvent("output", '{"cluster": "core-lab"}\n', "cluster")
        yield PlayEvent("passed", "Create a cluster", "cluster")
        yield PlayEvent("say", "Now a service.", "service")
        yield PlayEvent("done", "That was the lab.")

    def debrief(self) -> Debrief:
        self._called("debrief")
        return DEBRIEF

    def cancel(self) -> None:
        self.calls.append(("cancel",))
        self.hold.set()

    def preference(self, key: str) -> str | None:
        return self.preferences.get(key)

    def set_preference(self, key: str, value: str) -> None:
        self.preferences[key] = value

    def close(self) -> None:
        self.closed += 1
