"""Running a command line as PID 1 of a namespace of its own, sending it a signal, and looking at what it is from /proc.

The kernel does it all: `unshare` of util-linux makes the namespace (pid_namespaces(7), user_namespaces(7)). Hardened kernels and most
containers do not allow it, so it is tried first, in the ways that need the least. Nothing outlives `run`: PID 1's end is the end of
everything in its namespace, and PID 1 is killed when `run` is left in any way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path, PurePosixPath

from fargate_lab.errors import SurroundingsError
from fargate_lab.pid1.load import Load, Requests

_BASE = ("--pid", "--fork", "--kill-child")
_USER = ("--user", "--map-root-user")
_WAYS = ((*_USER, *_BASE, "--mount-proc"), (*_BASE, "--mount-proc"), (*_USER, *_BASE))
"""From the best on: without root, then with it (where user namespaces are forbidden), then without a /proc of its own."""
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "busybox"})
_INITS = frozenset({"tini", "dumb-init", "docker-init", "tiny_init.py"})
_POLL_SECONDS = 0.005
_PROBE_SECONDS = 10.0
_KEPT_OUTPUT = 16_384
_NOISE = b"unshare: sigprocmask unblock failed"
"""What util-linux says when its child was killed."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run. ``boot`` (seconds): how long it may start; with neither ``serves`` nor ``ready`` the signal comes after it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    number: signal.Signals = signal.SIGTERM
    stop_timeout: float = 30.0
    boot: float = 1.0
    ready: str | None = None
    serves: tuple[str, int] | None = None
    with_load: bool = False
    guess: str | None = None
    """The name of the program among what runs."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened. ``first`` is what PID 1 was: ``program``, ``shell`` or ``init``.

    ``hears``: /proc shows a handler for the signal; an init always hears, though /proc does not show that it waits (sigtimedwait).
    """

    pid1: str
    first: str
    pid1_hears: bool
    program: str | None
    program_hears: bool | None
    ended_early: bool
    killed: bool
    exit_code: int
    seconds: float
    requests: Requests | None
    output: str


@dataclass(frozen=True, slots=True)
class _Process:
    """A process of the namespace, as /proc shows it from outside."""

    pid: int
    words: tuple[str, ...]
    hears: bool

    @property
    def name(self) -> str:
        return PurePosixPath(self.words[0]).name if self.words else "?"

    @property
    def kind(self) -> str:
        names = {PurePosixPath(word).name for word in self.words[:4]}
        if self.name in _INITS or "tiny_init.py" in names:
            return "init"
        # `busybox sleep` is a program; a shell that runs a script file is a shell.
        if self.name == "busybox" and self.words[1:2] and self.words[1] not in _SHELLS:
            return "program"
        return "shell" if self.name in _SHELLS else "program"


