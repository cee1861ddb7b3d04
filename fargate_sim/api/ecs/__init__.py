"""Amazon ECS: which operations the offline cloud answers, and with which function.

A function takes the world and the parsed parameters, and returns a plain dict in the wire's spelling; times are virtual milliseconds,
which the wire layer writes as AWS does. Rules live in the model. To add an operation: write the function, list it here, and the tests
hold its answer against botocore's output shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim.api.ecs import (
    account_settings,
    clusters,
    service_deployments,
    services,
    tagging,
    task_definitions,
    tasks,
)
from fargate_sim.model.world import World

Operation = Callable[[World, dict[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "CreateCluster": clusters.create_cluster,
    "CreateService": services.create_service,
    "DeleteAccountSetting": account_settings.delete_account_setting,
    "DeleteCluster": clusters.delete_cluster,
    "DeleteService": services.delete_service,
    "DeleteTaskDefinitions": task_definitions.delete_task_definitions,
    "DeregisterTaskDefinition": task_definitions.deregister_task_definition,
    "DescribeCapacityProviders": clusters.describe_capacity_providers,
    "DescribeClusters": clusters.describe_clusters,
    "DescribeServiceDeployments": service_deployments.describe_service_deployments,
    "DescribeServiceRevisions": service_deployments.describe_service_revisions,
    "DescribeServices": services.describe_services,
    "DescribeTaskDefinition": task_definitions.describe_task_definition,
    "DescribeTasks": tasks.describe_tasks,
    "ListAccountSettings": account_settings.list_account_settings,
    "ListClusters": clusters.list_clusters,
    "ListServiceDeployments": service_deployments.list_service_deployments,
    "ListServices": services.list_services,
    "ListTagsForResource": tagging.list_tags_for_resource,
    "ListTaskDefinitionFamilies": task_definitions.list_task_definition_families,
    "ListTaskDefinitions": task_definitions.list_task_definitions,
    "ListTasks": tasks.list_tasks,
    "PutAccountSetting": account_settings.put_account_setting,
    "PutAccountSettingDefault": account_settings.put_account_setting,
    "PutClusterCapacityProviders": clusters.put_cluster_capacity_providers,
    "RegisterTaskDefinition": task_definitions.register_task_definition,
    "RunTask": tasks.run_task,
    "StopServiceDeployment": service_deployments.stop_service_deployment,
    "StopTask": tasks.stop_task,
    "TagResource": tagging.tag_resource,
    "UntagResource": tagging.untag_resource,
    "UpdateCluster": clusters.update_cluster,
    "UpdateClusterSettings": clusters.update_cluster_settings,
    "UpdateService": services.update_service,
}
