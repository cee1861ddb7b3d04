"""What the operations share: finding things by name or ARN, paging, tags, and the errors that several of them raise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from fargate_sim.api.tokens import position_of, token_of
from fargate_sim.model import cluster as clusters
from fargate_sim.model.cluster import Cluster
from fargate_sim.model.service import Service
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import DELETE_IN_PROGRESS, TaskDefinition
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

Params = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
MAX_TAGS = 50


def invalid(message: str) -> AwsError:
    """An ``InvalidParameterException``."""
    return AwsError("InvalidParameterException", message)


def client_error(message: str) -> AwsError:
    """A ``ClientException``."""
    return AwsError("ClientException", message)


def not_modelled(what: str, instead: str = "") -> AwsError:
    """Our own answer, never AWS's: the request is valid there, but the offline cloud has no such thing."""
    text = f"The offline cloud of fargate-lab does not model {what}."
    return AwsError("NotImplementedException", f"{text} {instead}".rstrip(), status=501)


# -- finding -----------------------------------------------------------------------------------------


def cluster_name(reference: str | None) -> str:
    """The name behind a name or ARN; nothing means the cluster ``default``."""
    return (reference or "default").rpartition("/")[2]


def find_cluster(world: World, reference: str | None) -> Cluster:
    """An ACTIVE cluster."""
    cluster = world.clusters.get(cluster_name(reference))
    if cluster is None or cluster.status != clusters.ACTIVE:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def find_service(world: World, cluster: Cluster, reference: str) -> Service:
    """A service of the cluster, by name or ARN; INACTIVE ones are found too."""
    service = lookup_service(world, cluster.name, reference)
    if service is None:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return service


def lookup_service(world: World, cluster: str, reference: str) -> Service | None:
    """The same, None when there is none or when the API has forgotten it."""
    path = reference.partition(":service/")[2] or reference
    prefix, _, name = path.rpartition("/")
    if prefix and prefix != cluster:
        return None
    service = world.services.get((cluster, name))
    if service is None:
        return None
    gone_ms = service.inactive_ms
    if gone_ms is not None and world.engine.now_ms - gone_ms > world.timing.inactive_retention:
        return None
    return service


def find_task_definition(world: World, reference: str, *, missing: str) -> TaskDefinition:
    """A revision by ARN, ``family:revision`` or ``family`` (its latest ACTIVE revision)."""
    name = reference.partition(":task-definition/")[2] or reference
    family, _, revision = name.partition(":")
    known = world.task_definitions.get(family, [])
    if revision:
        for definition in known:
            if str(definition.revision) == revision:
                return definition
    else:
        for definition in reversed(known):
            if definition.status == "ACTIVE":
                return definition
    raise client_error(missing)


def find_usable_task_definition(world: World, reference: str) -> TaskDefinition:
    """A revision that new services and tasks may use: an ACTIVE one. Source: ECS developer guide, deregister-task-definition-v2."""
    definition = find_task_definition(world, reference, missing="TaskDefinition not found.")
    if definition.status == DELETE_IN_PROGRESS or definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return definition


def find_task(world: World, cluster: Cluster, reference: str) -> Task | None:
    """A task that the API still shows. Raises for an id that cannot be one."""
    task_id = reference.rpartition("/")[2]
    if len(task_id) not in (32, 36):
        raise invalid("taskId length should be one of [32,36]")
    task = world.tasks.get(task_id)
    if task is None or task.cluster != cluster.name:
        return None
    expired = (
        task.stopped_ms is not None
        and world.engine.now_ms - task.stopped_ms >= world.timing.stopped_retention
    )
    return None if expired else task


# -- lists -------------------------------------------------------------------------------------------


def page(items: Sequence[T], params: Params, *, key: str, limit: int = 100) -> tuple[list[T], dict[str, str]]:
    """One page of a list and, when there is more, ``{"nextToken": ...}``. ``key`` binds the token to its operation."""
    try:
        start = position_of(params.get("nextToken"), key)
    except ValueError as error:
        raise invalid("Invalid token") from error
    size = params.get("maxResults") or limit
    if not 1 <= size <= limit:
        raise invalid(f"MaxResults should be between 1 and {limit}.")  # [A] wording assumed
    found = list(items[start : start + size])
    if start + size >= len(items):
        return found, {}
    return found, {"nextToken": token_of(key, start + size)}


def missing(arn: str) -> dict[str, str]:
    """An entry of ``failures``."""
    return {"arn": arn, "reason": "MISSING"}


# -- tags --------------------------------------------------------------------------------------------


def read_tags(tags: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """Tags of a request as a mapping. Source of the rules: API model of ECS, Tag."""
    found: dict[str, str] = {}
    for tag in tags or ():
        key = tag.get("key", "")
        if not 1 <= len(key) <= 128 or len(tag.get("value", "")) > 256:
            raise invalid("Invalid tag: the key must have 1 to 128 characters, the value at most 256.")  # [A]
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys must not start with 'aws:'.")  # [A] wording assumed
        if key in found:
            raise invalid(f"Duplicate tag key: {key}")  # [A] wording assumed
        found[key] = tag.get("value", "")
    check_tag_count(found)
    return found


def check_tag_count(tags: dict[str, str]) -> None:
    """At most fifty tags of one's own."""
    if sum(not key.startswith("aws:") for key in tags) > MAX_TAGS:
        raise invalid(f"The number of tags exceeds the limit of {MAX_TAGS}.")  # [A] wording assumed


def show_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as the API shows them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def role_arn(world: World, role: str | None) -> str | None:
    """The ARN of a role that a request gives by ARN or by name. Source: API model of ECS, RegisterTaskDefinition (executionRoleArn)."""
    if not role:
        return None
    return role if role.startswith("arn:") else f"arn:aws:iam::{world.account}:role/{role}"
