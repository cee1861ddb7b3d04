"""Tasks that work on a queue: what is done once, twice or never, and why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.queues import ORDERS, Worked

from fargate_sim.model import task as states
from fargate_sim.model.queues import producer
from fargate_sim.model.traffic.demand import Demand


def stop_all(world: Worked) -> None:
    for task in world.tasks():
        world.world.stop_task(task, "drill")


def finish(world: Worked, seconds: int = 600) -> None:
    world.world.queues.stop()
    world.seconds(seconds)


def test_every_order_is_charged_once_and_deleted_when_nothing_happens() -> None:
    world = Worked()
    world.work()
    world.order(2)
    world.seconds(300)
    finish(world)
    assert world.queue.sent == world.queue.deleted == world.books.processed == world.books.charged > 500
    assert (world.books.duplicates, world.books.lost) == (0, 0)
    assert len(world.lines("charged order")) == world.books.charged


def test_a_worker_with_nothing_to_do_costs_nothing() -> None:
    world = Worked()
    world.work()
    world.seconds(600)
    before = world.engine.happened
    world.seconds(24 * 3600)
    assert world.engine.happened - before <= 4  # the service says every six hours that it is steady


def test_a_waiting_worker_takes_what_somebody_sends_or_releases() -> None:
    world = Worked(visibility_s=600)
    world.put("held")
    (held,) = world.take()
    world.work(desired=1)
    world.put("fresh")
    world.put("late", delay_s=20)
    world.seconds(60)
    assert world.books.processed == 2
    world.queue.change_visibility(held, 0)
    world.seconds(30)
    assert world.books.processed == 3


@pytest.mark.parametrize(
    ("tag", "stop_timeout_s", "cause"),
    [
        ("1.0", 2, "slow"),
        ("1.0-exits", 30, "exit"),
        ("1.0", 60, None),
        ("1.1", 2, None),
        ("1.0-ack-first", 2, None),
    ],
)
def test_orders_in_hand_when_a_task_is_stopped(tag: str, stop_timeout_s: int, cause: str | None) -> None:
    world = Worked(visibility_s=60)
    world.work(tag, stop_timeout_s=stop_timeout_s)
    world.order(2)
    for _ in range(5):
        world.seconds(100)
        stop_all(world)
    finish(world)
    assert set(world.books.causes) == ({cause} if cause else set())
    assert (world.books.lost > 0) == (tag == "1.0-ack-first")
    assert world.books.charged == world.queue.sent + world.books.duplicates - world.books.lost
    assert world.queue.counts() == (0, 0, 0)
    if cause is not None:
        assert world.entries("queue.duplicate")[0].data["times"] == 2
        assert sum(entry.data["charged"] for entry in world.entries("queue.cut")) >= world.books.duplicates


def test_a_shell_that_keeps_the_signal_makes_orders_come_twice() -> None:
    world = Worked(visibility_s=60)
    spec = world.worker(stop_timeout_s=10, entrypoint=("sh", "-c", "/app/charger; true"))
    world.service(world.definition(spec), 4)
    world.settle()
    world.order(3)
    for _ in range(5):
        world.seconds(100)
        stop_all(world)
    finish(world)
    assert set(world.books.causes) == {"deaf"}
    assert all(
        code in (137, None) for entry in world.entries("task.stopped") for code in entry.data["exit_codes"]
    )


def test_a_time_out_shorter_than_the_work_gives_a_second_delivery() -> None:
    world = Worked(visibility_s=10)
    world.work()
    world.order(1)
    world.seconds(300)
    assert world.books.causes.keys() == {"visibility"}
    times = max(each.times for each in world.books.latest)
    assert times > 2  # with each receive the receipt of the one before is stale: nobody's delete counts


@pytest.mark.parametrize(("tag", "visibility_s"), [("1.0-heartbeat", 10), ("1.1", 10), ("1.0", 30)])
def test_what_keeps_a_second_delivery_from_charging(tag: str, visibility_s: int) -> None:
    world = Worked(visibility_s=visibility_s)
    world.work(tag, desired=6)
    world.order(1)
    world.seconds(600)
    finish(world)
    assert (world.books.duplicates, world.queue.counts()) == (0, (0, 0, 0))
    assert (world.queue.received > world.queue.sent) == (tag == "1.1")


def test_a_worker_that_drains_gives_back_what_it_has_not_begun() -> None:
    world = Worked(visibility_s=600)
    world.work(desired=1)
    (task,) = world.tasks()
    for number in range(10):
        world.put(str(number))
    while not world.books.processed:
        world.seconds(0.5)
    world.world.stop_task(task, "drill")
    world.seconds(1)
    assert world.queue.counts()[0] > 0
    assert world.queue.counts()[1] <= 4
    world.seconds(600)
    assert world.books.charged == 10
    assert task.containers[0].exit_code == 0
    assert world.lines("SIGTERM received")


def test_without_the_variable_the_program_says_so_and_ends() -> None:
    world = Worked()
    world.service(world.definition(world.worker(environment={})), 1)
    world.seconds(60)
    assert world.lines("charger: QUEUE_URL is not set")
    stopped = [task for task in world.world.tasks.values() if task.stop_code]
    assert {task.stop_code for task in stopped} == {states.ESSENTIAL_CONTAINER_EXITED}
    assert world.entries("container.exited")[0].data["exit_code"] == 1


def test_two_messages_of_one_order_are_a_duplicate_too() -> None:
    world = Worked()
    world.work(desired=1)
    world.put("a")
    world.put("a")
    world.seconds(60)
    assert world.books.causes == {"sent_again": 1}


def test_cpu_stays_flat_however_long_the_backlog() -> None:
    world = Worked()
    world.work(desired=1)
    world.order(5)
    world.seconds(900)
    names = {"ClusterName": "lab", "ServiceName": "web"}
    points = world.world.metrics.points("AWS/ECS", "CPUUtilization", names, 0, world.engine.now_ms)
    assert max(point.maximum for point in points) < 10
    assert world.queue.counts()[0] > 3000


def test_producers_are_refused_in_words() -> None:
    world = Worked()
    with pytest.raises(ValueError, match="there is no queue nothing"):
        world.world.queues.start(Demand("nothing", 1))
    world.order(1)
    with pytest.raises(ValueError, match="coming to orders already"):
        world.order(1)
    world.world.queues.stop(ORDERS)
    with pytest.raises(ValueError, match="no orders are coming"):
        world.world.queues.stop(ORDERS)


def test_duplicates_in_the_journal_are_bounded() -> None:
    world = Worked(visibility_s=3)
    world.work(desired=10)
    world.order(10)
    world.seconds(300)
    minutes = 300 / 60 + 1
    assert world.books.duplicates > 500
    assert len(world.entries("queue.duplicate")) <= 10 * minutes


def test_one_seed_gives_one_history() -> None:
    def story(seed: int) -> str:
        world = Worked(seed, visibility_s=10)
        world.work("1.0", stop_timeout_s=5)
        world.order(3, pattern="spike", after_ms=30_000, to_rps=8)
        world.seconds(100)
        stop_all(world)
        world.seconds(200)
        return world.journal.to_jsonl() + repr(list(world.world.logs.undelivered))

    assert story(5) == story(5) != story(6)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["1.0", "1.0-exits", "1.0-heartbeat", "1.0-ack-first", "1.1", "1.1-heartbeat"]),
    st.integers(2, 60),
    st.integers(2, 40),
    st.lists(st.sampled_from(["wait", "stop", "release", "scale"]), max_size=6),
)
def test_whatever_happens_every_order_is_charged_or_somewhere(
    tag: str, visibility_s: int, stop_timeout_s: int, steps: list[str]
) -> None:
    world = Worked(visibility_s=visibility_s)
    definition = world.definition(world.worker(tag, stop_timeout_s=stop_timeout_s))
    service = world.service(definition, 3)
    world.settle()
    world.order(1)
    for step in steps:
        if step == "stop":
            stop_all(world)
        elif step == "release":
            world.deploy(service, definition)
        elif step == "scale":
            world.world.update_service(service, changed=["desiredCount"], desired=1 + service.desired % 4)
        world.seconds(45)
        books, in_queue = world.books, sum(world.queue.counts())
        charged = books.charged - books.duplicates
        assert charged + books.lost <= world.queue.sent == world.queue.deleted + in_queue
        assert sum(books.causes.values()) == books.duplicates
        if "1.1" in tag or tag == "1.0-ack-first":
            assert books.duplicates == 0
        if tag != "1.0-ack-first":
            assert books.lost == 0
    finish(world, 1200)
    if tag != "1.0-ack-first":
        assert world.books.charged - world.books.duplicates == world.queue.sent
    assert world.books.charged - world.books.duplicates + world.books.lost == world.queue.sent


def test_a_program_that_deletes_first_loses_what_it_has_not_begun_when_it_is_told_to_stop() -> None:
    world = Worked(visibility_s=30)
    world.work("1.0-ack-first", desired=1)
    world.order(10)
    world.seconds(30)
    world.world.queues.stop()
    stop_all(world)
    world.seconds(1200)
    assert world.books.lost > 0
    assert world.books.charged + world.books.lost == world.queue.sent


def test_orders_stop_before_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "LARGEST_BACKLOG", 50)
    world = Worked()
    world.order(5)
    world.seconds(60)
    found = world.world.queues.producer(ORDERS)
    assert found is not None
    assert (found.running, found.sent) == (False, 50)
    assert world.entries("queue.stopped")[0].data["left"] == 50
    world.order(5)  # it can begin again


def test_a_task_that_dies_without_a_signal_leaves_its_orders_behind() -> None:
    world = Worked(visibility_s=60)
    spec = world.worker(entrypoint=("sh", "-c"), command=("/app/charger & sleep 100",))
    world.service(world.definition(spec), 2)
    world.order(1)
    world.seconds(600)
    assert set(world.books.causes) == {"crashed"}
