"""A shard as a real process: it announces itself, two seats work in it, kill -9 loses nothing."""

# ruff: noqa: S310 - every address here is the shard's own
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from support.shards import HOST_TOKEN, described

from fargate_sim.tenants import Tenants

ROOT = Path(__file__).parents[2]


class Running:
    """A shard of two seats."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.file = folder / "seats.json"
        self.file.write_text(json.dumps(described(folder)))
        self.tenants = {each.seat: each for each in Tenants.read(self.file).seats}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "fargate_sim.shard",
                "--seats",
                str(self.file),
                "--exit-with-stdin",
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.announced: dict[str, Any] = json.loads(line)

    def ask(self, path: str, token: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(
            self.announced["endpoint"] + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Fargate-Lab": "1", "X-Fargate-Lab-Token": token},
        )
        with urlopen(request) as answer:
            return json.loads(answer.read())

    def client(self, seat: str, service: str) -> Any:
        tenant = self.tenants[seat]
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name="us-east-1",
            endpoint_url=self.announced["endpoint"],
            aws_access_key_id=tenant.key_id,
            aws_secret_access_key=tenant.secret_key,
            config=Config(retries={"max_attempts": 2}),
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        running = Running(tmp_path, *arguments)
        started.append(running)
        return running

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def test_two_seats_work_and_a_kill_loses_nothing(start: Callable[..., Running]) -> None:
    running = start()
    assert running.announced["pid"] == running.process.pid
    for seat in ("01", "02"):
        running.ask("/_seats/open", HOST_TOKEN, {"seat": seat, "label": "core-lab"})
    running.client("01", "ecs").create_cluster(clusterName="mine")
    running.client("01", "sqs").create_queue(QueueName="mine")
    assert running.client("02", "ecs").list_clusters()["clusterArns"] == []
    with pytest.raises(HTTPError, match="403"):
        running.ask("/_lab/status", "a guess that is wrong")
    running.process.kill()
    running.process.wait(timeout=20)
    again = start("--port", running.announced["endpoint"].rpartition(":")[2])
    assert len(again.client("01", "ecs").list_clusters()["clusterArns"]) == 1
    assert len(again.client("01", "sqs").list_queues()["QueueUrls"]) == 1
    assert again.ask("/_seats/", HOST_TOKEN)["seats"][1]["label"] == "core-lab"
    assert again.ask("/_lab/status", again.tenants["02"].token)["account"] == again.tenants["02"].account
    out, err = again.process.communicate(timeout=20)
    assert (again.process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--seats", "/nowhere/seats.json"], 3, "describes no seats"),
        (["--seats", "seats.json", "--port", "70000"], 2, "0 to 65535"),
        ([], 2, "--seats"),
    ],
)
def test_what_it_cannot_start_with_is_told_in_a_sentence(words: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fargate_sim.shard", *words],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
