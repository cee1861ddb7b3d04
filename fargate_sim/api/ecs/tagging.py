"""Tags of clusters, services, tasks and task definitions, by ARN."""

from __future__ import annotations

from fargate_sim.api.ecs.common import Answer, Params, check_tag_count, invalid, read_tags, show_tags
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError


def tag_resource(world: World, params: Params) -> Answer:
    """Add tags; a key that exists gets the new value."""
    tags = _tags_of(world, params["resourceArn"])
    new = read_tags(params["tags"])
    check_tag_count(tags | new)
    tags.update(new)
    return {}


def untag_resource(world: World, params: Params) -> Answer:
    """Remove tags; keys that do not exist are fine."""
    tags = _tags_of(world, params["resourceArn"])
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(world: World, params: Params) -> Answer:
    """The tags of a resource."""
    try:
        return {"tags": show_tags(_tags_of(world, params["resourceArn"]))}
    except AwsError as error:
        if error.code == "ResourceNotFoundException":  # which this operation does not declare
            raise invalid(error.message) from None
        raise


def _tags_of(world: World, arn: str) -> dict[str, str]:
    """The live mapping of a resource's tags."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "ecs":
        raise invalid(f"Invalid ARN: {arn}")  # [A] wording assumed
    kind, _, path = parts[5].partition("/")
    name = path.rpartition("/")[2]
    prefix = path.rpartition("/")[0]
    if kind == "cluster":
        cluster = world.clusters.get(name)
        if cluster is None or cluster.status != "ACTIVE":
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return cluster.tags
    if kind == "service":
        service = world.services.get((prefix, name))
        if service is not None and service.status != "INACTIVE":
            return service.tags
    elif kind == "task":
        task = world.tasks.get(name)
        if task is not None and task.cluster == prefix:
            return task.tags
    elif kind == "task-definition":
        family, _, revision = name.partition(":")
        for definition in world.task_definitions.get(family, ()):
            if str(definition.revision) == revision:
                return definition.tags
    else:
        raise invalid(f"Unsupported resource type: {kind}")  # [A] wording assumed
    raise AwsError(
        "ResourceNotFoundException", "The specified resource was not found."
    )  # [A] wording assumed
