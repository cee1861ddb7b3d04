"""When a condition of a timeline is met, from what the world has written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gameday.indicators import WATCHED, Interval, interval
from gameday.names import resolve
from gameday.scenario import Condition, Slo
from labs.history import Entry


@dataclass(slots=True)
class Situation:
    """What has happened since the game's start, as far as conditions ask for it; fed entry by entry."""

    names: Mapping[str, str]
    slos: Sequence[Slo]
    fired: dict[str, int] = field(default_factory=dict)
    """Injection to the moment at which it came."""
    intervals: dict[str, list[Interval]] = field(default_factory=dict)
    """SLO to its measured intervals, without those in which there was nothing to measure."""
    entries: list[Entry] = field(default_factory=list)

    def see(self, entry: Entry) -> None:
        """Take note of an entry of the journal."""
        if entry.kind != WATCHED:
            self.entries.append(entry)
            return
        for slo in self.slos:
            found = interval(slo, entry.at_ms, entry.data, self.names)
            if found.good is not None:
                self.intervals.setdefault(slo.id, []).append(found)

    def met_ms(self, condition: Condition) -> int | None:
        """The moment at which the condition is or will be met if nothing changes; None when nobody can say."""
        if condition.slo:
            return self._lasted_ms(condition)
        if condition.after:
            came_ms = self.fired.get(condition.after)
            return None if came_ms is None else came_ms + condition.for_ms
        match = resolve(condition.match, self.names)
        for entry in self.entries:
            if entry.kind == condition.happened and all(
                entry.data.get(key) == each for key, each in match.items()
            ):
                return entry.at_ms + condition.for_ms
        return None

    def _lasted_ms(self, condition: Condition) -> int | None:
        """When an SLO had been in its state for long enough; only what has been measured counts."""
        wanted, since_ms = condition.state == "kept", None
        for each in self.intervals.get(condition.slo, ()):
            if each.good is not wanted:
                since_ms = None
                continue
            since_ms = each.since_ms if since_ms is None else since_ms
            if each.until_ms - since_ms >= condition.for_ms:
                return each.until_ms
        return None
