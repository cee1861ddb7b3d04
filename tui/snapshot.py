"""The world as the screens see it: frozen, complete, and already in the order in which it is shown.

Parses the answers of `GET /_lab/snapshot` and `GET /_lab/clock` (docs/control-api.md). The rule: a field
that is missing or of the wrong type takes its empty value, and a field we do not know is ignored, so a
newer cloud never breaks an older screen. Times are virtual milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tui.raw import integer as _int
from tui.raw import integer_or_none as _int_or_none
from tui.raw import mapping as _map
from tui.raw import mappings as _maps
from tui.raw import number_or_none as _number
from tui.raw import read
from tui.raw import string as _str

TaskPhase = Literal["starting", "running", "stopping", "stopped"]

# The order of a task's life: Amazon ECS developer guide, "Amazon ECS task lifecycle".
_STARTING = {"PROVISIONING", "PENDING", "ACTIVATING"}
_STOPPING = {"DEACTIVATING", "STOPPING", "DEPROVISIONING"}
_STOPPED = {"STOPPED", "DELETED"}
# Of the values of TaskStopCode in botocore's ECS model, those that no scheduler and no user asked for.
_FAILURES = {"TaskFailedToStart", "EssentialContainerExited", "SpotInterruption"}


@dataclass(frozen=True, slots=True)
class Clock:
    """Virtual time. `next_ms` is the next happening, None when nothing is due."""

    now_ms: int = 0
    elapsed_ms: int = 0
    paused: bool = False
    speed: float | None = 1.0
    """Virtual seconds per second; None is as fast as it goes."""
    next_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A service event, worded as AWS words it."""

    at_ms: int
    message: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of a service. `breaker_threshold` is 0 when nothing counts its failures."""

    id: str
    status: str
    rollout_state: str
    reason: str
    task_definition: str
    desired: int
    pending: int
    running: int
    healthy: int
    failed: int
    breaker_count: int
    breaker_threshold: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class Service:
    """A service; `floor` and `ceiling` are the task counts a deployment must stay between."""

    cluster: str
    name: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    healthy: int
    floor: int
    ceiling: int
    breaker: bool
    rollback: bool
    steady: bool
    next_attempt_ms: int | None
    deployments: tuple[Deployment, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def rolling(self) -> Deployment | None:
        """The deployment in progress, if any."""
        return next((d for d in self.deployments if d.rollout_state == "IN_PROGRESS"), None)


@dataclass(frozen=True, slots=True)
class Task:
    """A task, live or lately stopped."""

    id: str
    cluster: str
    service: str
    group: str
    deployment: str
    task_definition: str
    status: str
    desired_status: str
    health: str
    healthy: bool
    az: str
    subnet: str
    ip: str
    eni: str
    images: tuple[str, ...]
    created_ms: int
    started_ms: int | None
    stopping_ms: int | None
    stopped_ms: int | None
    stop_code: str
    stopped_reason: str
    exit_code: int | None
    target: str
    """The load balancer's word: healthy, initial, unhealthy, draining; empty without one."""
    target_description: str
    container_reason: str = ""
    """Why a container of it ended, such as OutOfMemoryError; empty when AWS gives no reason."""
    provider: str = ""
    """FARGATE or FARGATE_SPOT; empty without a capacity provider strategy."""

    @property
    def short_id(self) -> str:
        """Enough of the id to tell tasks apart on screen."""
        return self.id[:8]

    @property
    def failed(self) -> bool:
        """Whether the task stopped for a reason that somebody should look at."""
        badly = self.exit_code not in (None, 0) or self.health == "UNHEALTHY"
        return self.phase == "stopped" and (self.stop_code in _FAILURES or badly)

    @property
    def phase(self) -> TaskPhase:
        """Where the task is in its life."""
        if self.status in _STOPPED:
            return "stopped"
        if self.status in _STOPPING or self.desired_status == "STOPPED":
            return "stopping"
        if self.status in _STARTING:
            return "starting"
        return "running"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet and how many of its `usable` addresses are `free`."""

    id: str
    name: str
    az: str
    cidr: str
    free: int
    usable: int
    public: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster; `insights` is the Container Insights setting ("enhanced", "enabled", "disabled")."""

    name: str
    status: str
    insights: str
    services: int
    running: int
    pending: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the world had cost at a moment, and what an hour costs: US dollars, an estimate."""

    total: float
    per_hour: float
    at_ms: int

    def by(self, now_ms: int) -> float:
        """The total at a later moment, as long as nothing changes."""
        return self.total + self.per_hour * max(0, now_ms - self.at_ms) / 3_600_000


@dataclass(frozen=True, slots=True)
class ScalingFlag:
    """How many scalable targets and alarms there are, and how many of the alarms are in ALARM."""

    targets: int = 0
    alarms: int = 0
    in_alarm: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything to ask for."""
        return bool(self.targets or self.alarms)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the world. `version` changes when anything but the clock has moved."""

    version: int = -1
    clock: Clock = field(default_factory=Clock)
    clusters: tuple[Cluster, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    loaded: bool = False
    """Whether there has been traffic in this world."""
    load_running: bool = False
    cost: Cost | None = None
    scaling: ScalingFlag = ScalingFlag()
    queues: int = 0
    """How many queues have been used."""

    @property
    def focus(self) -> Service | None:
        """The service to speak of when there is room for one: the first that is moving, else the one that wants most tasks."""
        largest = max(self.services, key=lambda service: service.desired, default=None)
        return next((service for service in self.services if not service.steady), largest)

    def subnet_name(self, subnet_id: str) -> str:
        """A subnet's name, or its id when it has none."""
        return next((s.name or s.id for s in self.subnets if s.id == subnet_id), subnet_id)


