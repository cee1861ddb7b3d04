"""What disturbances do to requests, health checks, services and metrics."""

from __future__ import annotations

from typing import Any

import pytest
from support.disturbances import begin, blackhole, ready, web
from support.load import balanced_books, kinds, load, look, tasks_of
from support.worlds import GROUP, Scenario

from fargate_sim.model.disturbances import Disturbance
from fargate_sim.model.metrics import Point
from fargate_sim.model.scaling.policy import CPU, Followed, Tracking
from fargate_sim.model.service import Service

RENDER = "public.ecr.aws/fargate-lab/render:1.0"
QUICK = {"interval_s": 10, "deregistration_delay_s": 10}


def render(rps: float = 12, **facts: Any) -> tuple[Scenario, Service]:
    scenario, service = ready(web(RENDER), port=8080, path="/healthz", **QUICK, **facts)
    load(scenario, rps, path="/render")
    scenario.seconds(120)
    return scenario, service


def nginx(rps: float = 20, **facts: Any) -> tuple[Scenario, Service]:
    scenario, service = ready(**{**QUICK, **facts})
    load(scenario, rps)
    scenario.seconds(60)
    return scenario, service


def states(scenario: Scenario) -> list[str]:
    return [target.state for target in scenario.world.balancing.health.of(GROUP)]


def reasons(scenario: Scenario) -> list[str]:
    return [entry.data["reason"] for entry in scenario.entries("target.unhealthy")]


def minute(scenario: Scenario) -> dict[str, Any]:
    """The last whole minute of the load."""
    now_ms = scenario.engine.now_ms
    return next(
        each for each in look(scenario)["minutes"] if each["at_ms"] == now_ms // 60_000 * 60_000 - 60_000
    )


def cpu(scenario: Scenario, minutes: int = 1, name: str = "CPUUtilization") -> list[Point]:
    now = scenario.engine.now_ms // 60_000
    scenario.world.traffic.settle()
    namespace = "AWS/ECS" if name == "CPUUtilization" else "ECS/ContainerInsights"
    dimensions = {"ClusterName": "lab", "ServiceName": "web"}
    return list(scenario.world.metrics.tasks.points(namespace, name, dimensions, now - minutes, now))


# -- CPU -------------------------------------------------------------------------------------------


def test_stress_makes_requests_slow_and_shows_in_the_metrics() -> None:
    scenario, service = render(4)
    scenario.seconds(60)
    before = minute(scenario)["p50_ms"]
    (point,) = cpu(scenario)
    assert point.maximum < 30
    fault = begin(scenario, service, "cpu-stress", percent=100, workers=0)
    scenario.seconds(120)
    assert minute(scenario)["p50_ms"] > 1.7 * before
    (point,) = cpu(scenario)
    assert (point.minimum, point.maximum) == (100, 100)
    assert cpu(scenario, name="CpuUtilized")[0].maximum == 256
    scenario.world.disturbances.end(fault)
    scenario.seconds(120)
    assert minute(scenario)["p50_ms"] == pytest.approx(before, rel=0.2)
    assert cpu(scenario)[0].maximum < 30


def test_a_little_stress_adds_up_with_what_requests_use() -> None:
    scenario, service = render(4)
    begin(scenario, service, "cpu-stress", percent=30, workers=0)
    scenario.seconds(120)
    assert cpu(scenario)[0].sum / 2 == pytest.approx(30 + 20, abs=5)  # two requests a second, 100 ms each


def test_stress_beyond_what_is_left_saturates_and_the_checks_are_late() -> None:
    scenario, service = render(12)  # 60 % of the CPU; half of it is left
    fault = begin(scenario, service, "cpu-stress", percent=100, workers=0)
    scenario.seconds(300)
    assert set(reasons(scenario)) == {"Target.Timeout"}
    first = scenario.entries("task.unhealthy")[0]
    assert first.data["reason"].startswith("Task failed ELB health checks")
    assert not set(fault.tasks) & set(tasks_of(service))  # replaced; the new ones are not in it
    scenario.seconds(300)
    assert states(scenario) == ["healthy", "healthy"]
    assert minute(scenario)["failed"] == 0
    assert balanced_books(look(scenario))


