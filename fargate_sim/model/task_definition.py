"""A task definition as the scheduler reads it. The document that the API gives back is kept beside it, untouched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fargate_sim.model.images import Image
from fargate_sim.model.process import Run, effective_argv, in_environment, plan

DEFAULT_STOP_TIMEOUT_S = 30

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


@dataclass(frozen=True)
class HealthCheck:
    """A container health check; times in seconds. Source: API model, HealthCheck."""

    command: tuple[str, ...]
    interval_s: int = 30
    timeout_s: int = 5
    retries: int = 3
    start_period_s: int = 0


@dataclass(frozen=True)
class Dependency:
    """This container starts only once another has reached a condition: START, COMPLETE, SUCCESS or HEALTHY."""

    container: str
    condition: str


@dataclass(frozen=True)
class AwsLogs:
    """Where a container's output goes."""

    group: str
    prefix: str | None
    create_group: bool = False


@dataclass(frozen=True)
class SecretSpec:
    """A secret or parameter that a container wants. ``name`` is that of its variable; empty where it is for a log driver or a registry."""

    name: str
    value_from: str
    credentials: bool = False
    """Whether it is for a registry: a secret then, by name or ARN."""


@dataclass(frozen=True)
class ContainerSpec:
    """One container of a task definition."""

    name: str
    image: str
    essential: bool = True
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    ports: tuple[int, ...] = ()
    stop_timeout_s: int = DEFAULT_STOP_TIMEOUT_S
    health_check: HealthCheck | None = None
    depends_on: tuple[Dependency, ...] = ()
    logs: AwsLogs | None = None
    log_driver: str | None = None
    init: bool = False
    memory_mib: int | None = None
    """The hard limit, where it has one of its own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Plain environment variables."""
    secrets: tuple[SecretSpec, ...] = ()
    pinned: bool = True
    """False with versionConsistency ``disabled``: the tag is resolved anew for every task."""

    def run(
        self,
        image: Image,
        *,
        command: tuple[str, ...] | None,
        shared_pids: bool,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """What the container's process does with this image; ``command`` and ``environment`` override the definition's."""
        argv = effective_argv(image, self.entrypoint, command or self.command)
        run = plan(image, argv, is_pid1=not (self.init or shared_pids))
        return in_environment(run, self.environment if environment is None else environment)


@dataclass
class TaskDefinition:
    """A revision of a family. ``document`` is what RegisterTaskDefinition returns, in AWS's own spelling."""

    arn: str
    family: str
    revision: int
    cpu_units: int
    memory_mib: int
    network_mode: str
    containers: tuple[ContainerSpec, ...]
    compatibilities: tuple[str, ...]
    document: Mapping[str, Any]
    ephemeral_storage_gib: int = 20
    architecture: str = "x86_64"
    shared_pids: bool = False
    fault_injection: bool = False
    """Whether its tasks accept requests to inject faults (``enableFaultInjection``)."""
    execution_role: str | None = None
    """ARN of the role that ECS uses before the containers start."""
    task_role: str | None = None
    """ARN of the role that the programs in the containers use."""
    status: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    deregistered_ms: int | None = None
    delete_requested_ms: int | None = None

    @property
    def label(self) -> str:
        """``family:revision``."""
        return f"{self.family}:{self.revision}"
