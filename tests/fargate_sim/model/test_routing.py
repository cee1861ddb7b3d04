"""Which target gets a request: the algorithms of a target group, slow start, and the keep-alive race."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.load import KEEP_ALIVE, balanced_books, kinds, load, look, stage
from support.worlds import GROUP, Scenario

from fargate_sim.model.service import Service
from fargate_sim.model.surroundings import LEAST_OUTSTANDING, ROUND_ROBIN, WEIGHTED_RANDOM
from fargate_sim.model.task_definition import ContainerSpec
from fargate_sim.model.traffic.keep_alive import NOTICED_US, IdleConnections

SHOP = "public.ecr.aws/fargate-lab/shop:1.0"
SECOND_US = 1_000_000


def change(scenario: Scenario, **facts: Any) -> None:
    """Change attributes of the target group under a running load, as the endpoint does."""
    scenario.world.traffic.catch_up()
    scenario.group(**facts)
    scenario.world.balancing.health.groups_changed()


def sent(scenario: Scenario) -> list[int]:
    return [target["sent"] for target in look(scenario)["targets"]]


def scale(scenario: Scenario, service: Service, desired: int) -> None:
    scenario.world.update_service(service, changed=["desiredCount"], desired=desired)


# -- algorithms --------------------------------------------------------------------------------------


def test_least_outstanding_requests_keeps_the_numbers_in_hand_level() -> None:
    spread = {}
    for algorithm in (ROUND_ROBIN, LEAST_OUTSTANDING):
        scenario, _ = stage(desired=4, algorithm=algorithm)
        load(scenario, 40, long_share=0.2, long_ms=9_000)
        worst = 0
        for _ in range(60):
            scenario.seconds(1)
            in_hand = [target["in_flight"] for target in look(scenario)["targets"]]
            worst = max(worst, max(in_hand) - min(in_hand))
        spread[algorithm] = worst
    assert spread[LEAST_OUTSTANDING] < spread[ROUND_ROBIN] / 2


def test_least_outstanding_requests_sends_most_to_a_target_that_fails_fast() -> None:
    """A refused request is over at once, so the broken target always has the fewest outstanding."""
    shares = {}
    for algorithm in (ROUND_ROBIN, LEAST_OUTSTANDING):
        scenario, service = stage(desired=2, algorithm=algorithm)
        victim = next(iter(service.primary.tasks.values()))
        load(scenario, 200, long_share=0.3, long_ms=2_000)
        scenario.seconds(10)
        scenario.world.traffic.exiting(victim, victim.containers[0], 1)
        victim.containers[0].status = "STOPPED"
        before = dict(zip(("a", "b"), sent(scenario), strict=True))
        scenario.seconds(2)
        after = dict(zip(("a", "b"), sent(scenario), strict=True))
        got = {name: after[name] - before[name] for name in before}
        shares[algorithm] = got["a"] / sum(got.values())
    assert shares[ROUND_ROBIN] == pytest.approx(0.5, abs=0.01)
    assert shares[LEAST_OUTSTANDING] > 0.9


def test_weighted_random_gives_everyone_the_same_chance_but_not_the_same_number() -> None:
    scenario, _ = stage(desired=4, algorithm=WEIGHTED_RANDOM)
    load(scenario, 100, pattern="constant")
    scenario.seconds(100)
    assert len(set(sent(scenario))) > 1
    assert sent(scenario) == [pytest.approx(2_500, rel=0.08)] * 4


def test_a_change_of_the_algorithm_acts_on_the_running_load() -> None:
    scenario, _ = stage(desired=2)
    load(scenario, 100, pattern="constant")
    scenario.seconds(20)
    assert abs(sent(scenario)[0] - sent(scenario)[1]) <= 1
    change(scenario, algorithm=WEIGHTED_RANDOM)
    scenario.seconds(20)
    drawn = sent(scenario)
    assert abs(drawn[0] - drawn[1]) > 1
    change(scenario)
    scenario.seconds(20)
    assert [now - before for now, before in zip(sent(scenario), drawn, strict=True)] == [
        pytest.approx(1_000, abs=1)
    ] * 2


@pytest.mark.parametrize("algorithm", [LEAST_OUTSTANDING, WEIGHTED_RANDOM])
@pytest.mark.parametrize("slow_start", [0, 60])
def test_the_algorithm_changes_where_requests_go_and_nothing_else(algorithm: str, slow_start: int) -> None:
    other, _ = stage(desired=3, algorithm=algorithm, slow_start_duration_s=slow_start)
    plain, _ = stage(desired=3)
    for scenario in (other, plain):
        load(scenario, 30, long_share=0.1)
        scenario.seconds(60)
    assert [s["sent"] for s in look(other)["seconds"]] == [s["sent"] for s in look(plain)["seconds"]]
    assert look(other)["failed"] == 0


# -- slow start --------------------------------------------------------------------------------------


def share_of_the_new(scenario: Scenario, seconds: int) -> float:
    """The new target's part of an equal share over the next seconds."""
    before = sent(scenario)
    scenario.seconds(seconds)
    got = [now - then for now, then in zip(sent(scenario), before, strict=True)]
    return got[-1] / got[0]


