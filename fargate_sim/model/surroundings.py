"""What the model must know of the rest of the account, and nothing more. The endpoint answers these from the other AWS services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fargate_sim.model.access import RoleFacts
    from fargate_sim.model.egress import VpcFacts
    from fargate_sim.model.events import Undelivered
    from fargate_sim.model.metrics import Metric, Point


@dataclass(frozen=True)
class SubnetFacts:
    """A subnet as the scheduler sees it. ``public`` means that its route table leads to an internet gateway."""

    subnet_id: str
    vpc_id: str
    cidr: str
    availability_zone: str
    name: str = ""
    public: bool = False
    zone_id: str = ""
    """The id of the zone (``use1-az1``), which is the same in all accounts."""
    tags: tuple[tuple[str, str], ...] = ()


ROUND_ROBIN = "round_robin"
LEAST_OUTSTANDING = "least_outstanding_requests"
WEIGHTED_RANDOM = "weighted_random"


@dataclass(frozen=True)
class TargetGroupFacts:
    """A target group as the scheduler and its health checks see it. ``check_port`` None means the traffic port."""

    arn: str
    target_type: str
    vpc_id: str
    attached: bool
    """Whether a listener or rule of a load balancer forwards to it."""
    check_port: int | None
    path: str
    interval_s: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str
    deregistration_delay_s: int
    idle_timeout_s: int = 60
    """The idle time-out of the load balancer in front; AWS's default where it has none."""
    check_timeout_s: int = 5
    algorithm: str = ROUND_ROBIN
    """``load_balancing.algorithm.type``"""
    slow_start_duration_s: int = 0
    """``slow_start.duration_seconds``; 0: off."""
    balancer: str | None = None
    """The load balancer in front as CloudWatch names it, ``app/name/id``. A group can be behind one only."""

    @property
    def slow_start_ms(self) -> int:
        """How long a new target is in slow start: only round robin knows it. Source: ELB user guide, edit-target-group-attributes."""
        return self.slow_start_duration_s * 1000 if self.algorithm == ROUND_ROBIN else 0

    def expects(self, code: int) -> bool:
        """Whether an HTTP status passes: the matcher has values and ranges, such as ``200,204-299``."""
        for part in self.matcher.split(","):
            low, _, high = part.strip().partition("-")
            if int(low) <= code <= int(high or low):
                return True
        return False


@dataclass(frozen=True)
class QueueFacts:
    """An SQS queue's settings, as far as they decide when a message can be received."""

    name: str
    arn: str
    visibility_s: int = 30
    delay_s: int = 0
    retention_s: int = 345_600
    dead_letter: str | None = None
    """The name of its dead-letter queue."""
    max_receives: int = 0
    """After so many receives a message goes there."""
    fifo: bool = False


@dataclass(frozen=True)
class Billable:
    """Something that AWS charges by the hour whatever it does. ``kind`` is one of ``cost.kinds.HOURLY``."""

    kind: str
    name: str


@dataclass(frozen=True)
class SecretFacts:
    """A secret of Secrets Manager and the version that was asked for. ``value`` None: there is no such version."""

    arn: str
    name: str
    value: str | None
    version_id: str = ""
    key: str | None = None
    """The KMS key of the account's own that it is encrypted with, as it was given; None: ``aws/secretsmanager``."""
    deleted: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ParameterFacts:
    """A parameter of Systems Manager, decrypted."""

    name: str
    value: str
    version: int
    key: str | None = None
    """The KMS key of the account's own, for a SecureString that has one; None: no encryption, or ``aws/ssm``."""


@dataclass(frozen=True)
class KeyFacts:
    """A KMS key: its policy as JSON text, and whether it can be used."""

    arn: str
    policy: str
    enabled: bool = True


@dataclass(frozen=True)
class RegistryImage:
    """A manifest or an index in a private repository, byte for byte."""

    digest: str
    media_type: str
    manifest: str


class Surroundings(Protocol):
    """What other services own, and what they do for ECS. Answers are read at the moment of asking."""

    @property
    def epoch(self) -> int:
        """Grows with every change that somebody makes to the rest of the account."""

    def secret(self, secret_id: str, *, stage: str, version: str, region: str) -> SecretFacts | None:
        """A secret by ARN or name, with the version of an id, or else (empty) of a stage; None when there is no such secret.

        ``region`` is where to ask, here and for parameters and keys; empty: in the world's own.
        """

    def parameter(self, name: str, *, region: str) -> ParameterFacts | None:
        """A parameter by name, or None when there is none."""

    def key(self, key_id: str, *, region: str) -> KeyFacts | None:
        """A KMS key by id, ARN or alias, or None when there is none. An ARN says the region itself."""

    def exists(self, arn: str) -> bool:
        """Whether there is a bucket or object, table, queue, topic, secret or parameter of that ARN. True for other kinds of things."""

    def subnet(self, subnet_id: str) -> SubnetFacts | None:
        """The subnet, or None when there is none of that id."""

    def subnets(self) -> list[SubnetFacts]:
        """All subnets of the account, by id."""

    def addresses_in_use(self, subnet_id: str) -> frozenset[str]:
        """Private IPv4 addresses in the subnet that something other than our tasks holds."""

    def security_group_vpc(self, group_id: str) -> str | None:
        """The VPC of a security group, or None when there is no such group."""

    def default_security_group(self, vpc_id: str) -> str:
        """The id of the VPC's default security group."""

    def vpc(self, vpc_id: str) -> VpcFacts | None:
        """What a VPC is made of, or None when there is none of that id. The same object as long as nothing of it has changed."""

    def target_group(self, arn: str) -> TargetGroupFacts | None:
        """The target group, or None when there is none of that ARN."""

    def queue(self, name: str) -> QueueFacts | None:
        """The SQS queue, or None when there is none of that name."""

    def billables(self) -> list[Billable]:
        """What the account is charged for by the hour, but for its tasks."""

    def registry_image(self, repository: str, tag: str | None, digest: str | None) -> RegistryImage | None:
        """What a tag or a digest points to in a private repository of ECR, None when it points to nothing."""

    def registry_repository(self, repository: str) -> bool:
        """Whether ECR has a private repository of that name."""

    def log_group_exists(self, name: str) -> bool:
        """Whether CloudWatch Logs has a log group of that name."""

    def create_log_group(self, name: str) -> None:
        """Create a log group (the awslogs-create-group option)."""

    def stored_points(self, metric: Metric, since_ms: int, until_ms: int) -> list[Point]:
        """What the account has put of a metric of its own from ``since_ms`` to before ``until_ms``, oldest first."""

    def publish(self, topic_arn: str, subject: str, message: str) -> bool:
        """Send a notification to a topic; False when there is no such topic."""

    def deliver_event(self, event: Mapping[str, Any], rules: Collection[str]) -> list[Undelivered]:
        """Send an event to the targets of these rules of EventBridge's default bus; what could not be reached."""

    def send_message(
        self,
        queue_arn: str,
        body: str,
        *,
        attributes: Mapping[str, str],
        purpose: str,
        group_id: str | None = None,
    ) -> str | None:
        """Put a message into a queue; None, or why that could not be done. ``purpose`` names the draw of its id."""

    def delete_schedule(self, group: str, name: str) -> None:
        """Forget a schedule of EventBridge Scheduler that has run for the last time."""

    def role(self, arn: str) -> RoleFacts | None:
        """The IAM role with its policies, or None when there is none of that ARN."""

    def resource_policy(self, arn: str) -> str | None:
        """The policy of a secret, KMS key, SQS queue, SNS topic, S3 bucket (also by an object's ARN) or ECR repository; None when it has
        none.
        """
