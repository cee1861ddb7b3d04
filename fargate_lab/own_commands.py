"""Running `fargate-lab traffic ...` and its like where a lab is performed: in this process, on the lab's own world.

Words, answers, errors and exit codes are those of the shell, because parser and command are the same. Only what a
lab may contain is run: anything else could end or replace the world in which the lab is being performed.
"""

from __future__ import annotations

from functools import partial

from fargate_lab.arguments import parse
from fargate_lab.awscli_runner import Ran
from fargate_lab.commands import calls, capacity, cost, image, queue, scaling, traffic, why
from fargate_lab.commands.answering import Answers
from fargate_lab.errors import ExitCode, LabError, UsageError, exit_code
from labs.cloud import Cloud
from labs.control import ControlClient

PROGRAM = "fargate-lab"
_PERFORMED: dict[str, Answers] = {
    "traffic": traffic.answers,
    "queue": queue.answers,
    "scaling": scaling.answers,
    "capacity": capacity.answers,
    "cost": cost.answers,
    "image": image.answers,
    "calls": calls.answers,
    "why": why.answers,
}


def run(words: list[str], control: ControlClient, cloud: Cloud | None = None) -> Ran:
    """Run `words` (the first is `fargate-lab`) on the world that `control` talks to. `cloud` is that world for what calls AWS;
    without it AWS is called over the network.
    """
    try:
        answer, advice = _answers(words[1:], control, cloud)
    except LabError as error:
        said = f"{PROGRAM}: {error.message}\n" + (f"  {error.hint}\n" if error.hint else "")
        return Ran(int(exit_code(error)), "", said)
    return Ran(int(ExitCode.OK), f"{answer}\n", f"{advice}\n" if advice else "")


def _answers(words: list[str], control: ControlClient, cloud: Cloud | None) -> tuple[str, str]:
    answers = _PERFORMED.get(words[0]) if words else None
    if answers is None or {"-h", "--help"} & set(words):
        raise UsageError(
            f"`{' '.join([PROGRAM, *words])}` cannot be performed as a part of a lab.",
            f"Use `{PROGRAM} {'|'.join(_PERFORMED)} ...`.",
        )
    arguments = parse(words)
    if getattr(arguments, "file", None) is not None:
        raise UsageError("A lab's command explains the lab's own world.", "Leave out --file.")
    if arguments.endpoint is not None:
        raise UsageError("A lab's command goes to the lab's own world.", "Leave out --endpoint.")
    if cloud is not None and answers is image.answers:
        answers = partial(image.answers, cloud_of=lambda _control: cloud)
    return answers(arguments, lambda: control)