def test_what_was_not_begun_goes_on_quickly_when_the_stress_ends() -> None:
    scenario, service = render(14, unhealthy_threshold=10)
    fault = begin(scenario, service, "cpu-stress", percent=100, workers=0)
    scenario.seconds(60)
    behind = look(scenario)["in_flight"]
    assert behind > 50
    scenario.world.disturbances.end(fault)
    assert balanced_books(look(scenario))
    scenario.seconds(60)
    assert look(scenario)["in_flight"] < behind / 3
    assert all(point.maximum <= 100 for point in cpu(scenario, 4))
    scenario.seconds(120)
    assert minute(scenario)["p99_ms"] < 1000


def test_stress_calls_the_scaling_policy() -> None:
    scenario, service = render(4, unhealthy_threshold=10)
    target = scenario.world.scaling.register(service, minimum=2, maximum=6)
    scenario.world.scaling.put_policy(target, "cpu", Tracking(60, Followed(CPU)), {})
    begin(scenario, service, "cpu-stress", percent=95, workers=0)
    scenario.seconds(600)
    assert service.desired > 2
    assert scenario.entries("scaling.activity")[0].data["policy"] == "cpu"


# -- latency and loss ------------------------------------------------------------------------------


def test_latency_comes_on_top_of_each_answer_and_holds_no_worker() -> None:
    scenario, service = nginx()
    (before,) = cpu(scenario)
    fault = begin(scenario, service, "network-latency", delayMilliseconds=300, jitterMilliseconds=20)
    scenario.seconds(120)
    assert 290 < minute(scenario)["p50_ms"] < 330
    assert cpu(scenario)[0].maximum == pytest.approx(before.maximum, abs=1)
    assert (states(scenario), kinds(look(scenario))) == (["healthy", "healthy"], {})
    scenario.world.disturbances.end(fault)
    scenario.seconds(120)
    assert minute(scenario)["p99_ms"] < 50


def test_a_share_of_the_connections_makes_a_tail() -> None:
    scenario, service = nginx()
    begin(scenario, service, "network-latency", delayMilliseconds=300, flowsPercent=10)
    scenario.seconds(120)
    assert minute(scenario)["p50_ms"] < 10
    assert minute(scenario)["p99_ms"] > 290


def test_latency_towards_somebody_else_is_not_felt() -> None:
    scenario, service = nginx()
    begin(scenario, service, "network-latency", delayMilliseconds=3000, sources=("ledger.internal", "S3"))
    scenario.seconds(120)
    assert minute(scenario)["p99_ms"] < 50


@pytest.mark.parametrize(("delay", "unhealthy"), [(2000, False), (2600, True)])
def test_a_check_has_two_packets_on_its_line_and_its_time_out(delay: int, unhealthy: bool) -> None:
    scenario, service = nginx(5, check_timeout_s=5)
    fault = begin(scenario, service, "network-latency", count=1, delayMilliseconds=delay)
    scenario.seconds(600)
    assert reasons(scenario) == (["Target.Timeout"] if unhealthy else [])
    assert (fault.tasks == []) is unhealthy
    assert kinds(look(scenario)) == {}  # slow, but nobody is turned away


def test_delays_beyond_the_idle_time_out_are_504() -> None:
    scenario, service = nginx(5, idle_timeout_s=5)
    begin(scenario, service, "network-latency", delayMilliseconds=6000)
    scenario.seconds(30)
    answer = look(scenario)
    assert kinds(answer) == {"idle": answer["failed"]}
    assert [error["status"] for error in answer["errors"]] == [504]


