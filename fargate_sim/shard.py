"""The worlds of several seats as one process: ``python -m fargate_sim.shard --seats FILE --port 8081``.

Announces itself as ``fargate_sim.server`` does, and ends as it does. What is open at a seat is remembered, and gone on with at the seat's
first request. Exit codes: 0 ended, 2 a wrong argument, 3 the port or the file of seats cannot be used.
"""

# ruff: noqa: PLC0415 - the port must answer before anything heavy is imported
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from fargate_sim import startup
from fargate_sim.startup import CannotServeError

SWITCH_SECONDS = 0.0005
"""How long one thread may keep the interpreter when another wants it: a world that works hard must not hold up the other seats' answers,
each of which changes hands several times (Python's default is 5 ms).
"""


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fargate_sim.shard", description="Worlds of several seats.")
    parser.add_argument("--seats", type=Path, required=True, help="the file of seats and tokens")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--allow-host", action="append", default=[], help="a further name of this endpoint")
    parser.add_argument("--log", type=Path, default=None, help="write a log, with tracebacks, to this file")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when the input ends")
    return parser.parse_args(argv)


def serve(options: argparse.Namespace) -> None:
    """Serve until a signal ends it."""
    from fargate_sim.garbage import ShortCollections
    from fargate_sim.shard_app import ShardApp
    from fargate_sim.tenants import Tenants, TenantsError

    startup.set_up_log(options.log)
    try:
        tenants = Tenants.read(options.seats)
    except TenantsError as problem:
        raise CannotServeError(str(problem)) from problem
    app = ShardApp(tenants, hosts=options.allow_host)
    sys.setswitchinterval(SWITCH_SECONDS)
    ShortCollections().begin()
    _allow_files(tenants.limits.connections + 20 * len(tenants.seats) + 100)

    def make_server() -> Any:
        from fargate_sim.slow_clients import room_server

        return room_server(
            app, bind=options.bind, port=options.port, seats=len(tenants.seats), limits=tenants.limits
        )

    def warm() -> None:
        from fargate_sim.ports.loading import load

        load()

    startup.run(
        startup.listening(make_server, options.bind, options.port),
        options.bind,
        warm=warm,
        close=app.shut,
        exit_with_stdin=options.exit_with_stdin,
    )


def _allow_files(wanted: int) -> None:
    """Let the process have so many files and connections open, or as many as it may have."""
    try:
        import resource  # absent on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def main(argv: list[str] | None = None) -> int:
    """Run the shard; the process's exit code."""
    return startup.serve_or_say_why_not(serve, arguments(argv))


if __name__ == "__main__":
    sys.exit(main())
