"""Out of memory, as the API tells it: the task, its container, the metrics, and what a task definition may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import MakeOffline, Offline
from .test_traffic import set_up


def register(offline: Offline, image: str, size: str = "512", **limits: int) -> str:
    answer = offline.client("ecs").register_task_definition(
        family="shop",
        cpu="256",
        memory=size,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[
            {
                "name": "shop",
                "image": f"public.ecr.aws/fargate-lab/{image}",
                "portMappings": [{"containerPort": 8080}],
                **limits,
            }
        ],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def stopped(offline: Offline) -> list[dict[str, Any]]:
    ecs = offline.client("ecs")
    arns = ecs.list_tasks(cluster="demo", desiredStatus="STOPPED")["taskArns"]
    return list(ecs.describe_tasks(cluster="demo", tasks=arns)["tasks"]) if arns else []


@pytest.mark.parametrize(
    ("size", "limits"),
    [("512", {}), ("1024", {"memory": 600}), ("1024", {"memory": 600, "memoryReservation": 200})],
)
def test_describe_tasks_says_who_was_killed_and_why(
    make_offline: MakeOffline, size: str, limits: dict[str, int]
) -> None:
    offline = make_offline()
    set_up(offline)
    definition = register(offline, "search:2.4", size, **limits)
    offline.client("ecs").update_service(cluster="demo", service="shop", taskDefinition=definition)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 120_000})
    task = next(each for each in stopped(offline) if each["taskDefinitionArn"] == definition)
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    (container,) = task["containers"]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    state = offline.control.get("/_lab/snapshot")
    assert state is not None
    (seen,) = [each for each in state["tasks"] if each["id"] == task["taskArn"].rsplit("/", 1)[-1]]
    assert (seen["exit_code"], seen["container_reason"]) == (137, container["reason"])
    shown = {name: container[name] for name in ("memory", "memoryReservation") if name in container}
    assert shown == {name: str(value) for name, value in limits.items()}


def test_a_reservation_kills_nobody(make_offline: MakeOffline) -> None:
    offline = make_offline()
    set_up(offline)
    definition = register(offline, "search:2.4", "1024", memoryReservation=100)
    ecs = offline.client("ecs")
    ecs.update_service(cluster="demo", service="shop", taskDefinition=definition)
    offline.control.post("/_lab/clock", {"action": "settle"})
    (deployment,) = ecs.describe_services(cluster="demo", services=["shop"])["services"][0]["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("COMPLETED", 0)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"memory": 513}, "The 'memory' setting for container 'shop' is greater than for the task."),
        ({"memory": 128, "memoryReservation": 256}, "must be greater than"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused(
    make_offline: MakeOffline, limits: dict[str, int], said: str
) -> None:
    with pytest.raises(ClientError, match=said) as refused:
        register(make_offline(), "shop:1.0", **limits)
    assert refused.value.response["Error"]["Code"] == "ClientException"


def test_a_leak_shows_in_cloudwatch_and_ends_with_a_kill(make_offline: MakeOffline) -> None:
    offline = make_offline()
    set_up(offline)
    ecs = offline.client("ecs")
    definition = register(offline, "reports:1.4")
    ecs.update_service(cluster="demo", service="shop", taskDefinition=definition)
    offline.control.post("/_lab/clock", {"action": "settle"})
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 20})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 600_000})
    now = datetime.fromtimestamp(offline.cloud.world("us-east-1").engine.now_ms / 1000, UTC)
    points = offline.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": "demo"}, {"Name": "ServiceName", "Value": "shop"}],
        StartTime=now - timedelta(minutes=8),
        EndTime=now,
        Period=60,
        Statistics=["Average"],
    )["Datapoints"]
    values = [point["Average"] for point in sorted(points, key=lambda each: each["Timestamp"])]
    assert values == sorted(values)
    assert (values[-1] - values[0]) / (len(values) - 1) == pytest.approx(100 * 600 / 16 / 512, rel=0.1)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 300_000})
    reasons = {each["containers"][0].get("reason") for each in stopped(offline)}
    assert "OutOfMemoryError: Container killed due to memory usage" in reasons
    report = offline.control.get("/_lab/traffic")
    assert report is not None
    assert {"oom", "gone"} <= {cause["kind"] for cause in report["causes"]}
