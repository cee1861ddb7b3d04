"""A queue by itself: visible, delayed, in flight, gone; receipts; dead letters; the age of the oldest."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support.queues import ORDERS, Worked

from fargate_sim.model.queues.message import business_id
from fargate_sim.model.queues.report import report
from fargate_sim.model.surroundings import QueueFacts


def test_messages_come_in_the_order_of_sending_and_are_hidden_for_the_time_out() -> None:
    world = Worked(visibility_s=30)
    for order in "abc":
        world.put(order)
    first = world.take(2)
    assert [each.message.order for each in first] == ["a", "b"]
    assert world.queue.counts() == (1, 2, 0)
    world.seconds(29.9)
    assert [each.message.order for each in world.take()] == ["c"]
    world.seconds(0.1)
    assert [(each.message.order, each.number) for each in world.take()] == [("a", 2), ("b", 2)]


def test_a_delayed_message_is_not_there_yet() -> None:
    world = Worked()
    world.put("a", delay_s=5)
    assert world.queue.counts() == (0, 0, 1)
    assert world.take() == []
    world.seconds(5)
    assert world.queue.counts() == (1, 0, 0)


def test_an_old_receipt_deletes_nothing() -> None:
    world = Worked(visibility_s=10)
    world.put("a")
    (first,) = world.take()
    world.seconds(10)
    assert world.queue.counts() == (1, 0, 0)
    (second,) = world.take()
    assert not world.queue.delete(first)
    assert world.queue.delete(second)
    assert world.queue.counts() == (0, 0, 0)
    assert not world.queue.delete(second)


def test_a_receipt_still_counts_after_the_time_out_until_somebody_else_receives() -> None:
    world = Worked(visibility_s=10)
    world.put("a")
    (delivery,) = world.take()
    world.seconds(60)
    assert world.queue.delete(delivery)
    assert world.take() == []


def test_a_visibility_time_out_begins_anew_with_each_change() -> None:
    world = Worked(visibility_s=10)
    world.put("a")
    (delivery,) = world.take()
    world.seconds(9)
    world.queue.change_visibility(delivery, 10)
    world.seconds(9)
    assert world.take() == []
    world.queue.change_visibility(delivery, 0)
    assert len(world.take()) == 1
    world.queue.change_visibility(delivery, 0)
    assert world.take() == []


def test_what_was_received_too_often_goes_to_the_dead_letter_queue() -> None:
    world = Worked(visibility_s=1, dead_letter="dead", max_receives=2)
    world.account.sqs["dead"] = QueueFacts("dead", "arn:dead")
    world.put("a")
    for _ in range(2):
        assert len(world.take()) == 1
        world.seconds(1)
    assert world.take() == []
    assert world.queue.counts() == (0, 0, 0)
    (delivery,) = world.world.queues.queue("dead").receive(1)
    assert (delivery.message.order, delivery.message.receives) == ("a", 1)
    assert world.moments("queue.dead_lettered", order="a") == [2.0]


def test_from_the_third_receive_on_a_message_goes_to_the_back_and_is_left_out_of_the_age() -> None:
    world = Worked(visibility_s=1)
    world.put("poison")
    for _ in range(2):
        assert len(world.take()) == 1
        world.seconds(1)
    assert world.queue.oldest_ms() is not None
    assert len(world.take()) == 1
    assert world.queue.oldest_ms() is None
    late = world.put("b")
    world.seconds(1)
    assert world.queue.oldest_ms() == late.sent_ms
    assert [each.message.order for each in world.take()] == ["b", "poison"]


def test_a_message_expires_with_the_retention_and_is_lost() -> None:
    world = Worked(retention_s=120)
    world.order(rps=0.01)
    world.put("a")
    world.seconds(240)
    assert world.queue.expired >= 1
    assert world.books.lost == world.queue.expired


def test_purge_takes_all_away_and_is_no_delete() -> None:
    world = Worked()
    for order in "abc":
        world.put(order)
    (delivery,) = world.take(1)
    world.queue.purge()
    assert world.queue.counts() == (0, 0, 0)
    assert not world.queue.delete(delivery)
    assert (world.queue.purged, world.queue.deleted) == (3, 0)


def test_the_business_id_is_the_order_of_a_json_body() -> None:
    assert business_id('{"order": 17}') == "17"
    assert business_id('{"order": "x-1", "amount": 3}') == "x-1"
    for body in ("hello", "{", '{"order": true}', '{"amount": 3}', '["order"]'):
        assert business_id(body) is None


_STEPS = st.lists(
    st.sampled_from(["send", "delay", "take", "delete", "stale", "release", "wait", "minute"]), max_size=60
)


@settings(deadline=None, max_examples=60)
@given(_STEPS)
def test_every_message_is_in_exactly_one_place(steps: list[str]) -> None:
    world = Worked(visibility_s=7, dead_letter="dead", max_receives=4)
    world.account.sqs["dead"] = QueueFacts("dead", "arn:dead")
    held = []
    for number, step in enumerate(steps):
        if step in ("send", "delay"):
            world.put(str(number), delay_s=3 if step == "delay" else 0)
        elif step == "take":
            held += world.take(2)
        elif step in ("delete", "stale") and held:
            world.queue.delete(held.pop(0 if step == "stale" else -1))
        elif step == "release" and held:
            world.queue.change_visibility(held[-1], 0)
        else:
            world.seconds(60 if step == "minute" else 2.5)
        visible, in_flight, delayed = counts = world.queue.counts()
        assert min(counts) >= 0
        assert visible + in_flight + delayed == len(world.queue.messages)
        dead = world.world.queues.queue("dead").counts()[0]
        assert world.queue.sent == sum(counts) + world.queue.deleted + dead
        assert dead == world.queue.dead_lettered


def test_the_queue_is_named() -> None:
    assert Worked().queue.name == ORDERS


def test_reading_in_between_changes_nothing() -> None:
    def story(*, read: bool) -> object:
        world = Worked(visibility_s=70, retention_s=600)
        world.service(world.definition(world.worker()), 1)
        world.order(rps=0.05, pattern="spike", after_ms=60_000, for_ms=120_000, to_rps=4)
        for step in range(40):
            world.seconds(50)
            if read:
                world.queue.counts(), world.queue.oldest_ms()
                world.world.metrics.points("AWS/SQS", "NumberOfMessagesSent", {"QueueName": ORDERS}, 0, 2**50)
            if step == 20:
                world.world.queues.stop()
                world.world.queues.catch_up()
                world.account.sqs[ORDERS] = replace(world.account.sqs[ORDERS], retention_s=60)
        world.seconds(600)
        found = report(world.world)
        return found, world.journal.to_jsonl()

    assert story(read=True) == story(read=False)
