"""`serve`, `env`, `shell`, `clock`: the offline cloud itself."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from fargate_lab import environment, paths, talk, worlds
from fargate_lab.command_parser import speed
from fargate_lab.errors import ExitCode, SurroundingsError, UsageError
from labs import loader
from labs.control import ControlClient

_SETTLE_MS = 1_800_000
_LONGEST_MS = 7 * 86_400_000
"""What the control API takes at once (docs/control-api.md)."""


class _Terminated(BaseException):
    """SIGTERM. Like KeyboardInterrupt, nothing on the way may swallow it."""


def serve(arguments: argparse.Namespace) -> ExitCode:
    """Run a world until Ctrl-C or SIGTERM. Prints the exports, then `ready`."""
    lab = loader.find(arguments.lab) if arguments.lab else None
    if arguments.fresh and lab is None:
        raise UsageError("--fresh goes with --lab.", "Without --lab every world is a fresh one.")
    if arguments.resume and lab is not None:
        raise UsageError("--resume goes without --lab.", "A lab goes on where it was left anyway.")
    label = lab.id if lab else worlds.SANDBOX
    recording: Path | None = paths.recording_file(label)
    if recording and lab is None and not arguments.resume and worlds.is_open(recording):
        talk.say("Another world without a lab is running and recorded; this one is not recorded.")
        recording = None
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with worlds.start(
            label,
            port=arguments.port,
            bind=arguments.bind,
            speed=arguments.speed,
            seed=arguments.seed,
            recording=recording,
            fresh=arguments.fresh or (lab is None and not arguments.resume),
        ) as world:
            variables = environment.lab_variables(world.control.get("/_lab/env"))
            if lab is not None:
                _set_up(lab.id, world)
            talk.data(environment.render(variables, "sh") + "ready")
            sys.stdout.flush()
            talk.say(f"The offline cloud listens on {world.endpoint}. Ctrl-C ends it.")
            code = world.process.wait()
            raise SurroundingsError(
                f"The offline cloud ended by itself (exit code {code}).", f"See {paths.log_file(label)}."
            )
    except _Terminated:
        return ExitCode.OK


def _terminate(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


def _set_up(lab_id: str, world: worlds.World) -> None:
    from fargate_lab.attempt import Attempt  # noqa: PLC0415 - brings boto3, which a bare world does not need
    from fargate_lab.progress import ProgressStore  # noqa: PLC0415
    from labs.endpoint_cloud import EndpointCloud  # noqa: PLC0415

    attempt = Attempt(loader.find(lab_id), EndpointCloud(world.endpoint), ProgressStore())
    resumed = attempt.resume_or_begin()
    talk.say(f"{lab_id}: {'going on where it was left' if resumed else 'set up'}.")


def print_env(arguments: argparse.Namespace) -> ExitCode:
    """What to `eval`."""
    variables = environment.lab_variables(worlds.connect(arguments.endpoint).get("/_lab/env"))
    sys.stdout.write(environment.render(variables, arguments.shell or environment.guess_shell()))
    return ExitCode.OK


def open_shell(arguments: argparse.Namespace) -> int:
    """A shell with the lab's environment; the exit code is the shell's."""
    from fargate_lab.console import Console  # noqa: PLC0415

    control = worlds.connect(arguments.endpoint)
    variables = environment.lab_variables(control.get("/_lab/env"))
    env = environment.complete_environment(variables)
    label = str(control.get("/_lab/status")["label"] or worlds.SANDBOX)
    console = Console(paths.shell_dir(label), paths.work_dir(label), variables, env)
    if arguments.line is not None:
        return _call([console.shell, "-c", arguments.line], env, str(Path.cwd()))
    shell = console.handover("")
    talk.say(f"This shell talks to {variables['AWS_ENDPOINT_URL']}. Leave it with exit.")
    return _call(list(shell.argv), dict(shell.env), shell.cwd)


def _call(argv: list[str], env: dict[str, str], cwd: str) -> int:
    code = subprocess.call(argv, env=env, cwd=cwd)  # noqa: S603 - the person's own shell
    return 128 - code if code < 0 else code


def clock(arguments: argparse.Namespace) -> ExitCode:
    """Read or move the virtual clock."""
    request = _clock_request(arguments.action, arguments.value)
    control: ControlClient = worlds.connect(arguments.endpoint)
    state = control.get("/_lab/clock") if request is None else control.post("/_lab/clock", request)
    if arguments.json:
        talk.data(json.dumps(state, indent=2))
        return ExitCode.OK
    pace = "as fast as it can" if state["speed"] == "max" else f"at {state['speed']:g}x"
    due = state["next_ms"]
    coming = "nothing is due" if due is None else f"next happening in {talk.duration(due - state['now_ms'])}"
    mode = "paused" if state["mode"] == "paused" else f"running {pace}"
    talk.data(f"{state['now']}  {talk.duration(state['elapsed_ms'])} since the start, {mode}, {coming}")
    return ExitCode.OK


def _clock_request(action: str, value: str | None) -> dict[str, Any] | None:
    """The body for the control API; None to read."""
    if action in ("read", "pause", "run", "next"):
        if value is not None:
            raise UsageError(f"`clock {action}` takes no value.", "See fargate-lab clock --help.")
        return None if action == "read" else {"action": action}
    if action == "settle":
        return {"action": "settle", "limit_ms": _SETTLE_MS if value is None else _stretch(value)}
    if value is None:
        example = "20" if action == "speed" else "5m"
        raise UsageError(
            f"`clock {action}` needs a value.", f"For example: fargate-lab clock {action} {example}"
        )
    if action in ("advance", "rewind"):
        return {"action": action, "ms": _stretch(value)}
    try:
        return {"action": "speed", "speed": speed(value)}
    except argparse.ArgumentTypeError:
        raise UsageError(f"{value!r} is not a speed.", "Write a number from 0.1 to 3600, or max.") from None


def _stretch(word: str) -> int:
    ms = talk.milliseconds(word)
    if ms > _LONGEST_MS:
        raise UsageError(f"{word} is too long at once.", "At most seven days: 7d.")
    return ms
