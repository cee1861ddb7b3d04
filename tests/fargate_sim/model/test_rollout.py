"""Deployments: both percentages, health gates, healing, supersession, the breaker and what it goes back to."""

from __future__ import annotations

import pytest
from support.worlds import BREAKER, MISSING, START_MS, Scenario

from fargate_sim.model.breaker import COUNT, CircuitBreaker
from fargate_sim.model.service import Service
from fargate_sim.model.task_definition import ContainerSpec, HealthCheck


def running_counts(scenario: Scenario, since_ms: int) -> list[int]:
    """The number of RUNNING tasks after each change, from the journal."""
    count = sum(
        1 if entry.kind == "task.running" else -1
        for entry in scenario.journal
        if entry.at_ms < since_ms
        and (
            entry.kind == "task.running"
            or (entry.kind == "task.stop_requested" and entry.data["was"] == "RUNNING")
        )
    )
    counts = [count]
    for entry in scenario.journal:
        if entry.at_ms >= since_ms and entry.kind == "task.running":
            counts.append(counts[-1] + 1)
        elif (
            entry.at_ms >= since_ms and entry.kind == "task.stop_requested" and entry.data["was"] == "RUNNING"
        ):
            counts.append(counts[-1] - 1)
    return counts


def stable(scenario: Scenario, desired: int = 2, **options: object) -> Service:
    service = scenario.service(scenario.definition(), desired, **options)  # type: ignore[arg-type]
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return service


def test_a_new_service_completes_after_its_tasks_have_run_for_forty_seconds() -> None:
    scenario = Scenario()
    service = scenario.service(scenario.definition(), 2)
    scenario.settle()
    ran = scenario.moments("task.running")
    healthy = scenario.moments("task.healthy")
    completed = scenario.moments("deployment.completed")
    assert [later - earlier for earlier, later in zip(ran, healthy, strict=True)] == [40.0, 40.0]
    assert max(healthy) <= completed[0] <= max(healthy) + 12
    assert [message.split(") ", 1)[1] for message in scenario.events(service)[1:]] == [
        f"(deployment {service.primary.deployment_id}) deployment completed.",
        "has reached a steady state.",
    ]
    assert service.primary.reason == f"ECS deployment {service.primary.deployment_id} completed."


def test_tasks_are_spread_over_the_zones() -> None:
    scenario = Scenario()
    service = stable(scenario, 5)
    zones = [task.availability_zone for task in service.primary.tasks.values()]
    assert sorted(zones.count(zone) for zone in set(zones)) == [2, 3]


def test_a_clean_rollout_never_leaves_the_band_and_says_what_aws_says_in_its_order() -> None:
    scenario = Scenario()
    service = stable(scenario, 1)
    before = len(service.events)
    update_ms = scenario.engine.now_ms
    old = service.primary
    scenario.deploy(service, scenario.definition())
    assert (old.status, service.primary.status) == ("ACTIVE", "PRIMARY")
    scenario.settle()
    counts = running_counts(scenario, update_ms)
    assert (min(counts), max(counts)) == (1, 2)
    told = [message.split(") ", 1)[1] for message in scenario.events(service)[before:]]
    assert [text.split(":")[0].split(" (")[0] for text in told] == [
        "has started 1 tasks",
        "has stopped 1 running tasks",
        f"(deployment {service.primary.deployment_id}) deployment completed.",
        "has reached a steady state.",
    ]
    stopping = scenario.moments("task.stopping", update_ms)[-1]
    completed = scenario.moments("deployment.completed", update_ms)[-1]
    assert 10 <= completed - stopping <= 24
    assert service.deployments == [service.primary]


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "lowest", "highest"),
    [(4, 50, 100, 2, 4), (4, 100, 200, 4, 8), (10, 90, 110, 9, 11), (5, 50, 150, 3, 7), (1, 0, 100, 0, 1)],
)
def test_the_percentages_bound_a_rollout(
    desired: int, minimum: int, maximum: int, lowest: int, highest: int
) -> None:
    scenario = Scenario()
    service = stable(scenario, desired, minimum=minimum, maximum=maximum)
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    counts = running_counts(scenario, update_ms)
    assert min(counts) >= lowest
    assert max(counts) <= highest
    assert service.primary.rollout_state == "COMPLETED"
    assert {task.task_definition.label for task in service.primary.tasks.values()} == {"web:2"}


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum"), [(2, 75, 100), (3, 100, 125), (1, 50, 100), (1, 100, 150)]
)
def test_percentages_without_room_block_a_rollout_and_the_service_says_so(
    desired: int, minimum: int, maximum: int
) -> None:
    scenario = Scenario()
    service = stable(scenario, desired, minimum=minimum, maximum=maximum)
    scenario.deploy(service, scenario.definition())
    scenario.seconds(3600)
    assert service.primary.rollout_state == "IN_PROGRESS"
    assert service.running_count == desired
    blocked = [
        text
        for text in scenario.events(service)
        if "unable to stop or start tasks during a deployment" in text
    ]
    assert len(blocked) == 1
    scenario.world.update_service(service, changed=["deploymentConfiguration"], maximum_percent=200)
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"


