"""One seat of a class takes all that it can get: how long the others' calls take meanwhile.

The others make signed AWS calls of the core lab over HTTP, with screens beside them, on two shards. The clients are botocore's own (they
serialise, sign and parse), with a plain HTTP connection for each seat underneath; they run on the same machine and take their part of it.
"""

from __future__ import annotations

import http.client
import json
import math
import multiprocessing
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from bench.measure import Row, resident_mb
from fargate_sim.inprocess import _Raw
from fargate_sim.tenants import Tenant, Tenants

SEATS = 30
SHARDS = 2
SECONDS = 60.0
"""How long a class works while it is measured."""
PAUSE_S = 2.0
"""Between two calls of a learner, on average."""
POLL_S = 0.5
"""Between two looks of a screen."""
P99_MS = 100.0
HOST_TOKEN = "the-host-of-the-class"  # noqa: S105 - of a class that nobody else reaches
_LOADER = Loader()


@dataclass
class Shard:
    """A running shard and the seats in it."""

    tenants: Tenants
    port: int
    pid: int


@dataclass
class Latencies:
    """Seconds, by what was asked."""

    calls: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def p(self, share: float) -> float:
        """A percentile of the calls, in milliseconds."""
        return percentile(self.calls, share)


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds; NaN of nothing."""
    if not seconds:
        return math.nan
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1000


@contextmanager
def room(seats: int) -> Iterator[list[Shard]]:
    """The shards of a class of so many seats, with the core lab open at each."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        shards = [stack.enter_context(_shard(Path(folder), seats, each)) for each in range(SHARDS)]
        for shard in shards:
            for tenant in shard.tenants.seats:
                ask(shard.port, "/_seats/open", HOST_TOKEN, {"seat": tenant.seat, "label": "core-lab"})
                ask(shard.port, "/_lab/status?wait=1", tenant.token)
        yield shards


