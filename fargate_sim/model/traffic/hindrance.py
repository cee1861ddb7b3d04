"""How requests fare when something outside the program hinders it: a bad line to the load balancer, or to what the program asks.

What the program asks holds its worker for as long as it takes; an answer that is late on its way to the load balancer does not. [A] A
request has one packet on a line that stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model.app_dependency import DEGRADES
from fargate_sim.model.calls.programs import REQUEST_TIMEOUT_MS, UNREACHABLE
from fargate_sim.model.disturbances.asking import ask
from fargate_sim.model.disturbances.sources import peer
from fargate_sim.model.traffic.call_breaker import CallBreaker

if TYPE_CHECKING:
    from fargate_sim.model.app_dependency import AppDependency
    from fargate_sim.model.calls import Programs
    from fargate_sim.model.disturbances.interference import Interference, Leg
    from fargate_sim.model.traffic.server import Server

_NEVER_US = 10**12
"""Later than anybody waits for."""
Random = Callable[[], float]


class Held(NamedTuple):
    """A request that was taken while something hindered the task. Moments are microseconds; ``wait_us`` is its own waiting."""

    number: int
    arrived_us: int
    cpu_done_us: int
    done_us: int
    wait_us: int


class Hindrance:
    """What hinders the requests of one server."""

    def __init__(
        self,
        server: Server,
        inbound: Leg | None,
        calls: Sequence[tuple[str, Leg]],
        asked: Sequence[tuple[AppDependency, Leg]],
    ) -> None:
        self._server = server
        self._inbound = inbound
        self._calls = calls
        self._asked = asked
        self._answered: set[AppDependency] = set()

    def answered(self, dependency: AppDependency) -> bool:
        """Whether a service has answered a request since this came, or need not be asked over a bad line at all."""
        return dependency in self._answered or all(each is not dependency for each, _ in self._asked)

    @classmethod
    def of(
        cls, server: Server, interference: Interference, path: str, programs: Programs
    ) -> Hindrance | None:
        """That of a server whose task is disturbed; None when its requests do not feel it."""
        if server.app is None:
            return None
        inbound = interference.inbound(server.target.port)
        lines = (
            (made, interference.outbound(programs.peer(made), 443)) for made in server.made if not made.kind
        )
        calls = [(made.call.action, leg) for made, leg in lines if leg is not None]
        asked = []
        for dependency in server.app.depends_on:
            leg = interference.outbound(peer(dependency.host), dependency.port)
            if leg is not None and path in dependency.paths:
                asked.append((dependency, leg))
        felt = inbound or calls or asked or interference.stress
        return cls(server, inbound, calls, asked) if felt else None

    def take(
        self, at_us: int, wait_us: int, random: Random, number: int, arrived_us: int | None = None
    ) -> tuple[int, str]:
        """Take a request in, as the server does: when the load balancer has its answer, and the kind of failure that it is.

        ``at_us`` is when it comes to the program, which is later than ``arrived_us`` when it is taken once more.
        """
        server, kind, own_us = self._server, self._server.fault, wait_us
        for action, leg in self._calls:
            lag_us = leg.lag_us(random)
            late = lag_us is None or lag_us > REQUEST_TIMEOUT_MS * 1000
            wait_us += REQUEST_TIMEOUT_MS * 1000 if late or lag_us is None else lag_us
            if late:
                kind = kind or server.fails(f"call_{UNREACHABLE}", action)
                break
        if not kind:
            for dependency, leg in self._asked:
                wait_us, kind = self._ask(dependency, leg, at_us, wait_us, random)
                if kind:
                    break
        end_us = server.take(at_us, wait_us)
        server.hold(
            Held(number, at_us if arrived_us is None else arrived_us, end_us - wait_us, end_us, own_us), at_us
        )
        if self._inbound is not None:
            lag_us = self._inbound.lag_us(random)
            end_us = at_us + _NEVER_US if lag_us is None else end_us + lag_us
        return end_us, kind

    def _ask(
        self, dependency: AppDependency, leg: Leg, at_us: int, wait_us: int, random: Random
    ) -> tuple[int, str]:
        """How long the request waits now, and the kind of failure."""
        server = self._server
        part_us = int(wait_us * dependency.wait_share)
        breaker = self._breaker(dependency)
        begins_us = server.begins_us(at_us)
        if breaker is not None and not breaker.asks(begins_us):
            given_up = "" if dependency.on_failure == DEGRADES else server.fails("given_up", dependency.name)
            return wait_us - part_us, given_up
        tried = ask(dependency, leg, int(server.wait_us * dependency.wait_share), random)
        if breaker is not None:
            known_us = begins_us + tried.took_us + (part_us if tried.good else 0)
            breaker.note(known_us, good=tried.good)
        if tried.good:
            self._answered.add(dependency)
            return wait_us + tried.took_us, ""
        server.unanswered[dependency] = server.unanswered.get(dependency, 0) + 1
        return wait_us - part_us + tried.took_us, self._kind(dependency)

    def _kind(self, dependency: AppDependency) -> str:
        if dependency.on_failure == DEGRADES:
            return ""
        kind = "dependency_503" if dependency.on_failure == "503" else "dependency"
        return self._server.fails(kind, dependency.name)

    def _breaker(self, dependency: AppDependency) -> CallBreaker | None:
        if not dependency.gives_up_after:
            return None
        breakers = self._server.breakers
        if dependency not in breakers:
            breakers[dependency] = CallBreaker(dependency.gives_up_after, dependency.gives_up_ms * 1000)
        return breakers[dependency]
