"""What the facilitator's console shows and what its keys act on: the game as last seen, the selected team, one team or all. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui import text
from tui.games import FacilitatorDoor, GameView, InjectionView, Speed, TeamCard


@dataclass(frozen=True, slots=True)
class Scene:
    """`view` is None before the game was looked at. `team` is the slug of the selected team, `everybody` whether keys act on all."""

    view: GameView | None = None
    team: str = ""
    everybody: bool = True

    @property
    def teams(self) -> tuple[TeamCard, ...]:
        """All teams."""
        return self.view.teams if self.view else ()

    @property
    def index(self) -> int:
        """The place of the selected team; the first when none is."""
        return next((i for i, team in enumerate(self.teams) if team.slug == self.team), 0)

    @property
    def selected(self) -> TeamCard | None:
        """The selected team."""
        return self.teams[self.index] if self.teams else None

    @property
    def aim(self) -> str | None:
        """What the door is to be told: a slug, or None for all."""
        return None if self.everybody or self.selected is None else self.selected.slug

    @property
    def aimed(self) -> tuple[TeamCard, ...]:
        """The teams that keys act on."""
        return aimed(self.teams, self.aim)

    @property
    def aim_words(self) -> str:
        """Whom keys act on, within a sentence."""
        if self.everybody and len(self.teams) > 1:
            return "both teams" if len(self.teams) == 2 else f"all {len(self.teams)} teams"
        return text.one_line(self.selected.name) if self.selected else "no team"

    @property
    def over(self) -> bool:
        """Whether the game is over for all."""
        return bool(self.teams) and all(team.phase == "over" for team in self.teams)

    def injection(self, injection_id: str) -> InjectionView | None:
        """An injection by its id."""
        found = self.view.injections if self.view else ()
        return next((each for each in found if each.id == injection_id), None)

    def seen(self, view: GameView) -> Scene:
        """The game was looked at; the selection stays with its team."""
        there = any(team.slug == self.team for team in view.teams)
        first = view.teams[0].slug if view.teams else ""
        return replace(self, view=view, team=self.team if there else first)

    def moved(self, by: int) -> Scene:
        """Another team is selected; after the last comes the first."""
        if not self.teams:
            return self
        return replace(self, team=self.teams[(self.index + by) % len(self.teams)].slug)


def aimed(teams: tuple[TeamCard, ...], aim: str | None) -> tuple[TeamCard, ...]:
    """The teams that a slug (None: all) means."""
    return tuple(team for team in teams if aim in (None, team.slug))


# Two things that depend on how the game stands when their turn comes, not on how it looked when a key was pressed.


def toggle_clocks(door: FacilitatorDoor, aim: str | None) -> None:
    """Freeze the clocks if one of them runs, be its game over or not; else let them run."""
    if any(team.mode == "running" for team in aimed(door.view().teams, aim)):
        door.freeze(aim)
    else:
        door.run(aim)


def step_speed(door: FacilitatorDoor, aim: str | None, by: int, reference: str) -> None:
    """One step faster (+1) or slower (-1) than the team `reference` goes, for all that are meant."""
    current = next((team.speed for team in door.view().teams if team.slug == reference), 1.0)
    following = text.next_speed(None if current == "max" else current, by)
    speed: Speed = "max" if following is None else following
    door.set_speed(speed, aim)
