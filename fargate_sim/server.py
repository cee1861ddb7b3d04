"""The offline cloud as a process: ``python -m fargate_sim.server --port 0 --seed 7 --speed 10``.

Prints one JSON line ``{"endpoint": ..., "pid": ...}`` as soon as the port answers; everything else goes to
stderr. Ends on SIGTERM, on SIGINT, and with ``--exit-with-stdin`` when its input ends (its parent is gone).
Exit codes: 0 ended, 2 a wrong argument, 3 the port or the state file cannot be used.
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
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fargate_sim.endpoint import Endpoint
    from fargate_sim.gate import Gate

EXIT_USAGE = 2
EXIT_ENVIRONMENT = 3
EXIT_RECORDING = 4
"""The state file cannot be used; it has not been touched."""
THREADS = 8
FIRST_CALL_SECONDS = 0.1
"""How long the start leaves the processor to the first call before it imports moto."""


class CannotServeError(Exception):
    """The process cannot do its work; says why, in a sentence for a person."""

    exit_code = EXIT_ENVIRONMENT


class RecordingUnusableError(CannotServeError):
    """The state file holds nothing to go on with."""

    exit_code = EXIT_RECORDING


def _speed(text: str) -> Any:
    if text == "max":
        return text
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: a number from 0.1 to 3600, or max")
    return speed


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment like 2026-01-01T09:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fargate_sim.server", description="The offline cloud, alone.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--allow-host", action="append", default=[], help="a further name of this endpoint")
    parser.add_argument("--seed", type=int, default=None, help="same seed and same calls, same history")
    parser.add_argument("--speed", type=_speed, default=10.0, help="virtual seconds per second, or max")
    parser.add_argument("--paused", action="store_true", help="start with the clock stopped")
    parser.add_argument("--start", type=_moment, default=None, help="virtual start, ISO 8601 (default: now)")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--label", default="", help="shown in the status")
    parser.add_argument("--state", type=Path, default=None, help="survive a crash: go on with this file")
    parser.add_argument(
        "--gate", type=Path, default=None, help="a file with tokens: not everybody may do everything"
    )
    parser.add_argument("--log", type=Path, default=None, help="write a log, with tracebacks, to this file")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when the input ends")
    return parser.parse_args(argv)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fargate-lab")
    except PackageNotFoundError:
        return "0"


def _gate(path: Path | None) -> Gate | None:
    from fargate_sim.gate import Gate, GateError

    try:
        return None if path is None else Gate.read(path)
    except GateError as problem:
        raise CannotServeError(str(problem)) from problem


def build(options: argparse.Namespace) -> Endpoint:
    """The application, new or as the state file has it. CannotServeError when the state file cannot be used."""
    import secrets

    from fargate_sim.cloud import Cloud
    from fargate_sim.control import header_of
    from fargate_sim.endpoint import LOOPBACK, Endpoint
    from fargate_sim.pacer import Pacer
    from fargate_sim.recording import Recorder, RecordingError, read

    def make_cloud(seed: int | None, label: str) -> tuple[Cloud, Pacer]:
        cloud = Cloud(
            secrets.randbelow(2**31) if seed is None else seed,
            start_ms=options.start,
            region=options.region,
            label=label,
            warm_at_once=False,
        )
        return cloud, cloud.pacer(speed=options.speed, paused=options.paused)

    recording = None
    if options.state is not None and options.state.exists() and options.state.stat().st_size:
        try:
            recording = read(options.state)
        except RecordingError as problem:
            raise RecordingUnusableError(str(problem)) from problem
        except OSError as problem:
            raise CannotServeError(str(problem)) from problem
    if recording is None:
        cloud, pacer = make_cloud(options.seed, options.label)
    else:
        cloud = Cloud.again(recording.header)
        pacer = cloud.pacer(speed=options.speed, paused=options.paused)
    hosts = [*LOOPBACK, *options.allow_host]
    gate = _gate(options.gate)
    endpoint = Endpoint(cloud, pacer, hosts=hosts, make_cloud=make_cloud, version=_version, gate=gate)
    if options.state is not None:
        try:
            if recording is None:
                endpoint.recorder = Recorder.open_new(options.state, header_of(cloud, _version()))
            else:
                endpoint.resume(recording)
                endpoint.recorder = Recorder.reopen(options.state, recording.sound_bytes)
        except RecordingError as problem:
            raise RecordingUnusableError(str(problem)) from problem
        except OSError as problem:
            raise CannotServeError(f"the state file cannot be written: {problem}") from problem
    return endpoint


def _when_warm(endpoint: Endpoint) -> None:
    """Warm up once the first call has had its answer, and take what that has made out of the garbage
    collector's sight: it will live as long as the process.
    """
    from fargate_sim.ports.loading import read_models

    time.sleep(FIRST_CALL_SECONDS)
    try:
        endpoint.cloud.wait_until_ready()
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


def _set_up_log(path: Path | None) -> None:
    short = logging.StreamHandler(sys.stderr)
    short.setLevel(logging.ERROR)
    short.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handlers: list[logging.Handler] = [short]
    if path is not None:
        long = logging.FileHandler(path, encoding="utf-8", delay=True)
        long.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        long.setLevel(logging.DEBUG)
        handlers.append(long)
    # It warns of every request that waits for a moment.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    own = logging.getLogger("fargate_sim")
    own.setLevel(logging.DEBUG)
    own.propagate = False
    own.handlers = handlers


def address(host: str, port: int) -> str:
    """The URL of an endpoint; an IPv6 address goes into brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(options: argparse.Namespace) -> None:
    """Serve until a signal ends it."""
    from waitress.server import create_server

    _set_up_log(options.log)
    endpoint = build(options)
    try:
        server = create_server(
            endpoint,
            host=options.bind,
            port=options.port,
            threads=THREADS,
            max_request_body_size=64 * 1024 * 1024 + 1,
            ident="fargate-lab",
            clear_untrusted_proxy_headers=True,
        )
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise CannotServeError(
            f"cannot listen on {options.bind}:{options.port}: {reason}. "
            "Choose another --port, or 0 for a free one."
        ) from problem

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    port = server.effective_port
    announcement = {"endpoint": address(options.bind, port), "pid": os.getpid()}
    sys.stdout.write(json.dumps(announcement) + "\n")
    sys.stdout.flush()
    # Nothing else may reach the standard output, whatever a library prints.
    sys.stdout = sys.stderr
    Thread(target=_when_warm, args=(endpoint,), name="freeze", daemon=True).start()
    if options.exit_with_stdin:
        Thread(target=_end_with_input, name="input", daemon=True).start()
    try:
        server.run()
    finally:
        server.close()
        endpoint.close()


def main(argv: list[str] | None = None) -> int:
    """Run the server; the process's exit code."""
    options = arguments(argv)
    if not 0 <= options.port <= 65535:
        sys.stderr.write(f"--port is a number from 0 to 65535, not {options.port}\n")
        return EXIT_USAGE
    try:
        serve(options)
    except CannotServeError as problem:
        sys.stderr.write(f"{problem}\n")
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
