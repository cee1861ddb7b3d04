"""A task and its containers: plain state. What changes it stands in lifecycle.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fargate_sim.kernel.engine import Happening
from fargate_sim.model.images import Image
from fargate_sim.model.network import NetworkInterface
from fargate_sim.model.process import Run
from fargate_sim.model.task_definition import ContainerSpec, TaskDefinition

if TYPE_CHECKING:
    from fargate_sim.model.disturbances.interference import Interference
    from fargate_sim.model.memory import Footprint
    from fargate_sim.model.service import Deployment, Service
    from fargate_sim.model.target_health import Target

PROVISIONING = "PROVISIONING"
PENDING = "PENDING"
ACTIVATING = "ACTIVATING"
RUNNING = "RUNNING"
DEACTIVATING = "DEACTIVATING"
STOPPING = "STOPPING"
DEPROVISIONING = "DEPROVISIONING"
STOPPED = "STOPPED"

HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"
UNKNOWN = "UNKNOWN"

TASK_FAILED_TO_START = "TaskFailedToStart"
ESSENTIAL_CONTAINER_EXITED = "EssentialContainerExited"
USER_INITIATED = "UserInitiated"
SERVICE_SCHEDULER_INITIATED = "ServiceSchedulerInitiated"
SPOT_INTERRUPTION = "SpotInterruption"

FARGATE = "FARGATE"
FARGATE_SPOT = "FARGATE_SPOT"

PLATFORM_VERSION = "1.4.0"


@dataclass
class Container:
    """A container of one task. Times are virtual milliseconds."""

    spec: ContainerSpec
    container_id: str
    status: str = PENDING
    health: str = UNKNOWN
    image: Image | None = None
    """What was pulled for it."""
    image_digest: str | None = None
    runtime_id: str | None = None
    run: Run | None = None
    command: tuple[str, ...] | None = None
    environment_override: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """The variables that it got from secrets and parameters when its task was launched."""
    started_ms: int | None = None
    signalled_ms: int | None = None
    """When it got its stop signal."""
    struck_ms: int | None = None
    """When a signal from inside its task, not ECS's, began to end it."""
    exit_code: int | None = None
    reason: str | None = None
    footprint: Footprint | None = None
    """The memory of its process, once it has one; remembered after its end."""
    next: Happening | None = None
    check: Happening | None = None

    @property
    def told(self) -> bool:
        """Whether a signal has told it to end, from whomever it came."""
        return self.signalled_ms is not None or self.struck_ms is not None

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that its process sees."""
        return {**self.spec.environment, **self.secrets, **self.environment_override}


@dataclass(eq=False)
class Task:
    """One task, service's or standalone. ``deployment`` is the one that started it."""

    task_id: str
    arn: str
    cluster: str
    task_definition: TaskDefinition
    group: str
    started_by: str | None
    subnet_id: str
    availability_zone: str
    security_groups: tuple[str, ...]
    public_ip: bool
    launch_type: str | None
    capacity_provider: str | None
    containers: list[Container]
    created_ms: int
    service: Service | None = None
    deployment: Deployment | None = None
    tags: dict[str, str] = field(default_factory=dict)
    exec_enabled: bool = False
    overrides: dict[str, object] = field(default_factory=dict)
    replaces_unhealthy: bool = False
    execution_role: str | None = None
    task_role: str | None = None

    last_status: str = PROVISIONING
    desired_status: str = RUNNING
    health: str = UNKNOWN
    targets: list[Target] = field(default_factory=list)
    """Registrations with target groups, past ones included."""
    interface: NetworkInterface | None = None
    """The network interface while it exists."""
    address: NetworkInterface | None = None
    """The same, remembered after it is gone: a stopped task still shows what it had."""
    attachment_id: str | None = None
    healthy: bool = False
    """Passes the deployment's health gate now."""
    ever_healthy: bool = False
    unhealthy_reason: str | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    pull_started_ms: int | None = None
    pull_stopped_ms: int | None = None
    started_ms: int | None = None
    stopping_ms: int | None = None
    execution_stopped_ms: int | None = None
    stopped_ms: int | None = None
    version: int = 1
    cause: int | None = None
    """The latest journal entry about this task."""
    next: Happening | None = None
    gate: Happening | None = None
    reclaim_ms: int | None = None
    """When Spot takes the capacity back; None while it has given no notice."""
    memory_look: Happening | None = None
    interference: Interference | None = None
    """What disturbs it from outside its programs; None: nothing does."""
    stress: list[tuple[int, float]] = field(default_factory=list)
    """The share of its CPU that others than its programs keep busy: each change, with its moment."""
    busy_us: dict[int, int] = field(default_factory=dict)
    """By minute since the epoch: for how long requests have kept the task's CPU share busy, in microseconds."""

    def forget_busy_before(self, minute: int) -> None:
        """Drop the CPU time of minutes that nobody asks for any more."""
        busy = self.busy_us
        while busy and (oldest := next(iter(busy))) < minute:
            del busy[oldest]

    @property
    def live(self) -> bool:
        """Running or on its way there: what the upper bound of a deployment counts."""
        return self.desired_status == RUNNING

    @property
    def running(self) -> bool:
        """RUNNING and meant to be."""
        return self.last_status == RUNNING and self.desired_status == RUNNING

    @property
    def pending(self) -> bool:
        """On its way to RUNNING."""
        return self.desired_status == RUNNING and self.last_status in (PROVISIONING, PENDING, ACTIVATING)

    @property
    def failed(self) -> bool:
        """Ended by its own fault: it could not start, or an essential container exited."""
        return self.stop_code in (TASK_FAILED_TO_START, ESSENTIAL_CONTAINER_EXITED)

    @property
    def pool(self) -> str:
        """The capacity that it runs on."""
        return pool_of(self.capacity_provider)

    @property
    def short_id(self) -> str:
        """The first digits, enough for a person."""
        return self.task_id[:8]


def pool_of(provider: str | None) -> str:
    """The capacity behind a capacity provider; the launch type FARGATE draws on the same as the provider FARGATE. [A]"""
    return provider or FARGATE
