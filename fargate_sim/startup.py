"""What the processes of the offline cloud have in common: how one starts, says where it listens, and ends.

A process prints one JSON line ``{"endpoint": ..., "pid": ...}`` as soon as its port answers; everything else goes to stderr. It ends on
SIGTERM, on SIGINT, and if asked to when its input ends (its parent is gone).
"""

# ruff: noqa: PLC0415 - the port must answer before anything heavy is imported
from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from fargate_sim.sparing_log import Sparing

if TYPE_CHECKING:
    from fargate_sim.cloud import Cloud
    from fargate_sim.endpoint import Endpoint
    from fargate_sim.gate import Doorkeeper
    from fargate_sim.pacer import Pacer

EXIT_USAGE = 2
EXIT_ENVIRONMENT = 3
EXIT_RECORDING = 4
"""The state file cannot be used; it has not been touched."""
FIRST_CALL_SECONDS = 0.1
"""How long the start leaves the processor to the first call before it imports moto."""


class CannotServeError(Exception):
    """The process cannot do its work; says why, in a sentence for a person."""

    exit_code = EXIT_ENVIRONMENT


class RecordingUnusableError(CannotServeError):
    """The state file holds nothing to go on with."""

    exit_code = EXIT_RECORDING


class Server(Protocol):
    """A server of waitress."""

    effective_port: int

    def run(self) -> None:
        """Serve until a signal comes."""
        ...

    def close(self) -> None:
        """Let go of the port."""
        ...


def version() -> str:
    """The version of this program."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of("fargate-lab")
    except PackageNotFoundError:
        return "0"


def endpoint_of(
    make_cloud: Callable[[int | None, str], tuple[Cloud, Pacer]],
    pacer_of: Callable[[Cloud], Pacer],
    *,
    seed: int | None,
    label: str,
    state: Path | None,
    hosts: list[str],
    gate: Doorkeeper | None,
    only_seed: bool = False,
    **limits: Any,
) -> Endpoint:
    """A world's application, new or as the file ``state`` has it. With ``only_seed`` it never becomes one of another seed;
    ``limits`` are the ``pace`` and the ``largest_body`` of `Endpoint`.
    RecordingUnusableError when there is no going on with the file, which stays as it is; CannotServeError when it cannot be read or
    written.
    """
    from fargate_sim.cloud import Cloud
    from fargate_sim.control import header_of
    from fargate_sim.endpoint import Endpoint
    from fargate_sim.recording import Recorder, RecordingError, read
    from fargate_sim.threshold import LOOPBACK

    recording = None
    if state is not None and state.exists() and state.stat().st_size:
        try:
            recording = read(state)
        except RecordingError as problem:
            raise RecordingUnusableError(str(problem)) from problem
        except OSError as problem:
            raise CannotServeError(str(problem)) from problem
    if recording is not None and only_seed and recording.header.seed != seed:
        raise RecordingUnusableError(f"{state} is the recording of a world of another seed")
    if recording is None:
        cloud, pacer = make_cloud(seed, label)
    else:
        cloud = Cloud.again(recording.header)
        pacer = pacer_of(cloud)
    endpoint = Endpoint(
        cloud,
        pacer,
        hosts=[*LOOPBACK, *hosts],
        make_cloud=make_cloud,
        version=version,
        gate=gate,
        only_seed=seed if only_seed else None,
        **limits,
    )
    if state is not None:
        try:
            if recording is None:
                endpoint.recorder = Recorder.open_new(state, header_of(cloud, version()))
            else:
                endpoint.resume(recording)
                endpoint.recorder = Recorder.reopen(state, recording.sound_bytes)
        except RecordingError as problem:
            cloud.close()
            raise RecordingUnusableError(str(problem)) from problem
        except OSError as problem:
            cloud.close()
            raise CannotServeError(f"the state file cannot be written: {problem}") from problem
    return endpoint


def set_up_log(path: Path | None) -> None:
    """Errors in short on stderr, all of it into a file if one is given."""
    short = logging.StreamHandler(sys.stderr)
    short.setLevel(logging.ERROR)
    short.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handlers: list[logging.Handler] = [short]
    if path is not None:
        long = logging.FileHandler(path, encoding="utf-8", delay=True)
        long.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        long.setLevel(logging.DEBUG)
        handlers.append(long)
    for handler in handlers:
        handler.addFilter(Sparing())
    # It warns of every request that waits for a moment.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    for name in ("fargate_sim", "waitress"):
        own = logging.getLogger(name)
        own.propagate = False
        own.handlers = handlers
    logging.getLogger("fargate_sim").setLevel(logging.DEBUG)


def address(host: str, port: int) -> str:
    """The URL of an endpoint; an IPv6 address goes into brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listening(make_server: Callable[[], Any], bind: str, port: int) -> Server:
    """The server, with its port open; CannotServeError when it cannot be."""
    try:
        server: Server = make_server()
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise CannotServeError(
            f"cannot listen on {bind}:{port}: {reason}. Choose another --port, or 0 for a free one."
        ) from problem
    return server


def serve_or_say_why_not(serve: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Run a server until it ends; the process's exit code. What a port cannot be, and why it cannot serve, is said on stderr."""
    if not 0 <= options.port <= 65535:
        sys.stderr.write(f"--port is a number from 0 to 65535, not {options.port}\n")
        return EXIT_USAGE
    try:
        serve(options)
    except CannotServeError as problem:
        sys.stderr.write(f"{problem}\n")
        return problem.exit_code
    return 0


def run(
    server: Server,
    bind: str,
    *,
    warm: Callable[[], None],
    close: Callable[[], None],
    exit_with_stdin: bool,
) -> None:
    """Announce the server and serve until a signal ends it. ``warm`` makes ready what the first call need not wait for, ``close`` lets
    go of the worlds.
    """

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    announcement = {"endpoint": address(bind, server.effective_port), "pid": os.getpid()}
    sys.stdout.write(json.dumps(announcement) + "\n")
    sys.stdout.flush()
    # Nothing else may reach the standard output, whatever a library prints.
    sys.stdout = sys.stderr
    Thread(target=_warm_up, args=(warm,), name="freeze", daemon=True).start()
    if exit_with_stdin:
        Thread(target=_end_with_input, name="input", daemon=True).start()
    try:
        server.run()
    finally:
        server.close()
        close()


def _warm_up(warm: Callable[[], None]) -> None:
    """Warm up once the first call has had its answer, and take what that has made out of the garbage collector's sight: it will live as
    long as the process.
    """
    from fargate_sim.ports.loading import read_models

    time.sleep(FIRST_CALL_SECONDS)
    try:
        warm()
    except RuntimeError as problem:
        logging.getLogger("fargate_sim").error("%s: %s", problem, problem.__cause__)
        return
    read_models()
    gc.collect()
    gc.freeze()


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
