"""Capacity provider strategies and CPU architectures of services and tasks, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from support.ecs import NETWORK, Ecs
from support.worlds import NGINX


@pytest.fixture
def ecs() -> Ecs:
    scenario = Ecs()
    scenario.register()
    return scenario


def test_a_capacity_provider_strategy_spreads_a_service_over_fargate_and_spot(ecs: Ecs) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 4},
    ]
    params = {
        "cluster": "lab",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 7,
        "networkConfiguration": NETWORK,
    }
    ecs.refuses(
        "CreateService",
        "InvalidParameterException",
        "not associated with the cluster",
        capacityProviderStrategy=strategy,
        **params,
    )
    ecs.refuses("CreateService", "NotImplementedException", "EC2", **params)
    ecs.call(
        "PutClusterCapacityProviders",
        cluster="lab",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy,
    )
    zero = [{"capacityProvider": "FARGATE", "weight": 0}]
    ecs.refuses(
        "CreateService",
        "InvalidParameterException",
        "greater than zero",
        capacityProviderStrategy=zero,
        **params,
    )
    ecs.call("CreateService", **params)
    ecs.settle()
    names = [task["capacityProviderName"] for task in ecs.tasks()]
    assert (names.count("FARGATE"), names.count("FARGATE_SPOT")) == (3, 4)
    shown = ecs.show()
    assert "launchType" not in shown
    assert (
        shown["capacityProviderStrategy"]
        == shown["deployments"][0]["capacityProviderStrategy"]
        == [
            {"capacityProvider": "FARGATE", "weight": 1, "base": 2},
            {"capacityProvider": "FARGATE_SPOT", "weight": 4, "base": 0},
        ]
    )
    assert {task["launchType"] for task in ecs.tasks()} == {"FARGATE"}
    assert len(ecs.tasks(launchType="FARGATE")) == 7
    cluster = ecs.call("DescribeClusters", clusters=["lab"])["clusters"][0]
    assert cluster["defaultCapacityProviderStrategy"] == shown["capacityProviderStrategy"]


SPOT = {"capacityProvider": "FARGATE_SPOT", "weight": 1}
ON_DEMAND = {"capacityProvider": "FARGATE", "weight": 1}


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ([{"capacityProvider": "EC2_POOL", "weight": 1}], "'EC2_POOL' was not found"),
        ([{**SPOT, "weight": 1001}], "less than or equal to 1000"),
        ([{**SPOT, "base": 100_001}], "less than or equal to 100000"),
        ([{**SPOT, "base": -1}], "greater than or equal to 0"),
        ([{**SPOT, "weight": 0}, {**ON_DEMAND, "weight": 0, "base": 1}], "greater than zero"),
        ([{**SPOT, "base": 1}, {**ON_DEMAND, "base": 1}], "Only one capacity provider"),
        ([SPOT, SPOT], "only once"),
        ([SPOT] * 21, "maximum of 20"),
    ],
)
def test_a_strategy_that_cannot_be_followed(ecs: Ecs, strategy: list[Any], message: str) -> None:
    providers(ecs)
    params = {"cluster": "lab", "taskDefinition": "web", "networkConfiguration": NETWORK}
    code = "InvalidParameterException"
    ecs.refuses("RunTask", code, message, capacityProviderStrategy=strategy, **params)
    params["serviceName"] = "web"
    ecs.refuses("CreateService", code, message, capacityProviderStrategy=strategy, **params)
    ecs.refuses(
        "PutClusterCapacityProviders",
        code,
        message,
        cluster="lab",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy,
    )


def providers(ecs: Ecs, *names: str) -> None:
    ecs.call(
        "PutClusterCapacityProviders",
        cluster="lab",
        capacityProviders=list(names or ("FARGATE", "FARGATE_SPOT")),
        defaultCapacityProviderStrategy=[],
    )


def test_launch_type_and_strategy_exclude_each_other(ecs: Ecs) -> None:
    providers(ecs)
    ecs.refuses(
        "RunTask",
        "InvalidParameterException",
        "Specifying both a launch type and capacity provider strategy is not supported",
        cluster="lab",
        taskDefinition="web",
        launchType="FARGATE",
        capacityProviderStrategy=[SPOT],
        networkConfiguration=NETWORK,
    )


def test_a_change_of_the_strategy_needs_a_forced_deployment(ecs: Ecs) -> None:
    providers(ecs)
    ecs.make_service()
    ecs.settle()
    change = {"cluster": "lab", "service": "web", "capacityProviderStrategy": [SPOT]}
    ecs.refuses("UpdateService", "InvalidParameterException", "you must force a new deployment", **change)
    ecs.call("UpdateService", forceNewDeployment=True, **change)
    assert "launchType" not in ecs.show()
    ecs.settle()
    assert {task["capacityProviderName"] for task in ecs.tasks()} == {"FARGATE_SPOT"}
    before = len(ecs.entries("deployment.started"))
    ecs.call("UpdateService", **change)
    assert len(ecs.entries("deployment.started")) == before, "the same strategy again deploys nothing"
    back = {**change, "capacityProviderStrategy": []}
    ecs.refuses("UpdateService", "InvalidParameterException", "you must force a new deployment", **back)
    ecs.call("UpdateService", forceNewDeployment=True, **back)
    ecs.settle()
    assert ecs.show()["launchType"] == "FARGATE"
    assert not any("capacityProviderName" in task for task in ecs.tasks())


def test_a_provider_in_use_stays_with_its_cluster(ecs: Ecs) -> None:
    providers(ecs)
    ecs.call(
        "RunTask",
        cluster="lab",
        taskDefinition="web",
        capacityProviderStrategy=[SPOT],
        networkConfiguration=NETWORK,
    )
    ecs.refuses(
        "PutClusterCapacityProviders",
        "ResourceInUseException",
        "FARGATE_SPOT",
        cluster="lab",
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[],
    )
    providers(ecs)


def test_run_task_without_capacity_answers_with_failures(ecs: Ecs) -> None:
    providers(ecs)
    ecs.world.capacity.run_out("FARGATE_SPOT")
    answer = ecs.call(
        "RunTask",
        cluster="lab",
        taskDefinition="web",
        count=2,
        capacityProviderStrategy=[SPOT],
        networkConfiguration=NETWORK,
    )
    reason = (
        "Capacity is unavailable at this time. Please try again later or in a different availability zone"
    )
    assert answer == {"tasks": [], "failures": [{"reason": reason}] * 2}


@pytest.mark.parametrize("provider", ["FARGATE", "FARGATE_SPOT"])
@pytest.mark.parametrize(
    ("image", "runs"), [(NGINX, True), ("public.ecr.aws/fargate-lab/shop:1.0-amd64", False)]
)
def test_arm64_runs_what_has_an_image_for_it(ecs: Ecs, provider: str, image: str, *, runs: bool) -> None:
    providers(ecs)
    arm = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    ecs.register(image=image, runtimePlatform=arm, family="arm")
    ecs.call(
        "RunTask",
        cluster="lab",
        taskDefinition="arm",
        capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}],
        networkConfiguration=NETWORK,
    )
    ecs.settle()
    task = ecs.tasks(desiredStatus="RUNNING" if runs else "STOPPED")[0]
    assert task["attributes"] == [{"name": "ecs.cpu-architecture", "value": "arm64"}]
    assert task["capacityProviderName"] == provider
    if not runs:
        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"].endswith(
            "image Manifest does not contain descriptor matching platform 'linux/arm64'"
        )
