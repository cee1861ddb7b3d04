"""Target tracking, rule by rule of its sources."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.scaling import QUEUE, Scaled

from fargate_sim.model.alarms.alarm import INSUFFICIENT_DATA
from fargate_sim.model.scaling.claims import Capacity
from fargate_sim.model.scaling.decisions import Claim
from fargate_sim.model.scaling.judge import Judge
from fargate_sim.model.scaling.policy import MEMORY, REQUESTS


def test_alarm_high_is_three_of_three_points_above_the_target() -> None:
    world = Scaled()
    policy = world.track(60)
    high = world.alarms.get(policy.alarms[0])
    assert high is not None
    spec = high.spec
    assert spec.name.startswith("TargetTracking-service/lab/web-AlarmHigh-")
    assert (spec.threshold, spec.comparison, spec.evaluation_periods, spec.needed, spec.period_s) == (
        60,
        "GreaterThanThreshold",
        3,
        3,
        60,
    )


def test_alarm_low_is_fifteen_of_fifteen_points_below_ninety_percent_of_the_target() -> None:
    world = Scaled()
    policy = world.track(30)
    low = world.alarms.get(policy.alarms[1])
    assert low is not None
    spec = low.spec
    assert spec.name.startswith("TargetTracking-service/lab/web-AlarmLow-")
    assert (spec.threshold, spec.comparison, spec.evaluation_periods, spec.needed) == (
        27,
        "LessThanThreshold",
        15,
        15,
    )


def test_alarms_call_the_policy_and_say_whose_they_are() -> None:
    world = Scaled()
    policy = world.track(60)
    for name in policy.alarms:
        alarm = world.alarms.get(name)
        assert alarm is not None
        (action,) = alarm.spec.alarm_actions
        assert action.startswith(policy.arn + ":createdBy/")
        assert alarm.spec.description == f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}."
        assert world.world.scaling.policy_of(action) == (world.target, policy)


@pytest.mark.parametrize(
    ("kind", "metric", "statistic"),
    [
        (MEMORY, ("AWS/ECS", "MemoryUtilization"), "Average"),
        (REQUESTS, ("AWS/ApplicationELB", "RequestCountPerTarget"), "Sum"),
    ],
)
def test_predefined_metrics(kind: str, metric: tuple[str, str], statistic: str) -> None:
    world = Scaled()
    policy = world.track(60, kind=kind)
    alarm = world.alarms.get(policy.alarms[0])
    assert alarm is not None
    assert alarm.spec.metric is not None
    assert alarm.spec.metric[:2] == metric
    assert alarm.spec.statistic == statistic


def test_two_points_above_the_target_do_not_scale_out_and_three_do() -> None:
    world = Scaled()
    world.track(60)
    first = world.minute + 1
    world.follow(lambda minute: 90 if minute in (first, first + 1) else 58)
    world.minutes(8)
    assert world.moves() == []
    world.from_now(90, before=58)
    took = world.until_scaled()
    assert world.moves() == [(4, 6)]
    assert 4.5 <= took <= 6.0  # three minutes of load, ninety seconds to publish, a few to act


def test_scaling_out_is_proportional_and_rounded_up() -> None:
    world = Scaled()
    world.track(60)
    world.from_now(61)
    world.until_scaled()
    assert world.moves() == [(4, 5)]


def test_scale_in_takes_fifteen_points_below_ninety_percent() -> None:
    world = Scaled(8)
    world.track(60)
    world.from_now(55, before=58)
    world.minutes(30)
    assert world.moves() == []  # between 54 and 60 nothing happens
    world.from_now(30, before=58)
    took = world.until_scaled()
    assert 16.5 <= took <= 18.0
    assert world.moves() == [(8, 4)]


def test_a_little_below_the_line_is_not_enough_for_one_task_less() -> None:
    world = Scaled(4)
    world.track(60)
    world.follow(53)
    world.minutes(20)
    assert world.moves() == []
    assert world.reasons() == [("cpu", "already")]
    assert world.activities()[0].not_scaled == {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": 4}


def test_the_running_tasks_are_reckoned_with_and_not_the_desired_ones() -> None:
    world = Scaled(4)
    world.track(60, out_s=0)
    world.seconds(25)
    world.set_by_hand(6)  # its two new tasks are not there yet when the decision falls
    world.follow(90)
    world.seconds(20)
    claims = [decision.verdict.claim for decision in world.decisions()]
    assert [claim.wanted for claim in claims] == [6]
    assert world.reasons() == [("cpu", "already")]


def test_scale_out_cooldown_counts_what_was_added() -> None:
    world = Scaled(4)
    world.track(60)
    world.from_now(90)
    world.until_scaled()
    world.minutes(4)
    assert world.moves() == [(4, 6)]
    assert world.reasons()[0] == ("cpu", "cooldown")


def test_within_the_scale_out_cooldown_only_a_larger_step_goes_through() -> None:
    world = Scaled(4)
    world.track(60)
    world.from_now(90)
    world.until_scaled()
    world.follow(150)
    world.minutes(2)
    assert world.moves() == [(4, 6), (6, 10)]


def test_after_the_scale_out_cooldown_it_scales_out_again() -> None:
    world = Scaled(4)
    world.track(60, out_s=60)
    world.from_now(90)
    world.until_scaled()
    world.minutes(4)
    assert world.moves()[:2] == [(4, 6), (6, 9)]


def test_scale_in_cooldown_blocks_the_next_scale_in() -> None:
    world = Scaled(16)
    world.track(60, in_s=600)
    world.follow(30)
    world.until_scaled()
    assert world.moves() == [(16, 8)]
    world.minutes(9)
    assert world.moves() == [(16, 8)]
    assert world.reasons()[0] == ("cpu", "cooldown")
    world.minutes(4)
    assert world.moves() == [(16, 8), (8, 4)]


def test_a_scale_out_ends_the_scale_in_cooldown() -> None:
    world = Scaled(16)
    world.track(60, in_s=3600, out_s=0)
    world.follow(30)
    world.until_scaled()
    world.follow(90)
    world.until_scaled()
    assert world.moves() == [(16, 8), (8, 12)]
    world.follow(30)
    world.until_scaled()
    assert world.moves()[-1] == (12, 6)


def test_without_data_nothing_is_scaled() -> None:
    world = Scaled(8)
    policy = world.track(60)
    world.follow(None)
    world.minutes(40)
    states = {alarm.state for name in policy.alarms if (alarm := world.alarms.get(name))}
    assert states == {INSUFFICIENT_DATA}
    assert world.moves() == []
    assert world.decisions() == []


def test_out_if_any_policy_says_out_and_the_largest_counts() -> None:
    world = Scaled(4)
    world.track(60)
    world.track(100, name="requests", kind=REQUESTS)
    world.from_now(90)
    world.from_now(200, "RequestCountPerTarget")
    world.until_scaled()
    assert world.moves() == [(4, 8)]
    assert ("cpu", "another_policy") in world.reasons()


def test_in_only_if_all_policies_agree() -> None:
    world = Scaled(8)
    world.track(60)
    world.track(100, name="requests", kind=REQUESTS)
    world.follow(30)
    world.follow(95, "RequestCountPerTarget")
    world.minutes(25)
    assert world.moves() == []
    assert world.reasons() == [("cpu", "another_policy")]
    world.follow(20, "RequestCountPerTarget")
    world.until_scaled()
    assert world.moves() == [(8, 4)]  # cpu wants 4, requests 2: the largest


def test_a_policy_without_data_holds_the_others_back_from_scaling_in() -> None:
    world = Scaled(8)
    world.track(60)
    world.track(100, name="requests", kind=REQUESTS)
    world.follow(30)
    world.follow(None, "RequestCountPerTarget")
    world.minutes(25)
    assert world.moves() == []


def test_a_policy_with_scale_in_disabled_has_no_alarm_low_and_no_say() -> None:
    world = Scaled(8)
    world.track(60)
    quiet = world.track(100, name="requests", kind=REQUESTS, disable_scale_in=True)
    assert len(quiet.alarms) == 1
    world.follow(30)
    world.follow(40, "RequestCountPerTarget")
    world.until_scaled()
    assert world.moves() == [(8, 4)]


def test_disable_scale_in_never_scales_in() -> None:
    world = Scaled(8)
    world.track(60, disable_scale_in=True)
    world.follow(5)
    world.minutes(40)
    assert world.moves() == []


def test_an_alarm_of_ones_own_cannot_make_it_scale_in_either() -> None:
    world = Scaled(8)
    policy = world.track(60, disable_scale_in=True)
    high = world.alarms.get(policy.alarms[0])
    assert high is not None
    low = replace(high.spec, name="mine", comparison="LessThanThreshold", evaluation_periods=1)
    world.alarms.put(low)
    world.follow(5)
    world.minutes(4)
    assert world.moves() == []
    assert world.reasons() == [("cpu", "scale_in_disabled")]


def test_a_claim_on_a_service_that_is_not_active_is_held() -> None:
    world = Scaled(8)
    world.track(60)
    claim = Claim("cpu", "alarm", "out", "cpu", (), 60, "GreaterThanThreshold", 60, 9, 8, "why")
    judge = Judge(world.target, Capacity(0, 0, 0, active=False), ready=frozenset(), peaks={})
    (verdict,) = judge.decide([claim])
    assert (verdict.outcome, verdict.reason) == ("held", "not_active")


def test_scale_in_is_off_during_a_deployment_and_scale_out_is_on() -> None:
    world = Scaled(8)
    world.track(60, out_s=0)
    world.follow(30)
    world.deploy(world.web, world.definition(image="public.ecr.aws/nginx/nginx:does-not-exist"))
    world.minutes(30)
    assert world.web.in_rollout
    assert world.moves() == []
    assert world.reasons()[0] == ("cpu", "deployment")
    assert world.activities()[0].not_scaled == {
        "Code": "TargetServicePutResourceAsUnscalable",
        "CurrentCapacity": 8,
    }
    world.follow(90)
    world.until_scaled()
    assert world.web.in_rollout
    assert world.moves() == [(8, 12)]


def test_flapping_is_anticipated() -> None:
    """The other policy's metric would be above its target with fewer tasks."""
    world = Scaled(8)
    world.track(60)
    world.track(100, name="requests", kind=REQUESTS, disable_scale_in=True)
    world.follow(30)
    world.follow(97, "RequestCountPerTarget")
    world.minutes(25)
    assert world.moves() == []
    assert world.reasons()[0] == ("cpu", "flapping")
    assert world.activities()[0].not_scaled["Code"] == "AutoScalingAnticipatedFlapping"


