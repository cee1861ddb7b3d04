"""Operations on clusters."""

from __future__ import annotations

from collections.abc import Iterable

from fargate_sim.api.ecs.common import (
    NAME,
    Answer,
    Params,
    client_error,
    cluster_name,
    find_cluster,
    invalid,
    missing,
    not_modelled,
    page,
    read_tags,
    show_tags,
)
from fargate_sim.api.ecs.placement import FARGATE_PROVIDERS, check_strategy, read_strategy, show_strategy
from fargate_sim.model import cluster as clusters
from fargate_sim.model.cluster import Cluster
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

CONTAINER_INSIGHTS = ("enabled", "disabled", "enhanced")
_KEPT = ("configuration", "serviceConnectDefaults")


def create_cluster(world: World, params: Params) -> Answer:
    """A cluster; creating an ACTIVE one again returns it as it is."""
    name = params.get("clusterName") or "default"
    if not NAME.fullmatch(name):
        raise invalid(
            "Identifier must be 1-255 letters, numbers, hyphens or underscores."
        )  # [A] wording assumed
    tags = read_tags(params.get("tags"))
    insights = _insights(params.get("settings"))
    providers = _providers(params.get("capacityProviders"))
    strategy = read_strategy(params.get("defaultCapacityProviderStrategy"))
    check_strategy(strategy, providers)
    existing = world.clusters.get(name)
    if existing is not None and existing.status == clusters.ACTIVE:
        return {"cluster": show_cluster(world, existing)}
    default = world.account_settings.get("containerInsights", "disabled")
    cluster = world.create_cluster(name, insights or default)
    cluster.tags = tags
    cluster.capacity_providers = providers
    cluster.default_strategy = strategy
    cluster.settings = {key: params[key] for key in _KEPT if key in params}
    return {"cluster": show_cluster(world, cluster, include=("SETTINGS", "TAGS", "CONFIGURATIONS"))}


def describe_clusters(world: World, params: Params) -> Answer:
    """Clusters by name or ARN, INACTIVE ones too; without names the default one."""
    include = params.get("include") or ()
    shown, failures = [], []
    for reference in params.get("clusters") or ["default"]:
        cluster = world.clusters.get(cluster_name(reference))
        if cluster is None:
            failures.append(missing(world.arn(f"cluster/{cluster_name(reference)}")))
        else:
            shown.append(show_cluster(world, cluster, include=include))
    return {"clusters": shown, "failures": failures}


def list_clusters(world: World, params: Params) -> Answer:
    """ARNs of ACTIVE clusters."""
    arns = [cluster.arn for cluster in world.clusters.values() if cluster.status == clusters.ACTIVE]
    found, token = page(arns, params, key="clusters")
    return {"clusterArns": found, **token}


def update_cluster(world: World, params: Params) -> Answer:
    """Change settings and configuration."""
    cluster = find_cluster(world, params["cluster"])
    insights = _insights(params.get("settings"))
    if insights is not None:
        world.set_container_insights(cluster, insights)
    cluster.settings |= {key: params[key] for key in _KEPT if key in params}
    return {"cluster": show_cluster(world, cluster, include=("SETTINGS", "TAGS", "CONFIGURATIONS"))}


def update_cluster_settings(world: World, params: Params) -> Answer:
    """Change settings."""
    cluster = find_cluster(world, params["cluster"])
    insights = _insights(params["settings"])
    if insights is not None:
        world.set_container_insights(cluster, insights)
    return {"cluster": show_cluster(world, cluster, include=("SETTINGS",))}


