"""Scenarios with a queue and its workers, and numbers about them."""

from __future__ import annotations

from dataclasses import replace

from support.worlds import Account, Scenario

from fargate_sim.model.queues.ledger import Ledger
from fargate_sim.model.queues.message import Delivery, Message
from fargate_sim.model.queues.queue import Queue
from fargate_sim.model.surroundings import QueueFacts
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec
from fargate_sim.model.traffic.demand import Demand

ORDERS = "orders"
CHARGER = "public.ecr.aws/fargate-lab/charger"


class Worked(Scenario):
    """A world with the queue ``orders`` and, if wanted, a service whose tasks work on it."""

    def __init__(self, seed: int = 1, account: Account | None = None, **settings: object) -> None:
        super().__init__(seed, account=account)
        facts = QueueFacts(ORDERS, "arn:aws:sqs:us-east-1:123456789012:orders")
        self.account.sqs[ORDERS] = replace(facts, **settings)  # type: ignore[arg-type]

    @property
    def queue(self) -> Queue:
        return self.world.queues.queue(ORDERS)

    @property
    def books(self) -> Ledger:
        return self.world.queues.ledger(ORDERS)

    def worker(self, tag: str = "1.0", *, stop_timeout_s: int = 30, **changes: object) -> ContainerSpec:
        spec = ContainerSpec(
            "charger",
            f"{CHARGER}:{tag}",
            environment={"QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"},
            logs=AwsLogs("/ecs/web", "charger"),
            stop_timeout_s=stop_timeout_s,
        )
        return replace(spec, **changes)  # type: ignore[arg-type]

    def work(self, tag: str = "1.0", *, desired: int = 4, stop_timeout_s: int = 30) -> None:
        """The service ``web`` with workers, settled."""
        self.service(self.definition(self.worker(tag, stop_timeout_s=stop_timeout_s)), desired)
        self.settle()

    def order(self, rps: float = 2.0, **changes: object) -> None:
        self.world.queues.start(Demand(ORDERS, rps, **changes))  # type: ignore[arg-type]

    def put(self, order: str, delay_s: int = 0) -> Message:
        now_ms = self.engine.now_ms
        message = Message(f"id-{self.queue.sent}", f'{{"order": "{order}"}}', now_ms, now_ms)
        self.queue.send(message, delay_s)
        return message

    def take(self, count: int = 10) -> list[Delivery]:
        return self.queue.receive(count)

    def tasks(self) -> list[Task]:
        return [task for task in self.world.tasks.values() if task.running]

    def lines(self, containing: str) -> list[str]:
        return [line.message for line in self.world.logs.undelivered if containing in line.message]
