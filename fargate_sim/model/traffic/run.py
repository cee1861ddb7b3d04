"""One load from its start to the end of its last request. Advances to a moment with the state of things that held until then.

Whoever changes something that matters must first let the run advance to now; then the outcome does not depend on who looks, or when.
Draws are made per arrival from streams of the run's own, whatever becomes of the request: the same seed gives the same requests to a
good service and to a bad one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from fargate_sim.model.surroundings import LEAST_OUTSTANDING
from fargate_sim.model.target_health import HEALTHY, Target
from fargate_sim.model.traffic.causes import CAUSES, Failure
from fargate_sim.model.traffic.demand import SECOND_US, Arrivals, Demand
from fargate_sim.model.traffic.keep_alive import IdleConnections
from fargate_sim.model.traffic.ledger import Ledger
from fargate_sim.model.traffic.routing import Choice, Router
from fargate_sim.model.traffic.server import UNANSWERED, InHand, Server
from fargate_sim.model.traffic.shutdown import Shutdown

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import TargetGroupFacts
    from fargate_sim.model.world import World

_SLICE_US = 10 * SECOND_US
_MINUTE_US = 60 * SECOND_US
_SHUTDOWNS_KEPT = 500
_WAIT_FLOOR = 0.5
"""A request waits half of the image's ``wait_ms`` and an exponential other half: the mean is right and there is a tail. [A]"""
_CONNECT_US = 10 * SECOND_US
"""How long the load balancer tries to connect to a target. Source: load-balancer-troubleshooting, HTTP 504."""
_STRAY_US = 2 * SECOND_US
"""Requests may go to a deregistered target for up to this long, until every node of the load balancer knows. [A] 0 to 2 s"""


