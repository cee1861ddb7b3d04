"""The rest of a session as it was, and with other commands at one moment, beside each other."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fargate_lab import environment
from fargate_lab.again import Again, lived_again
from fargate_lab.awscli_runner import AwsRunner
from fargate_lab.commandline import expand
from fargate_lab.errors import SurroundingsError, UsageError
from fargate_sim.recording import Recording
from gameday.comparison import Timeline, timeline
from labs.endpoint_cloud import EndpointCloud

WATCH_MS = 10_000


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Both timelines from a moment to an end, in virtual milliseconds since the epoch."""

    since_ms: int
    until_ms: int
    actual: Timeline
    other: Timeline


def what_if(recording: Recording, at_ms: int, until_ms: int, commands: Sequence[str], work: Path) -> WhatIf:
    """Live through a recording twice. The `aws` commands are run at ``at_ms`` in the second life; what came after comes in both."""
    actual = _life(recording, at_ms, until_ms, [], work)
    return WhatIf(at_ms, until_ms, actual, _life(recording, at_ms, until_ms, commands, work))


def _life(recording: Recording, at_ms: int, until_ms: int, commands: Sequence[str], work: Path) -> Timeline:
    with lived_again(recording, who="grader") as life:
        life.to(at_ms)
        life.cloud.watch(WATCH_MS)
        if commands:
            _run(life, commands, work)
        life.to(until_ms)
        return timeline(life.cloud.history.entries, at_ms, until_ms)


def _run(life: Again, commands: Sequence[str], work: Path) -> None:
    with life.served() as url, contextlib.closing(AwsRunner(work)) as aws:
        variables: MutableMapping[str, str] = dict(EndpointCloud(url).env)
        aws.use(environment.complete_environment(environment.lab_variables(variables, shims=False)))
        for command in commands:
            _one(aws, command, variables)


def _one(aws: AwsRunner, command: str, variables: MutableMapping[str, str]) -> None:
    def run(words: list[str]) -> str:
        ran = aws.run(words)
        if ran.code:
            said = (ran.stderr or ran.stdout).strip().splitlines()
            raise SurroundingsError(
                f"`{command}` was refused: {said[-1] if said else f'exit code {ran.code}'}"
            )
        return ran.stdout

    simple = expand(command, variables, run)
    if simple.name:
        variables[simple.name] = simple.value
    elif list(simple.words)[:1] != ["aws"]:
        raise UsageError(
            f"{command!r} is no `aws` command.", "Write the whole command in quotes: 'aws ecs ...'."
        )
    else:
        run(list(simple.words))


def moment(clock: Mapping[str, Any], back_ms: int) -> int:
    """The virtual moment so long ago. UsageError when the world did not exist then."""
    if back_ms > clock["elapsed_ms"]:
        raise UsageError("The world did not exist then.", f"It began {clock['elapsed_ms'] // 1000} s ago.")
    return int(clock["now_ms"]) - back_ms
