"""Templates and experiments of a world, and an experiment's way through its states.

pending - initiating (its role, the alarms of its stop conditions, its targets) - running (its actions, each after those it waits for) -
completed, or stopping - stopped, or failed. Whatever ends it, what it does in tasks and subnets ends at that moment, and before its
state says so.

Sources: FIS user guide, experiments, action-sequence, experiment-options, stop-conditions. The first action that fails is the
experiment's error (troubleshooting). [A] An action that fails stops the others at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from fargate_sim.model.alarms import Alarm
from fargate_sim.model.experiments import experiment as x
from fargate_sim.model.experiments import permissions
from fargate_sim.model.experiments.acting import Actor
from fargate_sim.model.experiments.catalogue import ACTIONS, TASK_TYPE
from fargate_sim.model.experiments.experiment import (
    ActionRun,
    ActionsMode,
    Experiment,
    FailedError,
    Failure,
    State,
)
from fargate_sim.model.experiments.permissions import ExperimentRole
from fargate_sim.model.experiments.records import Records, log_group
from fargate_sim.model.experiments.targets import EMPTY, ShowTask, resolve, task_of
from fargate_sim.model.experiments.template import Plan, Template

if TYPE_CHECKING:
    from fargate_sim.model.world import World

# [R] unless marked: the examples of the aws command, and public reports.
IS_INITIATING = State(x.INITIATING, "Experiment is initiating.")
IS_RUNNING = State(x.RUNNING, "Experiment is running.")
IS_COMPLETED = State(x.COMPLETED, "Experiment completed.")
IS_STOPPING = State(x.STOPPING, "Stopping Experiment.")
HALTED = "Experiment halted by stop condition."
BY_HAND = "Experiment stopped."  # [A]
ACTION_COMPLETED = State(x.COMPLETED, "Action was completed.")
ACTION_RUNNING = State(x.RUNNING, "")
ACTION_STOPPING = State(x.STOPPING, "Action is stopping.")  # [A]
ACTION_STOPPED = State(x.STOPPED, "Action was stopped.")  # [A]
ACTION_CANCELLED = State(x.CANCELLED, "Action was cancelled.")  # [A]
ACTION_SKIPPED = State(x.SKIPPED, "Action was skipped.")  # [A]
ROLE_REFUSED = "Unable to assume the experiment role."  # [A]
RESOLUTION = "Error resolving targets. "

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""[A] the alphabet; [R] the form of the ids."""

_ON_ITS_WAY = frozenset({x.PENDING, x.INITIATING, x.STOPPING})


def _id(prefix: str, rng: Random, digits: int) -> str:
    return prefix + "".join(rng.choice(_BASE58) for _ in range(digits))


