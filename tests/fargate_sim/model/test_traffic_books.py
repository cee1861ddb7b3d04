"""Traffic is the same whoever looks, and its books add up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck as Hurry
from hypothesis import given, settings
from hypothesis import strategies as st
from support.load import EXEC, KEEP_ALIVE, SHELL, balanced_books, kinds, load, look, stage, tasks_of
from support.worlds import NGINX

from fargate_sim.model.surroundings import LEAST_OUTSTANDING, ROUND_ROBIN, WEIGHTED_RANDOM
from fargate_sim.model.task_definition import ContainerSpec, Dependency
from fargate_sim.model.traffic.causes import CAUSES


def eventful(look_every_s: float | None, seed: int = 5) -> tuple[str, str]:
    scenario, service = stage(desired=3, deregistration_delay_s=4, seed=seed)
    load(scenario, 30, long_share=0.1, long_ms=33_000)
    for step in range(300):
        if step == 40:
            current = service.primary.revision
            placement = replace(scenario.placement(), load_balancers=current.load_balancers)
            revision = scenario.world.revision(service.arn, current.task_definition, placement, {})
            scenario.world.update_service(service, changed=["x"], revision=revision, forced=True)
        if step == 200:
            scenario.world.stop_task(tasks_of(service)[0], "by hand")
        for _ in range(int(1 / look_every_s) if look_every_s else 1):
            scenario.seconds(look_every_s or 1)
            if look_every_s:
                look(scenario)
    return json.dumps(look(scenario), sort_keys=True), scenario.journal.to_jsonl()


def test_the_outcome_does_not_depend_on_who_looks_or_how_often() -> None:
    unseen, watched, closely = eventful(None), eventful(1), eventful(0.5)
    assert watched == unseen
    assert closely == unseen
    answer = json.loads(unseen[0])
    assert kinds(answer).keys() == {"delay", "client"}
    assert "traffic.lost" in unseen[1]
    assert eventful(None, seed=6) != unseen


def test_the_requests_are_the_same_whatever_becomes_of_them() -> None:
    good, _ = stage(desired=2)
    bad, _ = stage(desired=2)
    for scenario, more in ((good, {}), (bad, {"path": "/nowhere"})):
        load(scenario, 30, **more)
        scenario.seconds(60)
    sent = [[second["sent"] for second in look(scenario)["seconds"]] for scenario in (good, bad)]
    assert sent[0] == sent[1]
    assert look(bad)["ok"] == 0


CHANGES: dict[str, dict[str, object]] = {
    "delay 0": {"deregistration_delay_s": 0},
    "delay 20": {"deregistration_delay_s": 20},
    "path": {"path": "/missing"},
    "no listener": {"attached": False},
    "listener": {"attached": True},
    "idle 2": {"idle_timeout_s": 2},
    "slow start": {"slow_start_duration_s": 30},
    "no slow start": {"slow_start_duration_s": 0},
    **{each: {"algorithm": each} for each in (ROUND_ROBIN, LEAST_OUTSTANDING, WEIGHTED_RANDOM)},
}
ACTION = st.sampled_from(["deploy", "more", "fewer", "stop", "look", *CHANGES])
SHORT = ContainerSpec("web", KEEP_ALIVE, stop_timeout_s=4, depends_on=(Dependency("agent", "START"),))
AGENT = ContainerSpec("agent", "busybox", command=("sleep", "infinity"), stop_timeout_s=3, essential=False)
PROXY = ContainerSpec("web", NGINX, stop_timeout_s=5, depends_on=(Dependency("app", "START"),))
CRASHES = ContainerSpec("web", NGINX, entrypoint=("sh", "-c", "nginx & sleep 150; exit 137"), command=())
TASKS = st.sampled_from(
    [(SHELL,), (EXEC,), (CRASHES,), (SHORT, AGENT), (PROXY, ContainerSpec("app", KEEP_ALIVE))]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[Hurry.too_slow])
@given(
    actions=st.lists(st.tuples(ACTION, st.integers(0, 40_000)), max_size=14),
    seed=st.integers(0, 1000),
    containers=TASKS,
    rps=st.sampled_from([0.3, 25]),
    algorithm=st.sampled_from([ROUND_ROBIN, LEAST_OUTSTANDING, WEIGHTED_RANDOM]),
)
def test_the_books_add_up_at_every_moment(
    actions: list[tuple[str, int]],
    seed: int,
    containers: tuple[ContainerSpec, ...],
    rps: float,
    algorithm: str,
) -> None:
    facts: dict[str, object] = {"deregistration_delay_s": 10, "algorithm": algorithm}
    port = 8080 if containers[0].image == KEEP_ALIVE else 80
    scenario, service = stage(*containers, port=port, seed=seed, **facts)
    load(scenario, rps, long_share=0.1, long_ms=15_000)
    for action, wait_ms in actions:
        scenario.engine.run_until(scenario.engine.now_ms + wait_ms)
        scenario.world.traffic.catch_up()
        running = [task for task in tasks_of(service) if task.running]
        if action == "deploy":
            current = service.primary.revision
            placement = replace(scenario.placement(), load_balancers=current.load_balancers)
            revision = scenario.world.revision(service.arn, current.task_definition, placement, {})
            scenario.world.update_service(service, changed=["x"], revision=revision, forced=True)
        elif action in ("more", "fewer"):
            desired = max(0, service.desired + (1 if action == "more" else -1))
            scenario.world.update_service(service, changed=["desiredCount"], desired=desired)
        elif action == "stop" and running:
            scenario.world.stop_task(running[0], "by hand")
        elif action in CHANGES:
            facts |= CHANGES[action]
            scenario.group(**facts)
            scenario.world.balancing.health.groups_changed()
        answer = look(scenario)
        assert balanced_books(answer), answer
        assert answer["sent"] == sum(minute["sent"] for minute in answer["minutes"])
    scenario.world.traffic.stop()
    scenario.seconds(120)
    answer = look(scenario)
    assert answer["in_flight"] == 0
    assert balanced_books(answer)
    assert all(failure["kind"] in CAUSES for failure in answer["failures"])


def test_only_the_latest_failures_are_kept_but_all_are_counted() -> None:
    scenario, _ = stage(desired=0)
    load(scenario, 100, pattern="constant")
    scenario.seconds(60)
    answer = look(scenario)
    assert answer["failed"] == answer["sent"] > 5_000
    assert len(answer["failures"]) == 1000
    moments = [failure["at_ms"] for failure in answer["failures"]]
    assert moments == sorted(moments, reverse=True)
    assert moments[0] > scenario.engine.now_ms - 50


def test_a_quiet_day_keeps_the_series_short() -> None:
    scenario, _ = stage()
    load(scenario, 0.5)
    scenario.seconds(86_400)
    answer = look(scenario)
    assert len(answer["seconds"]) <= 121
    assert len(answer["minutes"]) <= 61
    assert answer["sent"] == pytest.approx(43_200, rel=0.03)
    assert balanced_books(answer)
