"""CloudWatch's view: the same story as the traffic report, the targets' health and the task list."""

from __future__ import annotations

from typing import Any

import pytest
from support.load import SHELL, SLOW, load, look, redeploy, stage
from support.worlds import BALANCER, GROUP, START_MS, Scenario

from fargate_sim.images import parse_catalogue
from fargate_sim.model.images import App
from fargate_sim.model.metrics import Metric, Point, merged, statistic
from fargate_sim.model.metrics.steps import KEPT_MS, Steps
from fargate_sim.model.task_definition import ContainerSpec

ELB = "AWS/ApplicationELB"
ECS = "AWS/ECS"
INSIGHTS = "ECS/ContainerInsights"
MINUTE = 60_000
ON_BALANCER = {"LoadBalancer": BALANCER}
ON_GROUP = {"TargetGroup": GROUP.rpartition(":")[2]}
ON_BOTH = {**ON_BALANCER, **ON_GROUP}
WEB = {"ClusterName": "lab", "ServiceName": "web"}


def points(
    scenario: Scenario, name: str, dimensions: dict[str, str] = ON_BALANCER, namespace: str = ELB
) -> list[Point]:
    return scenario.world.metrics.points(namespace, name, dimensions, START_MS, scenario.engine.now_ms)


def total(scenario: Scenario, name: str, dimensions: dict[str, str] = ON_BALANCER) -> float:
    return sum(point.sum for point in points(scenario, name, dimensions))


def publish(scenario: Scenario) -> None:
    """End the load, and wait until all of it is published."""
    scenario.world.traffic.stop()
    scenario.seconds(240)


# -- statistics --------------------------------------------------------------------------------------


def test_statistics_of_a_period_are_those_of_all_its_samples() -> None:
    one = Point(0, 3, 6, 1, 3, "Count", ((1, 1), (2, 1), (3, 1)))
    two = Point(MINUTE, 1, 10, 10, 10, "Count")
    both = merged(0, [one, two])
    wanted = {"SampleCount": 4, "Sum": 16, "Average": 4, "Minimum": 1, "Maximum": 10, "p50": 2, "p75": 3}
    assert {name: statistic(both, name) for name in wanted} == wanted
    assert statistic(both, "p99.9") == 10
    assert statistic(both, "p0") == 1


def test_a_statistic_set_of_unlike_samples_has_no_percentile() -> None:
    unlike = Point(0, 2, 3, 1, 2, "Count")
    assert statistic(unlike, "p50") is None
    assert statistic(merged(0, [unlike, Point(0, 1, 1, 1, 1, "Count")]), "p50") is None
    assert statistic(Point(0, 2, 4, 2, 2, "Count"), "p50") == 2
    with pytest.raises(ValueError, match="tm99"):
        statistic(unlike, "tm99")


def test_changes_are_kept_for_a_day() -> None:
    steps: Steps[int] = Steps()
    for minute in range(5 * 1440):
        steps.set(minute * MINUTE, minute)
    now = 5 * 1440 * MINUTE
    assert len(steps.all()) < 1440 + 300
    assert steps.at(now - KEPT_MS) == 4 * 1440
    assert list(steps.spans(now - 2 * MINUTE - 1, now - MINUTE)) == [
        (now - 2 * MINUTE - 1, now - 2 * MINUTE, 5 * 1440 - 3),
        (now - 2 * MINUTE, now - MINUTE, 5 * 1440 - 2),
    ]


# -- the load balancer -------------------------------------------------------------------------------


def test_a_bad_rollout_under_load_is_told_as_the_report_tells_it() -> None:
    scenario, service = stage(SHELL, desired=3, deregistration_delay_s=5)
    load(scenario, 40, long_share=0.2, long_ms=8_000, client_timeout_ms=7_900)
    scenario.seconds(90)
    redeploy(scenario, service)
    publish(scenario)
    answer = look(scenario)
    errors = {(each["by"], each["status"]): each["count"] for each in answer["errors"]}
    assert answer["in_flight"] == 0
    assert {("elb", 460), ("elb", 502)} <= set(errors)
    assert total(scenario, "RequestCount") == answer["sent"]
    assert total(scenario, "RequestCount", ON_BOTH) == answer["sent"]
    assert total(scenario, "HTTPCode_Target_2XX_Count", ON_BOTH) == answer["ok"]
    assert total(scenario, "HTTPCode_ELB_4XX_Count") == errors["elb", 460]
    assert total(scenario, "HTTPCode_ELB_502_Count") == errors["elb", 502]
    assert total(scenario, "HTTPCode_ELB_5XX_Count") == sum(
        count for (_, status), count in errors.items() if status >= 500
    )
    refused = sum(each["count"] for each in answer["causes"] if "refused" in each["cause"])
    assert total(scenario, "TargetConnectionErrorCount") == refused
    assert sum(point.sample_count for point in points(scenario, "TargetResponseTime")) == answer["ok"]
    by_minute = {minute["at_ms"]: minute for minute in answer["minutes"]}
    for point in points(scenario, "RequestCount"):
        assert point.sum == point.sample_count == by_minute[point.at_ms]["sent"]
        assert (point.minimum, point.maximum, point.unit) == (1, 1, "Count")


