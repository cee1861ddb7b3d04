"""The world of one account and region: its state, and the commands that change it.

A command takes values that the API layer has checked already, changes state at the virtual now, and schedules what follows. Everything else
happens in the scheduler, the rollout and the lifecycle.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.kernel.seeds import Seeds, digits, hex_id, uuid
from fargate_sim.model import cluster as clusters
from fargate_sim.model import service as s
from fargate_sim.model import task as states
from fargate_sim.model.alarms import Alarms
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.calls import Caller, Programs
from fargate_sim.model.capacity import Capacity
from fargate_sim.model.cluster import Cluster
from fargate_sim.model.containers import Containers
from fargate_sim.model.cost import Costs
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.disturbances import Disturbances
from fargate_sim.model.events import EcsEvents, EventStream
from fargate_sim.model.experiments import Experiments
from fargate_sim.model.images import ImageCatalogue
from fargate_sim.model.load_balancing import LoadBalancing
from fargate_sim.model.logs import LogBook
from fargate_sim.model.metrics import Metrics
from fargate_sim.model.network import Network
from fargate_sim.model.placement import ZoneSpread, next_providers
from fargate_sim.model.queues import Queues
from fargate_sim.model.registry import Registry
from fargate_sim.model.samples import Samples
from fargate_sim.model.scaling import Scaling
from fargate_sim.model.scheduler import Scheduler
from fargate_sim.model.schedules import Schedules
from fargate_sim.model.service import Deployment, LoadBalancerSpec, Revision, Service, StrategyItem
from fargate_sim.model.spot import Spot
from fargate_sim.model.surroundings import SubnetFacts, Surroundings
from fargate_sim.model.task import Container, Task, pool_of
from fargate_sim.model.task_definition import TaskDefinition
from fargate_sim.model.timing import Timing
from fargate_sim.model.traffic import Traffic
from fargate_sim.model.trail import Trail


@dataclass(frozen=True)
class Placement:
    """Where and on what tasks run: network and launch type, as a call asked for them."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_ip: bool
    launch_type: str | None
    strategy: tuple[StrategyItem, ...] = ()
    load_balancers: tuple[LoadBalancerSpec, ...] = ()


@dataclass(frozen=True)
class StandaloneTask:
    """What RunTask asks for, beside the placement."""

    group: str
    started_by: str | None
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Container name to the command that overrides its definition's."""
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    """Container name to the variables that override its definition's."""
    overrides: dict[str, object] = field(default_factory=dict)
    execution_role: str | None = None
    task_role: str | None = None
    """Roles that override the definition's."""
    tags: dict[str, str] = field(default_factory=dict)
    exec_enabled: bool = False


