"""Operations on task definitions. What a registration may say is checked in task_definition_rules.py."""

from __future__ import annotations

from typing import Any

from fargate_sim.api.ecs.common import (
    Answer,
    Params,
    client_error,
    find_task_definition,
    invalid,
    page,
    read_tags,
    role_arn,
    show_tags,
)
from fargate_sim.api.ecs.task_definition_rules import check, document_of, specs_of
from fargate_sim.model.task_definition import ACTIVE, DELETE_IN_PROGRESS, INACTIVE, TaskDefinition
from fargate_sim.model.world import World

UNABLE = "Unable to describe task definition."


def register_task_definition(world: World, params: Params) -> Answer:
    """A new revision of a family."""
    tags = read_tags(params.get("tags"))
    size = check(params)
    family = params["family"]
    revision = world.next_revision(family)
    arn = world.arn(f"task-definition/{family}:{revision}")
    document = document_of(params, size)
    document |= {
        "taskDefinitionArn": arn,
        "revision": revision,
        "registeredAt": world.engine.now_ms,
        "registeredBy": f"arn:aws:iam::{world.account}:user/learner",
    }
    storage = params.get("ephemeralStorage") or {}
    platform = params.get("runtimePlatform") or {}
    definition = TaskDefinition(
        arn=arn,
        family=family,
        revision=revision,
        cpu_units=size.cpu_units,
        memory_mib=size.memory_mib,
        network_mode=document.get("networkMode", "bridge"),
        containers=specs_of(document["containerDefinitions"]),
        compatibilities=tuple(document["compatibilities"]),
        document=document,
        ephemeral_storage_gib=storage.get("sizeInGiB", 20),
        architecture="arm64" if platform.get("cpuArchitecture") == "ARM64" else "x86_64",
        shared_pids=params.get("pidMode") == "task",
        fault_injection=bool(params.get("enableFaultInjection")),
        execution_role=role_arn(world, params.get("executionRoleArn")),
        task_role=role_arn(world, params.get("taskRoleArn")),
        tags=tags,
    )
    world.register_task_definition(definition)
    answer: Answer = {"taskDefinition": show_task_definition(definition)}
    if tags:
        answer["tags"] = show_tags(tags)
    return answer


def describe_task_definition(world: World, params: Params) -> Answer:
    """A revision in any status."""
    definition = find_task_definition(world, params["taskDefinition"], missing=UNABLE)
    answer: Answer = {"taskDefinition": show_task_definition(definition)}
    if "TAGS" in (params.get("include") or ()):
        answer["tags"] = show_tags(definition.tags)
    return answer


def deregister_task_definition(world: World, params: Params) -> Answer:
    """ACTIVE to INACTIVE: what runs goes on, nothing new may use it."""
    reference = params["taskDefinition"]
    if ":" not in (reference.partition(":task-definition/")[2] or reference):
        raise client_error("Task definition does not have a revision.")  # [A] wording assumed
    definition = find_task_definition(
        world, reference, missing="The specified task definition does not exist."
    )
    if definition.status == ACTIVE:
        definition.deregistered_ms = world.engine.now_ms
        world.set_task_definition_status(definition, INACTIVE)
    return {"taskDefinition": show_task_definition(definition)}


def delete_task_definitions(world: World, params: Params) -> Answer:
    """INACTIVE to DELETE_IN_PROGRESS; ACTIVE ones must be deregistered first."""
    references = params["taskDefinitions"]
    if len(references) > 10:
        raise invalid("You can specify up to 10 task definitions.")  # [A] wording assumed
    shown, failures = [], []
    for reference in references:
        name = reference.partition(":task-definition/")[2] or reference
        definition = find_task_definition(
            world, name, missing="The specified task definition does not exist."
        )
        if definition.status == ACTIVE:
            reason = "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
            failures.append({"arn": definition.arn, "reason": reason})
            continue
        if definition.status == INACTIVE:
            definition.delete_requested_ms = world.engine.now_ms
            world.set_task_definition_status(definition, DELETE_IN_PROGRESS)
        shown.append(show_task_definition(definition))
    return {"taskDefinitions": shown, "failures": failures}


def list_task_definitions(world: World, params: Params) -> Answer:
    """ARNs by family and revision."""
    status = params.get("status") or ACTIVE
    prefix = params.get("familyPrefix")
    arns = [
        definition.arn
        for family in sorted(world.task_definitions)
        if prefix in (None, family)
        for definition in world.task_definitions[family]
        if definition.status == status
    ]
    if params.get("sort") == "DESC":
        arns.reverse()
    found, token = page(arns, params, key="task-definitions")
    return {"taskDefinitionArns": found, **token}


def list_task_definition_families(world: World, params: Params) -> Answer:
    """Families with a revision in the asked status."""
    status = params.get("status") or "ACTIVE"
    prefix = params.get("familyPrefix") or ""
    families = []
    for family in sorted(world.task_definitions):
        active = any(definition.status == ACTIVE for definition in world.task_definitions[family])
        if family.startswith(prefix) and status in ("ALL", ACTIVE if active else INACTIVE):
            families.append(family)
    found, token = page(families, params, key="families")
    return {"families": found, **token}


def show_task_definition(definition: TaskDefinition) -> dict[str, Any]:
    """A revision as the API shows it."""
    shown = {**definition.document, "status": definition.status}
    if definition.deregistered_ms is not None:
        shown["deregisteredAt"] = definition.deregistered_ms
    if definition.delete_requested_ms is not None:
        shown["deleteRequestedAt"] = definition.delete_requested_ms
    return shown
