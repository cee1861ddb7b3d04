"""What a report is made from: the scenario, and of each team what its journal and its score say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.scenario import Scenario
from gameday.scoring import Line, Score
from gameday.story import ENDED, STARTED, Story
from labs.history import Entry


@dataclass(frozen=True, slots=True)
class TeamReport:
    """One team: its name as it chose it (any text), its whole journal, and the checksum of its recording ("" when there is none)."""

    name: str
    story: Story
    score: Score
    entries: Sequence[Entry]
    checksum: str = ""

    def of_the_game(self) -> list[Entry]:
        """The entries from the game's start to its end, both included."""
        first = next(
            (place for place in reversed(range(len(self.entries))) if _starts(self.entries[place])), 0
        )
        found: list[Entry] = []
        for entry in self.entries[first:]:
            found.append(entry)
            if entry.kind == ENDED:
                break
        return found

    def since_start(self, at_ms: int) -> int:
        """A moment of the world as milliseconds since the game's start."""
        return at_ms - self.story.started_ms

    @property
    def length_ms(self) -> int:
        """For how long it was played."""
        return self.story.ended_ms - self.story.started_ms

    @property
    def hurt_ms(self) -> int | None:
        """Since the game's start: the first bad interval; None when no SLO was ever broken."""
        bad = [each.since_ms for found in self.story.intervals.values() for each in found if not each.good]
        return self.since_start(min(bad)) if bad else None

    @property
    def mitigated_ms(self) -> int | None:
        """Since the game's start: when all SLOs were back to stay."""
        hurt, took = self.hurt_ms, self.score.mitigate_ms
        return None if hurt is None or took is None else hurt + took

    @property
    def restored_ms(self) -> int | None:
        """Since the game's start: from when on the exercises hold."""
        at_ms = self.score.findings.restored_ms
        return None if at_ms is None else self.since_start(at_ms)

    def line(self, rule: str) -> Line | None:
        """The line of a rule, None when this score has none of that name."""
        return next((each for each in self.score.lines if each.rule == rule), None)


@dataclass(frozen=True, slots=True)
class GameReport:
    """A game that one team or more have played, each in a world of its own. ``when`` is the day as it should be shown, ``version`` that
    of the lab, ``seed`` that of the worlds (None: not known).
    """

    scenario: Scenario
    teams: Sequence[TeamReport]
    when: str
    version: str
    seed: int | None = None

    def ranked(self) -> list[tuple[int, TeamReport]]:
        """Places and teams, best first. Whose totals are the same share a place; they stand by the time for which an SLO was broken."""
        ordered = sorted(self.teams, key=lambda team: (-team.score.total, team.score.broken_ms, team.name))
        totals = [team.score.total for team in ordered]
        return [(totals.index(team.score.total) + 1, team) for team in ordered]

    def letter(self, injection_id: str) -> str:
        """By what an injection is called in tables and charts: A for the first of the timeline; after Z comes AA."""
        place = next(at for at, each in enumerate(self.scenario.timeline) if each.id == injection_id)
        letters = ""
        place += 1
        while place:
            place, rest = divmod(place - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return letters


def _starts(entry: Entry) -> bool:
    return entry.kind == STARTED
