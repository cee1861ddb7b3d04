"""What memory does: it grows, it is measured, and a container that has too much is killed, whoever looks."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.load import balanced_books, kinds, load, look, redeploy, stage
from support.worlds import NGINX, Scenario

from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.memory import Footprint
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import ContainerSpec

LAB = "public.ecr.aws/fargate-lab"
SEARCH = f"{LAB}/search:2.4"
LEAKS = f"{LAB}/reports:1.4"
FIXED = f"{LAB}/reports:1.5"
AGENT = f"{LAB}/agent:0.9"
KILLED = "OutOfMemoryError: Container killed due to memory usage"
GROWN = 512 - 120
"""MiB that a report server of 512 MiB may leak."""


def reports(image: str = LEAKS, **more: Any) -> ContainerSpec:
    return ContainerSpec("web", image, **more)


def memory(scenario: Scenario, statistic: str = "maximum") -> list[float]:
    """MemoryUtilization of the service, minute by minute, in percent."""
    dimensions = {"ClusterName": "lab", "ServiceName": "web"}
    scenario.world.traffic.settle()
    found = scenario.world.metrics.tasks.points(
        "AWS/ECS",
        "MemoryUtilization",
        dimensions,
        scenario.engine.start_ms // 60_000,
        scenario.engine.now_ms // 60_000,
    )
    return [getattr(point, statistic) for point in found]


def exits(scenario: Scenario) -> list[tuple[int, str | None]]:
    return [(each.data["exit_code"], each.data["reason"]) for each in scenario.entries("container.exited")]


def first_task(scenario: Scenario) -> Task:
    return next(iter(scenario.world.tasks.values()))


# -- the hard limit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "limit", "at_s"),
    [((256, 512), None, 8 * 512 / 640), ((256, 1024), 400, 8 * 400 / 640), ((256, 512), 500, 8 * 500 / 640)],
)
def test_a_working_set_above_the_limit_is_killed_while_the_program_boots(
    size: tuple[int, int], limit: int | None, at_s: float
) -> None:
    """The task's memory, or the container's own limit where that is smaller."""
    scenario = Scenario()
    spec = ContainerSpec("web", SEARCH, memory_mib=limit)
    service = scenario.service(scenario.definition(spec, size=size), 1, breaker=CircuitBreaker())
    scenario.seconds(120)
    task = first_task(scenario)
    container = task.containers[0]
    assert (container.exit_code, container.reason) == (137, KILLED)
    assert (task.stop_code, task.stopped_reason) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    started, exited = scenario.moments("task.running")[0], scenario.moments("container.exited")[0]
    assert exited - started == pytest.approx(at_s, abs=0.002)
    assert not task.ever_healthy
    assert service.running_count == 0


@pytest.mark.parametrize(
    ("size", "limit"), [((256, 1024), None), ((512, 1024), 640), ((256, 1024), 1024), ((512, 4096), 700)]
)
def test_a_limit_that_holds_the_working_set_kills_nobody(size: tuple[int, int], limit: int | None) -> None:
    scenario = Scenario()
    spec = ContainerSpec("web", SEARCH, memory_mib=limit)
    service = scenario.service(scenario.definition(spec, size=size), 2)
    scenario.settle()
    scenario.seconds(7200)
    assert service.running_count == 2
    assert exits(scenario) == []
    assert memory(scenario)[-1] == pytest.approx(100 * 640 / size[1])


def test_the_breaker_counts_the_kills_of_a_release_as_failures() -> None:
    scenario = Scenario()
    service = scenario.service(scenario.definition(), 2)
    scenario.settle()
    scenario.deploy(service, scenario.definition(ContainerSpec("web", SEARCH)))
    scenario.settle()
    assert scenario.entries("deployment.failed")
    assert service.primary.revision.task_definition.revision == 1, "rolled back"
    assert {reason for _, reason in exits(scenario) if reason} == {KILLED}


def test_another_process_keeps_little() -> None:
    scenario = Scenario()
    spec = ContainerSpec("web", "busybox:1.36", command=("sleep", "infinity"), memory_mib=4)
    service = scenario.service(scenario.definition(spec), 1)
    scenario.settle()
    scenario.seconds(600)
    assert service.running_count == 1
    assert memory(scenario)[-1] == pytest.approx(100 * 4 / 512)


# -- several containers ------------------------------------------------------------------------------


def test_containers_share_the_memory_of_their_task_and_the_largest_goes() -> None:
    """A sidecar that grows 60 MiB an hour takes the room of a program that does not grow at all."""
    scenario, _ = stage(reports(FIXED), ContainerSpec("agent", AGENT, essential=False), port=8080, desired=1)
    task = first_task(scenario)
    scenario.seconds(3600 * 5.8)
    assert exits(scenario) == []
    scenario.seconds(3600 * 0.4)
    assert exits(scenario)[0] == (137, KILLED)
    agent = next(each for each in task.containers if each.spec.name == "agent")
    assert (agent.exit_code, task.live) == (137, True), (
        "at 512 MiB the sidecar has 392 of them, and is not essential"
    )
    scenario.seconds(600)
    assert task.running
    assert memory(scenario)[-1] == pytest.approx(100 * 120 / 512)


def test_a_sidecar_within_limits_of_its_own_goes_alone_and_on_time() -> None:
    agent = ContainerSpec("agent", AGENT, essential=False, memory_mib=100)
    scenario, service = stage(reports(FIXED), agent, port=8080, desired=1)
    begun_ms = first_task(scenario).containers[1].started_ms or 0
    scenario.seconds(3 * 3600)
    (entry,) = scenario.entries("container.exited")
    assert (entry.data["container"], entry.data["essential"]) == ("agent", False)
    assert entry.at_ms - begun_ms == 500 + 3_600_000 + 1, "from 40 MiB to more than 100 at 60 an hour"
    assert service.running_count == 1
    assert len(scenario.entries("task.stopped")) == 0


def test_an_essential_sidecar_takes_the_task_with_it() -> None:
    agent = ContainerSpec("agent", AGENT, memory_mib=100)
    scenario, service = stage(reports(FIXED), agent, port=8080, desired=1)
    first = first_task(scenario)
    scenario.seconds(2 * 3600)
    assert first.stop_code == "EssentialContainerExited"
    assert [(each.spec.name, each.exit_code) for each in first.containers] == [("web", 0), ("agent", 137)]
    assert service.running_count == 1


# -- the leak ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rps", "desired"), [(6, 1), (12, 2), (60, 10), (0.5, 1), (400, 2)])
def test_the_leak_kills_when_the_requests_have_used_up_the_room(rps: float, desired: int) -> None:
    scenario, service = stage(reports(), port=8080, desired=desired)
    task = first_task(scenario)
    load(scenario, rps, pattern="constant")
    begin_ms = scenario.engine.now_ms
    expected_s = GROWN * 1024 / 64 / (rps / desired)
    scenario.seconds(expected_s + 30)
    (entry, *_) = [each for each in scenario.entries("container.exited") if each.data["task"] == task.task_id]
    assert entry.data["exit_code"] == 137
    late_s = (entry.at_ms - begin_ms) / 1000 - expected_s
    assert -1e-3 <= late_s <= 1.0 + 2 * desired / rps
    footprint = task.containers[0].footprint
    assert footprint is not None
    assert footprint.used_mib(entry.at_ms, footprint.requests) > 512
    assert service.desired == desired


def test_random_arrivals_do_not_kill_late() -> None:
    """The looks allow for more requests than are to be expected."""
    for seed in range(5):
        scenario, _ = stage(reports(), port=8080, desired=1, seed=seed)
        task = first_task(scenario)
        load(scenario, 20)
        scenario.seconds(600)
        footprint = task.containers[0].footprint
        assert footprint is not None
        assert footprint.ended_ms is not None
        assert 512 < footprint.used_mib(footprint.ended_ms, footprint.requests) < 512 + 64 / 1024 * 45


def test_what_is_in_flight_is_cut_and_the_report_says_why() -> None:
    scenario, _ = stage(reports(), port=8080, desired=2)
    load(scenario, 40, long_share=0.2, long_ms=4000)
    scenario.seconds(900)
    answer = look(scenario)
    assert balanced_books(answer)
    cut = next(cause for cause in answer["causes"] if cause["kind"] == "oom")
    assert cut["count"] > 5
    assert cut["status"] == 502
    assert "more memory than the 512 MiB" in cut["cause"]
    assert cut["knob"] == "memory of the task definition"
    assert kinds(answer)["gone"] > 0, "its target is in use until ECS has noticed"
    end = next(end for end in answer["shutdowns"] if end["exit_code"] == 137)
    assert (end["killed"], end["signal_ms"]) == (False, None)
    lost = scenario.entries("traffic.lost")
    assert [each for each in lost if each.data["count"]]


def test_a_new_process_begins_anew() -> None:
    scenario, service = stage(reports(), port=8080, desired=1)
    load(scenario, 6, pattern="constant")
    scenario.seconds(600)
    before = memory(scenario)[-1]
    redeploy(scenario, service)
    after = memory(scenario)[-1]
    assert before > 60
    assert after < before - 10


@pytest.mark.parametrize("image", [FIXED, f"{LAB}/reports:1.3"])
def test_what_does_not_leak_does_not_grow(image: str) -> None:
    scenario, _ = stage(reports(image), port=8080, desired=1)
    load(scenario, 15)
    scenario.seconds(7200)
    assert set(memory(scenario)[2:]) == {100 * 120 / 512}
    assert exits(scenario) == []
    assert not [each for each in scenario.world.tasks.values() if each.memory_look is not None]


def test_the_metric_follows_the_leak_minute_by_minute() -> None:
    scenario, _ = stage(reports(), port=8080, desired=1)
    load(scenario, 2, pattern="constant")
    scenario.seconds(1200)
    seen = memory(scenario)[-15:]
    assert [later - earlier for earlier, later in pairwise(seen)] == pytest.approx(
        [100 * 2 * 60 * 64 / 1024 / 512] * 14, rel=0.02
    )


def test_who_was_killed_is_not_measured_any_more() -> None:
    scenario, _ = stage(reports(), port=8080, desired=2)
    load(scenario, 12)
    scenario.seconds(5400)
    assert len([each for each in exits(scenario) if each[0] == 137]) >= 8
    assert min(memory(scenario, "minimum")) > 0


def test_two_loads_add_up() -> None:
    scenario, _ = stage(reports(), port=8080, desired=1)
    for _ in range(2):
        load(scenario, 4, pattern="constant")
        scenario.seconds(90)
        scenario.world.traffic.stop()
        scenario.seconds(45)
    assert memory(scenario)[-1] == pytest.approx(100 * (120 + 720 * 64 / 1024) / 512, rel=0.01)
    load(scenario, 4, pattern="constant")
    scenario.seconds((GROWN * 16 - 720) / 4 + 2)
    assert exits(scenario) == [(137, KILLED)]


def test_nothing_is_looked_at_while_nobody_comes() -> None:
    scenario, _ = stage(reports(), port=8080, desired=2)
    scenario.seconds(300)
    before = scenario.engine.happened
    scenario.seconds(5 * 3600)
    assert scenario.engine.happened == before
    load(scenario, 0.02)
    scenario.seconds(3600)
    assert scenario.engine.happened - before < 5, "half an hour's requests cannot fill it"


def test_requests_that_nobody_worked_on_leave_nothing_behind() -> None:
    scenario = Scenario()
    footprint = Footprint(scenario.engine.now_ms, 100, 1000, 0, 1)
    assert [footprint.used_mib(scenario.engine.now_ms + ms, 2) for ms in (0, 500, 1000, 5000)] == [
        2,
        52,
        102,
        102,
    ]


# -- nobody's business -------------------------------------------------------------------------------


def lived(seed: int, rps: float, pattern: str, every_ms: int | None) -> tuple[str, str, list[float]]:
    """Twenty minutes of a leaking service with a growing sidecar, looked at now and then or only at its end."""
    sidecar = ContainerSpec("agent", AGENT, essential=False, memory_mib=46)
    scenario, _ = stage(reports(), sidecar, port=8080, desired=3, seed=seed, deregistration_delay_s=5)
    load(scenario, rps, pattern=pattern, long_share=0.05, long_ms=3000)
    end_ms = scenario.engine.now_ms + 1_200_000
    while scenario.engine.now_ms < end_ms:
        scenario.engine.run_until(min(scenario.engine.now_ms + (every_ms or 1_200_000), end_ms))
        if every_ms:
            look(scenario)
            memory(scenario)
    return json.dumps(look(scenario), sort_keys=True), scenario.journal.to_jsonl(), memory(scenario)


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    seed=st.integers(0, 1000),
    rps=st.sampled_from([5.0, 23.0, 40.0]),
    pattern=st.sampled_from(["poisson", "constant", "wave", "ramp"]),
    every_ms=st.sampled_from([17_301, 31_000, 60_000, 119_900]),
)
def test_what_happens_does_not_depend_on_who_looks(
    seed: int, rps: float, pattern: str, every_ms: int
) -> None:
    """The history, the report and the metrics, byte for byte."""
    unseen = lived(seed, rps, pattern, None)
    assert lived(seed, rps, pattern, every_ms) == unseen
    assert "OutOfMemoryError" in unseen[1] or rps == 5


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(6, 1024),
    essential=st.booleans(),
    seed=st.integers(0, 100),
    image=st.sampled_from([NGINX, SEARCH, FIXED, LEAKS, AGENT]),
)
def test_nobody_lives_above_a_limit(limit: int, *, essential: bool, seed: int, image: str) -> None:
    specs = (
        ContainerSpec("main", image, memory_mib=limit, essential=essential),
        ContainerSpec("side", FIXED, essential=not essential),
    )
    scenario = Scenario(seed)
    scenario.service(scenario.definition(*specs, size=(256, 1024)), 1, breaker=CircuitBreaker())
    for _ in range(40):
        scenario.seconds(29.7)
        now_ms = scenario.engine.now_ms
        for task in scenario.world.tasks.values():
            total = 0.0
            for container in task.containers:
                footprint = container.footprint
                if container.status != "RUNNING" or footprint is None:
                    continue
                used = footprint.used_mib(now_ms, footprint.requests)
                assert used <= (container.spec.memory_mib or 1024) * (1 + 1e-9)
                total += used
                assert container.exit_code is None
            assert total <= 1024 * (1 + 1e-9)
            for container in task.containers:
                assert (container.reason == KILLED) <= (container.exit_code == 137)
