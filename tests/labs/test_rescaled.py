"""What a debrief tells of a scaler: policies, changes, what held them back, and the turns of the count."""

from __future__ import annotations

from typing import Any

from labs import rescaled
from labs.history import Entry, History

OF = {"resource_id": "service/lab/web", "cluster": "lab", "service": "web"}


def history(*happened: tuple[str, dict[str, Any]]) -> History:
    return History([Entry(at, at, kind, None, OF | data) for at, (kind, data) in enumerate(happened)])


def moved(before: int, after: int, policy: str | None = "cpu") -> tuple[str, dict[str, Any]]:
    return "scaling.activity", {"from": before, "to": after, "policy": policy, "cause": "an alarm"}


def held(reason: str) -> tuple[str, dict[str, Any]]:
    return "scaling.held", {"policy": "cpu", "direction": "in", "reason": reason, "why": "so it is."}


def lines(found: History) -> list[str]:
    seen: set[str] = set()
    return [told[0] for entry in found if (told := rescaled.tell(entry, "lab", "web", seen))]


def test_the_story_of_a_scaler() -> None:
    found = history(
        ("scaling.target", {"min": 2, "max": 12, "change": "registered"}),
        ("scaling.policy", {"policy": "cpu", "type": "TargetTrackingScaling", "change": "put"}),
        held("at_min"),
        moved(2, 4),
        held("cooldown"),
        held("cooldown"),
        moved(4, 5, None),
        ("scaling.policy", {"policy": "cpu", "type": "TargetTrackingScaling", "change": "deleted"}),
    )
    assert lines(found) == [
        "the scaler may choose from 2 to 12 tasks",
        "scaling policy cpu (TargetTrackingScaling) is there",
        "scaled from 2 to 4: policy cpu",
        "first scale-in of cpu that was held back: so it is.",
        "scaled from 4 to 5: by its bounds",
        "scaling policy cpu (TargetTrackingScaling) is gone",
    ]


def test_changes_and_turns_are_counted() -> None:
    found = history(moved(2, 4), moved(4, 6), moved(6, 3), moved(3, 5))
    assert rescaled.rows(found, "lab", "web") == [
        (
            "Changes of the desired count by the scaler",
            "4",
            "3 out, 1 in, at most 6 tasks; turned round 2 times; checks included",
        )
    ]
    assert "cooldown" in rescaled.knobs(found, "lab", "web")[0]


def test_a_scaler_that_never_moved_the_count_is_named() -> None:
    found = history(held("at_min"))
    assert rescaled.rows(found, "lab", "web") == []
    assert "has ever changed its desired count" in rescaled.knobs(found, "lab", "web")[0]


def test_another_service_and_a_service_without_a_scaler_are_not_told_of() -> None:
    found = history(moved(2, 4))
    assert rescaled.tell(next(iter(found)), "lab", "other", set()) is None
    assert rescaled.rows(found, "lab", "other") == rescaled.knobs(found, "lab", "other") == []
