"""Charts: what stands where."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from tui_traffic import NOW_MS, report

from tui import chart
from tui.chart import HOUR, MINUTES, Column
from tui.traffic import parse_report

SEEN = parse_report(report())


@pytest.mark.parametrize(("width", "count", "unit"), [(70, 60, 2), (117, 117, 1), (120, 120, 1), (45, 40, 3)])
def test_two_minutes_in_any_width(width: int, count: int, unit: int) -> None:
    found = chart.columns(SEEN, MINUTES, width)
    assert len(found) == count
    assert {b.at_ms - a.at_ms for a, b in pairwise(found)} == {unit * 1000}
    assert found[-1].at_ms < NOW_MS <= found[-1].at_ms + unit * 1000
    assert all(len(row.plain) <= width + chart.MARGIN for row in chart.rate_rows(found, 2, width))


def test_columns_stay_where_they_are_when_time_passes() -> None:
    later = parse_report(report(now_ms=NOW_MS + 1000))
    before = {c.at_ms: c.rate for c in chart.columns(SEEN, MINUTES, 70)}
    after = {c.at_ms: c.rate for c in chart.columns(later, MINUTES, 70)}
    shared = sorted(set(before) & set(after))[:-1]
    assert len(shared) > 50
    assert [before[at] for at in shared] == [after[at] for at in shared]


def test_before_the_load_there_is_no_rate_and_the_first_second_is_no_dip() -> None:
    young = parse_report(report(started_ms=NOW_MS - 3500))
    rates = [c.rate for c in chart.columns(young, MINUTES, 120)]
    assert rates[-5] is None
    assert rates[-3:] == [pytest.approx(b.sent) for b in young.seconds[-4:-1]]


def test_the_hour_is_made_of_minutes() -> None:
    found = chart.columns(SEEN, HOUR, 70)
    assert len(found) == 60
    assert found[-2].rate == pytest.approx(SEEN.minutes[-2].sent / 60)
    assert found[0].rate is None


def test_bars_are_to_scale_and_the_smallest_is_seen() -> None:
    found = [Column(0, 20.0), Column(1, 10.0), Column(2, 0.01), Column(3, 0.0), Column(4)]
    rows = [row.plain[chart.MARGIN :] for row in chart.rate_rows(found, 2, 5)]
    assert rows == ["█    ", "██▁  "]
    assert [row.plain[: chart.MARGIN].strip() for row in chart.rate_rows(found, 2, 5)] == ["20 │", "0 │"]


def test_each_status_has_a_shade_of_its_own_and_is_seen() -> None:
    found = [Column(0, 1.0, Counter({502: 9, 503: 1})), Column(1, 1.0), Column(2, 1.0, Counter({504: 3}))]
    rows = [row.plain[chart.MARGIN :] for row in chart.error_rows(found, 4, 3)]
    assert rows == ["█  ", "█  ", "█  ", "█ ▒"]
    assert len({chart.shade(status)[0] for status in (502, 503, 504, 460, 404)}) == 5


def test_each_percentile_has_a_band_of_its_own() -> None:
    found = [Column(0, 1.0, percentiles=(10.0, 100.0, 1000.0)), Column(1, 1.0)]
    rows = [row.plain for row in chart.latency_rows(found, 1, 2)]
    assert [row.split("│")[0].strip() for row in rows] == ["p99", "p95", "p50"]
    assert [row.split("│")[1] for row in rows] == ["█ ", "▅ ", "▃ "]


def test_numbers_are_short() -> None:
    assert [chart.number(v) for v in (0, 0.25, 20, 20.43, 150.2, 12_345)] == [
        "0", "0.25", "20", "20.4", "150", "12k",
    ]  # fmt: skip
    assert [chart.latency(v) for v in (None, 20.1, 1234.0)] == ["–", "20.1 ms", "1.23 s"]
    assert [chart.nice(v) for v in (0, 1, 21, 240, 9.9)] == [1, 1, 25, 250, 10]


def test_the_axis_is_as_wide_as_the_columns() -> None:
    line = chart.axis(chart.columns(SEEN, MINUTES, 70), 70, NOW_MS).plain
    assert line.split()[0] == "09:04:40"
    assert line.endswith("09:06:40")
    assert len(line) == 60 + chart.MARGIN
    assert chart.axis([], 10, NOW_MS).plain.strip() == "09:06:40"
