"""Fargate Spot: the notice and its two minutes, what replaces the task, shortages of capacity, the weather."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.load import kinds, load, look
from support.worlds import BREAKER, GROUP, NGINX, Scenario

from fargate_sim.model.placement import split
from fargate_sim.model.service import LoadBalancerSpec, Service, StrategyItem
from fargate_sim.model.stop_reasons import NO_CAPACITY
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import ContainerSpec, Dependency
from fargate_sim.model.world import StandaloneTask

SHOP = "public.ecr.aws/fargate-lab/shop:1.0"  # drains in 3 s
BASE_2 = (StrategyItem("FARGATE", 2, 1), StrategyItem("FARGATE_SPOT", 0, 4))
ALL_SPOT = (StrategyItem("FARGATE_SPOT", 0, 1),)
DEAF = ("sh", "-c", "nginx; true")


def stage(
    desired: int = 7,
    strategy: tuple[StrategyItem, ...] = BASE_2,
    *containers: ContainerSpec,
    seed: int = 1,
    balanced: bool = False,
    **facts: Any,
) -> tuple[Scenario, Service]:
    """A service on capacity providers, complete."""
    scenario = Scenario(seed)
    scenario.group(**{"deregistration_delay_s": 30, **facts})
    definition = scenario.definition(*(containers or (ContainerSpec("web", SHOP),)))
    service = Service(
        name="web",
        arn=scenario.world.arn("service/lab/web"),
        cluster="lab",
        created_ms=scenario.engine.now_ms,
        desired=desired,
        breaker=BREAKER,
    )
    port = 80 if containers else 8080
    balancers = (LoadBalancerSpec(GROUP, "web", port),) if balanced else ()
    placement = replace(scenario.placement(), launch_type=None, strategy=strategy, load_balancers=balancers)
    scenario.world.create_service(service, definition, placement, {})
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return scenario, service


def live(service: Service) -> list[Task]:
    return [task for deployment in service.deployments for task in deployment.live()]


def counts(service: Service) -> tuple[int, int]:
    """Live tasks on demand and on Spot."""
    found = [task.capacity_provider for task in live(service)]
    return found.count("FARGATE"), found.count("FARGATE_SPOT")


def scale(scenario: Scenario, service: Service, desired: int) -> None:
    scenario.world.update_service(service, changed=["desiredCount"], desired=desired)
    scenario.settle()


def moments(scenario: Scenario, task: Task) -> dict[str, float]:
    """Seconds since the notice at which each kind of entry about the task was last written."""
    asked = next(e.at_ms for e in scenario.entries("task.stop_requested") if e.data["task"] == task.task_id)
    return {e.kind: (e.at_ms - asked) / 1000 for e in scenario.journal if e.data.get("task") == task.task_id}


def interrupted(scenario: Scenario, service: Service) -> Task:
    """One Spot task, from its notice to its end."""
    task = scenario.world.spot.running(service="web")[0]
    scenario.world.spot.interrupt([task])
    scenario.seconds(200)
    assert task.last_status == "STOPPED"
    return task


# -- the notice and its two minutes ------------------------------------------------------------------------------------


def test_an_interrupted_task_says_so_in_awss_words_and_a_spot_task_replaces_it() -> None:
    scenario, service = stage()
    assert counts(service) == (3, 4)
    task = interrupted(scenario, service)
    assert (task.stop_code, task.stopped_reason) == ("SpotInterruption", "Your Spot Task was interrupted.")
    asked = scenario.entries("task.stop_requested")[-1]
    assert (asked.data["task"], asked.data["was"]) == (task.task_id, "RUNNING")
    notice = scenario.entries("spot.interrupted")[0]
    assert (asked.cause, notice.data) == (notice.seq, {"tasks": [task.task_id], "why": "asked"})
    scenario.settle()
    assert counts(service) == (3, 4)
    assert service.events[0].message == "(service web) has reached a steady state."


@pytest.mark.parametrize(
    ("delay", "stop_timeout", "signal", "end"),
    [
        (30, 30, (35, 52), None),  # all of it fits: deregister, 30 s, a little, the signal
        (300, 30, (90, 90), 120),  # the delay gets what the stop leaves
        (300, 120, (90, 90), 120),  # a longer stopTimeout is cut off
        (300, 10, (110, 110), 120),
        (60, 120, (65, 82), 120),
    ],
)
def test_deregistration_and_stop_share_two_minutes(
    delay: int, stop_timeout: int, signal: tuple[int, int], end: int | None
) -> None:
    form = DEAF if end else ("nginx", "-g", "daemon off;")
    web = ContainerSpec("web", NGINX, entrypoint=form, command=(), stop_timeout_s=stop_timeout)
    scenario, service = stage(2, ALL_SPOT, web, balanced=True, deregistration_delay_s=delay)
    when = moments(scenario, interrupted(scenario, service))
    assert when["task.deactivating"] == 0
    assert when["target.draining"] <= 11
    assert signal[0] <= when["task.stopping"] <= signal[1]
    ended = when["container.exited"]
    assert ended == (end if end else pytest.approx(when["task.stopping"], abs=2))


def test_without_a_load_balancer_the_signal_comes_at_once_and_stop_timeout_decides() -> None:
    web = ContainerSpec("web", NGINX, entrypoint=DEAF, command=(), stop_timeout_s=30)
    scenario, service = stage(2, ALL_SPOT, web)
    when = moments(scenario, interrupted(scenario, service))
    assert (when["task.stopping"], when["container.exited"]) == (0, 30)


def test_containers_that_wait_for_each_other_end_within_the_two_minutes() -> None:
    web = ContainerSpec(
        "web",
        NGINX,
        entrypoint=DEAF,
        command=(),
        stop_timeout_s=100,
        depends_on=(Dependency("agent", "START"),),
    )
    agent = ContainerSpec(
        "agent", "busybox:1.36", command=("sleep", "infinity"), stop_timeout_s=100, essential=False
    )
    scenario, service = stage(1, ALL_SPOT, web, agent)
    when = moments(scenario, interrupted(scenario, service))
    assert when["container.exited"] == 120


def test_a_graceful_program_loses_nothing_to_an_interruption() -> None:
    scenario, service = stage(4, ALL_SPOT, balanced=True)
    load(scenario, 20)
    scenario.seconds(30)
    interrupted(scenario, service)
    scenario.world.traffic.stop()
    scenario.seconds(60)
    answer = look(scenario)
    assert (answer["failed"], answer["in_flight"]) == (0, 0)


def test_what_the_two_minutes_cut_off_has_a_cause_of_its_own() -> None:
    scenario, service = stage(2, ALL_SPOT, balanced=True, deregistration_delay_s=300, idle_timeout_s=300)
    load(scenario, 5, long_share=0.2, long_ms=200_000, client_timeout_ms=400_000)
    scenario.seconds(120)
    task = scenario.world.spot.running()[0]
    target = task.targets[0]
    web = task.containers[0]
    scenario.world.spot.interrupt([task])
    scenario.seconds(121)
    assert web.exit_code == 137
    assert target.state == "draining"
    # stopTimeout is 30 s and the signal came at 90 s: here it is stopTimeout that ends it
    assert set(kinds(look(scenario))) == {"slow"}

    longer = ContainerSpec("web", NGINX, stop_timeout_s=120)
    scenario, service = stage(
        2, ALL_SPOT, longer, balanced=True, deregistration_delay_s=300, idle_timeout_s=300
    )
    load(scenario, 5, long_share=0.2, long_ms=200_000, client_timeout_ms=400_000)
    scenario.seconds(120)
    interrupted(scenario, service)
    answer = look(scenario)
    assert set(kinds(answer)) == {"spot"}
    assert "120 s after its notice" in answer["causes"][0]["cause"]


def test_an_interruption_is_no_failure_of_the_deployment() -> None:
    scenario, service = stage(3, ALL_SPOT)
    scenario.deploy(service, scenario.definition(ContainerSpec("web", SHOP)))
    placement = replace(scenario.placement(), launch_type=None, strategy=ALL_SPOT)
    revision = scenario.world.revision(service.arn, service.primary.revision.task_definition, placement, {})
    scenario.world.update_service(service, changed=["forceNewDeployment"], revision=revision, forced=True)
    deployment = service.primary
    for _ in range(12):
        scenario.seconds(45)
        scenario.world.spot.interrupt([task for task in scenario.world.spot.running() if not task.healthy])
    scenario.settle()
    assert (deployment.failed_tasks, deployment.breaker_count) == (0, 0)
    assert service.primary is deployment
    assert deployment.rollout_state == "COMPLETED"


# -- the split -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "on_demand", "spot"), [(2, 2, 0), (3, 2, 1), (5, 3, 2), (7, 3, 4), (12, 4, 8), (22, 6, 16)]
)
def test_the_documented_example(total: int, on_demand: int, spot: int) -> None:
    assert split(BASE_2, total) == {
        key: value for key, value in (("FARGATE", on_demand), ("FARGATE_SPOT", spot)) if value
    }


@pytest.mark.parametrize("desired", range(1, 51))
def test_base_two_and_one_to_four_for_every_desired_count(desired: int) -> None:
    _, service = stage(desired)
    on_demand, spot = counts(service)
    assert on_demand + spot == desired
    assert on_demand >= min(desired, 2)
    assert abs((on_demand - min(desired, 2)) * 4 - spot) < 5, "one to four, but for the remainder"
    zones = [(task.capacity_provider, task.availability_zone) for task in live(service)]
    for provider in ("FARGATE", "FARGATE_SPOT"):
        a, b = (zones.count((provider, zone)) for zone in ("us-east-1a", "us-east-1b"))
        assert abs(a - b) <= 1, "each provider is spread over the zones by itself"


def test_one_to_one_without_a_base() -> None:
    even = (StrategyItem("FARGATE", 0, 1), StrategyItem("FARGATE_SPOT", 0, 1))
    assert [tuple(split(even, n).values()) for n in (1, 2, 3)] == [(1,), (1, 1), (2, 1)]


STORMS = st.lists(
    st.tuples(st.sampled_from(["storm", "scale", "stop"]), st.integers(0, 20), st.integers(1, 300)),
    max_size=8,
)


@given(seed=st.integers(0, 2**32), desired=st.integers(0, 14), steps=STORMS)
@settings(max_examples=40, deadline=None)
def test_after_any_storm_the_base_stands_and_the_split_is_whole_again(
    seed: int, desired: int, steps: list[tuple[str, int, int]]
) -> None:
    scenario, service = stage(desired, seed=seed)
    for kind, number, pause in steps:
        before = counts(service)[0]
        if kind == "storm":
            there = scenario.world.spot.running()
            scenario.world.spot.interrupt(scenario.world.spot.draw(there, min(number, len(there))))
            assert counts(service)[0] == before, "nothing that runs on demand is interrupted"
        elif kind == "scale":
            # Losses while the desired count falls are kept: what runs is never moved to another provider.
            scenario.settle()
            scale(scenario, service, number)
        elif live(service):
            scenario.world.stop_task(live(service)[number % len(live(service))], "by hand")
        scenario.seconds(pause)
    scenario.settle()
    wanted = split(BASE_2, service.desired)
    assert counts(service) == (wanted["FARGATE"], wanted["FARGATE_SPOT"])
    assert counts(service)[0] >= min(2, service.desired)
    assert service.primary.breaker_count == 0


def test_scaling_in_keeps_the_split_and_the_zones() -> None:
    scenario, service = stage(22)
    for desired in (12, 7, 5, 3, 2):
        scale(scenario, service, desired)
        wanted = split(BASE_2, desired)
        assert counts(service) == (wanted["FARGATE"], wanted["FARGATE_SPOT"])
        zones = [task.availability_zone for task in live(service)]
        assert abs(zones.count("us-east-1a") - zones.count("us-east-1b")) <= 2


# -- shortages -------------------------------------------------------------------------------------------------------------


def test_a_shortage_of_spot_leaves_the_service_short_and_never_falls_back_on_demand() -> None:
    scenario, service = stage(7)
    scenario.world.capacity.run_out("FARGATE_SPOT")
    scenario.world.spot.interrupt(scenario.world.spot.running())
    scenario.seconds(600)
    assert counts(service) == (3, 0)
    said = [message for message in scenario.events(service) if "unable to place" in message]
    assert said == [f"(service web) was unable to place a task. Reason: {NO_CAPACITY}."]
    failed = scenario.entries("service.placement_failed")
    assert {(e.data["provider"], e.data["reason"]) for e in failed} == {("FARGATE_SPOT", "RESOURCE:FARGATE")}
    gone = [task for task in scenario.world.tasks.values() if task.stopped_reason == NO_CAPACITY]
    assert {(task.stop_code, task.started_ms, task.address) for task in gone} == {
        ("TaskFailedToStart", None, None)
    }
    scenario.world.capacity.restore("FARGATE_SPOT")
    scenario.settle()
    assert counts(service) == (3, 4)
    assert service.primary.droughts == {}


def test_what_runs_on_demand_is_replaced_at_once_while_spot_is_short() -> None:
    scenario, service = stage(7)
    scenario.world.capacity.run_out("FARGATE_SPOT")
    scenario.world.spot.interrupt(scenario.world.spot.running())
    scenario.seconds(1500)  # the next attempt on Spot is many minutes away
    scenario.world.stop_task(live(service)[0], "by hand")
    assert counts(service) == (2, 0)
    scenario.seconds(25)
    assert counts(service) == (3, 0)


def test_a_shortage_in_one_zone_moves_the_tasks_to_the_other() -> None:
    scenario, service = stage(4, ALL_SPOT)
    scenario.world.capacity.run_out("FARGATE_SPOT", "us-east-1a")
    scenario.world.spot.interrupt(scenario.world.spot.running(zone="us-east-1a"))
    scenario.settle()
    assert {task.availability_zone for task in live(service)} == {"us-east-1b"}
    assert len(live(service)) == 4


def test_a_deployment_that_finds_no_capacity_is_failed_by_the_breaker() -> None:
    scenario, service = stage(3, ALL_SPOT)
    scenario.world.capacity.run_out("FARGATE_SPOT")
    placement = replace(scenario.placement(), launch_type=None, strategy=ALL_SPOT)
    definition = scenario.definition(ContainerSpec("web", SHOP))
    revision = scenario.world.revision(service.arn, definition, placement, {})
    scenario.world.update_service(service, changed=["taskDefinition"], revision=revision)
    scenario.settle()
    assert len(scenario.entries("deployment.failed")) == 1
    assert service.primary.revision.task_definition.revision == 1
    assert counts(service) == (0, 3)


def test_run_task_gets_fewer_tasks_when_there_is_no_capacity() -> None:
    scenario = Scenario()
    scenario.world.capacity.run_out("FARGATE_SPOT")
    even = (StrategyItem("FARGATE", 0, 1), StrategyItem("FARGATE_SPOT", 0, 1))
    placement = replace(scenario.placement(), launch_type=None, strategy=even)
    asked = StandaloneTask(group="family:web", started_by=None)
    started = scenario.world.run_tasks("lab", scenario.definition(), 4, placement, asked)
    assert [task.capacity_provider for task in started] == ["FARGATE", "FARGATE"]
    assert len(scenario.entries("task.not_placed")) == 2


def test_a_launch_type_draws_on_the_same_capacity_as_the_provider() -> None:
    scenario = Scenario()
    scenario.world.capacity.run_out("FARGATE")
    service = scenario.service(scenario.definition())
    scenario.seconds(25)
    assert [task.stopped_reason for task in scenario.world.tasks.values()] == [NO_CAPACITY] * 2
    assert service.running_count == 0


def test_wrong_shortages_say_what_is_wrong() -> None:
    capacity = Scenario().world.capacity
    capacity.run_out("FARGATE_SPOT", "us-east-1a")
    for act, words in (
        (lambda: capacity.run_out("FARGATE_SPOT", "us-east-1a"), "already"),
        (lambda: capacity.run_out("EC2"), "no capacity provider"),
        (lambda: capacity.run_out("FARGATE", "us-east-9z"), "us-east-1a, us-east-1b"),
        (lambda: capacity.restore("FARGATE"), "no shortage of FARGATE"),
        (lambda: capacity.restore("FARGATE_SPOT", "us-east-1b"), "in us-east-1b"),
    ):
        with pytest.raises(ValueError, match=words):
            act()
    capacity.restore()
    assert capacity.shortages == {}
    capacity.run_out("FARGATE")
    with pytest.raises(ValueError, match="in every zone"):
        capacity.restore("FARGATE", "us-east-1b")


# -- the weather -----------------------------------------------------------------------------------------------------------


def test_the_weather_interrupts_spot_tasks_only_until_it_is_calm() -> None:
    scenario, service = stage(7)
    scenario.world.spot.storm(10)
    scenario.seconds(3600)
    struck = [e.data for e in scenario.entries("spot.interrupted")]
    assert 10 <= len(struck) <= 45, "four tasks, ten minutes each, for an hour"
    assert {data["why"] for data in struck} == {"weather"}
    scenario.world.spot.calm()
    scenario.settle()
    assert counts(service) == (3, 4)
    before = len(struck := scenario.entries("spot.interrupted"))
    scenario.seconds(3600)
    assert len(scenario.entries("spot.interrupted")) == before
    with pytest.raises(ValueError, match="calm already"):
        scenario.world.spot.calm()
    with pytest.raises(ValueError, match=r"0\.5 to 10000"):
        scenario.world.spot.storm(0)


def test_the_same_seed_has_the_same_weather() -> None:
    def history(seed: int) -> str:
        scenario, _ = stage(7, seed=seed)
        scenario.world.spot.storm(5)
        scenario.seconds(1800)
        return scenario.journal.to_jsonl()

    assert history(3) == history(3)
    assert history(3) != history(4)


def test_a_world_in_calm_weather_is_idle() -> None:
    scenario, service = stage(3)
    scenario.world.spot.storm(1000)
    for task in live(service):
        scenario.world.stop_task(task, "by hand")
    scenario.settle()
    scenario.world.spot.calm()
    assert scenario.world.spot._due == {}
