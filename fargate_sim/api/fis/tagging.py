"""Tags of templates and experiments."""

from __future__ import annotations

from fargate_sim.api.fis.common import Answer, Params, not_found, read_tags
from fargate_sim.model.world import World


def list_tags_for_resource(world: World, params: Params) -> Answer:
    """The tags of a template or an experiment."""
    return {"tags": dict(_tags(world, params["resourceArn"]))}


def tag_resource(world: World, params: Params) -> Answer:
    """Add tags, or change their values."""
    tags = _tags(world, params["resourceArn"])
    tags.update(read_tags({**tags, **params["tags"]}))
    return {}


def untag_resource(world: World, params: Params) -> Answer:
    """Remove tags; keys that are not there are passed over."""
    tags = _tags(world, params["resourceArn"])
    for key in params.get("tagKeys") or ():
        tags.pop(key, None)
    return {}


def _tags(world: World, arn: str) -> dict[str, str]:
    experiments = world.experiments
    last = arn.rpartition("/")[2]
    for found in (experiments.templates.get(last), experiments.experiments.get(last)):
        if found is not None and found.arn == arn:
            return found.tags
    raise not_found(f"Resource with ARN {arn} not found.")  # [A] wording assumed
