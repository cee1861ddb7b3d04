"""What the actions do.

Sources: FIS user guide, fis-actions-reference and ecs-task-actions. What a task must have for a fault inside it, and what the fault does,
is the business of ``disturbances``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from fargate_sim.model.disturbances import Disturbance, DisturbanceRefusedError
from fargate_sim.model.experiments import catalogue as c
from fargate_sim.model.experiments import permissions
from fargate_sim.model.experiments.experiment import (
    CONFIGURATION,
    INVALID_TARGET,
    ActionRun,
    Experiment,
    FailedError,
)
from fargate_sim.model.experiments.permissions import ExperimentRole, Need
from fargate_sim.model.experiments.targets import EMPTY, task_of

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import SubnetFacts
    from fargate_sim.model.task import Task
    from fargate_sim.model.world import World

NEEDS_ENDPOINTS = "On Fargate the parameter useEcsFaultInjectionEndpoints must be true."
"""[A] a sentence of ours; the rule is documented."""
_DOCUMENTS = {
    c.CPU_STRESS: "AWSFIS-Run-CPU-Stress",
    c.KILL_PROCESS: "AWSFIS-Run-Kill-Process",
    c.BLACKHOLE: "AWSFIS-Run-Network-Blackhole-Port-ECS",
    c.LATENCY: "AWSFIS-Run-Network-Latency-ECS",
    c.PACKET_LOSS: "AWSFIS-Run-Network-Packet-Loss-ECS",
}
"""The documents of Systems Manager that do it."""


@dataclass(frozen=True)
class Doing:
    """What an action has begun. ``duration_ms`` None: it is over already; ``undo`` ends what it does."""

    duration_ms: int | None = None
    undo: Callable[[], None] | None = None


class Actor:
    """Carries out one action of an experiment. Each method raises FailedError when FIS would let the action fail."""

    def __init__(self, world: World, experiment: Experiment, run: ActionRun) -> None:
        self._world = world
        self._experiment = experiment
        self._action = run.action
        self._kind = c.ACTIONS[run.action.action_id]
        self._values = self._kind.values(run.action.parameters)
        self._role = ExperimentRole(world, experiment.plan.role_arn, experiment.arn)
        self._why = f"fis {experiment.experiment_id}"

    @property
    def arns(self) -> tuple[str, ...]:
        """The resources that the action is for."""
        if self._kind.targets is None:
            return ()
        return self._experiment.resolved[self._action.targets[self._kind.targets[0]]]

    def begin(self) -> Doing:
        """Do it, or begin to."""
        known: Mapping[str, Callable[[], Doing]] = {
            c.WAIT: self._wait,
            c.ASSERT_ALARM: self._assert_alarms,
            c.STOP_TASK: self._stop_tasks,
            c.KILL_PROCESS: self._kill,
            c.DISRUPT: self._disrupt,
        }
        return known.get(self._kind.action_id, self._disturb)()

    def _wait(self) -> Doing:
        return Doing(self._values["duration"])

    def _assert_alarms(self) -> Doing:
        self._role.require([Need("cloudwatch:DescribeAlarms", arn) for arn in self._values["alarmArns"]])
        for arn in self._values["alarmArns"]:
            alarm = self._world.alarms.by_arn(arn)
            # [A] the sentences
            if alarm is None:
                raise FailedError(CONFIGURATION, f"The alarm {arn} was not found.")
            if alarm.state not in self._values["alarmStates"]:
                expected = ", ".join(self._values["alarmStates"])
                reason = f"The alarm {arn} is in the state {alarm.state}, not in {expected}."
                raise FailedError(CONFIGURATION, reason)
        return Doing()

    # -- tasks -------------------------------------------------------------------------------------

    def _tasks(self) -> list[Task]:
        """Those of the targets that still run. The targets are those of the experiment's start: no replacement is among them."""
        found = [task_of(self._world, arn) for arn in self.arns]
        live = [task for task in found if task is not None and task.live]
        if not live:
            raise FailedError(INVALID_TARGET, EMPTY)  # [A] the sentence, here; the code is documented
        return live

    def _stop_tasks(self) -> Doing:
        found = [task for arn in self.arns if (task := task_of(self._world, arn)) is not None]
        self._role.require(permissions.to_stop(self._world, found))
        for task in found:
            # [R] the reason. A task that has stopped in the meantime is none the worse for StopTask.
            reason = f"Task stopped by AWS FIS (Experiment ID: {self._experiment.experiment_id})"
            self._world.stop_task(task, reason)
        return Doing()

    def _command(self, tasks: Sequence[Task]) -> None:
        document = _DOCUMENTS[self._kind.action_id]
        self._role.require(permissions.to_command(self._world, document, tasks))

    def _kill(self) -> Doing:
        tasks = self._tasks()
        self._command(tasks)
        name = self._values["processName"]
        try:
            hit = self._world.disturbances.kill(tasks, name, self._values["signal"], why=self._why)
        except DisturbanceRefusedError as refusal:
            raise FailedError(CONFIGURATION, refusal.reason) from refusal
        if not hit:
            # What killall says. [A] that it is the reason, and that one task with such a process is enough.
            raise FailedError(CONFIGURATION, f"{name}: no process found")
        return Doing()

    def _disturb(self) -> Doing:
        tasks = self._tasks()
        self._command(tasks)
        duration_ms: int = self._values["duration"]
        if self._kind.action_id == c.CPU_STRESS:
            if self._values["percent"] == 0:  # no load
                return Doing(duration_ms)
            return self._begun("cpu-stress", tasks, ("percent", "workers"), duration_ms)
        kind = c.NETWORK_FAULTS[self._kind.action_id]
        if not self._values["useEcsFaultInjectionEndpoints"]:
            raise FailedError(CONFIGURATION, NEEDS_ENDPOINTS)
        params = {
            "network-latency": ("delayMilliseconds", "jitterMilliseconds", "flowsPercent", "sources"),
            "network-packet-loss": ("lossPercent", "flowsPercent", "sources"),
            "network-blackhole-port": ("port", "trafficType", "protocol"),
        }[kind]
        return self._begun(kind, tasks, params, duration_ms)

    def _begun(self, kind: str, tasks: Sequence[Task], names: Sequence[str], duration_ms: int) -> Doing:
        params: dict[str, Any] = {name: self._values[name] for name in names}
        if "sources" in params:
            params["sources"] = self._with_zone_names(params["sources"])
        try:
            disturbance = self._world.disturbances.begin(kind, tasks, params, why=self._why)
        except DisturbanceRefusedError as refusal:
            raise FailedError(CONFIGURATION, refusal.reason) from refusal
        return self._until(disturbance, duration_ms)

    def _with_zone_names(self, sources: Sequence[str]) -> tuple[str, ...]:
        """The sources with the names of Availability Zones that are given by their ids."""
        names = {each.zone_id: each.availability_zone for each in self._world.surroundings.subnets()}
        return tuple(names.get(each, each) for each in sources)

    # -- subnets -----------------------------------------------------------------------------------

    def _disrupt(self) -> Doing:
        ids = [arn.rpartition("/")[2] for arn in self.arns]
        subnets: list[SubnetFacts] = [
            facts for each in ids if (facts := self._world.surroundings.subnet(each)) is not None
        ]
        if len(subnets) < len(ids):
            raise FailedError(INVALID_TARGET, EMPTY)  # [A] as for tasks
        self._role.require(permissions.to_disrupt(self._world, subnets))
        try:
            disturbance = self._world.disturbances.begin_subnets(ids, self._values["scope"], why=self._why)
        except DisturbanceRefusedError as refusal:
            raise FailedError(CONFIGURATION, refusal.reason) from refusal
        return self._until(disturbance, self._values["duration"])

    def _until(self, disturbance: Disturbance, duration_ms: int) -> Doing:
        return Doing(duration_ms, partial(self._world.disturbances.end, disturbance))
