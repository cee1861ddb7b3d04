"""Scalable targets: bounds, suspension, scheduled actions, activities, and what is written down."""

from __future__ import annotations

import json

from support.scaling import Scaled
from support.worlds import START_MS

from fargate_sim.model.schedule_expression import parse


def test_registering_moves_the_capacity_up_to_the_minimum_at_once() -> None:
    world = Scaled(2, minimum=3)
    assert world.web.desired == 3
    activity = world.activities()[0]
    assert activity.description == "Setting desired count to 3."
    assert activity.cause == "minimum capacity was set to 3"
    assert activity.status == "InProgress"
    assert activity.message == (
        "Successfully set desired count to 3. Waiting for change to be fulfilled by ecs."
    )


def test_an_update_moves_the_capacity_down_to_the_maximum_at_once() -> None:
    world = Scaled(6)
    world.bounds(maximum=4)
    assert world.web.desired == 4
    assert world.activities()[0].cause == "maximum capacity was set to 4"
    assert world.target.minimum == 1


def test_an_activity_ends_when_the_service_has_got_there() -> None:
    world = Scaled(4)
    world.track(60)
    world.follow(90)
    world.until_scaled()
    world.follow(58)
    activity = world.activities()[0]
    assert activity.cause.startswith("monitor alarm TargetTracking-service/lab/web-AlarmHigh-")
    assert activity.cause.endswith(" in state ALARM triggered policy cpu")
    assert (activity.status, activity.end_ms) == ("InProgress", None)
    world.minutes(2)
    assert activity.status == "Successful"
    assert activity.message == ("Successfully set desired count to 6. Change successfully fulfilled by ecs.")
    assert activity.end_ms is not None
    assert 20_000 < activity.end_ms - activity.at_ms < 90_000


def test_an_activity_is_overridden_by_a_newer_count() -> None:
    world = Scaled(4)
    world.bounds(minimum=8)
    activity = world.activities()[0]
    world.set_by_hand(9)
    assert activity.status == "Overridden"


def test_an_activity_that_the_service_does_not_fulfil_times_out() -> None:
    world = Scaled(4)
    world.deploy(world.web, world.definition(image="public.ecr.aws/nginx/nginx:does-not-exist"))
    world.minutes(2)
    world.web.deployments[1].ever_completed = False  # so that only the broken revision would get the tasks
    world.bounds(minimum=8)
    activity = world.activities()[0]
    world.minutes(12)
    assert activity.status == "Unfulfilled"
    assert activity.end_ms == activity.at_ms + 600_000


def test_equal_reasons_in_a_row_are_told_once() -> None:
    world = Scaled(4, maximum=4)
    world.track(60)
    world.follow(90)
    world.minutes(30)
    assert len(world.activities()) == 1
    (decision,) = world.decisions()
    assert decision.times > 20
    assert decision.last_ms > decision.at_ms
    assert len(world.entries("scaling.held")) == 1


def test_suspended_scaling_out_and_in() -> None:
    world = Scaled(8)
    world.track(60, in_s=0)
    world.suspend(scale_out=True, scale_in=True)
    world.follow(90)
    world.minutes(10)
    assert world.reasons() == [("cpu", "suspended")]
    world.suspend(scale_in=True)
    world.until_scaled(2)  # on resuming, a policy in breach is looked at again
    assert world.moves() == [(8, 12)]
    world.follow(20)
    world.minutes(20)
    assert world.moves() == [(8, 12)]
    world.suspend()
    world.until_scaled(2)
    assert world.moves()[1] == (12, 4)


def schedule(world: Scaled, name: str, expression: str, **more: int) -> None:
    now_ms = world.engine.now_ms
    world.world.scaling.put_action(
        world.target, name, expression, parse(expression, "UTC", now_ms), timezone="UTC", **more
    )


def test_a_scheduled_action_changes_the_bounds_at_its_time() -> None:
    world = Scaled(2, maximum=10)
    schedule(world, "morning", "at(2026-01-01T09:30:00)", minimum=5)
    world.minutes(19)
    assert world.web.desired == 2
    world.minutes(2)
    assert (world.target.minimum, world.target.maximum, world.web.desired) == (5, 10, 5)
    assert world.activities()[0].cause == "minimum capacity was set to 5"
    assert world.entries("scaling.activity")[0].at_ms == START_MS + 30 * 60_000
    assert world.entries("scaling.target")[-1].data["change"] == "scheduled"


