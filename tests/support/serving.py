"""`fargate-lab serve` and the commands that talk to it: real processes over real sockets."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def clean_environment(home: Path) -> dict[str, str]:
    """Our environment without AWS settings, with folders of its own, the `aws` of our own environment first
    on the PATH.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FARGATE_LAB_"))}
    return {
        **env,
        "FARGATE_LAB_HOME": str(home),
        "PATH": f"{BIN}:{env['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
    }


class Served:
    """A running `fargate-lab serve`."""

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        self.env = clean_environment(home)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fargate_lab", "serve", *words],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A suite that a shell runs in the background has SIGINT ignored, and so would its children.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - tests have one thread
        )
        assert self.process.stdout is not None
        self.exports: dict[str, str] = {}
        for line in self.process.stdout:
            if line == "ready\n":
                break
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                self.exports[name] = "".join(shlex.split(value))
        else:
            raise AssertionError(self.process.stderr.read() if self.process.stderr else "")

    @property
    def child(self) -> int:
        """The pid of the offline cloud."""
        for path in (self.home / "state" / "worlds").glob("*.json"):
            if json.loads(path.read_text(encoding="utf-8"))["endpoint"] == self.exports["AWS_ENDPOINT_URL"]:
                return int(path.stem)
        raise AssertionError("the world is not registered")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it: (exit code, what it said)."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Its end: (exit code, what it said)."""
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err

    def lab(self, *words: str) -> Ran:
        """Run `fargate-lab` as from another terminal."""
        return run([sys.executable, "-m", "fargate_lab", *words], self.env)

    def shell(self, script: str) -> Ran:
        """Run a script with the exports, as a learner's shell would; stop at the first failure."""
        return run(["bash", "-ec", script], {**self.env, **self.exports})


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str


def run(argv: list[str], env: dict[str, str]) -> Ran:
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=110)
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
