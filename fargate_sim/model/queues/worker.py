"""A container that works on the messages of a queue.

[A] Work takes its time whatever the CPU: the program waits for others (a payment provider). Its CPU is booked when a message is done. A
program that hears its stop signal asks for no more, gives back what it has not begun, and finishes what it has begun.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.model.disturbances.asking import ask
from fargate_sim.model.disturbances.sources import peer
from fargate_sim.model.logs import stream_name
from fargate_sim.model.pid1 import SIGKILL_EXIT
from fargate_sim.model.queues.message import KEPT_MINUTES, Delivery

if TYPE_CHECKING:
    from fargate_sim.kernel.engine import Happening
    from fargate_sim.model.disturbances.interference import Interference
    from fargate_sim.model.queue_work import QueueWork
    from fargate_sim.model.queues.queue import Queue
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.world import World

_SPREAD = 0.25
_QUEUE_PORT = 443
"""On which SQS answers."""
_LOOK_UP_MS = 40
"""How long an idempotent program takes for an order that the table has already. [A]"""
VCPU_UNITS = 1024
_MINUTE_MS = 60_000


class Job:
    """A message that is being worked on."""

    __slots__ = ("charged", "delivery", "due", "ends_ms")

    def __init__(self, delivery: Delivery, ends_ms: int) -> None:
        self.delivery = delivery
        self.ends_ms = ends_ms
        self.charged = False
        self.due: list[Happening] = []


class Worker:
    """One container's process, from the moment at which it begins to ask for messages."""

    def __init__(self, world: World, task: Task, container: Container, work: QueueWork, queue: Queue) -> None:
        self._world = world
        self._engine = world.engine
        self.task = task
        self.container = container
        self.work = work
        self.queue = queue
        self.ledger = world.queues.ledger(queue.name)
        self.processed = 0
        self.stopping = False
        self.ended = False
        self._booted = self._polling = False
        self._waiting: deque[Delivery] = deque()
        self._jobs: dict[Job, None] = {}
        self._beat: Happening | None = None

    @property
    def batch(self) -> int:
        """The most messages that it takes at a time."""
        return self.work.batch

    @property
    def holding(self) -> int:
        """Messages that it has in hand, begun or not."""
        return len(self._waiting) + len(self._jobs)

    @property
    def _silent(self) -> bool:
        """Whether nothing comes back from the queue: the network of the task is disturbed."""
        interference = self.task.interference
        return interference is not None and (interference.cut_off or interference.drops_to(_QUEUE_PORT))

    def look_again(self) -> None:
        """What disturbs the task is another thing now."""
        if self._silent:
            self.queue.leave(self)
            self._polling = False
        elif self._booted:
            self._go_on()

    # -- messages --------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for messages, if it has a use for them."""
        self._booted = True
        idle = not self._waiting and len(self._jobs) < self.work.workers and not self._silent
        if idle and not (self._polling or self.stopping or self.ended):
            self._polling = True
            self.queue.poll(self)

    def take(self, deliveries: list[Delivery]) -> None:
        """Messages have come."""
        self._polling = False
        for delivery in deliveries:
            if self.work.deletes == "first" and self.queue.delete(delivery):
                self.ledger.gone(delivery.message.order)
            self._waiting.append(delivery)
        self._arm_beat()
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and len(self._jobs) < self.work.workers and not self.stopping:
            self._begin(self._waiting.popleft())
        self.ask()

    def _begin(self, delivery: Delivery) -> None:
        work, now_ms = self.work, self._engine.now_ms
        spread = 1 - _SPREAD + 2 * _SPREAD * self._world.seeds.stream("queue work").random()
        order = delivery.message.order
        known = work.idempotent and self.ledger.knows(order)
        lasts_ms = max(1, int((_LOOK_UP_MS if known else self._base_ms(order)) * spread))
        hindered = self.task.interference
        gives_up_ms = None
        if hindered is not None and not known:
            lasts_ms, gives_up_ms = self._hindered_ms(hindered, lasts_ms)
        job = Job(delivery, now_ms + lasts_ms)
        self._jobs[job] = None
        cause = self.task.cause
        if gives_up_ms is not None:
            job.ends_ms = now_ms + gives_up_ms
            job.due = [self._engine.at(job.ends_ms, partial(self._give_up, job), cause=cause, quiet=True)]
            return
        job.due = [
            self._engine.at(at_ms, partial(happens, job), cause=cause, quiet=True)
            for at_ms, happens in (
                (now_ms + int(lasts_ms * work.effect_at), self._charge),
                (job.ends_ms, self._finish),
            )
        ]

    def _base_ms(self, order: str) -> int:
        """How long an order takes, give or take; the same one takes long each time."""
        work = self.work
        if work.slow_share and zlib.crc32(order.encode()) % 10_000 < work.slow_share * 10_000:
            return work.slow_ms
        return work.work_ms

    def _hindered_ms(self, interference: Interference, lasts_ms: int) -> tuple[int, int | None]:
        """How long a message takes where something hinders the task, and when the program gives it up, if it does."""
        share = self.task.task_definition.cpu_units / VCPU_UNITS
        lasts_ms += int(self.work.cpu_ms / share * (1 / interference.speed - 1))
        app = self.container.run.app if self.container.run else None
        random = self._world.seeds.stream("disturbances:work").random
        for dependency in app.depends_on if app is not None else ():
            leg = interference.outbound(peer(dependency.host), dependency.port)
            if leg is None:
                continue
            tried = ask(dependency, leg, int(self.work.work_ms * 1000 * dependency.wait_share), random)
            self._world.programs.asked(self.task, self.container, dependency, int(not tried.good))
            if not tried.good:
                return lasts_ms, max(1, tried.took_us // 1000)
            lasts_ms += tried.took_us // 1000
        return lasts_ms, None

    def _give_up(self, job: Job) -> None:
        """The program lets a message go: undeleted, it can be received again when its visibility time-out is over."""
        for happening in job.due:
            self._engine.cancel(happening)
        del self._jobs[job]
        if self.work.deletes == "first":
            self._lose([job.delivery])
        self._go_on()

    def _charge(self, job: Job) -> None:
        if self.task.interference is not None and self.task.interference.cut_off:
            self._give_up(job)  # the charge does not get out
            return
        message = job.delivery.message
        if self.work.idempotent and self.ledger.knows(message.order):
            self.ledger.skipped += 1
            self._say(self.work.skipped_line, message.order)
            return
        job.charged = True
        self._world.queues.charge(self, message)
        self._say(self.work.done_line, message.order)

    def _finish(self, job: Job) -> None:
        del self._jobs[job]
        message = job.delivery.message
        if self.work.deletes == "last" and not self._silent and self.queue.delete(job.delivery):
            self.ledger.gone(message.order)
        self.processed += 1
        self.ledger.done(message.sent_ms, self.queue.minute(), self._engine.now_ms)
        self._book_cpu()
        self._go_on()

    def _book_cpu(self) -> None:
        busy, minute = self.task.busy_us, self._engine.now_ms // _MINUTE_MS
        self.task.forget_busy_before(minute - KEPT_MINUTES)
        share = self.task.task_definition.cpu_units / VCPU_UNITS
        busy[minute] = busy.get(minute, 0) + int(self.work.cpu_ms * 1000 / share)

    def _say(self, line: str, order: str) -> None:
        logs = self.container.spec.logs
        if logs is not None:
            stream = stream_name(logs, self.container, self.task)
            self._world.logs.write(logs.group, stream, self._engine.now_ms, line.format(order=order))

    # -- heartbeat -------------------------------------------------------------------------------

    def _arm_beat(self) -> None:
        """Renew the visibility time-out of what it has in hand from time to time, while it has something."""
        if self.work.heartbeat_s is not None and (self._beat is None or not self._beat.pending):
            self._beat = self._engine.after(
                self.work.heartbeat_s * 1000, self._renew, cause=self.task.cause, quiet=True
            )

    def _renew(self) -> None:
        facts = self.queue.facts
        in_hand = [*(job.delivery for job in self._jobs), *self._waiting]
        if facts is None or not in_hand:
            return
        for delivery in in_hand if not self._silent else ():
            self.queue.change_visibility(delivery, facts.visibility_s)
        self._arm_beat()

    # -- the end ---------------------------------------------------------------------------------

    def stop(self) -> int:
        """It has heard its stop signal. Milliseconds until it has finished what it has begun."""
        self.stopping = True
        self.queue.leave(self)
        if self.work.deletes == "first":  # there is nothing left to give back
            self._lose(self._waiting)
            self._waiting.clear()
        while self._waiting:
            self.queue.change_visibility(self._waiting.popleft(), 0)
        return max((job.ends_ms for job in self._jobs), default=self._engine.now_ms) - self._engine.now_ms

    def end(self, exit_code: int) -> tuple[int, int]:
        """Its process ends. (Messages that it had in hand, those of them that were charged and not deleted.)"""
        self.ended = True
        self.queue.leave(self)
        self._engine.cancel(self._beat)
        kind = self._kind_of_end(exit_code)
        in_hand, charged = self.holding, 0
        for job in self._jobs:
            for happening in job.due:
                self._engine.cancel(happening)
            if job.charged:
                charged += self.work.deletes == "last"
                self.ledger.ended(job.delivery.message.order, self.task.task_id, kind)
        if self.work.deletes == "first":
            self._lose([*self._waiting, *(job.delivery for job in self._jobs if not job.charged)])
        self._jobs.clear()
        self._waiting.clear()
        return in_hand, charged

    def _lose(self, deliveries: Iterable[Delivery]) -> None:
        """Messages that are deleted and that nobody will work on."""
        self.ledger.lost += sum(not self.ledger.is_charged(each.message.order) for each in deliveries)

    def _kind_of_end(self, exit_code: int) -> str:
        stop = self.container.run.stop if self.container.run else None
        if self.container.signalled_ms is None or stop is None:
            return "crashed"
        if exit_code == SIGKILL_EXIT:
            return "slow" if stop.graceful else "deaf"
        return "exit"
