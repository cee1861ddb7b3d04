"""Experiments that are killed: a process that has imported all that `chaos run` needs forks a child for each run, and the
child kills itself with SIGKILL at a chosen call. So a killed run costs a fraction of a second.

It reads one JSON object a line, ``{"run": <experiment>, "kill": "before"|"after", "call": <n>}`` or ``{"revert":
<journal>}``, and answers ``{"signal": <n>, "code": <n>}``: how the child ended. ``call`` counts the calls that change
something, from 1.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.client
from chaoslib.experiment import run_experiment

import chaos.toolkit.faults
import chaos.toolkit.probes  # noqa: F401 - the children have them then
from chaos.toolkit.actions import revert_all
from chaos.toolkit.surroundings import surroundings

READING = re.compile(r"Describe|List|Get|BatchGet")


class Forge:
    """Such a process, from outside; ``env`` is what its children see."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env=env,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, int]:
        """Let a child do it; how it ended."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self.process.communicate(timeout=30)


def _deadly(when: str, call: int, make: Callable[..., Any]) -> Callable[..., Any]:
    """botocore's way to make a call, deadly at the ``call``-th that changes something."""
    changes = 0

    def made(self: Any, operation: str, parameters: Any) -> Any:
        nonlocal changes
        changes += not READING.match(operation)
        mine = not READING.match(operation) and changes == call
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = make(self, operation, parameters)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return made


def _child(request: dict[str, Any]) -> None:
    if "revert" in request:
        here = {"aws_region": os.environ["AWS_REGION"]}
        revert_all(request["revert"], here)
        return
    client: Any = botocore.client.BaseClient
    client._make_api_call = _deadly(request["kill"], request["call"], client._make_api_call)
    run_experiment(request["run"], settings={"runtime": {"rollbacks": {"strategy": "always"}}})


def main() -> None:
    """Serve requests until there are no more."""
    region, endpoint = os.environ["AWS_REGION"], os.environ["AWS_ENDPOINT_URL"]
    around = surroundings({"aws_region": region, "aws_endpoint_url": endpoint})
    for service in ("sts", "ecs", "ec2"):
        around.clients(service)  # the children have it then
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _child(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        print(json.dumps({"signal": max(0, -ended), "code": max(0, ended)}), flush=True)


if __name__ == "__main__":
    main()
