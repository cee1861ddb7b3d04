"""AWS Fault Injection Service: which operations the offline cloud answers, and with which function.

Accounts other than one's own, safety levers and reports are not modelled. Sources: API model of FIS; FIS user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim.api.fis import catalogue, experiments, tagging, templates
from fargate_sim.model.world import World

Operation = Callable[[World, dict[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "CreateExperimentTemplate": templates.create_experiment_template,
    "DeleteExperimentTemplate": templates.delete_experiment_template,
    "GetAction": catalogue.get_action,
    "GetExperiment": experiments.get_experiment,
    "GetExperimentTemplate": templates.get_experiment_template,
    "GetTargetResourceType": catalogue.get_target_resource_type,
    "ListActions": catalogue.list_actions,
    "ListExperimentResolvedTargets": experiments.list_experiment_resolved_targets,
    "ListExperimentTemplates": templates.list_experiment_templates,
    "ListExperiments": experiments.list_experiments,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "ListTargetResourceTypes": catalogue.list_target_resource_types,
    "StartExperiment": experiments.start_experiment,
    "StopExperiment": experiments.stop_experiment,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "UpdateExperimentTemplate": templates.update_experiment_template,
}