def test_response_times_are_exact_but_for_their_percentiles() -> None:
    scenario, _ = stage()
    load(scenario, 50)
    scenario.seconds(600)
    for point in points(scenario, "TargetResponseTime", ON_BOTH):
        p50, p99, p100 = (statistic(point, name) or 0 for name in ("p50", "p99", "p100"))
        assert point.unit == "Seconds"
        assert point.minimum <= p50 <= p99 <= p100 == pytest.approx(point.maximum)
        assert p50 == pytest.approx(point.sum / point.sample_count, rel=0.6)
    minutes = {each["at_ms"]: each for each in look(scenario)["minutes"]}
    whole = points(scenario, "TargetResponseTime")[3]
    assert statistic(whole, "p95") == pytest.approx(minutes[whole.at_ms]["p95_ms"] / 1000)


def test_targets_errors_are_the_targets_and_have_response_times() -> None:
    scenario, _ = stage()
    load(scenario, 10, path="/nowhere")
    scenario.seconds(120)
    publish(scenario)
    sent = look(scenario)["sent"]
    assert total(scenario, "HTTPCode_Target_4XX_Count", ON_BOTH) == sent
    assert points(scenario, "HTTPCode_ELB_4XX_Count") == []
    assert points(scenario, "HTTPCode_Target_2XX_Count") == []
    assert sum(point.sample_count for point in points(scenario, "TargetResponseTime")) == sent


def test_requests_without_a_target_are_no_requests_of_the_group() -> None:
    scenario, service = stage(desired=1)
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.seconds(400)
    load(scenario, 10, pattern="constant")
    scenario.seconds(60.05)
    publish(scenario)
    assert look(scenario)["sent"] == 600
    assert points(scenario, "RequestCount") == []
    assert points(scenario, "RequestCountPerTarget", ON_GROUP) == []
    assert total(scenario, "HTTPCode_ELB_503_Count") == total(scenario, "HTTPCode_ELB_5XX_Count") == 600


def test_requests_per_target_are_the_average_of_the_targets() -> None:
    scenario, _ = stage(desired=4)
    load(scenario, 20, pattern="constant")
    scenario.seconds(300)
    shares = points(scenario, "RequestCountPerTarget", ON_GROUP)
    assert shares == points(scenario, "RequestCountPerTarget", ON_BOTH)
    assert [point.sum for point in shares[1:]] == [300] * (len(shares) - 1)
    assert len(shares) >= 3


def test_host_counts_follow_the_health_checks_traffic_or_not() -> None:
    scenario, service = stage(desired=2)
    scenario.seconds(300)
    assert [point.minimum for point in points(scenario, "HealthyHostCount", ON_BOTH)[-2:]] == [2, 2]
    assert {point.sum for point in points(scenario, "UnHealthyHostCount", ON_BOTH)[-2:]} == {0}
    # From now on the checks ask for what the program does not have.
    scenario.group(path="/nowhere")
    scenario.world.balancing.health.groups_changed()
    scenario.seconds(420)
    assert max(point.maximum for point in points(scenario, "UnHealthyHostCount", ON_BOTH)) >= 2
    assert min(point.minimum for point in points(scenario, "HealthyHostCount", ON_BOTH)[5:]) == 0
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.seconds(600)
    last = points(scenario, "HealthyHostCount", ON_BOTH)[-1]
    assert last.at_ms < scenario.engine.now_ms - 3 * MINUTE, "nothing is registered any more"
    assert points(scenario, "HealthyHostCount", ON_GROUP) == []


def test_a_group_without_a_load_balancer_has_no_metrics_of_one() -> None:
    scenario, _ = stage(attached=False, balancer=None)
    load(scenario, 10)
    scenario.seconds(120)
    publish(scenario)
    assert scenario.world.metrics.points(ELB, "HTTPCode_ELB_503_Count", ON_BALANCER, 0, 2**62) == []
    assert points(scenario, "HealthyHostCount", ON_BOTH) == []


