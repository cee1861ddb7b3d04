"""A watched world writes down how it does."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_sim.inprocess import ControlRefusedError

from .conftest import Offline
from .test_traffic import set_up


def samples(offline: Offline) -> list[dict[str, Any]]:
    return [entry["data"] for entry in offline.journal("watch.sample")]


def advance(offline: Offline, ms: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": ms})


def test_samples_add_up_to_what_the_report_says(offline: Offline) -> None:
    group = set_up(offline)
    control = offline.control
    assert control.post("/_lab/watch", {"every_ms": 10_000})["every_ms"] == 10_000
    control.post("/_lab/traffic", {"action": "start", "rps": 20})
    advance(offline, 95_000)
    first = control.post("/_lab/traffic", {"action": "stop"})
    # The next load takes its place within one interval.
    control.post("/_lab/traffic", {"action": "start", "rps": 10, "path": "/nowhere"})
    advance(offline, 60_000)
    second = control.post("/_lab/traffic", {"action": "stop"})
    advance(offline, 120_000)
    taken = [sample["traffic"] for sample in samples(offline) if sample["traffic"]]
    for name in ("sent", "ok", "failed"):
        assert sum(each[name] for each in taken) == first[name] + second[name], name
    assert {each["since"] % 10_000 for each in samples(offline)[1:]} == {0}
    healthy = {(each["service"], each["healthy"]) for each in samples(offline)[-1]["services"]}
    assert healthy == {("shop", 2)}
    assert group


def test_queues_are_counted_by_interval(offline: Offline) -> None:
    offline.client("sqs").create_queue(QueueName="orders")
    offline.control.post("/_lab/watch", {"every_ms": 30_000})
    offline.control.post("/_lab/queue", {"action": "start", "queue": "orders", "rps": 2})
    advance(offline, 120_000)
    report = offline.control.get("/_lab/queue")
    assert report is not None
    taken = [sample["queues"][0] for sample in samples(offline)]
    assert sum(each["ordered"] for each in taken) == report["queues"][0]["sent"]
    assert taken[-1]["visible"] == report["queues"][0]["visible"]
    assert taken[-1]["oldest_age_ms"] > taken[0]["oldest_age_ms"] > 0


def test_nobody_watches_unless_asked_and_it_can_be_ended(offline: Offline) -> None:
    advance(offline, 60_000)
    offline.control.post("/_lab/watch", {"every_ms": 5_000})
    advance(offline, 60_000)
    offline.control.post("/_lab/watch", {"every_ms": None})
    advance(offline, 60_000)
    assert len(samples(offline)) == 12


@pytest.mark.parametrize("every_ms", [0, 999, 1500, 301_000, True, "10000"])
def test_what_is_no_interval(offline: Offline, every_ms: Any) -> None:
    with pytest.raises(ControlRefusedError, match="every_ms must be"):
        offline.control.post("/_lab/watch", {"every_ms": every_ms})


def test_a_watched_world_that_is_settled_stays_settled(offline: Offline) -> None:
    offline.control.post("/_lab/watch", {"every_ms": 10_000})
    clock = offline.control.get("/_lab/clock")
    assert clock is not None
    assert clock["next_ms"] is None
