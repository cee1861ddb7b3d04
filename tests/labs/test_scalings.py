"""What debriefs tell of a service that scales by itself."""

from __future__ import annotations

from labs import scalings
from labs.history import Entry, History

OURS = {"cluster": "c", "service": "s"}


def entry(seq: int, kind: str, **data: object) -> Entry:
    return Entry(seq, seq * 1000, kind, None, data)


def step(seq: int, before: int, after: int, policy: str | None = "requests") -> Entry:
    return entry(seq, "scaling.activity", **OURS, **{"from": before, "to": after}, policy=policy)


def test_steps_and_what_was_held_back() -> None:
    held = [
        entry(seq, "scaling.held", **OURS, reason=why)
        for seq, why in ((5, "cooldown"), (6, "cooldown"), (7, "at_max"))
    ]
    history = History((step(1, 2, 4), step(2, 4, 9, "cpu"), step(3, 9, 2), *held), 0)
    assert scalings.rows(history, "c", "s") == [
        ("Scaled by itself", "3 times", "between 2 and 9 tasks, by requests, cpu; checks included"),
        ("Asked for and not done", "3 times", "a cooldown was on (2), the maximum was reached (1)"),
    ]
    assert scalings.rows(history, "c", "other") == []


def test_sentences() -> None:
    assert scalings.tell(step(1, 2, 4), "c", "s") == ("scaled from 2 to 4 by policy requests", "plain")
    assert scalings.tell(step(1, 2, 4, None), "c", "s") == (
        "scaled from 2 to 4 by its bounds or a schedule",
        "plain",
    )
    assert scalings.tell(step(1, 2, 4), "c", "other") is None
    facts = {"to": "ALARM", "from": "OK", "value": 223.123, "threshold": 160.0}
    high = entry(1, "alarm.state", alarm="TargetTracking-service/c/s-AlarmHigh-1234", **facts)
    assert scalings.tell(high, "c", "s") == ("alarm of target tracking on c/s: 223.1 against 160", "bad")
    own = entry(1, "alarm.state", alarm="deep", **facts | {"value": None})
    assert scalings.tell(own, "c", "s") == ("alarm deep: no data against 160", "bad")
    low = entry(1, "alarm.state", alarm="TargetTracking-service/c/s-AlarmLow-1234", **facts)
    assert scalings.tell(low, "c", "s") is None
