"""What `fargate-lab gameday` takes: each action has its own words."""

from __future__ import annotations

import argparse

_SCENARIO = "the scenario's id"


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


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, function: str, about: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, help=about, description=about[:1].upper() + about[1:] + ".", allow_abbrev=False
    )
    parser.set_defaults(module="gameday", function=function)
    return parser
