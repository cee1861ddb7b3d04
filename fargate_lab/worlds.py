"""The offline cloud as a child process, and the worlds that run on this machine.

A world is one child process (`python -m fargate_sim.server`). It says one JSON line on stdout when it
listens, and ends when its stdin closes, so it never outlives the program that started it. Each running world
is registered in the state folder, so that `env`, `check`, `clock` and the others find it from another
terminal; a registration whose process has gone is removed by whoever notices.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fargate_lab import child_process, files, paths
from fargate_lab.errors import PortTakenError, RecordingUnusableError, SurroundingsError, WorldLostError
from fargate_sim import locks
from labs.control import HttpControl
from labs.endpoint_cloud import EndpointCloud
from labs.errors import NoWorldError

Speed = float | Literal["max"]

SANDBOX = "sandbox"
"""The label of a world that belongs to no lab."""
ENDPOINT_VARIABLE = "FARGATE_LAB_ENDPOINT"
TOKEN_VARIABLE = "FARGATE_LAB_TOKEN"  # noqa: S105 - the name of a variable
"""What a world with a gate asks for."""
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_PROBE_SECONDS = 30.0
_LET_GO_SECONDS = 1.0
_TAIL_LINES = 5
_EXIT_RECORDING = 4
"""`fargate_sim.server` says so when it cannot go on with the file it was given."""
_LARGEST_LOG = 1_000_000


@dataclass(frozen=True, slots=True)
class Registration:
    """One running world as the state folder knows it. `pid` is the child's, `label` the lab's id (or
    "sandbox").
    """

    endpoint: str
    pid: int
    label: str


class World:
    """A child process that we started. Use as a context manager, or call `close`."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        said: Mapping[str, Any],
        label: str,
        *,
        registered: bool = True,
        lock: int | None = None,
        token: str = "",
    ) -> None:
        self.process = process
        self._lock = lock
        self.endpoint = _from_here(str(said["endpoint"]))
        self.label = label
        self.control = HttpControl(self.endpoint, token=token)
        self._registration = register(Registration(self.endpoint, process.pid, label)) if registered else None

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def cloud(self) -> EndpointCloud:
        """The world, as labs and graders see it."""
        return EndpointCloud(self.control)

    def close(self) -> None:
        """End the process: politely, then firmly. Safe to call twice."""
        if self._registration is not None:
            with contextlib.suppress(OSError):
                self._registration.unlink(missing_ok=True)
        child_process.stop(self.process, _STOP_SECONDS)
        locks.let_go(self._lock)
        self._lock = None


def start(
    label: str = SANDBOX,
    *,
    port: int = 0,
    bind: str = "127.0.0.1",
    speed: Speed = 10.0,
    seed: int | None = None,
    recording: Path | None = None,
    fresh: bool = False,
    registered: bool = True,
    gate: Path | None = None,
    token: str = "",
    paused: bool = False,
    starting: str = "",
) -> World:
    """Start a world and wait until it answers. One that is not `registered` is for its starter alone.

    With `recording` everything that reaches the world is written there, and a world found there goes on,
    unless `fresh`. `gate` is a file of tokens without which nobody may do everything, `token` the one that
    may. Raises SurroundingsError with what the process said when it does not come up.
    """
    argv = [sys.executable, "-m", "fargate_sim.server", "--exit-with-stdin"]
    argv += ["--port", str(port), "--bind", bind, "--speed", f"{speed}", "--label", label]
    if seed is not None:
        argv += ["--seed", str(seed)]
    if gate is not None:
        argv += ["--gate", str(gate), *(each for host in _names_of(bind) for each in ("--allow-host", host))]
    if paused:
        argv.append("--paused")
    if starting:
        argv += ["--start", starting]
    if recording is not None:
        argv += ["--state", str(paths.ready(recording))]
    log = paths.ready(paths.log_file(label))
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.unlink()
    lock = None if recording is None else _lock(recording, label, patience=_LET_GO_SECONDS)
    process: subprocess.Popen[str] | None = None
    try:
        if fresh and recording is not None:
            recording.unlink(missing_ok=True)
        with log.open("a", encoding="utf-8") as errors:
            begin = errors.tell()
            process = subprocess.Popen(  # noqa: S603 - our own module
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # The root of our packages, installed or not, is where `-m` looks first.
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
                # The world holds the recording as well: should we be killed, it is free when the world has ended, and not before.
                pass_fds=() if lock is None else (lock,),
            )
        said = child_process.first_line(process, "endpoint", _START_SECONDS)
        if said is None:
            child_process.stop(process, _STOP_SECONDS)
            raise _why_not(process, log, begin, port, label)
        return World(process, said, label, registered=registered, lock=lock, token=token)
    except BaseException:
        if process is not None:
            child_process.stop(process, _STOP_SECONDS)
        locks.let_go(lock)
        raise


