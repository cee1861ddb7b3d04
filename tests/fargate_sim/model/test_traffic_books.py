"""Traffic is the same whoever looks, and its books add up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck as Hurry
from hypothesis import given, settings
from hypothesis import strategies as st
from support.load import EXEC, SHELL, balanced_books, kinds, load, look, stage, tasks_of

from fargate_sim.model.task_definition import ContainerSpec
from fargate_sim.model.traffic.causes import CAUSES

# Requests by the million: tracing more than doubles the time and counts hardly a line that no other test runs.
pytestmark = pytest.mark.usefixtures("untraced")


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


ACTION = st.sampled_from(
    ["deploy", "more", "fewer", "stop", "delay 0", "delay 20", "look", "path", "listener"]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[Hurry.too_slow])
@given(
    actions=st.lists(st.tuples(ACTION, st.integers(0, 40_000)), max_size=14),
    seed=st.integers(0, 1000),
    container=st.sampled_from([SHELL, EXEC]),
)
def test_the_books_add_up_at_every_moment(
    actions: list[tuple[str, int]], seed: int, container: ContainerSpec
) -> None:
    scenario, service = stage(container, deregistration_delay_s=10, seed=seed)
    load(scenario, 25, long_share=0.1, long_ms=15_000)
    attached = True
    for action, wait_ms in actions:
        scenario.engine.run_until(scenario.engine.now_ms + wait_ms)
        scenario.world.traffic.catch_up()
        if action == "deploy":
            current = service.primary.revision
            placement = replace(scenario.placement(), load_balancers=current.load_balancers)
            revision = scenario.world.revision(service.arn, current.task_definition, placement, {})
            scenario.world.update_service(service, changed=["x"], revision=revision, forced=True)
        elif action in ("more", "fewer"):
            desired = max(0, service.desired + (1 if action == "more" else -1))
            scenario.world.update_service(service, changed=["desiredCount"], desired=desired)
        elif action == "stop":
            for task in [task for task in tasks_of(service) if task.running][:1]:
                scenario.world.stop_task(task, "by hand")
        elif action.startswith("delay"):
            scenario.group(deregistration_delay_s=int(action.split()[1]))
        elif action == "path":
            scenario.group(path="/missing")
        elif action == "listener":
            attached = not attached
            scenario.group(attached=attached)
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
