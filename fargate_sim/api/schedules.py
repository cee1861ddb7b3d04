"""EventBridge Scheduler's documents: read, checked, and turned into the call that a schedule makes.

moto keeps them; this says what is wrong with one, as CreateSchedule and UpdateSchedule do, and what is not modelled. Source: API model of
EventBridge Scheduler; user guide, managing-targets-templated, managing-targets-universal, managing-schedule-context-attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fargate_sim.model.events.stream import iso
from fargate_sim.model.schedules import Invocation, ScheduleSpec
from fargate_sim.wire.errors import AwsError

UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
CALLS = {
    "ecs:runTask": ("ecs", "RunTask"),
    "ecs:updateService": ("ecs", "UpdateService"),
    "sqs:sendMessage": ("sqs", "SendMessage"),
}
"""Universal targets that are modelled."""
STARTED_BY_LENGTH = 36
"""[R] ``startedBy`` of scheduled tasks in public logs is cut to this length."""


class Request(NamedTuple):
    """A call that a schedule makes."""

    service: str
    operation: str
    params: dict[str, Any]


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _not_modelled(part: str) -> AwsError:
    """``part``: of a schedule, as the refusal names it."""
    return AwsError("NotImplementedException", part, status=501)


def read(document: Mapping[str, Any]) -> ScheduleSpec:
    """A schedule as GetSchedule shows it. AwsError, with ValidationException or status 501, when it cannot be."""
    from fargate_sim.model.schedule_expression import parse  # noqa: PLC0415 - time zones would hold up the first answer

    target = document.get("Target") or {}
    expression = document.get("ScheduleExpression") or ""
    timezone = document.get("ScheduleExpressionTimezone") or "UTC"
    start_ms, end_ms = (_milliseconds(document.get(name)) for name in ("StartDate", "EndDate"))
    created_ms = _milliseconds(document.get("CreationDate"))
    try:
        when = parse(expression, timezone, start_ms if start_ms is not None else created_ms)
    except ValueError as problem:
        # [A] the head is EventBridge Scheduler's, the explanation ours
        raise _invalid(f"Invalid Schedule Expression {expression}. {problem}") from problem
    check_target(target)
    retry, window = target.get("RetryPolicy") or {}, document.get("FlexibleTimeWindow") or {}
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") == "FLEXIBLE" and minutes is None:
        raise _invalid("MaximumWindowInMinutes must be provided when the mode is FLEXIBLE.")  # [A] wording
    _between("flexibleTimeWindow.maximumWindowInMinutes", minutes, 1, 1440)
    _between("target.retryPolicy.maximumRetryAttempts", retry.get("MaximumRetryAttempts"), 0, 185)
    _between("target.retryPolicy.maximumEventAgeInSeconds", retry.get("MaximumEventAgeInSeconds"), 60, 86400)
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise _invalid("The EndDate must be after the StartDate.")  # [A] wording assumed
    age_s = retry.get("MaximumEventAgeInSeconds")
    attempts = retry.get("MaximumRetryAttempts")
    return ScheduleSpec(
        name=document["Name"],
        group=document.get("GroupName") or "default",
        arn=document.get("Arn") or "",
        when=when,
        expression=expression,
        timezone=timezone,
        one_time=expression.strip().startswith("at("),
        target=target,
        enabled=(document.get("State") or "ENABLED") == "ENABLED",
        start_ms=start_ms,
        end_ms=end_ms,
        window_ms=minutes * 60_000 if minutes and window.get("Mode") == "FLEXIBLE" else None,
        delete_afterwards=document.get("ActionAfterCompletion") == "DELETE",
        retry_attempts=185 if attempts is None else attempts,
        max_age_ms=(86400 if age_s is None else age_s) * 1000,
        dead_letter_arn=(target.get("DeadLetterConfig") or {}).get("Arn"),
    )


def check_target(target: Mapping[str, Any]) -> None:
    """See whether a target is one that can be called here."""
    arn = str(target.get("Arn") or "")
    parts = arn.split(":")
    if arn.startswith(UNIVERSAL):
        if arn.removeprefix(UNIVERSAL) not in CALLS:
            raise _not_modelled(f"the target {arn}")
        try:
            given = json.loads(target.get("Input") or "")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise _invalid("Provided Input must be a JSON object for universal targets.")  # [A] wording
        return
    if len(parts) < 6 or parts[0] != "arn":
        raise _invalid("Provided Arn is not in correct format.")
    if parts[2] == "ecs" and parts[5].startswith("cluster/"):
        ecs = target.get("EcsParameters")
        if not ecs or not ecs.get("TaskDefinitionArn"):
            raise _invalid("EcsParameters must be specified for an Amazon ECS target.")  # [A] wording
        _between("target.ecsParameters.taskCount", ecs.get("TaskCount"), 1, 10)
        if ecs.get("LaunchType") not in (None, "FARGATE"):
            raise _not_modelled(f"the launch type {ecs['LaunchType']}")
        return
    if parts[2] != "sqs":
        raise _not_modelled(f"a target of the service {parts[2]}")


def _between(name: str, value: int | None, low: int, high: int) -> None:
    if value is None or low <= value <= high:
        return
    bound = f"less than or equal to {high}" if value > high else f"greater than or equal to {low}"
    raise _invalid(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )


def _milliseconds(moment: Any) -> int | None:
    """A time of a document, a number of seconds or ISO 8601, as virtual milliseconds."""
    if moment is None:
        return None
    if isinstance(moment, int | float):
        return round(moment * 1000)
    try:
        return round(datetime.fromisoformat(str(moment).replace("Z", "+00:00")).timestamp() * 1000)
    except ValueError:
        raise _invalid(f"'{moment}' is not a time.") from None  # [A] wording assumed


# -- the call ----------------------------------------------------------------------------------------


def request_of(invocation: Invocation) -> Request:
    """The call that an invocation makes. AwsError when its input is none."""
    target = invocation.spec.target
    arn, given = str(target["Arn"]), _filled(target.get("Input") or "", invocation)
    if arn.startswith(UNIVERSAL):
        service, operation = CALLS[arn.removeprefix(UNIVERSAL)]
        params = json.loads(given)
        return Request(service, operation, _as_ecs_has_it(params) if service == "ecs" else params)
    if arn.split(":")[2] == "sqs":
        return Request("sqs", "SendMessage", {"QueueArn": arn, "MessageBody": given})
    return Request("ecs", "RunTask", _run_task(invocation.spec.name, target, given))


def _filled(text: str, invocation: Invocation) -> str:
    """The input with its context attributes filled in."""
    for name, value in (
        ("schedule-arn", invocation.spec.arn),
        ("scheduled-time", iso(invocation.due_ms, milliseconds=False)),
        ("execution-id", invocation.execution_id),
        ("attempt-number", str(invocation.attempt)),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _run_task(schedule: str, target: Mapping[str, Any], given: str) -> dict[str, Any]:
    ecs = target["EcsParameters"]
    params: dict[str, Any] = {
        "cluster": target["Arn"],
        "taskDefinition": ecs["TaskDefinitionArn"],
        "count": ecs.get("TaskCount") or 1,
        "startedBy": f"chronos-schedule/{schedule}"[:STARTED_BY_LENGTH],
    }
    for name in (
        "LaunchType",
        "PlatformVersion",
        "Group",
        "EnableECSManagedTags",
        "EnableExecuteCommand",
        "PropagateTags",
        "ReferenceId",
        "NetworkConfiguration",
        "CapacityProviderStrategy",
        "PlacementConstraints",
        "PlacementStrategy",
    ):
        if ecs.get(name) not in (None, "", [], {}):
            params[_first_small(name)] = _as_ecs_has_it(ecs[name])
    if ecs.get("Tags"):
        params["tags"] = [tag for given_tags in ecs["Tags"] for tag in _tags(given_tags)]
    if given:
        try:
            params["overrides"] = json.loads(given)
        except ValueError:
            raise _invalid("The Input of the target is not valid JSON.") from None  # [A] wording assumed
    return params


def _tags(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags of EcsParameters: a mapping, or one with the names key and value. [A] both spellings are taken."""
    small = {name.lower(): value for name, value in given.items()}
    if set(small) == {"key", "value"}:
        return [small]
    return [{"key": key, "value": value} for key, value in given.items()]


def _first_small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _as_ecs_has_it(value: Any) -> Any:
    """The same with names as the ECS API spells them: Scheduler's begin with a capital."""
    if isinstance(value, dict):
        return {_first_small(name): _as_ecs_has_it(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_ecs_has_it(inner) for inner in value]
    return value


def queue_of(params: Mapping[str, Any], account: str, region: str) -> str:
    """The ARN of the queue that a SendMessage goes to."""
    if "QueueArn" in params:
        return str(params["QueueArn"])
    return f"arn:aws:sqs:{region}:{account}:{re.sub('.*/', '', str(params.get('QueueUrl', '')))}"