def test_loss_costs_the_tail_first_and_requests_when_it_is_high() -> None:
    scenario, service = nginx(50, unhealthy_threshold=10)
    fault = begin(scenario, service, "network-packet-loss", lossPercent=5)
    scenario.seconds(120)
    assert minute(scenario)["p50_ms"] < 10
    assert minute(scenario)["p99_ms"] > 190
    assert kinds(look(scenario)) == {}
    scenario.world.disturbances.end(fault)
    begin(scenario, service, "network-packet-loss", lossPercent=70)
    scenario.seconds(60)
    answer = look(scenario)
    assert kinds(answer)["client"] > 10  # 12.6 s after six losses, 25.4 after seven, 51 after eight
    assert balanced_books(answer)


def test_a_line_that_loses_everything_is_a_dead_one() -> None:
    scenario, service = nginx(5)
    begin(scenario, service, "network-packet-loss", count=1, lossPercent=100)
    scenario.seconds(60)
    assert reasons(scenario) == ["Target.Timeout"]
    assert set(kinds(look(scenario))) == {"client"}


# -- dropped -----------------------------------------------------------------------------------------


def test_a_port_from_which_nothing_comes_back() -> None:
    scenario, service = nginx()
    begin(scenario, service, "network-blackhole-port", count=1, **blackhole("ingress", 80))
    scenario.seconds(9.9)
    assert kinds(look(scenario)) == {}
    scenario.seconds(20)
    answer = look(scenario)
    assert set(kinds(answer)) == {"unanswered"}
    failure = answer["failures"][0]
    assert (failure["status"], failure["by"], failure["waited_ms"]) == (504, "elb", 10_000)
    assert (
        failure["cause"] == "The load balancer could not connect to port 80 of the target: nothing came back."
    )
    scenario.seconds(200)
    assert reasons(scenario) == ["Target.Timeout"]
    assert states(scenario) == ["healthy", "healthy"]
    assert minute(scenario)["failed"] == 0


def test_what_was_in_hand_when_the_port_went_dead_is_answered() -> None:
    scenario, service = nginx(20, unhealthy_threshold=10)
    scenario.world.traffic.stop()
    load(scenario, 5, long_share=1.0, long_ms=8000)
    scenario.seconds(7)
    in_hand = look(scenario)["in_flight"]
    begin(scenario, service, "network-blackhole-port", **blackhole("ingress", 80))
    scenario.seconds(9)
    assert look(scenario)["ok"] == in_hand > 20


def test_another_port_another_direction_or_udp_harms_nobody() -> None:
    for params in (
        blackhole("ingress", 8080),
        blackhole("egress", 80),
        {**blackhole("ingress", 80), "protocol": "udp"},
    ):
        scenario, service = nginx(5)
        begin(scenario, service, "network-blackhole-port", **params)
        scenario.seconds(60)
        assert (kinds(look(scenario)), states(scenario)) == ({}, ["healthy", "healthy"])


def test_a_client_that_waits_less_than_the_load_balancer_gives_up_first() -> None:
    scenario, service = ready(**QUICK)
    load(scenario, 5, client_timeout_ms=3000)
    begin(scenario, service, "network-blackhole-port", **blackhole("ingress", 80))
    scenario.seconds(20)
    assert set(kinds(look(scenario))) == {"client"}


# -- subnets -----------------------------------------------------------------------------------------


def cut(scenario: Scenario, *subnet_ids: str, scope: str = "all") -> Disturbance:
    return scenario.world.disturbances.begin_subnets(subnet_ids or ["subnet-a"], scope, why="test")


def test_a_zone_that_is_cut_off_is_left_and_found_again() -> None:
    scenario, service = nginx()
    fault = cut(scenario)
    (lost,) = fault.tasks
    scenario.seconds(60)
    assert reasons(scenario) == ["Target.Timeout"]
    assert set(kinds(look(scenario))) == {"unanswered"}
    scenario.seconds(900)
    assert minute(scenario)["failed"] == 0
    assert lost.last_status == "STOPPED"
    assert {task.subnet_id for task in tasks_of(service) if task.running} == {"subnet-b"}
    scenario.world.stop_task(tasks_of(service)[0], "drill")
    scenario.seconds(600)
    failed = scenario.entries("task.start_failed")  # the next ones are tried where there is none
    assert failed
    assert all("lets no TCP 443 out" in entry.data["missing"] for entry in failed)
    scenario.world.disturbances.end(fault)
    scenario.seconds(1800)
    assert {task.subnet_id for task in tasks_of(service) if task.running} == {"subnet-a", "subnet-b"}


