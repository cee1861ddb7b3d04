"""ISO 8601 durations, as FIS takes them: ``PT5M``, ``PT1H30M``, ``P0DT12H``."""

from __future__ import annotations

import re

from fargate_sim.model.timing import HOUR, MINUTE, SECOND

SHORTEST_MS, LONGEST_MS = MINUTE, 12 * HOUR
"""Source: FIS user guide, fis-actions-reference."""
_FORM = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?")
_UNITS = (24 * HOUR, HOUR, MINUTE, SECOND)


def milliseconds(text: str) -> int:
    """A duration in milliseconds. ValueError when it is none, or not between one minute and 12 hours."""
    found = _FORM.fullmatch(text)
    if found is None or not any(found.groups()) or text.endswith("T"):
        raise ValueError("It must be an ISO 8601 duration, such as PT5M.")
    total = sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS, strict=True))
    if not SHORTEST_MS <= total <= LONGEST_MS:
        raise ValueError("It must be between PT1M and PT12H.")
    return total