class Run:
    """The state of one load. ``advance`` to now before reading anything."""

    def __init__(self, world: World, demand: Demand, number: int) -> None:
        self._world = world
        self.demand = demand
        self.number = number
        """Which load of this world it is, counted from 1."""
        self.started_ms = world.engine.now_ms
        self.stopped_ms: int | None = None
        self.ledger = Ledger()
        self.sent = 0
        self.unsaved_lost = 0
        self.servers: dict[Target, Server] = {}
        self.shutdowns: dict[str, Shutdown] = {}
        seeds = world.seeds
        self._now_us = world.engine.now_ms * 1000
        self._settled_us = self._now_us
        self._arrivals = Arrivals(demand, self._now_us, seeds.stream(f"traffic:{number}:arrivals"))
        self._waits = seeds.stream(f"traffic:{number}:waits")
        self._longs = seeds.stream(f"traffic:{number}:long")
        self._strays = seeds.stream(f"traffic:{number}:strays")
        self._races = seeds.stream(f"traffic:{number}:keep-alive")
        self._network: Callable[[], float] | None = None
        """The draws of bad networks, while a network is bad."""
        self._router = Router(seeds.stream(f"traffic:{number}:routing"))
        self._choice: Choice | None = None
        self._counts = self._racing = False
        self._rotation: list[Server] = []
        self._straying: list[Server] = []
        self._doomed: dict[Server, None] = {}
        self._refused = "no_targets"
        self._idle_s = 60
        self.dirty = True

    # -- time ----------------------------------------------------------------------------------

    def advance(self) -> None:
        """Carry all requests that came until now, with what held until now."""
        until_us = self._world.engine.now_ms * 1000
        while self._now_us < until_us:
            ends = [server.stray_until_us or 0 for server in self._straying]
            minute_us = (self._now_us // _MINUTE_US + 1) * _MINUTE_US
            end_us = min([until_us, self._settled_us + _SLICE_US, minute_us, *ends])
            if self.stopped_ms is None and self._arrivals.next_us < end_us:
                self.refresh_if_dirty()
                self._carry(end_us)
            self._now_us = end_us
            if end_us == minute_us:
                self.note_minute()
            for server in [each for each in self._straying if (each.stray_until_us or 0) <= end_us]:
                self.end_straying(server)
            if end_us >= self._settled_us + _SLICE_US:
                self.settle()
        for server in [each for each in self._doomed if each.doomed]:
            # A time-out is told with the phase that the task was in: before anything changes.
            self._enter(server)

    def note_minute(self) -> None:
        """A minute is over, or the load: programs that grow with requests have taken so many."""
        for server in self.servers.values():
            server.note_requests(self._now_us // 1000)

    def settle(self) -> None:
        """Enter into the books what has been answered by now."""
        over = []
        for target, server in self.servers.items():
            if server.in_hand:
                self._enter(server)
            elif server.ended:
                over.append(target)
        for target in over:
            server = self.servers.pop(target)
            server.book_cpu()
        self._doomed = {server: None for server in self._doomed if server.doomed}
        self._settled_us = self._now_us
        self.ledger.fold(self._now_us)

    def refresh_if_dirty(self) -> None:
        """See which targets get new requests: healthy ones, all registered ones when none is; and strays."""
        if not self.dirty:
            return
        self.dirty = False
        group = self.demand.target_group
        facts = self._world.surroundings.target_group(group)
        self._rotation = []
        if facts is None or not facts.attached:
            self._refused = "no_listener"
            return
        self._refused, self._idle_s = "no_targets", facts.idle_timeout_s
        shown = self._world.balancing.shown(group)
        only_healthy = any(target.state == HEALTHY for target in shown)
        path = self.demand.path.split("?")[0]
        for target in shown:
            server = self.servers.get(target)
            if target.state == HEALTHY or (target.in_use and not only_healthy):
                if server is None:
                    server = self.servers[target] = Server(target)
            elif server is None or server.stray_until_us is None:
                continue
            server.refresh(path, self._world.programs)
            self._keep_alive(server)
            self._rotation.append(server)
        self._counts = facts.algorithm == LEAST_OUTSTANDING
        hindered = any(server.hindrance is not None for server in self._rotation)
        self._network = (
            self._world.seeds.stream(f"traffic:{self.number}:network").random if hindered else None
        )
        self._racing = any(server.connections is not None for server in self._rotation)
        self._choice = self._router.choice(self._rotation, facts, self._now_us)

    def _keep_alive(self, server: Server) -> None:
        """A program that closes idle connections before the load balancer would may lose a request with one."""
        app = server.app
        if app is None or app.keep_alive_s >= self._idle_s:
            server.connections = None
        elif server.connections is None:
            server.connections = IdleConnections(int(app.keep_alive_s * SECOND_US), self._races)

    @property
    def _patience(self) -> tuple[int, str]:
        """How long a request is waited for, in microseconds, and the kind of failure of one that takes longer."""
        return min((self.demand.client_timeout_ms * 1000, "client"), (self._idle_s * SECOND_US, "idle"))

    def _begin_notes(self) -> bool:
        """Whether servers must be told of each request, because outstanding requests are counted or idle connections matter."""
        if not (self._counts or self._racing):
            return False
        for server in self._rotation:
            self._enter(server)
            server.count_outstanding(wanted=self._counts)
        return True

    def _carry(self, until_us: int) -> None:
        """The requests up to a moment, during which nothing changes."""
        arrivals, rotation, at_us = self._arrivals, self._rotation, self._arrivals.next_us
        if at_us >= until_us:
            return
        demand, ledger, doomed = self.demand, self.ledger, self._doomed
        share, long_us = demand.long_share, demand.long_ms * 1000
        patience_us, too_late = self._patience
        draw_wait, draw_long, go_on, log = self._waits.random, self._longs.random, arrivals.go_on, math.log
        network, strays = self._network, [(server, server.sent) for server in self._straying]
        choice, racing, noted = self._choice, self._racing, self._begin_notes()
        turn, number, width = self._router.turn, self.sent, len(rotation)
        bucket, bucket_end_us = ledger.second(at_us), (at_us // SECOND_US + 1) * SECOND_US
        while at_us < until_us:
            if at_us >= bucket_end_us:
                bucket, bucket_end_us = ledger.second(at_us), (at_us // SECOND_US + 1) * SECOND_US
            number += 1
            bucket.sent += 1
            factor = _WAIT_FLOOR - (1 - _WAIT_FLOOR) * log(1.0 - draw_wait())
            is_long = share > 0 and draw_long() < share
            if width:
                if choice is None:
                    server = rotation[turn % width]
                    turn += 1
                else:
                    server = choice(at_us)
                server.sent += 1
                if server.refusal or at_us < server.ready_us:
                    self._turn_away(server, server.refusal or server.booting_kind(), at_us, number)
                elif racing and server.connections is not None and server.connections.loses(at_us):
                    self._turn_away(server, "keep_alive", at_us, number)
                else:
                    wait_us = long_us if is_long else int(server.wait_us * factor) + server.lag_us
                    if network is not None and server.hindrance is not None:
                        end_us, kind = server.hindrance.take(at_us, wait_us, network, number)
                    else:
                        end_us, kind = server.take(at_us, wait_us), server.fault
                    if end_us - at_us > patience_us:
                        end_us, kind = at_us + patience_us, too_late
                    if kind:
                        server.doomed += 1
                        doomed[server] = None
                    server.in_hand.append((end_us, at_us, number, kind))
                    if noted:
                        server.note(end_us, kept=kind != too_late)
            else:
                ledger.failed(Failure(at_us, number, at_us, self._refused, "", None, None))
            at_us = go_on()
        self.sent = number
        if choice is None:
            self._router.turn = turn
        for server, before in strays:
            self.shutdown(server).stray += server.sent - before

    # -- the books -----------------------------------------------------------------------------

    def _enter(self, server: Server) -> None:
        """Book the server's requests that are over by now."""
        now_us, left, answered = self._now_us, [], []
        for request in server.in_hand:
            finish_us, arrived_us, number, kind = request
            if finish_us > now_us:
                left.append(request)
            elif not kind:
                answered.append(request)
            else:
                server.doomed -= 1
                self._fail(server, kind, finish_us, number, arrived_us)
        server.in_hand = left
        server.ok += len(answered)
        self.ledger.answered(answered)

    def _turn_away(self, server: Server, kind: str, at_us: int, number: int) -> None:
        """A request that the program never works on."""
        server.turned_away += 1
        if kind == UNANSWERED:
            self._wait_in_vain(server, at_us, number)
        else:
            self._fail(server, kind, at_us, number, at_us)

    def _wait_in_vain(self, server: Server, at_us: int, number: int) -> None:
        """The load balancer's attempt to connect is not answered, until it or the client gives up. [A] Each request is such an attempt."""
        waited_us, kind = min((_CONNECT_US, UNANSWERED), (self.demand.client_timeout_ms * 1000, "client"))
        server.in_hand.append((at_us + waited_us, at_us, number, kind))
        server.doomed += 1
        self._doomed[server] = None
        server.note(at_us + waited_us, kept=False)

    def resume(self, server: Server) -> None:
        """What hinders a server has changed: what it has in hand and has not come to goes on as things are now."""
        self.refresh_if_dirty()
        server.refresh(self.demand.path.split("?")[0], self._world.programs)
        self._enter(server)
        ahead = server.go_back(self._now_us)
        patience_us, too_late = self._patience
        answers: dict[int, tuple[int, str]] = {}
        network = self._network
        for each in ahead:
            if network is not None and server.hindrance is not None:
                end_us, kind = server.hindrance.take(
                    self._now_us, each.wait_us, network, each.number, each.arrived_us
                )
            else:
                end_us, kind = server.take(self._now_us, each.wait_us), server.fault
            if end_us - each.arrived_us > patience_us:
                end_us, kind = each.arrived_us + patience_us, too_late
            answers[each.number] = end_us, kind
        for index, (_, arrived_us, number, _) in enumerate(server.in_hand):
            if number in answers:
                end_us, kind = answers[number]
                server.in_hand[index] = end_us, arrived_us, number, kind
        self._count_doomed(server)

    def _count_doomed(self, server: Server) -> None:
        server.doomed = sum(bool(kind) for _, _, _, kind in server.in_hand)
        if server.doomed:
            self._doomed[server] = None

    def strand(self, server: Server) -> None:
        """Nothing comes back from a target any more: what it has in hand is waited for until the load balancer or the client gives up."""
        self._enter(server)
        patience_us, kind = min(
            (self._idle_s * SECOND_US, "silent"), (self.demand.client_timeout_ms * 1000, "client")
        )
        server.in_hand = [
            (max(arrived_us + patience_us, self._now_us + 1), arrived_us, number, kind)
            for _, arrived_us, number, _ in server.in_hand
        ]
        server.held = []
        self._count_doomed(server)

    def _fail(self, server: Server, kind: str, at_us: int, number: int, arrived_us: int) -> None:
        if kind == "client":
            detail = f"{self.demand.client_timeout_ms / 1000:g}"
        elif kind == "idle":
            detail = f"{(at_us - arrived_us) / SECOND_US:g}"
        else:
            detail = server.detail(kind)
        self._book(server, (kind, detail), at_us, number, arrived_us)

    def _book(self, server: Server, cause: tuple[str, str], at_us: int, number: int, arrived_us: int) -> None:
        task, (kind, detail) = server.target.task, cause
        server.failed += 1
        if CAUSES[kind].with_the_end:
            self.shutdown(server).lost[cause] += 1
        self.ledger.failed(
            Failure(at_us, number, arrived_us, kind, detail, task.task_id, server.phase(at_us))
        )

    def cut(self, server: Server, kind: str, detail: str) -> None:
        """Everything that the server has in hand fails now."""
        self._enter(server)
        spared: list[InHand] = []
        if server.refusal == UNANSWERED and kind != "delay":
            # Nobody hears of the end of a process from which nothing comes back.
            spared = [request for request in server.in_hand if request[3]]
        requests = [request for request in server.in_hand if request not in spared]
        server.in_hand, server.doomed = spared, len(spared)
        for _, arrived_us, number, _ in requests:
            self._book(server, (kind, detail), self._now_us, number, arrived_us)

    def in_flight(self, server: Server) -> int:
        """How many requests the server has in hand now."""
        self._enter(server)
        return len(server.in_hand)

    # -- the ends of tasks -----------------------------------------------------------------------

    def shutdown(self, server: Server) -> Shutdown:
        """The record of the end of a server's task."""
        task = server.target.task
        end = self.shutdowns.get(task.task_id)
        if end is None:
            end = self.shutdowns[task.task_id] = Shutdown(task)
            if len(self.shutdowns) > _SHUTDOWNS_KEPT:
                del self.shutdowns[next(iter(self.shutdowns))]
        return end

    def deregistered(self, server: Server, facts: TargetGroupFacts | None) -> None:
        """The target begins to drain; requests may stray to it for a moment longer."""
        end = self.shutdown(server)
        end.deregistered_ms = self._world.engine.now_ms
        end.delay_s = facts.deregistration_delay_s if facts else 0
        end.in_flight_at_deregistration = self.in_flight(server)
        stray_us = self._strays.randint(0, _STRAY_US)
        if server in self._rotation:
            server.stray_until_us = self._now_us + min(stray_us, end.delay_s * SECOND_US)
            self._straying.append(server)

    def end_straying(self, server: Server) -> None:
        """Every node of the load balancer knows by now that the target is gone."""
        if server in self._straying:
            self._straying.remove(server)
            server.stray_until_us, self.dirty = None, True
