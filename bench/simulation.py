"""The model alone: a large rolling deployment, a quiet day, requests."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from bench.measure import Row
from fargate_sim.images import default_catalogue
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.kernel.seeds import Seeds
from fargate_sim.model.access import Policy, RoleFacts
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.egress import VpcFacts
from fargate_sim.model.egress.facts import (
    GroupRule,
    NatFacts,
    RouteEntry,
    RouteTableFacts,
    SecurityGroupFacts,
    SubnetNetwork,
)
from fargate_sim.model.events import Undelivered
from fargate_sim.model.queues.message import Message
from fargate_sim.model.scaling import Followed, Tracking
from fargate_sim.model.scaling.policy import CPU, REQUESTS
from fargate_sim.model.service import LoadBalancerSpec, Service
from fargate_sim.model.surroundings import (
    Billable,
    KeyFacts,
    ParameterFacts,
    QueueFacts,
    RegistryImage,
    SecretFacts,
    SubnetFacts,
    TargetGroupFacts,
)
from fargate_sim.model.task_definition import AwsLogs, ContainerSpec, TaskDefinition
from fargate_sim.model.traffic import Demand
from fargate_sim.model.traffic.report import report
from fargate_sim.model.world import Placement, World

_SUBNETS = {
    "subnet-a": SubnetFacts("subnet-a", "vpc", "10.0.0.0/17", "us-east-1a"),
    "subnet-b": SubnetFacts("subnet-b", "vpc", "10.0.128.0/17", "us-east-1b"),
}
_ANYWHERE = "0.0.0.0/0"
_VPC = VpcFacts(
    "vpc",
    "us-east-1",
    ("10.0.0.0/16", "10.1.0.0/24"),
    subnets={
        "subnet-public": SubnetNetwork("subnet-public", "10.1.0.0/24", "us-east-1a", "rtb-public"),
        **{
            each.subnet_id: SubnetNetwork(each.subnet_id, each.cidr, each.availability_zone)
            for each in _SUBNETS.values()
        },
    },
    route_tables={
        "rtb-main": RouteTableFacts("rtb-main", (RouteEntry(_ANYWHERE, "nat gateway", "nat"),), main=True),
        "rtb-public": RouteTableFacts("rtb-public", (RouteEntry(_ANYWHERE, "internet gateway", "igw"),)),
    },
    internet_gateways=("igw",),
    nat_gateways={"nat": NatFacts("nat", "subnet-public")},
    security_groups={
        each: SecurityGroupFacts(each, rules_out=(GroupRule(cidrs=(_ANYWHERE,)),))
        for each in ("sg-1", "sg-default")
    },
)
"""Everything reaches, through a NAT gateway."""

_CHARGER = "public.ecr.aws/fargate-lab/charger:1.1"
_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
_BALANCER = "app/web/fedcba9876543210"
_GROUP_FACTS = TargetGroupFacts(_GROUP, "ip", "vpc", True, None, "/", 30, 5, 2, "200", 30, balancer=_BALANCER)


_ROLE = "arn:aws:iam::123456789012:role/execution"
_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
_LOGS_ONLY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}'


class _Account:
    """Two large subnets, a target group, an execution role that may write logs, and nothing else."""

    epoch = 0

    def role(self, arn: str) -> RoleFacts | None:
        return RoleFacts(arn, "execution", (Policy("logs", _LOGS_ONLY),), None, _TRUST)

    def resource_policy(self, arn: str) -> str | None:  # noqa: ARG002
        return None

    def secret(self, secret_id: str, *, stage: str, version: str, region: str = "") -> SecretFacts | None:  # noqa: ARG002
        return None

    def parameter(self, name: str, *, region: str = "") -> ParameterFacts | None:  # noqa: ARG002
        return None

    def key(self, key_id: str, *, region: str = "") -> KeyFacts | None:  # noqa: ARG002
        return None

    def exists(self, arn: str) -> bool:  # noqa: ARG002
        return True

    def registry_repository(self, repository: str) -> bool:  # noqa: ARG002
        return False

    def registry_image(self, repository: str, tag: str | None, digest: str | None) -> RegistryImage | None:  # noqa: ARG002
        return None

    def subnet(self, subnet_id: str) -> SubnetFacts | None:
        return _SUBNETS.get(subnet_id)

    def subnets(self) -> list[SubnetFacts]:
        return list(_SUBNETS.values())

    def addresses_in_use(self, subnet_id: str) -> frozenset[str]:  # noqa: ARG002
        return frozenset()

    def billables(self) -> list[Billable]:
        return []

    def security_group_vpc(self, group_id: str) -> str | None:  # noqa: ARG002
        return "vpc"

    def default_security_group(self, vpc_id: str) -> str:  # noqa: ARG002
        return "sg-default"

    def vpc(self, vpc_id: str) -> VpcFacts | None:
        return _VPC if vpc_id == _VPC.vpc_id else None

    def target_group(self, arn: str) -> TargetGroupFacts | None:
        return _GROUP_FACTS if arn == _GROUP else None

    def queue(self, name: str) -> QueueFacts | None:
        return QueueFacts(name, f"arn:aws:sqs:us-east-1:123456789012:{name}")

    def log_group_exists(self, name: str) -> bool:  # noqa: ARG002
        return True

    def create_log_group(self, name: str) -> None:
        """Every group exists."""

    def deliver_event(self, event: Mapping[str, Any], rules: Collection[str]) -> list[Undelivered]:  # noqa: ARG002
        return []

    def send_message(self, queue_arn: str, body: str, **_more: Any) -> str | None:  # noqa: ARG002
        return None

    def delete_schedule(self, group: str, name: str) -> None:
        """There are none."""


def _world() -> World:
    engine = Engine(1_767_258_000_000)
    world = World(
        engine=engine,
        journal=Journal(engine),
        seeds=Seeds(1),
        region="us-east-1",
        account="123456789012",
        surroundings=_Account(),
        images=default_catalogue(),
    )
    world.create_cluster("bench", "disabled")
    return world


def _placement(*, balanced: bool = False) -> Placement:
    balancers = (LoadBalancerSpec(_GROUP, "web", 80),) if balanced else ()
    return Placement(tuple(_SUBNETS), ("sg-1",), False, "FARGATE", load_balancers=balancers)


def _service(
    world: World, desired: int, *, balanced: bool = False, spec: ContainerSpec | None = None
) -> Service:
    definition = TaskDefinition(
        arn=world.arn("task-definition/web:1"),
        family="web",
        revision=1,
        cpu_units=256,
        memory_mib=512,
        network_mode="awsvpc",
        containers=(spec or ContainerSpec("web", "nginx:1.27", logs=AwsLogs("/bench", "web")),),
        compatibilities=("FARGATE",),
        document={},
        execution_role=_ROLE,
    )
    world.register_task_definition(definition)
    service = Service(
        name="web",
        arn=world.arn("service/bench/web"),
        cluster="bench",
        created_ms=world.engine.now_ms,
        desired=desired,
        breaker=CircuitBreaker(enabled=True, rollback=True),
    )
    world.create_service(service, definition, _placement(balanced=balanced), {})
    _finish(world, service)
    return service


def _finish(world: World, service: Service) -> None:
    limit_ms = world.engine.now_ms + 86_400_000
    while service.in_rollout and world.engine.run_next(limit_ms):
        pass
    if service.in_rollout:
        raise RuntimeError("the deployment did not complete within a day")


def _rollout_seconds(tasks: int) -> float:
    world = _world()
    service = _service(world, tasks)
    revision = world.revision(
        service.arn,
        service.primary.revision.task_definition,
        _placement(),
        {},
    )
    begin = time.perf_counter()
    world.update_service(service, changed=["forceNewDeployment"], revision=revision, forced=True)
    _finish(world, service)
    taken = time.perf_counter() - begin
    if service.running_count != tasks:
        raise RuntimeError(f"{service.running_count} tasks run, not {tasks}")
    return taken


def _requests_per_second() -> float:
    """Simulated requests per second of wall time: twenty tasks under 1,000 a second, one in twenty of them long, and a
    rolling deployment in the middle.
    """
    world = _world()
    service = _service(world, 20, balanced=True)
    world.traffic.start(Demand(_GROUP, 1000, long_share=0.05, long_ms=5_000))
    begin = time.perf_counter()
    world.engine.run_until(world.engine.now_ms + 120_000)
    definition = service.primary.revision.task_definition
    revision = world.revision(service.arn, definition, _placement(balanced=True), {})
    world.update_service(service, changed=["forceNewDeployment"], revision=revision, forced=True)
    _finish(world, service)
    world.engine.run_until(world.engine.now_ms + 120_000)
    told = report(world.traffic, world.engine.now_ms)
    taken = time.perf_counter() - begin
    if told["failed"]:
        raise RuntimeError(f"{told['failed']} requests failed in a deployment that should lose none")
    return float(told["sent"] / taken)


def _daily_wave() -> tuple[float, float]:
    """A day in which a service scales between 4 and 40 tasks, by requests and by CPU: wall seconds, and simulated requests in each."""
    world = _world()
    service = _service(world, 10, balanced=True)
    target = world.scaling.register(service, minimum=4, maximum=40)
    label = f"{_BALANCER}/{_GROUP.rpartition(':')[2]}"
    world.scaling.put_policy(target, "requests", Tracking(30, Followed(REQUESTS, label)), {})
    world.scaling.put_policy(target, "cpu", Tracking(60, Followed(CPU)), {})
    world.traffic.start(Demand(_GROUP, 20, pattern="daily"))
    begin = time.perf_counter()
    most = 0
    for _ in range(24):
        world.engine.run_until(world.engine.now_ms + 3_600_000)
        most = max(most, service.running_count)
    told = report(world.traffic, world.engine.now_ms, seconds=0, minutes=0)
    taken = time.perf_counter() - begin
    if most != 40 or service.running_count == most or told["failed"]:
        raise RuntimeError("the service did not scale to 40 tasks and back, or lost requests")
    return taken, float(told["sent"] / taken)


def _messages_per_second() -> float:
    """Simulated messages per second of wall time: 50 workers under 30 orders a second, behind a backlog of 5,000, and
    the metrics at the end.
    """
    world = _world()
    _service(world, 50, spec=ContainerSpec("web", _CHARGER, environment={"QUEUE_URL": "orders"}))
    queue = world.queues.queue("orders")
    for number in range(5_000):
        queue.send(Message(str(number), f'{{"order": "{number}"}}', world.engine.now_ms, world.engine.now_ms))
    world.queues.start(Demand("orders", 30))
    begin = time.perf_counter()
    world.engine.run_until(world.engine.now_ms + 3_600_000)
    names = {"QueueName": "orders"}
    points = world.metrics.points(
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", names, 0, world.engine.now_ms
    )
    taken = time.perf_counter() - begin
    if not points or queue.counts()[0] > 100 or world.queues.ledger("orders").duplicates:
        raise RuntimeError("the workers did not keep up, or charged an order twice")
    return float(queue.deleted / taken)


def rows() -> list[Row]:
    """The bars on the simulation itself."""
    found = []
    for tasks, bar in ((1000, 1.0), (5000, 6.0)):
        taken = min(_rollout_seconds(tasks) for _ in range(3))
        found.append(
            Row(
                f"force-new-deployment, {tasks:,} tasks, to completion",
                f"<= {bar:.0f} s",
                f"{taken:.2f} s",
                taken <= bar,
            )
        )
    world = _world()
    _service(world, 50)
    begin = time.perf_counter()
    world.engine.run_until(world.engine.now_ms + 86_400_000)
    taken = time.perf_counter() - begin
    found.append(Row("24 virtual hours of a 50-task service", "<= 2 s", f"{taken * 1000:.1f} ms", taken <= 2))
    rate = max(_requests_per_second() for _ in range(3))
    found.append(
        Row(
            "requests through a load balancer, a deployment among them",
            ">= 100,000/s",
            f"{rate:,.0f}/s",
            rate >= 100_000,
        )
    )
    taken, rate = min(_daily_wave() for _ in range(3))
    found.append(
        Row(
            "24 virtual hours of a daily wave, two policies, 40 tasks",
            ">= 100,000 requests/s",
            f"{taken:.1f} s, {rate:,.0f} requests/s",
            rate >= 100_000,
        )
    )
    rate = max(_messages_per_second() for _ in range(3))
    found.append(
        Row(
            "messages through a queue, 50 workers, a backlog of 5,000 among them",
            ">= 5,000/s",
            f"{rate:,.0f}/s",
            rate >= 5_000,
        )
    )
    return found
