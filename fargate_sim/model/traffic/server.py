"""What stands behind one target: the program in the task, its workers, and the requests that it has in hand.

A request takes the first free worker, in order of arrival. It needs the CPU, which one request after the other gets, for the image's
``cpu_ms`` at one vCPU, longer by the task's share of it; then it waits (for a database, say). [A] A task with more than one vCPU is one
faster CPU. A request whose client has gone keeps its worker until it is done.
"""

from __future__ import annotations

from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING

from fargate_sim.model import task as states
from fargate_sim.model.calls.programs import REQUEST_TIMEOUT_MS, UNREACHABLE
from fargate_sim.model.target_checks import serving
from fargate_sim.model.target_health import DRAINING, HEALTHY, Target
from fargate_sim.model.task import Container
from fargate_sim.model.traffic.hindrance import Held, Hindrance
from fargate_sim.model.traffic.ledger import MINUTES_KEPT

if TYPE_CHECKING:
    from fargate_sim.model.app_dependency import AppDependency
    from fargate_sim.model.calls import Made, Programs
    from fargate_sim.model.images import App
    from fargate_sim.model.traffic.call_breaker import CallBreaker
    from fargate_sim.model.traffic.keep_alive import IdleConnections

VCPU_UNITS = 1024
_MINUTE_US = 60_000_000
UNANSWERED = "unanswered"
"""The kind of failure of requests to a target from which nothing comes back."""

_HELD = 512
InHand = tuple[int, int, int, str]
"""Moment of the answer, arrival (microseconds), number of the request, kind of failure (empty: it will be answered well)."""


