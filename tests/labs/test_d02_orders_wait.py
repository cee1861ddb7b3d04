"""d02: what the learner finds, and what an unscaled rush costs its customers."""

from __future__ import annotations

import pytest

import solutions.d02_orders_wait as d02
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LAB = "d02-orders-wait"


@pytest.fixture
def lab(cloud: EndpointCloud) -> LabRunner:
    """d02, started."""
    runner = LabRunner(find(LAB), cloud)
    runner.start()
    return runner


def test_the_learner_comes_into_a_rush_that_nobody_scales_for(lab: LabRunner) -> None:
    cloud = lab.cloud
    report = cloud.queue.report("orders")
    assert report is not None
    assert report["running"]
    assert report["visible"] > 200
    assert report["oldest_age_ms"] > 180_000
    now_s = cloud.clock.now_ms // 1000
    cpu = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Dimensions=d02.OF_SERVICE,
        StartTime=now_s - 1200,
        EndTime=now_s,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert max(point["Maximum"] for point in cpu) < 10
    assert lab.answer("follow", "8").correct
    assert lab.answer("back", "1.6").correct
    assert not lab.answer("back", "2").correct


def test_the_solution_scales_in_the_lab_s_own_evening_too(lab: LabRunner) -> None:
    d02.solve(lab.cloud)
    lab.cloud.clock.advance(20 * 60_000)
    service = lab.cloud.client("ecs").describe_services(cluster=d02.CLUSTER, services=[d02.SERVICE])[
        "services"
    ][0]
    report = lab.cloud.queue.report("orders")
    assert report is not None
    assert service["desiredCount"] > 6
    assert report["oldest_age_ms"] is None or report["oldest_age_ms"] < 60_000


def test_a_check_says_why_there_is_no_rush_to_try(lab: LabRunner) -> None:
    lab.cloud.client("ecs").update_service(cluster=d02.CLUSTER, service=d02.SERVICE, desiredCount=0)
    lab.cloud.client("application-autoscaling").deregister_scalable_target(**d02.TARGET)
    lab.cloud.clock.advance(120_000)
    result = lab.check("follow")
    assert "wants no tasks" in result.check("keeps-up").observed
