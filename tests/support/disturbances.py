"""A service whose tasks are ready for faults: the SSM agent beside the program, one process namespace, fault injection on."""

from __future__ import annotations

from typing import Any

from support.load import stage, tasks_of
from support.worlds import NGINX, Scenario

from fargate_sim.model.disturbances import Disturbance
from fargate_sim.model.service import Service
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec

AGENT = ContainerSpec(
    "agent",
    "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest",
    essential=False,
    environment={"MANAGED_INSTANCE_ROLE_NAME": "managed"},
)
SHOP = "public.ecr.aws/fargate-lab/shop"
PAYMENTS = "public.ecr.aws/fargate-lab/payments"


def web(image: str = NGINX, **more: Any) -> ContainerSpec:
    """The program's container, whose log is kept."""
    return ContainerSpec("web", image, logs=AwsLogs("/ecs/web", "web"), **more)


def ready(
    container: ContainerSpec | None = None, *, port: int = 80, **facts: Any
) -> tuple[Scenario, Service]:
    """``load.stage`` with such a task definition; ``port`` is that of the program."""
    scenario, service = stage(container or web(), AGENT, settle=False, port=port, **facts)
    definition = service.primary.revision.task_definition
    definition.shared_pids = definition.fault_injection = True
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return scenario, service


def begin(scenario: Scenario, service: Service, kind: str, *, count: int = 99, **params: Any) -> Disturbance:
    """Begin a fault in the first ``count`` tasks of a service; network faults are about everybody unless told otherwise."""
    if kind in ("network-latency", "network-packet-loss"):
        params = {"flowsPercent": 100, "sources": ("ALL",), **params}
    if kind == "network-latency":
        params = {"jitterMilliseconds": 0, **params}
    return scenario.world.disturbances.begin(kind, tasks_of(service)[:count], params, why="test")


def blackhole(traffic: str, port: int) -> dict[str, Any]:
    return {"port": port, "trafficType": traffic, "protocol": "tcp"}


def said(scenario: Scenario) -> list[str]:
    """All that the programs have printed, in order."""
    return [line.message for line in scenario.world.logs.undelivered]
