"""What happens when a container is told to stop: Linux's rules for PID 1, and the shells' habits.

Sources: pid_namespaces(7): PID 1 of a namespace gets a signal only if it has installed a handler, SIGKILL from outside always works
and ends the whole namespace. The shells' behaviour was measured with dash 0.5.12, bash 5.2 and busybox 1.35 in PID namespaces.
tini's documentation: the init forwards signals to its direct child only. ``tests/fargate_lab/test_pid1_reality.py`` holds
these rules against the shells of the machine that it runs on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fargate_sim.model.images import App
from fargate_sim.model.shell_script import Script, SimpleCommand

SIGKILL_EXIT = 137
SIGTERM_EXIT = 143


@dataclass(frozen=True)
class StopBehaviour:
    """How a container takes its stop signal. ``delay_ms`` None: it does not end until it is killed.

    ``graceful`` says that the program was told and finished its work.
    """

    delay_ms: int | None
    exit_code: int
    graceful: bool = False


DEAF = StopBehaviour(None, SIGKILL_EXIT)
DIES_AT_ONCE = StopBehaviour(0, SIGTERM_EXIT)


def program_stop(app: App | None, *, is_pid1: bool) -> StopBehaviour:
    """A program that gets the signal itself, as PID 1 or not."""
    if app is not None and app.on_stop == "drains":
        return StopBehaviour(app.drain_ms, 0, graceful=True)
    if app is not None and app.on_stop == "exits":
        return StopBehaviour(0, 0)
    return DEAF if is_pid1 else DIES_AT_ONCE


def shell_gives_way(shell: str, command: SimpleCommand) -> bool:
    """Whether the shell replaces itself with the last command of its ``-c`` script, so that the program takes the shell's place.

    ``shell`` is dash, bash or busybox; ``file`` is any of them with a script file, which only ``exec`` makes give way.
    """
    if command.piped or command.background or command.argv[0] == "wait":
        return False
    if command.has_exec:
        return True
    if shell == "bash":
        return not (command.redirects or command.compound)
    return shell == "busybox" and not command.loop


def script_stop(
    script: Script,
    shell: str,
    foreground: SimpleCommand | None,
    *,
    in_its_place: StopBehaviour,
    child: StopBehaviour,
    is_pid1: bool,
) -> StopBehaviour:
    """A shell with a script: who gets the signal, and what comes of it.

    ``foreground`` is the command that the script is at, ``in_its_place`` how that takes the signal if it takes the shell's place,
    and ``child`` how the program that the shell has started takes one that a trap passes on.
    """
    last = script.last
    if last is None:
        return DIES_AT_ONCE
    if (
        foreground is not None
        and (foreground is last or foreground.has_exec)
        and shell_gives_way(shell, foreground)
        and (not script.trap or foreground.has_exec)
    ):
        return in_its_place
    if script.trap == "":
        return DEAF
    if script.trap is not None:
        waits = (
            foreground is not None
            and foreground.argv[0] == "wait"
            and any(command.background for command in script.commands)
        )
        if not waits:
            return DEAF  # a trap runs only once the foreground child has ended
        return _trap_stop(script, shell, script.trap, child, foreground)
    # As PID 1 the shell has no handler and hears nothing; below an init it dies of the signal and the program dies with the namespace.
    return DEAF if is_pid1 else DIES_AT_ONCE


def _trap_stop(
    script: Script, shell: str, trap: str, child: StopBehaviour, wait: SimpleCommand | None
) -> StopBehaviour:
    """A trap that runs while the script is at ``wait``: the signal ends the wait, and the script goes on behind it."""
    behind = script.commands[next(i for i, command in enumerate(script.commands) if command is wait) + 1 :]
    leaves = re.search(r"\bexit\b(?:\s+(\d+|\$\?))?", trap)
    told = re.search(r"\bkill\b", trap) is not None
    waits_in_trap = re.search(r"\bwait\b", trap) is not None
    waits_behind = leaves is None and any(command.argv[0] == "wait" for command in behind)
    if waits_behind and not told:
        return DEAF  # the script waits once more, for a program that was never told
    if leaves is not None:
        word = leaves.group(1) or ""
        if word.isdigit():
            code = int(word) % 256
        elif word or shell == "bash":
            code = child.exit_code if waits_in_trap else 0
        else:
            code = (
                SIGTERM_EXIT  # a bare `exit` in a trap: dash and busybox give the status from before the trap
            )
    elif not behind:
        code = SIGTERM_EXIT  # the status of the wait that the signal ended
    elif behind[-1].argv[0] == "wait":
        code = child.exit_code
    elif behind[-1].argv[0] == "exit":
        word = behind[-1].argv[1] if len(behind[-1].argv) > 1 else ""
        code = int(word) % 256 if word.isdigit() else child.exit_code
    else:
        code = 0  # [A] assumed: a last command of the script's own succeeds
    if told and (waits_in_trap or waits_behind):
        return StopBehaviour(child.delay_ms, code, child.graceful)
    return StopBehaviour(0, code)  # the shell is gone at once, and the whole namespace with it
