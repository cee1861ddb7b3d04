"""Commands that ask the running world something, or change something in it, and tell what it answers."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from fargate_lab import talk, worlds
from fargate_lab.errors import ExitCode
from labs.control import ControlClient

Answers = Callable[[argparse.Namespace, Callable[[], ControlClient]], tuple[str, str]]
"""From the arguments and a way to the world: the answer, and a word of advice that may be empty."""


def tell(arguments: argparse.Namespace, answers: Answers) -> ExitCode:
    """The answer is data, the advice is talk."""
    answer, advice = answers(arguments, lambda: worlds.connect(arguments.endpoint))
    talk.data(answer)
    if advice:
        talk.say(advice)
    return ExitCode.OK
