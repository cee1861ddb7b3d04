"""Carries out what a schedule of EventBridge Scheduler calls: ECS the same way as from the wire, SQS through moto."""

from __future__ import annotations

import json
from typing import Any

from fargate_sim.api.schedules import Request, queue_of, request_of
from fargate_sim.fronts import ECS
from fargate_sim.model.schedules import Invocation, Outcome
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

NO_RESOURCE = "ResourceNotFoundException"


def perform(world: World, invocation: Invocation) -> Outcome:
    """Call the target once. What came of it is added to the facts of the invocation."""
    try:
        request = request_of(invocation)
    except AwsError as error:
        return Outcome("{}", error.code, error.message)
    invocation.facts["operation"] = request.operation
    if request.service == "sqs":
        return _send_message(world, invocation, request)
    return _call_ecs(world, invocation, request)


def _call_ecs(world: World, invocation: Invocation, request: Request) -> Outcome:
    text = json.dumps(request.params)
    entry: dict[str, Any] = {"reading": False}
    answer = ECS.carry_out(
        world, request.operation, {}, text.encode(), entry=entry, request_id=invocation.execution_id
    )
    content = json.loads(answer.body)
    if answer.status != 200:
        # [A] what the caller got wrong does not get better with time
        again = (answer.status >= 500 and answer.status != 501) or entry["error"] == "ThrottlingException"
        return Outcome(text, entry["error"], entry.get("message") or content.get("message", ""), again)
    if request.operation == "RunTask":
        invocation.facts["tasks"] = [task["taskArn"].rpartition("/")[2] for task in content["tasks"]]
        if content["failures"] and not content["tasks"]:
            # [A] a RunTask that started nothing counts as failed, and capacity may come back; one that started some does not
            reasons = ", ".join(sorted({failure.get("reason", "") for failure in content["failures"]}))
            return Outcome(text, "ECS.RunTaskFailure", reasons, again=True)
    return Outcome(text)


def _send_message(world: World, invocation: Invocation, request: Request) -> Outcome:
    params = request.params
    text = json.dumps({name: value for name, value in params.items() if name != "QueueArn"})
    refusal = world.surroundings.send_message(
        queue_of(params, world.account, world.region),
        str(params.get("MessageBody", "")),
        attributes={},
        group_id=params.get("MessageGroupId")
        or (invocation.spec.target.get("SqsParameters") or {}).get("MessageGroupId"),
        purpose=f"schedule:{invocation.execution_id}:{invocation.attempt}",
    )
    return Outcome(text) if refusal is None else Outcome(text, NO_RESOURCE, refusal)
