"""Operations that show what there is: actions and types of targets."""

from __future__ import annotations

from fargate_sim.api.fis.common import Answer, Params, not_found, page
from fargate_sim.api.fis.shapes import show_action_kind
from fargate_sim.model.experiments.catalogue import ACTIONS, RESOURCE_TYPES
from fargate_sim.model.world import World


def get_action(world: World, params: Params) -> Answer:
    """One action."""
    kind = ACTIONS.get(params["id"])
    if kind is None:
        raise not_found(f"Action with ID {params['id']} not found.")  # [R] as when a template is created
    return {"action": show_action_kind(world, kind, summary=False)}


def list_actions(world: World, params: Params) -> Answer:
    """All actions that exist here, by id."""
    found, more = page(sorted(ACTIONS), params, key="actions")
    return {"actions": [show_action_kind(world, ACTIONS[each], summary=True) for each in found], **more}


def get_target_resource_type(world: World, params: Params) -> Answer:
    """One type of targets."""
    del world
    kind = RESOURCE_TYPES.get(params["resourceType"])
    if kind is None:
        raise not_found(f"Target resource type {params['resourceType']} not found.")  # [A] wording assumed
    return {
        "targetResourceType": {
            "resourceType": kind.resource_type,
            "description": kind.description,
            "parameters": {
                name: {"description": text, "required": False} for name, text in kind.parameters.items()
            },
        }
    }


def list_target_resource_types(world: World, params: Params) -> Answer:
    """All types of targets that exist here."""
    del world
    kinds = [
        {"resourceType": kind.resource_type, "description": kind.description}
        for kind in RESOURCE_TYPES.values()
    ]
    found, more = page(kinds, params, key="targetResourceTypes")
    return {"targetResourceTypes": found, **more}