def test_earlier_loads_are_remembered() -> None:
    scenario, _ = stage()
    for _ in range(3):
        load(scenario, 10, pattern="constant")
        scenario.seconds(60.05)
        scenario.world.traffic.stop()
        scenario.seconds(30)
    scenario.seconds(240)
    assert total(scenario, "RequestCount") == 3 * 600
    assert total(scenario, "HTTPCode_Target_2XX_Count") == 3 * 600


def test_points_come_after_their_minute_and_go_after_a_day() -> None:
    scenario, _ = stage()
    load(scenario, 1, pattern="constant")
    scenario.seconds(600)
    minute = scenario.engine.now_ms // MINUTE * MINUTE
    scenario.engine.run_until(minute + MINUTE + scenario.world.timing.metric_publish - 1)
    assert points(scenario, "RequestCount")[-1].at_ms == minute - MINUTE
    scenario.seconds(0.001)
    assert points(scenario, "RequestCount")[-1].at_ms == minute
    scenario.world.traffic.stop()
    scenario.seconds(25 * 3600)
    assert points(scenario, "RequestCount") == []
    assert len(points(scenario, "HealthyHostCount", ON_BOTH)) in (1438, 1439)


def test_the_window_includes_its_start_and_excludes_its_end() -> None:
    scenario, _ = stage()
    scenario.seconds(900)
    minute = scenario.engine.now_ms // MINUTE * MINUTE - 10 * MINUTE
    ask = scenario.world.metrics.points
    found = ask(ELB, "HealthyHostCount", ON_BOTH, minute, minute + 2 * MINUTE)
    assert [point.at_ms for point in found] == [minute, minute + MINUTE]
    assert len(ask(ELB, "HealthyHostCount", ON_BOTH, minute + 1, minute + 2 * MINUTE)) == 1
    assert ask(ELB, "HealthyHostCount", ON_BOTH, minute, minute) == []
    assert ask(ELB, "Nonsense", ON_BOTH, minute, minute + MINUTE) == []
    assert ask("AWS/EC2", "CPUUtilization", {}, minute, minute + MINUTE) == []


# -- ECS ---------------------------------------------------------------------------------------------


def test_cpu_is_what_the_requests_cost_and_sample_count_the_running_tasks() -> None:
    scenario, service = stage(desired=3)
    scenario.seconds(300)
    idle = points(scenario, "CPUUtilization", WEB, ECS)[-1]
    assert (idle.sample_count, idle.unit) == (3, "Percent")
    assert idle.sum / 3 == pytest.approx(100 / 256)
    load(scenario, 300, pattern="constant")
    scenario.seconds(400)
    busy = points(scenario, "CPUUtilization", WEB, ECS)[-1]
    # 100 requests a second for each task, 0.2 ms of a vCPU each, of a quarter of a vCPU
    assert busy.sum / 3 == pytest.approx(100 * 100 * 0.0002 / 0.25 + 100 / 256, rel=0.01)
    scenario.world.update_service(service, changed=["desiredCount"], desired=5)
    scenario.seconds(400)
    assert points(scenario, "CPUUtilization", WEB, ECS)[-1].sample_count == service.running_count == 5
    assert points(scenario, "CPUUtilization", {"ClusterName": "lab"}, ECS) == []


def test_an_overloaded_task_is_busy_until_it_has_caught_up_or_is_dead() -> None:
    scenario, service = stage(
        ContainerSpec("web", SLOW.replace("1.0-slow", "1.0")), desired=1, port=8080, path="/healthz"
    )
    load(
        scenario, 200, pattern="constant", path="/"
    )  # 2 ms each on a quarter of a vCPU: 1.6 times what it can do
    scenario.seconds(300)
    scenario.world.traffic.stop()
    scenario.seconds(400)
    full = [point for point in points(scenario, "CPUUtilization", WEB, ECS) if point.maximum == 100]
    assert 6 <= len(full) <= 8
    load(scenario, 400, pattern="constant", path="/")
    scenario.seconds(300)
    scenario.world.stop_task(next(iter(service.primary.tasks.values())), "enough")
    scenario.world.traffic.stop()
    scenario.seconds(600)
    assert points(scenario, "CPUUtilization", WEB, ECS)[-1].maximum < 1


