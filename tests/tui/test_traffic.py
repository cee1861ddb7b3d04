"""What is made of a traffic report before it is drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tui_traffic import CLEAN, DRAINING, KILLED, NOW_MS, report

from tui.traffic import NOTHING, parse_report, parse_shutdown, rates


def test_a_report_with_nothing_in_it_is_no_trouble() -> None:
    assert parse_report({"running": False, "target_group": None, "now_ms": 5}).known is False
    odd = parse_report(
        {"target_group": "arn", "seconds": "no", "demand": 3, "shutdowns": [{}], "causes": [1]}
    )
    assert odd.known
    assert odd.seconds == ()
    assert odd.shutdowns[0].moments == ()
    assert odd.shutdowns[0].stretches(NOW_MS) == ()


def test_the_rate_is_that_of_the_last_whole_seconds() -> None:
    seen = parse_report(report())
    whole = [b.sent for b in seen.seconds if NOW_MS - 5000 <= b.at_ms < NOW_MS]
    assert seen.rate == sum(whole) / 5
    assert NOTHING.rate == 0
    # A load of two seconds has a rate, too, and one of none has none.
    assert parse_report(report(started_ms=NOW_MS - 2000)).rate == sum(whole[-2:]) / 2
    assert parse_report(report(started_ms=NOW_MS)).rate == 0


def test_failures_and_p99_are_of_the_last_minute() -> None:
    seen = parse_report(report())
    assert seen.failed_lately == 21
    assert seen.p99_lately_ms == pytest.approx(2920)
    assert parse_report(report(minutes=[])).p99_lately_ms == 73.0


def test_the_stretches_of_an_end_follow_one_another_and_name_what_the_task_did() -> None:
    stretches = parse_shutdown(KILLED).stretches(NOW_MS)
    assert [(s.words, (s.end_ms - s.begin_ms) / 1000, s.bad) for s in stretches] == [
        ("in use", 10.5, False),
        ("draining", 5, False),
        ("waiting", 6.5, False),
        ("SIGTERM to SIGKILL", 30, True),
        ("gone", 12.4, False),
    ]
    assert all(a.end_ms == b.begin_ms for a, b in pairwise(stretches))
    assert parse_shutdown(CLEAN).stretches(NOW_MS)[3].words == "SIGTERM to exit"


def test_an_end_that_is_not_over_reaches_to_now() -> None:
    stretches = parse_shutdown(DRAINING).stretches(NOW_MS)
    assert [s.words for s in stretches] == ["in use", "draining"]
    assert stretches[-1].end_ms == NOW_MS
    told = {**DRAINING, "deregistered_ms": None}
    assert [s.words for s in parse_shutdown(told).stretches(NOW_MS)] == ["in use"]


def test_a_process_that_ends_before_its_target_does_is_an_open_door() -> None:
    crashed = {
        **CLEAN,
        "stop_requested_ms": NOW_MS - 20_000,
        "deregistered_ms": NOW_MS - 10_000,
        "signal_ms": None,
        "unused_ms": None,
        "exited_ms": NOW_MS - 30_000,
        "exit_code": 1,
        "stopped_ms": NOW_MS,
    }
    stretches = parse_shutdown(crashed).stretches(NOW_MS)
    assert [(s.words, s.bad) for s in stretches] == [("gone, still in use", True), ("gone", False)]
    assert stretches[0].end_ms - stretches[0].begin_ms == 20_000


def test_a_delay_that_was_cut_short_is_named() -> None:
    short = parse_shutdown({**CLEAN, "delay_s": 300})
    assert short.stretches(NOW_MS)[1].words == "draining (delay 300 s)"


@pytest.mark.parametrize(
    ("demand", "told"),
    [
        ({"rps": 20, "pattern": "poisson", "to_rps": None}, "20"),
        ({"rps": 0.4, "pattern": "spike", "to_rps": 1.2}, "0.4 to 1.2"),
        ({"rps": 20, "pattern": "step", "to_rps": 4}, "20 to 4"),
        ({"rps": 20, "pattern": "wave", "to_rps": 4}, "4 to 20"),
        ({}, "0"),
    ],
)
def test_rates_that_change_are_both_told(demand: dict[str, Any], told: str) -> None:
    assert rates(demand) == told
