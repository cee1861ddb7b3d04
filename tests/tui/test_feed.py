"""The thread that looks at the world."""

from __future__ import annotations

import threading

from textual.message import Message
from tui_fakes import FakeSession
from tui_worlds import failing, steady

from tui.feed import CLOCK_LOOKS, Feed
from tui.messages import ClockRead, SessionFailed, SnapshotTaken
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
        for _ in range(CLOCK_LOOKS + 1):
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
