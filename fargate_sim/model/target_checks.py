"""What one health check of a load balancer sees: a GET on a port and path of a task, over whatever its network is then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fargate_sim.model import task as states
from fargate_sim.model.app_dependency import DEGRADES
from fargate_sim.model.calls.programs import REQUEST_TIMEOUT_MS, UNREACHABLE
from fargate_sim.model.disturbances.asking import ask
from fargate_sim.model.disturbances.sources import peer
from fargate_sim.model.task import Container, Task

if TYPE_CHECKING:
    from fargate_sim.model.disturbances.interference import Interference
    from fargate_sim.model.images import App
    from fargate_sim.model.surroundings import TargetGroupFacts
    from fargate_sim.model.target_health import Target
    from fargate_sim.model.world import World

REFUSED = ("Target.FailedHealthChecks", "Health checks failed")
TIMED_OUT = ("Target.Timeout", "Request timed out")
"""[C] the reason, API model of ELBv2; [R] the description"""


@dataclass(frozen=True)
class Outcome:
    """What a health check saw. ``until_ms`` is when the same check may see something else; None if never by itself."""

    passed: bool
    reason: str | None = None
    description: str | None = None
    until_ms: int | None = None


_LATE = Outcome(False, *TIMED_OUT)


class TargetChecks:
    """Looks at targets as a load balancer does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine

    def look(self, target: Target, facts: TargetGroupFacts) -> Outcome:
        """One health check, answered by what the containers of the task serve now."""
        port = facts.check_port or target.port
        interference = target.task.interference
        if interference is None:
            return self._reply(target.task, port, facts)
        if interference.inbound_dead(port):
            return _LATE
        outcome, took_ms = self._look_hard(target.task, port, facts, interference)
        if took_ms >= facts.check_timeout_s * 1000:
            outcome = _LATE
        # Each such check has luck of its own, so none is the last.
        return replace(outcome, until_ms=outcome.until_ms or self._engine.now_ms + 1)

    def _reply(self, task: Task, port: int, facts: TargetGroupFacts) -> Outcome:
        """The answer of whoever serves the port."""
        now_ms = self._engine.now_ms
        container = serving(task, port)
        if container is None:
            return Outcome(False, *REFUSED)
        booted_ms = (container.started_ms or 0) + _app(container).boot_ms
        if now_ms < booted_ms:
            return Outcome(False, *REFUSED, until_ms=booted_ms)
        return self._answer(task, container, facts)

    def _answer(self, task: Task, container: Container, facts: TargetGroupFacts) -> Outcome:
        """What a container answers to the check. [A] Of the calls that it makes for it, only those that fail are written down."""
        app, path = container.run.app if container.run else None, facts.path.split("?")[0]
        programs = self._world.programs
        code = 200 if app is not None and path in app.paths else 404
        made = programs.for_request(task, container, path) if code == 200 else []
        failed = next((each for each in made if each.kind), None)
        if failed is not None:
            programs.requests_made(task, container, [failed], 1)
            if failed.kind == UNREACHABLE and facts.check_timeout_s * 1000 <= REQUEST_TIMEOUT_MS:
                return _LATE
            code = 500
        return _by_code(code, facts)

    def _look_hard(
        self, task: Task, port: int, facts: TargetGroupFacts, interference: Interference
    ) -> tuple[Outcome, int]:
        """The check of a disturbed task: what it sees, and after how many milliseconds.

        [A] A check is not queued with the requests, but waits for a CPU that others keep busy as they do. It has a connection of its own,
        so two packets on its line.
        """
        outcome = self._reply(task, port, facts)
        took_us = 0
        if interference.stress:
            took_us += self._world.traffic.backlog_us(task, port)
        leg = interference.inbound(port)
        if leg is not None:
            lag_us = leg.lag_us(self._random, packets=2)
            if lag_us is None:
                return _LATE, 0
            took_us += lag_us
        container = serving(task, port)
        if outcome.passed and container is not None:
            waited_us, code = self._asks(task, container, facts, interference)
            took_us += waited_us
            outcome = _by_code(code, facts) if code else outcome
        return outcome, took_us // 1000

    def _asks(
        self, task: Task, container: Container, facts: TargetGroupFacts, interference: Interference
    ) -> tuple[int, int]:
        """What the program asks others for the check over bad lines: for how many microseconds, and the status that comes of it, or 0."""
        programs, path = self._world.programs, facts.path.split("?")[0]
        took_us = 0
        for made in programs.for_request(task, container, path):
            leg = interference.outbound(programs.peer(made), 443)
            lag_us = 0 if leg is None else leg.lag_us(self._random)
            if lag_us is None or lag_us > REQUEST_TIMEOUT_MS * 1000:
                return took_us + REQUEST_TIMEOUT_MS * 1000, 500
            took_us += lag_us
        app = _app(container)
        for dependency in app.depends_on:
            leg = interference.outbound(peer(dependency.host), dependency.port)
            if leg is None or path not in dependency.paths:
                continue
            own_us = int(app.wait_ms * 1000 * dependency.wait_share)
            tried = ask(dependency, leg, own_us, self._random)
            took_us += tried.took_us
            programs.asked(task, container, dependency, int(not tried.good))
            if not tried.good and dependency.on_failure != DEGRADES:
                return took_us, int(dependency.on_failure)
        return took_us, 0

    def _random(self) -> float:
        return self._world.seeds.stream("disturbances:checks").random()


def _by_code(code: int, facts: TargetGroupFacts) -> Outcome:
    if facts.expects(code):
        return Outcome(True)
    return Outcome(False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]")


def _app(container: Container) -> App:
    if container.run is None or container.run.app is None:  # pragma: no cover - serving() has looked
        raise AssertionError("a container without a program serves")
    return container.run.app


def serving(task: Task, port: int) -> Container | None:
    """The running container of a task whose program listens on a port, or will: the first to be ready.

    The containers have one network interface: whoever of them has the port answers.
    """
    found = [
        ((each.started_ms or 0) + each.run.app.boot_ms, index)
        for index, each in enumerate(task.containers)
        if each.status == states.RUNNING and each.run and each.run.app and port in each.run.app.listens
    ]
    return task.containers[min(found)[1]] if found else None
