"""Stopping a task: the published timelines, the order of its containers, and what a program says while it drains."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ecs import NETWORK, Ecs
from support.load import kinds, load, look, stage, tasks_of
from support.worlds import GROUP, MISSING, Scenario

from fargate_sim.model.service import Service
from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec, Dependency
from fargate_sim.model.world import StandaloneTask

SHOP = "public.ecr.aws/fargate-lab/shop:1.0"  # drains in 3 s
BATCH = "public.ecr.aws/fargate-lab/shop:1.0-batch"
LOGS = AwsLogs("/ecs/web", "p")
DEAF = ("sh", "-c", "nginx; true")
STARTED, DRAINED = "shop: SIGTERM received, drain started", "shop: drained, bye"


def run(scenario: Scenario, *containers: ContainerSpec) -> Task:
    asked = StandaloneTask(group="family:web", started_by=None)
    task = scenario.world.run_tasks("lab", scenario.definition(*containers), 1, scenario.placement(), asked)[
        0
    ]
    scenario.settle()
    scenario.seconds(1)
    assert task.last_status == "RUNNING"
    return task


def stop(scenario: Scenario, task: Task) -> None:
    scenario.world.stop_task(task, "by hand")
    scenario.settle()
    assert task.last_status == "STOPPED"


def moments(scenario: Scenario, task: Task) -> dict[str, float]:
    """Seconds at which each kind of entry about the task was last written."""
    return {e.kind: e.at_ms / 1000 for e in scenario.journal if e.data.get("task") == task.task_id}


def ends(scenario: Scenario, task: Task) -> dict[str, int]:
    """When each container ended, in milliseconds."""
    return {
        entry.data["container"]: entry.at_ms
        for entry in scenario.entries("container.exited")
        if entry.data["task"] == task.task_id
    }


def signals(task: Task) -> dict[str, int | None]:
    return {container.spec.name: container.signalled_ms for container in task.containers}


def codes(task: Task) -> dict[str, int | None]:
    return {container.spec.name: container.exit_code for container in task.containers}


def after(*names: str) -> tuple[Dependency, ...]:
    return tuple(Dependency(name, "START") for name in names)


# -- the published timelines: a task behind a load balancer (ecs stop sequence, with the evidence for each) -----------


def replaced(
    delay: int, *, seed: int = 1, form: tuple[str, ...] | None = None, stop_timeout: int = 30
) -> tuple[Scenario, Task]:
    """A task that a deployment has replaced, with no request in flight."""
    web = ContainerSpec(
        "web", "nginx:1.27", entrypoint=form, command=() if form else None, stop_timeout_s=stop_timeout
    )
    scenario, service = stage(web, desired=1, seed=seed, deregistration_delay_s=delay)
    old = tasks_of(service)[0]
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    assert old.last_status == "STOPPED"
    return scenario, old


@pytest.mark.parametrize("seed", range(1, 9))
def test_sigterm_comes_39_and_a_half_seconds_after_draining_began_with_a_delay_of_30(seed: int) -> None:
    scenario, old = replaced(30, seed=seed)
    at = moments(scenario, old)
    signal_ms = old.containers[0].signalled_ms
    assert signal_ms is not None
    assert signal_ms / 1000 - at["target.draining"] == pytest.approx(39.5, rel=0.25)
    assert signal_ms / 1000 >= at["target.unused"]


def test_a_delay_of_300_keeps_a_task_deactivating_for_about_six_minutes_without_any_connection() -> None:
    scenario, old = replaced(300)
    at = moments(scenario, old)
    assert at["task.stopping"] - at["task.deactivating"] == pytest.approx(360, rel=0.25)
    assert at["target.unused"] - at["target.draining"] == 300


def test_a_delay_of_half_an_hour_keeps_containers_alive_for_half_an_hour() -> None:
    scenario, old = replaced(1800)
    assert ends(scenario, old)["web"] / 1000 - moments(scenario, old)["target.draining"] >= 1800


@pytest.mark.parametrize(
    ("delay", "stop_timeout", "form", "shutdown", "code"),
    [
        (300, 30, DEAF, 30, 137),  # about six minutes: the defaults, PID 1 deaf
        (30, 60, None, 0.3, 0),  # about one minute: a good handler
        (30, 60, DEAF, 60, 137),
        (0, 2, DEAF, 2, 137),
    ],
    ids=["deaf 300/30", "handler 30/60", "deaf 30/60", "deaf 0/2"],
)
def test_a_whole_stop_is_ten_seconds_the_delay_eight_the_shutdown_and_twelve(
    delay: int, stop_timeout: int, form: tuple[str, ...] | None, shutdown: float, code: int
) -> None:
    scenario, old = replaced(delay, form=form, stop_timeout=stop_timeout)
    at = moments(scenario, old)
    total = at["task.stopped"] - at["task.stop_requested"]
    assert total == pytest.approx(10 + delay + 8 + shutdown + 12, abs=8)
    assert codes(old) == {"web": code}


# -- the paths on which the order differs ------------------------------------------------------------------------------


def test_without_a_load_balancer_the_stop_signal_comes_at_once() -> None:
    scenario = Scenario()
    service: Service = scenario.service(scenario.definition(), 1)
    scenario.settle()
    task = tasks_of(service)[0]
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.settle()
    at = moments(scenario, task)
    assert "task.deactivating" not in at
    assert (task.containers[0].signalled_ms or 0) / 1000 == at["task.stop_requested"] == at["task.stopping"]


def test_a_process_that_is_killed_for_its_memory_is_still_chosen_until_somebody_notices() -> None:
    dies = ContainerSpec(
        "web", "nginx:1.27", entrypoint=("sh", "-c", "nginx & sleep 240; exit 137"), command=()
    )
    scenario, service = stage(dies, desired=1)
    task = tasks_of(service)[0]
    load(scenario, 20, long_share=0.3, long_ms=4_000)
    scenario.seconds(300)
    at = moments(scenario, task)
    assert task.stop_code == "EssentialContainerExited"
    assert 5 <= at["task.stop_requested"] - at["container.exited"] <= 15
    assert "task.deactivating" not in at  # nothing is left that could drain
    assert task.containers[0].signalled_ms is None
    assert kinds(look(scenario)).keys() >= {"crashed", "gone"}
    end = next(each for each in look(scenario)["shutdowns"] if each["task"] == task.task_id)
    assert (end["exit_code"], end["killed"]) == (137, False)  # nobody's SIGKILL after a stop signal


def test_stop_task_answers_deactivating_and_goes_the_same_way_as_the_scheduler() -> None:
    scenario = Ecs()
    scenario.group(deregistration_delay_s=30)
    scenario.register(container={"portMappings": [{"containerPort": 80}]})
    balancer = {"targetGroupArn": GROUP, "containerName": "web", "containerPort": 80}
    scenario.make_service(desiredCount=1, loadBalancers=[balancer])
    scenario.settle()
    task = next(iter(scenario.world.tasks.values()))
    answer = scenario.call("StopTask", cluster="lab", task=task.arn, reason="by hand")["task"]
    assert (answer["lastStatus"], answer["desiredStatus"]) == ("DEACTIVATING", "STOPPED")
    scenario.seconds(120)
    at = moments(scenario, task)
    assert at["target.unused"] - at["target.draining"] == 30
    assert at["target.unused"] < at["task.stopping"] < at["task.stopped"]


def test_a_pending_task_that_is_cancelled_needs_no_signal() -> None:
    scenario = Scenario()
    service = scenario.service(scenario.definition(image=MISSING), 1)
    while not scenario.entries("task.pulling"):
        scenario.engine.step()
    task = tasks_of(service)[0]
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.settle()
    assert "(service web) stopped 1 pending tasks." in scenario.events(service)
    at = moments(scenario, task)
    assert at["task.deprovisioning"] == at["task.stop_requested"]
    assert not {"task.stopping", "container.exited"} & at.keys()
    assert codes(task) == {"web": None}


# -- containers among themselves ---------------------------------------------------------------------------------------


def test_dependencies_are_reversed_at_shutdown() -> None:
    scenario = Scenario()
    task = run(
        scenario,
        ContainerSpec("proxy", "nginx:1.27", depends_on=after("app")),
        ContainerSpec("app", SHOP, depends_on=after("agent")),
        ContainerSpec("agent", "redis:7", essential=False),
    )
    stop(scenario, task)
    signal, end = signals(task), ends(scenario, task)
    assert signal["app"] == end["proxy"]
    assert signal["agent"] == end["app"]
    assert end["app"] - end["proxy"] == 3_000
    assert task.stopping_ms == signal["proxy"]
    assert moments(scenario, task)["task.deprovisioning"] * 1000 == end["agent"]


def test_containers_without_dependencies_get_the_signal_together_and_each_has_its_own_time() -> None:
    scenario = Scenario()
    task = run(
        scenario,
        ContainerSpec("quick", "busybox", command=("sleep", "infinity"), stop_timeout_s=2),
        ContainerSpec("patient", "busybox", command=("sleep", "infinity"), stop_timeout_s=50),
        ContainerSpec("good", SHOP),
    )
    stop(scenario, task)
    signalled, end = set(signals(task).values()), ends(scenario, task)
    assert len(signalled) == 1
    begin = signalled.pop() or 0
    assert {name: at - begin for name, at in end.items()} == {
        "quick": 2_000,
        "patient": 50_000,
        "good": 3_000,
    }
    assert codes(task) == {"quick": 137, "patient": 137, "good": 0}


def test_a_deaf_container_makes_what_it_depends_on_wait_and_shortens_nothing() -> None:
    scenario = Scenario()
    task = run(
        scenario,
        ContainerSpec(
            "app", "busybox", command=("sleep", "infinity"), stop_timeout_s=20, depends_on=after("agent")
        ),
        ContainerSpec("agent", SHOP, stop_timeout_s=4, essential=False),
    )
    stop(scenario, task)
    signal, end = signals(task), ends(scenario, task)
    assert end["app"] - (signal["app"] or 0) == 20_000
    assert signal["agent"] == end["app"]
    assert codes(task) == {"app": 137, "agent": 0}


def test_the_end_of_an_essential_container_stops_the_others_in_the_same_order() -> None:
    scenario = Scenario()
    task = run(
        scenario,
        ContainerSpec("job", "busybox", command=("sh", "-c", "sleep 60; exit 3"), depends_on=after("agent")),
        ContainerSpec("proxy", "nginx:1.27", depends_on=after("agent"), essential=False),
        ContainerSpec("agent", SHOP, essential=False),
    )
    scenario.seconds(120)
    assert task.stop_code == "EssentialContainerExited"
    signal, end = signals(task), ends(scenario, task)
    assert signal["job"] is None
    assert signal["agent"] == end["proxy"] > end["job"]
    assert codes(task) == {"job": 3, "proxy": 0, "agent": 0}


def test_what_ends_by_itself_while_it_waits_for_its_signal_never_gets_one() -> None:
    scenario = Scenario()
    task = run(
        scenario,
        ContainerSpec(
            "app", "busybox", command=("sleep", "infinity"), stop_timeout_s=60, depends_on=after("agent")
        ),
        ContainerSpec("agent", "busybox", command=("sh", "-c", "sleep 40; exit 4"), essential=False),
    )
    stop(scenario, task)
    assert signals(task)["agent"] is None
    assert codes(task) == {"app": 137, "agent": 4}


def test_describe_tasks_shows_the_exit_code_of_each_container() -> None:
    scenario = Ecs()
    agent = {"name": "agent", "image": "busybox", "command": ["sleep", "infinity"], "stopTimeout": 5}
    web = {
        "name": "web",
        "image": "nginx:1.27",
        "dependsOn": [{"containerName": "agent", "condition": "START"}],
    }
    scenario.register(containerDefinitions=[web, agent])
    asked = {"taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    task = scenario.call("RunTask", cluster="lab", **asked)["tasks"][0]
    scenario.settle()
    scenario.call("StopTask", cluster="lab", task=task["taskArn"])
    scenario.settle()
    shown = scenario.call("DescribeTasks", cluster="lab", tasks=[task["taskArn"]])["tasks"][0]["containers"]
    assert {each["name"]: each["exitCode"] for each in shown} == {"web": 0, "agent": 137}


FORMS = st.sampled_from(
    [
        ContainerSpec("", "nginx:1.27"),
        ContainerSpec("", SHOP),
        ContainerSpec("", "busybox", command=("sleep", "infinity")),
        ContainerSpec("", "busybox", command=("sleep", "45")),
        ContainerSpec("", SHOP, entrypoint=("tini", "--", "sh", "-c", "/app/shop; true"), command=()),
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    forms=st.lists(st.tuples(FORMS, st.integers(2, 40), st.sets(st.integers(0, 4))), min_size=1, max_size=5),
    wait=st.integers(0, 60),
    seed=st.integers(0, 99),
)
def test_signals_respect_the_order_and_every_container_has_its_own_time(
    forms: list[tuple[ContainerSpec, int, set[int]]], wait: int, seed: int
) -> None:
    specs = [
        ContainerSpec(
            f"c{index}",
            form.image,
            essential=index == 0,
            entrypoint=form.entrypoint,
            command=form.command,
            stop_timeout_s=timeout,
            depends_on=after(*(f"c{other}" for other in sorted(on) if other > index and other < len(forms))),
        )
        for index, (form, timeout, on) in enumerate(forms)
    ]
    scenario = Scenario(seed)
    task = run(scenario, *specs)
    scenario.seconds(wait)
    scenario.world.stop_task(task, "by hand")
    scenario.settle()
    assert task.last_status == "STOPPED"
    end = ends(scenario, task)
    assert set(end) == {spec.name for spec in specs}
    stopping = task.stopping_ms or 0
    for spec, container in zip(specs, task.containers, strict=True):
        for dependency in spec.depends_on:
            other = signals(task)[dependency.container]
            assert other is None or other >= end[spec.name], "told before what depends on it had ended"
        if container.signalled_ms is not None:
            lasted = end[spec.name] - container.signalled_ms
            assert lasted <= spec.stop_timeout_s * 1000
            if container.exit_code == 137:
                assert lasted == spec.stop_timeout_s * 1000, "another's SIGKILL shortened its time"
            dependants = [
                end[other.name] for other in specs if spec.name in {d.container for d in other.depends_on}
            ]
            assert container.signalled_ms == max([stopping, *dependants]), "told later than it could be"
    assert moments(scenario, task)["task.deprovisioning"] * 1000 == max(stopping, *end.values())


# -- what a program says -----------------------------------------------------------------------------------------------


def said(scenario: Scenario, task: Task, container: str) -> list[tuple[str, int]]:
    """Lines of a container after it was told to stop, with their moments."""
    stream = f"p/{container}/{task.task_id}"
    return [
        (line.message, line.at_ms)
        for line in scenario.world.logs.undelivered
        if line.stream == stream and line.at_ms >= (task.stopping_ms or 0)
    ]


def test_the_lines_of_a_drain_come_when_it_begins_and_when_it_ends() -> None:
    scenario = Scenario()
    task = run(scenario, ContainerSpec("web", BATCH, logs=LOGS))
    stop(scenario, task)
    begin = signals(task)["web"] or 0
    assert said(scenario, task, "web") == [
        (STARTED, begin),
        ("shop: last batch written", begin + 3_000),
        (DRAINED, begin + 3_000),
    ]


def test_a_drain_that_sigkill_cuts_off_has_begun_but_not_ended() -> None:
    scenario = Scenario()
    task = run(scenario, ContainerSpec("web", SHOP, stop_timeout_s=2, logs=LOGS))
    stop(scenario, task)
    assert said(scenario, task, "web") == [(STARTED, signals(task)["web"])]
    assert codes(task) == {"web": 137}


@pytest.mark.parametrize(
    "form",
    [
        ("sh", "-c", "/app/shop; true"),
        ("tini", "--", "sh", "-c", "/app/shop; true"),
        ("sh", "-c", "trap 'exit 0' TERM; /app/shop & wait"),
    ],
    ids=["deaf shell", "init before a shell", "trap that forwards nothing"],
)
def test_a_program_that_was_never_told_says_nothing(form: tuple[str, ...]) -> None:
    scenario = Scenario()
    web = ContainerSpec("web", SHOP, entrypoint=form, command=(), stop_timeout_s=20, logs=LOGS)
    task = run(scenario, web)
    stop(scenario, task)
    assert said(scenario, task, "web") == []


def test_a_program_that_a_trap_tells_and_waits_for_says_both() -> None:
    scenario = Scenario()
    trap = "trap 'kill -TERM $c; wait $c' TERM; /app/shop & c=$!; wait $c"
    task = run(scenario, ContainerSpec("web", SHOP, entrypoint=("sh", "-c", trap), command=(), logs=LOGS))
    stop(scenario, task)
    assert [line for line, _ in said(scenario, task, "web")] == [STARTED, DRAINED]


def test_a_drain_ends_when_the_last_request_in_hand_is_answered() -> None:
    web = ContainerSpec("web", SHOP, essential=False, logs=LOGS)
    main = ContainerSpec("main", "busybox", command=("sleep", "300"))
    scenario, service = stage(web, main, desired=1, port=8080, path="/healthz")
    task = tasks_of(service)[0]
    load(scenario, 2, long_share=0.5, long_ms=12_000)
    scenario.seconds(330)
    (first, begin), (last, end) = said(scenario, task, "web")
    assert (first, last) == (STARTED, DRAINED)
    assert 9_000 < end - begin <= 12_100
    assert ends(scenario, task)["web"] == end
