"""When conditions are met: from measured intervals, from what has happened, from injections that came."""

from __future__ import annotations

from typing import Any

import pytest

from gameday.conditions import Situation
from gameday.indicators import value
from gameday.scenario import Condition, Indicator, Slo
from labs.history import Entry

NAMES = {"CLUSTER": "c", "SERVICE": "s", "QUEUE": "q"}
ORDERS = Slo("orders", "", "availability", 0.9, at_least=0.9)


def sample(at_s: int, ok: int, failed: int, seq: int = 0) -> Entry:
    """Ten seconds that end at ``at_s``."""
    traffic = {"sent": ok + failed, "ok": ok, "failed": failed, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": None}
    data = {"since": at_s * 1000 - 10_000, "traffic": traffic, "services": [], "queues": []}
    return Entry(seq, at_s * 1000, "watch.sample", None, data)


def seen(*entries: Entry) -> Situation:
    situation = Situation(NAMES, [ORDERS])
    for entry in entries:
        situation.see(entry)
    return situation


@pytest.mark.parametrize(
    ("samples", "met_s"),
    [
        ([(10, 9, 1), (20, 9, 1)], None),
        ([(10, 5, 5), (20, 5, 5)], 20),
        ([(10, 5, 5), (20, 9, 1), (30, 5, 5)], None),
        ([(10, 5, 5), (20, 9, 1), (30, 5, 5), (40, 0, 5), (50, 9, 1)], 40),
        ([(10, 5, 5), (20, 0, 0), (30, 5, 5)], 30),
    ],
)
def test_an_slo_has_been_broken_for_twenty_seconds(
    samples: list[tuple[int, int, int]], met_s: int | None
) -> None:
    situation = seen(*(sample(*each) for each in samples))
    found = situation.met_ms(Condition(slo="orders", for_ms=20_000))
    assert found == (None if met_s is None else met_s * 1000)


def test_an_slo_has_been_kept() -> None:
    situation = seen(sample(10, 5, 5), sample(20, 9, 0), sample(30, 9, 0))
    assert situation.met_ms(Condition(slo="orders", state="kept")) == 20_000
    assert situation.met_ms(Condition(slo="orders", state="kept", for_ms=20_000)) == 30_000


def test_something_has_happened_with_these_values() -> None:
    entry = Entry(3, 5_000, "task.running", None, {"service": "s", "task": "1"})
    situation = seen(entry)
    assert situation.met_ms(Condition(happened="task.running", match={"service": "$SERVICE"})) == 5_000
    assert situation.met_ms(Condition(happened="task.running", for_ms=1_000)) == 6_000
    assert situation.met_ms(Condition(happened="task.running", match={"service": "other"})) is None
    assert situation.met_ms(Condition(happened="task.stopped")) is None


def test_another_injection_came() -> None:
    situation = seen()
    condition = Condition(after="first", for_ms=500)
    assert situation.met_ms(condition) is None
    situation.fired["first"] = 100
    assert situation.met_ms(condition) == 600


@pytest.mark.parametrize(
    ("indicator", "wanted"),
    [
        ("availability", 0.75),
        ("latency_p95_ms", 40.0),
        ("latency_p99_ms", None),
        ("healthy", 2.0),
        ("duplicates", 3.0),
        ("lost", 1.0),
        ("oldest_age_s", 1.5),
    ],
)
def test_each_indicator_has_its_figure(indicator: Indicator, wanted: float | None) -> None:
    data: dict[str, Any] = {
        "since": 0,
        "traffic": {"sent": 5, "ok": 3, "failed": 1, "p50_ms": 1.0, "p95_ms": 40.0, "p99_ms": None},
        "services": [
            {"cluster": "c", "service": "other", "desired": 1, "running": 1, "healthy": 1},
            {"cluster": "c", "service": "s", "desired": 3, "running": 3, "healthy": 2},
        ],
        "queues": [{"queue": "q", "duplicates": 3, "lost": 1, "oldest_age_ms": 1500}],
    }
    slo = Slo("x", "", indicator, 0.9, at_least=0)
    assert value(slo, data, NAMES) == wanted
    nothing = {"since": 0, "traffic": None, "services": [], "queues": []}
    assert value(slo, nothing, NAMES) == (0.0 if indicator == "healthy" else None)
