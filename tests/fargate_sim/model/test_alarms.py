"""Alarms in a world: when they are evaluated, what they see, whom they tell."""

from __future__ import annotations

import json

from fargate_sim.model.alarms import Alarm, AlarmSpec, Query
from fargate_sim.model.metrics import Metric, Point
from tests.support.worlds import START_MS, Account, Scenario

MINUTE = 60_000
CPU = Metric("AWS/ECS", "CPUUtilization", (("ClusterName", "lab"), ("ServiceName", "web")))
DEPTH = Metric("Shop", "Depth", ())
POLICY = (
    "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/ecs/service/lab/web:policyName/p"
)
TOPIC = "arn:aws:sns:us-east-1:123456789012:pager"


def put(account: Account, minute: int, value: float) -> None:
    """A value of the account's own metric, in a minute since the start."""
    at_ms = START_MS + minute * MINUTE
    account.stored.setdefault(DEPTH, []).append(Point(at_ms, 1, value, value, value, "None"))


def minutes(scenario: Scenario, count: float) -> None:
    scenario.engine.run_until(scenario.engine.now_ms + int(count * MINUTE))


class TestEvaluation:
    def test_a_world_without_alarms_evaluates_nothing(self) -> None:
        scenario = Scenario()
        scenario.world.alarms.put(AlarmSpec("a", 1.0, metric=DEPTH))
        assert scenario.engine.next_at() is not None
        scenario.world.alarms.delete("a")
        assert scenario.engine.next_at() is None

    def test_it_is_evaluated_when_the_points_of_a_minute_are_published(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        put(account, 2, 9.0)
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH))
        minutes(scenario, 4.49)  # minute 2 ends at 3:00 and is published 90 s later
        assert alarm.state == "INSUFFICIENT_DATA"
        minutes(scenario, 0.02)
        assert (alarm.state, alarm.transitioned_ms) == ("ALARM", START_MS + 4 * MINUTE + 30_000)
        entry = scenario.entries("alarm.state")[-1]
        assert (entry.data["from"], entry.data["to"], entry.data["value"]) == (
            "INSUFFICIENT_DATA",
            "ALARM",
            9.0,
        )

    def test_missing_data_leads_back_to_insufficient_data(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        for minute in range(4):
            put(account, minute, 1.0)
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, evaluation_periods=2))
        minutes(scenario, 5.6)
        assert alarm.state == "OK"
        minutes(scenario, 4)
        assert alarm.state == "INSUFFICIENT_DATA"
        assert [change.after for change in scenario.world.alarms.changes("a")] == ["OK", "INSUFFICIENT_DATA"]

    def test_a_metric_of_ecs(self) -> None:
        scenario = Scenario()
        scenario.service(scenario.definition())
        low = scenario.world.alarms.put(AlarmSpec("low", 20.0, "LessThanThreshold", 3, metric=CPU))
        minutes(scenario, 10)
        assert low.state == "ALARM"
        assert len(low.readings) == 5

    def test_longer_periods_slide_by_the_minute(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        put(account, 3, 10.0)
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, period_s=300, statistic="Sum"))
        minutes(scenario, 5.6)
        assert alarm.readings[-1] == (START_MS - MINUTE, 10.0)
        assert alarm.state == "ALARM"

    def test_metric_math(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        scenario.service(scenario.definition())
        for minute in range(10):
            put(account, minute, 30.0)
        running = Metric(
            "ECS/ContainerInsights", "RunningTaskCount", (("ClusterName", "lab"), ("ServiceName", "web"))
        )
        queries = (
            Query("m1", DEPTH, returns=False),
            Query("m2", running, returns=False),
            Query("e1", expression="m1 / m2"),
        )
        alarm = scenario.world.alarms.put(AlarmSpec("a", 14.0, queries=queries))
        minutes(scenario, 9)
        assert alarm.readings[-1][1] == 15.0
        assert alarm.state == "ALARM"

    def test_the_same_with_and_without_readers(self) -> None:
        def journal(*, reads: bool) -> str:
            scenario = Scenario()
            scenario.service(scenario.definition())
            scenario.world.alarms.put(AlarmSpec("low", 20.0, "LessThanThreshold", 3, metric=CPU))
            for _ in range(20):
                minutes(scenario, 0.7)
                if reads:
                    scenario.world.metrics.points(
                        "AWS/ECS", "CPUUtilization", dict(CPU.dimensions), 0, scenario.engine.now_ms
                    )
            return scenario.journal.to_jsonl()

        assert journal(reads=True) == journal(reads=False)


class TestActions:
    def told(self, scenario: Scenario) -> list[tuple[int, str]]:
        told: list[tuple[int, str]] = []

        def tell(_policy: str, alarm: Alarm) -> bool:
            told.append(((scenario.engine.now_ms - START_MS) // MINUTE, alarm.state))
            return True

        scenario.world.alarms.scaling_action = tell
        return told

    def test_a_scaling_policy_is_told_again_every_minute(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        told = self.told(scenario)
        for minute in range(3):
            put(account, minute, 9.0)
        put(account, 3, 1.0)
        scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, alarm_actions=(POLICY,)))
        minutes(scenario, 8)
        assert told == [(2, "ALARM"), (3, "ALARM"), (4, "ALARM")]

    def test_a_policy_that_is_gone_is_a_failed_action(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        put(account, 0, 9.0)
        scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, alarm_actions=(POLICY,)))
        minutes(scenario, 3)
        assert scenario.world.alarms.history[-1].summary == f"Failed to execute action {POLICY}"

    def test_expressions_that_need_one_another_are_worked_out_once(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        put(account, 0, 1.0)
        chain = [
            Query(f"e{number}", expression=f"e{number + 1} + e{number + 1}", returns=number == 0)
            for number in range(40)
        ]
        queries = (*chain, Query("e40", DEPTH, returns=False))
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, queries=queries))
        minutes(scenario, 3)
        assert alarm.readings[-1][1] == 2.0**40

    def test_a_topic_is_told_of_changes(self) -> None:
        account = Account(topics={TOPIC})
        scenario = Scenario(account=account)
        for minute in range(5):
            put(account, minute, 9.0)
        scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, alarm_actions=(TOPIC,)))
        minutes(scenario, 6)
        [(topic, subject, message)] = account.published
        assert (topic, subject) == (TOPIC, 'ALARM: "a"')
        content = json.loads(message)
        assert (content["OldStateValue"], content["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
        assert scenario.world.alarms.history[-1].summary == f"Successfully executed action {TOPIC}"

    def test_disabled_actions(self) -> None:
        account = Account(topics={TOPIC})
        scenario = Scenario(account=account)
        told = self.told(scenario)
        put(account, 0, 9.0)
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, alarm_actions=(POLICY, TOPIC)))
        scenario.world.alarms.enable_actions(["a", "no such"], enabled=False)
        minutes(scenario, 3)
        assert alarm.state == "ALARM"
        assert not told
        assert not account.published

    def test_a_state_set_by_hand_lasts_until_the_next_evaluation(self) -> None:
        account = Account()
        scenario = Scenario(account=account)
        told = self.told(scenario)
        for minute in range(5):
            put(account, minute, 1.0)
        alarm = scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH, alarm_actions=(POLICY,)))
        minutes(scenario, 3)
        scenario.world.alarms.set_state(alarm, "ALARM", "a drill", None)
        assert told == [(3, "ALARM")]
        minutes(scenario, 1)
        assert alarm.state == "OK"


def test_another_configuration_keeps_the_state() -> None:
    account = Account()
    scenario = Scenario(account=account)
    put(account, 0, 9.0)
    scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH))
    minutes(scenario, 3)
    alarm = scenario.world.alarms.put(AlarmSpec("a", 50.0, metric=DEPTH, treat_missing="ignore"))
    assert alarm.state == "ALARM"
    minutes(scenario, 1)
    assert alarm.state == "OK"


def test_the_history_outlives_the_alarm() -> None:
    scenario = Scenario()
    scenario.world.alarms.put(AlarmSpec("a", 5.0, metric=DEPTH))
    scenario.world.alarms.delete("a")
    assert [item.summary for item in scenario.world.alarms.history] == [
        'Alarm "a" created',
        'Alarm "a" deleted',
    ]