def test_a_stopped_task_is_replaced_after_ten_to_thirty_seconds() -> None:
    scenario = Scenario()
    service = stable(scenario)
    now_ms = scenario.engine.now_ms
    victim = next(iter(service.primary.tasks.values()))
    scenario.world.stop_task(victim, "Task stopped by user")
    scenario.settle()
    scenario.seconds(120)
    assert scenario.moments("task.provisioning", now_ms)[0] <= 30
    assert (victim.stop_code, victim.stopped_reason) == ("UserInitiated", "Task stopped by user")
    assert service.running_count == 2
    assert scenario.events(service)[-1].endswith("has reached a steady state.")
    assert service.primary.failed_tasks == 0


def test_a_healthy_task_that_dies_is_replaced_and_is_no_failure_of_the_deployment() -> None:
    scenario = Scenario()
    definition = scenario.definition(ContainerSpec("web", "busybox:1.36", command=("sleep", "300")))
    service = scenario.service(definition, 1)
    scenario.settle(120)
    scenario.seconds(900)
    ended = [entry.data for entry in scenario.entries("task.stopped")]
    assert len(ended) >= 2
    assert {data["stop_code"] for data in ended} == {"EssentialContainerExited"}
    assert ended[0]["reason"] == "Essential container in task exited"
    assert not scenario.entries("deployment.failure_counted")
    assert service.primary.rollout_state == "COMPLETED"


