"""Deployments that alarms watch: what fails one, what does not, and how long it is watched."""

from __future__ import annotations

from typing import Any

import pytest
from support.worlds import BREAKER, Scenario

from fargate_sim.model.alarms import Alarm, AlarmSpec, Query
from fargate_sim.model.alarms.alarm import ALARM, IGNORE, INSUFFICIENT_DATA, OK
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.deployment_alarms import DeploymentAlarms, bake_ms
from fargate_sim.model.metrics import Metric
from fargate_sim.model.service import Deployment, Service, ServiceDeployment

BACK = DeploymentAlarms(("errors", "latency"), enabled=True, rollback=True)
STAY = DeploymentAlarms(("errors", "latency"), enabled=True)
ERRORS = Metric("Shop", "Errors", ())
NO_BREAKER = CircuitBreaker()


def alarm(scenario: Scenario, name: str = "errors", periods: int = 1) -> Alarm:
    """An alarm that is in the state that a test puts it into."""
    spec = AlarmSpec(name, 1.0, evaluation_periods=periods, metric=ERRORS, treat_missing=IGNORE)
    return scenario.world.alarms.put(spec)


def turn(scenario: Scenario, state: str, name: str = "errors") -> None:
    found = scenario.world.alarms.get(name)
    assert found is not None
    scenario.world.alarms.set_state(found, state, "a test", None)


def stable(alarms: DeploymentAlarms = BACK, seed: int = 1, **options: Any) -> tuple[Scenario, Service]:
    """A service of two tasks that is complete, and an alarm that is OK."""
    scenario = Scenario(seed)
    alarm(scenario)
    turn(scenario, OK)
    service = scenario.service(scenario.definition(), 2, alarms=alarms, **options)
    scenario.settle()
    assert service.primary.rollout_state == "COMPLETED"
    return scenario, service


def release(scenario: Scenario, service: Service) -> tuple[Deployment, ServiceDeployment]:
    """Deploy a revision in which nothing is wrong, as far as ECS can see."""
    scenario.deploy(service, scenario.definition())
    return service.primary, service.primary.account


def until_running(scenario: Scenario, deployment: Deployment) -> None:
    while not deployment.running_count:
        scenario.seconds(1)


def told(scenario: Scenario, service: Service, since: int) -> list[str]:
    return [message.split(") ", 1)[1] for message in scenario.events(service)[since:]]


class TestFailing:
    def test_an_alarm_fails_the_deployment_and_rolls_it_back(self) -> None:
        scenario, service = stable()
        old, events = service.primary, len(service.events)
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        alarmed_ms = scenario.engine.now_ms
        turn(scenario, ALARM)
        scenario.settle()
        failed = scenario.entries("deployment.failed")[-1]
        assert 5 <= (failed.at_ms - alarmed_ms) / 1000 <= 25
        assert (failed.data["by"], failed.data["alarms"], failed.data["count"]) == ("alarm", ["errors"], 0)
        assert scenario.entries("deployment.rolling_back")[-1].data["from"] == bad.deployment_id
        assert (bad.rollout_state, bad.reason) == ("FAILED", "ECS deployment failed: alarm detected.")
        assert (service.primary, old.rollout_state) == (old, "COMPLETED")
        assert (account.status, account.alarms_status) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
        assert account.triggered_alarms == ("errors",)
        said = "Service deployment rolled back because of one or more active alarms."
        assert account.reason == account.rollback_reason == said
        messages = told(scenario, service, events)
        failure = messages.index(f"(deployment {bad.deployment_id}) deployment failed: alarm detected.")
        assert messages[failure + 1] == f"rolling back to deployment {old.deployment_id}."
        assert messages[-1] == "has reached a steady state."
        assert {task.task_definition.label for task in old.live()} == {"web:1"}

    def test_the_alarms_change_is_the_cause_of_the_failure(self) -> None:
        scenario, service = stable()
        bad, _ = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.seconds(30)
        failed = scenario.entries("deployment.failed")[-1]
        change = scenario.journal.entries[failed.cause or 0]
        assert (change.kind, change.data["alarm"], change.data["to"]) == ("alarm.state", "errors", "ALARM")

    def test_while_it_rolls_back_the_service_says_to_what(self) -> None:
        scenario, service = stable()
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        while service.primary is bad:
            scenario.seconds(1)
        primary = service.primary
        assert (
            primary.reason == f"ECS deployment alarm: rolling back to deploymentId {primary.deployment_id}."
        )
        assert (account.status, primary.rollout_state) == ("ROLLBACK_IN_PROGRESS", "IN_PROGRESS")

    def test_without_rollback_it_stays_failed(self) -> None:
        scenario, service = stable(STAY)
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.seconds(600)
        assert (service.primary, bad.rollout_state) == (bad, "FAILED")
        assert (account.status, account.alarms_status) == ("STOPPED", "TRIGGERED")
        assert service.running_count == 2
        started = len(scenario.entries("task.provisioning"))
        scenario.seconds(3600)
        assert len(scenario.entries("task.provisioning")) == started
        good, account = release(scenario, service)  # the way out, in ALARM and so unwatched
        scenario.settle()
        assert (good.rollout_state, account.alarms_status) == ("COMPLETED", "DISABLED")

    def test_the_first_deployment_of_a_service_has_nothing_to_go_back_to(self) -> None:
        scenario = Scenario()
        alarm(scenario)
        service = scenario.service(scenario.definition(), 2, alarms=BACK)
        until_running(scenario, service.primary)
        turn(scenario, ALARM)
        scenario.settle()
        assert (service.primary.rollout_state, service.primary.stalled) == ("FAILED", True)
        assert service.primary.account.status == "ROLLBACK_FAILED"

    def test_one_of_several_alarms_suffices_and_all_that_are_in_alarm_are_named(self) -> None:
        scenario, service = stable()
        alarm(scenario, "latency")
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM, "latency")
        turn(scenario, ALARM)
        scenario.seconds(30)
        assert account.triggered_alarms == ("errors", "latency")


