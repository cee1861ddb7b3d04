"""The offline cloud as a real process: it answers, it ends, and kill -9 loses nothing but the running second."""

# ruff: noqa: S310 - every address here is the endpoint's own
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from fargate_sim.startup import address

ROOT = Path(__file__).parents[2]
AWS = Path(sys.executable).with_name("aws")


class Running:
    """A server process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fargate_sim.server", "--exit-with-stdin", *arguments],
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
        self.endpoint: str = self.announced["endpoint"]

    def get(self, path: str) -> Any:
        with urlopen(self.endpoint + path) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: dict[str, Any]) -> Any:
        request = Request(
            self.endpoint + path, data=json.dumps(body).encode(), headers={"X-Fargate-Lab": "1"}
        )
        with urlopen(request) as answer:
            return json.loads(answer.read())

    def journal(self) -> list[dict[str, Any]]:
        return list(self.get("/_lab/journal?limit=10000")["entries"])

    def aws(self, *words: str, fails: bool = False) -> Any:
        """What the ``aws`` command prints, as data; its error text when it has to fail."""
        done = subprocess.run(
            [sys.executable, str(AWS), *words, "--output", "json"],
            env={**os.environ, **self.get("/_lab/env"), "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else (json.loads(done.stdout) if done.stdout else None)


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        running = Running(*arguments)
        started.append(running)
        return running

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def test_it_announces_itself_and_ends_with_its_input(serve: Callable[..., Running]) -> None:
    running = serve("--seed", "7", "--label", "core-lab", "--start", "2026-01-01T09:00:00Z", "--paused")
    assert running.announced["pid"] == running.process.pid
    status = running.get("/_lab/status")
    assert (status["pid"], status["seed"], status["label"]) == (running.process.pid, 7, "core-lab")
    assert running.get("/_lab/clock")["now"] == "2026-01-01T09:00:00Z"
    out, err = running.process.communicate(timeout=20)
    assert running.process.returncode == 0
    assert (out, err) == ("", "")


def test_it_ends_on_sigterm(serve: Callable[..., Running]) -> None:
    running = serve()
    running.get("/_lab/status?wait=1")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("bind", "endpoint"), [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")]
)
def test_the_address_announced_is_one_that_can_be_used(bind: str, endpoint: str) -> None:
    assert address(bind, 80) == endpoint


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "fargate_sim.server", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stdout == ""
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--speed", "0"),
        ("--speed", "fast"),
        ("--port", "70000"),
        ("--start", "soon"),
        ("--seed", "x"),
        ("--what",),
    ],
)
def test_a_wrong_argument_is_a_usage_error(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fargate_sim.server", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_state_file_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("rubbish\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "fargate_sim.server", "--state", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_kill_9_in_the_middle_of_a_rollout_loses_nothing(
    serve: Callable[..., Running], tmp_path: Path
) -> None:
    state = tmp_path / "deep" / "state.jsonl"
    first = serve("--seed", "11", "--state", str(state), "--paused")
    env = first.get("/_lab/env")
    definition = json.dumps([{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27"}])
    first.aws("ecs", "create-cluster", "--cluster-name", "demo")
    first.aws(
        *("ecs", "register-task-definition", "--family", "web", "--cpu", "256", "--memory", "512"),
        *("--network-mode", "awsvpc", "--requires-compatibilities", "FARGATE"),
        *("--container-definitions", definition),
    )
    first.aws(
        *("ecs", "create-service", "--cluster", "demo", "--service-name", "web", "--task-definition", "web"),
        *("--desired-count", "2", "--launch-type", "FARGATE"),
        *("--network-configuration", f"awsvpcConfiguration={{subnets=[{env['SUBNET_A']}]}}"),
    )
    first.aws("ec2", "create-vpc", "--cidr-block", "10.9.0.0/16")
    first.post("/_lab/clock", {"action": "advance", "ms": 31_000})
    first.post("/_lab/note", {"kind": "lab.step", "data": {"step": "3"}})
    history, clock = first.journal(), first.get("/_lab/clock")
    first.process.kill()
    first.process.wait()

    second = serve("--state", str(state))
    assert second.get("/_lab/clock") == clock
    assert second.journal() == history
    assert second.get("/_lab/env")["SUBNET_A"] == env["SUBNET_A"]
    second.post("/_lab/clock", {"action": "settle"})
    found = second.aws("ecs", "describe-services", "--cluster", "demo", "--services", "web")
    assert found["services"][0]["runningCount"] == 2
    vpcs = second.aws("ec2", "describe-vpcs", "--filters", "Name=cidr,Values=10.9.0.0/16")["Vpcs"]
    assert len(vpcs) == 1


def test_the_aws_command_walks_through_a_service(serve: Callable[..., Running]) -> None:
    running = serve("--seed", "12", "--speed", "20")
    env = running.get("/_lab/env")
    assert running.aws("sts", "get-caller-identity")["Account"] == env["ACCOUNT_ID"]
    running.aws("ecs", "create-cluster", "--cluster-name", "demo")
    definition = json.dumps([{"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27"}])
    running.aws(
        *("ecs", "register-task-definition", "--family", "web", "--cpu", "256", "--memory", "512"),
        *("--network-mode", "awsvpc", "--requires-compatibilities", "FARGATE"),
        *("--container-definitions", definition),
    )
    running.aws(
        *("ecs", "create-service", "--cluster", "demo", "--service-name", "web", "--task-definition", "web"),
        *("--desired-count", "2", "--launch-type", "FARGATE", "--network-configuration"),
        f"awsvpcConfiguration={{subnets=[{env['SUBNET_A']},{env['SUBNET_B']}],securityGroups=[{env['SG']}]}}",
    )
    running.aws("ecs", "wait", "services-stable", "--cluster", "demo", "--services", "web")
    tasks = running.aws("ecs", "list-tasks", "--cluster", "demo")["taskArns"]
    assert len(tasks) == 2
    enis = running.aws(
        *("ec2", "describe-network-interfaces", "--filters", f"Name=group-id,Values={env['SG']}")
    )["NetworkInterfaces"]
    assert {eni["SubnetId"] for eni in enis} == {env["SUBNET_A"], env["SUBNET_B"]}
    told = running.aws("ecs", "describe-services", "--cluster", "none", "--services", "web", fails=True)
    assert "ClusterNotFoundException" in told
    told = running.aws("ecs", "list-container-instances", "--cluster", "demo", fails=True)
    assert "ecs:ListContainerInstances" in told
