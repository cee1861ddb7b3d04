"""The command and the screen as a person meets them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measure import Row, Terminal, median_seconds, script

KEYS = "¤§¦±µ¶¼½¾¿¡÷ØÞßæðøþ"
"""Characters that nothing on the screen contains: the one that appears is the one that was pressed."""
TASKS = 200
RPS = 100.0
BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""


def _env(home: str) -> dict[str, str]:
    binaries = str(Path(sys.executable).parent)
    return {**os.environ, "FARGATE_LAB_HOME": home, "PATH": f"{binaries}:{os.environ['PATH']}"}


def _version() -> Row:
    taken = median_seconds(
        lambda: subprocess.run([script("fargate-lab"), "--version"], check=True, capture_output=True)
    )
    return Row("`fargate-lab --version`", "<= 0.10 s", f"{taken:.3f} s", taken <= 0.10)


def _first_paint() -> Row:
    paints, fulls, bares = [], [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as home:
            terminal = Terminal([script("fargate-lab")], _env(home))
            try:
                paints.append(terminal.wait_for("fargate-lab"))
                fulls.append(paints[-1] + terminal.wait_for("Playbook"))
            finally:
                terminal.close()
        terminal = Terminal([sys.executable, "-c", BARE_APP], dict(os.environ))
        try:
            bares.append(terminal.wait_for("painted"))
        finally:
            terminal.close()
    paint, full, bare = (statistics.median(taken) for taken in (paints, fulls, bares))
    measured = f"{paint:.2f} s (labs listed {full:.2f} s)"
    return Row(
        "start to first paint of the TUI",
        "<= 0.45 s",
        measured,
        paint <= 0.45,
        f"one-line Textual app {bare:.2f} s",
    )


def _core_lab() -> Row:
    taken = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as home:
            begin = time.perf_counter()
            subprocess.run(
                [script("fargate-lab"), "play", "core-lab", "--speed", "max"],
                check=True,
                capture_output=True,
                env=_env(home),
            )
            taken.append(time.perf_counter() - begin)
    whole = statistics.median(taken)
    return Row("core lab end to end, headless, with the aws CLI", "<= 3 s", f"{whole:.2f} s", whole <= 3)


def _fill(endpoint: str, rps: float, *, scaled: bool = False) -> None:
    """A service of two hundred tasks in the world that the screen shows, and a deployment that rolls it; with `rps`
    it stands behind a load balancer, and so many requests a second go to it; `scaled` has two policies look at it for
    twenty minutes first.
    """
    import boto3  # noqa: PLC0415

    from labs.control import HttpControl  # noqa: PLC0415

    control = HttpControl(endpoint)
    env = control.get("/_lab/env") or {}
    session = boto3.Session(
        env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=env["AWS_REGION"]
    )
    ecs = session.client("ecs", endpoint_url=endpoint)
    balanced = (
        {"loadBalancers": [_target(session.client("elbv2", endpoint_url=endpoint), env)]} if rps else {}
    )
    ecs.create_cluster(clusterName="bench")
    ecs.register_task_definition(
        family="bench",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[
            {"name": "web", "image": "nginx:1.27", "portMappings": [{"containerPort": 80}]}
        ],
    )
    ecs.create_service(
        cluster="bench",
        serviceName="bench",
        taskDefinition="bench",
        desiredCount=TASKS,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [env["SUBNET_A"], env["SUBNET_B"]]}},
        **balanced,
    )
    control.post("/_lab/clock", {"action": "settle", "limit_ms": 1_800_000})
    if rps:
        control.post("/_lab/traffic", {"action": "start", "rps": rps})
    if scaled:
        _scale(session.client("application-autoscaling", endpoint_url=endpoint))
        control.post("/_lab/clock", {"action": "advance", "ms": 20 * 60_000})
    control.post("/_lab/clock", {"action": "speed", "speed": 10})
    ecs.update_service(cluster="bench", service="bench", forceNewDeployment=True)


def _scale(scaling: Any) -> None:
    """Two target tracking policies on the service."""
    web = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/bench/bench",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**web, MinCapacity=TASKS, MaxCapacity=2 * TASKS)
    for metric in ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"):
        scaling.put_scaling_policy(
            **web,
            PolicyName=metric,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            },
        )


def _target(elb: Any, env: dict[str, str]) -> dict[str, Any]:
    """A load balancer with a target group; what a service says to stand behind it."""
    balancer = elb.create_load_balancer(
        Name="bench", Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]], SecurityGroups=[env["ALB_SG"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name="bench", Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    return {"targetGroupArn": group, "containerName": "web", "containerPort": 80}


def _key_to_paint(rps: float = 0.0, *, scaled: bool = False) -> Row:
    from fargate_lab import worlds  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as home:
        os.environ["FARGATE_LAB_HOME"] = home
        terminal = Terminal([script("fargate-lab")], _env(home))
        try:
            terminal.wait_for("Playbook")
            terminal.send("\r")
            terminal.wait_for("Free addresses")
            deadline = time.perf_counter() + 20
            while not (found := worlds.running()) and time.perf_counter() < deadline:
                time.sleep(0.1)
            _fill(found[0].endpoint, rps, scaled=scaled)
            if scaled:
                terminal.wait_for(f"of {TASKS}-")  # the world pane, which shows the bounds
            elif rps:
                terminal.send("\x1b[21~")  # F10, the traffic, which stays beside the console
                terminal.wait_for("requests/s")
            terminal.send("\x1bOS")  # F4, the console
            taken = []
            for round_number in range(6):
                for key in KEYS:
                    time.sleep(0.05)
                    terminal.drain()
                    terminal.send(key)
                    taken.append(terminal.wait_for(key))
                terminal.send("\x15")
                time.sleep(0.3 + 0.01 * round_number)
        finally:
            terminal.close()
            del os.environ["FARGATE_LAB_HOME"]
    charts = ", two scaling policies" if scaled else f", charts of {rps:g} requests/s" if rps else ""
    return _painted(f"key press to paint, {TASKS} tasks rolling at 10x{charts}", taken)


def _painted(what: str, taken: list[float]) -> Row:
    taken.sort()
    p95 = taken[int(len(taken) * 0.95)] * 1000
    middle = statistics.median(taken) * 1000
    return Row(what, "p95 <= 100 ms", f"p95 {p95:.0f} ms (median {middle:.0f} ms)", p95 <= 100)


def rows() -> list[Row]:
    """The bars on what a person starts and looks at."""
    return [
        _version(),
        _first_paint(),
        _core_lab(),
        _key_to_paint(),
        _key_to_paint(RPS),
        _key_to_paint(RPS, scaled=True),
    ]
