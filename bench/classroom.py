"""A class at work on one machine: every seat walks through the core lab at once, over HTTP, signed, with the real AWS CLI.

What is measured is what a learner's program waits for: raw signed calls, one a second from every seat, each over a connection of its
own as an `aws` command makes it, while all seats work, all screens poll, and their graders look. Clients and shards share this machine's
processors, which in a real class they do not. ``FARGATE_LAB_SEATS=30,60`` says which classes are measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.classroom_client import Found
from bench.measure import Row, resident_mb
from fargate_lab.classroom.codes import keys_of

CLIENT_PROCESSES = 3


@contextmanager
def _shards(
    seats: int, folder: Path
) -> Iterator[tuple[list[list[dict[str, str]]], list[subprocess.Popen[str]]]]:
    """The shards of a class, one per processor, with the seats of each as clients need them."""
    secret = "5e" * 32
    count = os.cpu_count() or 1
    shards: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    for number in range(seats):
        id_ = str(number + 1).zfill(2)
        keys = keys_of(secret, 1, id_)
        state, work = folder / id_ / "state", folder / id_ / "work"
        state.mkdir(parents=True)
        work.mkdir()
        shards[number % count].append(
            {
                "seat": id_,
                "seed": keys.seed,
                "secret_key": keys.secret_key,
                "token": keys.token,
                "state": str(state),
                "key_id": keys.key_id,
                "work": str(work),
                "host_token": "bench-host-token",
            }
        )
    processes: list[subprocess.Popen[str]] = []
    try:
        for number, each in enumerate(shards):
            file = folder / f"shard-{number}.json"
            known = ("seat", "seed", "secret_key", "token", "state")
            file.write_text(
                json.dumps(
                    {
                        "token": "bench-host-token",
                        "seats": [{name: seat[name] for name in known} for seat in each],
                    }
                ),
                encoding="utf-8",
            )
            file.chmod(0o600)
            argv = [
                sys.executable,
                "-m",
                "fargate_sim.shard",
                "--exit-with-stdin",
                "--seats",
                str(file),
                "--port",
                "0",
            ]
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            processes.append(process)
            if process.stdout is None:
                raise RuntimeError("a pipe was asked for")
            endpoint = json.loads(process.stdout.readline())["endpoint"]
            for seat in each:
                seat["endpoint"] = endpoint
        yield shards, processes
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def measure(seats: int) -> tuple[Found, float]:
    """A class of so many seats: what was found, and the memory of the shards in MB when all had worked."""
    with tempfile.TemporaryDirectory() as name, _shards(seats, Path(name)) as (shards, processes):
        chosen = [seat for each in shards for seat in each]
        parts = [chosen[number::CLIENT_PROCESSES] for number in range(CLIENT_PROCESSES)]
        clients = [_started(Path(name) / f"client-{number}", part) for number, part in enumerate(parts)]
        for client in clients:
            _line(client)
        probe = _started(Path(name) / "probe", chosen, "probe")
        whole = Found()
        for client in clients:
            part = json.loads(_line(client))
            client.wait()
            whole.solved += part["solved"]
            whole.troubles += part["troubles"]
            whole.seconds = max(whole.seconds, part["seconds"])
        if probe.stdin is not None:
            probe.stdin.close()
        measured = json.loads(_line(probe))
        probe.wait()
        whole.probes_ms, whole.troubles = measured["probes_ms"], whole.troubles + measured["troubles"]
        memory = sum(resident_mb(process.pid) for process in processes)
    for trouble in whole.troubles[:10]:
        print(trouble, file=sys.stderr)
    return whole, memory


def _started(path: Path, seats: list[dict[str, Any]], *words: str) -> subprocess.Popen[str]:
    """A process that is told of some seats."""
    path.with_suffix(".json").write_text(json.dumps(seats), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "bench.classroom_client", *words, str(path.with_suffix(".json"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "FARGATE_LAB_HOME": str(path)},
    )


def _line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None or not (line := process.stdout.readline()):
        raise RuntimeError("a process of the class that is measured has ended early")
    return line


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("inf")


def rows() -> list[Row]:
    """The bars on a class."""
    found = []
    sizes = [int(each) for each in os.environ.get("FARGATE_LAB_SEATS", "30,60").split(",")]
    smallest: tuple[int, float] | None = None
    for seats in sizes:
        whole, memory = measure(seats)
        p50, p99 = statistics.median(whole.probes_ms), _percentile(whole.probes_ms, 0.99)
        bar = seats <= 30
        found.append(
            Row(
                f"{seats} seats through the core lab at once, p99 of an answer",
                "<= 100 ms" if bar else "–",
                f"{p99:.0f} ms (median {p50:.0f}), {whole.solved} of {seats} got through, in {whole.seconds:.0f} s",
                whole.solved == seats and (p99 <= 100 or not bar),
            )
        )
        if smallest is not None:
            each = (memory - smallest[1]) / (seats - smallest[0])
            found.append(
                Row(
                    "memory of a further seat",
                    "<= 5 MB",
                    f"{each:.1f} MB (all shards {memory:.0f} MB)",
                    each <= 5,
                )
            )
        smallest = smallest or (seats, memory)
    return found