def test_rates_and_crons_come_again() -> None:
    world = Scaled(2, maximum=10)
    schedule(world, "up", "cron(0/20 * * * ? *)", minimum=4, maximum=10)
    schedule(world, "down", "cron(10/20 * * * ? *)", minimum=1, maximum=2)
    world.minutes(61)
    assert world.moves() == [(2, 4), (4, 2)] * 3


def test_missed_scheduled_actions_are_not_made_up_for() -> None:
    world = Scaled(2, maximum=10)
    schedule(world, "morning", "at(2026-01-01T09:30:00)", minimum=5)
    schedule(world, "often", "rate(25 minutes)", minimum=3)
    world.suspend(scheduled=True)
    world.minutes(30)
    world.suspend()
    world.minutes(10)
    assert world.web.desired == 2
    world.minutes(11)
    assert world.web.desired == 3


def test_start_and_end_bound_a_scheduled_action() -> None:
    world = Scaled(2, maximum=10)
    now_ms = world.engine.now_ms
    schedule(
        world, "some", "rate(10 minutes)", minimum=3, start_ms=now_ms + 900_000, end_ms=now_ms + 1_300_000
    )
    world.minutes(19)
    assert world.web.desired == 2
    world.minutes(2)
    assert world.web.desired == 3
    assert world.target.actions["some"].next_after(world.engine.now_ms) is None


def test_a_deleted_or_replaced_scheduled_action_does_not_happen() -> None:
    world = Scaled(2, maximum=10)
    schedule(world, "morning", "at(2026-01-01T09:30:00)", minimum=5)
    arn = world.target.actions["morning"].arn
    schedule(world, "morning", "at(2026-01-01T09:40:00)", minimum=4)
    assert world.target.actions["morning"].arn == arn
    world.minutes(25)
    assert world.web.desired == 2
    world.minutes(10)
    assert world.web.desired == 4
    schedule(world, "late", "at(2026-01-01T10:00:00)", minimum=7)
    world.world.scaling.delete_action(world.target, world.target.actions["late"])
    world.minutes(30)
    assert world.web.desired == 4


def test_a_scheduled_bound_takes_the_other_one_along() -> None:
    world = Scaled(2, maximum=4)
    schedule(world, "up", "at(2026-01-01T09:30:00)", minimum=6)
    world.minutes(25)
    assert (world.target.minimum, world.target.maximum) == (6, 6)


def test_the_journal_tells_who_moved_the_capacity() -> None:
    world = Scaled(4)
    world.track(60)
    world.follow(90)
    world.until_scaled()
    (activity,) = world.entries("scaling.activity")
    assert activity.data["policy"] == "cpu"
    assert (activity.data["from"], activity.data["to"]) == (4, 6)
    updated = [entry for entry in world.entries("service.updated") if entry.cause == activity.seq]
    assert [entry.data["desired"] for entry in updated] == [6]
    assert [entry.data["change"] for entry in world.entries("scaling.policy")] == ["put"]
    assert [entry.data["change"] for entry in world.entries("scaling.target")] == ["registered"]


def test_one_decision_for_all_alarms_of_a_tick_a_few_seconds_later() -> None:
    world = Scaled(4)
    world.track(60)
    world.track(60, name="memory", kind="ECSServiceAverageMemoryUtilization")
    world.follow(90)
    world.follow(120, "MemoryUtilization")
    world.until_scaled()
    heard_ms = {at_ms for at_ms, name, to in world.alarms.changed if "High" in name and to == "ALARM"}
    assert len(heard_ms) == 1
    assert 5_000 <= world.entries("scaling.activity")[0].at_ms - heard_ms.pop() <= 15_000
    assert world.moves() == [(4, 8)]
    assert world.decisions()[0].at_ms == world.decisions()[1].at_ms


def history(seed: int) -> str:
    world = Scaled(4, seed=seed)
    world.track(60)
    schedule(world, "often", "rate(7 minutes)", minimum=3)
    world.follow(lambda minute: 40 + minute * 7 % 60)
    world.minutes(60)
    return "\n".join(entry.to_json() for entry in world.journal.entries) + json.dumps(
        [activity.activity_id for activity in world.activities()]
    )


def test_one_seed_one_history() -> None:
    assert history(3) == history(3)
    assert history(3) != history(4)
