"""Operations on experiment templates."""

from __future__ import annotations

from fargate_sim.api.fis.common import (
    Answer,
    Params,
    Tokens,
    exceeded,
    find_template,
    invalid,
    page,
    read_tags,
)
from fargate_sim.api.fis.rules import read_plan
from fargate_sim.api.fis.shapes import show_template, show_template_summary
from fargate_sim.model.world import World

MOST_TEMPLATES = 500
"""Quota [C]."""
LONGEST_DESCRIPTION = 512
_PARTS = (
    "targets",
    "actions",
    "stopConditions",
    "roleArn",
    "logConfiguration",
    "experimentReportConfiguration",
)


def create_experiment_template(world: World, params: Params) -> Answer:
    """Keep a plan; nothing happens yet."""
    tokens = Tokens(world.experiments.tokens, "CreateExperimentTemplate")
    template = world.experiments.templates.get(tokens.former(params) or "")
    if template is None:
        _check_description(params["description"])
        plan, tags = read_plan(params), read_tags(params.get("tags"))
        if len(world.experiments.templates) >= MOST_TEMPLATES:
            # [A] wording assumed
            raise exceeded(f"You can have at most {MOST_TEMPLATES} experiment templates.")
        template = world.experiments.create_template(params["description"], plan, tags)
        tokens.keep(params, template.template_id)
    return {"experimentTemplate": show_template(template)}


def update_experiment_template(world: World, params: Params) -> Answer:
    """Replace the parts that are given. Running experiments keep what they were started with."""
    template = find_template(world, params["id"])
    before = show_template(template)
    document = {name: params.get(name, before.get(name)) for name in _PARTS}
    options = {**before["experimentOptions"], **(params.get("experimentOptions") or {})}
    description = params.get("description", template.description)
    _check_description(description)
    plan = read_plan({**document, "experimentOptions": options})
    world.experiments.update_template(template, description, plan)
    return {"experimentTemplate": show_template(template)}


def delete_experiment_template(world: World, params: Params) -> Answer:
    """Forget a template; its experiments go on."""
    template = find_template(world, params["id"])
    world.experiments.delete_template(template)
    return {"experimentTemplate": show_template(template)}


def get_experiment_template(world: World, params: Params) -> Answer:
    """One template."""
    return {"experimentTemplate": show_template(find_template(world, params["id"]))}


def list_experiment_templates(world: World, params: Params) -> Answer:
    """All templates, oldest first. [A] the order"""
    templates = list(world.experiments.templates.values())
    found, more = page(templates, params, key="experimentTemplates")
    return {"experimentTemplates": [show_template_summary(each) for each in found], **more}


def _check_description(description: str) -> None:
    if not 1 <= len(description) <= LONGEST_DESCRIPTION:
        # [A] wording assumed; the bounds are the API model's
        raise invalid(f"The description must have 1 to {LONGEST_DESCRIPTION} characters.")
