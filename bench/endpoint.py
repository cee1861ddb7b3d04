"""The endpoint over HTTP, side by side with moto_server in the same run: cold start, DescribeServices, memory."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from bench.measure import Row, resident_mb, script

CALLS = 2000
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ecs/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


class Client:
    """A raw HTTP client: what it measures is the server."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=30)

    def call(self, operation: str, **params: object) -> dict[str, object]:
        """One ECS operation."""
        headers = {**_HEADERS, "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}"}
        self._connection.request("POST", "/", json.dumps(params), headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{operation}: {response.status} {body[:200]!r}")
        return dict(json.loads(body))

    def get(self, path: str) -> dict[str, object]:
        """One call of the control API."""
        self._connection.request("GET", path)
        return dict(json.loads(self._connection.getresponse().read()))


@contextmanager
def offline_cloud() -> Iterator[tuple[int, int, float]]:
    """Our server: port, process id, seconds from start to the first answered ECS call."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "fargate_sim.server", "--exit-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        port = urllib.parse.urlsplit(json.loads(line)["endpoint"]).port or 0
        Client("127.0.0.1", port).call("CreateCluster", clusterName="bench")
        yield port, process.pid, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def moto_server(port: int) -> Iterator[tuple[int, int, float]]:
    """Moto's own server, likewise."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [script("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"},
    )
    try:
        while True:
            try:
                Client("127.0.0.1", port).call("CreateCluster", clusterName="bench")
                break
            except (ConnectionError, http.client.HTTPException):
                time.sleep(0.01)
        yield port, process.pid, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(10)


def _service(client: Client, network: dict[str, object]) -> None:
    client.call(
        "RegisterTaskDefinition",
        family="web",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "nginx:1.27"}],
    )
    client.call(
        "CreateService",
        cluster="bench",
        serviceName="web",
        taskDefinition="web",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=network,
    )


def _default_subnet(port: int) -> str:
    """A subnet of moto's default VPC."""
    import boto3  # noqa: PLC0415

    ec2 = boto3.client(
        "ec2",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto asks for any
    )
    return str(ec2.describe_subnets()["Subnets"][0]["SubnetId"])


def _rate(client: Client) -> float:
    """DescribeServices per second."""
    for _ in range(100):
        client.call("DescribeServices", cluster="bench", services=["web"])
    begin = time.perf_counter()
    for _ in range(CALLS):
        client.call("DescribeServices", cluster="bench", services=["web"])
    return CALLS / (time.perf_counter() - begin)


def rows() -> list[Row]:
    """The bars on the endpoint."""
    colds, peers = [], []
    for _ in range(5):
        with offline_cloud() as (_, _, cold):
            colds.append(cold)
    with offline_cloud() as (port, pid, _), moto_server(5931) as (moto_port, moto_pid, peer_cold):
        peers.append(peer_cold)
        ours, theirs = Client("127.0.0.1", port), Client("127.0.0.1", moto_port)
        env = ours.get("/_lab/env")
        subnets = [str(env["SUBNET_A"]), str(env["SUBNET_B"])]
        _service(ours, {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [str(env["SG"])]}})
        _service(
            theirs, {"awsvpcConfiguration": {"subnets": [_default_subnet(moto_port)], "securityGroups": []}}
        )
        our_rate, their_rate = _rate(ours), _rate(theirs)
        memory, their_memory = resident_mb(pid), resident_mb(moto_pid)
    cold = sorted(colds)[len(colds) // 2]
    return [
        Row(
            "cold start to the first answered ECS call",
            "<= 0.30 s",
            f"{cold:.2f} s",
            cold <= 0.30,
            f"moto_server {peers[0]:.2f} s",
        ),
        Row(
            "DescribeServices over HTTP, raw client",
            ">= 4x",
            f"{our_rate:,.0f}/s = {our_rate / their_rate:.1f}x",
            our_rate >= 4 * their_rate,
            f"moto_server {their_rate:,.0f}/s",
        ),
        Row(
            "memory, cloud with one world",
            "<= 150 MB",
            f"{memory:.0f} MB",
            memory <= 150,
            f"moto_server {their_memory:.0f} MB",
        ),
    ]
