"""`start`, `check`, `hint`, `solve`, `reset`, `play`: a lab in the running world."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fargate_lab import files, talk, worlds
from fargate_lab.attempt import Attempt, lab_of_world
from fargate_lab.errors import ExitCode
from fargate_lab.progress import ProgressStore
from labs import junit, loader
from labs.catalogue import Lab
from labs.endpoint_cloud import EndpointCloud
from labs.errors import LabError, UnknownLabError
from labs.grading import LabResult


def start(arguments: argparse.Namespace) -> ExitCode:
    """Set a lab up."""
    attempt = _attempt(loader.find(arguments.lab), arguments.endpoint)
    attempt.begin()
    lab = attempt.lab
    if arguments.json:
        talk.data(
            json.dumps({"lab": lab.id, "started": True, "steps": [step.id for step in lab.steps]}, indent=2)
        )
    else:
        talk.data(f"{lab.id} is set up: {lab.title}.")
        talk.say(f"First: {lab.steps[0].goal}")
    return ExitCode.OK


def check(arguments: argparse.Namespace) -> ExitCode:
    """Grade. Exit 1 when something does not pass."""
    lab, step = _lab_and_step(arguments)
    attempt = _attempt(lab, arguments.endpoint)
    result = attempt.check(step, drills=not arguments.no_drills)
    if arguments.json:
        talk.data(json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
    elif arguments.junit == "-":
        talk.data(junit.to_junit([result]).rstrip("\n"))
    elif arguments.junit:
        files.write_atomically(Path(arguments.junit), junit.to_junit([result]), mode=0o644)
        talk.say(f"Wrote {arguments.junit}: {result.score} %.")
    else:
        _report(lab, result)
    return ExitCode.OK if result.passed else ExitCode.FAILED


def hint(arguments: argparse.Namespace) -> ExitCode:
    """Show a hint."""
    lab, asked = _lab_and_step(arguments)
    attempt = _attempt(lab, arguments.endpoint)
    step = asked or attempt.first_open_step()
    level, text = attempt.hint(step, arguments.level)
    talk.say(f"{attempt.lab.id}, step {step}, hint {level}:")
    talk.data(text.rstrip("\n"))
    return ExitCode.OK


def solve(arguments: argparse.Namespace) -> ExitCode:
    """Apply the reference solution."""
    attempt = _attempt(_lab(arguments), arguments.endpoint)
    attempt.solve()
    talk.say(
        f"The reference solution of {attempt.lab.id} is applied. Grade it: fargate-lab check {attempt.lab.id}"
    )
    return ExitCode.OK


def reset(arguments: argparse.Namespace) -> ExitCode:
    """Begin the lab anew."""
    attempt = _attempt(loader.find(arguments.lab), arguments.endpoint)
    attempt.reset(arguments.seed)
    talk.say(
        f'A new world, and {attempt.lab.id} from its first step. With another seed its ids differ: eval "$(fargate-lab env)"'
    )
    return ExitCode.OK


def play(arguments: argparse.Namespace) -> ExitCode:
    """Perform a lab, narrated, in a world of its own."""
    from fargate_lab.play import play_in_new_world  # noqa: PLC0415

    return play_in_new_world(loader.find(arguments.lab), speed=arguments.speed, seed=arguments.seed)


def _lab(arguments: argparse.Namespace) -> Lab:
    """The lab that is named, else the one of the running world: in a lab's console that is the open one."""
    return loader.find(arguments.lab) if arguments.lab else lab_of_world(worlds.connect(arguments.endpoint))


def _lab_and_step(arguments: argparse.Namespace) -> tuple[Lab, str | None]:
    """The same with a step, if one is named. A word alone that is no lab may be a step of the running world's lab."""
    try:
        lab = _lab(arguments)
    except UnknownLabError as unknown:
        step = None if arguments.step else _step_of_world(arguments.endpoint, arguments.lab)
        if step is None:
            raise unknown from None
        return step
    return lab, lab.step(arguments.step).id if arguments.step else None


def _step_of_world(endpoint: str | None, word: str) -> tuple[Lab, str] | None:
    """The running world's lab with its step of that name; None without a world, or without such a step."""
    try:
        lab = lab_of_world(worlds.connect(endpoint))
        return lab, lab.step(word).id
    except LabError:
        return None


def _attempt(lab: Lab, endpoint: str | None) -> Attempt:
    return Attempt(lab, EndpointCloud(worlds.connect(endpoint).endpoint_url), ProgressStore())


def _report(lab: Lab, result: LabResult) -> None:
    """The result for people: a line a step, a line a check, and the evidence where it fails."""
    passed = sum(step.passed for step in result.steps)
    talk.data(f"{lab.id}: {passed} of {len(result.steps)} steps pass ({result.score} %)")
    for step in result.steps:
        known = lab.step(step.id)
        titles = {item.id: item.title for item in known.checks}
        talk.data(f"{_word(step.passed)}  {step.id}: {known.title}")
        for item in step.checks:
            talk.data(f"  {_word(item.passed)}  {titles[item.id]}")
            if not item.passed:
                talk.data(f"          expected  {item.expected}\n          observed  {item.observed}")
                if item.hint:
                    talk.data(f"          hint      {item.hint}")


def _word(passed: bool) -> str:
    return "passed" if passed else "FAILED"
