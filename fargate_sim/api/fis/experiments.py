"""Operations on experiments."""

from __future__ import annotations

from fargate_sim.api.fis.common import (
    Answer,
    Params,
    Tokens,
    exceeded,
    find_experiment,
    find_template,
    invalid,
    page,
    read_tags,
)
from fargate_sim.api.fis.shapes import show_experiment, show_experiment_summary
from fargate_sim.model.world import World

MOST_ACTIVE = 5
"""Quota [C]."""


def start_experiment(world: World, params: Params) -> Answer:
    """Start an experiment from a template. What goes wrong later shows in its state."""
    tokens = Tokens(world.experiments.tokens, "StartExperiment")
    former = tokens.former(params)
    if former is not None:
        return {"experiment": show_experiment(world, find_experiment(world, former))}
    template = find_template(world, params["experimentTemplateId"])
    tags = read_tags(params.get("tags"))
    if sum(not each.ended for each in world.experiments.experiments.values()) >= MOST_ACTIVE:
        # [A] wording assumed
        raise exceeded(f"You can have at most {MOST_ACTIVE} active experiments.")
    skips = (params.get("experimentOptions") or {}).get("actionsMode") == "skip-all"
    experiment = world.experiments.start(template, "skip-all" if skips else "run-all", tags)
    tokens.keep(params, experiment.experiment_id)
    return {"experiment": show_experiment(world, experiment)}


def stop_experiment(world: World, params: Params) -> Answer:
    """Stop an experiment. One that is stopping goes on stopping."""
    experiment = find_experiment(world, params["id"])
    if experiment.ended:
        # [A] wording assumed
        raise invalid(
            f"Experiment {experiment.experiment_id} cannot be stopped: it is {experiment.state.status}."
        )
    world.experiments.stop(experiment)
    return {"experiment": show_experiment(world, experiment)}


def get_experiment(world: World, params: Params) -> Answer:
    """One experiment."""
    return {"experiment": show_experiment(world, find_experiment(world, params["id"]))}


def list_experiments(world: World, params: Params) -> Answer:
    """All experiments, or those of a template, oldest first. [A] the order"""
    template_id = params.get("experimentTemplateId")
    wanted = [
        each for each in world.experiments.experiments.values() if template_id in (None, each.template_id)
    ]
    found, more = page(wanted, params, key="experiments")
    return {"experiments": [show_experiment_summary(world, each) for each in found], **more}


def list_experiment_resolved_targets(world: World, params: Params) -> Answer:
    """The resources that an experiment's targets mean, once it has looked for them."""
    experiment = find_experiment(world, params["experimentId"])
    name = params.get("targetName")
    if name is not None and name not in experiment.plan.targets:
        # [A] wording assumed
        raise invalid(f"Experiment {experiment.experiment_id} has no target {name}.")
    resolved = [
        {
            "resourceType": experiment.plan.targets[target].resource_type,
            "targetName": target,
            "targetInformation": {"arn": arn},
        }
        for target, arns in experiment.resolved.items()
        if name in (None, target)
        for arn in arns
    ]
    found, more = page(resolved, params, key=f"resolvedTargets {experiment.experiment_id} {name}")
    return {"resolvedTargets": found, **more}
