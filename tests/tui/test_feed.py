"""The thread that looks at the world."""

from __future__ import annotations

import threading
from typing import Any

from textual.message import Message
from tui_fakes import FakeSession
from tui_queues import queues, with_orders
from tui_scaling import scaled, scaling
from tui_traffic import loaded, report
from tui_worlds import failing, steady

from tui.feed import CLOCK_SECONDS, LOOKS_PER_SECOND, Feed
from tui.messages import ClockRead, QueuesSeen, ScalingSeen, SessionFailed, SnapshotTaken, TrafficSeen
from tui.session import SessionError


def test_the_world_is_told_once_for_each_version() -> None:
    session, told = FakeSession(steady(), failing()), []
    feed = Feed(session, told.append)
    assert feed.look()
    assert not feed.look()
    session.advance()
    assert feed.look()
    assert [m.snapshot.version for m in told] == [10, 20]
    assert [c[1] for c in session.calls] == [None, 10, 10]
    feed.renew()
    assert feed.look()


def test_nothing_is_told_after_the_end() -> None:
    told: list[Message] = []
    feed = Feed(FakeSession(steady()), told.append)
    feed.stop()
    assert not feed.look()
    feed.read_clock()
    assert told == []


def test_it_runs_reads_the_clock_waits_after_an_error_and_ends_when_told() -> None:
    session, told = FakeSession(steady()), []
    seen = {kind: threading.Event() for kind in (SnapshotTaken, ClockRead, SessionFailed)}

    def tell(message: Message) -> None:
        told.append(message)
        seen[type(message)].set()

    feed = Feed(session, tell)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        for _ in range(round(CLOCK_SECONDS * LOOKS_PER_SECOND) + 1):
            feed.wake()
        assert seen[ClockRead].wait(5)
        session.fail["snapshot"] = SessionError("gone", world_lost=True)
        assert seen[SessionFailed].wait(5)
        assert isinstance(told[0], SnapshotTaken)
        session.fail.clear()
        seen[ClockRead].clear()
        feed.wake()
        assert seen[ClockRead].wait(5)
    finally:
        feed.stop()
        thread.join(5)
    assert not thread.is_alive()
    assert sum(isinstance(m, SessionFailed) for m in told) == 1


def test_where_somebody_sees_to_it_that_the_world_comes_back_it_is_looked_for() -> None:
    session, told = FakeSession(steady()), []
    seen = {kind: threading.Event() for kind in (SnapshotTaken, ClockRead, SessionFailed)}
    tries, enough = 0, threading.Event()
    session.fail["snapshot"] = SessionError("gone", world_lost=True)

    def counted(since: int | None) -> Any:
        nonlocal tries
        tries += 1
        if tries == 3:
            enough.set()
        return snapshot(since)

    def tell(message: Message) -> None:
        told.append(message)
        seen[type(message)].set()

    snapshot = session.snapshot
    session.snapshot = counted  # type: ignore[method-assign]
    feed = Feed(session, tell, retry_seconds=0.001)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        assert enough.wait(5)
        session.fail.clear()
        assert seen[SnapshotTaken].wait(5)
    finally:
        feed.stop()
        thread.join(5)
    # It is said once, however often it was tried.
    assert sum(isinstance(m, SessionFailed) for m in told) == 1


def traffic_feed() -> tuple[FakeSession, Feed, list[Message]]:
    session, told = FakeSession(loaded(steady())), []
    session.report = report()
    return session, Feed(session, told.append), told


def test_traffic_is_asked_for_only_while_somebody_looks_and_it_can_have_changed() -> None:
    session, feed, told = traffic_feed()
    feed.look()
    assert not feed.look_at_traffic()  # nobody looks
    assert feed.ask_for_traffic(60, 2)
    assert not feed.ask_for_traffic(60, 2)
    assert feed.look_at_traffic()
    assert session.calls[-1] == ("traffic", 60, 2)
    assert not feed.look_at_traffic()  # the clock stands still
    session.clock_now = {**session.world["clock"], "now_ms": session.world["clock"]["now_ms"] + 1}
    feed.read_clock()
    assert feed.look_at_traffic()
    feed.leave_traffic()
    session.clock_now = {**session.world["clock"], "now_ms": session.world["clock"]["now_ms"] + 2}
    feed.read_clock()
    assert not feed.look_at_traffic()
    assert sum(isinstance(message, TrafficSeen) for message in told) == 2


def test_a_load_that_has_stopped_is_looked_at_again_when_the_world_moves() -> None:
    session, feed, _ = traffic_feed()
    session.report = report(running=False, in_flight=0)
    session.worlds.append({**loaded(failing(), running=False)})
    feed.ask_for_traffic(60, 2)
    feed.look()
    assert feed.look_at_traffic()
    feed.read_clock()
    assert not feed.look_at_traffic()
    session.advance()
    feed.look()
    assert feed.look_at_traffic()


def test_a_world_without_traffic_is_never_asked_and_a_new_one_clears_the_old() -> None:
    session, feed, told = traffic_feed()
    session.worlds.append(failing())
    feed.ask_for_traffic(60, 2)
    feed.look()
    feed.look_at_traffic()
    session.advance()
    feed.look()
    assert isinstance(told[-1], TrafficSeen)
    assert not told[-1].report.known
    assert not feed.look_at_traffic()


def test_scaling_is_asked_for_only_while_it_is_shown_there_is_any_and_it_can_have_changed() -> None:
    session, told = FakeSession(steady(), scaled(steady() | {"version": 11}), steady() | {"version": 12}), []
    session.scales = scaling()
    feed = Feed(session, told.append)
    assert not feed.ask_for_scaling(60)
    feed.look()
    assert not feed.look_at_scaling()  # nothing scales
    session.advance()
    feed.look()
    assert feed.look_at_scaling()
    assert session.calls[-1] == ("scaling", 60)
    assert not feed.look_at_scaling()  # the clock stands still
    feed.ask_for_scaling(None)
    session.clock_now = {**session.world["clock"], "now_ms": session.world["clock"]["now_ms"] + 1}
    feed.read_clock()
    assert not feed.look_at_scaling()  # nobody looks
    assert feed.ask_for_scaling(0)
    assert not feed.ask_for_scaling(0)
    assert feed.look_at_scaling()
    session.advance()
    feed.look()
    seen = [message.scaling for message in told if isinstance(message, ScalingSeen)]
    assert [each.known for each in seen] == [True, True, False]
    feed.stop()
    assert not feed.look_at_scaling()


def test_queues_are_asked_for_only_while_they_are_shown_and_some_have_been_used() -> None:
    session = FakeSession(steady(), with_orders(steady() | {"version": 11}), steady() | {"version": 12})
    told: list[Message] = []
    session.queues = queues()
    feed = Feed(session, told.append)
    assert not feed.ask_for_queues(30)
    feed.look()
    assert not feed.look_at_queues()  # no orders ever came
    session.advance()
    feed.look()
    assert feed.look_at_queues()
    assert session.calls[-1] == ("queue", 30)
    assert not feed.look_at_queues()  # the clock stands still
    assert feed.ask_for_queues(120)
    assert feed.look_at_queues()
    feed.ask_for_queues(None)
    session.advance()
    feed.look()
    assert not feed.look_at_queues()
    seen = [message.queues for message in told if isinstance(message, QueuesSeen)]
    assert [each.known for each in seen] == [True, True, False]
    assert session.count("scaling") == 0
