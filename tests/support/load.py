"""A service under load, and words for looking at what became of its requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.worlds import GROUP, NGINX, Scenario

from fargate_sim.model.service import LoadBalancerSpec, Service
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import ContainerSpec
from fargate_sim.model.traffic import Demand
from fargate_sim.model.traffic.report import report

BATCH = "public.ecr.aws/fargate-lab/shop:1.0-batch"
SLOW = "public.ecr.aws/fargate-lab/shop:1.0-slow"
KEEP_ALIVE = "public.ecr.aws/fargate-lab/shop:1.0-keepalive"
SHELL = ContainerSpec("web", NGINX, entrypoint=("sh", "-c", "nginx; true"), command=(), stop_timeout_s=10)
EXEC = ContainerSpec("web", NGINX, entrypoint=("sh", "-c", "exec nginx"), command=(), stop_timeout_s=10)


def look(scenario: Scenario, failures: int = 1000) -> dict[str, Any]:
    return report(scenario.world.traffic, scenario.engine.now_ms, failures=failures)


def load(scenario: Scenario, rps: float = 20, **more: Any) -> None:
    scenario.world.traffic.start(Demand(GROUP, rps, **more))


def stage(
    *containers: ContainerSpec,
    desired: int = 2,
    port: int = 80,
    seed: int = 1,
    settle: bool = True,
    size: tuple[int, int] = (256, 512),
    **facts: Any,
) -> tuple[Scenario, Service]:
    """A balanced service, complete unless told otherwise, whose first container is the target."""
    scenario = Scenario(seed)
    scenario.group(**facts)
    definition = scenario.definition(*(containers or (ContainerSpec("web", NGINX),)), size=size)
    service = Service(
        name="web",
        arn=scenario.world.arn("service/lab/web"),
        cluster="lab",
        created_ms=scenario.engine.now_ms,
        desired=desired,
    )
    placement = replace(
        scenario.placement(), load_balancers=(LoadBalancerSpec(GROUP, definition.containers[0].name, port),)
    )
    scenario.world.create_service(service, definition, placement, {})
    if settle:
        scenario.settle()
        assert service.primary.rollout_state == "COMPLETED"
    return scenario, service


def redeploy(scenario: Scenario, service: Service) -> None:
    current = service.primary.revision
    placement = replace(scenario.placement(), load_balancers=current.load_balancers)
    revision = scenario.world.revision(service.arn, current.task_definition, placement, {})
    scenario.world.update_service(service, changed=["forceNewDeployment"], revision=revision, forced=True)
    scenario.settle()
    scenario.seconds(60)


def tasks_of(service: Service) -> list[Task]:
    return list(service.primary.tasks.values())


def kinds(answer: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cause in answer["causes"]:
        found[cause["kind"]] = found.get(cause["kind"], 0) + cause["count"]
    return found


def balanced_books(answer: dict[str, Any]) -> bool:
    return bool(
        answer["sent"] == answer["ok"] + answer["failed"] + answer["in_flight"]
        and answer["failed"] == sum(cause["count"] for cause in answer["causes"])
        and answer["failed"] == sum(error["count"] for error in answer["errors"])
    )
