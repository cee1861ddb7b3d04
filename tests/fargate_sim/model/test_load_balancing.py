"""Targets that live: registered, checked, drained; and the order in which a task with a load balancer stops."""

from __future__ import annotations

import pytest
from support.worlds import GROUP, Scenario

from fargate_sim.model.service import Service
from fargate_sim.model.surroundings import TargetGroupFacts
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec, HealthCheck

SLOW = "public.ecr.aws/fargate-lab/shop:1.0-slow"  # listens on 8080 after 75 s


def stable(scenario: Scenario, desired: int = 1, **facts: object) -> Service:
    scenario.group(**facts)
    service = scenario.service(scenario.definition(), desired, balanced=True)
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return service


def kinds(scenario: Scenario, task_id: str) -> list[str]:
    return [entry.kind for entry in scenario.journal if entry.data.get("task") == task_id]


def texts(scenario: Scenario, service: Service, since: int = 0) -> list[str]:
    found = [message.replace(GROUP, "<tg>") for message in scenario.events(service)[since:]]
    return [
        message.split(") ", 1)[1] if message.startswith("(service web) ") else message for message in found
    ]


def test_a_task_is_registered_after_it_runs_and_healthy_after_one_passed_check() -> None:
    scenario = Scenario()
    service = stable(scenario)
    running = scenario.moments("task.running")[0]
    registered = scenario.moments("target.registered")[0]
    healthy = scenario.moments("target.healthy")[0]
    assert 0 <= registered - running <= 11
    assert 1 <= healthy - registered <= 5
    assert scenario.moments("task.healthy") == [healthy]  # not forty seconds later
    assert "registered 1 targets in (target-group <tg>)" in texts(scenario, service)
    target = scenario.world.balancing.shown(GROUP)[0]
    assert (target.state, target.reason, target.port) == ("healthy", None, 80)


@pytest.mark.parametrize("delay", [0, 30, 300])
def test_the_stop_sequence_is_deregister_then_the_whole_delay_then_the_stop_signal(delay: int) -> None:
    scenario = Scenario()
    service = stable(scenario, deregistration_delay_s=delay)
    old = next(iter(service.primary.tasks.values()))
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    assert kinds(scenario, old.task_id)[-9:] == [
        "task.stop_requested",
        "task.deactivating",
        "target.draining",
        "target.unused",
        "task.stopping",
        "container.exited",
        "task.deprovisioning",
        "task.stopped",
        "address.released",
    ]
    moment = {
        entry.kind: entry.at_ms / 1000 for entry in scenario.journal if entry.data.get("task") == old.task_id
    }
    assert 9 <= moment["target.draining"] - moment["task.deactivating"] <= 11
    assert moment["target.unused"] - moment["target.draining"] == delay
    assert 5 <= moment["task.stopping"] - moment["target.unused"] <= 10
    assert service.primary.rollout_state == "COMPLETED"


def test_a_clean_rollout_says_what_aws_says_in_its_order() -> None:
    scenario = Scenario()
    service = stable(scenario, deregistration_delay_s=30)
    old = service.primary.deployment_id
    before = len(service.events)
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    told = [text.split(":")[0] for text in texts(scenario, service, before)]
    assert told == [
        "has started 1 tasks",
        "registered 1 targets in (target-group <tg>)",
        "has stopped 1 running tasks",
        "deregistered 1 targets in (target-group <tg>)",
        f"(service web, taskSet {old}) has begun draining connections on 1 tasks.",
        f"(deployment {service.primary.deployment_id}) deployment completed.",
        "has reached a steady state.",
    ]


def test_completion_waits_for_the_old_tasks_stop_signal() -> None:
    scenario = Scenario()
    service = stable(scenario, deregistration_delay_s=120)
    now_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    signal = scenario.moments("task.stopping", now_ms)[-1]
    completed = scenario.moments("deployment.completed", now_ms)[-1]
    assert 10 <= completed - signal <= 24


