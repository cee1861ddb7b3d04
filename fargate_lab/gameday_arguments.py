"""What `fargate-lab gameday` takes: each action has its own words."""

from __future__ import annotations

import argparse

_SCENARIO = "the scenario's id"
_OF_A_GAME = frozenset({"host", "join", "list_games", "score", "report", "abort"})


def add(parser: argparse.ArgumentParser, parser_class: type[argparse.ArgumentParser]) -> None:
    """Give the command its actions."""
    actions = parser.add_subparsers(metavar="ACTION", parser_class=parser_class, required=True)
    listed = _action(actions, "list", "list_scenarios", "list the scenarios, and how long each takes")
    listed.add_argument("--json", action="store_true", help="as JSON")
    show = _action(
        actions,
        "show",
        "show_scenario",
        "show a scenario to whoever runs it: everything, hints and decoys included",
    )
    show.add_argument("scenario", metavar="SCENARIO", help=_SCENARIO)
    show.add_argument("--json", action="store_true", help="as JSON")
    check = _action(
        actions, "check", "check_files", "check scenario files of your own; exit 2 when one cannot be used"
    )
    check.add_argument("files", metavar="FILE", nargs="+", help="a file such as my_scenario.yaml")
    dry = _action(
        actions,
        "dry-run",
        "dry_run",
        "show every call that a scenario would make, what it touches and how it is taken back",
    )
    dry.add_argument("scenario", metavar="SCENARIO", help=f"{_SCENARIO}, or a file")
    dry.add_argument(
        "--plan",
        action="store_true",
        help="only what the file says; nothing is tried out in a throw-away world",
    )
    dry.add_argument("--json", action="store_true", help="as JSON")
    _host_actions(actions)


def _host_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    host = _action(
        actions,
        "host",
        "host",
        "run a game day: a world for each team, and a console for whoever runs it",
    )
    host.add_argument("scenario", metavar="SCENARIO", nargs="?", help=f"{_SCENARIO}, or a file")
    host.add_argument(
        "--team", dest="teams", metavar="NAME", action="append", default=[], help="a team; once for each"
    )
    host.add_argument("--name", help="the game's name (default: the scenario's id)")
    host.add_argument("--resume", metavar="GAME", help="go on with a game that was left or cut short")
    host.add_argument(
        "--bind",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="where teams reach their worlds: an address of this machine, or 0.0.0.0 (default: only from here)",
    )
    host.add_argument(
        "--speed",
        metavar="X|max",
        default="10",
        help="virtual seconds per second, 0.1 to 120 (default 10), or as fast as it goes",
    )
    host.add_argument(
        "--seed", type=int, default=None, metavar="S", help="seed of the worlds (default: by chance)"
    )
    host.add_argument(
        "--no-screen",
        action="store_true",
        help="without a console: begin at once, tell what happens, end with the scenario, write the reports",
    )
    join = _action(actions, "join", "join", "take part in a game day as a team")
    join.add_argument(
        "address", metavar="ADDRESS", help="where the team's world is, as whoever runs the game says"
    )
    join.add_argument("code", metavar="CODE", help="the team's code")
    games = _action(actions, "games", "list_games", "list the games on this machine")
    games.add_argument("--json", action="store_true", help="as JSON")
    score = _action(
        actions,
        "score",
        "score",
        "compute the scores of a game again, from what was recorded; 2 if that was changed",
    )
    score.add_argument("game", metavar="GAME", help="its name, or its folder")
    score.add_argument("--json", action="store_true", help="as JSON")
    report = _action(
        actions, "report", "report", "score a game, and write report.html, report.md, grades.csv, grades.xml"
    )
    report.add_argument("game", metavar="GAME", help="its name, or its folder")
    report.add_argument("--to", metavar="DIR", help="where to (default: the game's folder)")
    abort = _action(
        actions, "abort", "abort", "end a game that was cut short, and take back everything that is in force"
    )
    abort.add_argument("game", metavar="GAME", help="its name, or its folder")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, function: str, about: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, help=about, description=about[:1].upper() + about[1:] + ".", allow_abbrev=False
    )
    module = "gamehost" if function in _OF_A_GAME else "gameday"
    parser.set_defaults(module=module, function=function)
    return parser