class TestNotFailing:
    def test_an_alarm_that_is_in_alarm_when_it_begins_switches_the_watch_off(self) -> None:
        scenario, service = stable()
        turn(scenario, ALARM)
        fix, account = release(scenario, service)
        [ignored] = scenario.entries("deployment.alarms_ignored")
        assert ignored.data["alarms"] == ["errors"]
        assert ignored.data["deployment"] == fix.deployment_id
        assert (account.alarms_status, account.alarm_names) == ("DISABLED", ("errors", "latency"))
        until_running(scenario, fix)
        turn(scenario, OK)
        turn(scenario, ALARM)  # not even now
        scenario.settle()
        assert (fix.rollout_state, account.status) == ("COMPLETED", "SUCCESSFUL")

    @pytest.mark.parametrize("state", [OK, INSUFFICIENT_DATA])
    def test_other_states_mean_nothing(self, state: str) -> None:
        scenario, service = stable()
        fix, account = release(scenario, service)
        until_running(scenario, fix)
        turn(scenario, state)
        scenario.settle()
        assert (fix.rollout_state, account.alarms_status) == ("COMPLETED", "MONITORING_COMPLETE")

    def test_an_alarm_is_looked_at_only_when_the_first_task_runs(self) -> None:
        scenario, service = stable()
        bad, _ = release(scenario, service)
        turn(scenario, ALARM)
        until_running(scenario, bad)
        ran_ms = scenario.engine.now_ms
        assert bad.rollout_state == "IN_PROGRESS"
        scenario.seconds(30)
        assert bad.rollout_state == "FAILED"
        assert scenario.entries("deployment.failed")[-1].at_ms > ran_ms

    def test_one_that_is_over_before_ecs_has_looked_was_not_seen(self) -> None:
        scenario, service = stable()
        bad, _ = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.seconds(1)
        turn(scenario, OK)
        scenario.settle()
        assert bad.rollout_state == "COMPLETED"

    def test_after_completion_nothing_is_watched(self) -> None:
        scenario, service = stable()
        fix, _ = release(scenario, service)
        scenario.settle()
        events = len(service.events)
        turn(scenario, ALARM)
        scenario.seconds(300)
        assert (fix.rollout_state, len(service.events)) == ("COMPLETED", events)

    def test_switched_off_in_the_midst_it_goes_through(self) -> None:
        scenario, service = stable()
        fix, account = release(scenario, service)
        until_running(scenario, fix)
        turn(scenario, ALARM)
        off = DeploymentAlarms(("errors",))
        scenario.world.update_service(service, changed=["deploymentConfiguration"], alarms=off)
        scenario.settle()
        assert (fix.rollout_state, account.alarms_status) == ("COMPLETED", "DISABLED")

    def test_switched_on_in_the_midst_they_watch_the_next_deployment(self) -> None:
        scenario, service = stable(DeploymentAlarms())
        first, account = release(scenario, service)
        until_running(scenario, first)
        scenario.world.update_service(service, changed=["deploymentConfiguration"], alarms=BACK)
        turn(scenario, ALARM)
        scenario.settle()
        assert (first.rollout_state, account.alarms_status) == ("COMPLETED", "DISABLED")
        turn(scenario, OK)
        second, account = release(scenario, service)
        until_running(scenario, second)
        turn(scenario, ALARM)
        scenario.settle()
        assert account.status == "ROLLBACK_SUCCESSFUL"

    def test_a_deployment_that_was_replaced_is_not_failed_any_more(self) -> None:
        scenario, service = stable()
        first, account = release(scenario, service)
        until_running(scenario, first)
        turn(scenario, ALARM)
        second, _ = release(scenario, service)  # in ALARM by now, so nothing is watched
        scenario.settle()
        assert (account.status, account.alarms_status) == ("STOPPED", "MONITORING_COMPLETE")
        assert (service.primary, second.rollout_state) == (second, "COMPLETED")
        assert not scenario.entries("deployment.failed")

    def test_a_rollback_is_not_judged_by_alarms(self) -> None:
        scenario, service = stable()
        scenario.deploy(service, scenario.crashing())
        while not scenario.entries("deployment.rolling_back"):
            scenario.seconds(1)
        assert scenario.entries("deployment.failed")[-1].data["by"] == "breaker"
        turn(scenario, ALARM)
        scenario.settle()
        assert service.primary.account.status == "SUCCESSFUL"
        assert len(scenario.entries("deployment.failed")) == 1

    def test_a_deleted_service_is_left_alone(self) -> None:
        scenario, service = stable()
        bad, _ = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.world.delete_service(service)
        scenario.settle()
        assert service.status == "INACTIVE"
        assert not scenario.entries("deployment.failed")