def test_a_service_is_steady_again_while_the_target_of_a_replaced_task_still_drains() -> None:
    scenario = Scenario()
    service = stable(scenario, 2, deregistration_delay_s=300)
    victim = next(iter(service.primary.tasks.values()))
    scenario.world.stop_task(victim, "Task stopped by user")
    assert victim.last_status == "DEACTIVATING"
    scenario.seconds(120)
    assert service.steady
    assert victim.last_status == "DEACTIVATING"
    assert [target.state for target in scenario.world.balancing.shown(GROUP)].count("draining") == 1
    assert victim.interface is not None  # address and money are held all the while


@pytest.mark.parametrize(
    ("facts", "reason", "description"),
    [
        ({"path": "/missing"}, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"),
        ({"check_port": 8080}, "Target.FailedHealthChecks", "Health checks failed"),
        (
            {"matcher": "201-299"},
            "Target.ResponseCodeMismatch",
            "Health checks failed with these codes: [200]",
        ),
    ],
)
def test_a_health_check_that_does_not_match_the_container_hangs_the_deployment(
    facts: dict[str, object], reason: str, description: str
) -> None:
    scenario = Scenario()
    scenario.group(**facts)
    service = scenario.service(scenario.definition(), 1, balanced=True)
    scenario.seconds(100)
    target = scenario.world.balancing.shown(GROUP)[0]
    assert (target.state, target.reason, target.description) == ("unhealthy", reason, description)
    scenario.seconds(30)
    assert service.primary.rollout_state == "IN_PROGRESS"
    task = next(entry.data["task"] for entry in scenario.entries("task.unhealthy"))
    assert (
        f"(service web) (task {task}) (port 80) is unhealthy in (target-group {GROUP}) due to (reason {description})."
        in scenario.events(service)
    )
    assert (
        scenario.entries("task.unhealthy")[0].data["reason"]
        == f"Task failed ELB health checks in (target-group {GROUP})"
    )


def test_matchers_have_values_and_ranges() -> None:
    scenario = Scenario()
    scenario.group(matcher="200, 204-206,301")
    facts: TargetGroupFacts = scenario.account.target_groups[GROUP]
    assert [code for code in (200, 201, 204, 206, 207, 301) if facts.expects(code)] == [200, 204, 206, 301]


@pytest.mark.parametrize(("grace", "survives"), [(0, False), (60, False), (180, True)])
def test_a_slow_boot_needs_a_grace_period(grace: int, survives: bool) -> None:
    scenario = Scenario()
    scenario.group(check_port=8080, path="/healthz", interval_s=10)
    spec = ContainerSpec("web", SLOW, ports=(8080,))
    service = scenario.service(scenario.definition(spec), 1, balanced=True, grace_s=grace)
    scenario.seconds(600)
    assert bool(scenario.entries("task.unhealthy")) is not survives
    assert (service.primary.rollout_state == "COMPLETED") is survives


def test_elb_failures_count_and_roll_back() -> None:
    scenario = Scenario()
    service = stable(scenario, 2, deregistration_delay_s=30)
    deaf = scenario.definition(ContainerSpec("web", "busybox:1.36", command=("sleep", "infinity")))
    now_ms = scenario.engine.now_ms
    scenario.deploy(service, deaf)
    scenario.settle()
    assert {entry.data["why"] for entry in scenario.entries("deployment.failure_counted")} == {"unhealthy"}
    assert service.primary.revision.task_definition.label == "web:1"
    assert service.running_count == 2
    assert scenario.moments("deployment.rolling_back", now_ms)


def test_a_crashed_task_is_deregistered_without_waiting_for_its_target() -> None:
    scenario = Scenario()
    scenario.group(deregistration_delay_s=300)
    spec = ContainerSpec("web", "nginx:1.27", command=("sh", "-c", "nginx & sleep 300; exit 1"))
    service = scenario.service(scenario.definition(spec), 1, balanced=True)
    scenario.settle()
    task = next(iter(service.primary.tasks.values()))
    while not scenario.entries("container.exited"):
        scenario.seconds(1)
    scenario.seconds(60)
    assert task.last_status == "STOPPED"
    assert [target.state for target in task.targets] == ["draining"]
    assert service.primary.running_count + service.primary.pending_count == 1


def test_load_balancer_and_container_check_must_both_pass() -> None:
    scenario = Scenario()
    scenario.group()
    check = HealthCheck(("CMD-SHELL", "curl -f http://localhost/"), interval_s=60)
    spec = ContainerSpec("web", "nginx:1.27", health_check=check)
    scenario.service(scenario.definition(spec), 1, balanced=True)
    scenario.settle()
    running, healthy = scenario.moments("task.running")[0], scenario.moments("task.healthy")[0]
    assert scenario.moments("target.healthy")[0] < healthy
    assert healthy - running == pytest.approx(60)


def test_deleting_a_service_drains_its_targets_before_it_is_inactive() -> None:
    scenario = Scenario()
    service = stable(scenario, 2, deregistration_delay_s=60)
    scenario.world.delete_service(service)
    scenario.seconds(60)
    assert service.status == "DRAINING"
    scenario.settle()
    assert service.status == "INACTIVE"
    assert not scenario.world.balancing.shown(GROUP)
    assert not scenario.world.network.interfaces


def test_a_quiet_service_behind_a_load_balancer_costs_no_events() -> None:
    scenario = Scenario()
    stable(scenario, 20)
    happened = scenario.engine.happened
    scenario.seconds(5 * 3600)
    assert scenario.engine.happened - happened <= 2


def test_whichever_container_of_the_task_has_the_port_answers_the_check() -> None:
    scenario = Scenario()
    scenario.group(check_port=80, interval_s=5)
    shop = ContainerSpec("web", "public.ecr.aws/fargate-lab/shop:1.0-hollow")
    beside = ContainerSpec("answers", "nginx:1.27", essential=False)
    for containers, state in (((shop, beside), "healthy"), ((shop,), "unhealthy")):
        name = f"s{len(containers)}"
        scenario.service(scenario.definition(*containers), 1, balanced=True, name=name, grace_s=3600)
        scenario.seconds(120)
        assert scenario.world.balancing.shown(GROUP)[-1].state == state


def test_a_release_that_repairs_the_checks_begins_although_the_old_tasks_fail_them() -> None:
    scenario = Scenario()
    service = stable(scenario, 2, interval_s=5, deregistration_delay_s=10)
    for target in scenario.world.balancing.shown(GROUP):
        assert target.state == "healthy"
    scenario.group(check_port=8080, path="/healthz", interval_s=5, deregistration_delay_s=10)
    scenario.world.balancing.health.groups_changed()
    scenario.seconds(60)
    assert scenario.moments("task.unhealthy")
    started = len(scenario.entries("task.provisioning"))
    scenario.deploy(service, scenario.definition(image="public.ecr.aws/fargate-lab/shop:1.0"))
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    assert [len(deployment.live()) for deployment in service.deployments] == [2]
    assert {t.state for t in scenario.world.balancing.shown(GROUP)} == {"healthy"}
    assert len(scenario.entries("task.provisioning")) > started


def test_a_slow_program_says_that_it_listens_once_it_does() -> None:
    scenario = Scenario()
    logs = AwsLogs("/g", "p", create_group=True)
    scenario.service(scenario.definition(ContainerSpec("web", SLOW, logs=logs)), 1)
    scenario.settle(60)
    running_ms = scenario.entries("task.running")[0].at_ms
    scenario.seconds(120)
    said = {line.message: line.at_ms - running_ms for line in scenario.world.logs.undelivered}
    assert said["shop: listening on :8080"] - said["shop: warming caches"] == 75_000
