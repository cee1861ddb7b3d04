"""Scores of a game's teams, computed from what was recorded, after it has proved itself."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fargate_lab import files
from fargate_lab.errors import LabError, SurroundingsError
from fargate_lab.games.folder import GameFolder, Team
from fargate_lab.games.lives import ChangedError, RecordedLives
from fargate_lab.games.seat import checksum
from gameday.findings import find
from gameday.scoring import Score, score
from labs.history import Entry

AT_ONCE = 2
"""Sessions are lived through in processes of their own; more at once need more memory than they save time."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A team, its score, and the journal from which it came."""

    team: Team
    score: Score
    entries: tuple[Entry, ...]


def proved(folder: GameFolder, team: Team) -> tuple[RecordedLives, list[Entry]]:
    """A team's session and its journal. ChangedError when the recording is not the one that was sealed, or does not give what it says;
    SurroundingsError when the game has not been ended.
    """
    path = folder.recording(team)
    seal = folder.sealed(team)
    if seal is None:
        raise SurroundingsError(
            f"The game {folder.name} is going on, or was cut short.",
            f"End it first: fargate-lab gameday host --resume {folder.name}",
        )
    if checksum(path) != seal:
        raise ChangedError(
            f"The recording of {team.name} is not the one that was made: {path}.",
            "A score is computed only from what has really happened.",
        )
    lives = RecordedLives.of(path)
    if not any("digest" in line for line in lives.inputs[-3:]):
        raise ChangedError(
            f"The recording of {team.name} has no end: {path}.", "It must be as it was written."
        )
    return lives, lives.entries()


def score_team(folder: GameFolder, team: Team) -> Scored:
    """One team's score, in this process; written beside its recording."""
    lives, entries = proved(folder, team)
    scenario = folder.scenario
    found = score(scenario, entries, find(scenario, entries, lives))
    files.write_json(folder.of(team) / "score.json", found.to_dict())
    return Scored(team, found, tuple(entries))


def score_all(folder: GameFolder, told: Callable[[str], None] = lambda _text: None) -> list[Scored]:
    """All teams' scores, each in a process of its own. LabError names the team whose session cannot be scored."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [(team, pool.submit(_in_a_process, folder, team)) for team in folder.teams]
        scored = []
        for team, future in waiting:
            told(f"living through what {team.name} did, again and again")
            scored.append(future.result())
    return scored


def _in_a_process(folder: GameFolder, team: Team) -> Scored:
    # No pool of processes: it wants a standard error with a number, which a program that has the whole screen does not have.
    argv = [sys.executable, "-m", "fargate_lab.games.scorer", str(folder.root), team.slug]
    ran = subprocess.run(  # noqa: S603 - our own module
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if ran.returncode:
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LabError(f"The session of {team.name} could not be scored: {''.join(last)}")
    result = pickle.loads(ran.stdout)  # noqa: S301 - from our own child
    if isinstance(result, Failed):
        raise (ChangedError if result.changed else LabError)(result.message, result.hint)
    found: Scored = result
    return found


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a team's session cannot be scored, from the process that tried."""

    message: str
    hint: str
    changed: bool


def ranking(scored: Sequence[Scored]) -> list[Scored]:
    """The best first; equals by name."""
    return sorted(scored, key=lambda each: (-each.score.total, each.team.name))


def as_json(scored: Sequence[Scored]) -> str:
    """For `--json`."""
    rows = [{"team": each.team.name, **each.score.to_dict()} for each in ranking(scored)]
    return json.dumps({"teams": rows}, indent=2, ensure_ascii=False)
