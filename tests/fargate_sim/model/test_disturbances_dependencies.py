"""Slow and silent dependencies: what time-outs, retries, fallbacks, breakers and deep health checks make of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.disturbances import AGENT, PAYMENTS, SHOP, begin, blackhole, ready, said, web
from support.load import balanced_books, kinds, load, look, tasks_of
from support.policies import ROLE
from support.queues import ORDERS, Worked
from support.worlds import GROUP, Scenario

from fargate_sim.images import parse_catalogue
from fargate_sim.model.app_dependency import AppDependency
from fargate_sim.model.disturbances.asking import ask
from fargate_sim.model.disturbances.interference import Leg, Shape
from fargate_sim.model.service import LoadBalancerSpec, Service
from fargate_sim.model.task_definition import ContainerSpec
from fargate_sim.model.traffic.call_breaker import CallBreaker

STOCK = "stock.internal"
SILENT = blackhole("egress", 8443)


def shop(tag: str, rps: float = 20, **facts: Any) -> tuple[Scenario, Service]:
    settings = {"path": "/healthz", "interval_s": 10, "deregistration_delay_s": 10, **facts}
    scenario, service = ready(web(f"{SHOP}:{tag}"), port=8080, **settings)
    load(scenario, rps)
    scenario.seconds(60)
    return scenario, service


def minute(scenario: Scenario) -> dict[str, Any]:
    now_ms = scenario.engine.now_ms
    return next(
        each for each in look(scenario)["minutes"] if each["at_ms"] == now_ms // 60_000 * 60_000 - 60_000
    )


# -- the parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"host": ""}, "has a host"),
        ({"host": "a", "port": 0}, "a port from 1"),
        ({"host": "a", "wait_share": 0}, "wait_share is above 0"),
        ({"host": "a", "retries": -1}, "not less than 0"),
        ({"host": "a", "on_failure": "404"}, "500, 503 or degrades, not '404'"),
    ],
)
def test_a_catalogue_with_an_impossible_dependency_is_refused(fields: dict[str, Any], text: str) -> None:
    entry = {"repository": "r", "tags": ["1"], "size_mb": 1, "shell": "none"}
    entry["app"] = {"programs": ["r"], "depends_on": [fields]}
    with pytest.raises(ValueError, match=text):
        parse_catalogue(str([entry]))


def test_a_program_asks_as_often_as_it_retries_and_waits_its_time_out_each_time() -> None:
    stock = AppDependency(STOCK, timeout_ms=1000, retries=2)
    draws = iter([0.0, 0.9]).__next__
    assert ask(stock, Leg(dead=True), 100, draws) == (3_000_000, False)
    late_once = Leg(shapes=(Shape(0.5, 1_000_000),))
    assert ask(stock, late_once, 100, draws) == (1_000_000, True)


def test_a_breaker_opens_after_failures_in_a_row_and_again_after_one() -> None:
    breaker = CallBreaker(3, 1000)
    for at_us, good in ((10, False), (20, False), (25, True), (30, False), (40, False)):
        breaker.note(at_us, good=good)
    assert breaker.asks(100)
    breaker.note(110, good=False)
    assert (breaker.asks(105), breaker.asks(110), breaker.asks(1109), breaker.asks(1110)) == (
        True,
        False,
        False,
        True,
    )
    breaker.note(1200, good=False)
    assert not breaker.asks(1200)
    breaker.note(2300, good=True)
    breaker.note(2400, good=False)
    assert breaker.asks(2500)


# -- services ------------------------------------------------------------------------------------------


def test_a_slow_dependency_makes_requests_slow_and_holds_their_workers() -> None:
    scenario, service = shop("2.1", rps=10)
    fault = begin(scenario, service, "network-latency", delayMilliseconds=2000, sources=(STOCK,))
    scenario.seconds(120)
    assert 2000 < minute(scenario)["p50_ms"] < 2200
    scenario.world.traffic.stop()
    load(scenario, 20)  # 32 workers do 16 a second at two seconds each
    scenario.seconds(120)
    assert minute(scenario)["p50_ms"] > 5000
    scenario.world.disturbances.end(fault)
    scenario.seconds(120)
    assert minute(scenario)["p99_ms"] < 300


def test_a_deep_health_check_gets_every_task_killed_and_a_shallow_one_none() -> None:
    outcomes = {}
    for tag in ("2.0", "2.1"):
        scenario, service = shop(tag, rps=1)
        before = set(tasks_of(service))
        begin(scenario, service, "network-blackhole-port", **SILENT)
        scenario.seconds(300)
        gone = before - set(tasks_of(service))
        outcomes[tag] = (gone == before, [e.data["reason"] for e in scenario.entries("target.unhealthy")])
    assert outcomes == {"2.0": (True, ["Target.Timeout", "Target.Timeout"]), "2.1": (False, [])}


def test_a_deep_check_that_waits_longer_than_the_program_sees_the_error() -> None:
    scenario, service = shop("2.0", check_timeout_s=11, interval_s=30)
    begin(scenario, service, "network-blackhole-port", count=1, **SILENT)
    scenario.seconds(90)
    (entry,) = scenario.entries("target.unhealthy")
    assert entry.data["description"] == "Health checks failed with these codes: [500]"


def test_a_silent_dependency_fails_requests_after_the_programs_time_out() -> None:
    scenario, service = shop("2.1", rps=1)
    begin(scenario, service, "network-blackhole-port", **SILENT)
    scenario.seconds(60)
    answer = look(scenario)
    assert set(kinds(answer)) == {"dependency"}
    failure = answer["failures"][0]
    assert (failure["status"], failure["by"]) == (500, "target")
    assert failure["waited_ms"] == pytest.approx(10_000, abs=100)
    assert (
        failure["cause"]
        == "The program needs stock.internal:8443 for the request, and had no answer in time."
    )


def test_hanging_calls_take_all_workers_and_the_load_balancer_gives_up() -> None:
    scenario, service = shop("2.1", rps=20, idle_timeout_s=20)
    fault = begin(scenario, service, "network-blackhole-port", **SILENT)
    scenario.seconds(120)
    answer = look(scenario)
    assert kinds(answer)["idle"] > 1000
    assert balanced_books(answer)
    scenario.world.disturbances.end(fault)
    scenario.seconds(150)
    assert minute(scenario)["failed"] == 0
    assert minute(scenario)["p99_ms"] < 300


def test_a_fallback_with_a_breaker_answers_all_and_mostly_at_once() -> None:
    scenario, service = shop("2.2", rps=20)
    begin(scenario, service, "network-blackhole-port", **SILENT)
    scenario.seconds(120)
    assert kinds(look(scenario)) == {}
    assert minute(scenario)["p50_ms"] < 50
    # one of them tries every half minute
    assert sum((each["p99_ms"] or 0) > 500 for each in look(scenario)["seconds"]) >= 3


def payments(tag: str) -> tuple[Scenario, Service]:
    scenario, service = ready(web(f"{PAYMENTS}:{tag}"), port=8080, path="/healthz", interval_s=10)
    load(scenario, 5, path="/payments")
    scenario.seconds(60)
    return scenario, service


def test_a_program_that_gives_up_says_503_late_and_then_at_once() -> None:
    scenario, service = payments("3.4")
    begin(scenario, service, "network-blackhole-port", **blackhole("egress", 5432))
    scenario.seconds(120)
    answer = look(scenario)
    assert set(kinds(answer)) == {"dependency_503", "given_up"}
    assert kinds(answer)["given_up"] > 5 * kinds(answer)["dependency_503"]
    waited = {each["kind"]: each["waited_ms"] for each in reversed(answer["failures"])}
    assert waited["dependency_503"] > 6000
    assert waited["given_up"] < 300


def test_one_that_waits_half_a_minute_is_outwaited_by_its_clients() -> None:
    scenario, service = payments("3.3")
    begin(scenario, service, "network-blackhole-port", **blackhole("egress", 5432))
    scenario.seconds(120)
    assert kinds(look(scenario))["client"] > 200


def test_the_programs_log_tells_when_it_begins_and_ends() -> None:
    scenario, service = shop("2.1", rps=5)
    fault = begin(scenario, service, "network-blackhole-port", **SILENT)
    scenario.seconds(60)
    line = "shop: stock.internal:8443 did not answer within 10 s"
    assert said(scenario).count(line) == 2
    scenario.world.disturbances.end(fault)
    scenario.seconds(60)
    assert said(scenario)[-2:] == ["shop: stock.internal:8443 answers again"] * 2
    told = scenario.entries("dependency.unanswered", "dependency.answers")
    assert [entry.kind.rpartition(".")[2] for entry in told] == ["unanswered"] * 2 + ["answers"] * 2


def test_nobody_says_that_it_answers_again_while_it_is_not_asked() -> None:
    scenario, service = shop("2.2", rps=5)
    begin(scenario, service, "network-blackhole-port", **SILENT)
    scenario.seconds(300)
    assert "shop: stock.internal:8443 answers again" not in said(scenario)


# -- AWS's services --------------------------------------------------------------------------------------


def catalog() -> tuple[Scenario, Service]:
    scenario = Scenario()
    scenario.group(path="/healthz", interval_s=10)
    container = ContainerSpec(
        "web",
        "public.ecr.aws/fargate-lab/catalog:1.0",
        environment={"BUCKET": "shop", "TABLE": "items", "QUEUE": "orders"},
    )
    definition = scenario.definition(container, AGENT)
    definition.shared_pids = definition.fault_injection = True
    definition.task_role = ROLE
    service = Service("web", scenario.world.arn("service/lab/web"), "lab", scenario.engine.now_ms, 2)
    placement = replace(scenario.placement(), load_balancers=(LoadBalancerSpec(GROUP, "web", 8080),))
    scenario.world.create_service(service, definition, placement, {})
    scenario.settle()
    load(scenario, 5, path="/items")  # which asks DynamoDB
    scenario.seconds(60)
    assert kinds(look(scenario)) == {}
    return scenario, service


@pytest.mark.parametrize(
    ("source", "slow"), [("DYNAMODB", True), ("dynamodb.us-east-1.amazonaws.com", True), ("S3", False)]
)
def test_latency_towards_a_service_of_aws(source: str, slow: bool) -> None:
    scenario, service = catalog()
    begin(scenario, service, "network-latency", delayMilliseconds=800, sources=(source,))
    scenario.seconds(120)
    assert (minute(scenario)["p50_ms"] > 800) is slow


def test_a_call_that_comes_too_late_fails_the_request() -> None:
    scenario, service = catalog()
    begin(scenario, service, "network-latency", delayMilliseconds=6000, sources=("DYNAMODB",))
    scenario.seconds(60)
    answer = look(scenario)
    assert set(kinds(answer)) == {"call_unreachable"}
    assert "dynamodb:GetItem" in answer["causes"][0]["cause"]


def test_what_goes_to_port_443_is_dropped_for_aws_as_well() -> None:
    scenario, service = catalog()
    fault = begin(scenario, service, "network-blackhole-port", **blackhole("egress", 443))
    scenario.seconds(60)
    assert set(kinds(look(scenario))) == {"call_unreachable"}
    missing = {entry.data["missing"] for entry in scenario.entries("call.unreachable")}
    assert missing == {"nothing comes back from TCP port 443 of dynamodb.us-east-1.amazonaws.com"}
    scenario.world.disturbances.end(fault)
    scenario.seconds(150)
    assert minute(scenario)["failed"] == 0


@pytest.mark.parametrize("scope", ["dynamodb", "vpc"])
def test_a_cut_that_takes_the_service_away(scope: str) -> None:
    scenario, _ = catalog()
    fault = scenario.world.disturbances.begin_subnets(["subnet-a", "subnet-b"], scope, why="test")
    scenario.seconds(60)
    reached = scope == "dynamodb"  # this VPC knows no prefix list of it, so there is nothing to deny
    assert set(kinds(look(scenario))) == (set() if reached else {"call_unreachable"})
    scenario.world.disturbances.end(fault)
    scenario.seconds(150)
    assert minute(scenario)["failed"] == 0


# -- queue workers -----------------------------------------------------------------------------------------


def worked(tag: str = "1.2", **settings: Any) -> tuple[Worked, Service]:
    world = Worked(visibility_s=30, **settings)
    definition = world.definition(world.worker(tag), AGENT)
    definition.shared_pids = definition.fault_injection = True
    service = world.service(definition, 4)
    world.settle()
    world.order(1)
    world.seconds(120)
    return world, service


def done_in(world: Worked, seconds: int) -> int:
    before = world.books.processed
    world.seconds(seconds)
    return world.books.processed - before


def test_a_slow_provider_makes_messages_slow() -> None:
    world, service = worked()
    fault = begin(world, service, "network-latency", delayMilliseconds=5000, sources=("provider.example",))
    in_flight = []
    for _ in range(20):
        world.seconds(10)
        in_flight.append(world.queue.counts()[1])
    assert sum(in_flight) / 20 > 7  # 9 s each instead of 4
    assert (world.books.duplicates, world.books.lost) == (0, 0)
    world.world.disturbances.end(fault)
    assert done_in(world, 60) > 50


def test_a_silent_provider_sends_messages_round_and_to_the_dead_letter_queue() -> None:
    world, service = worked(dead_letter="dead", max_receives=2)
    fault = begin(world, service, "network-blackhole-port", **blackhole("egress", 443))
    world.world.disturbances.end(fault)
    begin(world, service, "network-latency", delayMilliseconds=60_000, sources=("provider.example",))
    world.seconds(30)
    assert done_in(world, 300) == 0
    assert len(world.entries("queue.dead_lettered")) > 20
    assert world.lines("provider.example:443 did not answer within 10 s")


@pytest.mark.parametrize("how", ["port", "subnets"])
def test_a_worker_that_reaches_nothing_takes_nothing_and_comes_back(how: str) -> None:
    world, service = worked()
    if how == "port":
        fault = begin(world, service, "network-blackhole-port", **blackhole("egress", 443))
    else:
        fault = world.world.disturbances.begin_subnets(["subnet-a", "subnet-b"], "all", why="test")
    world.seconds(60)
    received = world.queue.received
    assert done_in(world, 120) == 0
    assert world.queue.received == received
    world.world.disturbances.end(fault)
    assert done_in(world, 120) > 120
    world.world.queues.stop()
    world.seconds(600)
    assert world.books.lost == 0
    assert world.queue.counts() == (0, 0, 0)


def test_a_worker_that_boots_meanwhile_asks_when_it_has_booted() -> None:
    world, service = worked()
    fresh = world.service(service.primary.revision.task_definition, 1, name="more")
    while not (tasks_of(fresh) and tasks_of(fresh)[0].running):
        world.seconds(0.1)
    fault = begin(world, fresh, "cpu-stress", percent=100, workers=0)
    (worker,) = [each for each in world.world.queues.workers(ORDERS) if each.task in tasks_of(fresh)]
    assert worker.holding == 0
    world.world.disturbances.end(fault)
    assert worker.holding == 0
    world.seconds(30)
    assert worker.processed > 0


def test_a_busy_cpu_costs_a_worker_what_it_needs_of_it() -> None:
    world, service = worked()
    begin(world, service, "cpu-stress", percent=100, workers=0)
    assert done_in(world, 120) > 100  # it mostly waits
    assert world.books.duplicates == 0