class World:
    """All ECS state of an account and region."""

    def __init__(
        self,
        *,
        engine: Engine,
        journal: Journal,
        seeds: Seeds,
        region: str,
        account: str,
        surroundings: Surroundings,
        images: ImageCatalogue,
        timing: Timing | None = None,
    ) -> None:
        self.engine = engine
        self.journal = journal
        self.seeds = seeds
        self.region = region
        self.account = account
        self.surroundings = surroundings
        self.registry = Registry(images, surroundings, account, region)
        self.timing = timing or Timing()
        self.clusters: dict[str, Cluster] = {}
        self.task_definitions: dict[str, list[TaskDefinition]] = {}
        self.services: dict[tuple[str, str], Service] = {}
        self.tasks: dict[str, Task] = {}
        self.account_settings: dict[str, str] = {}
        self.moving = 0
        """Tasks on their way to RUNNING or to STOPPED."""
        self.network = Network(surroundings, seeds, region)
        self.logs = LogBook()
        self.events = EventStream(self)
        self.ecs_events = EcsEvents(self)
        self.schedules = Schedules(self)
        self.metrics = Metrics(self)
        self.costs = Costs(self)
        self.trail = Trail(engine, seeds)
        self.traffic = Traffic(self)
        self.queues = Queues(self)
        self.samples = Samples(self)
        self.capacity = Capacity(self)
        self.spot = Spot(self)
        self.alarms = Alarms(self)
        self.caller = Caller(self)
        self.programs = Programs(self, self.caller)
        self.disturbances = Disturbances(self)
        self.containers = Containers(self)
        self.lifecycle, self.memory = self.containers.lifecycle, self.containers.memory
        self.balancing = LoadBalancing(self)
        self.scheduler = Scheduler(self)
        self.scaling = Scaling(self, self.alarms)
        self.alarms.scaling_action = self.scaling.alarm_state
        self.experiments = Experiments(self)
        self._ids = seeds.stream("ids")
        self._placement = seeds.stream("placement")
        self._stopped: deque[Task] = deque()
        self.tokens: dict[str, tuple[str, list[Task]]] = {}
        """Client tokens of RunTask: the request that each belongs to, and the tasks it started."""

    # -- questions ---------------------------------------------------------------------------------

    def arn(self, resource: str) -> str:
        """The ARN of an ECS resource of this account and region."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    @property
    def settled(self) -> bool:
        """No deployment in progress, no task or experiment on its way, and every service at its desired count."""
        return not (self.moving or self.experiments.moving) and not any(
            service.status == s.DRAINING
            or (
                service.status == s.ACTIVE
                and not service.steady
                and service.primary.rollout_state != s.FAILED
            )
            for service in self.services.values()
        )

    def services_of(self, cluster: str) -> list[Service]:
        """Services of a cluster that are not INACTIVE."""
        return [
            service
            for service in self.services.values()
            if service.cluster == cluster and service.status != s.INACTIVE
        ]

    def tasks_of(self, cluster: str) -> list[Task]:
        """Tasks of a cluster that the API still shows, oldest first."""
        horizon_ms = self.engine.now_ms - self.timing.stopped_retention
        return [
            task
            for task in self.tasks.values()
            if task.cluster == cluster and (task.stopped_ms is None or task.stopped_ms > horizon_ms)
        ]

    @staticmethod
    def lost_subnet(subnet_id: str) -> SubnetFacts:
        """A subnet that was deleted under a service: tasks are still tried in it, and fail."""
        return SubnetFacts(subnet_id, vpc_id="", cidr="", availability_zone="")

    def task_tags(self, service: Service, task_definition: TaskDefinition) -> dict[str, str]:
        """Tags that a service's task is born with. Source: ECS developer guide, ecs-using-tags."""
        propagate = service.settings.get("propagateTags", "NONE")
        tags: dict[str, str] = {}
        if service.settings.get("enableECSManagedTags"):
            tags = {"aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
        if propagate == "SERVICE":
            tags |= service.tags
        elif propagate == "TASK_DEFINITION":
            tags |= task_definition.tags
        return tags

    def account_changed(self) -> None:
        """Somebody has changed something in the rest of the account: requests and checks may be answered otherwise from now on."""
        self.traffic.account_changed()
        self.programs.account_changed()

    # -- clusters and task definitions -------------------------------------------------------------

    def create_cluster(self, name: str, container_insights: str) -> Cluster:
        """A new cluster, or a deleted one anew."""
        cluster = Cluster(name, self.arn(f"cluster/{name}"), self.engine.now_ms, container_insights)
        self.clusters[name] = cluster
        self.metrics.tasks.observed(name, container_insights)
        self.journal.record("cluster.created", {"cluster": name, "container_insights": container_insights})
        return cluster

    def set_container_insights(self, cluster: Cluster, value: str) -> None:
        """Change the setting."""
        cluster.container_insights = value
        self.metrics.tasks.observed(cluster.name, value)
        self.journal.record("cluster.updated", {"cluster": cluster.name, "container_insights": value})

    def delete_cluster(self, cluster: Cluster) -> None:
        """It stays visible as INACTIVE."""
        cluster.status = clusters.INACTIVE
        self.journal.record("cluster.deleted", {"cluster": cluster.name})

    def next_revision(self, family: str) -> int:
        """Revisions are never used twice, not even after deletion."""
        revisions = self.task_definitions.get(family)
        return revisions[-1].revision + 1 if revisions else 1

    def register_task_definition(self, definition: TaskDefinition) -> None:
        """Add a revision to its family."""
        self.task_definitions.setdefault(definition.family, []).append(definition)
        self.journal.record(
            "task_definition.registered",
            {
                "task_definition": definition.label,
                "family": definition.family,
                "revision": definition.revision,
                "cpu": definition.cpu_units,
                "memory": definition.memory_mib,
                "network_mode": definition.network_mode,
                "compatibilities": list(definition.compatibilities),
                "containers": [
                    {
                        "name": container.name,
                        "image": container.image,
                        "ports": list(container.ports),
                        "stop_timeout": container.stop_timeout_s,
                        "log_driver": container.log_driver,
                        "log_group": container.logs.group if container.logs else None,
                    }
                    for container in definition.containers
                ],
            },
        )

    def set_task_definition_status(self, definition: TaskDefinition, status: str) -> None:
        """Deregister, or ask for deletion."""
        definition.status = status
        self.journal.record("task_definition.deregistered", {"task_definition": definition.label})

    # -- services ----------------------------------------------------------------------------------

    def revision(
        self, service_arn: str, definition: TaskDefinition, placement: Placement, document: dict[str, Any]
    ) -> Revision:
        """A service revision: everything whose change starts a deployment."""
        path = service_arn.partition(":service/")[2]
        return Revision(
            arn=self.arn(f"service-revision/{path}/{digits(self._ids, 19)}"),
            task_definition=definition,
            subnets=placement.subnets,
            security_groups=placement.security_groups,
            public_ip=placement.public_ip,
            launch_type=placement.launch_type,
            strategy=placement.strategy,
            platform_version=states.PLATFORM_VERSION,
            created_ms=self.engine.now_ms,
            load_balancers=placement.load_balancers,
            document=document,
        )

    def create_service(
        self, service: Service, definition: TaskDefinition, placement: Placement, document: dict[str, Any]
    ) -> Service:
        """Put a service into the world and start its first deployment."""
        self.services[service.cluster, service.name] = service
        self.metrics.tasks.desired(service)
        revision = self.revision(service.arn, definition, placement, document)
        cause = self.journal.record("service.created", self._service_facts(service, revision))
        self._begin(service, revision, "created", cause)
        return service

    def _begin(self, service: Service, revision: Revision, why: str, cause: int) -> None:
        before, self.engine.cause = self.engine.cause, cause
        self.scheduler.rollout.start(
            service, revision, why, dict(service.settings.get("deploymentConfiguration", {}))
        )
        self.engine.cause = before

    @staticmethod
    def _service_facts(service: Service, revision: Revision) -> dict[str, Any]:
        return {
            "cluster": service.cluster,
            "service": service.name,
            "desired": service.desired,
            "task_definition": revision.task_definition.label,
            "subnets": list(revision.subnets),
            "security_groups": list(revision.security_groups),
            "launch_type": revision.launch_type,
            "minimum_percent": service.minimum_percent,
            "maximum_percent": service.maximum_percent,
            "breaker": {"enabled": service.breaker.enabled, "rollback": service.breaker.rollback},
            "alarms": {
                "enabled": service.alarms.enabled,
                "rollback": service.alarms.rollback,
                "names": list(service.alarms.names),
            },
        }

    def update_service(
        self,
        service: Service,
        *,
        changed: list[str],
        desired: int | None = None,
        minimum_percent: int | None = None,
        maximum_percent: int | None = None,
        breaker: CircuitBreaker | None = None,
        alarms: DeploymentAlarms | None = None,
        bake_minutes: int | None = None,
        grace_period_s: int | None = None,
        revision: Revision | None = None,
        forced: bool = False,
    ) -> None:
        """Change what is given; ``revision`` starts a deployment."""
        if minimum_percent is not None:
            service.minimum_percent = minimum_percent
        if maximum_percent is not None:
            service.maximum_percent = maximum_percent
        if breaker is not None:
            service.breaker = breaker
        if alarms is not None:
            service.alarms = alarms
        if bake_minutes is not None:
            service.bake_minutes = bake_minutes
        if grace_period_s is not None:
            service.grace_period_s = grace_period_s
        if desired is not None:
            self._scale(service, desired)
        facts = self._service_facts(service, revision or service.primary.revision)
        cause = self.journal.record("service.updated", {**facts, "changed": changed})
        if revision is not None:
            self._begin(service, revision, "forced" if forced else "updated", cause)
        elif changed:
            before, self.engine.cause = self.engine.cause, cause
            if alarms is not None:
                self.scheduler.rollout.alarms.configured(service)
            self.scheduler.react(service)
            self.engine.cause = before

    def _scale(self, service: Service, desired: int) -> None:
        """During a rollout more capacity goes to both revisions. Source: ECS developer guide, deployment-type-ecs."""
        grown = desired - service.desired
        service.desired = desired
        self.metrics.tasks.desired(service)
        service.steady = service.steady and grown == 0
        for source in service.deployments[1:]:
            source.keep = min(source.keep + max(grown, 0), desired) if source.ever_completed else source.keep
        self.scaling.desired_changed(service)

    def delete_service(self, service: Service) -> None:
        """DRAINING: out of the lists at once, its tasks stopped shortly after."""
        service.status = s.DRAINING
        service.desired = 0
        self.metrics.tasks.desired(service)
        cause = self.journal.record("service.draining", {"cluster": service.cluster, "service": service.name})
        for deployment in service.deployments:
            self.engine.cancel(deployment.trip)
        self.engine.cancel(service.next_pass)
        self.scaling.service_deleted(service)
        service.earliest_pass_ms = 0
        delay_ms = self.lifecycle.draw(self.timing.deletion_reaction)
        before, self.engine.cause = self.engine.cause, cause
        self.scheduler.wake(service, self.engine.now_ms + delay_ms)
        self.engine.cause = before

    def stop_service_deployment(self, service: Service, deployment: Deployment) -> None:
        """Go back to the last completed deployment."""
        self.scheduler.rollout.request_rollback(service, deployment.account)

    # -- tasks -------------------------------------------------------------------------------------

    def run_tasks(
        self,
        cluster: str,
        definition: TaskDefinition,
        count: int,
        placement: Placement,
        asked: StandaloneTask,
    ) -> list[Task]:
        """Start standalone tasks, spread over the subnets' zones; fewer than ``count`` where there is no capacity for them."""
        subnets = [self.surroundings.subnet(each) or self.lost_subnet(each) for each in placement.subnets]
        spread = ZoneSpread((), ())
        started: list[Task] = []
        for provider in next_providers(placement.strategy, Counter(), count):
            subnet = spread.choose(subnets, self._placement, provider=provider)
            if self.capacity.lacks(pool_of(provider), subnet.availability_zone):
                facts = {
                    "cluster": cluster,
                    "group": asked.group,
                    "provider": pool_of(provider),
                    "az": subnet.availability_zone,
                }
                self.journal.record("task.not_placed", facts, cause=self.engine.cause)
                continue
            task_id = hex_id(self._ids, 32)
            task = Task(
                task_id=task_id,
                arn=self.arn(f"task/{cluster}/{task_id}"),
                cluster=cluster,
                task_definition=definition,
                group=asked.group,
                started_by=asked.started_by,
                subnet_id=subnet.subnet_id,
                availability_zone=subnet.availability_zone,
                security_groups=placement.security_groups,
                public_ip=placement.public_ip,
                launch_type=None if placement.strategy else placement.launch_type,
                capacity_provider=provider,
                containers=[
                    Container(
                        spec,
                        uuid(self._ids),
                        command=asked.commands.get(spec.name),
                        environment_override=asked.environments.get(spec.name, {}),
                    )
                    for spec in definition.containers
                ],
                created_ms=self.engine.now_ms,
                tags=dict(asked.tags),
                exec_enabled=asked.exec_enabled,
                overrides=asked.overrides,
                execution_role=asked.execution_role or definition.execution_role,
                task_role=asked.task_role or definition.task_role,
            )
            self.lifecycle.launch(task)
            started.append(task)
        return started

    def stop_task(self, task: Task, reason: str) -> None:
        """Stop a task by hand; a service starts another."""
        self.lifecycle.stop(task, states.USER_INITIATED, reason)

    def forget_later(self, task: Task) -> None:
        """Keep a stopped task for as long as the API shows it; forget those whose time is over."""
        self._stopped.append(task)
        horizon_ms = self.engine.now_ms - self.timing.stopped_retention
        while self._stopped and (self._stopped[0].stopped_ms or 0) <= horizon_ms:
            del self.tasks[self._stopped.popleft().task_id]
