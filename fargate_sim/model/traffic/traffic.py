"""The traffic of a world: at most one load at a time, and the moments at which the rest of the model must speak to it.

The rule for callers: ``catch_up`` (or one of the calls named after an occasion, which do it, too) before state changes that a request could
feel. Between two such calls nothing changes, so all requests of that time are carried at once, whenever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fargate_sim.model.pid1 import SIGKILL_EXIT
from fargate_sim.model.spot import BUDGET_MS
from fargate_sim.model.stop_reasons import OUT_OF_MEMORY
from fargate_sim.model.target_health import UNUSED as TARGET_UNUSED
from fargate_sim.model.traffic.causes import CAUSES
from fargate_sim.model.traffic.demand import Demand
from fargate_sim.model.traffic.ledger import MINUTES_KEPT, Bucket
from fargate_sim.model.traffic.run import Run
from fargate_sim.model.traffic.server import Server

if TYPE_CHECKING:
    from fargate_sim.model.target_health import Target
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World


class Traffic:
    """Starts and stops loads; passes on what happens to tasks and targets."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = 0
        self._past: dict[str, dict[int, Bucket]] = {}
        self.run: Run | None = None
        """The load that runs, or the last one."""

    # -- commands --------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether requests are coming."""
        return self.run is not None and self.run.stopped_ms is None

    @property
    def peak_rps(self) -> float:
        """The highest rate of the load that runs; 0 without one."""
        return self.run.demand.peak_rps if self.run is not None and self.running else 0.0

    def peak_towards(self, task: Task) -> float:
        """The highest rate at which the load that runs can come to a task."""
        run = self.run
        if run is None or not self.running:
            return 0.0
        group = run.demand.target_group
        reached = any(each.group == group and each.state != TARGET_UNUSED for each in task.targets)
        return self.peak_rps if reached else 0.0

    def start(self, demand: Demand) -> None:
        """Begin a load. ValueError when one runs already, or when there is no such target group."""
        if self.running:
            raise ValueError("traffic is running already; stop it first")
        if self._world.surroundings.target_group(demand.target_group) is None:
            raise ValueError(f"there is no target group {demand.target_group}")
        self._put_by()
        self._world.metrics.hosts.look(demand.target_group)
        self._count += 1
        self.run = Run(self._world, demand, self._count)
        self._world.journal.record(
            "traffic.started",
            {
                "target_group": demand.target_group,
                "rps": demand.rps,
                "pattern": demand.pattern,
                "path": demand.path,
                "long_share": demand.long_share,
                "long_ms": demand.long_ms,
                "client_timeout_ms": demand.client_timeout_ms,
            },
        )
        self._world.memory.load_changed(demand.target_group)
        self._world.programs.load_started()

    def stop(self) -> None:
        """End the load: no new requests; those in flight go on. ValueError when none runs."""
        run = self.run
        if run is None or run.stopped_ms is not None:
            raise ValueError("no traffic is running")
        self.catch_up()
        run.settle()
        self._book_calls(run.servers.values())
        run.stopped_ms = self._world.engine.now_ms
        total = run.ledger.total
        self._world.journal.record(
            "traffic.stopped",
            {
                "target_group": run.demand.target_group,
                "sent": run.sent,
                "ok": total.ok,
                "failed": total.failed,
                "in_flight": run.sent - total.ok - total.failed,
            },
        )

    # -- the books of all loads ------------------------------------------------------------------

    def _put_by(self) -> None:
        """Keep the minutes of the load that ran last, by target group, for the metrics."""
        now = self._world.engine.now_ms // 60_000
        run = self.run
        self._world.samples.load_ends()
        if run is not None:
            self.catch_up()
            run.settle()
            self._drop_queues(run)
            run.note_minute()
            kept = self._past.setdefault(run.demand.target_group, {})
            for minute, bucket in run.ledger.parts(0, now + 1):
                kept.setdefault(minute, Bucket()).add(bucket)
        for minutes in self._past.values():
            for minute in [each for each in minutes if each < now - MINUTES_KEPT]:
                del minutes[minute]

    def _drop_queues(self, run: Run) -> None:
        """[A] A load begins with idle workers, so what the last one left in their queues is dropped. Its CPU must not stay in the books, or
        that of the next would be added to it.
        """
        for server in run.servers.values():
            server.end_cpu(self._world.engine.now_ms * 1000)

    def settle(self) -> None:
        """Bring all books up to now, for a reader."""
        if self.run is not None:
            self.catch_up()
            self.run.settle()
            for server in self.run.servers.values():
                server.book_cpu()

    def groups(self) -> list[str]:
        """The target groups that had a load, as far as it is remembered."""
        return list(dict.fromkeys([*self._past, *([self.run.demand.target_group] if self.run else ())]))

    def parts(self, group: str, first: int, after: int) -> Iterator[tuple[int, Bucket]]:
        """What happened at a target group in the minutes (since the epoch) from ``first`` to before ``after``: buckets with
        their minute, several for one. ``settle`` first."""
        for minute, bucket in self._past.get(group, {}).items():
            if first <= minute < after:
                yield minute, bucket
        if self.run is not None and self.run.demand.target_group == group:
            yield from self.run.ledger.parts(first, after)

    # -- occasions -------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Carry every request up to now; targets, containers and settings are looked at anew afterwards."""
        if self.run is not None:
            self.run.advance()
            self.run.dirty = True

    def step(self) -> None:
        """The same for a task that moves on: nothing that decides where requests go is about to change."""
        if self.run is not None:
            self.run.advance()

    def count(self, task: Task) -> None:
        """Enter into the books of the task's processes which requests they have taken by now."""
        self.step()
        for server in self._servers(task):
            server.count()

    def account_changed(self) -> None:
        """Policies or routes may have changed: what programs need for a request may be there or gone. ``catch_up`` came before."""
        if self.run is not None:
            self._look_again(self.run.servers.values())
            self.run.dirty = True

    def book_calls(self) -> None:
        """Write down what programs have called for requests, and look anew whether they may: policies can depend on the time."""
        if self.run is not None:
            self.catch_up()
            self._look_again([server for server in self.run.servers.values() if server.calls])
            if self.running:
                self.run.refresh_if_dirty()

    def _book_calls(self, servers: Iterable[Server]) -> None:
        for server in servers:
            server.book_calls(self._world.programs)

    def disturbing(self, tasks: Iterable[Task]) -> None:
        """What disturbs these tasks from outside is about to change."""
        self.catch_up()
        for task in tasks:
            self._look_again(self._servers(task))

    def disturbed(self, tasks: Iterable[Task]) -> None:
        """It has changed. ``disturbing`` came before."""
        for task in tasks:
            for server in self._servers(task):
                if self.run is not None and server.held:
                    self.run.resume(server)

    def stranded(self, task: Task) -> None:
        """The task's network has just been cut off. ``disturbing`` came before."""
        for server in self._servers(task):
            if self.run is not None:
                self.run.strand(server)

    def backlog_us(self, task: Task, port: int) -> int:
        """For how long the CPU of what serves a port has work already, in microseconds."""
        self.step()
        now_us = self._world.engine.now_ms * 1000
        found = (each.backlog_us(now_us) for each in self._servers(task) if each.target.port == port)
        return max(found, default=0)

    def starting(self, task: Task) -> None:
        """A container of the task is about to start."""
        self.catch_up()
        self._look_again(self._servers(task))

    def _look_again(self, servers: Iterable[Server]) -> None:
        """What the containers of these servers do may be something else from now on."""
        for server in servers:
            server.book_calls(self._world.programs)
            server.stale = True

    def _servers(self, task: Task) -> list[Server]:
        if self.run is None:
            return []
        return [self.run.servers[target] for target in task.targets if target in self.run.servers]

    def stopping(self, task: Task) -> None:
        """The task is about to be told to end."""
        self.step()
        for server in self._servers(task):
            if self.run is not None:
                self.run.shutdown(server).stop_requested_ms = self._world.engine.now_ms

    def deregistering(self, target: Target) -> None:
        """The target is about to drain."""
        self.catch_up()
        run = self.run
        if run is not None:
            run.refresh_if_dirty()
            if target in run.servers:
                run.deregistered(run.servers[target], self._world.surroundings.target_group(target.group))
            run.dirty = True

    def delay_over(self, target: Target) -> None:
        """The target's deregistration delay has elapsed: the load balancer cuts off what is left."""
        self.catch_up()
        run = self.run
        if run is None:
            return
        known = run.shutdowns.get(target.task.task_id)
        if known is not None:  # also of a process that is long gone, with nothing left to cut off
            known.unused_ms = self._world.engine.now_ms
        if target in run.servers:
            server = run.servers[target]
            end = run.shutdown(server)
            end.unused_ms = self._world.engine.now_ms
            run.end_straying(server)
            run.cut(server, "delay", str(end.delay_s))

    def signalled(self, task: Task, container: Container) -> int:
        """The container is about to get its stop signal. Milliseconds until its program has done what it has in hand."""
        self.catch_up()
        self._look_again(self._servers(task))
        busy_us = 0
        now_ms = self._world.engine.now_ms
        for server in self._servers(task):
            if self.run is not None and server.container is container:
                end = self.run.shutdown(server)
                end.signal_ms = now_ms
                end.in_flight_at_signal = self.run.in_flight(server)
                busy_us = max(busy_us, server.busy_until_us() - now_ms * 1000)
        return max(0, -(-busy_us // 1000))

    def exiting(self, task: Task, container: Container, exit_code: int) -> None:
        """The container's process is about to end."""
        self.catch_up()
        self._look_again(self._servers(task))
        for server in self._servers(task):
            run = self.run
            if run is None or server.container is not container:
                continue
            kind, detail, graceful = _end_of(container, exit_code)
            if _reclaimed(task, container, exit_code, self._world.engine.now_ms):
                kind, detail = "spot", str(BUDGET_MS // 1000)
            end = run.shutdown(server)
            end.exited_ms, end.exit_code = self._world.engine.now_ms, exit_code
            end.killed = kind in ("slow", "deaf", "spot")
            run.cut(server, kind, detail)
            server.end_cpu(self._world.engine.now_ms * 1000)
            batch = server.app.write_behind if server.app else 0
            if batch and not graceful:
                end.unsaved += server.ok % batch
                run.unsaved_lost += server.ok % batch

    def stopped(self, task: Task) -> None:
        """The task has stopped: what its end has cost goes into the journal."""
        self.step()
        end = self.run.shutdowns.get(task.task_id) if self.run is not None else None
        if end is None or not (end.lost or end.unsaved):
            return
        data: dict[str, Any] = {"task": task.task_id, "count": sum(end.lost.values()), "unsaved": end.unsaved}
        if end.lost:
            (kind, detail), _ = min(end.lost.items(), key=lambda item: (-item[1], item[0]))
            data |= {"cause": CAUSES[kind].sentence.format(detail=detail), "knob": CAUSES[kind].knob}
        else:
            data |= {
                "cause": UNSAVED,
                "knob": "entryPoint/command (PID 1), the program's handler for the stop signal",
            }
        self._world.journal.record("traffic.lost", data, cause=task.cause)


UNSAVED = (
    "The program ended without writing down what it had accepted: it was not told to stop, or did not listen."
)


def _reclaimed(task: Task, container: Container, exit_code: int, now_ms: int) -> bool:
    """Whether SIGKILL came because Spot took the capacity back, sooner than stopTimeout would have sent it."""
    killed = exit_code == SIGKILL_EXIT and container.reason != OUT_OF_MEMORY
    if task.reclaim_ms is None or container.signalled_ms is None or not killed:
        return False
    return now_ms < container.signalled_ms + container.spec.stop_timeout_s * 1000


def _end_of(container: Container, exit_code: int) -> tuple[str, str, bool]:
    """Kind and detail of what the end of a process means for its requests, and whether it had finished its work."""
    if container.reason == OUT_OF_MEMORY and container.footprint is not None:
        return "oom", str(container.footprint.excess_of_mib), False
    stop = container.run.stop if container.run else None
    if container.signalled_ms is None and container.struck_ms is not None and stop is not None:
        if exit_code == SIGKILL_EXIT:
            return "killed", str(exit_code), False
        return "died", str(exit_code), stop.graceful
    if container.signalled_ms is None or stop is None:
        return "crashed", str(exit_code), False
    if exit_code == SIGKILL_EXIT:
        return ("slow" if stop.graceful else "deaf"), str(container.spec.stop_timeout_s), False
    return "died", str(exit_code), stop.graceful
