"""What a template must be like, in FIS's words where they are known.

[R] The sentences about unknown actions, unexpected targets, and ARNs together with tags are AWS's own (public issues of the Terraform
provider, of aws-samples/fis-template-library and of aws-samples/aws-fault-injection-simulator-workshop). All others are [A], formed
after these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fargate_sim.api.fis.common import exceeded, invalid, not_found, not_modelled
from fargate_sim.model.experiments import Action, Filter, Plan, Selection, StopCondition, Target
from fargate_sim.model.experiments import catalogue as c
from fargate_sim.model.experiments.catalogue import ActionKind
from fargate_sim.model.experiments.template import (
    ALARM_CONDITION,
    ALL,
    COUNT,
    NO_CONDITION,
    PERCENT,
    EmptyMode,
)

MOST_ACTIONS, MOST_CONDITIONS = 20, 5
"""Quotas [C]."""
MOST_ARNS = 5
_SELECTION = re.compile(r"(COUNT|PERCENT)\((\d{1,4})\)")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_ALARM = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[^:]+(:\*)?")
_ARNS = {
    c.TASK_TYPE: re.compile(r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task/\S+"),
    c.SUBNET_TYPE: re.compile(r"arn:aws[a-z-]*:ec2:[a-z0-9-]+:\d{12}:subnet/\S+"),
}

Document = Mapping[str, Any]


def read_plan(document: Document) -> Plan:
    """The plan of a template, from what CreateExperimentTemplate takes."""
    targets = {name: _target(name, each) for name, each in (document.get("targets") or {}).items()}
    actions = {name: _action(name, each) for name, each in document["actions"].items()}
    if not actions:
        raise invalid("An experiment template must have at least one action.")
    if len(actions) > MOST_ACTIONS:
        raise exceeded(f"An experiment template can have at most {MOST_ACTIONS} actions.")
    for name, action in actions.items():
        _check_links(name, action, actions, targets)
    _check_order(actions)
    if not _ROLE.fullmatch(document["roleArn"]):
        raise invalid(f"The role ARN {document['roleArn']} is not valid.")
    return Plan(
        role_arn=document["roleArn"],
        targets=targets,
        actions=actions,
        stop_conditions=_conditions(document["stopConditions"]),
        log_group_arn=_log_group_arn(document.get("logConfiguration")),
        empty_mode=_empty_mode(document),
    )


def _empty_mode(document: Document) -> EmptyMode:
    options = document.get("experimentOptions") or {}
    if options.get("accountTargeting") == "multi-account":
        raise not_modelled("experiments on several accounts")
    if document.get("experimentReportConfiguration"):
        raise not_modelled("experiment reports")
    return "skip" if options.get("emptyTargetResolutionMode") == "skip" else "fail"


# -- targets -----------------------------------------------------------------------------------------


def _target(name: str, document: Document) -> Target:
    kind = c.RESOURCE_TYPES.get(document["resourceType"])
    if kind is None:
        raise not_found(f"Target resource type {document['resourceType']} not found.")
    arns, tags = tuple(document.get("resourceArns") or ()), dict(document.get("resourceTags") or {})
    parameters = dict(document.get("parameters") or {})
    filters = tuple(Filter(each["path"], tuple(each["values"])) for each in document.get("filters") or ())
    if arns and tags:
        raise invalid(f"You cannot specify both resource ARNs and resource tags for target {name}.")
    if arns and filters:
        raise invalid(f"You cannot specify both resource ARNs and filters for target {name}.")
    if arns and parameters:
        raise invalid(f"You cannot specify both resource ARNs and parameters for target {name}.")
    if not (arns or tags or parameters):
        raise invalid(f"You must specify resource ARNs, resource tags or parameters for target {name}.")
    for arn in arns:
        if not _ARNS[kind.resource_type].fullmatch(arn):
            raise invalid(f"The ARN {arn} of target {name} is not one of type {kind.resource_type}.")
    for parameter, value in parameters.items():
        if parameter not in kind.parameters:
            raise invalid(f'Unexpected parameter "{parameter}" found in target "{name}".')
        if not value.strip():
            raise invalid(f'The parameter "{parameter}" of target "{name}" is empty.')
    if "service" in parameters and "cluster" not in parameters:
        raise invalid(f'Missing parameter "cluster" in target "{name}".')
    if any(not each.values for each in filters):
        raise invalid(f"A filter of target {name} has no values.")
    return Target(
        kind.resource_type, _selection(name, document["selectionMode"]), arns, tags, filters, parameters
    )


def _selection(target: str, text: str) -> Selection:
    if text == ALL:
        return Selection(ALL)
    found = _SELECTION.fullmatch(text)
    most = {COUNT: 9999, PERCENT: 100}
    if found is None or not 1 <= int(found[2]) <= most[found[1]]:
        raise invalid(f"The selection mode {text} of target {target} is not valid.")
    return Selection(found[1], int(found[2]))


# -- actions -----------------------------------------------------------------------------------------


def _action(name: str, document: Document) -> Action:
    action_id = document.get("actionId") or ""
    kind = c.ACTIONS.get(action_id)
    if kind is None:
        raise not_found(f"Action with ID {action_id} not found.")
    parameters, targets = dict(document.get("parameters") or {}), dict(document.get("targets") or {})
    _check_parameters(name, kind, parameters)
    key = kind.targets[0] if kind.targets else None
    for given in targets:
        if given != key:
            raise invalid(f'Unexpected target "{given}" found in action "{name}".')
    if key is not None and key not in targets:
        raise invalid(f'Missing target "{key}" in action "{name}".')
    return Action(
        action_id,
        document.get("description"),
        parameters,
        targets,
        tuple(dict.fromkeys(document.get("startAfter") or ())),
    )


def _check_parameters(name: str, kind: ActionKind, given: Mapping[str, str]) -> None:
    for parameter, text in given.items():
        known = kind.parameters.get(parameter)
        if known is None:
            raise invalid(f'Unexpected parameter "{parameter}" found in action "{name}".')
        try:
            known.read(text)
        except ValueError as problem:
            raise invalid(
                f'Invalid value "{text}" for parameter "{parameter}" in action "{name}". {problem}'
            ) from problem
    for parameter, known in kind.parameters.items():
        if known.required and not given.get(parameter):
            raise invalid(f'Missing parameter "{parameter}" in action "{name}".')
    scope = given.get("scope")
    if scope in c.SCOPES_NOT_MODELLED:
        raise not_modelled(f"{kind.action_id} with the scope {scope}")


def _check_links(
    name: str, action: Action, actions: Mapping[str, Action], targets: Mapping[str, Target]
) -> None:
    kind = c.ACTIONS[action.action_id]
    for target in action.targets.values():
        if target not in targets:
            raise invalid(f'Target "{target}" of action "{name}" is not defined.')
        if kind.targets is not None and targets[target].resource_type != kind.targets[1]:
            raise invalid(f'Target "{target}" of action "{name}" is not of type {kind.targets[1]}.')
    for before in action.start_after:
        if before not in actions:
            raise invalid(f'Action "{before}", after which action "{name}" starts, is not defined.')


def _check_order(actions: Mapping[str, Action]) -> None:
    """No action may wait for itself, however indirectly."""
    left = dict(actions)
    while left:
        free = [name for name, each in left.items() if not any(before in left for before in each.start_after)]
        if not free:
            raise invalid(f"The actions {', '.join(sorted(left))} wait for each other.")
        for name in free:
            del left[name]


# -- the rest ----------------------------------------------------------------------------------------


def _conditions(documents: list[Document]) -> tuple[StopCondition, ...]:
    if not documents:
        raise invalid("An experiment template must have at least one stop condition.")
    if len(documents) > MOST_CONDITIONS:
        raise exceeded(f"An experiment template can have at most {MOST_CONDITIONS} stop conditions.")
    return tuple(map(_condition, documents))


def _condition(document: Document) -> StopCondition:
    source, value = document["source"], document.get("value")
    if source == NO_CONDITION:
        if value is not None:
            raise invalid(f"A stop condition with the source {NO_CONDITION} has no value.")
        return StopCondition(source)
    if source != ALARM_CONDITION:
        raise invalid(f"The source {source} of a stop condition is not valid.")
    if value is None or not _ALARM.fullmatch(value):
        raise invalid(f"A stop condition with the source {ALARM_CONDITION} needs the ARN of an alarm.")
    return StopCondition(source, value)


def _log_group_arn(document: Document | None) -> str | None:
    """An empty configuration means none. Source: FIS user guide, monitoring-logging, Disable experiment logging."""
    logs = (document or {}).get("cloudWatchLogsConfiguration")
    if (document or {}).get("s3Configuration"):
        raise not_modelled("experiment logs in Amazon S3")
    if not document or logs is None:
        return None
    if document["logSchemaVersion"] != 2:
        raise not_modelled(f"version {document['logSchemaVersion']} of experiment logs")
    if not _LOG_GROUP.fullmatch(logs["logGroupArn"]):
        raise invalid(f"The log group ARN {logs['logGroupArn']} is not valid.")
    return str(logs["logGroupArn"])
