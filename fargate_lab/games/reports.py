"""The reports of a game: scored, and written into its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fargate_lab import __version__, files
from fargate_lab.games.folder import GameFolder
from fargate_lab.games.scoring import Scored, ranking, score_all
from gameday.report import GameReport, TeamReport, render
from gameday.story import story_of


def write_reports(
    folder: GameFolder, told: Callable[[str], None] = lambda _text: None, *, to: Path | None = None
) -> list[Path]:
    """Score every team and write all reports; where they are."""
    scored = score_all(folder, told)
    told("writing the reports")
    written = []
    for name, text in render(report_of(folder, scored)).items():
        path = (to or folder.root) / name
        files.write_atomically(path, text, mode=0o644)
        written.append(path)
    return written


def report_of(folder: GameFolder, scored: Sequence[Scored]) -> GameReport:
    """What the reports are made from."""
    scenario = folder.scenario
    teams = tuple(
        TeamReport(
            each.team.name,
            story_of(scenario, each.entries),
            each.score,
            each.entries,
            folder.sealed(each.team) or "",
        )
        for each in ranking(scored)
    )
    day = datetime.fromtimestamp(min(team.story.started_ms for team in teams) / 1000, UTC)
    return GameReport(scenario, teams, f"{day:%Y-%m-%d}", __version__, folder.teams[0].seed)
