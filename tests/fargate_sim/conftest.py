"""Offline clouds for tests: in-process, paused at a fixed date, every ECS answer held against botocore's output shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from support.shards import Class

from fargate_sim import fronts, inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import ControlClient
from fargate_sim.pacer import Pacer
from fargate_sim.wire.shapes import validate_output

_LOADER = Loader()
"""Shared, because reading service models takes longer than most tests."""
START_MS = 1767258000000  # 2026-01-01T09:00:00Z


@dataclass
class Offline:
    """One cloud and what talks to it."""

    app: Endpoint
    control: ControlClient

    @property
    def cloud(self) -> Cloud:
        return self.app.cloud

    def client(self, service: str, *, region: str = "us-east-1", user_agent: str = "") -> Any:
        session = botocore.session.Session()
        session.register_component("data_loader", _LOADER)
        inprocess.attach(session, self.app)
        config = Config(user_agent_extra=user_agent, retries={"max_attempts": 0}, parameter_validation=False)
        return session.create_client(service, region_name=region, config=config)

    def env(self) -> dict[str, str]:
        answer = self.control.get("/_lab/env")
        assert answer is not None
        return answer

    def journal(self, *kinds: str) -> list[dict[str, Any]]:
        answer = self.control.get("/_lab/journal", {"limit": 10000, "kind": ",".join(kinds)})
        assert answer is not None
        return list(answer["entries"])

    def start_service(
        self, *, desired: int = 2, image: str = "public.ecr.aws/nginx/nginx:1.27"
    ) -> dict[str, str]:
        """Cluster ``demo`` with the service ``web``, not yet settled. Returns the exports."""
        env = self.env()
        self.client("ecs").create_cluster(clusterName="demo")
        self.register(image)
        self._create_web(env, desiredCount=desired)
        return env

    def start_balanced_service(self) -> tuple[str, str]:
        """The same, of two tasks, behind a load balancer. Returns the ARNs of the balancer and of the target group."""
        env, elb = self.env(), self.client("elbv2")
        balancer = elb.create_load_balancer(
            Name="alb",
            Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]],
            SecurityGroups=[env["ALB_SG"]],
        )["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        self.client("ecs").create_cluster(clusterName="demo")
        self.register()
        behind = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]
        self._create_web(env, desiredCount=2, loadBalancers=behind)
        return balancer, group

    def _create_web(self, env: dict[str, str], **service: Any) -> None:
        network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
        self.client("ecs").create_service(
            cluster="demo",
            serviceName="web",
            taskDefinition="web",
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            **service,
        )

    def register(self, image: str = "public.ecr.aws/nginx/nginx:1.27") -> None:
        env = self.env()
        logs = {
            "awslogs-group": env["LOG_GROUP"],
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "web",
        }
        self.client("ecs").register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=env["EXECUTION_ROLE"],
            containerDefinitions=[
                {
                    "name": "app",
                    "image": image,
                    "portMappings": [{"containerPort": 80}],
                    "logConfiguration": {"logDriver": "awslogs", "options": logs},
                }
            ],
        )


@pytest.fixture(autouse=True)
def _answers_fit_their_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def validating(service: str, name: str, perform: Callable[..., Any]) -> Callable[..., Any]:
        def checked(world: Any, params: dict[str, Any]) -> Any:
            output = perform(world, params)
            validate_output(name, output, service=service)
            return output

        return checked

    for front in fronts.FRONTS.values():
        checked = {
            name: validating(front.service, name, perform) for name, perform in front.operations.items()
        }
        monkeypatch.setattr(front, "operations", checked)


MakeOffline = Callable[..., Offline]


@pytest.fixture
def make_offline() -> Iterator[MakeOffline]:
    """Makes clouds; they are closed at the end of the test."""
    made: list[Endpoint] = []

    def make(seed: int = 7, *, paused: bool = True, speed: Any = 10.0, **options: Any) -> Offline:
        def make_cloud(fresh_seed: int | None, label: str) -> tuple[Cloud, Pacer]:
            cloud = Cloud(
                seed if fresh_seed is None else fresh_seed, start_ms=START_MS, label=label, **options
            )
            return cloud, Pacer(cloud.engine, lambda: cloud.settled, speed=speed, paused=paused)

        cloud, pacer = make_cloud(seed, "test")
        app = Endpoint(cloud, pacer, make_cloud=make_cloud)
        made.append(app)
        return Offline(app, inprocess.control(app))

    yield make
    for app in made:
        app.close()


@pytest.fixture
def offline(make_offline: MakeOffline) -> Offline:
    """A cloud with seed 7, its clock stopped."""
    return make_offline()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    """A shard in this process, with a lab open at seat 01."""
    room = Class(tmp_path)
    room.open("01")
    yield room
    room.end()
