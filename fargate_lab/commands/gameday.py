"""`gameday`: scenarios for teams, before anybody plays them. No running world is needed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fargate_lab import talk
from fargate_lab.errors import ExitCode
from gameday import describing, loader
from gameday.dry_run import DryRun, plan, rehearse
from gameday.scenario import Scenario
from labs.checking import counted

_LONGEST_LINE = 300


def list_scenarios(arguments: argparse.Namespace) -> ExitCode:
    """Every scenario."""
    scenarios = loader.load_all()
    if arguments.json:
        talk.data(json.dumps({"scenarios": [describing.row(each) for each in scenarios]}, indent=2))
        return ExitCode.OK
    for each in scenarios:
        talk.data(f"{each.id:<26} {each.minutes:>3} min  {each.title}")
        talk.data(talk.wrapped(each.summary, "    "))
    talk.data("")
    talk.data(
        "`fargate-lab gameday show SCENARIO` tells everything, `dry-run` what it would do call by call."
    )
    return ExitCode.OK


def show_scenario(arguments: argparse.Namespace) -> ExitCode:
    """One scenario, as its facilitator should know it."""
    scenario = loader.find(arguments.scenario)
    if arguments.json:
        talk.data(json.dumps(describing.whole(scenario), indent=2, ensure_ascii=False))
        return ExitCode.OK
    talk.data(f"# {scenario.title}\n\n{scenario.briefing}\n")
    _section("Roles", [f"{role.name}: {role.does}" for role in scenario.roles])
    _section("Steady state", [f"{each.title} ({describing.slo(each)})" for each in scenario.steady_state])
    talk.data("## Timeline\n")
    for number, each in enumerate(scenario.timeline, start=1):
        decoy = " (a decoy)" if each.decoy else ""
        talk.data(f"{number}. {each.id}, {describing.when(each.trigger)}: {each.title}{decoy}")
        talk.data(talk.wrapped(each.tells, "   "))
        if each.knobs:
            talk.data(f"   knobs: {', '.join(each.knobs)}")
    talk.data("")
    _section("Knobs", [f"{each.id}: {each.title}" for each in scenario.knobs])
    hints = [f"{each.text} (costs {each.cost})" for each in scenario.hints]
    _section(f"Hints, of {scenario.hint_budget} points", hints)
    _section("Debrief", list(scenario.debrief))
    return ExitCode.OK


def check_files(arguments: argparse.Namespace) -> ExitCode:
    """Files of somebody's own: the first mistake ends it."""
    for name in arguments.files:
        scenario = loader.load(Path(name))
        talk.data(f"{name}: {scenario.id}, {counted(len(scenario.timeline), 'injection')}, can be used")
    return ExitCode.OK


def dry_run(arguments: argparse.Namespace) -> ExitCode:
    """What a scenario would do."""
    scenario = _found(arguments.scenario)
    found = plan(scenario) if arguments.plan else _rehearsed(scenario)
    if arguments.json:
        told = {
            "scenario": scenario.id,
            "tried": not arguments.plan,
            "stage": list(found.stage),
            "injections": [each.to_dict() for each in found.injections],
        }
        talk.data(json.dumps(told, indent=2, ensure_ascii=False))
        return ExitCode.OK
    talk.data(f"# {scenario.title} ({scenario.id})\n\n## The stage\n")
    for line in found.stage:
        talk.data(f"  {_cut(line)}")
    for each in found.injections:
        decoy = ", a decoy" if each.injection.decoy else ""
        talk.data(f"\n## {each.injection.id} ({describing.when(each.injection.trigger)}{decoy})\n")
        for word, lines in (("does", each.does), ("touches", each.touches), ("undo", each.undo)):
            for line in lines or ("nothing",):
                talk.data(f"  {word:<8} {_cut(line)}")
        if each.refused:
            talk.data(f"  refused  {each.refused}")
    if not arguments.plan:
        talk.say(
            "All of this was done in a world of its own, which is gone: one injection after the other, with nobody reacting."
        )
    return ExitCode.OK


def _rehearsed(scenario: Scenario) -> DryRun:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - brings the whole simulator

    with world_factory() as new_cloud:
        return rehearse(scenario, new_cloud())


def _found(name: str) -> Scenario:
    """A scenario of the catalogue, or of a file."""
    return loader.load(Path(name)) if name.endswith((".yaml", ".yml")) else loader.find(name)


def _cut(line: str) -> str:
    """A call for people: what is too long for a look ends in dots. `--json` has it whole."""
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..."


def _section(title: str, lines: list[str]) -> None:
    talk.data(f"## {title}\n")
    for line in lines:
        talk.data(talk.wrapped(line, "- "))
    talk.data("")
