"""The event engine: order, cancellation, causes."""

from __future__ import annotations

import pytest

from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.kernel.seeds import Seeds, digits, hex_id, uuid


def test_happenings_run_by_time_then_priority_then_order_of_scheduling() -> None:
    engine = Engine(0)
    log: list[str] = []
    engine.after(20, lambda: log.append("late"))
    engine.after(10, lambda: log.append("first"))
    engine.after(10, lambda: log.append("second"))
    engine.after(10, lambda: log.append("urgent"), priority=-1)
    engine.run_until(15)
    assert log == ["urgent", "first", "second"]
    assert engine.now_ms == 15
    engine.run_until(30)
    assert log[-1] == "late"


def test_a_cancelled_happening_never_runs_and_is_not_the_next() -> None:
    engine = Engine(0)
    happening = engine.after(5, lambda: None)
    engine.after(9, lambda: None)
    assert happening.pending
    engine.cancel(happening)
    engine.cancel(None)
    assert not happening.pending
    assert engine.next_at() == 9


def test_time_never_goes_back() -> None:
    engine = Engine(100)
    engine.run_until(50)
    assert engine.now_ms == 100
    seen: list[int] = []
    engine.at(10, lambda: seen.append(engine.now_ms))
    engine.run_until(100)
    assert seen == [100]


def test_running_to_the_next_happening_stops_at_the_limit() -> None:
    engine = Engine(0)
    engine.after(50, lambda: None)
    assert not engine.run_next(limit_ms=40)
    assert engine.now_ms == 40
    assert engine.run_next(limit_ms=60)
    assert engine.now_ms == 50
    assert not engine.step()


def test_what_a_happening_schedules_descends_from_its_cause() -> None:
    engine = Engine(0)
    journal = Journal(engine)

    def second() -> None:
        journal.record("second", {})

    def first() -> None:
        journal.record("first", {})
        engine.after(1, second)

    call = journal.record("call", {})
    engine.after(1, first, cause=call)
    engine.run_until(10)
    assert [(entry.kind, entry.cause) for entry in journal] == [("call", None), ("first", 0), ("second", 0)]


def test_a_failing_happening_leaves_no_cause_behind() -> None:
    engine = Engine(0)

    def broken() -> None:
        raise RuntimeError

    engine.after(1, broken, cause=7)
    with pytest.raises(RuntimeError):
        engine.step()
    assert engine.cause is None


def test_streams_of_a_seed_are_repeatable_and_independent() -> None:
    one, two = Seeds(7), Seeds(7)
    one.stream("other").random()
    assert one.stream("ids").random() == two.stream("ids").random()
    assert Seeds(8).stream("ids").random() != Seeds(7).stream("ids").random()


def test_ids_have_the_shapes_that_aws_uses() -> None:
    rng = Seeds(1).stream("ids")
    assert len(hex_id(rng, 32)) == 32
    assert len(digits(rng, 19)) == 19
    text = uuid(rng)
    assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
    assert text[14] == "4"
    assert text[19] in "89ab"


def test_the_journal_pages_and_filters() -> None:
    journal = Journal(Engine(5))
    for number in range(6):
        journal.record("even" if number % 2 == 0 else "odd", {"n": number})
    found, position = journal.since(0, kinds=frozenset({"odd"}), limit=2)
    assert [entry.data["n"] for entry in found] == [1, 3]
    found, _ = journal.since(position, kinds=frozenset({"odd"}))
    assert [entry.data["n"] for entry in found] == [5]
    assert journal.to_jsonl().splitlines()[0] == '{"at":5,"cause":null,"data":{"n":0},"kind":"even","seq":0}'


def test_quiet_happenings_run_in_order_but_nobody_jumps_to_them() -> None:
    engine = Engine(0)
    seen: list[str] = []
    engine.at(10, lambda: seen.append("quiet"), quiet=True)
    engine.at(20, lambda: seen.append("loud"))
    engine.at(20, lambda: seen.append("quiet too"), quiet=True)
    engine.after(30, lambda: seen.append("later"), quiet=True)
    assert engine.next_at() == 20
    assert engine.run_next(100)
    assert seen == ["quiet", "loud", "quiet too"]
    assert engine.next_at() is None
    assert not engine.run_next(25)
    assert seen == ["quiet", "loud", "quiet too"]
    assert engine.step()
    assert (seen[-1], engine.now_ms, engine.step()) == ("later", 30, False)


def test_a_cancelled_quiet_happening_does_not_run() -> None:
    engine = Engine(0)
    happening = engine.at(5, lambda: None, quiet=True)
    engine.cancel(happening)
    assert not engine.step()