class TestNames:
    def test_an_alarm_that_does_not_exist_is_no_error_and_watches_once_it_does(self) -> None:
        scenario = Scenario()
        service = scenario.service(scenario.definition(), 2, alarms=BACK)
        scenario.settle()
        bad, account = release(scenario, service)
        assert account.alarms_status == "MONITORING"
        until_running(scenario, bad)
        alarm(scenario)
        turn(scenario, ALARM)
        scenario.settle()
        assert account.status == "ROLLBACK_SUCCESSFUL"

    def test_a_deleted_alarm_fails_nothing(self) -> None:
        scenario, service = stable()
        bad, _ = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.world.alarms.delete("errors")
        scenario.settle()
        assert bad.rollout_state == "COMPLETED"

    def test_other_names_hold_at_once(self) -> None:
        scenario, service = stable()
        alarm(scenario, "depth")
        turn(scenario, ALARM, "depth")
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        named = DeploymentAlarms(("depth",), enabled=True, rollback=True)
        scenario.world.update_service(service, changed=["deploymentConfiguration"], alarms=named)
        scenario.settle()
        assert (account.alarm_names, account.triggered_alarms) == (("depth",), ("depth",))


class TestTogetherWithTheBreaker:
    @pytest.mark.parametrize(
        ("breaker", "alarms", "back"),
        [
            (CircuitBreaker(enabled=True, rollback=True), STAY, False),
            (CircuitBreaker(enabled=True), BACK, True),
        ],
    )
    def test_an_alarm_that_is_first_decides(
        self, breaker: CircuitBreaker, alarms: DeploymentAlarms, back: bool
    ) -> None:
        scenario, service = stable(alarms, breaker=breaker)
        old = service.primary
        bad, account = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.settle()
        assert (service.primary is old) is back
        assert account.alarms_status == "TRIGGERED"
        assert account.breaker_status != "TRIGGERED"

    def test_a_breaker_that_is_first_decides(self) -> None:
        scenario, service = stable(BACK, breaker=CircuitBreaker(enabled=True))
        scenario.deploy(service, scenario.crashing())
        bad, account = service.primary, service.primary.account
        while bad.rollout_state == "IN_PROGRESS":
            scenario.seconds(1)
        turn(scenario, ALARM)
        scenario.seconds(120)
        assert (service.primary, bad.rollout_state) == (bad, "FAILED")
        assert (account.breaker_status, account.alarms_status) == ("TRIGGERED", "MONITORING_COMPLETE")
        assert len(scenario.entries("deployment.failed")) == 1

    def test_the_breaker_alone_works_as_ever(self) -> None:
        scenario, service = stable(BACK, breaker=BREAKER)
        scenario.deploy(service, scenario.crashing())
        account = service.primary.account
        scenario.settle()
        assert account.status == "ROLLBACK_SUCCESSFUL"
        assert account.reason.startswith("Service deployment rolled back because the circuit breaker")  # type: ignore[union-attr]


