"""What is paid for in a world, and since when: tasks by their size, and what costs by the hour whatever it does.

A Fargate task is charged from the start of its image pull until it has stopped, by the started second and for a minute at least; a task
that never came to pull costs nothing. Source: aws.amazon.com/fargate/pricing. That it is charged until STOPPED, its deprovisioning
included, is [A]: the page says "terminates". Public addresses, load balancers, NAT gateways and endpoints are charged by the second here:
AWS rounds all but the addresses up to hours, which would hide what a lab of ten minutes costs.

Meters only turn at occasions; what they show is worked out when somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model.cost.kinds import HOURLY, ON_DEMAND, SPOT
from fargate_sim.model.cost.meter import Meter

if TYPE_CHECKING:
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

MINIMUM_S = 60
FREE_STORAGE_GIB = 20
"""Ephemeral storage that every task has without charge. Source: aws.amazon.com/fargate/pricing."""
SPOT_PROVIDER = "FARGATE_SPOT"


class Owner(NamedTuple):
    """Who causes a cost: a service, or the family of standalone tasks."""

    cluster: str
    service: str | None
    family: str | None


class Size(NamedTuple):
    """What an hour of a task is made of. ``storage_gib`` is what is charged, beyond the free part."""

    kind: str
    architecture: str
    cpu_units: int
    memory_mib: int
    storage_gib: int


class Account:
    """The tasks of one owner and one size. ``leaving`` and ``never_ran`` are parts of ``whole``, and have nothing in common."""

    def __init__(self) -> None:
        self.whole = Meter(MINIMUM_S)
        self.leaving = Meter()
        """From the moment a task that ran was told to stop."""
        self.never_ran = Meter(MINIMUM_S)
        """Tasks that pulled and stopped without ever having been RUNNING."""


class Costs:
    """The meters of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._looked = False
        self.accounts: dict[tuple[Owner, Size], Account] = {}
        self.addresses: dict[Owner, Meter] = {}
        """Public addresses of tasks."""
        self.things: dict[str, Meter] = {kind: Meter() for kind in HOURLY}
        """Load balancers and the like, which belong to no service. Their public addresses are among them."""

    # -- occasions ---------------------------------------------------------------------------------

    def addressed(self, task: Task) -> None:
        """A task has got its network interface."""
        if task.interface is not None and task.interface.public_ip is not None:
            meter = self.addresses.setdefault(_owner(task), Meter())
            meter.begin(task.task_id, self._world.engine.now_ms)

    def pulling(self, task: Task) -> None:
        """A task begins to pull its images: from here on it costs."""
        self._account(task).whole.begin(task.task_id, self._world.engine.now_ms)

    def leaving(self, task: Task) -> None:
        """A task is told to stop."""
        if task.started_ms is not None:
            self._account(task).leaving.begin(task.task_id, self._world.engine.now_ms)

    def stopped(self, task: Task) -> None:
        """A task is gone."""
        now_ms = self._world.engine.now_ms
        if task.pull_started_ms is not None:
            account = self._account(task)
            account.whole.end(task.task_id, now_ms)
            account.leaving.end(task.task_id, now_ms)
            if task.started_ms is None:
                account.never_ran.add(task.pull_started_ms, now_ms)
        if (meter := self.addresses.get(_owner(task))) is not None:
            meter.end(task.task_id, now_ms)

    def look(self) -> None:
        """See what the account has now that costs by the hour. What the first look finds has stood since the world's start."""
        engine = self._world.engine
        at_ms = engine.now_ms if self._looked else engine.start_ms
        self._looked = True
        standing: dict[str, set[str]] = {kind: set() for kind in HOURLY}
        for thing in self._world.surroundings.billables():
            standing[thing.kind].add(thing.name)
        for kind, meter in self.things.items():
            for name in sorted(meter.running - standing[kind]):
                meter.end(name, at_ms)
            for name in sorted(standing[kind] - meter.running):
                meter.begin(name, at_ms)

    def look_once(self) -> None:
        """Look, unless that has been done: before the first change, and before the first report."""
        if not self._looked:
            self.look()

    def _account(self, task: Task) -> Account:
        definition = task.task_definition
        size = Size(
            SPOT if task.capacity_provider == SPOT_PROVIDER else ON_DEMAND,
            definition.architecture,
            definition.cpu_units,
            definition.memory_mib,
            max(0, definition.ephemeral_storage_gib - FREE_STORAGE_GIB),
        )
        key = _owner(task), size
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account()
        return account


def _owner(task: Task) -> Owner:
    if task.service is not None:
        return Owner(task.cluster, task.service.name, None)
    return Owner(task.cluster, None, task.task_definition.family)
