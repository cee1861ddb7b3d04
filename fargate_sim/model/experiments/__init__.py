"""AWS Fault Injection Service: experiments on the tasks and subnets of a world."""

from fargate_sim.model.experiments.experiment import ActionRun, ActionsMode, Experiment
from fargate_sim.model.experiments.experiments import Experiments
from fargate_sim.model.experiments.template import (
    Action,
    Filter,
    Plan,
    Selection,
    StopCondition,
    Target,
    Template,
)

__all__ = [
    "Action",
    "ActionRun",
    "ActionsMode",
    "Experiment",
    "Experiments",
    "Filter",
    "Plan",
    "Selection",
    "StopCondition",
    "Target",
    "Template",
]
