"""moto's EventBridge Scheduler keeps schedules; what it takes unchecked is checked, and what it forgets is kept."""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fargate_sim.api.schedules import read
from fargate_sim.model.schedules import ScheduleSpec
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED

if TYPE_CHECKING:
    from fargate_sim.ports.gateway import MotoSide

_NAME = re.compile(r"[0-9a-zA-Z_.-]{1,64}")
ASSUMED_BY = "scheduler.amazonaws.com"
ROLE_REFUSED = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
"""[R] aws/aws-sdk-js-v3#6494"""


def schedules(side: MotoSide, region: str) -> list[ScheduleSpec]:
    """All schedules of a region."""
    with side.moto():
        groups = side.backend("scheduler", region).schedule_groups.values()
        return [read(each.to_dict()) for group in groups for each in group.schedules.values()]


def delete(side: MotoSide, region: str, group: str, name: str) -> None:
    """Forget a schedule that has run for the last time."""
    with side.moto():
        found = side.backend("scheduler", region).schedule_groups.get(group)
        if found is not None:
            found.schedules.pop(name, None)


def mend_scheduler() -> None:
    """Check schedules as AWS does, and keep what an update says."""
    from moto.scheduler import responses

    handler = responses.EventBridgeSchedulerResponse
    create, update, delete_group = (
        handler.create_schedule,
        handler.update_schedule,
        handler.delete_schedule_group,
    )

    def create_schedule(self: Any) -> Any:
        _check(self)
        return create(self)

    def update_schedule(self: Any) -> Any:
        document = json.loads(self.body)
        schedule = self.scheduler_backend.get_schedule(document.get("GroupName"), _name(self))
        _check(self)
        answer = update(self)
        schedule.action_after_completion = document.get("ActionAfterCompletion")
        schedule.state = schedule.state or "ENABLED"
        return answer

    def delete_schedule_group(self: Any) -> Any:
        self.scheduler_backend.get_schedule_group(_name(self))
        return delete_group(self)

    handler.create_schedule = create_schedule
    handler.update_schedule = update_schedule
    handler.delete_schedule_group = delete_schedule_group


def _name(request: Any) -> str:
    """The last part of the path."""
    return str(request.uri).partition("?")[0].rpartition("/")[2]


def _check(request: Any) -> None:
    from moto.scheduler.exceptions import ValidationException

    document = {**json.loads(request.body), "Name": _name(request)}
    if not _NAME.fullmatch(document["Name"]):
        raise ValidationException(
            f"1 validation error detected: Value '{document['Name']}' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"
        )
    try:
        read(document)
    except (TypeError, AttributeError) as problem:
        # [A] wording assumed; SDKs refuse such a request themselves
        raise ValidationException("A parameter of the request has the wrong type.") from problem
    except AwsError as error:
        if error.status == NOT_MODELLED:
            raise NotModelledError(error.code, part=error.message) from error
        raise ValidationException(error.message) from error
    group = request.scheduler_backend.get_schedule_group(document.get("GroupName"))
    if not _may_be_assumed(request.current_account, document["Target"].get("RoleArn", ""), group.arn):
        raise ValidationException(ROLE_REFUSED)


def _may_be_assumed(account: str, role_arn: str, group_arn: str) -> bool:
    """Whether the role is there and lets the scheduler assume it for a group's schedules. Source of the keys: EventBridge Scheduler user
    guide, cross-service-confused-deputy-prevention.
    """
    from moto.backends import get_backend

    from fargate_sim.model.access import assumable
    from fargate_sim.ports import access

    iam = get_backend("iam")[account]["aws"]
    context = {"aws:SourceAccount": account, "aws:SourceArn": group_arn}
    return any(
        role.arn == role_arn and assumable(access.role_facts(iam, role), ASSUMED_BY, context)
        for role in iam.get_roles()
    )
