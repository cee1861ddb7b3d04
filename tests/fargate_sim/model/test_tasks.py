"""One task's life: durations, containers, exits, stop signals, logs."""

from __future__ import annotations

from support.worlds import MISSING, Scenario

from fargate_sim.model.task import Task
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec, Dependency, HealthCheck
from fargate_sim.model.world import StandaloneTask


def start(scenario: Scenario, *containers: ContainerSpec, image: str = "nginx:1.27", **asked: object) -> Task:
    definition = scenario.definition(*containers, image=image)
    wanted = StandaloneTask(group="family:web", started_by=None, **asked)  # type: ignore[arg-type]
    return scenario.world.run_tasks("lab", definition, 1, scenario.placement(), wanted)[0]


def states(scenario: Scenario, task: Task) -> list[str]:
    return [entry.kind for entry in scenario.journal if entry.data.get("task") == task.task_id]


def test_a_task_goes_through_its_states_in_order_and_in_about_half_a_minute() -> None:
    scenario = Scenario()
    task = start(scenario)
    assert task.last_status == "PROVISIONING"
    scenario.settle()
    assert task.last_status == "RUNNING"
    assert task.started_ms is not None
    assert 15_000 < task.started_ms - task.created_ms < 35_000
    scenario.world.stop_task(task, "done")
    scenario.settle()
    assert states(scenario, task) == [
        "task.provisioning",
        "task.address",
        "task.pending",
        "task.pulling",
        "task.running",
        "task.stop_requested",
        "task.stopping",
        "container.exited",
        "task.deprovisioning",
        "task.stopped",
        "address.released",
    ]
    assert (task.stop_code, task.stopped_reason, task.containers[0].exit_code) == ("UserInitiated", "done", 0)


def test_a_bigger_image_takes_longer_to_pull() -> None:
    scenario = Scenario()
    small, big = (
        start(scenario, image="busybox"),
        start(scenario, image="public.ecr.aws/fargate-lab/shop:1.0-slow"),
    )
    scenario.seconds(60)
    assert small.pull_started_ms is not None
    assert small.pull_stopped_ms is not None
    assert big.pull_started_ms is not None
    assert big.pull_stopped_ms is not None
    assert small.pull_stopped_ms - small.pull_started_ms == 3_000
    assert big.pull_stopped_ms - big.pull_started_ms == 10_000


def test_a_missing_tag_fails_in_about_a_minute_and_a_half() -> None:
    scenario = Scenario()
    task = start(scenario, image=MISSING)
    scenario.settle()
    assert task.stopped_ms is not None
    assert 75_000 < task.stopped_ms - task.created_ms < 102_000
    assert (task.stop_code, task.started_ms) == ("TaskFailedToStart", None)
    assert task.containers[0].reason == task.stopped_reason
    assert (task.stopped_reason or "").startswith(
        "CannotPullContainerError: pull image manifest has been retried"
    )


def test_a_missing_log_group_is_an_initialisation_error_unless_the_driver_may_create_it() -> None:
    scenario = Scenario()
    strict = ContainerSpec("web", "nginx:1.27", logs=AwsLogs("/no/such", "web"), log_driver="awslogs")
    task = start(scenario, strict)
    scenario.settle()
    assert "ResourceInitializationError: failed to validate logger args" in (task.stopped_reason or "")
    creating = ContainerSpec("web", "nginx:1.27", logs=AwsLogs("/no/such", "web", True), log_driver="awslogs")
    task = start(scenario, creating)
    scenario.settle()
    assert task.last_status == "RUNNING"
    assert "/no/such" in scenario.account.log_groups


def test_a_container_writes_its_lines_to_its_stream() -> None:
    scenario = Scenario()
    spec = ContainerSpec("web", "nginx:1.27", logs=AwsLogs("/ecs/web", "pre"), log_driver="awslogs")
    task = start(scenario, spec)
    scenario.settle()
    scenario.world.stop_task(task, "")
    scenario.settle()
    lines = list(scenario.world.logs.undelivered)
    assert {(line.group, line.stream) for line in lines} == {("/ecs/web", f"pre/web/{task.task_id}")}
    assert "signal 3 (SIGQUIT) received" in lines[-1].message


def test_a_program_that_is_killed_while_it_drains_has_said_that_it_began_to_but_not_that_it_is_done() -> None:
    scenario = Scenario()
    spec = ContainerSpec(
        "web",
        "public.ecr.aws/fargate-lab/shop:1.0",
        stop_timeout_s=2,
        logs=AwsLogs("/ecs/web", "pre"),
        log_driver="awslogs",
    )
    task = start(scenario, spec)
    scenario.settle()
    scenario.world.stop_task(task, "")
    scenario.settle()
    assert task.containers[0].exit_code == 137
    said = [line.message for line in scenario.world.logs.undelivered]
    assert said[-1] == "shop: SIGTERM received, drain started"


def test_a_deaf_container_is_killed_after_its_stop_timeout() -> None:
    scenario = Scenario()
    task = start(scenario, ContainerSpec("web", "busybox", command=("sleep", "infinity"), stop_timeout_s=45))
    scenario.settle()
    scenario.world.stop_task(task, "")
    stopping_ms = scenario.engine.now_ms
    scenario.settle()
    assert task.containers[0].exit_code == 137
    assert scenario.moments("container.exited", stopping_ms) == [45.0]