class TestBaking:
    def test_the_time_follows_from_the_alarm_that_looks_back_longest(self) -> None:
        scenario = Scenario()
        short = alarm(scenario, "short")
        long = alarm(scenario, "long", periods=3)
        math = AlarmSpec("math", 1.0, evaluation_periods=2, queries=(Query("m1", ERRORS, period_s=300),))
        assert bake_ms(None, [], 90_000) == 0
        assert bake_ms(None, [short], 90_000) == 150_000
        assert bake_ms(0, [short, long], 90_000) == 270_000
        assert bake_ms(None, [scenario.world.alarms.put(math)], 90_000) == 690_000
        assert bake_ms(10, [short], 90_000) == 600_000

    def test_the_deployment_stays_in_progress_and_the_old_one_listed_until_it_is_over(self) -> None:
        scenario, service = stable()
        fix, _ = release(scenario, service)
        while not (baking := scenario.entries("deployment.baking")[1:]):  # the first was that of the creation
            scenario.seconds(1)
        assert baking[0].data["alarms"] == ["errors"]
        assert baking[0].data["until"] == baking[0].at_ms + 150_000
        scenario.seconds(140)
        assert (fix.rollout_state, fix.healthy_count, len(service.deployments)) == ("IN_PROGRESS", 2, 2)
        assert not service.steady
        scenario.settle()
        assert (fix.rollout_state, len(service.deployments)) == ("COMPLETED", 1)
        completed = scenario.entries("deployment.completed")[-1]
        assert completed.at_ms == baking[0].data["until"]

    def test_an_alarm_while_it_bakes_rolls_back_all_of_it(self) -> None:
        scenario, service = stable()
        old = service.primary
        release(scenario, service)
        while len(scenario.entries("deployment.baking")) < 2:
            scenario.seconds(1)
        scenario.seconds(60)
        turn(scenario, ALARM)
        scenario.settle()
        assert (service.primary, service.running_count) == (old, 2)
        assert {task.task_definition.label for task in old.live()} == {"web:1"}

    def test_an_alarm_at_its_very_end_is_still_looked_at(self) -> None:
        scenario, service = stable()
        bad, account = release(scenario, service)
        while len(scenario.entries("deployment.baking")) < 2:
            scenario.seconds(1)
        until_ms = scenario.entries("deployment.baking")[-1].data["until"]
        scenario.engine.run_until(until_ms - 1000)
        turn(scenario, ALARM)
        scenario.settle()
        assert (bad.rollout_state, account.status) == ("FAILED", "ROLLBACK_SUCCESSFUL")

    def test_a_time_of_its_own_is_waited_for_with_and_without_alarms(self) -> None:
        for alarms in (BACK, DeploymentAlarms()):
            scenario, service = stable(alarms, bake_minutes=7)
            entry = scenario.entries("deployment.baking")[-1]
            assert entry.data["until"] - entry.at_ms == 7 * 60_000
            assert service.primary.rollout_state == "COMPLETED"

    def test_without_alarms_nothing_bakes(self) -> None:
        scenario, _ = stable(DeploymentAlarms())
        assert not scenario.entries("deployment.baking")

    def test_nobody_polls(self) -> None:
        scenario, service = stable()
        release(scenario, service)
        while len(scenario.entries("deployment.baking")) < 2:
            scenario.seconds(1)
        before = scenario.engine.happened
        scenario.seconds(120)
        assert scenario.engine.happened - before <= 4  # two evaluations of the alarm, a pass or two


def test_same_seed_same_history() -> None:
    def history(seed: int) -> str:
        scenario, service = stable(seed=seed)
        bad, _ = release(scenario, service)
        until_running(scenario, bad)
        turn(scenario, ALARM)
        scenario.settle()
        return scenario.journal.to_jsonl()

    assert history(3) == history(3)
    assert history(3) != history(4)


def test_a_service_without_breaker_is_rolled_back_by_its_alarm() -> None:
    scenario, service = stable(breaker=NO_BREAKER)
    old = service.primary
    bad, account = release(scenario, service)
    until_running(scenario, bad)
    turn(scenario, ALARM)
    scenario.settle()
    assert (service.primary, account.status, account.breaker_status) == (
        old,
        "ROLLBACK_SUCCESSFUL",
        "DISABLED",
    )
