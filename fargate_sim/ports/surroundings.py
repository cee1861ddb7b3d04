"""Answers the model's questions about the rest of the account out of moto's EC2 and CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fargate_sim.model.events import Undelivered
from fargate_sim.model.metrics import Metric, Point
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
from fargate_sim.ports import (
    billables,
    clock,
    events,
    interfaces,
    metrics,
    queues,
    registry,
    resources,
    schedules,
    secrets,
    targets,
    vpc,
)

if TYPE_CHECKING:
    from fargate_sim.model.access import RoleFacts
    from fargate_sim.model.egress import VpcFacts
    from fargate_sim.ports.gateway import MotoSide

F = TypeVar("F")


class MotoSurroundings:
    """The model's view of one region of an account. Each question waits until moto is ready."""

    def __init__(self, side: MotoSide, region: str) -> None:
        self._side = side
        self._region = region
        self._vpcs: dict[str, tuple[int, VpcFacts]] = {}
        self._queues: dict[str, tuple[int, QueueFacts]] = {}

    def _ec2(self) -> Any:
        return self._side.backend("ec2", self._region)

    @property
    def epoch(self) -> int:
        """Grows with every change that somebody makes to the rest of the account."""
        return self._side.epoch

    def _regional(self, service: str, region: str) -> Any:
        """moto's state of a service in a region, empty for our own; None when there is no such region."""
        try:
            return self._side.backend(service, region or self._region)
        except KeyError:
            return None

    def secret(self, secret_id: str, *, stage: str, version: str, region: str) -> SecretFacts | None:
        """A secret by ARN or name, with the version of an id, or else (empty) of a stage."""
        with self._side.moto():
            backend = self._regional("secretsmanager", region)
            return backend and secrets.secret(backend, secret_id, stage=stage, version=version)

    def parameter(self, name: str, *, region: str) -> ParameterFacts | None:
        """A parameter by name, or None when there is none."""
        with self._side.moto():
            backend = self._regional("ssm", region)
            return backend and secrets.parameter(backend, name)

    def key(self, key_id: str, *, region: str) -> KeyFacts | None:
        """A KMS key by id, ARN or alias, or None when there is none."""
        with self._side.moto():
            backend = self._regional("kms", key_id.split(":")[3] if key_id.count(":") > 3 else region)
            return backend and secrets.key(backend, key_id)

    def exists(self, arn: str) -> bool:
        """Whether there is such a bucket or object, table, queue, topic, secret or parameter; True for other kinds."""
        with self._side.moto():
            return resources.exists(self._side, self._region, arn)

    def subnet(self, subnet_id: str) -> SubnetFacts | None:
        """The subnet, or None when there is none of that id."""
        with self._side.moto():
            ec2 = self._ec2()
            for zone in ec2.subnets.values():
                if subnet_id in zone:
                    return _facts(ec2, zone[subnet_id])
            return None

    def subnets(self) -> list[SubnetFacts]:
        """Subnets by id: all outside the default VPC, and those inside it that hold an interface."""
        with self._side.moto():
            ec2 = self._ec2()
            default = ec2.get_default_vpc()
            default_id = default.id if default else None
            in_use = {eni.subnet.id for eni in ec2.enis.values()}
            found = [
                _facts(ec2, subnet)
                for zone in ec2.subnets.values()
                for subnet in zone.values()
                if subnet.cidr_block and (subnet.vpc_id != default_id or subnet.id in in_use)
            ]
            return sorted(found, key=lambda facts: facts.subnet_id)

    def addresses_in_use(self, subnet_id: str) -> frozenset[str]:
        """Private IPv4 addresses in the subnet that something other than our tasks holds."""
        with self._side.moto():
            return frozenset(
                address["PrivateIpAddress"]
                for eni in self._ec2().enis.values()
                if eni.subnet.id == subnet_id and not interfaces.is_task_interface(eni)
                for address in eni.private_ip_addresses
            )

    def security_group_vpc(self, group_id: str) -> str | None:
        """The VPC of a security group, or None when there is no such group."""
        with self._side.moto():
            group = self._ec2().get_security_group_from_id(group_id)
            return str(group.vpc_id) if group else None

    def default_security_group(self, vpc_id: str) -> str:
        """The id of the VPC's default security group."""
        with self._side.moto():
            return str(self._ec2().get_default_security_group(vpc_id).id)

    def vpc(self, vpc_id: str) -> VpcFacts | None:
        """What a VPC is made of, or None when there is none of that id. The same object as long as nothing of it has changed."""
        return self._kept(self._vpcs, vpc_id, lambda: vpc.facts(self._ec2(), vpc_id))

    def target_group(self, arn: str) -> TargetGroupFacts | None:
        """The target group, or None when there is none of that ARN."""
        with self._side.moto():
            return targets.facts(self._side.backend("elbv2", self._region), arn)

    def queue(self, name: str) -> QueueFacts | None:
        """The SQS queue, or None when there is none of that name. Asked for with each message, so kept while nothing has changed."""
        return self._kept(
            self._queues, name, lambda: queues.facts(self._side.backend("sqs", self._region), name)
        )

    def _kept(self, known: dict[str, tuple[int, F]], name: str, find: Callable[[], F | None]) -> F | None:
        """What is known under a name, found anew when anything of the account has changed since; the same object when that is equal."""
        at, before = known.get(name, (-1, None))
        if at == self._side.epoch:
            return before
        with self._side.moto():
            found = find()
            if found is None:
                known.pop(name, None)
                return None
            same = before if before is not None and found == before else found
            known[name] = self._side.epoch, same
            return same

    def billables(self) -> list[Billable]:
        """What the account is charged for by the hour, but for its tasks."""
        with self._side.moto():
            return list(billables.billables(self._ec2(), self._side.backend("elbv2", self._region)))

    def registry_image(self, repository: str, tag: str | None, digest: str | None) -> RegistryImage | None:
        """What a tag or a digest points to in a private repository, None when it points to nothing."""
        with self._side.moto():
            return registry.image(self._side.backend("ecr", self._region), repository, tag, digest)

    def registry_repository(self, repository: str) -> bool:
        """Whether ECR has a private repository of that name."""
        with self._side.moto():
            return repository in self._side.backend("ecr", self._region).repositories

    def log_group_exists(self, name: str) -> bool:
        """Whether CloudWatch Logs has a log group of that name."""
        with self._side.moto():
            return name in self._side.backend("logs", self._region).groups

    def create_log_group(self, name: str) -> None:
        """Create a log group (the awslogs-create-group option)."""
        with self._side.moto():
            self._side.backend("logs", self._region).ensure_log_group(name)

    def stored_points(self, metric: Metric, since_ms: int, until_ms: int) -> list[Point]:
        """What the account has put of a metric of its own in a time, oldest first."""
        with self._side.moto():
            found = metrics.stored(self._side.backend("cloudwatch", self._region))
        points = [datum.point for datum in found if datum.metric == metric]
        return sorted(
            (point for point in points if since_ms <= point.at_ms < until_ms), key=lambda point: point.at_ms
        )

    def publish(self, topic_arn: str, subject: str, message: str) -> bool:
        """Send a notification to a topic; False when there is no such topic.

        Only queues are there to hear it. A subscriber that is not reached is the topic's business: the publisher never learns of it.
        """
        from moto.moto_api._internal import mock_random  # noqa: PLC0415 - moto must not delay the first answer

        with self._side.moto(), clock.kept_randomness():
            self._side.notices += 1
            clock.reseed(self._side.account, f"notice:{self._side.notices}")
            backend = self._side.backend("sns", self._region)
            if topic_arn not in backend.topics:
                return False
            message_id = str(mock_random.uuid4())
            for subscription in backend.list_subscriptions_by_topic(topic_arn=topic_arn)[0]:
                if subscription.protocol == "sqs":
                    events.attempt(partial(subscription.publish, message, message_id, subject=subject))
            return True

    def deliver_event(self, event: Mapping[str, Any], rules: Collection[str]) -> list[Undelivered]:
        """Send an event to the targets of these rules of the default bus; what could not be reached."""
        return events.deliver(self._side, self._region, event, rules)

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
        return events.send_message(
            self._side, queue_arn, body, attributes=attributes, group_id=group_id, purpose=purpose
        )

    def delete_schedule(self, group: str, name: str) -> None:
        """Forget a schedule that has run for the last time."""
        schedules.delete(self._side, self._region, group, name)

    def role(self, arn: str) -> RoleFacts | None:
        """The IAM role with its policies, or None when there is none of that ARN."""
        from fargate_sim.ports import access  # noqa: PLC0415 - policies must not delay the first answer

        return access.role(self._side, arn)

    def resource_policy(self, arn: str) -> str | None:
        """The policy of a resource; None when it has none."""
        from fargate_sim.ports import access  # noqa: PLC0415 - likewise

        return access.resource_policy(self._side, arn)


def _facts(ec2: Any, subnet: Any) -> SubnetFacts:
    return SubnetFacts(
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        cidr=subnet.cidr_block,
        availability_zone=subnet.availability_zone,
        name=vpc.name_of(subnet),
        public=_leads_to_the_internet(ec2, subnet),
        zone_id=subnet.availability_zone_id,
        tags=tuple((str(tag["key"]), str(tag["value"])) for tag in subnet.get_tags()),
    )


def _leads_to_the_internet(ec2: Any, subnet: Any) -> bool:
    """Whether the subnet's route table, its own or else the VPC's main one, leads to an internet gateway."""
    main = None
    for table in ec2.route_tables.values():
        if subnet.id in table._associations.values():
            break
        if table.vpc_id == subnet.vpc_id and table.main_association_id is not None:
            main = table
    else:
        table = main
    return table is not None and any(
        route.gateway is not None and str(route.gateway.id).startswith("igw-") for route in table.routes
    )
