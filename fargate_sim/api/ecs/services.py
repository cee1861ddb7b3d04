"""Operations on services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fargate_sim.api.ecs.common import (
    NAME,
    Answer,
    Params,
    find_cluster,
    find_service,
    find_usable_task_definition,
    invalid,
    lookup_service,
    missing,
    not_modelled,
    page,
    read_tags,
    show_tags,
)
from fargate_sim.api.ecs.deployment_configuration import read_settings, show_settings
from fargate_sim.api.ecs.load_balancers import read_load_balancers, show_load_balancers
from fargate_sim.api.ecs.placement import (
    check_platform_version,
    check_strategy,
    read_network,
    read_placement,
    read_strategy,
    show_network,
)
from fargate_sim.api.ecs.service_shapes import show_service
from fargate_sim.model import service as s
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.cluster import Cluster
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.service import MAX_DESIRED, Revision, Service, StrategyItem
from fargate_sim.model.task import FARGATE
from fargate_sim.model.world import Placement, World
from fargate_sim.wire.errors import AwsError

MAX_DESCRIBED = 10
MUST_FORCE = (
    "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider "
    "strategy on a service that is already using one, you must force a new deployment."
)
"""[R] many public logs. [A] The way back to the launch type is answered alike."""
_FURTHER = (
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "placementConstraints",
    "placementStrategy",
    "monitoring",
)


def create_service(world: World, params: Params) -> Answer:
    """A service and its first deployment."""
    cluster = find_cluster(world, params.get("cluster"))
    name = params["serviceName"]
    if not NAME.fullmatch(name):
        raise invalid(
            "Invalid service name: up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens."
        )  # [A] wording assumed
    _check_supported(params)
    if not params.get("taskDefinition"):
        raise invalid("TaskDefinition can not be blank.")
    desired = _desired(params.get("desiredCount"))
    if desired is None:
        desired = 1
    settings = read_settings(params.get("deploymentConfiguration"), minimum=100, maximum=200)
    tags = read_tags(params.get("tags"))
    definition = find_usable_task_definition(world, params["taskDefinition"])
    placement = replace(
        read_placement(world, cluster, definition, params, launch_type=params.get("launchType")),
        load_balancers=read_load_balancers(world, definition, params.get("loadBalancers")),
    )
    existing = lookup_service(world, cluster.name, name)
    if existing is not None and existing.status == s.DRAINING:
        raise invalid("Unable to Start a service that is still Draining.")
    if existing is not None and existing.status == s.ACTIVE:
        token = params.get("clientToken")
        if token and existing.settings.get("clientToken") == token:
            return {"service": show_service(world, existing)}
        raise invalid("Creation of service was not idempotent.")
    service = Service(
        name=name,
        arn=world.arn(f"service/{cluster.name}/{name}"),
        cluster=cluster.name,
        created_ms=world.engine.now_ms,
        desired=desired,
        minimum_percent=100 if settings.minimum_percent is None else settings.minimum_percent,
        maximum_percent=200 if settings.maximum_percent is None else settings.maximum_percent,
        breaker=settings.breaker or CircuitBreaker(),
        alarms=settings.alarms or DeploymentAlarms(),
        bake_minutes=settings.bake_minutes,
        grace_period_s=params.get("healthCheckGracePeriodSeconds") or 0,
        tags=tags,
    )
    service.settings = {
        "availabilityZoneRebalancing": params.get("availabilityZoneRebalancing", "ENABLED"),
        "enableECSManagedTags": params.get("enableECSManagedTags", False),
        "enableExecuteCommand": params.get("enableExecuteCommand", False),
        "propagateTags": params.get("propagateTags", "NONE"),
        "clientToken": params.get("clientToken"),
        "platformVersion": params.get("platformVersion") or "LATEST",
    }
    service.settings["deploymentConfiguration"] = show_settings(service)
    world.create_service(service, definition, placement, _document(placement))
    return {"service": show_service(world, service)}


def _document(placement: Placement) -> dict[str, Any]:
    return {
        "networkConfiguration": show_network(
            placement.subnets, placement.security_groups, placement.public_ip
        )
    }


def _desired(count: int | None) -> int | None:
    if count is None:
        return None
    if not 0 <= count <= MAX_DESIRED:
        raise invalid(f"desiredCount must be between 0 and {MAX_DESIRED}.")  # [A] wording assumed; quota [C]
    return count


def _check_supported(params: Params) -> None:
    for field in _FURTHER:
        if params.get(field):
            raise not_modelled(f"the service setting {field}")
    if (params.get("serviceConnectConfiguration") or {}).get("enabled"):
        raise not_modelled("Service Connect")
    if params.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise not_modelled("the scheduling strategy DAEMON", "Fargate runs REPLICA services.")
    controller = (params.get("deploymentController") or {}).get("type", "ECS")
    if controller != "ECS":
        raise not_modelled(f"the deployment controller {controller}", "Use ECS.")
    grace = params.get("healthCheckGracePeriodSeconds")
    if grace is not None and grace < 0:
        raise invalid("healthCheckGracePeriodSeconds must not be negative.")  # [A] wording assumed


def update_service(world: World, params: Params) -> Answer:
    """Change a service. Which members start a deployment: API model of ECS, UpdateServiceRequest."""
    cluster = find_cluster(world, params.get("cluster"))
    service = find_service(world, cluster, params["service"])
    if service.status != s.ACTIVE:
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    _check_supported(params)
    desired = _desired(params.get("desiredCount"))
    settings = read_settings(
        params.get("deploymentConfiguration"),
        minimum=service.minimum_percent,
        maximum=service.maximum_percent,
    )
    check_platform_version(params.get("platformVersion"))
    revision, forced = _new_revision(world, cluster, service, params)
    changed = _changed(service, params, desired)
    for field in (
        "availabilityZoneRebalancing",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "propagateTags",
    ):
        if field in params:
            service.settings[field] = params[field]
    world.update_service(
        service,
        changed=changed,
        desired=desired,
        minimum_percent=settings.minimum_percent,
        maximum_percent=settings.maximum_percent,
        breaker=settings.breaker,
        alarms=settings.alarms,
        bake_minutes=settings.bake_minutes,
        grace_period_s=params.get("healthCheckGracePeriodSeconds"),
        revision=revision,
        forced=forced,
    )
    service.settings["deploymentConfiguration"] = show_settings(service)
    return {"service": show_service(world, service)}


def _changed(service: Service, params: Params, desired: int | None) -> list[str]:
    current = {
        "desiredCount": service.desired,
        "taskDefinition": service.primary.revision.task_definition.label,
    }
    changed = []
    for field in sorted(params):
        if field in ("cluster", "service") or (
            field == "desiredCount" and desired == current["desiredCount"]
        ):
            continue
        if field == "forceNewDeployment" and not params[field]:
            continue
        changed.append(field)
    return changed


def _new_revision(
    world: World, cluster: Cluster, service: Service, params: Params
) -> tuple[Revision | None, bool]:
    """The revision that the request deploys, if it deploys one, and whether it forces that."""
    current = service.primary.revision
    forced = bool(params.get("forceNewDeployment"))
    definition = current.task_definition
    if params.get("taskDefinition"):
        definition = find_usable_task_definition(world, params["taskDefinition"])
        if "FARGATE" not in definition.compatibilities:
            raise invalid("Task definition does not support launch_type FARGATE.")
    subnets, groups, public_ip = current.subnets, current.security_groups, current.public_ip
    if params.get("networkConfiguration"):
        subnets, groups, public_ip = read_network(world, params["networkConfiguration"])
    launch_type, strategy = _capacity(cluster, current, params)
    if (launch_type, strategy) != (current.launch_type, current.strategy) and not forced:
        raise invalid(MUST_FORCE)
    balancers = current.load_balancers
    if "loadBalancers" in params:
        balancers = read_load_balancers(world, definition, params["loadBalancers"])
    elif definition is not current.task_definition:
        balancers = read_load_balancers(world, definition, show_load_balancers(balancers))
    same = (
        balancers == current.load_balancers
        and definition is current.task_definition
        and (subnets, groups, public_ip) == (current.subnets, current.security_groups, current.public_ip)
        and params.get("platformVersion", service.settings["platformVersion"])
        == service.settings["platformVersion"]
    )
    if same and not forced:
        return None, False
    if params.get("platformVersion"):
        service.settings["platformVersion"] = params["platformVersion"]
    placement = Placement(subnets, groups, public_ip, launch_type, strategy, balancers)
    return world.revision(service.arn, definition, placement, _document(placement)), forced


def _capacity(
    cluster: Cluster, current: Revision, params: Params
) -> tuple[str | None, tuple[StrategyItem, ...]]:
    """Launch type and strategy after the request. An empty strategy goes back to the launch type. Source: API model of ECS,
    UpdateServiceRequest.
    """
    if "capacityProviderStrategy" not in params:
        return current.launch_type, current.strategy
    strategy = read_strategy(params["capacityProviderStrategy"])
    check_strategy(strategy, cluster.capacity_providers)
    return (None, strategy) if strategy else (FARGATE, ())


def delete_service(world: World, params: Params) -> Answer:
    """ACTIVE to DRAINING. Above zero only with ``force``."""
    cluster = find_cluster(world, params.get("cluster"))
    service = find_service(world, cluster, params["service"])
    if service.status == s.INACTIVE:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    if service.status == s.ACTIVE:
        if service.desired > 0 and not params.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        world.delete_service(service)
    return {"service": show_service(world, service)}


def describe_services(world: World, params: Params) -> Answer:
    """Up to ten services of a cluster."""
    cluster = find_cluster(world, params.get("cluster"))
    references = params["services"]
    if not references:
        raise invalid("Services cannot be empty.")
    if len(references) > MAX_DESCRIBED:
        raise invalid(
            f"Services cannot have more than {MAX_DESCRIBED} items."
        )  # [A] wording assumed; limit [C]
    shown, failures = [], []
    for reference in references:
        service = lookup_service(world, cluster.name, reference)
        if service is None:
            arn = (
                reference
                if reference.startswith("arn:")
                else world.arn(f"service/{cluster.name}/{reference}")
            )
            failures.append(missing(arn))
            continue
        answer = show_service(world, service)
        if "TAGS" in (params.get("include") or ()):
            answer["tags"] = show_tags(service.tags)
        shown.append(answer)
    return {"services": shown, "failures": failures}


def list_services(world: World, params: Params) -> Answer:
    """ARNs of ACTIVE services; a DRAINING one is out of the list. Source: API model, DeleteService."""
    cluster = find_cluster(world, params.get("cluster"))
    wanted = params.get("launchType")
    arns = [
        service.arn
        for service in world.services_of(cluster.name)
        if service.status == s.ACTIVE and wanted in (None, service.primary.revision.launch_type)
    ]
    found, token = page(arns, {"maxResults": 10, **params}, key="services")
    return {"serviceArns": found, **token}
