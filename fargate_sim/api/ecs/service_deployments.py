"""Operations on service deployments and service revisions."""

from __future__ import annotations

import re

from fargate_sim.api.ecs.common import (
    Answer,
    Params,
    find_cluster,
    find_service,
    invalid,
    missing,
    page,
)
from fargate_sim.api.ecs.service_shapes import show_account, show_account_brief, show_revision
from fargate_sim.model.service import Service, ServiceDeployment
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

_STOPPABLE = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_ARN = re.compile(r"arn:[^:]+:ecs:[^:]*:\d*:service-(?:deployment|revision)/([^/]+)/([^/]+)/[^/]+")
MAX_DESCRIBED = 20


def _service_of(world: World, arn: str) -> Service | None:
    match = _ARN.fullmatch(arn)
    return world.services.get((match.group(1), match.group(2))) if match else None


def _find(world: World, arn: str) -> tuple[Service, ServiceDeployment] | None:
    service = _service_of(world, arn)
    for account in service.accounts if service else ():
        if account.arn == arn and service is not None:
            return service, account
    return None


def list_service_deployments(world: World, params: Params) -> Answer:
    """Service deployments of a service, newest first."""
    cluster = find_cluster(world, params.get("cluster"))
    service = find_service(world, cluster, params["service"])
    statuses = params.get("status") or ()
    window = params.get("createdAt") or {}
    after_ms, before_ms = window.get("after"), window.get("before")
    found = [
        show_account_brief(world, service, account)
        for account in reversed(service.accounts)
        if (not statuses or account.status in statuses)
        and (after_ms is None or account.created_ms > after_ms)
        and (before_ms is None or account.created_ms < before_ms)
    ]
    shown, token = page(found, params, key="service-deployments")
    return {"serviceDeployments": shown, **token}


def describe_service_deployments(world: World, params: Params) -> Answer:
    """Service deployments by ARN."""
    shown, failures = [], []
    for arn in _checked(params["serviceDeploymentArns"]):
        found = _find(world, arn)
        if found is None:
            failures.append(missing(arn))
        else:
            shown.append(show_account(world, *found))
    return {"serviceDeployments": shown, "failures": failures}


def describe_service_revisions(world: World, params: Params) -> Answer:
    """Service revisions by ARN."""
    shown, failures = [], []
    for arn in _checked(params["serviceRevisionArns"]):
        service = _service_of(world, arn)
        revision = service.revisions.get(arn) if service else None
        if service is None or revision is None:
            failures.append(missing(arn))
        else:
            shown.append(show_revision(world, service, revision))
    return {"serviceRevisions": shown, "failures": failures}


def _checked(arns: list[str]) -> list[str]:
    if not 1 <= len(arns) <= MAX_DESCRIBED:
        raise invalid(
            f"Between 1 and {MAX_DESCRIBED} ARNs can be described at once."
        )  # [A] wording assumed; limit [C]
    for arn in arns:
        if not _ARN.fullmatch(arn):
            raise invalid(f"Invalid ARN: {arn}")  # [A] wording assumed
    return arns


def stop_service_deployment(world: World, params: Params) -> Answer:
    """Roll a deployment back by hand. Source: ECS developer guide, stop-service-deployment."""
    if params.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid(
            "Only the stop type ROLLBACK is supported."
        )  # [A] wording assumed; only ROLLBACK is accepted [C]
    arn = params["serviceDeploymentArn"]
    found = _find(world, arn)
    if found is None:
        raise AwsError(
            "ServiceDeploymentNotFoundException", "Service deployment not found."
        )  # [A] wording assumed
    service, account = found
    if account.status not in _STOPPABLE:
        raise AwsError(
            "ConflictException",
            f"Service deployment cannot be stopped in status {account.status}.",  # [A] wording assumed
            fields={"resourceIds": [arn]},
        )
    if account.status in ("PENDING", "IN_PROGRESS"):
        for deployment in service.deployments:
            if deployment.account is account:
                world.stop_service_deployment(service, deployment)
    return {"serviceDeploymentArn": arn}
