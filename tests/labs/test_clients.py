"""What clients lived through, added up from the history and the report of the last load."""

from __future__ import annotations

from typing import Any

from labs.clients import Loss, clients_of
from labs.history import Entry, History

NO_REPORT = {"running": False, "target_group": None, "now_ms": 0}
DELAY = {"cause": "The delay was over.", "knob": "delay"}
SHELL = {"cause": "Nobody heard.", "knob": "entryPoint"}


def history(*happened: tuple[str, dict[str, Any]]) -> History:
    return History([Entry(at, at, kind, None, data) for at, (kind, data) in enumerate(happened)])


def stopped(sent: int, failed: int) -> tuple[str, dict[str, Any]]:
    return "traffic.stopped", {"sent": sent, "failed": failed, "ok": sent - failed, "in_flight": 0}


def lost(count: int, unsaved: int, why: dict[str, str]) -> tuple[str, dict[str, Any]]:
    return "traffic.lost", {"task": "a", "count": count, "unsaved": unsaved, **why}


STARTED = ("traffic.started", {"rps": 1})


def test_a_run_without_clients_has_nothing_to_tell() -> None:
    assert clients_of(history(), NO_REPORT).sent == 0
    elsewhere = {"target_group": "arn", "sent": 9, "failed": 9, "unsaved_lost": 0, "causes": []}
    assert clients_of(history(), elsewhere).sent == 0


def test_loads_are_added_up_and_the_largest_cause_comes_first() -> None:
    found = clients_of(
        history(STARTED, lost(2, 0, SHELL), stopped(100, 3), STARTED, lost(4, 0, DELAY), stopped(50, 4)),
        NO_REPORT,
    )
    assert (found.loads, found.sent, found.failed) == (2, 150, 7)
    assert found.losses == (Loss(4, **DELAY), Loss(2, **SHELL))


def test_the_report_has_the_last_word_on_the_last_load() -> None:
    causes = [{"count": 5, **DELAY, "status": 502}, {"count": 1, **SHELL, "status": 502}]
    report = {"target_group": "arn", "sent": 70, "failed": 6, "unsaved_lost": 8, "causes": causes}
    found = clients_of(
        history(STARTED, lost(2, 1, DELAY), stopped(30, 2), STARTED, lost(5, 8, DELAY)), report
    )
    assert (found.sent, found.failed, found.unsaved) == (100, 8, 9)
    assert found.losses == (Loss(7, **DELAY), Loss(1, **SHELL))


def test_what_was_in_flight_when_its_load_ended_counts_when_it_is_lost_later() -> None:
    found = clients_of(history(STARTED, stopped(30, 1), lost(3, 0, DELAY)), NO_REPORT)
    assert found.failed == 3


def test_what_was_answered_and_never_written_down_is_no_failure() -> None:
    found = clients_of(history(STARTED, lost(0, 40, SHELL), stopped(30, 0)), NO_REPORT)
    assert (found.failed, found.unsaved, found.losses) == (0, 40, ())