def test_a_container_that_would_have_ended_anyway_ends_with_its_own_code() -> None:
    scenario = Scenario()
    task = start(scenario, ContainerSpec("web", "busybox", command=("sh", "-c", "sleep 20; exit 5")))
    scenario.settle()
    scenario.seconds(12)
    scenario.world.stop_task(task, "")
    scenario.settle()
    assert task.containers[0].exit_code == 5


def test_the_end_of_an_essential_container_ends_the_task_and_the_others() -> None:
    scenario = Scenario()
    task = start(
        scenario,
        ContainerSpec("job", "busybox", command=("sh", "-c", "exit 3")),
        ContainerSpec("helper", "nginx:1.27", essential=False),
    )
    scenario.settle()
    scenario.seconds(60)
    assert task.last_status == "STOPPED"
    assert (task.stop_code, task.stopped_reason) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [container.exit_code for container in task.containers] == [3, 0]


def test_the_end_of_another_container_does_not() -> None:
    scenario = Scenario()
    task = start(
        scenario,
        ContainerSpec("web", "nginx:1.27"),
        ContainerSpec("once", "busybox", command=("true",), essential=False),
    )
    scenario.seconds(300)
    assert task.last_status == "RUNNING"
    assert [container.status for container in task.containers] == ["RUNNING", "STOPPED"]


def test_containers_wait_for_what_they_depend_on() -> None:
    scenario = Scenario()
    task = start(
        scenario,
        ContainerSpec(
            "web", "nginx:1.27", depends_on=(Dependency("migrate", "SUCCESS"), Dependency("proxy", "HEALTHY"))
        ),
        ContainerSpec("migrate", "busybox", command=("sleep", "30"), essential=False),
        ContainerSpec(
            "proxy",
            "httpd:2.4",
            health_check=HealthCheck(("CMD-SHELL", "test -e /run/ok"), interval_s=10),
            depends_on=(Dependency("migrate", "START"),),
        ),
    )
    scenario.settle()
    started = {container.spec.name: container.started_ms or 0 for container in task.containers}
    assert started["web"] - started["migrate"] == 30_000
    assert started["proxy"] == started["migrate"]
    assert task.started_ms == started["web"]
    assert task.last_status == "RUNNING"


def test_a_failed_dependency_keeps_the_task_from_running_until_it_is_stopped() -> None:
    scenario = Scenario()
    task = start(
        scenario,
        ContainerSpec("web", "nginx:1.27", depends_on=(Dependency("migrate", "SUCCESS"),)),
        ContainerSpec("migrate", "busybox", command=("sh", "-c", "exit 1"), essential=False),
    )
    scenario.seconds(600)
    assert task.last_status == "STOPPED"
    assert task.stop_code == "TaskFailedToStart"


def test_a_program_that_does_not_exist_cannot_start() -> None:
    scenario = Scenario()
    task = start(scenario, ContainerSpec("web", "nginx:1.27", command=("gunicorn", "app")))
    scenario.settle()
    assert task.stop_code == "TaskFailedToStart"
    assert (task.stopped_reason or "").startswith("CannotStartContainerError")


def test_a_command_override_applies_to_this_task_only() -> None:
    scenario = Scenario()
    task = start(scenario, commands={"web": ("sh", "-c", "exit 9")})
    scenario.seconds(120)
    assert task.containers[0].exit_code == 9


def test_nobody_stops_a_standalone_task_for_being_unhealthy() -> None:
    scenario = Scenario()
    task = start(
        scenario,
        ContainerSpec("web", "nginx:1.27", health_check=HealthCheck(("CMD-SHELL", "exit 1"), interval_s=10)),
    )
    scenario.seconds(600)
    assert (task.last_status, task.health) == ("RUNNING", "UNHEALTHY")


def test_a_start_period_forgives_the_failures_of_a_slow_boot() -> None:
    image = "public.ecr.aws/fargate-lab/shop:1.0-slow"  # boots in 75 s
    command = ("CMD-SHELL", "curl -f http://localhost:8080/healthz")
    outcomes = {}
    for period in (0, 90):
        scenario = Scenario()
        check = HealthCheck(command, interval_s=10, start_period_s=period)
        scenario.service(scenario.definition(ContainerSpec("web", image, health_check=check)), 1)
        scenario.seconds(240)
        outcomes[period] = (
            len(scenario.entries("task.healthy")) > 0,
            len(scenario.entries("task.unhealthy")) > 0,
        )
    assert outcomes == {0: (False, True), 90: (True, False)}


def test_a_grace_period_delays_the_verdict_on_a_services_task() -> None:
    scenario = Scenario()
    check = HealthCheck(("CMD-SHELL", "exit 1"), interval_s=10)
    service = scenario.service(scenario.definition(ContainerSpec("web", "nginx:1.27", health_check=check)), 1)
    service.grace_period_s = 300
    scenario.seconds(400)
    assert scenario.moments("task.unhealthy")[0] - scenario.moments("task.running")[0] == 300.0


def test_a_stopped_task_stays_in_the_api_for_an_hour() -> None:
    scenario = Scenario()
    task = start(scenario)
    scenario.settle()
    scenario.world.stop_task(task, "")
    scenario.settle()
    scenario.seconds(3500)
    assert task in scenario.world.tasks_of("lab")
    scenario.seconds(200)
    assert task not in scenario.world.tasks_of("lab")
    other = start(scenario)
    scenario.settle()
    scenario.world.stop_task(other, "")
    scenario.settle()
    assert task.task_id not in scenario.world.tasks  # forgotten when the next one stops
