"""Learners of a class that is measured: one process with some of the seats, which prints what they found as JSON."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fargate_lab import environment
from fargate_lab.attempt import Attempt
from fargate_lab.awscli_runner import AwsRunner
from fargate_lab.play import Performance
from fargate_lab.progress import PassingProgress
from labs import loader
from labs.control import HttpControl
from labs.endpoint_cloud import EndpointCloud
from labs.errors import LabError

THINKING_SECONDS = 2.0
"""Between two commands of a seat; nobody types faster for long."""
PROBE_SECONDS = 1.0
POLL_SECONDS = 0.5
"""How often a screen asks for the world."""


@dataclass
class Found:
    """What a part of a class has measured: milliseconds of each probe, and how many seats got through the lab."""

    probes_ms: list[float] = field(default_factory=list)
    solved: int = 0
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0


def _signed(
    seat: dict[str, str], endpoint: str, target: str, params: dict[str, Any]
) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(params).encode()
    request = AWSRequest(
        "POST",
        f"{endpoint}/",
        data=body,
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target},
    )
    SigV4Auth(Credentials(seat["key_id"], seat["secret_key"]), "ecs", "us-east-1").add_auth(request)
    return body, dict(request.headers)


class _Seat:
    """One learner: works, while a screen polls."""

    def __init__(self, seat: dict[str, str], found: Found, lock: threading.Lock) -> None:
        self.seat = seat
        self._found = found
        self._lock = lock
        self._over = threading.Event()

    def work(self, start: threading.Barrier) -> None:
        """Open the lab, wait for the others, walk through it."""
        url, token = self.seat["endpoint"], self.seat["token"]
        shard = HttpControl(url, token=self.seat["host_token"])
        polling = threading.Thread(target=self._poll, daemon=True)
        trouble = ""
        with ExitStack() as stack:
            aws = AwsRunner(Path(self.seat["work"]))
            stack.callback(aws.close)
            shard.post("/_seats/open", {"seat": self.seat["seat"], "label": "core-lab"})
            cloud = EndpointCloud(url, token=token)
            variables = environment.lab_variables(cloud.env, {}, shims=False)
            aws.use(environment.complete_environment(variables))
            attempt = Attempt(loader.find("core-lab"), cloud, PassingProgress())
            attempt.begin()
            start.wait()
            polling.start()
            performance = Performance(attempt, _Thoughtful(aws), cloud.env)
            ended = "nothing"
            for event in performance.perform():
                ended = event.kind
                trouble = event.text if event.kind == "failed" else trouble
        self._over.set()
        with self._lock:
            if ended == "done":
                self._found.solved += 1
            else:
                self._found.troubles.append(f"seat {self.seat['seat']}: {trouble or ended}")

    def _poll(self) -> None:
        control = HttpControl(self.seat["endpoint"], token=self.seat["token"])
        seen = -1
        while not self._over.wait(POLL_SECONDS):
            try:
                answer = control.get("/_lab/snapshot", {"seen": seen})
            except LabError as error:
                with self._lock:
                    self._found.troubles.append(f"seat {self.seat['seat']}: {error}")
                continue
            if answer is not None:
                seen = int(answer["version"])


class _Thoughtful:
    """Runs commands as somebody does who reads before the next one."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws

    def run(self, words: list[str]) -> Any:
        """One command."""
        time.sleep(THINKING_SECONDS)
        return self._aws.run(words)


class _Probe:
    """Measures what one seat waits for."""

    def __init__(
        self, seat: dict[str, str], found: Found, lock: threading.Lock, over: threading.Event
    ) -> None:
        self.seat = seat
        self._found = found
        self._lock = lock
        self._over = over

    def measure(self) -> None:
        """One call a second until it is over."""
        target = "AmazonEC2ContainerServiceV20141113.DescribeServices"
        host, port = self.seat["endpoint"].removeprefix("http://").split(":")
        while not self._over.wait(PROBE_SECONDS):
            body, headers = _signed(
                self.seat, self.seat["endpoint"], target, {"cluster": "core-lab", "services": ["web"]}
            )
            begin = time.perf_counter()
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            try:
                connection.request("POST", "/", body, headers)
                connection.getresponse().read()
                taken = (time.perf_counter() - begin) * 1000
                with self._lock:
                    self._found.probes_ms.append(taken)
            except OSError as error:
                with self._lock:
                    self._found.troubles.append(f"seat {self.seat['seat']}: {error}")
            finally:
                connection.close()


def probe(path: str) -> None:
    """A process that measures for all seats until its input ends: apart from those that work, whose own business would be measured too."""
    seats = json.loads(Path(path).read_text(encoding="utf-8"))
    found, lock, over = Found(), threading.Lock(), threading.Event()
    with ThreadPoolExecutor(len(seats)) as pool:
        for number, each in enumerate(seats):
            time.sleep(PROBE_SECONDS / len(seats) if number else 0.0)
            pool.submit(_Probe(each, found, lock, over).measure)
        sys.stdin.read()
        over.set()
    print(json.dumps(vars(found)))


def main(path: str) -> None:
    """A process with some of the seats: measures, and prints what it found as JSON."""
    seats = json.loads(Path(path).read_text(encoding="utf-8"))
    found, lock = Found(), threading.Lock()

    def begin() -> None:
        found.seconds = time.perf_counter()
        print("begun", flush=True)

    start = threading.Barrier(len(seats), action=begin)
    with ThreadPoolExecutor(len(seats)) as pool:
        for done in [pool.submit(_Seat(each, found, lock).work, start) for each in seats]:
            try:
                done.result()
            except Exception as error:
                start.abort()
                found.troubles.append(repr(error))
    found.seconds = time.perf_counter() - found.seconds
    print(json.dumps(vars(found)))


if __name__ == "__main__":
    (probe if sys.argv[1] == "probe" else main)(sys.argv[-1])