def test_the_breaker_brings_the_last_completed_deployment_back_under_its_own_id() -> None:
    scenario = Scenario()
    service = stable(scenario)
    good = service.primary
    update_ms = scenario.engine.now_ms
    scenario.deploy(service, scenario.definition(image=MISSING))
    bad = service.primary
    account = bad.account
    while bad.rollout_state == "IN_PROGRESS":
        scenario.seconds(1)
    assert (bad.rollout_state, bad.reason) == (
        "FAILED",
        "ECS deployment circuit breaker: tasks failed to start.",
    )
    assert service.primary is good
    assert (good.status, good.rollout_state) == ("PRIMARY", "IN_PROGRESS")
    assert (
        good.reason == f"ECS deployment circuit breaker: rolling back to deploymentId {good.deployment_id}."
    )
    assert account.status == "ROLLBACK_IN_PROGRESS"
    assert account.breaker_status == "TRIGGERED"
    assert (account.failure_count, account.threshold) == (3, 3)
    scenario.settle()
    assert good.reason == f"ECS deployment {good.deployment_id} completed."
    assert account.status == "ROLLBACK_SUCCESSFUL"
    assert (
        account.reason == "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert account.rollback_revision == good.revision.arn
    assert min(running_counts(scenario, update_ms)) == 2
    assert service.deployments == [good]
    texts = scenario.events(service)
    failed = texts.index(
        f"(service web) (deployment {bad.deployment_id}) deployment failed: tasks failed to start."
    )
    assert texts[failed + 1] == f"(service web) rolling back to deployment {good.deployment_id}."
    assert texts[-2:] == [
        f"(service web) (deployment {good.deployment_id}) deployment completed.",
        "(service web) has reached a steady state.",
    ]
    assert any(
        text
        == "(service web) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been "
        f"retried 7 time(s): failed to resolve ref {MISSING}: not found."
        for text in texts
    )


def test_without_rollback_the_failed_deployment_launches_nothing_more_and_the_old_tasks_stay() -> None:
    scenario = Scenario()
    service = stable(scenario, breaker=CircuitBreaker(enabled=True))
    scenario.deploy(service, scenario.crashing())
    scenario.settle()
    scenario.seconds(600)
    started = len(scenario.entries("task.provisioning"))
    scenario.seconds(7200)
    assert len(scenario.entries("task.provisioning")) == started
    assert [deployment.rollout_state for deployment in service.deployments] == ["FAILED", "COMPLETED"]
    assert service.running_count == 2
    assert service.primary.account.status == "STOPPED"
    survivor = next(iter(service.deployments[1].tasks.values()))
    scenario.world.stop_task(survivor, "Task stopped by user")
    scenario.seconds(120)
    assert service.deployments[1].running_count == 2  # the source heals itself


def test_the_first_deployment_of_a_service_has_nothing_to_go_back_to() -> None:
    scenario = Scenario()
    service = scenario.service(scenario.crashing(), 2)
    scenario.settle()
    scenario.seconds(3600)
    assert service.primary.stalled
    assert service.primary.rollout_state == "FAILED"
    assert service.primary.account.status == "ROLLBACK_FAILED"
    assert service.primary.account.reason == "No rollback candidate was found to run the rollback."
    assert service.running_count == service.pending_count == 0
    scenario.deploy(service, scenario.definition())
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    assert service.running_count == 2


def test_a_deployment_made_during_a_rollback_cannot_roll_back_itself() -> None:
    scenario = Scenario()
    service = stable(scenario)
    scenario.deploy(service, scenario.crashing())
    while not scenario.entries("deployment.rolling_back"):
        scenario.seconds(1)
    first = service.accounts[1]
    scenario.deploy(service, scenario.crashing())
    assert first.status == "ROLLBACK_FAILED"
    scenario.settle()
    assert service.primary.stalled
    assert service.running_count == 2


def test_a_newer_deployment_supersedes_one_in_flight_and_replaces_all_others() -> None:
    scenario = Scenario()
    service = stable(scenario)
    scenario.deploy(service, scenario.definition())
    superseded = service.primary
    scenario.seconds(60)
    assert superseded.pending_count + superseded.running_count == 2
    scenario.deploy(service, scenario.definition())
    assert superseded.account.status == "STOP_REQUESTED"
    assert [deployment.status for deployment in service.deployments] == ["PRIMARY", "ACTIVE", "ACTIVE"]
    update_ms = scenario.engine.now_ms
    scenario.settle()
    assert superseded.account.status == "STOPPED"
    assert min(running_counts(scenario, update_ms)) >= 2
    assert {task.task_definition.label for task in service.primary.tasks.values() if task.live} == {"web:3"}
    assert service.primary.rollout_state == "COMPLETED"


def test_stopping_a_service_deployment_rolls_back_even_without_a_breaker() -> None:
    scenario = Scenario()
    service = stable(scenario, breaker=CircuitBreaker())
    good = service.primary
    scenario.deploy(service, scenario.definition(image=MISSING))
    account = service.primary.account
    scenario.seconds(200)
    scenario.world.stop_service_deployment(service, service.primary)
    assert account.status == "ROLLBACK_REQUESTED"
    scenario.settle()
    assert account.status == "ROLLBACK_SUCCESSFUL"
    assert service.primary is good


def test_a_count_threshold_of_one_trips_at_the_first_failure() -> None:
    scenario = Scenario()
    breaker = CircuitBreaker(enabled=True, rollback=True, threshold_type=COUNT, threshold_value=1)
    service = stable(scenario, breaker=breaker)
    scenario.deploy(service, scenario.crashing())
    scenario.settle()
    assert len(scenario.entries("deployment.failure_counted")) == 1
    assert service.primary.revision.task_definition.label == "web:1"


def sick_after_a_healthy_one(scenario: Scenario, *, reset: bool) -> Service:
    """A breaker that sees one failure, then a healthy task, then further failures."""
    breaker = CircuitBreaker(True, True, reset_on_healthy_task=reset, threshold_type=COUNT, threshold_value=2)
    service = scenario.service(scenario.definition(), 2, breaker=breaker)
    scenario.seconds(20)
    scenario.world.lifecycle.fail_to_start(
        next(iter(service.primary.tasks.values())), "CannotPullContainerError: x"
    )
    scenario.seconds(120)
    assert [entry.data["count"] for entry in scenario.entries("deployment.failure_counted")] == [1]
    return service


def test_a_healthy_task_clears_the_count_unless_the_breaker_counts_cumulatively() -> None:
    forgiving, strict = Scenario(), Scenario()
    assert sick_after_a_healthy_one(forgiving, reset=True).primary.breaker_count == 0
    assert sick_after_a_healthy_one(strict, reset=False).primary.breaker_count == 1


def test_failing_container_health_checks_count_and_roll_back() -> None:
    scenario = Scenario()
    service = stable(scenario)
    sick = ContainerSpec(
        "web", "nginx:1.27", health_check=HealthCheck(("CMD-SHELL", "exit 1"), interval_s=10)
    )
    scenario.deploy(service, scenario.definition(sick))
    scenario.settle()
    assert {entry.data["why"] for entry in scenario.entries("deployment.failure_counted")} == {"unhealthy"}
    reasons = {entry.data["reason"] for entry in scenario.entries("task.stopped") if entry.data["reason"]}
    assert "Task failed container health checks" in reasons
    assert any("failed container health checks." in text for text in scenario.events(service))
    assert service.primary.revision.task_definition.label == "web:1"


def test_a_passing_health_check_is_the_gate_instead_of_the_forty_seconds() -> None:
    scenario = Scenario()
    check = HealthCheck(("CMD-SHELL", "curl -f http://localhost/"), interval_s=5)
    service = scenario.service(scenario.definition(ContainerSpec("web", "nginx:1.27", health_check=check)), 1)
    scenario.settle()
    assert scenario.moments("task.healthy")[0] - scenario.moments("task.running")[0] == 5.0
    assert next(iter(service.primary.tasks.values())).health == "HEALTHY"


def test_scaling_out_during_a_rollout_goes_to_both_revisions() -> None:
    scenario = Scenario()
    service = stable(scenario)
    source = service.primary
    scenario.deploy(service, scenario.definition())
    scenario.seconds(25)
    scenario.world.update_service(service, changed=["desiredCount"], desired=4)
    scenario.seconds(45)
    assert len(source.live()) > 2
    scenario.settle()
    assert service.running_count == 4
    assert service.primary.rollout_state == "COMPLETED"


def test_scaling_in_stops_tasks_from_the_fuller_zone_and_ends_steady() -> None:
    scenario = Scenario()
    service = stable(scenario, 5)
    scenario.world.update_service(service, changed=["desiredCount"], desired=2)
    scenario.settle()
    scenario.seconds(60)
    zones = {task.availability_zone for task in service.primary.tasks.values()}
    assert len(zones) == service.running_count == 2
    assert "Scaling activity initiated by" in (scenario.entries("task.stopped")[-1].data["reason"])
    assert scenario.events(service)[-1].endswith("has reached a steady state.")


def test_scaling_to_zero_and_back() -> None:
    scenario = Scenario()
    service = stable(scenario)
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.settle()
    scenario.seconds(60)
    assert service.running_count == 0
    scenario.world.update_service(service, changed=["desiredCount"], desired=3)
    scenario.seconds(150)
    assert service.running_count == 3


def test_a_forced_deployment_replaces_every_task() -> None:
    scenario = Scenario()
    service = stable(scenario)
    before = set(service.primary.tasks)
    scenario.deploy(service, service.primary.revision.task_definition)
    scenario.settle()
    assert not before & set(service.primary.tasks)
    assert service.running_count == 2


def test_deleting_a_service_drains_it() -> None:
    scenario = Scenario()
    service = stable(scenario)
    scenario.world.delete_service(service)
    assert service.status == "DRAINING"
    scenario.settle()
    assert service.status == "INACTIVE"
    assert not scenario.world.network.interfaces


def test_deleting_a_service_in_mid_rollout_leaves_no_deployment_open() -> None:
    scenario = Scenario()
    service = stable(scenario)
    scenario.deploy(service, scenario.crashing())
    scenario.seconds(90)
    scenario.world.delete_service(service)
    scenario.settle()
    scenario.seconds(3600)
    assert all(account.finished for account in service.accounts)
    assert not scenario.world.network.interfaces


def test_the_steady_state_is_repeated_every_six_hours() -> None:
    scenario = Scenario()
    service = stable(scenario)
    said = len(service.events)
    scenario.seconds(24 * 3600)
    assert len(service.events) == said + 4


def test_a_full_subnet_fails_the_way_fargate_fails_and_the_other_zone_helps() -> None:
    scenario = Scenario()
    scenario.account.foreign["subnet-a"] = frozenset(f"10.0.10.{n}" for n in range(4, 255))
    service = scenario.service(scenario.definition(), 2)
    scenario.settle()
    refused = [entry.data for entry in scenario.entries("task.stopped")]
    assert refused[0]["stop_code"] == "TaskFailedToStart"
    assert refused[0]["reason"] == (
        "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-a': "
        "InsufficientFreeAddressesInSubnet"
    )
    assert refused[0]["ran"] is False
    assert service.running_count == 2
    assert {task.availability_zone for task in service.primary.tasks.values()} == {"us-east-1b"}


def test_all_tasks_of_a_deployment_run_the_digest_that_its_first_task_pulled() -> None:
    scenario = Scenario()
    service = stable(scenario, 3)
    digests = {c.image_digest for task in service.primary.tasks.values() for c in task.containers}
    assert len(digests) == 1
    assert service.primary.digests["web"] in digests


def test_raising_the_desired_count_while_failures_wait_raises_the_threshold() -> None:
    scenario = Scenario()
    service = stable(scenario, 6, breaker=BREAKER)
    scenario.deploy(service, scenario.crashing())
    while not scenario.entries("deployment.failure_counted"):
        scenario.seconds(1)
    scenario.world.update_service(service, changed=["desiredCount"], desired=40)
    scenario.seconds(6)
    assert service.primary.rollout_state == "IN_PROGRESS"  # 6 failures are fewer than half of 40


def test_same_seed_same_history_and_another_seed_another() -> None:
    def history(seed: int) -> str:
        scenario = Scenario(seed)
        service = stable(scenario)
        scenario.deploy(service, scenario.crashing())
        scenario.settle()
        return scenario.journal.to_jsonl()

    assert history(5) == history(5)
    assert history(5) != history(6)
    assert START_MS < 2**53
