"""Disturbances by themselves: their parameters, what they need, whom they concern, and what a line costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from support.disturbances import AGENT, begin, blackhole, ready, web
from support.load import stage, tasks_of
from support.vpcs import healthy
from support.worlds import Scenario

from fargate_sim.model.disturbances import Disturbance, DisturbanceRefusedError
from fargate_sim.model.disturbances.cpu import average, stress_share
from fargate_sim.model.disturbances.interference import Interference, Leg, Shape
from fargate_sim.model.disturbances.kinds import CpuStress, Latency, read
from fargate_sim.model.disturbances.sources import Peer, names, share_of_nodes
from fargate_sim.model.disturbances.subnets import Cut, cut
from fargate_sim.model.egress import Source, aws, reach
from fargate_sim.model.service import Service
from fargate_sim.model.surroundings import SubnetFacts

LATENCY = {"delayMilliseconds": 200, "jitterMilliseconds": 10, "flowsPercent": 100, "sources": ("ALL",)}


@pytest.fixture
def staged() -> tuple[Scenario, Service]:
    return ready()


# -- parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "params", "text"),
    [
        ("disk-full", {}, "no kind of disturbance; there are cpu-stress, network-latency"),
        ("cpu-stress", {"percent": 100}, "takes exactly percent, workers; got percent"),
        ("cpu-stress", {"percent": 101, "workers": 0}, "percent is a whole number from 1 to 100, not 101"),
        ("cpu-stress", {"percent": True, "workers": 0}, "not True"),
        ("network-latency", {**LATENCY, "sources": ()}, "at least one source"),
        ("network-latency", {**LATENCY, "delayMilliseconds": "200"}, "not '200'"),
        (
            "network-packet-loss",
            {"lossPercent": 0, "flowsPercent": 100, "sources": ("ALL",)},
            "from 1 to 100",
        ),
        ("network-blackhole-port", blackhole("sideways", 80), "ingress or egress"),
        ("network-blackhole-port", {**blackhole("ingress", 80), "protocol": "icmp"}, "tcp or udp"),
    ],
)
def test_parameters_that_no_fault_has_are_refused_in_words(
    kind: str, params: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        read(kind, params)


def test_the_same_refusal_is_what_somebody_hears_who_begins_one(staged: tuple[Scenario, Service]) -> None:
    scenario, service = staged
    with pytest.raises(DisturbanceRefusedError, match="takes exactly percent, workers"):
        begin(scenario, service, "cpu-stress", percent=100)


# -- what a task needs -----------------------------------------------------------------------------


def test_a_fault_begins_and_ends_in_the_history_and_once(staged: tuple[Scenario, Service]) -> None:
    scenario, service = staged
    fault = begin(scenario, service, "cpu-stress", percent=50, workers=0)
    assert scenario.world.disturbances.active == [fault]
    assert (fault.kind, fault.params, fault.why) == ("cpu-stress", {"percent": 50, "workers": 0}, "test")
    scenario.world.disturbances.end(fault)
    scenario.world.disturbances.end(fault)
    began, ended = scenario.entries("disturbance.began", "disturbance.ended")
    tasks = [task.task_id for task in tasks_of(service)]
    assert began.data == {
        "id": fault.id,
        "kind": "cpu-stress",
        "tasks": tasks,
        "params": {"percent": 50, "workers": 0},
        "why": "test",
    }
    assert ended.data == {"id": fault.id, "kind": "cpu-stress", "tasks": tasks, "why": "test"}
    assert scenario.world.disturbances.active == []
    assert all(task.interference is None for task in tasks_of(service))


CHANGES: list[tuple[Callable[[Service], None], str, str]] = [
    (
        lambda service: setattr(tasks_of(service)[1], "exec_enabled", True),
        "cpu-stress",
        "ECS Exec is enabled",
    ),
    (
        lambda service: setattr(service.primary.revision.task_definition, "shared_pids", False),
        "network-latency",
        "web:1 must have pidMode set to task",
    ),
    (
        lambda service: setattr(service.primary.revision.task_definition, "fault_injection", False),
        "network-latency",
        "fault injection is not enabled for task: arn:aws:ecs:",
    ),
    (
        lambda service: setattr(tasks_of(service)[1].containers[1], "status", "STOPPED"),
        "cpu-stress",
        "not registered as a managed instance of Systems Manager",
    ),
]


@pytest.mark.parametrize(("change", "kind", "text"), CHANGES)
def test_a_task_that_is_not_ready_refuses_and_nothing_begins(
    staged: tuple[Scenario, Service], change: Callable[[Service], None], kind: str, text: str
) -> None:
    scenario, service = staged
    change(service)
    params = LATENCY if kind == "network-latency" else {"percent": 100, "workers": 0}
    before = len(scenario.journal)
    with pytest.raises(DisturbanceRefusedError, match=text) as caught:
        scenario.world.disturbances.begin(kind, tasks_of(service), params, why="test")
    assert caught.value.reason.endswith(".") or "not enabled" in caught.value.reason
    assert len(scenario.journal) == before
    assert all(task.interference is None for task in tasks_of(service))


def test_cpu_stress_needs_neither_shared_processes_nor_fault_injection() -> None:
    scenario, service = stage(web(), AGENT)
    assert begin(scenario, service, "cpu-stress", percent=50, workers=0).tasks == tasks_of(service)


@pytest.mark.parametrize("agent", [None, replace(AGENT, environment={})])
def test_without_an_agent_that_can_register_there_are_no_faults(agent: Any) -> None:
    scenario, service = stage(web(), *([agent] if agent else []))
    with pytest.raises(DisturbanceRefusedError, match="managed instance"):
        begin(scenario, service, "cpu-stress", percent=50, workers=0)


def test_a_task_that_has_been_told_to_stop_is_no_target(staged: tuple[Scenario, Service]) -> None:
    scenario, service = staged
    task = tasks_of(service)[0]
    scenario.world.stop_task(task, "drill")
    with pytest.raises(DisturbanceRefusedError, match="is not running"):
        scenario.world.disturbances.begin("cpu-stress", [task], {"percent": 50, "workers": 0}, why="test")


def test_network_faults_do_not_run_in_parallel_but_beside_cpu_stress(
    staged: tuple[Scenario, Service],
) -> None:
    scenario, service = staged
    first = begin(scenario, service, "network-latency", delayMilliseconds=100)
    begin(scenario, service, "cpu-stress", percent=50, workers=0)
    with pytest.raises(DisturbanceRefusedError, match="cannot run in parallel"):
        begin(scenario, service, "network-packet-loss", lossPercent=5)
    scenario.world.disturbances.end(first)
    begin(scenario, service, "network-packet-loss", lossPercent=5)


def test_tasks_that_stop_drop_out_and_new_ones_are_not_in_it(staged: tuple[Scenario, Service]) -> None:
    scenario, service = staged
    fault = begin(scenario, service, "cpu-stress", percent=50, workers=0)
    first, second = fault.tasks
    scenario.world.stop_task(first, "drill")
    scenario.settle()
    scenario.seconds(400)
    assert fault.tasks == [second]
    fresh = [task for task in scenario.world.tasks.values() if task not in fault.targets]
    assert [task.interference for task in fresh] == [None]


# -- whom it concerns ------------------------------------------------------------------------------

LEDGER = Peer("ledger.internal", "192.0.2.7")


@pytest.mark.parametrize(
    ("sources", "whom", "meant"),
    [
        (("ALL",), LEDGER, True),
        (("Ledger.Internal",), LEDGER, True),
        (("stock.internal", "192.0.2.7"), LEDGER, True),
        (("192.0.2.0/24",), LEDGER, True),
        (("192.0.3.0/24", "internal", "us-east-1a"), LEDGER, False),
        (("S3",), LEDGER, False),
        (("S3",), Peer("s3.us-east-1.amazonaws.com", "52.216.0.1", "s3"), True),
        (("DYNAMODB",), Peer("s3.us-east-1.amazonaws.com", "52.216.0.1", "s3"), False),
    ],
)
def test_sources_name_hosts_addresses_and_services(sources: tuple[str, ...], whom: Peer, meant: bool) -> None:
    assert names(sources, whom) is meant


PUBLIC = [
    SubnetFacts("subnet-1", "vpc-1", "10.0.0.0/24", "us-east-1a", public=True),
    SubnetFacts("subnet-2", "vpc-1", "10.0.1.0/24", "us-east-1b", public=True),
    SubnetFacts("subnet-3", "vpc-1", "10.0.10.0/24", "us-east-1a"),
]


@pytest.mark.parametrize(
    ("sources", "share"),
    [
        (("ALL",), 1.0),
        (("us-east-1a",), 0.5),
        (("us-east-1a", "us-east-1b"), 1.0),
        (("10.0.0.0/16",), 1.0),
        (("10.0.1.0/24",), 0.5),
        (("10.0.10.0/24", "ledger.internal", "S3"), 0.0),
    ],
)
def test_sources_name_load_balancer_nodes_by_zone_and_block(sources: tuple[str, ...], share: float) -> None:
    assert share_of_nodes(sources, PUBLIC) == share


# -- what a line costs -----------------------------------------------------------------------------


def lags(leg: Leg, count: int = 2000, packets: int = 1) -> list[int | None]:
    random = Random(5).random
    return [leg.lag_us(random, packets=packets) for _ in range(count)]


def test_a_delay_is_had_by_each_packet_give_or_take_the_jitter() -> None:
    assert set(lags(Leg(shapes=(Shape(1.0, 200_000),)), 5, packets=2)) == {400_000}
    jittered = [each or 0 for each in lags(Leg(shapes=(Shape(1.0, 200_000, 10_000),)))]
    assert 190_000 <= min(jittered) < 191_000
    assert 209_000 < max(jittered) <= 210_000
    assert min(each or 0 for each in lags(Leg(shapes=(Shape(1.0, 0, 10_000),)))) == 0  # nothing comes early


def test_only_a_share_of_the_connections_is_concerned() -> None:
    slow = sum(each == 200_000 for each in lags(Leg(shapes=(Shape(0.25, 200_000),))))
    assert slow == pytest.approx(500, abs=60)


def test_a_lost_packet_is_sent_again_later_and_later_and_at_last_no_more() -> None:
    found = lags(Leg(shapes=(Shape(1.0, loss=0.5),)), 4000)
    assert {0, 200_000, 600_000, 1_400_000} < set(found)
    assert found.count(0) == pytest.approx(2000, abs=120)
    assert set(lags(Leg(shapes=(Shape(1.0, loss=1.0),)), 3)) == {None}
    assert set(lags(Leg(dead=True), 3)) == {None}


def interference(*effects: Any, cut_off: bool = False, cpu_units: int = 256) -> Interference:
    found = Interference.of(effects, cut_off=cut_off, cpu_units=cpu_units, nodes=tuple(PUBLIC))
    assert found is not None
    return found


def test_nothing_at_all_is_no_interference() -> None:
    assert Interference.of((), cut_off=False, cpu_units=256, nodes=()) is None


def test_a_blackhole_is_of_one_port_and_direction() -> None:
    ingress = interference(read("network-blackhole-port", blackhole("ingress", 80)))
    assert (ingress.inbound_dead(80), ingress.inbound_dead(8080), ingress.drops_to(80)) == (
        True,
        False,
        False,
    )
    egress = interference(read("network-blackhole-port", blackhole("egress", 5432)))
    assert (egress.inbound_dead(5432), egress.drops_to(5432), egress.outbound(LEDGER, 443)) == (
        False,
        True,
        None,
    )
    assert egress.outbound(LEDGER, 5432) == Leg(dead=True)
    udp = interference(read("network-blackhole-port", {**blackhole("ingress", 80), "protocol": "udp"}))
    assert not udp.inbound_dead(80)


def test_latency_towards_one_host_leaves_the_load_balancer_alone() -> None:
    slow = interference(Latency(200, 0, 100, ("ledger.internal",)))
    assert slow.inbound(80) is None
    assert slow.outbound(LEDGER, 5432) == Leg(shapes=(Shape(1.0, 200_000),))
    assert slow.outbound(Peer("stock.internal", "192.0.2.8"), 5432) is None


@pytest.mark.parametrize(
    ("percent", "workers", "units", "stress", "speed"),
    [
        (100, 0, 256, 1.0, 0.5),
        (30, 0, 256, 0.3, 0.7),
        (100, 1, 4096, 0.25, 0.75),
        (100, 8, 4096, 1.0, 0.5),
        (50, 0, 4096, 0.5, 0.5),
    ],
)
def test_a_stressor_takes_what_it_wants_but_never_more_than_half_of_a_busy_cpu(
    percent: int, workers: int, units: int, stress: float, speed: float
) -> None:
    assert stress_share(CpuStress(percent, workers), units) == stress
    assert interference(CpuStress(percent, workers), cpu_units=units).speed == pytest.approx(speed)


def test_the_mean_of_a_share_over_a_time() -> None:
    changes = [(1000, 0.5), (3000, 1.0), (4000, 0.0)]
    assert average(changes, 0, 4000) == pytest.approx((2000 * 0.5 + 1000) / 4000)
    assert average(changes, 3500, 4500) == pytest.approx(0.5)
    assert average(changes, 5000, 6000) == average([], 0, 10) == 0.0


# -- subnets ---------------------------------------------------------------------------------------

TASK = Source("subnet-a", "10.0.10.9", ("sg-1",), None)


@pytest.mark.parametrize(
    ("scope", "service", "reached"),
    [
        ("all", "s3", False),
        ("all", "sqs", False),
        ("vpc", "sqs", False),
        ("s3", "s3", False),
        ("s3", "sqs", True),
    ],
)
def test_what_a_cut_subnet_still_reaches_follows_from_an_acl(scope: str, service: str, reached: bool) -> None:
    vpc = cut(healthy(), {"subnet-a": Cut("subnet-a", scope, "acl-9")})
    route = reach(vpc, TASK, aws(service, "us-east-1"))
    assert route.reached is reached
    assert reached or "network ACL acl-9 of subnet-a (private-a) lets no TCP 443 out" in route.missing
    assert reach(vpc, replace(TASK, subnet_id="subnet-b"), aws(service, "us-east-1")).reached


def test_the_cut_of_a_nat_gateways_subnet_is_felt_behind_it() -> None:
    vpc = cut(healthy(), {"subnet-public": Cut("subnet-public", "all", "acl-9")})
    assert "acl-9 of subnet-public" in reach(vpc, TASK, aws("sqs", "us-east-1")).missing


@pytest.mark.parametrize(
    ("subnet", "scope", "text"),
    [
        ("subnet-x", "all", "The subnet subnet-x does not exist"),
        (
            "subnet-a",
            "availability-zone",
            "'availability-zone' is not modelled; there are all, vpc, s3, dynamodb",
        ),
        ("subnet-b", "all", "subnet-b is disrupted already"),
    ],
)
def test_cuts_that_cannot_be_are_refused(
    staged: tuple[Scenario, Service], subnet: str, scope: str, text: str
) -> None:
    scenario, _ = staged
    fault: Disturbance = scenario.world.disturbances.begin_subnets(["subnet-b"], "s3", why="test")
    assert fault.params == {"subnets": ["subnet-b"], "scope": "s3"}
    with pytest.raises(DisturbanceRefusedError, match=text):
        scenario.world.disturbances.begin_subnets([subnet], scope, why="test")
