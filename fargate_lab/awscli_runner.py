"""Running `aws` commands for `play`: in one kept worker process where the AWS CLI is part of our environment,
else one process each.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fargate_lab import aws_cli, aws_worker
from fargate_lab.errors import SurroundingsError


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


class AwsRunner:
    """Runs `aws` in a directory, with the environment that `use` was told last.

    One command at a time; `close` from any thread stops it. Made early, it loads the AWS CLI while other
    things are got ready.
    """

    def __init__(self, cwd: Path) -> None:
        self._env: dict[str, str] = dict(os.environ)
        self._cwd = cwd
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[str] | None = None
        self._argv: tuple[str, ...] = ()
        if importlib.util.find_spec("awscli") is not None:
            # -P: the script's own folder must not stand on the path (it has an `errors` of its own).
            self._process = self._start([sys.executable, "-P", aws_worker.__file__])
        else:
            found = aws_cli.find_aws()
            if found is None:
                raise SurroundingsError("There is no aws command.", aws_cli.MISSING)
            self._argv = found.argv

    def use(self, env: Mapping[str, str]) -> None:
        """The whole environment of the commands that follow; must hold AWS_ENDPOINT_URL."""
        self._env = dict(env)
        if not self._argv:
            self._tell({"env": self._env})

    def run(self, words: Sequence[str]) -> Ran:
        """Run `words` (the first is `aws`). Raises SurroundingsError when the worker has ended."""
        if self._argv:
            endpoint = ["--endpoint-url", self._env["AWS_ENDPOINT_URL"]]
            process = self._start([*self._argv, *endpoint, *words[1:]])
            with self._lock:
                self._process = process
            out, err = process.communicate()
            return Ran(process.returncode, out, err)
        worker = self._process
        assert worker is not None  # noqa: S101 - made so in `__init__`
        assert worker.stdout is not None  # noqa: S101
        # Version 1 ignores AWS_ENDPOINT_URL for some services, never --endpoint-url.
        self._tell({"words": ["--endpoint-url", self._env["AWS_ENDPOINT_URL"], *words[1:]]})
        line = ""
        with contextlib.suppress(OSError, ValueError):
            line = worker.stdout.readline()
        if not line:
            why = "it was stopped" if self._closed else "it ended by itself"
            raise SurroundingsError(f"The aws worker process no longer answers: {why}.", "Start again.")
        answer = json.loads(line)
        return Ran(int(answer["code"]), str(answer["stdout"]), str(answer["stderr"]))

    def _tell(self, question: Mapping[str, object]) -> None:
        """Send to the worker; that it has ended shows when its answer is read."""
        assert self._process is not None  # noqa: S101 - made so in `__init__`
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Stop what runs. Safe to call twice, and from another thread."""
        self._closed = True
        with self._lock:
            process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        if process is not None:
            process.wait()

    def _start(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own Python or the person's own aws command
            list(argv),
            stdin=subprocess.DEVNULL if self._argv else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if self._argv else subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._env,
            cwd=self._cwd,
            # Ctrl-C is ours to handle: it must not kill the worker in the middle of an answer.
            start_new_session=True,
        )
