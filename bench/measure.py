"""Timing helpers: medians of repeated runs, child processes, a terminal to watch."""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from struct import pack


@dataclass(frozen=True)
class Row:
    """One line of the report. ``peer`` is the same thing measured with today's best alternative, in the same run."""

    what: str
    bar: str
    measured: str
    held: bool
    peer: str = "–"


def median_seconds(run: Callable[[], object], times: int = 5) -> float:
    """The median duration of a call, after one warm-up."""
    run()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def script(name: str) -> str:
    """A console script of the environment that runs this."""
    return str(Path(sys.executable).with_name(name))


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory figure for process {pid}")


class Terminal:
    """A program on a pseudo-terminal of 200 columns and 50 rows."""

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 50, 200, 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)

    def send(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def wait_for(self, text: str, seconds: float = 20.0) -> float:
        """Seconds until the program has written a text."""
        begin = time.perf_counter()
        wanted, seen = text.encode(), b""
        while wanted not in seen:
            if time.perf_counter() - begin > seconds:
                raise RuntimeError(f"the terminal never showed {text!r}")
            if select.select([self._master], [], [], 0.05)[0]:
                seen = (seen + os.read(self._master, 65536))[-200_000:]
        return time.perf_counter() - begin

    def drain(self) -> None:
        """Read away what is waiting."""
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 65536)

    def close(self) -> None:
        """End the program."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        os.close(self._master)