EMPTY = Snapshot()


def parse_clock(raw: Mapping[str, Any]) -> Clock:
    """The clock of an answer."""
    speed = raw.get("speed")
    return Clock(
        now_ms=_int(raw, "now_ms"),
        elapsed_ms=_int(raw, "elapsed_ms"),
        paused=raw.get("mode") == "paused",
        speed=None if speed == "max" else float(speed) if isinstance(speed, int | float) else 1.0,
        next_ms=_int_or_none(raw, "next_ms"),
    )


def parse_snapshot(raw: Mapping[str, Any]) -> Snapshot:
    """A snapshot answer."""
    return Snapshot(
        version=_int(raw, "version"),
        clock=parse_clock(_map(raw, "clock")),
        clusters=tuple(_cluster(c) for c in _maps(raw, "clusters")),
        services=tuple(_service(s) for s in _maps(raw, "services")),
        tasks=tuple(_task(t) for t in _maps(raw, "tasks")),
        subnets=tuple(_subnet(s) for s in _maps(raw, "subnets")),
        loaded=isinstance(raw.get("traffic"), Mapping),
        load_running=_map(raw, "traffic").get("running") is True,
        cost=_cost(raw),
        scaling=read(ScalingFlag, _map(raw, "scaling")),
        queues=_int(raw, "queues"),
    )


def _cost(raw: Mapping[str, Any]) -> Cost | None:
    cost = _map(raw, "cost")
    total, per_hour = _number(cost, "total"), _number(cost, "per_hour_now")
    if total is None or per_hour is None:
        return None
    return Cost(total, per_hour, parse_clock(_map(raw, "clock")).now_ms)


def _cluster(raw: Mapping[str, Any]) -> Cluster:
    return Cluster(
        name=_str(raw, "name"),
        status=_str(raw, "status"),
        insights=_str(raw, "container_insights"),
        services=_int(raw, "services"),
        running=_int(raw, "running"),
        pending=_int(raw, "pending"),
    )


def _service(raw: Mapping[str, Any]) -> Service:
    breaker = _map(raw, "breaker")
    return Service(
        cluster=_str(raw, "cluster"),
        name=_str(raw, "name"),
        status=_str(raw, "status"),
        task_definition=_str(raw, "task_definition"),
        desired=_int(raw, "desired"),
        running=_int(raw, "running"),
        pending=_int(raw, "pending"),
        healthy=_int(raw, "healthy"),
        floor=_int(raw, "floor"),
        ceiling=_int(raw, "ceiling"),
        breaker=breaker.get("enabled") is True,
        rollback=breaker.get("rollback") is True,
        steady=raw.get("steady") is True,
        next_attempt_ms=_int_or_none(raw, "next_attempt_ms"),
        deployments=tuple(_deployment(d) for d in _maps(raw, "deployments")),
        events=tuple(Event(_int(e, "at_ms"), _str(e, "message")) for e in _maps(raw, "events")),
    )


def _deployment(raw: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=_str(raw, "id"),
        status=_str(raw, "status"),
        rollout_state=_str(raw, "rollout_state"),
        reason=_str(raw, "reason"),
        task_definition=_str(raw, "task_definition"),
        desired=_int(raw, "desired"),
        pending=_int(raw, "pending"),
        running=_int(raw, "running"),
        healthy=_int(raw, "healthy"),
        failed=_int(raw, "failed"),
        breaker_count=_int(raw, "breaker_count"),
        breaker_threshold=_int(raw, "breaker_threshold"),
        created_ms=_int(raw, "created_ms"),
    )


def _task(raw: Mapping[str, Any]) -> Task:
    images = raw.get("images")
    target = _map(raw, "target")
    return Task(
        id=_str(raw, "id"),
        cluster=_str(raw, "cluster"),
        service=_str(raw, "service"),
        group=_str(raw, "group"),
        deployment=_str(raw, "deployment"),
        task_definition=_str(raw, "task_definition"),
        status=_str(raw, "status"),
        desired_status=_str(raw, "desired_status"),
        health=_str(raw, "health"),
        healthy=raw.get("healthy") is True,
        az=_str(raw, "az"),
        subnet=_str(raw, "subnet"),
        ip=_str(raw, "ip"),
        eni=_str(raw, "eni"),
        images=tuple(str(i) for i in images) if isinstance(images, list) else (),
        created_ms=_int(raw, "created_ms"),
        started_ms=_int_or_none(raw, "started_ms"),
        stopping_ms=_int_or_none(raw, "stopping_ms"),
        stopped_ms=_int_or_none(raw, "stopped_ms"),
        stop_code=_str(raw, "stop_code"),
        stopped_reason=_str(raw, "stopped_reason"),
        exit_code=_int_or_none(raw, "exit_code"),
        target=_str(target, "state"),
        target_description=_str(target, "description"),
        container_reason=_str(raw, "container_reason"),
        provider=_str(raw, "provider"),
    )


def _subnet(raw: Mapping[str, Any]) -> Subnet:
    return Subnet(
        id=_str(raw, "id"),
        name=_str(raw, "name"),
        az=_str(raw, "az"),
        cidr=_str(raw, "cidr"),
        free=_int(raw, "free"),
        usable=_int(raw, "usable"),
        public=raw.get("public") is True,
    )
