"""A world without wire, moto or images of one's own: two private subnets, one log group, and words for what a scenario does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from support import vpcs
from support.policies import document, role, statement

from fargate_sim.images import default_catalogue
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Entry, Journal
from fargate_sim.kernel.seeds import Seeds
from fargate_sim.model.access import RoleFacts
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.deployment_alarms import DeploymentAlarms
from fargate_sim.model.egress import VpcFacts
from fargate_sim.model.events import Undelivered
from fargate_sim.model.metrics import Metric, Point
from fargate_sim.model.service import LoadBalancerSpec, Service, StrategyItem
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
from fargate_sim.model.task_definition import ContainerSpec, TaskDefinition
from fargate_sim.model.timing import Timing
from fargate_sim.model.world import Placement, World

START_MS = 1_767_258_000_000  # 2026-01-01T09:00:00Z
NGINX = "public.ecr.aws/nginx/nginx:1.27"
MISSING = "public.ecr.aws/nginx/nginx:does-not-exist"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
BALANCER = "app/web/fedcba9876543210"
EXECUTION_ROLE = "arn:aws:iam::123456789012:role/execution"
BREAKER = CircuitBreaker(enabled=True, rollback=True)


@dataclass
class Account:
    """The rest of the account, as far as a scenario needs it."""

    known: dict[str, SubnetFacts] = field(
        default_factory=lambda: {
            "subnet-a": SubnetFacts("subnet-a", "vpc-1", "10.0.10.0/24", "us-east-1a", "private-a"),
            "subnet-b": SubnetFacts("subnet-b", "vpc-1", "10.0.11.0/24", "us-east-1b", "private-b"),
        }
    )
    network: dict[str, VpcFacts] = field(default_factory=lambda: {"vpc-1": vpcs.healthy()})
    """Everything reaches, unless a test puts another VPC here."""
    foreign: dict[str, frozenset[str]] = field(default_factory=dict)
    target_groups: dict[str, TargetGroupFacts] = field(default_factory=dict)
    ecr: dict[str, dict[str, RegistryImage]] = field(default_factory=dict)
    """Private repository to what its tags and digests point to."""
    sqs: dict[str, QueueFacts] = field(default_factory=dict)
    standing: list[Billable] = field(default_factory=list)
    log_groups: set[str] = field(default_factory=lambda: {"/ecs/web"})
    stored: dict[Metric, list[Point]] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)
    published: list[tuple[str, str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    queues: set[str] = field(default_factory=lambda: {"arn:aws:sqs:us-east-1:123456789012:dead"})
    deleted_schedules: list[tuple[str, str]] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    """Rule to why its target cannot be reached."""
    roles: dict[str, RoleFacts | None] = field(default_factory=dict)
    """ARN to the role, or None: there is none. Any other role is there, allows everything and is trusted by ECS's tasks."""
    resource_policies: dict[str, str] = field(default_factory=dict)
    """ARN to the policy of the resource."""

    secrets: dict[str, SecretFacts] = field(default_factory=dict)
    parameters: dict[str, ParameterFacts] = field(default_factory=dict)
    keys: dict[str, KeyFacts] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    epoch: int = 0

    def exists(self, arn: str) -> bool:
        return arn not in self.absent

    def secret(self, secret_id: str, *, stage: str, version: str, region: str = "") -> SecretFacts | None:
        return self.secrets.get(secret_id)

    def parameter(self, name: str, *, region: str = "") -> ParameterFacts | None:
        return self.parameters.get(name)

    def key(self, key_id: str, *, region: str = "") -> KeyFacts | None:
        return self.keys.get(key_id)

    def subnet(self, subnet_id: str) -> SubnetFacts | None:
        return self.known.get(subnet_id)

    def subnets(self) -> list[SubnetFacts]:
        return [self.known[key] for key in sorted(self.known)]

    def addresses_in_use(self, subnet_id: str) -> frozenset[str]:
        return self.foreign.get(subnet_id, frozenset())

    def security_group_vpc(self, group_id: str) -> str | None:
        return "vpc-1" if group_id.startswith("sg-") else None

    def default_security_group(self, vpc_id: str) -> str:
        return "sg-default"

    def vpc(self, vpc_id: str) -> VpcFacts | None:
        return self.network.get(vpc_id)

    def target_group(self, arn: str) -> TargetGroupFacts | None:
        return self.target_groups.get(arn)

    def queue(self, name: str) -> QueueFacts | None:
        return self.sqs.get(name)

    def billables(self) -> list[Billable]:
        return self.standing

    def registry_image(self, repository: str, tag: str | None, digest: str | None) -> RegistryImage | None:
        return self.ecr.get(repository, {}).get(digest or tag or "")

    def registry_repository(self, repository: str) -> bool:
        return repository in self.ecr

    def log_group_exists(self, name: str) -> bool:
        return name in self.log_groups

    def create_log_group(self, name: str) -> None:
        self.log_groups.add(name)

    def stored_points(self, metric: Metric, since_ms: int, until_ms: int) -> list[Point]:
        return [each for each in self.stored.get(metric, ()) if since_ms <= each.at_ms < until_ms]

    def publish(self, topic_arn: str, subject: str, message: str) -> bool:
        self.published.append((topic_arn, subject, message))
        return topic_arn in self.topics

    def deliver_event(self, event: Mapping[str, Any], rules: Collection[str]) -> list[Undelivered]:
        self.events.append(dict(event))
        return [
            Undelivered(rule, "target", self.unreachable[rule]) for rule in rules if rule in self.unreachable
        ]

    def send_message(
        self,
        queue_arn: str,
        body: str,
        *,
        attributes: Mapping[str, str],
        purpose: str,
        group_id: str | None = None,
    ) -> str | None:
        if queue_arn not in self.queues:
            return "the queue does not exist"
        self.messages.append((queue_arn, body, dict(attributes)))
        return None

    def delete_schedule(self, group: str, name: str) -> None:
        self.deleted_schedules.append((group, name))

    def role(self, arn: str) -> RoleFacts | None:
        return self.roles[arn] if arn in self.roles else role(document(statement()), arn=arn)

    def resource_policy(self, arn: str) -> str | None:
        return self.resource_policies.get(arn)