@contextmanager
def _shard(folder: Path, seats: int, number: int) -> Iterator[Shard]:
    raw = {
        "token": HOST_TOKEN,
        "seats": [
            {
                "seat": f"{seat:02}",
                "seed": 9000 + seat,
                "secret_key": f"the-secret-key-of-seat-{seat:02}",
                "token": f"the-token-of-seat-{seat:02}",
                "state": str(folder / f"{seat:02}"),
            }
            for seat in range(1, seats + 1)
            if seat % SHARDS == number
        ],
    }
    path = folder / f"seats-{number}.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "fargate_sim.shard", "--seats", str(path), "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield Shard(Tenants.of(raw), urlsplit(json.loads(line)["endpoint"]).port or 0, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def ask(port: int, path: str, token: str, body: dict[str, Any] | None = None) -> Any:
    """One request of the class's own programs."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return _ask(connection, path, token, body)
    finally:
        connection.close()


def _ask(
    connection: http.client.HTTPConnection, path: str, token: str, body: dict[str, Any] | None = None
) -> Any:
    headers = {"X-Fargate-Lab": "1", "X-Fargate-Lab-Token": token}
    content = None if body is None else json.dumps(body)
    connection.request("GET" if body is None else "POST", path, content, headers)
    answer = connection.getresponse()
    raw = answer.read()
    if answer.status >= 400:
        raise RuntimeError(f"{path}: {answer.status} {raw[:200]!r}")
    return json.loads(raw) if raw else None


class Learner:
    """Somebody at a seat: the AWS clients of their shell over one connection, each call timed."""

    def __init__(self, shard: Shard, tenant: Tenant, told: Latencies, *, attempts: int = 4) -> None:
        self.shard, self.tenant, self.told = shard, tenant, told
        self._connection = http.client.HTTPConnection("127.0.0.1", shard.port, timeout=60)
        session = botocore.session.Session()
        session.register_component("data_loader", _LOADER)
        session.register("before-send", self._send)
        self.ecs, self.ec2, self.elb, self.logs = (
            session.create_client(
                service,
                region_name="us-east-1",
                endpoint_url=f"http://127.0.0.1:{self.shard.port}",
                aws_access_key_id=self.tenant.key_id,
                aws_secret_access_key=self.tenant.secret_key,
                config=Config(
                    retries={"max_attempts": attempts, "mode": "standard"}, parameter_validation=False
                ),
            )
            for service in ("ecs", "ec2", "elbv2", "logs")
        )

    def _send(self, request: Any, **_kwargs: object) -> Any:
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        path = request.url.split("/", 3)[-1]
        began = time.perf_counter()
        self._connection.request(request.method, f"/{path}", request.body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self.told.calls.append(time.perf_counter() - began)
        return AWSResponse(request.url, answer.status, dict(answer.getheaders()), _Raw(content))  # type: ignore[arg-type]


def core_lab(learner: Learner, env: dict[str, str]) -> Iterator[Callable[[], Any]]:
    """The calls of the core lab, from the first cluster to the last one deleted, one at a time."""
    ecs, ec2, elb, logs = learner.ecs, learner.ec2, learner.elb, learner.logs
    named: dict[str, Any] = {"cluster": "core-lab", "services": ["web"]}

    def register(image: str) -> Any:
        return ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=env["EXECUTION_ROLE"],
            containerDefinitions=[
                {
                    "name": "web",
                    "image": image,
                    "portMappings": [{"containerPort": 80}],
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": "/ecs/core-lab",
                            "awslogs-region": "us-east-1",
                            "awslogs-stream-prefix": "web",
                        },
                    },
                }
            ],
        )

    def settle() -> Iterator[Callable[[], Any]]:
        for _ in range(3):
            yield lambda: ecs.describe_services(**named)
        yield lambda: ecs.get_waiter("services_stable").wait(
            **named, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    network = {
        "awsvpcConfiguration": {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    }
    yield lambda: ecs.create_cluster(
        clusterName="core-lab", settings=[{"name": "containerInsights", "value": "enhanced"}]
    )
    yield lambda: ecs.describe_clusters(clusters=["core-lab"], include=["SETTINGS"])
    yield lambda: logs.create_log_group(logGroupName="/ecs/core-lab")
    yield lambda: register("public.ecr.aws/nginx/nginx:1.27")
    yield lambda: ecs.create_service(
        cluster="core-lab",
        serviceName="web",
        taskDefinition="web",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=network,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    yield from settle()
    yield lambda: ecs.describe_tasks(cluster="core-lab", tasks=ecs.list_tasks(cluster="core-lab")["taskArns"])
    yield ec2.describe_network_interfaces
    yield lambda: ec2.describe_subnets(SubnetIds=[env["SUBNET_A"], env["SUBNET_B"]])
    yield lambda: register("public.ecr.aws/nginx/nginx:none-such")
    yield lambda: ecs.update_service(cluster="core-lab", service="web", taskDefinition="web")
    yield from settle()
    yield lambda: ecs.list_service_deployments(cluster="core-lab", service="web")
    group = []
    yield lambda: group.append(
        elb.create_target_group(Name="core-lab", Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType="ip")[
            "TargetGroups"
        ][0]["TargetGroupArn"]
    )
    balancer = []
    yield lambda: balancer.append(
        elb.create_load_balancer(
            Name="core-lab",
            Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]],
            SecurityGroups=[env["ALB_SG"]],
        )["LoadBalancers"][0]["LoadBalancerArn"]
    )
    yield lambda: elb.create_listener(
        LoadBalancerArn=balancer[0],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group[0]}],
    )
    behind = [{"targetGroupArn": group[0], "containerName": "web", "containerPort": 80}]
    yield lambda: ecs.update_service(cluster="core-lab", service="web", loadBalancers=behind)
    yield from settle()
    yield lambda: elb.describe_target_health(TargetGroupArn=group[0])
    yield lambda: ecs.update_service(cluster="core-lab", service="web", forceNewDeployment=True)
    yield from settle()
    yield lambda: ecs.delete_service(cluster="core-lab", service="web", force=True)
    yield lambda: ecs.get_waiter("services_inactive").wait(
        **named, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    yield lambda: elb.delete_load_balancer(LoadBalancerArn=balancer[0])
    yield lambda: elb.delete_target_group(TargetGroupArn=group[0])
    yield lambda: ecs.delete_cluster(cluster="core-lab")
    yield lambda: logs.delete_log_group(logGroupName="/ecs/core-lab")


def _work(learner: Learner, until: float) -> None:
    """A learner goes through the lab, again and again, at a person's pace."""
    shard, tenant, told = learner.shard, learner.tenant, learner.told
    chance = random.Random(tenant.seat)
    env = ask(shard.port, "/_lab/env", tenant.token)
    time.sleep(chance.uniform(0, PAUSE_S))
    while time.monotonic() < until:
        for call in core_lab(learner, env):
            if time.monotonic() >= until:
                return
            try:
                call()
            except Exception as error:
                told.errors.append(f"seat {tenant.seat}: {error}")
                return
            time.sleep(chance.expovariate(1 / PAUSE_S))


def _watch(shard: Shard, tenant: Tenant, told: Latencies, until: float) -> None:
    """A seat's screen."""
    connection = http.client.HTTPConnection("127.0.0.1", shard.port, timeout=60)
    seen = -1
    time.sleep(random.Random(tenant.seed).uniform(0, POLL_S))
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = _ask(connection, f"/_lab/snapshot?seen={seen}", tenant.token)
        told.polls.append(time.perf_counter() - began)
        seen = answer["version"] if answer else seen
        time.sleep(POLL_S)


def hammer(shard: Shard, tenant: Tenant, seconds: float) -> None:
    """Somebody who takes all they can get: a fleet of 5,000 that is deployed anew all the time, a clock that jumps, and calls over eight
    connections as fast as they are answered. For a process of its own, whose clients take nothing from those that are measured.
    """
    until = time.monotonic() + seconds
    env = ask(shard.port, "/_lab/env", tenant.token)
    setup = Learner(shard, tenant, Latencies())
    vpc = setup.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = setup.ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/17")["Subnet"]["SubnetId"]
    for call, _ in zip(core_lab(setup, env), range(5), strict=False):
        call()
    network = {"awsvpcConfiguration": {"subnets": [subnet]}}
    setup.ecs.create_service(
        cluster="core-lab",
        serviceName="fleet",
        taskDefinition="web",
        desiredCount=5000,
        launchType="FARGATE",
        networkConfiguration=network,
    )

    def loop(act: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            while time.monotonic() < until:
                with suppress(ClientError, RuntimeError, OSError, http.client.HTTPException):
                    act()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def calls() -> Callable[[], object]:
        # Nobody waits here: what is refused is tried again at once.
        learner = Learner(shard, tenant, Latencies(), attempts=1)
        return lambda: learner.ecs.update_service(
            cluster="core-lab", service="fleet", forceNewDeployment=True
        )

    hour = {"action": "advance", "ms": 26 * 3_600_000}
    threads = [loop(calls()) for _ in range(8)]
    threads += [loop(lambda: ask(shard.port, "/_lab/clock", tenant.token, hour)) for _ in range(2)]
    threads += [loop(lambda: ask(shard.port, "/_lab/snapshot", tenant.token))]
    for thread in threads:
        thread.join(seconds + 60)


def work(seats: int, *, seconds: float = SECONDS, hammered: bool = False) -> tuple[Latencies, list[float]]:
    """A class at work for so long: how long its calls took, and the memory of its shards in MB. With ``hammered`` one further seat takes
    all that it can get; its calls are not counted.
    """
    told = Latencies()
    with room(seats + hammered) as shards:
        sat = [(shard, tenant) for shard in shards for tenant in shard.tenants.seats]
        learners = [Learner(shard, tenant, told) for shard, tenant in sat if int(tenant.seat) <= seats]
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=_work, args=(each, until), daemon=True) for each in learners]
        threads += [
            threading.Thread(target=_watch, args=(each.shard, each.tenant, told, until), daemon=True)
            for each in learners
        ]
        for thread in threads:
            thread.start()
        greedy = [
            multiprocessing.get_context("spawn").Process(
                target=hammer, args=(shard, tenant, seconds), daemon=True
            )
            for shard, tenant in sat
            if int(tenant.seat) > seats
        ]
        for process in greedy:
            process.start()
        for thread in threads:
            thread.join(seconds + 60)
        for process in greedy:
            process.terminate()
        return told, [resident_mb(shard.pid) for shard in shards]


def rows() -> list[Row]:
    """The report's part on a class with one who hammers."""
    told, memory = work(SEATS, hammered=True)
    measured = (
        f"{told.p(0.99):.0f} ms (median {told.p(0.5):.1f}, {len(told.calls)} calls, {len(told.errors)} failed; "
        f"screens {percentile(told.polls, 0.99):.0f} ms; shards {max(memory):.0f} MB)"
    )
    held = told.p(0.99) <= P99_MS and not told.errors
    what = f"{SEATS} seats, and one more that takes all it can get, p99 of an answer"
    return [Row(what, f"<= {P99_MS:.0f} ms", measured, held)]