def put_cluster_capacity_providers(world: World, params: Params) -> Answer:
    """Replace the cluster's capacity providers and its default strategy."""
    cluster = find_cluster(world, params["cluster"])
    providers = _providers(params["capacityProviders"])
    strategy = read_strategy(params["defaultCapacityProviderStrategy"])
    check_strategy(strategy, providers)
    for name in cluster.capacity_providers:
        if name not in providers and _in_use(world, cluster, name):
            # [A] wording assumed; code and rule: API model of ECS, PutClusterCapacityProviders
            raise AwsError(
                "ResourceInUseException", f"The capacity provider {name} is in use and cannot be removed."
            )
    cluster.capacity_providers = providers
    cluster.default_strategy = strategy
    return {"cluster": show_cluster(world, cluster, include=("SETTINGS",))}


def delete_cluster(world: World, params: Params) -> Answer:
    """A cluster without services and tasks becomes INACTIVE."""
    cluster = find_cluster(world, params["cluster"])
    if world.services_of(cluster.name):
        # [R] the sentence that the API answers with
        raise AwsError(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    if any(task.last_status != "STOPPED" for task in world.tasks_of(cluster.name)):
        raise AwsError(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    world.delete_cluster(cluster)
    return {"cluster": show_cluster(world, cluster)}


def describe_capacity_providers(world: World, params: Params) -> Answer:
    """The two that every account has."""
    wanted = params.get("capacityProviders") or FARGATE_PROVIDERS
    shown: list[Answer] = []
    failures = []
    for reference in wanted:
        name = reference.rpartition("/")[2]
        arn = world.arn(f"capacity-provider/{name}")
        if name in FARGATE_PROVIDERS:
            shown.append(
                {"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "tags": [], "type": name}
            )
        else:
            failures.append(missing(arn))
    return {"capacityProviders": shown, "failures": failures}


def _in_use(world: World, cluster: Cluster, provider: str) -> bool:
    """Whether a task of the cluster is on the provider."""
    return any(
        task.capacity_provider == provider and task.last_status != "STOPPED"
        for task in world.tasks_of(cluster.name)
    )


def _insights(settings: Iterable[dict[str, str]] | None) -> str | None:
    value = None
    for setting in settings or ():
        value = setting.get("value", "")
        if value not in CONTAINER_INSIGHTS:
            raise invalid(f"Invalid value for containerInsights setting: {value}")  # [A] wording assumed
    return value


def _providers(names: Iterable[str] | None) -> list[str]:
    providers = list(dict.fromkeys(names or ()))
    for name in providers:
        if name not in FARGATE_PROVIDERS:
            if name.upper().startswith("FARGATE"):
                raise client_error("The specified capacity provider does not exist.")  # [R]
            raise not_modelled(f"the capacity provider '{name}'", "It has FARGATE and FARGATE_SPOT.")
    return providers


def show_cluster(world: World, cluster: Cluster, *, include: Iterable[str] = ()) -> Answer:
    """A cluster as the API shows it; ``include`` adds members as DescribeClusters does."""
    tasks = world.tasks_of(cluster.name)
    services = world.services_of(cluster.name)
    running = sum(task.last_status == "RUNNING" for task in tasks)
    pending = sum(task.pending for task in tasks)
    active = sum(service.status == "ACTIVE" for service in services)
    shown: Answer = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": active,
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": show_strategy(cluster.default_strategy),
    }
    if "SETTINGS" in include:
        shown["settings"] = [{"name": "containerInsights", "value": cluster.container_insights}]
    if "TAGS" in include:
        shown["tags"] = show_tags(cluster.tags)
    if "CONFIGURATIONS" in include:
        shown |= cluster.settings
    if "STATISTICS" in include:
        draining = sum(service.status == "DRAINING" for service in services)
        numbers = {
            "runningFargateTasksCount": running,
            "pendingFargateTasksCount": pending,
            "activeFargateServiceCount": active,
            "drainingFargateServiceCount": draining,
            "runningEC2TasksCount": 0,
            "pendingEC2TasksCount": 0,
            "activeEC2ServiceCount": 0,
            "drainingEC2ServiceCount": 0,
        }
        shown["statistics"] = [{"name": name, "value": str(value)} for name, value in numbers.items()]
    return shown
