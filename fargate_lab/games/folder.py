"""What a game day leaves on the disk, so that it goes on after a crash and can be scored again by anybody.

games/<name>/game.json           the scenario's name, teams, tokens (for the owner's eyes only)
             scenario.yaml       the scenario as it was played
             <team>/recording.jsonl   every input of the team's world
                    runner.jsonl      what was injected, and how it is taken back
                    gate.json         the tokens of the world
                    score.json        when it has been scored
             report.html report.md grades.csv grades.xml
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fargate_lab import files, paths
from fargate_lab.errors import SurroundingsError, UsageError
from fargate_lab.shelf import Shelf
from gameday import loader
from gameday.scenario import Scenario

SHELF = Shelf("game", "games", "game.json")
SCHEMA = 1
LONGEST_NAME = 40
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No letters and digits that look alike."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team of a game. ``slug`` is its folder's name, ``code`` what it joins with, ``port`` where its world listens."""

    name: str
    slug: str
    seed: int
    code: str
    secret_key: str
    port: int = 0


class GameFolder:
    """One game's folder. ``create`` makes one, ``open`` finds one."""

    def __init__(self, root: Path, raw: dict[str, Any]) -> None:
        self.root = root
        self.name = root.name
        self.token: str = raw["token"]
        self.version: str = raw["version"]
        self.start: str = raw["start"]
        self.teams = tuple(Team(**each) for each in raw["teams"])
        self._raw = raw
        for name in (str(raw["scenario"]), *(team.slug for team in self.teams)):
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):  # it may have come from somewhere else
                raise TypeError(f"{name!r} is no name of a file of it")

    @classmethod
    def create(
        cls, name: str, scenario: Scenario, teams: Iterable[str], *, seed: int, version: str, start: str = ""
    ) -> GameFolder:
        """A new game; ``start`` is the virtual moment at which its worlds begin (ISO 8601), now unless given. UsageError when a name will
        not do, SurroundingsError when the game is there already.
        """
        root = SHELF.folder_of(name)
        if root.exists():
            raise SurroundingsError(
                f"There is a game {name!r} already.",
                "Go on with it (--resume), or give this one another --name.",
            )
        raw = {
            "schema": SCHEMA,
            "scenario": scenario.path.name,
            "version": version,
            "start": start,
            "token": secrets.token_urlsafe(24),
            "teams": [asdict(each) for each in _teams(list(teams), seed)],
        }
        paths.ready(root / "game.json")
        try:
            shutil.copyfile(scenario.path, root / scenario.path.name)
        except OSError as error:
            raise SurroundingsError(
                f"Cannot write {root}: {error.strerror or error}.", "Free some space, or make it writable."
            ) from None
        files.write_json(root / "game.json", raw)
        folder = cls(root, raw)
        for team in folder.teams:
            gate = {"facilitator": folder.token, "team": team.code, "secret_key": team.secret_key}
            files.write_json(paths.ready(folder.of(team) / "gate.json"), gate)
        return folder

    @classmethod
    def open(cls, name: str) -> GameFolder:
        """A game by name, or by the path of its folder. UsageError when there is none."""
        return SHELF.open(name, cls)

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was played."""
        return loader.load(self.root / str(self._raw["scenario"]))

    def with_port(self, team: Team, port: int) -> None:
        """Remember where a team's world listens, so that a resumed one listens there again."""
        for each in self._raw["teams"]:
            if each["slug"] == team.slug:
                each["port"] = port
        files.write_json(self.root / "game.json", self._raw)
        self.teams = tuple(Team(**each) for each in self._raw["teams"])

    def seal(self, checksums: Mapping[str, str]) -> None:
        """Remember the checksums of the recordings as they are now, by the teams' slugs."""
        self._raw["seals"] = {**self._raw.get("seals", {}), **checksums}
        files.write_json(self.root / "game.json", self._raw)

    def sealed(self, team: Team) -> str | None:
        """The checksum of a team's recording when its world ended; None while it is open."""
        return self._raw.get("seals", {}).get(team.slug) or None

    def of(self, team: Team) -> Path:
        """A team's folder."""
        return self.root / team.slug

    def recording(self, team: Team) -> Path:
        """The recording of a team's world."""
        return self.of(team) / "recording.jsonl"

    def book(self, team: Team) -> Path:
        """What the runner did to a team's world."""
        return self.of(team) / "runner.jsonl"

    def gate(self, team: Team) -> Path:
        """The tokens of a team's world."""
        return self.of(team) / "gate.json"

    def team(self, name: str) -> Team:
        """A team by name. UsageError when there is none."""
        for each in self.teams:
            if name in (each.name, each.slug):
                return each
        raise UsageError(
            f"There is no team {name!r}.", f"There are: {', '.join(each.name for each in self.teams)}."
        )


def new_name(scenario: Scenario) -> str:
    """The scenario's id, with a number if that is taken."""
    taken = set(SHELF.names())
    number = 1
    while (name := scenario.id if number == 1 else f"{scenario.id}-{number}") in taken:
        number += 1
    return name


def _teams(wanted: Sequence[str], seed: int) -> list[Team]:
    made: list[Team] = []
    for number, name in enumerate(wanted):
        shown = " ".join(name.split())
        slug = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-") or f"team-{number + 1}"
        if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
            raise UsageError(
                f"{name!r} cannot be the name of a team.", f"Use 1 to {LONGEST_NAME} characters."
            )
        if any(slug == each.slug for each in made):
            raise UsageError(f"Two teams would be called {slug!r}.", "Give each another name.")
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))
        # The same seed for all: what can be compared is how they met the same.
        made.append(Team(shown, slug, seed, code, secrets.token_hex(20)))
    if not made:
        raise UsageError("A game needs a team.", "Name some: --team red --team blue.")
    return made
