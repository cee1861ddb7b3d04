"""The queues of a world: their messages, those who send and those who work, and what came of it.

The messages of standard queues are here; what a queue is (its name, its settings) is the business of the service that owns it, which is
asked for it whenever that matters. FIFO queues are not modelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.model.queues.ledger import CAUSES, Ledger
from fargate_sim.model.queues.message import Message
from fargate_sim.model.queues.producer import Producer
from fargate_sim.model.queues.queue import MINUTE_MS, Queue
from fargate_sim.model.queues.worker import Worker

if TYPE_CHECKING:
    from fargate_sim.model.task import Container, Task
    from fargate_sim.model.traffic.demand import Demand
    from fargate_sim.model.world import World

JOURNALLED_A_MINUTE = 10
"""Duplicates and dead letters of a queue that a minute brings into the journal; the books count all of them."""
_WORKERS_KEPT = 100


class Queues:
    """Finds queues and books; starts and stops producers; passes on what happens to containers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queues: dict[str, Queue] = {}
        self._ledgers: dict[str, Ledger] = {}
        self._producers: dict[str, Producer] = {}
        self._count = 0
        self._workers: dict[str, dict[str, Worker]] = {}
        """By task and container; ended ones are forgotten with time."""
        self._written: dict[tuple[str, str, int], int] = {}

    # -- finding ---------------------------------------------------------------------------------

    def queue(self, name: str) -> Queue:
        """The messages of a queue, by its name; empty before the first."""
        found = self._queues.get(name)
        if found is None:
            found = self._queues[name] = Queue(self._world, name, self._left)
        return found

    def find(self, name: str) -> Queue | None:
        """The same, or None when it was never used."""
        found = self._queues.get(name)
        return found if found is not None and found.used_ms is not None else None

    def ledger(self, name: str) -> Ledger:
        """The books of a queue."""
        return self._ledgers.setdefault(name, Ledger())

    def used(self) -> list[Queue]:
        """The queues that have been used, or that orders are to come to, by name."""
        return [
            queue
            for name, queue in sorted(self._queues.items())
            if queue.used_ms is not None or name in self._producers
        ]

    def producer(self, name: str) -> Producer | None:
        """Who sends orders to the queue, or did so last."""
        return self._producers.get(name)

    def workers(self, name: str) -> list[Worker]:
        """The processes that work on the queue's messages now."""
        return [
            worker
            for workers in self._workers.values()
            for worker in workers.values()
            if worker.queue.name == name and not worker.ended
        ]

    def forget(self, name: str) -> None:
        """The queue is deleted, with all that is in it."""
        self.queue(name).purge()

    def catch_up(self) -> None:
        """Bring all queues up to now, before a setting of one changes: what is looked at late must not see the new one."""
        for queue in self._queues.values():
            queue.look()

    # -- commands --------------------------------------------------------------------------------

    @property
    def peak_rps(self) -> float:
        """The highest rate of all producers that run together."""
        return sum(each.demand.peak_rps for each in self._producers.values() if each.running)

    def start(self, demand: Demand) -> None:
        """Begin to send orders to the queue ``demand.target_group``. ValueError when that cannot be."""
        name = demand.target_group
        facts = self._world.surroundings.queue(name)
        if facts is None:
            raise ValueError(f"there is no queue {name}")
        if facts.fifo:
            raise ValueError(f"{name} is a FIFO queue; orders go to standard queues only")
        before = self._producers.get(name)
        if before is not None and before.running:
            raise ValueError(f"orders are coming to {name} already; stop that first")
        self.queue(name)
        self.ledger(name)
        self._count += 1
        self._producers[name] = Producer(self._world, demand, self._count)
        self._world.journal.record(
            "queue.started", {"queue": name, "rps": demand.rps, "pattern": demand.pattern}
        )

    def stop(self, name: str | None = None) -> None:
        """No more orders to a queue, or to any. ValueError when none are coming."""
        running = [key for key, each in self._producers.items() if each.running and name in (None, key)]
        if not running:
            raise ValueError("no orders are coming" + (f" to {name}" if name else ""))
        for key in running:
            producer = self._producers[key]
            producer.stop()
            visible, in_flight, delayed = self.queue(key).counts()
            books = self.ledger(key)
            data = {"queue": key, "sent": producer.sent, "left": visible + in_flight + delayed}
            data |= {"duplicates": books.duplicates, "lost": books.lost}
            self._world.journal.record("queue.stopped", data)

    # -- occasions -------------------------------------------------------------------------------

    def starting(self, task: Task, container: Container) -> None:
        """The container has started: a queue worker asks for messages once it has booted."""
        app = container.run.app if container.run else None
        if app is None or app.consumes is None:
            return
        name = queue_name(container.environment.get(app.consumes.variable, ""))
        if not name:
            return  # it says so and ends (model/process.py)
        worker = Worker(self._world, task, container, app.consumes, self.queue(name))
        self._workers.setdefault(task.task_id, {})[container.spec.name] = worker
        if len(self._workers) > _WORKERS_KEPT:
            self._forget_ended()
        self._world.engine.after(app.boot_ms, worker.ask, cause=task.cause, quiet=True)

    def _forget_ended(self) -> None:
        for task_id, workers in list(self._workers.items()):
            if all(worker.ended for worker in workers.values()):
                del self._workers[task_id]

    def signalled(self, task: Task, container: Container) -> int:
        """The container gets its stop signal. Milliseconds until its program has finished what it has begun."""
        worker = self._workers.get(task.task_id, {}).get(container.spec.name)
        if worker is None or container.run is None or not container.run.stop.graceful:
            return 0
        return worker.stop()

    def look_again(self, task: Task) -> None:
        """What disturbs the task is another thing now."""
        for worker in self._workers.get(task.task_id, {}).values():
            if not worker.ended:
                worker.look_again()

    def exiting(self, task: Task, container: Container, exit_code: int) -> None:
        """The container's process is about to end."""
        worker = self._workers.get(task.task_id, {}).get(container.spec.name)
        if worker is None or worker.ended:
            return
        in_hand, charged = worker.end(exit_code)
        if in_hand:
            data = {"queue": worker.queue.name, "task": task.task_id, "count": in_hand, "charged": charged}
            self._world.journal.record("queue.cut", data, cause=task.cause)

    def charge(self, worker: Worker, message: Message) -> None:
        """A worker charges an order."""
        queue, task = worker.queue, worker.task
        duplicate = worker.ledger.charge(
            message.order,
            message.message_id,
            task.task_id,
            queue.minute(),
            self._world.engine.now_ms,
            noted=worker.work.idempotent,
        )
        if duplicate is not None and self._may_write("duplicate", queue):
            data = {
                "queue": queue.name,
                "order": duplicate.order,
                "times": duplicate.times,
                "task": duplicate.task,
                "first_task": duplicate.first_task,
                "cause": CAUSES[duplicate.kind].sentence,
                "knob": CAUSES[duplicate.kind].knob,
            }
            self._world.journal.record("queue.duplicate", data, cause=task.cause)

    def dead_lettered(self, queue: Queue, message: Message) -> None:
        """A message has been received too often."""
        self.ledger(queue.name).gone(message.order)
        if self._may_write("dead", queue):
            data = {"queue": queue.name, "order": message.order, "receives": message.receives}
            self._world.journal.record("queue.dead_lettered", data)

    def _left(self, queue: Queue, message: Message, how: str) -> None:
        books = self._ledgers.get(queue.name)
        if books is None:
            return
        books.lost += how != "deleted" and not books.is_charged(message.order)
        books.gone(message.order)

    def _may_write(self, what: str, queue: Queue) -> bool:
        key = (what, queue.name, self._world.engine.now_ms // MINUTE_MS)
        if key not in self._written:
            self._written = {each: count for each, count in self._written.items() if each[2] == key[2]}
        self._written[key] = self._written.get(key, 0) + 1
        return self._written[key] <= JOURNALLED_A_MINUTE


def queue_name(text: str) -> str:
    """A queue's name out of its URL, its ARN or the name itself."""
    return text.rstrip("/").rpartition("/")[2].rpartition(":")[2]