@cache
def probe() -> tuple[tuple[str, ...] | None, str]:
    """The `unshare` command line that works here, else None; and, when none does, why."""
    if not sys.platform.startswith("linux"):
        return None, "PID namespaces are a thing of Linux"
    unshare = shutil.which("unshare")
    if unshare is None:
        return None, "there is no `unshare` on this machine (package util-linux)"
    why = ""
    for way in _WAYS:
        try:
            tried = subprocess.run(  # noqa: S603 - a fixed command line
                [
                    unshare,
                    *way,
                    "--",
                    sys.executable,
                    "-I",
                    "-S",
                    "-c",
                    "import os; raise SystemExit(os.getpid() != 1)",
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROBE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = why or str(error)
            continue
        if tried.returncode == 0:
            return (unshare, *way, "--"), ""
        why = why or tried.stderr.decode(errors="replace").strip()
    return None, why or "the kernel gives no PID namespace"


def run(unshare: tuple[str, ...], launch: Launch) -> Seen:
    """Boot it, signal it, wait for it, kill it. Raises SurroundingsError when it does not get ready."""
    process = subprocess.Popen(  # noqa: S603 - the learner's own command line
        [*unshare, *launch.argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(launch.env),
        start_new_session=True,
    )
    output = _Output(process)
    first: int | None = None
    try:
        first = _booted(process, launch, output)
        load = None
        if first is not None and launch.with_load and launch.serves:
            load = Load(*launch.serves)
            load.start()
        inside = _inside(first, launch.number) if first is not None else []
        began = time.monotonic()
        killed = False
        if first is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, launch.number)
            if not _ends(process, launch.stop_timeout):
                # It may end by itself at this very moment.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(first, signal.SIGKILL)
                    killed = True
        code = process.wait()
        seconds = time.monotonic() - began
        requests = load.finish() if load else None
    finally:
        if process.poll() is None:
            if first is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(first, signal.SIGKILL)
            process.kill()
            process.wait()
        output.close()
    code = code if code >= 0 else 128 - code
    pid1 = inside[0] if inside else None
    program = _program(inside, launch.guess)
    return Seen(
        pid1=" ".join(pid1.words) if pid1 else "",
        first=pid1.kind if pid1 else "",
        pid1_hears=pid1 is not None and (pid1.hears or pid1.kind == "init"),
        program=" ".join(program.words) if program else None,
        program_hears=program.hears if program else None,
        ended_early=pid1 is None,
        killed=killed,
        # util-linux ends with 1 when its child was killed; the container's exit code is 128 + 9.
        exit_code=128 + signal.SIGKILL if killed else code,
        seconds=round(seconds, 3),
        requests=requests,
        output=output.text(),
    )


class _Output:
    """The last of what was printed, read as it comes so that nobody blocks on a full pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._data = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def has(self, text: str) -> bool:
        return text.encode() in self._data

    def text(self) -> str:
        lines = [line for line in self._data.splitlines() if not line.startswith(_NOISE)]
        return b"\n".join(lines).decode(errors="replace")

    def close(self) -> None:
        self._thread.join(1.0)
        if self._process.stdout is not None and not self._thread.is_alive():
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        while data := os.read(self._process.stdout.fileno(), 4096):
            self._data = (self._data + data)[-_KEPT_OUTPUT:]


def _booted(process: subprocess.Popen[bytes], launch: Launch, output: _Output) -> int | None:
    """Wait until it is ready; PID 1's pid out here, None when it has ended."""
    until = time.monotonic() + launch.boot
    is_ready: Callable[[], bool] | None = None
    if launch.serves:
        is_ready = partial(_listens, *launch.serves)
    elif launch.ready:
        is_ready = partial(output.has, launch.ready)
    while process.poll() is None:
        late = time.monotonic() >= until
        if (is_ready is None and late) or (is_ready is not None and is_ready()):
            first = _first_process(process.pid)
            if first is not None:
                return first
        elif late:
            raise SurroundingsError(
                f"It was not ready after {launch.boot:g} s."
                + (f" It printed: {output.text()[-300:]}" if output.text() else ""),
                "Give it longer with --boot.",
            )
        time.sleep(_POLL_SECONDS)
    return None


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _listens(address: str, port: int) -> bool:
    """Whether somebody accepts there.

    While nobody does, the kernel may give our own socket that very port and connect it to itself (TCP's simultaneous open).
    """
    try:
        with socket.create_connection((address, port), timeout=1.0) as connection:
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False


def _family() -> dict[int, tuple[int, int]]:
    """Of every process (parent, start in clock ticks). A name in /proc/PID/stat may hold anything, so fields are counted from its end."""
    found: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (folder / "stat").read_text(errors="replace")
                fields = stat.rpartition(")")[2].split()
                found[int(folder.name)] = int(fields[1]), int(fields[19])
    return found


def _first_process(unshare: int) -> int | None:
    """PID 1 of the namespace; None while it is still `unshare` itself, forked but not yet the command."""
    first = next((child for child, (parent, _) in _family().items() if parent == unshare), None)
    if first is None:
        return None
    try:
        mine, its = (Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (first, unshare))
    except OSError:
        return None
    return first if mine != its else None


def _inside(first: int, number: int) -> list[_Process]:
    """PID 1, then everything below it in the order in which they were started; pids begin anew when they have run out."""
    family = _family()
    pids, below = [first], list[int]()
    while pids:
        pids = [pid for pid, (parent, _) in family.items() if parent in pids]
        below += pids
    below.sort(key=lambda pid: (family[pid][1], pid))
    return [process for pid in (first, *below) if (process := _look(pid, number)) is not None]


def _look(pid: int, number: int) -> _Process | None:
    """A process; None when it has gone. The signal counts as heard when it is caught, or blocked and so waited for (sigwait, signalfd)."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").rstrip("\0").split("\0")
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return None
    masks = dict(line.split(":\t", 1) for line in status.splitlines() if line.startswith("Sig"))
    bit = 1 << (number - 1)
    return _Process(pid, tuple(words), any(int(masks[name], 16) & bit for name in ("SigCgt", "SigBlk")))


def _program(inside: list[_Process], guess: str | None) -> _Process | None:
    """The application among what runs: the one of that name, else the first that is neither shell nor init."""
    for process in inside:
        if (
            guess
            and process.kind == "program"
            and guess in {PurePosixPath(word).name for word in process.words}
        ):
            return process
    return next((process for process in inside if process.kind == "program"), None)