class Experiments:
    """All templates and experiments of an account and region, oldest first. ``show_task`` gives a task in the API's own words;
    whoever wires the world sets it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self._ids = world.seeds.stream("experiments")
        self._choice = world.seeds.stream("experiment targets")
        self._records = Records(world)
        self.show_task: ShowTask = lambda _world, _task: {}
        self.templates: dict[str, Template] = {}
        self.experiments: dict[str, Experiment] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        """Client tokens: the request that each belongs to, and the id of what it made."""
        self.moving: set[str] = set()
        """Experiments on their way to running, or to their end."""
        world.alarms.listeners.append(self._alarm_changed)

    def arn(self, resource: str) -> str:
        """The ARN of a resource of FIS."""
        return f"arn:aws:fis:{self._world.region}:{self._world.account}:{resource}"

    # -- templates ---------------------------------------------------------------------------------

    def create_template(self, description: str, plan: Plan, tags: Mapping[str, str]) -> Template:
        """A new template."""
        template_id = _id("EXT", self._ids, 14)
        now_ms = self._engine.now_ms
        arn = self.arn(f"experiment-template/{template_id}")
        template = Template(template_id, arn, description, plan, now_ms, now_ms, dict(tags))
        self.templates[template_id] = template
        return template

    def update_template(self, template: Template, description: str, plan: Plan) -> None:
        """Change a template; experiments keep what they were started with."""
        template.description, template.plan = description, plan
        template.updated_ms = self._engine.now_ms

    def delete_template(self, template: Template) -> None:
        """Forget a template; its experiments stay."""
        del self.templates[template.template_id]

    # -- experiments: commands -----------------------------------------------------------------------

    def start(self, template: Template, mode: ActionsMode, tags: Mapping[str, str]) -> Experiment:
        """Start an experiment: it is initiating when this returns."""
        experiment_id = _id("EXP", self._ids, 15)
        now_ms = self._engine.now_ms
        experiment = Experiment(
            experiment_id,
            self.arn(f"experiment/{experiment_id}"),
            template.template_id,
            template.plan,
            mode,
            {name: ActionRun(name, action) for name, action in template.plan.actions.items()},
            created_ms=now_ms,
            started_ms=now_ms,
            tags=dict(tags),
        )
        self.experiments[experiment_id] = experiment
        self._records.started(experiment)
        self._enter(experiment, IS_INITIATING)
        self._records.initiating(experiment)
        delay_ms = self._world.timing.experiment_resolution
        experiment.next = self._engine.after(delay_ms, partial(self._resolve, experiment))
        return experiment

    def stop(self, experiment: Experiment, *, because: str = BY_HAND) -> None:
        """Stop an experiment; one that is not active stays as it is."""
        if not experiment.active:
            return
        self._engine.cancel(experiment.next)
        experiment.stopped_because = because
        for run in experiment.runs.values():
            if run.state.status == x.PENDING:
                self._end_action(experiment, run, ACTION_CANCELLED)
            elif not run.ended:
                self._undo(run)
                run.state = ACTION_STOPPING
        self._records.stopping(experiment, because)
        self._enter(experiment, IS_STOPPING)
        delay_ms = self._world.timing.experiment_stopping
        experiment.next = self._engine.after(delay_ms, partial(self._stopped, experiment))

    def _stopped(self, experiment: Experiment) -> None:
        for run in experiment.runs.values():
            if not run.ended:
                self._end_action(experiment, run, ACTION_STOPPED)
        self._end(experiment, State(x.STOPPED, experiment.stopped_because))

    # -- its way -------------------------------------------------------------------------------------

    def _resolve(self, experiment: Experiment) -> None:
        """Look at everything that must be there before the first action."""
        role = ExperimentRole(self._world, experiment.plan.role_arn, experiment.arn)
        location = "roleArn"
        try:
            if not role.assumable:
                raise FailedError(x.AUTHORIZATION, ROLE_REFUSED)
            location = "stopConditions"
            self._check_alarms(experiment)
            location = "logConfiguration"
            self._check_logs(experiment)
            for name in experiment.plan.targets:
                location = f"targets/{name}"
                self._resolve_target(experiment, name, role)
        except FailedError as failed:
            self._fail(experiment, Failure(failed.code, failed.reason, location))
            return
        delay_ms = self._world.timing.experiment_actions
        experiment.next = self._engine.after(delay_ms, partial(self._run, experiment))

    def _check_alarms(self, experiment: Experiment) -> None:
        """[R] FIS looks whether the alarms are in OK before it starts; one in INSUFFICIENT_DATA let an experiment fail at once."""
        for arn in experiment.plan.alarm_arns:
            alarm = self._world.alarms.by_arn(arn)
            # [A] the sentences
            if alarm is None:
                raise FailedError(x.CONFIGURATION, f"The stop condition's alarm {arn} was not found.")
            if alarm.state != "OK":
                reason = f"The stop condition's alarm {arn} is in the state {alarm.state}, not in OK."
                raise FailedError(x.CONFIGURATION, reason)

    def _check_logs(self, experiment: Experiment) -> None:
        arn = experiment.plan.log_group_arn
        if arn is not None and not self._world.surroundings.log_group_exists(log_group(arn)):
            # [A] the sentence
            raise FailedError(x.CONFIGURATION, f"The log group {log_group(arn)} does not exist.")

    def _resolve_target(self, experiment: Experiment, name: str, role: ExperimentRole) -> None:
        target = experiment.plan.targets[name]
        try:
            arns = resolve(self._world, target, self._choice, self.show_task)
            if experiment.actions_mode == "run-all":
                found = (
                    [task_of(self._world, arn) for arn in arns] if target.resource_type == TASK_TYPE else ()
                )
                tasks = [task for task in found if task is not None]
                for run in experiment.runs.values():
                    if name in run.action.targets.values():
                        kind = ACTIONS[run.action.action_id]
                        needs = permissions.to_resolve(self._world, target, kind, tasks)
                        role.require(needs, prefix=RESOLUTION)
            if not arns and experiment.plan.empty_mode == "fail":
                raise FailedError(x.INVALID_TARGET, EMPTY)
        except FailedError as failed:
            self._records.resolved(experiment, name, error=failed.reason)
            raise
        experiment.resolved[name] = arns
        self._records.resolved(experiment, name)

    def _run(self, experiment: Experiment) -> None:
        self._enter(experiment, IS_RUNNING)
        experiment.next = None
        self._go_on(experiment)

    def _go_on(self, experiment: Experiment) -> None:
        """Begin every action that has nothing to wait for any more; end the experiment when all are over."""
        while experiment.active:
            ready = [run for run in experiment.runs.values() if self._is_ready(experiment, run)]
            if not ready:
                break
            for run in ready:
                if experiment.active:  # one before may have failed
                    self._begin(experiment, run)
        if experiment.active and all(run.ended for run in experiment.runs.values()):
            self._end(experiment, IS_COMPLETED)

    @staticmethod
    def _is_ready(experiment: Experiment, run: ActionRun) -> bool:
        return run.state.status == x.PENDING and all(
            experiment.runs[name].ended for name in run.action.start_after
        )

    def _begin(self, experiment: Experiment, run: ActionRun) -> None:
        targets = [experiment.resolved[name] for name in run.action.targets.values()]
        if experiment.actions_mode == "skip-all" or (targets and not all(targets)):
            self._end_action(experiment, run, ACTION_SKIPPED)
            return
        run.state, run.started_ms = ACTION_RUNNING, self._engine.now_ms
        before = self._engine.cause
        self._engine.cause = self._records.action_started(experiment, run)
        try:
            doing = Actor(self._world, experiment, run).begin()
        except FailedError as failed:
            self._end_action(experiment, run, State(x.FAILED, failed.reason))
            self._fail(experiment, Failure(failed.code, failed.reason, f"actions/{run.name}"))
        else:
            run.undo = doing.undo
            if doing.duration_ms is None:
                self._end_action(experiment, run, ACTION_COMPLETED)
            else:
                run.end = self._engine.after(doing.duration_ms, partial(self._over, experiment, run))
        self._engine.cause = before

    def _over(self, experiment: Experiment, run: ActionRun) -> None:
        """The duration of an action has passed."""
        self._undo(run)
        self._end_action(experiment, run, ACTION_COMPLETED)
        self._go_on(experiment)

    # -- ends ----------------------------------------------------------------------------------------

    def _undo(self, run: ActionRun) -> None:
        self._engine.cancel(run.end)
        if run.undo is not None:
            undo, run.undo = run.undo, None
            undo()

    def _end_action(self, experiment: Experiment, run: ActionRun, state: State) -> None:
        run.state = state
        if run.started_ms is not None:
            run.ended_ms = self._engine.now_ms
        self._records.action_ended(experiment, run)

    def _fail(self, experiment: Experiment, failure: Failure) -> None:
        for run in experiment.runs.values():
            if run.state.status == x.PENDING:
                self._end_action(experiment, run, ACTION_CANCELLED)
            elif not run.ended:
                self._undo(run)
                self._end_action(experiment, run, ACTION_STOPPED)
        experiment.failure = failure
        self._end(experiment, State(x.FAILED, failure.reason))

    def _end(self, experiment: Experiment, state: State) -> None:
        experiment.ended_ms = self._engine.now_ms
        experiment.next = None
        self._enter(experiment, state)
        self._records.ended(experiment)

    def _enter(self, experiment: Experiment, state: State) -> None:
        before, experiment.state = experiment.state, state
        if state.status in _ON_ITS_WAY:
            self.moving.add(experiment.experiment_id)
        else:
            self.moving.discard(experiment.experiment_id)
        self._records.changed(experiment, before)

    # -- stop conditions -----------------------------------------------------------------------------

    def _alarm_changed(self, alarm: Alarm) -> None:
        if alarm.state != "ALARM":
            return
        delay_ms = self._world.timing.experiment_halt
        for experiment in self.experiments.values():
            if experiment.active and alarm.arn in experiment.plan.alarm_arns:
                self._engine.after(delay_ms, partial(self.stop, experiment, because=HALTED))
