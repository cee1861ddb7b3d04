"""Whether a recorded world began as the lab begins: with the lab's own set-up and faults, and nothing else before or between.

The lab is set up anew in a world with the same seed, and what was asked for is compared, call by call: the ids are the same at any pace, so
the calls are. Times are not compared, as the clock runs on while a lab is being set up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from fargate_lab.again import lived_again
from fargate_sim.recording import Header, Recording
from labs.catalogue import Lab
from labs.history import Entry
from labs.runner import LabRunner

READY = "lab.ready"
_SHOWN_WHOLE = frozenset(
    {"traffic.started", "queue.started", "spot.weather", "capacity.shortage", "capacity.restored"}
)
_SHOWN_BY_KIND = frozenset({"traffic.stopped", "queue.stopped"})
"""What they count depends on when."""

Sign = tuple[str, str]
"""What was done, in words, and in full."""


def difference(lab: Lab, header: Header, entries: Iterable[Entry]) -> str:
    """Where the beginning of a world's journal is not that of the lab, in a sentence; "" when it is nowhere. No other world of its
    account may be in this process.
    """
    with lived_again(Recording(header, [], 0), who="grader") as life:
        LabRunner(lab, life.cloud).start()
        wanted = _signs(life.cloud.history.entries)
    found = _signs(entries)
    for number, (is_, should) in enumerate(zip(found, wanted, strict=False), start=1):
        if is_ != should:
            same = " with other parameters" if is_[0] == should[0] else f", the lab's own is {should[0]}"
            return f"its beginning is not the lab's: the {number}. thing done is {is_[0]}{same}"
    if len(found) != len(wanted):
        return f"its beginning is not the lab's: {len(found)} things were done, the lab does {len(wanted)}"
    return ""


def _signs(entries: Iterable[Entry]) -> list[Sign]:
    """What was done to a world until its lab was ready."""
    found: list[Sign] = []
    for entry in entries:
        data = entry.data
        if entry.kind == "call" and not data["reading"]:
            told = json.dumps([data.get("params"), data["error"]], sort_keys=True)
            found.append((f"{data['service']} {data['operation']}", told))
        elif entry.kind.startswith("lab.") or entry.kind in _SHOWN_WHOLE:
            found.append((entry.kind, json.dumps(data, sort_keys=True)))
        elif entry.kind in _SHOWN_BY_KIND:
            found.append((entry.kind, ""))
        if entry.kind == READY:
            break
    return found
