"""Begins and ends disturbances, and tells those whom they concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from fargate_sim.kernel.seeds import hex_id
from fargate_sim.model import task as states
from fargate_sim.model.disturbances import processes, requirements, subnets
from fargate_sim.model.disturbances.interference import Interference
from fargate_sim.model.disturbances.kinds import NETWORK, SUBNETS, CpuStress, Effect, read
from fargate_sim.model.disturbances.requirements import DisturbanceRefusedError
from fargate_sim.model.disturbances.subnets import Cut

if TYPE_CHECKING:
    from fargate_sim.model.egress import VpcFacts
    from fargate_sim.model.surroundings import SubnetFacts
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

_OVER = (states.DEPROVISIONING, states.STOPPED)
"""A task whose containers have ended has nothing left to disturb."""


@dataclass(eq=False)
class Disturbance:
    """One fault. Times are virtual milliseconds."""

    id: str
    kind: str
    targets: tuple[Task, ...]
    """The tasks in which it began."""
    params: dict[str, Any]
    why: str
    began_ms: int
    effect: Effect | None = None
    cuts: tuple[Cut, ...] = ()
    ended_ms: int | None = None

    @property
    def tasks(self) -> list[Task]:
        """The tasks that are still in it: those that stop drop out."""
        return [task for task in self.targets if task.last_status not in _OVER]


@dataclass
class Disturbances:
    """All disturbances of a world."""

    _world: World
    active: list[Disturbance] = field(default_factory=list)
    """In the order in which they began."""

    # -- commands --------------------------------------------------------------------------------

    def begin(self, kind: str, tasks: Sequence[Task], params: Mapping[str, Any], *, why: str) -> Disturbance:
        """Start a fault in running tasks. ``kind`` and ``params`` as in ``kinds``; ``why`` is a short word for the history.

        Raises ``DisturbanceRefusedError``, with nothing begun anywhere, when it is not possible in one of the tasks, or when there is
        no such kind or parameter.
        """
        try:
            effect = read(kind, params)
        except ValueError as error:
            raise DisturbanceRefusedError(f"{error}.") from error
        for task in tasks:
            requirements.check(task, kind, network_busy=self._network_busy(task))
        told = {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(effect).items()
        }
        return self._begin(Disturbance(*self._new(kind, tasks, told, why), effect=effect))

    def begin_subnets(self, subnet_ids: Sequence[str], scope: str, *, why: str) -> Disturbance:
        """Cut subnets off; what it is for a task follows from where its interface is. Scopes are those of ``subnets``.

        Raises ``DisturbanceRefusedError`` for an unknown subnet, one that is cut off already, and a scope that is not modelled.
        """
        if scope not in subnets.SCOPES:
            known = ", ".join(subnets.SCOPES)
            raise DisturbanceRefusedError(f"The scope {scope!r} is not modelled; there are {known}.")
        for subnet_id in subnet_ids:
            if self._world.surroundings.subnet(subnet_id) is None:
                raise DisturbanceRefusedError(f"The subnet {subnet_id} does not exist.")
            if subnet_id in self._cuts():
                raise DisturbanceRefusedError(
                    f"The connectivity of the subnet {subnet_id} is disrupted already."
                )
        draws = self._world.seeds.stream("disturbances")
        cuts = tuple(Cut(each, scope, f"acl-{hex_id(draws, 17)}") for each in dict.fromkeys(subnet_ids))
        inside = [
            task
            for task in self._world.tasks.values()
            if task.subnet_id in subnet_ids and task.last_status not in _OVER
        ]
        params = {"subnets": [each.subnet_id for each in cuts], "scope": scope}
        return self._begin(Disturbance(*self._new(SUBNETS, inside, params, why), cuts=cuts))

    def kill(self, tasks: Sequence[Task], process_name: str, signal: str, *, why: str) -> list[str]:
        """Send ``SIGTERM`` or ``SIGKILL`` to every process of a name in running tasks.

        Ids of the tasks in which there was one. Raises ``DisturbanceRefusedError`` as ``begin``, and for another signal.
        """
        if signal not in processes.SIGNALS:
            raise DisturbanceRefusedError(f"signal is {' or '.join(processes.SIGNALS)}, not {signal!r}.")
        for task in tasks:
            requirements.check(task, "kill-process", network_busy=False)
        found = []
        for task in tasks:
            struck = [
                (container, blow)
                for container in task.containers
                if (blow := processes.struck(container, process_name, signal)) is not None
            ]
            if not struck:
                continue
            found.append(task.task_id)
            for container, blow in struck:
                data = {"task": task.task_id, "container": container.spec.name, "process": process_name}
                cause = self._world.journal.record(
                    "process.signalled", {**data, "signal": signal, "why": why}
                )
                self._world.containers.strike(task, container, blow, cause=cause)
        return found

    def end(self, disturbance: Disturbance) -> None:
        """End it; one that has ended stays so."""
        if disturbance.ended_ms is not None:
            return
        self._world.traffic.disturbing(disturbance.targets)
        disturbance.ended_ms = self._world.engine.now_ms
        self.active.remove(disturbance)
        self._world.journal.record(
            "disturbance.ended",
            {
                "id": disturbance.id,
                "kind": disturbance.kind,
                "tasks": _ids(disturbance.tasks),
                "why": disturbance.why,
            },
        )
        self._changed(disturbance)

    # -- questions -------------------------------------------------------------------------------

    def as_met(self, vpc: VpcFacts | None) -> VpcFacts | None:
        """A VPC as network interfaces in it meet it now."""
        return vpc if vpc is None or not self.active else subnets.cut(vpc, self._cuts())

    def _cuts(self) -> dict[str, Cut]:
        return {cut.subnet_id: cut for each in self.active for cut in each.cuts}

    def _of(self, task: Task) -> list[Disturbance]:
        return [each for each in self.active if task in each.targets]

    def _network_busy(self, task: Task) -> bool:
        return any(each.kind in NETWORK for each in self._of(task))

    # -- beginning and ending --------------------------------------------------------------------

    def _new(
        self, kind: str, tasks: Sequence[Task], params: dict[str, Any], why: str
    ) -> tuple[str, str, tuple[Task, ...], dict[str, Any], str, int]:
        number = hex_id(self._world.seeds.stream("disturbances"), 8)
        return number, kind, tuple(dict.fromkeys(tasks)), params, why, self._world.engine.now_ms

    def _begin(self, disturbance: Disturbance) -> Disturbance:
        self._world.traffic.disturbing(disturbance.targets)
        self.active.append(disturbance)
        self._world.journal.record(
            "disturbance.began",
            {
                "id": disturbance.id,
                "kind": disturbance.kind,
                "tasks": _ids(disturbance.tasks),
                "params": disturbance.params,
                "why": disturbance.why,
            },
        )
        self._changed(disturbance)
        return disturbance

    def _changed(self, disturbance: Disturbance) -> None:
        """Work out what each task meets now, and let everybody look again."""
        world, tasks = self._world, disturbance.targets
        for task in tasks:
            before, now = task.interference, self._met_by(task)
            task.interference = now
            if isinstance(disturbance.effect, CpuStress):
                task.stress.append((world.engine.now_ms, now.stress if now is not None else 0.0))
            if now is not None and now.cut_off and not (before is not None and before.cut_off):
                world.traffic.stranded(task)
        world.traffic.disturbed(tasks)
        world.programs.disturbed()
        if disturbance.cuts:
            world.caller.forget_networks()
            world.account_changed()
        for task in tasks:
            world.balancing.health.look_again(task)
            world.queues.look_again(task)

    def _met_by(self, task: Task) -> Interference | None:
        mine = self._of(task)
        return Interference.of(
            [each.effect for each in mine if each.effect is not None],
            cut_off=any(cut.scope == subnets.ALL for each in mine for cut in each.cuts),
            cpu_units=task.task_definition.cpu_units,
            nodes=self._nodes(task),
        )

    def _nodes(self, task: Task) -> tuple[SubnetFacts, ...]:
        """The subnets of the task's VPC, in which a load balancer may have nodes."""
        known = self._world.surroundings.subnets()
        own = next((each.vpc_id for each in known if each.subnet_id == task.subnet_id), None)
        return tuple(each for each in known if each.vpc_id == own)


def _ids(tasks: Sequence[Task]) -> list[str]:
    return [task.task_id for task in tasks]
