"""What an experiment tells: to the history, to EventBridge and, if it has a log group, to CloudWatch Logs.

Sources: FIS user guide, monitoring-eventbridge (the event), monitoring-logging (records of version 2, and the name of the stream).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fargate_sim.model.events.stream import iso
from fargate_sim.model.experiments.catalogue import TASK_TYPE
from fargate_sim.model.experiments.experiment import FAILED, ActionRun, Experiment, State

if TYPE_CHECKING:
    from fargate_sim.model.world import World

SOURCE, DETAIL_TYPE = "aws.fis", "FIS Experiment State Change"


class Records:
    """Of all experiments of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    # -- the experiment ----------------------------------------------------------------------------

    def started(self, experiment: Experiment) -> None:
        """It exists."""
        plan = experiment.plan
        self._record(
            experiment,
            "started",
            role=plan.role_arn,
            actions={name: run.action.action_id for name, run in experiment.runs.items()},
            alarms=[arn.rpartition(":")[2] for arn in plan.alarm_arns],
            mode=experiment.actions_mode,
        )

    def changed(self, experiment: Experiment, before: State) -> None:
        """Its state is another now."""
        after = experiment.state
        detail = {
            "experiment-id": experiment.experiment_id,
            "experiment-template-id": experiment.template_id,
            "new-state": {"status": after.status, "reason": after.reason},
            "old-state": {"status": before.status, "reason": before.reason},
        }
        self._world.events.emit(SOURCE, DETAIL_TYPE, [experiment.arn], detail)

    def initiating(self, experiment: Experiment) -> None:
        """It begins to look for its targets."""
        self._log(
            experiment,
            "experiment-start",
            experiment_template_id=experiment.template_id,
            experiment_start_time=self._time(experiment.started_ms),
        )

    def resolved(self, experiment: Experiment, target: str, *, error: str | None = None) -> None:
        """A target has been looked for."""
        now = self._time(self._world.engine.now_ms)
        kind = experiment.plan.targets[target].resource_type
        arns = experiment.resolved.get(target, ())
        said = {} if error is None else {"error_information": error}
        named = {"target_name": target, "target_type": kind}
        self._log(experiment, "target-resolution-start", target_resolution_start_time=now, target_name=target)
        self._log(
            experiment,
            "target-resolution-detail",
            target_resolution_end_time=now,
            **named,
            account_id=self._world.account,
            resolved_targets_count=len(arns),
            status="completed" if error is None else "failed",
            **said,
        )
        self._log(
            experiment,
            "target-resolution-end",
            target_resolution_end_time=now,
            **named,
            resolved_targets=[{"arn": arn} for arn in arns],
            page=1,
            total_pages=1,
            **said,
        )

    def stopping(self, experiment: Experiment, because: str) -> None:
        """It is being stopped: what it did has ended."""
        self._record(experiment, "stopping", reason=because)

    def ended(self, experiment: Experiment) -> None:
        """It is over."""
        failure = experiment.failure
        self._record(
            experiment,
            "ended",
            state=experiment.state.status,
            reason=experiment.state.reason,
            code=failure.code if failure else None,
            location=failure.location if failure else None,
        )
        self._log(
            experiment,
            "experiment-end",
            experiment_end_time=self._time(experiment.ended_ms),
            experiment_state={"status": experiment.state.status, "reason": experiment.state.reason},
        )

    # -- its actions -------------------------------------------------------------------------------

    def action_started(self, experiment: Experiment, run: ActionRun) -> int:
        """An action begins; the ``seq`` of its entry."""
        on: dict[str, list[str]] = {"tasks": [], "subnets": []}
        for target in run.action.targets.values():
            kind = "tasks" if experiment.plan.targets[target].resource_type == TASK_TYPE else "subnets"
            on[kind] += [arn.rpartition("/")[2] for arn in experiment.resolved.get(target, ())]
        said: dict[str, Any] = {"action_targets": dict(run.action.targets)} if run.action.targets else {}
        if run.action.parameters:
            said["parameters"] = dict(run.action.parameters)
        self._log(
            experiment,
            "action-start",
            action_name=run.name,
            action_id=run.action.action_id,
            action_start_time=self._time(run.started_ms),
            **said,
        )
        return self._record(
            experiment,
            "action_started",
            action=run.name,
            action_id=run.action.action_id,
            parameters=dict(run.action.parameters),
            **on,
        )

    def action_ended(self, experiment: Experiment, run: ActionRun) -> None:
        """An action is over, or will never be."""
        state = {"status": run.state.status, "reason": run.state.reason}
        self._record(
            experiment,
            "action_ended",
            action=run.name,
            action_id=run.action.action_id,
            state=run.state.status,
            reason=run.state.reason,
        )
        if run.started_ms is None:
            return
        named = {"action_name": run.name, "action_id": run.action.action_id}
        if run.state.status == FAILED:
            self._log(experiment, "action-error", **named, account_id=self._world.account, action_state=state)
        ended = self._time(run.ended_ms)
        self._log(experiment, "action-end", **named, action_end_time=ended, action_state=state)

    # -- how ---------------------------------------------------------------------------------------

    def _record(self, experiment: Experiment, word: str, **data: Any) -> int:
        identity = {"experiment": experiment.experiment_id, "template": experiment.template_id}
        return self._world.journal.record(f"experiment.{word}", {**identity, **data})

    def _log(self, experiment: Experiment, log_type: str, **details: Any) -> None:
        group_arn = experiment.plan.log_group_arn
        if group_arn is None:
            return
        now_ms = self._world.engine.now_ms
        record = {
            "id": experiment.experiment_id,
            "log_type": log_type,
            "event_timestamp": self._time(now_ms),
            "version": "2",
            "details": details,
        }
        stream = f"/aws/fis/{experiment.experiment_id}"
        self._world.logs.write(log_group(group_arn), stream, now_ms, json.dumps(record))

    @staticmethod
    def _time(at_ms: int | None) -> str:
        return iso(at_ms or 0, milliseconds=False)


def log_group(arn: str) -> str:
    """The name of a log group: ``arn:aws:logs:<region>:<account>:log-group:<name>:*``."""
    return arn.partition(":log-group:")[2].removesuffix(":*")