def test_requests_in_hand_when_the_network_goes_are_waited_for_in_vain() -> None:
    scenario, _ = nginx(20)
    scenario.world.traffic.stop()
    load(scenario, 5, long_share=1.0, long_ms=8000, client_timeout_ms=120_000)
    scenario.seconds(7)
    in_hand = look(scenario)["in_flight"]
    scenario.world.traffic.stop()
    cut(scenario, "subnet-a", "subnet-b")
    scenario.seconds(50)
    assert look(scenario)["in_flight"] == in_hand
    scenario.seconds(12)
    answer = look(scenario)
    assert kinds(answer) == {"silent": in_hand}
    assert {round(each["waited_ms"]) for each in answer["failures"]} == {60_000}
    assert answer["failures"][0]["cause"].startswith("The target had the request when port 80 fell silent")


def test_a_cut_of_all_subnets_leaves_nobody_and_ends() -> None:
    scenario, service = nginx(10)
    fault = cut(scenario, "subnet-a", "subnet-b")
    scenario.seconds(300)
    assert minute(scenario)["ok"] == 0
    scenario.world.disturbances.end(fault)
    scenario.seconds(1800)
    assert minute(scenario)["failed"] == 0
    assert sum(task.running for task in tasks_of(service)) == 2
    assert balanced_books(look(scenario))


@pytest.mark.parametrize("scope", ["vpc", "s3", "dynamodb"])
def test_narrower_cuts_let_the_load_balancer_through(scope: str) -> None:
    scenario, _ = nginx()
    cut(scenario, "subnet-a", "subnet-b", scope=scope)
    scenario.seconds(120)
    assert (kinds(look(scenario)), states(scenario)) == ({}, ["healthy", "healthy"])


def test_within_a_vpc_that_nothing_leaves_no_image_can_be_pulled() -> None:
    scenario, service = nginx()
    fault = cut(scenario, "subnet-a", "subnet-b", scope="vpc")
    scenario.world.stop_task(tasks_of(service)[0], "drill")
    scenario.seconds(600)
    assert "lets no TCP 443 out" in scenario.entries("task.start_failed")[0].data["missing"]
    scenario.world.disturbances.end(fault)
    scenario.seconds(1200)
    assert sum(task.running for task in tasks_of(service)) == 2


# -- whoever looks -----------------------------------------------------------------------------------


def test_the_history_does_not_depend_on_who_looks() -> None:
    def run(*, looks: bool) -> tuple[dict[str, Any], str]:
        scenario, service = render(14, unhealthy_threshold=5, seed=3)
        faults = [begin(scenario, service, "cpu-stress", percent=100, workers=0)]
        faults.append(begin(scenario, service, "network-packet-loss", lossPercent=20))
        for _ in range(9):
            scenario.seconds(7)
            if looks:
                look(scenario)
                cpu(scenario)
        for fault in faults:
            scenario.world.disturbances.end(fault)
            scenario.seconds(61)
        return look(scenario), scenario.journal.to_jsonl()

    assert run(looks=True) == run(looks=False)


def test_an_error_that_the_program_answers_is_late_as_well() -> None:
    scenario, service = ready(**QUICK)
    load(scenario, 5, path="/nowhere")
    begin(scenario, service, "network-latency", delayMilliseconds=700)
    scenario.seconds(30)
    answer = look(scenario)
    assert set(kinds(answer)) == {"path"}
    assert all(each["waited_ms"] > 700 for each in answer["failures"])
