"""Templates, experiments and actions as the API shows them."""

from __future__ import annotations

from typing import Any

from fargate_sim.model.experiments import Action, ActionRun, Experiment, Plan, Target, Template
from fargate_sim.model.experiments.catalogue import ActionKind
from fargate_sim.model.world import World

Shown = dict[str, Any]


def show_template(template: Template) -> Shown:
    """An ``ExperimentTemplate``."""
    return {
        "id": template.template_id,
        "arn": template.arn,
        "description": template.description,
        "targets": _targets(template.plan),
        "actions": {name: _action(action) for name, action in template.plan.actions.items()},
        **_plan(template.plan),
        "creationTime": template.created_ms,
        "lastUpdateTime": template.updated_ms,
        "tags": dict(template.tags),
        "experimentOptions": _options(template.plan),
        "targetAccountConfigurationsCount": 0,
    }


def show_template_summary(template: Template) -> Shown:
    """An ``ExperimentTemplateSummary``."""
    return {
        "id": template.template_id,
        "arn": template.arn,
        "description": template.description,
        "creationTime": template.created_ms,
        "lastUpdateTime": template.updated_ms,
        "tags": dict(template.tags),
    }


def show_experiment(world: World, experiment: Experiment) -> Shown:
    """An ``Experiment``."""
    times = {"startTime": experiment.started_ms, "endTime": experiment.ended_ms}
    return {
        **show_experiment_summary(world, experiment),
        "targets": _targets(experiment.plan),
        "actions": {name: _run(run) for name, run in experiment.runs.items()},
        **_plan(experiment.plan),
        **{name: at_ms for name, at_ms in times.items() if at_ms is not None},
        "targetAccountConfigurationsCount": 0,
    }


def show_experiment_summary(world: World, experiment: Experiment) -> Shown:
    """An ``ExperimentSummary``."""
    state: Shown = {"status": experiment.state.status, "reason": experiment.state.reason}
    failure = experiment.failure
    if failure is not None:
        state["error"] = {
            "accountId": world.account,
            "code": failure.code,
            "location": failure.location,
        }
    return {
        "id": experiment.experiment_id,
        "arn": experiment.arn,
        "experimentTemplateId": experiment.template_id,
        "state": state,
        "creationTime": experiment.created_ms,
        "tags": dict(experiment.tags),
        "experimentOptions": {**_options(experiment.plan), "actionsMode": experiment.actions_mode},
    }


def show_action_kind(world: World, kind: ActionKind, *, summary: bool) -> Shown:
    """An ``Action``, or an ``ActionSummary``."""
    shown: Shown = {
        "id": kind.action_id,
        "arn": world.experiments.arn(f"action/{kind.action_id}"),
        "description": kind.description,
        "tags": {},
    }
    if kind.targets is not None:
        shown["targets"] = {kind.targets[0]: {"resourceType": kind.targets[1]}}
    if not summary:
        shown["parameters"] = {
            name: {"description": each.description, "required": each.required}
            for name, each in kind.parameters.items()
        }
    return shown


def _plan(plan: Plan) -> Shown:
    shown: Shown = {
        "roleArn": plan.role_arn,
        "stopConditions": [
            {"source": each.source} | ({} if each.value is None else {"value": each.value})
            for each in plan.stop_conditions
        ],
    }
    if plan.log_group_arn is not None:
        shown["logConfiguration"] = {
            "cloudWatchLogsConfiguration": {"logGroupArn": plan.log_group_arn},
            "logSchemaVersion": 2,
        }
    return shown


def _options(plan: Plan) -> Shown:
    return {"accountTargeting": "single-account", "emptyTargetResolutionMode": plan.empty_mode}


def _targets(plan: Plan) -> Shown:
    return {name: _target(target) for name, target in plan.targets.items()}


def _target(target: Target) -> Shown:
    optional: Shown = {
        "resourceArns": list(target.arns),
        "resourceTags": dict(target.tags),
        "filters": [{"path": each.path, "values": list(each.values)} for each in target.filters],
        "parameters": dict(target.parameters),
    }
    return {
        "resourceType": target.resource_type,
        "selectionMode": str(target.selection),
        **{name: value for name, value in optional.items() if value},
    }


def _action(action: Action) -> Shown:
    shown: Shown = {
        "actionId": action.action_id,
        "parameters": dict(action.parameters),
    }
    if action.targets:
        shown["targets"] = dict(action.targets)
    if action.description is not None:
        shown["description"] = action.description
    if action.start_after:
        shown["startAfter"] = list(action.start_after)
    return shown


def _run(run: ActionRun) -> Shown:
    times = {"startTime": run.started_ms, "endTime": run.ended_ms}
    return {
        **_action(run.action),
        "state": {"status": run.state.status, "reason": run.state.reason},
        **{name: at_ms for name, at_ms in times.items() if at_ms is not None},
    }
