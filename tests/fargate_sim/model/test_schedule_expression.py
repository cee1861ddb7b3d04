"""at, rate and cron: which moments they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fargate_sim.model.schedule_expression import parse

START = "2026-11-24T10:07:30"  # a Tuesday


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def following(expression: str, after: str = START, count: int = 1, timezone: str = "UTC") -> list[str]:
    schedule = parse(expression, timezone, ms(after))
    found: list[str] = []
    now: int | None = ms(after)
    for _ in range(count):
        assert now is not None
        now = schedule.next_after(now)
        if now is None:
            break
        found.append(datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    return found


def test_at_happens_once() -> None:
    assert following("at(2026-11-24T12:00:05)", count=3) == ["2026-11-24T12:00:05"]
    assert following("at(2026-11-24T10:07:30)") == []


def test_at_is_read_in_its_time_zone() -> None:
    assert following("at(2026-11-24T12:00:00)", timezone="America/New_York") == ["2026-11-24T17:00:00"]


def test_a_rate_counts_from_its_creation() -> None:
    assert following("rate(5 minutes)", count=2) == ["2026-11-24T10:12:30", "2026-11-24T10:17:30"]
    assert following("rate(1 hour)") == ["2026-11-24T11:07:30"]
    assert following("rate(2 days)") == ["2026-11-26T10:07:30"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-25T10:00:00", "2026-11-26T10:00:00"]),
        ("cron(15 12 * * ? *)", ["2026-11-24T12:15:00", "2026-11-25T12:15:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-24T18:00:00", "2026-11-25T18:00:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00:00", "2027-01-01T08:00:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-24T10:15:00", "2026-11-24T10:30:00"]),
        ("cron(*/20 11-12 * * ? *)", ["2026-11-24T11:00:00", "2026-11-24T11:20:00"]),
        ("cron(5-50/15 * * * ? *)", ["2026-11-24T10:20:00", "2026-11-24T10:35:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00:00", "2026-12-31T00:00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-12-01T00:00:00", "2027-01-01T00:00:00"]),
        ("cron(0 0 1W 5 ? *)", ["2027-05-03T00:00:00", "2028-05-01T00:00:00"]),
        ("cron(0 0 31W 1 ? *)", ["2027-01-29T00:00:00", "2028-01-31T00:00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2026-12-08T00:00:00", "2027-01-12T00:00:00"]),
        ("cron(0 0 ? * FRIL *)", ["2026-11-27T00:00:00", "2026-12-25T00:00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-28T00:00:00", "2026-12-05T00:00:00"]),
        ("cron(0 0 ? * SAT-SUN *)", ["2026-11-28T00:00:00", "2026-11-29T00:00:00"]),
        ("cron(0 0 ? JAN,jul 1 *)", ["2027-01-03T00:00:00", "2027-01-10T00:00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("cron(30 6 24 12 ? 2026-2027)", ["2026-12-24T06:30:00", "2027-12-24T06:30:00"]),
    ],
)
def test_cron(expression: str, expected: list[str]) -> None:
    assert following(expression, count=2) == expected


def test_a_year_that_has_passed_gives_nothing() -> None:
    assert following("cron(0 0 1 1 ? 2026)") == []


def test_cron_keeps_to_local_time_when_clocks_change() -> None:
    assert following("cron(0 9 * * ? *)", "2026-03-28T00:00:00", 2, "Europe/Berlin") == [
        "2026-03-28T08:00:00",
        "2026-03-29T07:00:00",
    ]


def test_a_time_that_clocks_skip_is_left_out() -> None:
    assert following("cron(30 2 * * ? *)", "2026-03-28T12:00:00", 1, "Europe/Berlin") == [
        "2026-03-30T00:30:00"
    ]


def test_a_time_that_comes_twice_happens_once() -> None:
    assert following("cron(30 2 * * ? *)", "2026-10-24T12:00:00", 2, "Europe/Berlin") == [
        "2026-10-25T00:30:00",
        "2026-10-26T01:30:00",
    ]


@pytest.mark.parametrize(
    ("text", "timezone"),
    [("at(0001-01-01T00:00:00)", "Europe/Berlin"), ("at(9999-12-31T23:59:59)", "America/Los_Angeles")],
)
def test_a_time_beyond_the_calendar_is_none(text: str, timezone: str) -> None:
    with pytest.raises(ValueError, match="too far away"):
        parse(text, timezone)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("every day", "is not a schedule"),
        ("rate(0 minutes)", "positive whole number"),
        ("rate(5 weeks)", "minutes, hours or days"),
        ("at(2026-13-01T00:00:00)", "no such date"),
        ("at(tomorrow)", "yyyy-mm-ddThh:mm:ss"),
        ("cron(0 0 * * *)", "it has 5 fields"),
        ("cron(0 0 * * * *)", "must be '?'"),
        ("cron(0 0 ? * ? *)", "must be '?'"),
        ("cron(60 0 * * ? *)", "'60' is not a minutes"),
        ("cron(0 0 32 * ? *)", "'32' is not a day of month"),
        ("cron(0 0 ? * MOON *)", "SUN to SAT"),
        ("cron(0 0 ? * 2#1,3#1 *)", "one '#' only"),
        ("cron(*/0 0 * * ? *)", "step of the minutes"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        parse(text)


def test_an_unknown_time_zone_is_said() -> None:
    with pytest.raises(ValueError, match="not the name of a time zone"):
        parse("cron(0 0 * * ? *)", "Mars/Base")
    with pytest.raises(ValueError, match="not the name of a time zone"):
        parse("cron(0 0 * * ? *)", "../etc")


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["cron(7 3 ? * MON#1 *)", "rate(7 minutes)"]))
def test_the_next_one_is_later_and_there_is_none_between(after: int, expression: str) -> None:
    schedule = parse(expression, start_ms=1_000)
    found = schedule.next_after(after)
    assert found is not None
    assert found > after
    assert schedule.next_after(found - 1) == found
    assert schedule.next_after((after + found - 1) // 2) == found