def grown(**facts: Any) -> tuple[Scenario, Service]:
    """A loaded service of two whose third target has just become healthy."""
    scenario, service = stage(desired=2, **facts)
    load(scenario, 90)
    scenario.seconds(5)
    scale(scenario, service, 3)
    healthy = len(scenario.entries("target.healthy"))
    while len(scenario.entries("target.healthy")) == healthy:
        scenario.engine.step()
    scenario.world.traffic.catch_up()
    scenario.seconds(0.2)
    return scenario, service


def test_slow_start_ramps_a_new_target_up_in_a_straight_line() -> None:
    scenario, _ = grown(slow_start_duration_s=100)
    shares = [share_of_the_new(scenario, 20) for _ in range(6)]
    assert shares == [pytest.approx(each, abs=0.06) for each in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)]


def test_without_slow_start_a_new_target_has_its_share_at_once() -> None:
    scenario, _ = grown()
    assert share_of_the_new(scenario, 20) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("algorithm", [LEAST_OUTSTANDING, WEIGHTED_RANDOM])
def test_slow_start_is_for_round_robin_only(algorithm: str) -> None:
    scenario, _ = grown(slow_start_duration_s=100, algorithm=algorithm)
    assert share_of_the_new(scenario, 20) > 0.8


def test_the_first_targets_of_a_group_do_not_enter_slow_start() -> None:
    scenario, _ = stage(desired=1, slow_start_duration_s=900)
    assert [target.slow_from_ms for target in scenario.world.balancing.shown(GROUP)] == [None]


def test_targets_that_are_healthy_when_it_is_turned_on_do_not_enter_slow_start() -> None:
    scenario, _ = grown()
    change(scenario, slow_start_duration_s=900)
    assert share_of_the_new(scenario, 20) == pytest.approx(1, abs=0.01)


def test_turning_slow_start_off_ends_it_at_once_and_for_good() -> None:
    scenario, _ = grown(slow_start_duration_s=300)
    assert share_of_the_new(scenario, 20) < 0.1
    change(scenario)
    assert share_of_the_new(scenario, 20) == pytest.approx(1, abs=0.01)
    change(scenario, slow_start_duration_s=300)
    assert share_of_the_new(scenario, 20) == pytest.approx(1, abs=0.01)


def test_a_target_that_becomes_unhealthy_leaves_slow_start_and_enters_it_again_when_healthy() -> None:
    scenario, _ = grown(slow_start_duration_s=600, interval_s=5, healthy_threshold=2)
    health, target = scenario.world.balancing.health, scenario.world.balancing.shown(GROUP)[-1]
    first = target.slow_from_ms
    assert first is not None
    health._set(target, "unhealthy", "Target.Timeout", "Request timed out")
    assert target.slow_from_ms is None
    scenario.seconds(20)
    health._set(target, "healthy", None, None)
    assert target.slow_from_ms == scenario.engine.now_ms > first


def test_when_all_targets_are_in_slow_start_they_share_evenly() -> None:
    scenario, _ = grown(slow_start_duration_s=300)
    shown = scenario.world.balancing.shown(GROUP)
    scenario.world.traffic.catch_up()
    for target in shown:
        target.slow_from_ms = scenario.engine.now_ms
    before = sent(scenario)
    scenario.seconds(10)
    got = [now - then for now, then in zip(sent(scenario), before, strict=True)]
    assert max(got) - min(got) <= 1


@pytest.mark.parametrize("algorithm", [ROUND_ROBIN, LEAST_OUTSTANDING, WEIGHTED_RANDOM])
def test_the_outcome_does_not_depend_on_who_looks(algorithm: str) -> None:
    outcomes = set()
    for every_s in (45, 0.5):
        web = ContainerSpec("web", KEEP_ALIVE)
        scenario, service = stage(
            web,
            desired=2,
            port=8080,
            path="/healthz",
            algorithm=algorithm,
            slow_start_duration_s=30,
            deregistration_delay_s=5,
        )
        load(scenario, 15, long_share=0.1, long_ms=3_000)
        for step in range(4):
            if step == 1:
                scale(scenario, service, 4)
            if step == 3:
                scale(scenario, service, 2)
            for _ in range(int(45 / every_s)):
                scenario.seconds(every_s)
                look(scenario)
        outcomes.add(str(look(scenario)))
    assert len(outcomes) == 1


