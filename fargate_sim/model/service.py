"""Services, deployments, service deployments and revisions: plain state.

Two records of one thing, as on AWS: a *deployment* is what DescribeServices lists (a rollback brings an old one back, under its old
id); a *service deployment* is the account of one attempt to move the service to a target revision.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.bounds import ceiling_of, floor_of
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import TaskDefinition

PRIMARY = "PRIMARY"
ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
DRAINING = "DRAINING"

IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"

DISABLED = "DISABLED"
MONITORING = "MONITORING"
MONITORING_COMPLETE = "MONITORING_COMPLETE"
TRIGGERED = "TRIGGERED"
"""What the circuit breaker, or the alarms, do about a service deployment. Source: API model, ServiceDeploymentRollbackMonitorsStatus"""

MAX_EVENTS = 100
"""DescribeServices keeps the latest hundred. Source: API model, Service.events."""


class ServiceEvent(NamedTuple):
    """A line of ``events[]``."""

    event_id: str
    at_ms: int
    message: str


class StrategyItem(NamedTuple):
    """One item of a capacity provider strategy."""

    provider: str
    base: int
    weight: int


class Failure(NamedTuple):
    """A task that failed and that the scheduler has not reckoned with yet. ``pool``: the capacity that was not there, if it was that.
    ``task_id`` None: there was no task, since none could be launched."""

    task_id: str | None
    why: str
    pool: str | None = None


@dataclass
class Drought:
    """Attempts to get capacity of one kind that was not there."""

    attempt: int = 0
    retry_at_ms: int = 0


class LoadBalancerSpec(NamedTuple):
    """Which container and port a target group sends its requests to."""

    target_group: str
    container: str
    port: int


@dataclass(frozen=True)
class Revision:
    """What a deployment rolls out: everything whose change starts a deployment. ``document`` has AWS's spelling, for the API."""

    arn: str
    task_definition: TaskDefinition
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_ip: bool
    launch_type: str | None
    strategy: tuple[StrategyItem, ...]
    platform_version: str
    created_ms: int
    load_balancers: tuple[LoadBalancerSpec, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)


@dataclass
class ServiceDeployment:
    """The account of one attempt. ``status`` in AWS's own words (API model, ServiceDeploymentStatus)."""

    arn: str
    target: Revision
    sources: tuple[Revision, ...]
    created_ms: int
    status: str = "PENDING"
    reason: str | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    stopped_ms: int | None = None
    updated_ms: int = 0
    rollback_reason: str | None = None
    rollback_started_ms: int | None = None
    rollback_revision: str | None = None
    breaker_status: str = DISABLED
    failure_count: int = 0
    threshold: int = 0
    alarms_status: str = DISABLED
    """DISABLED also where an alarm was in ALARM at the beginning."""
    alarm_names: tuple[str, ...] = ()
    triggered_alarms: tuple[str, ...] = ()
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """In a status that it never leaves."""
        return self.status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


@dataclass(eq=False)
class Deployment:
    """One entry of ``deployments[]`` with its tasks."""

    deployment_id: str
    revision: Revision
    created_ms: int
    account: ServiceDeployment
    """The service deployment that this one is the target of."""
    status: str = PRIMARY
    rollout_state: str = IN_PROGRESS
    reason: str = ""
    updated_ms: int = 0
    keep: int = 0
    """For a source: how many of its tasks have not been replaced yet."""
    tasks: dict[str, Task] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """Container name to image digest, fixed by the first task of the deployment that resolved it."""
    resolves: bool = True
    """Whether tags are resolved once for all tasks; not for a deployment that began with nothing to start."""
    unresolved: int = 0
    """Attempts to resolve a tag that failed."""
    ever_completed: bool = False
    rollback_of: str | None = None
    stalled: bool = False

    failed_tasks: int = 0
    breaker_count: int = 0
    settled: bool = False
    """Has had a healthy task: failures are no longer shown."""
    uncounted: list[Failure] = field(default_factory=list)
    attempt: int = 0
    retry_at_ms: int = 0
    droughts: dict[str, Drought] = field(default_factory=dict)
    """By capacity (FARGATE, FARGATE_SPOT): when one that ran out is tried again."""
    not_before_ms: int = 0
    stable_from_ms: int = 0
    """A rollback proves itself for a while before it is called complete."""
    trip: Happening | None = None
    ever_ran: bool = False
    """Has had a task in RUNNING."""
    alarm_look: Happening | None = None
    """An alarm has gone to ALARM, which ECS sees then."""
    bake_until_ms: int | None = None
    """All is in place, and until then it is only watched."""
    shunned_zone: str | None = None
    """Where the last network interface was refused; the next attempt prefers another. [A]"""
    dry_zones: dict[str, str] = field(default_factory=dict)
    """By capacity: the zone that had none of it; the next attempt prefers another. [A]"""
    last_stopping_ms: int = 0

    def live(self) -> list[Task]:
        """Tasks that run or are on their way."""
        return [task for task in self.tasks.values() if task.live]

    def resolved(self, container: str, digest: str) -> None:
        """A task has resolved a container's tag: the others will use the digest, unless the deployment has given that up."""
        if self.resolves:
            self.digests.setdefault(container, digest)

    def not_resolved(self, container: str) -> None:
        """A task could not resolve a tag. After three attempts the deployment goes on without. Source: ECS developer guide,
        deployment-type-ecs; [A] each task that tries is an attempt.
        """
        if self.resolves and container not in self.digests:
            self.unresolved += 1
            self.resolves = self.unresolved < RESOLUTION_ATTEMPTS

    @property
    def running_count(self) -> int:
        """Tasks in RUNNING."""
        return sum(1 for task in self.tasks.values() if task.running)

    @property
    def pending_count(self) -> int:
        """Tasks not yet RUNNING."""
        return sum(1 for task in self.tasks.values() if task.pending)

    @property
    def healthy_count(self) -> int:
        """Tasks that pass the health gate."""
        return sum(1 for task in self.tasks.values() if task.healthy and task.live)