def test_memory_is_the_working_set_of_what_runs() -> None:
    sidecar = ContainerSpec(
        "side", "public.ecr.aws/docker/library/busybox:1.36", command=("sleep", "infinity")
    )
    scenario, _ = stage(ContainerSpec("web", "public.ecr.aws/nginx/nginx:1.27"), sidecar, desired=1)
    scenario.seconds(300)
    point = points(scenario, "MemoryUtilization", WEB, ECS)[-1]
    assert point.sum == pytest.approx(100 * (12 + 4) / 512)


def test_a_working_set_is_a_sane_number() -> None:
    with pytest.raises(ValueError, match="memory_mib"):
        parse_catalogue(
            "- {repository: x, tags: [a], size_mb: 1, shell: none, app: {programs: [x], memory_mib: 0}}"
        )
    with pytest.raises(ValueError, match="leak_mib_per_hour is 0 or more"):
        App(("x",), leak_mib_per_hour=-1)


def test_container_insights_counts_tasks_while_the_cluster_is_observed() -> None:
    scenario, service = stage(desired=2)
    scenario.seconds(300)
    cluster = scenario.world.clusters["lab"]
    for name, value in (("RunningTaskCount", 2), ("DesiredTaskCount", 2), ("PendingTaskCount", 0)):
        point = points(scenario, name, WEB, INSIGHTS)[-1]
        assert (point.sample_count, point.sum, point.unit) == (1, value, "Count")
    for dimensions in (WEB, {"ClusterName": "lab"}, {"ClusterName": "lab", "TaskDefinitionFamily": "web"}):
        used = points(scenario, "CpuUtilized", dimensions, INSIGHTS)[-1]
        assert (used.sample_count, used.sum) == (2, pytest.approx(2))
        assert points(scenario, "CpuReserved", dimensions, INSIGHTS)[-1].sum == 512
        assert points(scenario, "MemoryUtilized", dimensions, INSIGHTS)[-1].sum == 24
        assert points(scenario, "MemoryReserved", dimensions, INSIGHTS)[-1].sum == 1024
    scenario.world.set_container_insights(cluster, "disabled")
    off_ms = scenario.engine.now_ms
    scenario.seconds(300)
    assert points(scenario, "RunningTaskCount", WEB, INSIGHTS)[-1].at_ms < off_ms
    assert points(scenario, "CPUUtilization", WEB, ECS)[-1].at_ms > off_ms
    scenario.world.set_container_insights(cluster, "enabled")
    scenario.seconds((33_000 - scenario.engine.now_ms) % MINUTE / 1000)  # on their way at the end of a minute
    scenario.world.update_service(service, changed=["desiredCount"], desired=6)
    scenario.seconds(300)
    desired = points(scenario, "DesiredTaskCount", WEB, INSIGHTS)
    assert desired[-1].sum == 6
    assert max(point.sum for point in points(scenario, "PendingTaskCount", WEB, INSIGHTS)) >= 1
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.seconds(1200)
    assert points(scenario, "RunningTaskCount", WEB, INSIGHTS)[-1].sum > 0, "only with running tasks"


def test_the_listing_has_what_has_points() -> None:
    scenario, _ = stage()
    scenario.seconds(300)
    listed = scenario.world.metrics.listing()
    assert Metric(ECS, "CPUUtilization", (("ClusterName", "lab"), ("ServiceName", "web"))) in listed
    assert {metric.name for metric in listed if metric.namespace == ELB} == {
        "HealthyHostCount",
        "UnHealthyHostCount",
    }
    load(scenario, 10)
    scenario.seconds(300)
    listed = scenario.world.metrics.listing()
    names = {metric.name for metric in listed if metric.namespace == ELB}
    assert {
        "RequestCount",
        "RequestCountPerTarget",
        "TargetResponseTime",
        "HTTPCode_Target_2XX_Count",
    } < names
    assert not any(name.startswith("HTTPCode_ELB") for name in names)
    for metric in listed:
        found: list[Any] = points(scenario, metric.name, dict(metric.dimensions), metric.namespace)
        assert found, metric
    assert len(listed) == len(set(listed))


def test_looking_changes_nothing() -> None:
    def live(*, looking: bool) -> tuple[Any, ...]:
        scenario, service = stage(SHELL, desired=2, deregistration_delay_s=5)
        load(scenario, 20, long_share=0.3, long_ms=9_000)
        for number in range(40):
            if number == 10:
                redeploy(scenario, service)
            scenario.seconds(7)
            if looking:
                scenario.world.metrics.listing()
        answer = look(scenario)
        return (
            answer["sent"],
            answer["errors"],
            points(scenario, "TargetResponseTime"),
            points(scenario, "CPUUtilization", WEB, ECS),
        )

    assert live(looking=True) == live(looking=False)
