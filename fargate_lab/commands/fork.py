"""`fork` and `whatif`: another course of events from an earlier moment of the running world, which is left as it is."""

from __future__ import annotations

import argparse
import json
import sys

from fargate_lab import environment, files, paths, talk, worlds
from fargate_lab.commands.tables import table
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from fargate_lab.whatif import moment, what_if
from fargate_sim.recording import Recording
from gameday.comparison import rows
from labs.control import ControlClient


def fork(arguments: argparse.Namespace) -> ExitCode:
    """A world beside the running one, as that was a while ago; its clock stands still. Prints the exports, then `ready`."""
    control = worlds.connect(arguments.endpoint)
    recording = _recording(control)
    at_ms = moment(control.get("/_lab/clock"), _back(arguments.back))
    label = f"{recording.header.label or worlds.SANDBOX}-fork"
    path = paths.ready(paths.recording_file(label))
    if worlds.is_open(path):
        raise SurroundingsError(
            "A fork of this world is running already.", "End it first: Ctrl-C where it runs."
        )
    recording.until(at_ms).write(path)
    with worlds.start(label, port=arguments.port, recording=path) as world:
        variables = environment.lab_variables(world.control.get("/_lab/env"))
        talk.data(environment.render(variables, "sh") + "ready")
        sys.stdout.flush()
        talk.say(
            f"A fork of {talk.duration(_back(arguments.back))} ago listens on {world.endpoint}, its clock paused: "
            "`fargate-lab clock run` lets it go on. Ctrl-C ends it."
        )
        world.process.wait()
    return ExitCode.OK


def whatif(arguments: argparse.Namespace) -> ExitCode:
    """What would have been: the time since then as it was, and with other commands."""
    if not arguments.commands:
        raise UsageError(
            "Say what should have been done.", "For example: fargate-lab whatif --back 10m 'aws ecs ...'"
        )
    control = worlds.connect(arguments.endpoint)
    clock = control.get("/_lab/clock")
    at_ms = moment(clock, _back(arguments.back))
    recording = _recording(control)
    with files.scratch("whatif") as work:
        found = what_if(recording, at_ms, int(clock["now_ms"]), arguments.commands, work)
    if arguments.json:
        shown = {
            "since_ms": found.since_ms,
            "until_ms": found.until_ms,
            "actual": found.actual.to_dict(),
            "other": found.other.to_dict(),
        }
        talk.data(json.dumps(shown, indent=2))
        return ExitCode.OK
    talk.say(
        f"The last {talk.duration(found.until_ms - found.since_ms)}, as they were and as they would have been:"
    )
    lines = [("", "as it was", "with that"), *rows(found.actual, found.other)]
    talk.data("\n".join(table(lines)))
    return ExitCode.OK


def _recording(control: ControlClient) -> Recording:
    return Recording.of(control.get("/_lab/recording"))


def _back(word: str) -> int:
    return talk.milliseconds(word)
