"""The offline cloud as a process: ``python -m fargate_sim.server --port 0 --seed 7 --speed 10``.

Prints one JSON line ``{"endpoint": ..., "pid": ...}`` as soon as the port answers; everything else goes to
stderr. Ends on SIGTERM, on SIGINT, and with ``--exit-with-stdin`` when its input ends (its parent is gone).
Exit codes: 0 ended, 2 a wrong argument, 3 the port or the state file cannot be used.
"""

# ruff: noqa: PLC0415 - the port must answer before anything heavy is imported
from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fargate_sim import startup
from fargate_sim.startup import CannotServeError

if TYPE_CHECKING:
    from fargate_sim.cloud import Cloud
    from fargate_sim.endpoint import Endpoint
    from fargate_sim.gate import Gate
    from fargate_sim.pacer import Pacer

THREADS = 8


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

    def make_cloud(seed: int | None, label: str) -> tuple[Cloud, Pacer]:
        cloud = Cloud(
            secrets.randbelow(2**31) if seed is None else seed,
            start_ms=options.start,
            region=options.region,
            label=label,
            warm_at_once=False,
        )
        return cloud, pacer_of(cloud)

    def pacer_of(cloud: Cloud) -> Pacer:
        return cloud.pacer(speed=options.speed, paused=options.paused)

    return startup.endpoint_of(
        make_cloud,
        pacer_of,
        seed=options.seed,
        label=options.label,
        state=options.state,
        hosts=options.allow_host,
        gate=_gate(options.gate),
    )


def serve(options: argparse.Namespace) -> None:
    """Serve until a signal ends it."""
    from waitress.server import create_server

    startup.set_up_log(options.log)
    endpoint = build(options)

    def make_server() -> Any:
        return create_server(
            endpoint,
            host=options.bind,
            port=options.port,
            threads=THREADS,
            max_request_body_size=64 * 1024 * 1024 + 1,
            ident="fargate-lab",
            clear_untrusted_proxy_headers=True,
        )

    def warm() -> None:
        endpoint.cloud.wait_until_ready()

    startup.run(
        startup.listening(make_server, options.bind, options.port),
        options.bind,
        warm=warm,
        close=endpoint.close,
        exit_with_stdin=options.exit_with_stdin,
    )


def main(argv: list[str] | None = None) -> int:
    """Run the server; the process's exit code."""
    return startup.serve_or_say_why_not(serve, arguments(argv))


if __name__ == "__main__":
    sys.exit(main())