def test_a_scale_in_that_would_flap_is_made_smaller() -> None:
    world = Scaled(8)
    world.track(60)
    world.track(100, name="requests", kind=REQUESTS, disable_scale_in=True)
    world.follow(30)
    world.follow(70, "RequestCountPerTarget")
    world.until_scaled()
    assert world.moves() == [(8, 6)]


def test_minimum_and_maximum() -> None:
    world = Scaled(4, minimum=3, maximum=5)
    world.track(60, out_s=0, in_s=0)
    world.follow(200)
    world.minutes(10)
    assert world.moves() == [(4, 5)]
    assert world.activities()[0].not_scaled == {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 5}
    world.follow(5)
    world.minutes(25)
    assert world.moves() == [(4, 5), (5, 3)]
    assert world.activities()[0].not_scaled == {"Code": "AlreadyAtMinCapacity", "MinCapacity": 3}


def test_from_capacity_zero_it_scales_out_by_one() -> None:
    world = Scaled(0, minimum=0)
    world.track_queue(10)
    world.follow(500, QUEUE.name)
    world.until_scaled()
    assert world.moves() == [(0, 1)]
    world.minutes(12)
    assert world.moves()[1] == (1, 20)


def test_a_count_below_the_minimum_is_lifted_to_it_first() -> None:
    world = Scaled(6, minimum=5)
    world.track(60, out_s=0)
    world.set_by_hand(2)
    world.minutes(2)
    assert world.web.desired == 2  # nothing moves it without an alarm
    world.from_now(200)
    world.until_scaled()
    assert world.moves() == [(2, 5)]


