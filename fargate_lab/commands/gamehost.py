"""`gameday host`, `join`, `games`, `score`, `report`, `abort`: a game day itself."""

from __future__ import annotations

import argparse
import ipaddress
import json
import secrets
import sys
import time
from pathlib import Path

from fargate_lab import __version__, talk, worlds
from fargate_lab.command_parser import speed
from fargate_lab.commands.tables import table
from fargate_lab.errors import ExitCode, LabError, SurroundingsError, UsageError
from fargate_lab.games.folder import SHELF, GameFolder, new_name
from fargate_lab.games.host import Host
from gameday import loader
from gameday.scenario import Scenario
from labs.checking import counted


def host(arguments: argparse.Namespace) -> ExitCode:
    """Run a game day."""
    try:
        pace: worlds.Speed = speed(arguments.speed)  # type: ignore[assignment]  # a number, or max
    except argparse.ArgumentTypeError:
        raise UsageError(
            f"{arguments.speed!r} is not a speed.", "Write a number from 0.1 to 3600, or max."
        ) from None
    bind = _address(arguments.bind)
    screen = not arguments.no_screen
    if screen and not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise SurroundingsError("The console needs a terminal.", "Without one: --no-screen.")
    folder = _folder(arguments)
    if not bind.is_loopback:
        talk.say(
            f"The teams' worlds listen on {bind}: everybody who reaches this machine can knock, and a team's code opens its world. "
            "Do this only in a network that you trust."
        )
    with Host(folder, bind=str(bind)) as running:
        running.begin(talk.say)
        running.speed(pace)
        for seat in running.seats.values():
            talk.say(f"{seat.team.name}: {running.join_words(seat)}")
        if screen:
            from fargate_lab.games.facilitator import Facilitator  # noqa: PLC0415 - the screen's
            from tui import facilitator  # noqa: PLC0415 - Textual

            facilitator.run(Facilitator(running))
            return ExitCode.OK
        try:
            _without_screen(running)
        except KeyboardInterrupt:
            talk.say(f"\nThe game is kept. Go on with it: fargate-lab gameday host --resume {folder.name}")
            raise
    return _reports(folder, None)


def _without_screen(running: Host) -> None:
    running.run()
    told = 0
    troubles: dict[str, str] = {}
    while not running.over:
        running.refuse_the_dead()
        running.tick()
        for slug, trouble in running.troubles():
            if troubles.get(slug) != trouble:
                troubles[slug] = trouble
                talk.say(f"{running.team_name(slug)}: {trouble}")
        for _, slug, happening in running.log[told:]:
            what = " ".join(part for part in (happening.what, happening.injection, happening.text) if part)
            talk.data(f"{running.team_name(slug)}: {what}")
        told = len(running.log)
        sys.stdout.flush()
        time.sleep(running.pause_seconds)


def join(arguments: argparse.Namespace) -> ExitCode:
    """Take part."""
    from fargate_lab.games.team import joined  # noqa: PLC0415 - the screen's
    from tui import team  # noqa: PLC0415 - Textual

    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise SurroundingsError("The team's screen needs a terminal.", "Open one, and join from there.")
    session = joined(arguments.address, arguments.code)
    try:
        team.run(session)
    finally:
        session.close()
    return ExitCode.OK


def list_games(arguments: argparse.Namespace) -> ExitCode:
    """The games on this machine."""
    found = []
    for name in SHELF.names():
        try:
            game = GameFolder.open(name)
            found.append((game, game.scenario))
        except LabError as error:  # the others are there all the same
            talk.say(f"{name}: {error.message}")
    if arguments.json:
        rows = [
            {"name": each.name, "scenario": played.id, "teams": [team.name for team in each.teams]}
            for each, played in found
        ]
        talk.data(json.dumps({"games": rows}, indent=2, ensure_ascii=False))
        return ExitCode.OK
    for each, played in found:
        teams = ", ".join(team.name for team in each.teams)
        talk.data(f"{each.name:<26} {played.title} ({counted(len(each.teams), 'team')}: {teams})")
    if not found:
        talk.say("No game has been played here. `fargate-lab gameday list` shows the scenarios.")
    return ExitCode.OK


def score(arguments: argparse.Namespace) -> ExitCode:
    """Compute the scores again."""
    from fargate_lab.games.scoring import as_json, ranking, score_all  # noqa: PLC0415 - brings the simulator

    scored = ranking(score_all(GameFolder.open(arguments.game), talk.say))
    if arguments.json:
        talk.data(as_json(scored))
        return ExitCode.OK
    for each in scored:
        talk.data(f"{each.team.name}: {each.score.total} points")
        lines = [
            (line.rule, f"{line.points:g}", f"of {line.most:g}" if line.most else "", line.why)
            for line in each.score.lines
        ]
        talk.data("\n".join(table(lines)))
    return ExitCode.OK


def report(arguments: argparse.Namespace) -> ExitCode:
    """Score and write the reports."""
    return _reports(GameFolder.open(arguments.game), Path(arguments.to) if arguments.to else None)


def _reports(folder: GameFolder, to: Path | None) -> ExitCode:
    from fargate_lab.games.reports import write_reports  # noqa: PLC0415 - brings the simulator

    for path in write_reports(folder, talk.say, to=to):
        talk.data(str(path))
    return ExitCode.OK


def abort(arguments: argparse.Namespace) -> ExitCode:
    """Take everything back."""
    from fargate_lab.games.seat import recover  # noqa: PLC0415 - boto3

    folder = GameFolder.open(arguments.game)
    failed = False
    for team in folder.teams:
        for happening in recover(folder, team):
            talk.data(
                " ".join(
                    part
                    for part in (f"{team.name}:", happening.what, happening.injection, happening.text)
                    if part
                )
            )
            failed = failed or happening.what == "undo_failed"
    return ExitCode.FAILED if failed else ExitCode.OK


def _folder(arguments: argparse.Namespace) -> GameFolder:
    if arguments.resume:
        if arguments.scenario or arguments.teams or arguments.name:
            raise UsageError("--resume goes alone.", "Scenario and teams are those of the game.")
        return GameFolder.open(arguments.resume)
    if not arguments.scenario:
        raise UsageError("Say which scenario.", "See them: fargate-lab gameday list")
    scenario = _scenario(arguments.scenario)
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    teams = arguments.teams or ["team"]
    return GameFolder.create(
        arguments.name or new_name(scenario), scenario, teams, seed=seed, version=__version__
    )


def _scenario(name: str) -> Scenario:
    return loader.load(Path(name)) if name.endswith((".yaml", ".yml")) else loader.find(name)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if text == "localhost" else text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no address of this machine.", "Write one like 192.168.1.5, or 0.0.0.0."
        ) from None
