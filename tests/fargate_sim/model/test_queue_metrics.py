"""AWS/SQS in CloudWatch, out of the queues' books."""

from __future__ import annotations

from support.queues import ORDERS, Worked

from fargate_sim.model.metrics import statistic

NAMES = {"QueueName": ORDERS}


def values(world: Worked, name: str) -> list[float | None]:
    points = world.world.metrics.points("AWS/SQS", name, NAMES, 0, world.engine.now_ms)
    return [statistic(point, "Maximum") for point in points]


def test_a_queue_that_was_never_used_has_no_metrics() -> None:
    world = Worked()
    world.seconds(600)
    assert not [each for each in world.world.metrics.listing() if each.namespace == "AWS/SQS"]
    assert values(world, "ApproximateNumberOfMessagesVisible") == []


def test_a_backlog_grows_minute_by_minute() -> None:
    world = Worked(visibility_s=300)
    for number in range(3):
        world.put(str(number))
        world.seconds(60)
    world.take(1)
    world.seconds(220)
    assert values(world, "ApproximateNumberOfMessagesVisible") == [1, 2, 3, 2, 2]
    assert values(world, "ApproximateNumberOfMessagesNotVisible") == [1, 1]
    assert values(world, "ApproximateAgeOfOldestMessage") == [60, 120, 180, 240, 300]
    assert values(world, "NumberOfMessagesSent") == [1, 1, 1, 0, 0]
    assert values(world, "NumberOfMessagesReceived") == [0, 0, 0, 1, 0]
    assert values(world, "NumberOfMessagesDeleted") == [0] * 5


def test_they_are_listed_and_a_wrong_name_or_dimension_has_none() -> None:
    world = Worked()
    world.put("a")
    world.seconds(200)
    listed = {each.name for each in world.world.metrics.listing() if each.namespace == "AWS/SQS"}
    assert "ApproximateNumberOfMessagesVisible" in listed
    assert "ApproximateNumberOfMessagesNotVisible" not in listed  # nothing was in flight
    assert values(world, "NumberOfThings") == []
    points = world.world.metrics.points("AWS/SQS", "NumberOfMessagesSent", {}, 0, world.engine.now_ms)
    assert points == []


def test_an_empty_queue_is_active_for_six_hours() -> None:
    world = Worked()
    world.put("a")
    world.queue.delete(world.take()[0])
    world.seconds(8 * 3600)
    assert len(values(world, "ApproximateNumberOfMessagesVisible")) == 6 * 60
    assert values(world, "ApproximateAgeOfOldestMessage") == []


def test_a_worker_that_waits_keeps_the_queue_active() -> None:
    world = Worked()
    world.work(desired=1)
    world.put("a")
    world.seconds(8 * 3600)
    assert len(values(world, "ApproximateNumberOfMessagesVisible")) > 7 * 60 + 55


def test_a_day_is_kept() -> None:
    world = Worked(retention_s=1_209_600)
    for _ in range(30):
        world.put("a")
        world.seconds(3600)
    assert len(world.queue.minutes) <= 24 * 60 + 2
