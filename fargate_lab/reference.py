"""The reference of commands and options in `docs/cli.md`, made from the argument parser. A test compares the
two.

`python -m fargate_lab.reference` prints it.
"""

from __future__ import annotations

import argparse

from fargate_lab.arguments import build_parser, command_parsers

BEGIN = "<!-- reference: begin (python -m fargate_lab.reference) -->"
END = "<!-- reference: end -->"


def markdown() -> str:
    """One section per command: its sentence, its usage, its options; a command with actions has one for each of them as well."""
    sections = []
    for name, parser in command_parsers(build_parser()).items():
        sections.append(_section(name, parser))
        sections += [_section(f"{name} {action}", each) for action, each in command_parsers(parser).items()]
    return "\n".join(sections)


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    lines = [f"### `{name}`", "", str(parser.description), "", "```", usage, "```", ""]
    rows = [row for action in parser._actions if (row := _row(action))]
    if rows:
        lines += ["| argument | meaning |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def _row(action: argparse.Action) -> str:
    if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
        return ""
    shown = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None and not shown:
        shown = "|".join(str(choice) for choice in action.choices)
    name = ", ".join(f"{option} {shown}".strip() for option in action.option_strings) or shown
    name = name.replace("|", "\\|")
    return f"| `{name}` | {action.help or ''} |".replace("|  |", "| |")


if __name__ == "__main__":
    print(markdown(), end="")
