"""What debriefs tell of the orders of a queue: charged, charged again and why, or never; and who ended with some in hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from labs.catalogue import Lab
from labs.checking import counted, duration
from labs.cloud import Cloud
from labs.history import Entry

Told = tuple[str, Literal["good", "bad", "plain"]]
_CAUSES_SHOWN = 3


def report_of(lab: Lab, cloud: Cloud) -> Mapping[str, Any] | None:
    """How the lab's queue stands; None when it has none, or it was never used."""
    return cloud.queue.report(lab.name("queue")) if "queue" in lab.names else None


def rows(report: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty without orders."""
    if report is None or not report["charged"]:
        return []
    found = [
        ("Orders sent", f"{report['sent']:,}", "checks included"),
        ("Charged", f"{report['charged']:,}", f"{report['duplicates']:,} of these again"),
    ]
    for cause in report["causes"][:_CAUSES_SHOWN]:
        found.append(("Of these", f"{cause['count']:,}", f"{cause['cause']} The knob: {cause['knob']}"))
    if report["skipped"]:
        found.append(
            ("Asked for again, and not charged again", f"{report['skipped']:,}", "the program looked it up")
        )
    if report["lost"]:
        found.append(("Never charged", f"{report['lost']:,}", "deleted, expired or purged before"))
    oldest = [each["oldest_age_ms"] for each in report["minutes"] if each["oldest_age_ms"] is not None]
    if oldest:
        found.append(
            (
                "Longest wait in the queue, latest two hours",
                duration(max(oldest)),
                "the age of the oldest message",
            )
        )
    return found


def knobs(report: Mapping[str, Any] | None) -> list[str]:
    """What to turn, in a sentence."""
    if report is None or not report["causes"]:
        return []
    worst = report["causes"][0]
    return [
        f"The knob behind {worst['count']:,} of the {report['duplicates']:,} orders charged again is {worst['knob']}. {worst['cause']}"
    ]


def tell(entry: Entry, told: set[str]) -> Told | None:
    """A sentence about the entry, if it is the first of its kind; None when it is about something else."""
    data = entry.data
    if entry.kind not in ("queue.duplicate", "queue.cut", "queue.dead_lettered") or entry.kind in told:
        return None
    told.add(entry.kind)
    match entry.kind:
        case "queue.duplicate":
            return f"first order charged again, {data['order']}: {data['cause']}", "bad"
        case "queue.cut":
            return (
                f"first task that ended with {counted(data['count'], 'order')} in hand, {data['charged']} charged",
                "bad",
            )
        case _:
            return f"first order in the dead-letter queue, {data['order']}", "bad"
