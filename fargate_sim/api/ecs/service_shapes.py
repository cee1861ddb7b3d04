"""Services, deployments, service deployments and revisions as the API shows them."""

from __future__ import annotations

from typing import Any

from fargate_sim.api.ecs.deployment_configuration import show_settings
from fargate_sim.api.ecs.load_balancers import show_load_balancers
from fargate_sim.api.ecs.placement import show_platform, show_strategy
from fargate_sim.model import service as s
from fargate_sim.model.service import Deployment, Revision, Service, ServiceDeployment
from fargate_sim.model.world import World


def show_service(world: World, service: Service) -> dict[str, Any]:
    """A member of ``services[]``."""
    revision = service.primary.revision
    gone = service.status == s.INACTIVE
    shown: dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": world.arn(f"cluster/{service.cluster}"),
        "loadBalancers": show_load_balancers(revision.load_balancers),
        "serviceRegistries": [],
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": service.running_count,
        "pendingCount": service.pending_count,
        "platformVersion": service.settings.get("platformVersion", "LATEST"),
        "platformFamily": "Linux",
        "taskDefinition": revision.task_definition.arn,
        "deploymentConfiguration": show_settings(service),
        "deployments": [] if gone else [show_deployment(service, each) for each in service.deployments],
        "roleArn": f"arn:aws:iam::{world.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "events": [
            {"id": event.event_id, "createdAt": event.at_ms, "message": event.message}
            for event in service.events
        ],
        "createdAt": service.created_ms,
        "currentServiceRevisions": [
            {
                "arn": each.revision.arn,
                "requestedTaskCount": _requested(service, each),
                "runningTaskCount": each.running_count,
                "pendingTaskCount": each.pending_count,
            }
            for each in ([] if gone else service.deployments)
        ],
        "placementConstraints": [],
        "placementStrategy": [],
        "networkConfiguration": revision.document["networkConfiguration"],
        "healthCheckGracePeriodSeconds": service.grace_period_s,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "createdBy": f"arn:aws:iam::{world.account}:user/learner",
        "enableECSManagedTags": service.settings["enableECSManagedTags"],
        "propagateTags": service.settings["propagateTags"],
        "enableExecuteCommand": service.settings["enableExecuteCommand"],
        "availabilityZoneRebalancing": service.settings["availabilityZoneRebalancing"],
    }
    shown |= _capacity(revision)
    open_accounts = [account for account in service.accounts if not account.finished]
    if open_accounts:
        shown["currentServiceDeployment"] = open_accounts[-1].arn
    return shown


def _capacity(revision: Revision) -> dict[str, Any]:
    if revision.strategy:
        return {"capacityProviderStrategy": show_strategy(revision.strategy)}
    return {"launchType": revision.launch_type}


def _requested(service: Service, deployment: Deployment) -> int:
    if deployment is service.primary:
        return 0 if deployment.rollout_state == s.FAILED else service.desired
    return min(deployment.keep, service.desired)


def show_deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    """A member of ``deployments[]``."""
    shown: dict[str, Any] = {
        "id": deployment.deployment_id,
        "status": deployment.status,
        "taskDefinition": deployment.revision.task_definition.arn,
        "desiredCount": _requested(service, deployment),
        "pendingCount": deployment.pending_count,
        "runningCount": deployment.running_count,
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_ms,
        "updatedAt": deployment.updated_ms,
        **show_platform(deployment.revision.platform_version),
        "networkConfiguration": deployment.revision.document["networkConfiguration"],
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.reason,
    }
    return shown | _capacity(deployment.revision)


def _present(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


def show_account_brief(world: World, service: Service, account: ServiceDeployment) -> dict[str, Any]:
    """A member of ListServiceDeployments."""
    return {
        "serviceDeploymentArn": account.arn,
        "serviceArn": service.arn,
        "clusterArn": world.arn(f"cluster/{service.cluster}"),
        "createdAt": account.created_ms,
        "targetServiceRevisionArn": account.target.arn,
        "status": account.status,
        **_present(startedAt=account.started_ms, finishedAt=account.finished_ms, statusReason=account.reason),
    }


def show_account(world: World, service: Service, account: ServiceDeployment) -> dict[str, Any]:
    """A member of DescribeServiceDeployments."""
    shown: dict[str, Any] = {
        "serviceDeploymentArn": account.arn,
        "serviceArn": service.arn,
        "clusterArn": world.arn(f"cluster/{service.cluster}"),
        "createdAt": account.created_ms,
        "updatedAt": account.updated_ms,
        "sourceServiceRevisions": [_summary(service, revision) for revision in account.sources],
        "targetServiceRevision": _summary(service, account.target),
        "status": account.status,
        "deploymentConfiguration": account.configuration,
        "deploymentCircuitBreaker": {
            "status": account.breaker_status,
            "failureCount": account.failure_count,
            "threshold": account.threshold,
        },
        "alarms": {
            "status": account.alarms_status,
            "alarmNames": list(account.alarm_names),
            "triggeredAlarmNames": list(account.triggered_alarms),
        },
    }
    shown |= _present(
        startedAt=account.started_ms,
        finishedAt=account.finished_ms,
        stoppedAt=account.stopped_ms,
        statusReason=account.reason,
    )
    if account.rollback_revision is not None:
        shown["rollback"] = _present(
            reason=account.rollback_reason,
            startedAt=account.rollback_started_ms,
            serviceRevisionArn=account.rollback_revision,
        )
    return shown


def _summary(service: Service, revision: Revision) -> dict[str, Any]:
    requested = running = pending = 0
    for deployment in service.deployments:
        if deployment.revision is revision:
            requested = _requested(service, deployment)
            running, pending = deployment.running_count, deployment.pending_count
    return {
        "arn": revision.arn,
        "requestedTaskCount": requested,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }


def show_revision(world: World, service: Service, revision: Revision) -> dict[str, Any]:
    """A member of DescribeServiceRevisions."""
    digests = service.digests.get(revision.arn, {})
    images = []
    for container in revision.task_definition.containers:
        image = {"containerName": container.name, "image": container.image}
        if container.name in digests:
            image["imageDigest"] = digests[container.name]
        images.append(image)
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": world.arn(f"cluster/{service.cluster}"),
        "taskDefinition": revision.task_definition.arn,
        **_capacity(revision),
        **show_platform(revision.platform_version),
        "loadBalancers": show_load_balancers(revision.load_balancers),
        "networkConfiguration": revision.document["networkConfiguration"],
        "containerImages": images,
        "guardDutyEnabled": False,
        "createdAt": revision.created_ms,
    }