def _from_here(endpoint: str) -> str:
    """The address at which this machine reaches an endpoint that listens on all of its addresses."""
    return endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _names_of(bind: str) -> list[str]:
    """The names by which an endpoint with a gate may be called: its address, or whatever leads to this machine."""
    if bind in ("0.0.0.0", "::"):  # noqa: S104 - asked for by whoever runs the game
        return ["*"]
    return [f"[{bind}]" if ":" in bind else bind]


def is_open(recording: Path) -> bool:
    """Whether another world is being recorded there now."""
    try:
        locks.let_go(_lock(recording, ""))
    except SurroundingsError:
        return True
    return False


def _lock(recording: Path, label: str, *, patience: float = 0.0) -> int | None:
    """Take the recording for ourselves; it is free again when we and the world have ended, however we end. SurroundingsError when another
    has it and does not let go within ``patience`` seconds.
    """
    try:
        return locks.hold(paths.ready(recording), patience)
    except locks.TakenError:
        raise SurroundingsError(
            f"The world of {label} is open in another program.",
            "End that one first; or use it from here: the commands in --help find it.",
        ) from None


def _why_not(
    process: subprocess.Popen[str], log: Path, begin: int, port: int, label: str
) -> SurroundingsError:
    """Why the child did not come up, in its own last words: those from the byte `begin` of the log on."""
    said = child_process.last_words(process, log, begin, _TAIL_LINES)
    if process.returncode == _EXIT_RECORDING:
        anew = (
            "leave out --resume"
            if label == SANDBOX
            else f"X in the lab, or `fargate-lab serve --lab {label} --fresh`"
        )
        return RecordingUnusableError(f"There is no going on: {said}.", f"To begin anew: {anew}.")
    if port and "in use" in said:
        return PortTakenError(f"Port {port} is taken.", "Choose another with --port, or 0 for a free one.")
    return SurroundingsError(f"The offline cloud did not start: {said}", f"The whole text is in {log}.")


def register(world: Registration) -> Path:
    """Write the registration; the path to remove when the world ends."""
    path = _registration_file(world.pid)
    files.write_json(path, {"endpoint": world.endpoint, "pid": world.pid, "label": world.label})
    return path


def _registration_file(pid: int) -> Path:
    return paths.worlds_dir() / f"{pid}.json"


def running() -> list[Registration]:
    """The worlds whose process is alive, the last started first. Registrations of the dead are removed."""
    found: list[tuple[float, Registration]] = []
    folder = paths.worlds_dir()
    for path in folder.glob("*.json") if folder.is_dir() else ():
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            world = Registration(str(value["endpoint"]), int(value["pid"]), str(value["label"]))
            age = path.stat().st_mtime
        except (OSError, ValueError, KeyError, TypeError):
            world = None
        if world is not None and _alive(world.pid):
            found.append((age, world))
        else:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return [world for _, world in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _alive(pid: int) -> bool:
    if os.name == "nt":
        # There is no harmless signal there; whether it answers decides.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def connect(endpoint: str | None = None) -> HttpControl:
    """The running world: `endpoint`, else $FARGATE_LAB_ENDPOINT, else the last one started on this machine.

    Raises SurroundingsError when there is none, WorldLostError when it does not answer.
    """
    given = endpoint or os.environ.get(ENDPOINT_VARIABLE)
    token = os.environ.get(TOKEN_VARIABLE, "")
    start_one = "Start one with `fargate-lab serve`, or open `fargate-lab`."
    if given:
        control = HttpControl(given, token=token)
        if _answers(control):
            return control
        where = "--endpoint" if endpoint else f"${ENDPOINT_VARIABLE}"
        raise WorldLostError(
            f"No offline cloud answers at {given} (from {where}).",
            start_one if endpoint else f"{start_one} Or `unset {ENDPOINT_VARIABLE}`.",
        )
    for world in running():
        control = HttpControl(world.endpoint)
        if _answers(control):
            return control
        # It registered when it answered; now it does not: it hangs or is gone, and is of no use to anybody.
        with contextlib.suppress(OSError):
            _registration_file(world.pid).unlink(missing_ok=True)
    raise SurroundingsError("No world is running.", start_one)


def _answers(control: HttpControl) -> bool:
    """Whether it is one of ours and answers."""
    try:
        status = control.with_timeout(_PROBE_SECONDS).get("/_lab/status")
        return bool(status["product"] == "fargate-lab")
    except (NoWorldError, KeyError, TypeError):
        return False