# -- the keep-alive race -----------------------------------------------------------------------------


def race(image: str, hours: float = 6, rps: float = 0.4, **facts: Any) -> dict[str, Any]:
    scenario, _ = stage(ContainerSpec("web", image), port=8080, path="/healthz", **facts)
    load(scenario, rps)
    scenario.seconds(hours * 3600)
    return look(scenario)


def test_a_keep_alive_shorter_than_the_idle_time_out_loses_a_request_now_and_then() -> None:
    answer = race(KEEP_ALIVE)
    assert kinds(answer).keys() == {"keep_alive"}
    assert 0 < answer["failed"] < answer["sent"] / 500
    failure = answer["failures"][0]
    assert (failure["status"], failure["by"], failure["phase"], failure["waited_ms"]) == (
        502,
        "elb",
        "running",
        0,
    )
    assert "idle for 5 s" in failure["cause"]
    assert failure["knob"] == "the program's keep-alive time-out, idle_timeout.timeout_seconds"
    assert balanced_books(answer)
    assert race(KEEP_ALIVE)["failures"] == answer["failures"]


def test_a_request_that_is_lost_with_its_connection_costs_no_cpu() -> None:
    scenario, _ = stage(ContainerSpec("web", KEEP_ALIVE), port=8080, path="/healthz")
    load(scenario, 0.4)
    scenario.seconds(6 * 3600)
    answer, run = look(scenario), scenario.world.traffic.run
    assert run is not None
    worked = 0
    for server in run.servers.values():
        server.book_cpu()
        worked += sum(server.target.task.busy_us.values()) // server.cpu_us
    assert worked == answer["sent"] - answer["failed"]
    assert answer["failed"]


@pytest.mark.parametrize(
    ("image", "idle"),
    [(SHOP, 60), (KEEP_ALIVE, 5), (KEEP_ALIVE, 4)],
    ids=["longer", "equal", "idle time-out turned down"],
)
def test_a_keep_alive_that_outlasts_the_idle_time_out_loses_nothing(image: str, idle: int) -> None:
    assert race(image, idle_timeout_s=idle)["failed"] == 0


def test_an_idle_time_out_turned_up_beyond_the_programs_brings_the_race_about() -> None:
    scenario, _ = stage(ContainerSpec("web", KEEP_ALIVE), port=8080, path="/healthz", idle_timeout_s=5)
    load(scenario, 0.4)
    scenario.seconds(6 * 3600)
    assert look(scenario)["failed"] == 0
    change(scenario, path="/healthz", idle_timeout_s=60)
    scenario.seconds(6 * 3600)
    assert kinds(look(scenario)).keys() == {"keep_alive"}


def test_steady_traffic_keeps_the_connections_from_idling() -> None:
    scenario, _ = stage(ContainerSpec("web", KEEP_ALIVE), port=8080, path="/healthz")
    load(scenario, 4, pattern="constant")
    scenario.seconds(3600)
    assert look(scenario)["failed"] == 0


@given(seed=st.integers(0, 999), overdue_us=st.integers(0, 3 * NOTICED_US))
def test_only_a_request_just_after_the_close_is_lost(seed: int, overdue_us: int) -> None:
    connections = IdleConnections(5 * SECOND_US, Random(seed))
    assert not connections.loses(0)
    connections.answered(100)
    assert not connections.loses(100 + 5 * SECOND_US - 1)  # still open
    connections.answered(200)
    lost = connections.loses(200 + 5 * SECOND_US + overdue_us)
    assert not (lost and overdue_us >= NOTICED_US)
    assert not connections.loses(201 + 5 * SECOND_US + overdue_us)  # a new connection


def test_the_connection_that_was_used_last_is_used_first() -> None:
    connections = IdleConnections(5 * SECOND_US, Random(1))
    for at_us in (0, 1, 2):
        connections.loses(at_us)
        connections.answered(at_us + 50)
    at_us = 100
    for _ in range(50):  # one is enough, the other two idle until they are closed
        at_us += 4 * SECOND_US
        assert not connections.loses(at_us)
        connections.answered(at_us)