def test_a_count_above_the_maximum_is_lowered_to_it_first() -> None:
    world = Scaled(6, maximum=8)
    world.track(60, in_s=60)
    world.set_by_hand(16)
    world.follow(10)
    world.until_scaled()
    assert world.moves() == [(16, 8)]
    world.until_scaled()
    assert world.moves()[1] == (8, 2)


def test_above_the_maximum_a_scale_out_changes_nothing() -> None:
    world = Scaled(6, maximum=8)
    world.track(60)
    world.set_by_hand(10)
    world.follow(90)
    world.minutes(10)
    assert world.moves() == []
    assert world.reasons()[0] == ("cpu", "at_max")


def test_a_changed_policy_gets_new_alarms_and_keeps_its_arn() -> None:
    world = Scaled()
    policy = world.track(60)
    arn, alarms = policy.arn, list(policy.alarms)
    changed = world.track(50)
    assert changed.arn == arn
    assert set(changed.alarms).isdisjoint(alarms)
    assert {alarm.spec.name for alarm in world.alarms.all()} == set(changed.alarms)


def test_alarms_go_with_the_policy_and_with_the_target() -> None:
    world = Scaled()
    world.world.scaling.delete_policy(world.target, world.track(60))
    assert world.alarms.all() == []
    world.track(60)
    world.world.scaling.deregister(world.target)
    assert world.alarms.all() == []
    assert world.world.scaling.targets == {}


def test_a_deleted_service_takes_its_target_along() -> None:
    world = Scaled()
    world.track(60)
    world.follow(90)
    world.seconds(35)
    world.world.delete_service(world.web)
    world.minutes(20)
    assert world.world.scaling.targets == {}
    assert world.alarms.all() == []
    assert world.moves() == []