RESOLUTION_ATTEMPTS = 3
"""Attempts to resolve a tag after which a deployment goes on without, or is failed by the circuit breaker."""
MAX_DESIRED = 5000
"""Tasks per service. Source: Amazon ECS service quotas."""


@dataclass(eq=False)
class Service:
    """A service of one cluster. ``settings`` has what the API gives back and the scheduler does not read."""

    name: str
    arn: str
    cluster: str
    created_ms: int
    desired: int
    minimum_percent: int = 100
    maximum_percent: int = 200
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    alarms: DeploymentAlarms = field(default_factory=DeploymentAlarms)
    bake_minutes: int | None = None
    """A bake time of its own; None or 0: as the alarms need it."""
    grace_period_s: int = 0
    status: str = ACTIVE
    deployments: list[Deployment] = field(default_factory=list)
    """Newest first: the PRIMARY and those that still have tasks."""
    past: list[Deployment] = field(default_factory=list)
    """All that were ever COMPLETED, oldest first: the candidates of a rollback."""
    accounts: list[ServiceDeployment] = field(default_factory=list)
    revisions: dict[str, Revision] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    """By revision: container name to image digest, of the deployment that rolled it out."""
    registered: list[Task] = field(default_factory=list)
    """Tasks that are targets of a load balancer, until they are deregistered."""
    events: deque[ServiceEvent] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    said: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    steady: bool = False
    inactive_ms: int | None = None

    next_pass: Happening | None = None
    earliest_pass_ms: int = 0
    """The cadence allows no pass before this."""
    steady_repeat: Happening | None = None

    @property
    def primary(self) -> Deployment:
        """The deployment that the service is to become."""
        return self.deployments[0]

    @property
    def floor(self) -> int:
        """Tasks that must stay healthy during a deployment."""
        return floor_of(self.desired, self.minimum_percent)

    @property
    def ceiling(self) -> int:
        """Tasks that may exist at once during a deployment."""
        return ceiling_of(self.desired, self.maximum_percent)

    @property
    def threshold(self) -> int:
        """Failures that trip the breaker, for the latest desired count."""
        return self.breaker.threshold(self.desired)

    def limit(self, deployment: Deployment) -> int:
        """Failures at which the circuit breaker acts on a deployment: fewer where tags could not be resolved."""
        given_up = deployment.unresolved >= RESOLUTION_ATTEMPTS
        return min(self.threshold, RESOLUTION_ATTEMPTS) if given_up else self.threshold

    @property
    def running_count(self) -> int:
        """Tasks in RUNNING, over all deployments."""
        return sum(deployment.running_count for deployment in self.deployments)

    @property
    def pending_count(self) -> int:
        """Tasks not yet RUNNING, over all deployments."""
        return sum(deployment.pending_count for deployment in self.deployments)

    @property
    def in_rollout(self) -> bool:
        """Whether a deployment is in progress."""
        return bool(self.deployments) and self.primary.rollout_state == IN_PROGRESS