class Server:
    """One target as traffic sees it. ``refusal`` is the kind of failure that every new request meets now, or empty."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.container: Container | None = None
        self.app: App | None = None
        self.stale = True
        """Whether a container of the task may have changed since the last look."""
        self.fault = "path"
        """The kind of failure that the program answers every request with, or empty."""
        self._details: dict[str, str] = {}
        """By kind of fault: the path or call that the latest one was about."""
        self._calls: list[Made] = []
        """What a request makes the program call."""
        self._called = 0
        """Requests whose calls have been written down."""
        self.refusal = "port_closed"
        self.ready_us = 0
        self.workers = 1
        self.cpu_us = self.wait_us = 0
        self.used_us = 0
        """The CPU time that a request uses; ``cpu_us`` is how long that takes, which is longer when others keep the CPU busy."""
        self.unanswered: dict[AppDependency, int] = {}
        """What the program asked in vain, and how often since that was last written down."""
        self.breakers: dict[AppDependency, CallBreaker] = {}
        self.held: list[Held] = []
        """What it was given while something hindered it, as far as it may not be done."""
        self.hindrance: Hindrance | None = None
        """What hinders its requests from outside the program, if anything does."""
        self.lag_us = 0
        """For how long each request waits for a service that does not answer."""
        self._cpu_free_us = 0
        self._free: list[int] = []
        self._held_most = _HELD
        self.turned_away = 0
        """Sent here, but never worked on: refused, or lost with the connection."""
        self._booked = self._counted = 0
        self._minute_end_us = self._last_minute = 0
        """Requests whose CPU time is in the task's books, and those that are in the process's own; the end of the minute that the
        others belong to, and the last minute that is entered."""
        self.stray_until_us: int | None = None
        """While draining: until when requests still come here by mistake."""
        self.in_hand: list[InHand] = []
        self.sent = self.ok = self.failed = 0
        self.doomed = 0
        """Requests in hand that will time out."""
        self.credit = 0.0
        """In slow start: the part of a turn that it has saved up."""
        self.connections: IdleConnections | None = None
        """Only of a program that closes idle connections before the load balancer does."""
        self._open: list[int] | None = None
        """When each outstanding request will be over, as a heap; only while somebody counts them."""

    @property
    def ended(self) -> bool:
        """Whether nothing can come of it any more."""
        container = self.container or self.target.container
        return not self.target.in_use and self.stray_until_us is None and container.status == states.STOPPED

    def refresh(self, path: str, programs: Programs) -> None:
        """Look at what serves the port now, and how it answers the path, if its containers or what they call have changed."""
        if not self.stale:
            return
        self.stale = False
        self.count()
        self._calls, self.lag_us, self.hindrance = [], 0, None
        interference = self.target.task.interference
        if interference is not None and interference.inbound_dead(self.target.port):
            self.refusal = UNANSWERED
            return
        container = serving(self.target.task, self.target.port)
        if container is None:
            own = self.target.container
            self.refusal = "gone" if own.status == states.STOPPED else "port_closed"
            return
        run = container.run
        if run is None or run.app is None:  # pragma: no cover - serving() has looked
            raise AssertionError("a container without a program serves")
        self.container, self.app = container, run.app
        self.fault = "" if path in run.app.paths else "path"
        self._details["path"] = path
        self.ready_us = ((container.started_ms or 0) + run.app.boot_ms) * 1000
        self.book_cpu()
        share = self.target.task.task_definition.cpu_units / VCPU_UNITS
        self.used_us = self.cpu_us = int(run.app.cpu_ms * 1000 / share)
        self.wait_us = int(run.app.wait_ms * 1000)
        self.workers = run.app.workers
        if run.app.calls and not self.fault:
            self._look_at_calls(path, programs)
        if interference is not None:
            self.cpu_us = int(self.used_us / interference.speed)
            self.hindrance = Hindrance.of(self, interference, path, programs)
        ending = container.struck_ms is not None or (container.signalled_ms is not None and run.stop.graceful)
        self.refusal = "closing" if ending else ""

    def _look_at_calls(self, path: str, programs: Programs) -> None:
        """What the program calls for a request, and whether that fails. [A] It gives up a service that does not answer after a while."""
        if self.container is None:  # pragma: no cover - somebody serves
            raise AssertionError("calls without a container")
        self._calls = programs.for_request(self.target.task, self.container, path)
        failed = next((made for made in self._calls if made.kind), None)
        if failed is not None:
            self.fault = f"call_{failed.kind}"
            self._details[self.fault] = failed.call.action
            if failed.kind == UNREACHABLE:
                self.lag_us = REQUEST_TIMEOUT_MS * 1000

    def book_calls(self, programs: Programs) -> None:
        """Write down the calls of the requests that have been taken since the last time."""
        taken = self.sent - self.turned_away
        if self._calls and self.container is not None and taken > self._called:
            programs.requests_made(self.target.task, self.container, self._calls, taken - self._called)
        if self.container is not None and taken > self._called:
            for dependency, failed in list(self.unanswered.items()):
                if not failed and self.hindrance is not None and not self.hindrance.answered(dependency):
                    continue  # nobody knows: it was not asked
                programs.asked(self.target.task, self.container, dependency, failed)
                if failed:
                    self.unanswered[dependency] = 0
                else:
                    del self.unanswered[dependency]
        self._called = taken

    @property
    def calls(self) -> bool:
        """Whether requests make it call something, or did so in vain."""
        return bool(self._calls or self.unanswered)

    @property
    def made(self) -> list[Made]:
        """What a request makes the program call of AWS."""
        return self._calls

    def booting_kind(self) -> str:
        """The kind of failure of a request that comes before the program listens."""
        return "booting" if self.target.state == HEALTHY else "booting_fail_open"

    def take(self, at_us: int, wait_us: int) -> int:
        """Take a request in; the moment at which the program will have answered it."""
        free = self._free
        queued = False
        begin_us = at_us
        if free and free[0] > at_us and len(free) >= self.workers:
            begin_us, queued = free[0], True
        cpu_done_us = (begin_us if begin_us > self._cpu_free_us else self._cpu_free_us) + self.cpu_us
        self._cpu_free_us = cpu_done_us
        if cpu_done_us >= self._minute_end_us:
            self._turn_minute(at_us, cpu_done_us)
        end_us = cpu_done_us + wait_us
        if queued or (free and free[0] <= at_us):
            heapreplace(free, end_us)
        else:
            heappush(free, end_us)
        return end_us

    def hold(self, request: Held, now_us: int) -> None:
        """Remember a request that was taken while something hinders the task."""
        self.held.append(request)
        if len(self.held) >= self._held_most:
            self.held = [each for each in self.held if each.done_us > now_us]
            self._held_most = 2 * len(self.held) + _HELD

    def go_back(self, now_us: int) -> list[Held]:
        """Forget the work that it has been given and whose CPU time is still to come; what that was, in order of arrival.

        [A] What the CPU is at now begins anew.
        """
        ahead = [each for each in self.held if each.cpu_done_us > now_us]
        begun = [each.done_us for each in self.held if each.cpu_done_us <= now_us < each.done_us]
        self.held = []
        if ahead:
            self._free = sorted(begun)
            self._cpu_free_us = now_us
            self._take_back(now_us)
        return ahead

    def _take_back(self, now_us: int) -> None:
        """CPU time that was booked for minutes to come has not been used."""
        self.book_cpu()
        busy, minute = self.target.task.busy_us, now_us // _MINUTE_US
        if self.used_us:
            self._booked -= sum(busy.pop(key) for key in list(busy) if key > minute) // self.used_us
        self._minute_end_us, self._last_minute = (minute + 1) * _MINUTE_US, minute + MINUTES_KEPT

    def count_outstanding(self, *, wanted: bool) -> None:
        """Begin to count the requests outstanding, with those in hand, or leave it."""
        self._open = sorted(request[0] for request in self.in_hand) if wanted else None

    def outstanding(self, at_us: int) -> int:
        """Requests that the load balancer has sent and that are not over at a moment; moments must not go back."""
        still = self._open or []
        while still and still[0] <= at_us:
            heappop(still)
        return len(still)

    def note(self, end_us: int, *, kept: bool) -> None:
        """A request was sent that will be over at ``end_us``; ``kept``: its connection outlives it."""
        if self._open is not None:
            heappush(self._open, end_us)
        if kept and self.connections is not None:
            self.connections.answered(end_us)

    def _turn_minute(self, at_us: int, cpu_done_us: int) -> None:
        self.book_cpu(but=1)  # the one that is being taken belongs to the next minute
        self._last_minute = at_us // _MINUTE_US + MINUTES_KEPT
        self._minute_end_us = (cpu_done_us // _MINUTE_US + 1) * _MINUTE_US
        self.target.task.forget_busy_before(at_us // _MINUTE_US - MINUTES_KEPT)

    def book_cpu(self, *, but: int = 0) -> None:
        """Enter into the task's books what the CPU has been given to do, ``but`` for the latest requests. The program works
        in order of arrival, so a minute may lie ahead.
        """
        taken = self.sent - self.turned_away - self._booked - but
        if taken:
            busy = self.target.task.busy_us
            minute = min(self._minute_end_us // _MINUTE_US - 1, self._last_minute)
            busy[minute] = busy.get(minute, 0) + taken * self.used_us
            self._booked += taken

    def count(self) -> None:
        """Enter into the books of the process how many requests it has taken."""
        taken = self.sent - self.turned_away
        if self.container is not None and self.container.footprint is not None:
            self.container.footprint.requests += taken - self._counted
        self._counted = taken

    def note_requests(self, at_ms: int) -> None:
        """Remember how many requests a program that grows with them has taken by a moment."""
        footprint = self.container.footprint if self.container is not None else None
        if footprint is not None and footprint.counted is not None:
            self.count()
            footprint.counted.set(at_ms, footprint.requests)

    def end_cpu(self, now_us: int) -> None:
        """The process ends, or its load does: what it has not come to is not done."""
        self.held = []
        self.book_cpu()
        busy, minute = self.target.task.busy_us, now_us // _MINUTE_US
        for ahead in [key for key in busy if key > minute]:
            del busy[ahead]
        if minute in busy:
            busy[minute] = min(busy[minute], now_us % _MINUTE_US)

    def begins_us(self, at_us: int) -> int:
        """When a request that comes at a moment gets a worker."""
        free = self._free
        return free[0] if len(free) >= self.workers and free[0] > at_us else at_us

    def fails(self, kind: str, about: str) -> str:
        """Remember what a kind of failure was about; the kind."""
        self._details[kind] = about
        return kind

    def backlog_us(self, now_us: int) -> int:
        """For how long the CPU has work already."""
        return max(self._cpu_free_us - now_us, 0)

    def busy_until_us(self) -> int:
        """When the last request in hand will be done."""
        return max(self._free, default=0)

    def phase(self, at_us: int) -> str:
        """Where the task is on its way, in the words of the report."""
        task, container = self.target.task, self.container or self.target.container
        if container.status == states.STOPPED:
            return "gone"
        if task.last_status in (states.STOPPING, states.DEPROVISIONING, states.STOPPED):
            return "stopping"
        if self.target.state == DRAINING:
            return "draining"
        if task.last_status == states.DEACTIVATING:
            return "deactivating"
        if self.container is not None and at_us < self.ready_us:
            return "booting"
        return "running"

    def detail(self, kind: str) -> str:
        """The number or word that goes with a refusal."""
        if kind == "gone":
            return str((self.container or self.target.container).exit_code)
        if kind in self._details:
            return self._details[kind]
        if kind == "keep_alive":
            return f"{self.app.keep_alive_s:g}" if self.app else ""
        return str(self.target.port)
