"""Running `fargate-lab traffic ...` and its like where a lab is performed: in this process, on the lab's own world.

Words, answers, errors and exit codes are those of the shell, because parser and command are the same. Only what a
lab may contain is run: anything else could end or replace the world in which the lab is being performed.
"""

from __future__ import annotations

from fargate_lab.arguments import parse
from fargate_lab.awscli_runner import Ran
from fargate_lab.commands import capacity, cost, queue, scaling, traffic
from fargate_lab.errors import ExitCode, LabError, UsageError, exit_code
from labs.control import ControlClient

PROGRAM = "fargate-lab"
_PERFORMED = {
    "traffic": traffic.answers,
    "queue": queue.answers,
    "scaling": scaling.answers,
    "capacity": capacity.answers,
    "cost": cost.answers,
}


def run(words: list[str], control: ControlClient) -> Ran:
    """Run `words` (the first is `fargate-lab`) on the world that `control` talks to."""
    try:
        answer, advice = _answers(words[1:], control)
    except LabError as error:
        said = f"{PROGRAM}: {error.message}\n" + (f"  {error.hint}\n" if error.hint else "")
        return Ran(int(exit_code(error)), "", said)
    return Ran(int(ExitCode.OK), f"{answer}\n", f"{advice}\n" if advice else "")


def _answers(words: list[str], control: ControlClient) -> tuple[str, str]:
    answers = _PERFORMED.get(words[0]) if words else None
    if answers is None or {"-h", "--help"} & set(words):
        raise UsageError(
            f"`{' '.join([PROGRAM, *words])}` cannot be performed as a part of a lab.",
            f"Use `{PROGRAM} {'|'.join(_PERFORMED)} ...`.",
        )
    arguments = parse(words)
    if arguments.endpoint is not None:
        raise UsageError("A lab's command goes to the lab's own world.", "Leave out --endpoint.")
    return answers(arguments, lambda: control)
