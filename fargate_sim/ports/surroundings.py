"""Answers the model's questions about the rest of the account out of moto's EC2 and CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fargate_sim.model.surroundings import QueueFacts, SubnetFacts, TargetGroupFacts
from fargate_sim.ports import interfaces, queues, targets

if TYPE_CHECKING:
    from fargate_sim.ports.gateway import MotoSide


class MotoSurroundings:
    """The model's view of one region of an account. Each question waits until moto is ready."""

    def __init__(self, side: MotoSide, region: str) -> None:
        self._side = side
        self._region = region

    def _ec2(self) -> Any:
        return self._side.backend("ec2", self._region)

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

    def target_group(self, arn: str) -> TargetGroupFacts | None:
        """The target group, or None when there is none of that ARN."""
        with self._side.moto():
            return targets.facts(self._side.backend("elbv2", self._region), arn)

    def queue(self, name: str) -> QueueFacts | None:
        """The SQS queue, or None when there is none of that name."""
        with self._side.moto():
            return queues.facts(self._side.backend("sqs", self._region), name)

    def log_group_exists(self, name: str) -> bool:
        """Whether CloudWatch Logs has a log group of that name."""
        with self._side.moto():
            return name in self._side.backend("logs", self._region).groups

    def create_log_group(self, name: str) -> None:
        """Create a log group (the awslogs-create-group option)."""
        with self._side.moto():
            self._side.backend("logs", self._region).ensure_log_group(name)


def _facts(ec2: Any, subnet: Any) -> SubnetFacts:
    names = [tag["value"] for tag in subnet.get_tags() if tag["key"] == "Name"]
    return SubnetFacts(
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        cidr=subnet.cidr_block,
        availability_zone=subnet.availability_zone,
        name=names[0] if names else "",
        public=_leads_to_the_internet(ec2, subnet),
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