class Scenario:
    """A world and shorthands."""

    def __init__(self, seed: int = 1, timing: Timing | None = None, account: Account | None = None) -> None:
        self.engine = Engine(START_MS)
        self.journal = Journal(self.engine)
        self.account = account or Account()
        self.world = World(
            engine=self.engine,
            journal=self.journal,
            seeds=Seeds(seed),
            region="us-east-1",
            account="123456789012",
            surroundings=self.account,
            images=default_catalogue(),
            timing=timing,
        )
        self.world.create_cluster("lab", "enhanced")

    def definition(
        self, *containers: ContainerSpec, image: str = NGINX, size: tuple[int, int] = (256, 512)
    ) -> TaskDefinition:
        """Register a revision of ``web``; ``size`` is CPU units and MiB."""
        revision = self.world.next_revision("web")
        definition = TaskDefinition(
            arn=self.world.arn(f"task-definition/web:{revision}"),
            family="web",
            revision=revision,
            cpu_units=size[0],
            memory_mib=size[1],
            network_mode="awsvpc",
            containers=containers or (ContainerSpec("web", image),),
            compatibilities=("FARGATE",),
            document={},
            execution_role=EXECUTION_ROLE,
        )
        self.world.register_task_definition(definition)
        return definition

    def crashing(self, code: int = 1) -> TaskDefinition:
        """A revision that exits as soon as it runs."""
        return self.definition(ContainerSpec("web", NGINX, command=("sh", "-c", f"exit {code}")))

    def service(
        self,
        definition: TaskDefinition,
        desired: int = 2,
        *,
        minimum: int = 100,
        maximum: int = 200,
        breaker: CircuitBreaker = BREAKER,
        alarms: DeploymentAlarms | None = None,
        bake_minutes: int | None = None,
        subnets: tuple[str, ...] = ("subnet-a", "subnet-b"),
        name: str = "web",
        balanced: bool = False,
        grace_s: int = 0,
        strategy: tuple[StrategyItem, ...] = (),
    ) -> Service:
        """Create a service."""
        service = Service(
            name=name,
            arn=self.world.arn(f"service/lab/{name}"),
            cluster="lab",
            created_ms=self.engine.now_ms,
            desired=desired,
            minimum_percent=minimum,
            maximum_percent=maximum,
            breaker=breaker,
            alarms=alarms or DeploymentAlarms(),
            bake_minutes=bake_minutes,
            grace_period_s=grace_s,
        )
        placement = self.placement(subnets, balanced=balanced, strategy=strategy)
        return self.world.create_service(service, definition, placement, {})

    @staticmethod
    def placement(
        subnets: tuple[str, ...] = ("subnet-a", "subnet-b"),
        *,
        balanced: bool = False,
        strategy: tuple[StrategyItem, ...] = (),
    ) -> Placement:
        balancers = (LoadBalancerSpec(GROUP, "web", 80),) if balanced else ()
        launch_type = None if strategy else "FARGATE"
        return Placement(subnets, ("sg-1",), False, launch_type, strategy, balancers)

    def group(self, **changes: object) -> None:
        """A target group on a listener, with AWS's defaults or changes to them."""
        facts = TargetGroupFacts(
            arn=GROUP,
            target_type="ip",
            vpc_id="vpc-1",
            attached=True,
            check_port=None,
            path="/",
            interval_s=30,
            healthy_threshold=5,
            unhealthy_threshold=2,
            matcher="200",
            deregistration_delay_s=300,
            balancer=BALANCER,
        )
        self.account.target_groups[GROUP] = replace(facts, **changes)  # type: ignore[arg-type]

    def deploy(self, service: Service, definition: TaskDefinition) -> None:
        """Update the service to another revision."""
        current = service.primary.revision
        placement = self.placement(
            current.subnets, balanced=bool(current.load_balancers), strategy=current.strategy
        )
        revision = self.world.revision(service.arn, definition, placement, {})
        self.world.update_service(service, changed=["taskDefinition"], revision=revision)

    def seconds(self, count: float) -> None:
        """Let virtual time pass."""
        self.engine.run_until(self.engine.now_ms + int(count * 1000))

    def settle(self, limit_s: int = 7200) -> None:
        """Run until nothing is on its way."""
        limit_ms = self.engine.now_ms + limit_s * 1000
        while not self.world.settled and self.engine.run_next(limit_ms):
            pass

    def entries(self, *kinds: str, since: int = 0) -> list[Entry]:
        """Journal entries of these kinds."""
        return [entry for entry in self.journal.entries[since:] if entry.kind in kinds]

    def moments(self, kind: str, since_ms: int = START_MS, **match: object) -> list[float]:
        """Seconds since a moment at which matching entries were written."""
        return [
            (entry.at_ms - since_ms) / 1000
            for entry in self.entries(kind)
            if entry.at_ms >= since_ms and all(entry.data.get(key) == value for key, value in match.items())
        ]

    @staticmethod
    def events(service: Service) -> list[str]:
        """Event messages, oldest first."""
        return [event.message for event in reversed(service.events)]
