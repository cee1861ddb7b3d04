"""Network interfaces in moto's EC2: our tasks' interfaces with our ids and addresses, and AWS's rules for
everybody else's.

moto draws addresses at random, outside the subnet if it comes to that, and never runs out; here an address
comes from the subnet's CIDR, is unique, and a full subnet refuses. Error codes and sentences: EC2 API
reference, "Error codes for the Amazon EC2 API". What a task's interface looks like in
DescribeNetworkInterfaces: public samples (binxio/aws-fargate-dns-registrator tests; ecs-files-composer).
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import datetime
import ipaddress
from functools import cache
from typing import Any, Protocol

_FARGATE_OWNER = "843547988961"
"""Owner of the hosts behind Fargate, as public samples of DescribeNetworkInterfaces show it."""
_FARGATE_REQUESTER = "628676013162"


class InterfaceFacts(Protocol):
    """What is published of a task's network interface."""

    @property
    def eni_id(self) -> str: ...
    @property
    def subnet_id(self) -> str: ...
    @property
    def private_ip(self) -> str: ...
    @property
    def mac_address(self) -> str: ...
    @property
    def private_dns_name(self) -> str: ...
    @property
    def security_groups(self) -> tuple[str, ...]: ...
    @property
    def description(self) -> str: ...
    @property
    def attachment_id(self) -> str: ...
    @property
    def created_ms(self) -> int: ...
    @property
    def public_ip(self) -> str | None: ...


class _Attachment:
    """The attachment to Fargate's host, which the account does not see as an instance."""

    device_index = 1
    network_card_index = 0
    delete_on_termination = False
    status = "attached"
    instance_id = None
    instance_owner_id = _FARGATE_OWNER

    def __init__(self, facts: InterfaceFacts) -> None:
        self.attachment_id = f"eni-attach-0{facts.attachment_id.replace('-', '')[:16]}"
        self.attach_time = datetime.datetime.fromtimestamp(facts.created_ms / 1000, datetime.UTC)


@cache
def _task_interface_class() -> Any:
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    class TaskInterface(NetworkInterface):  # type: ignore[misc]
        """A task's interface: managed by ECS, in use, never available to the account."""

        def __init__(self, backend: Any, facts: InterfaceFacts) -> None:
            groups = [group for group in facts.security_groups if backend.get_security_group_from_id(group)]
            super().__init__(
                backend,
                facts.subnet_id,
                facts.private_ip,
                group_ids=groups or None,
                description=facts.description,
            )
            self.id = facts.eni_id
            self.mac_address = facts.mac_address
            self.private_dns_name = facts.private_dns_name
            self.private_ip_addresses[0]["PrivateDnsName"] = facts.private_dns_name
            self.requester_managed = True
            self.requester_id = _FARGATE_REQUESTER
            self.status = "in-use"
            self.public_ip = facts.public_ip
            self._attached = _Attachment(facts)

        @property
        def attachment(self) -> Any:
            return self._attached

        @property
        def association(self) -> dict[str, Any]:
            """A public address of Amazon's pool: no allocation that the account could release."""
            if not self.public_ip:
                return {}
            dashed = self.public_ip.replace(".", "-")
            return {
                "ipOwnerId": "amazon",
                "publicIp": self.public_ip,
                "publicDnsName": f"ec2-{dashed}.compute-1.amazonaws.com",
            }

    return TaskInterface


def publish(backend: Any, eni_id: str, facts: InterfaceFacts | None) -> None:
    """Show a task's interface in EC2, or take it away (``facts`` None). A subnet that is gone takes its
    interfaces along.
    """
    backend.enis.pop(eni_id, None)
    if facts is None or not any(facts.subnet_id in zone for zone in backend.subnets.values()):
        return
    backend.enis[eni_id] = _task_interface_class()(backend, facts)


def is_task_interface(interface: Any) -> bool:
    """Whether an interface of moto's EC2 is one of ours."""
    return isinstance(interface, _task_interface_class())


def _held(backend: Any, subnet_id: str) -> set[str]:
    return {
        address["PrivateIpAddress"]
        for eni in backend.enis.values()
        if eni.subnet.id == subnet_id
        for address in eni.private_ip_addresses
    }


def _address(backend: Any, subnet: Any, wanted: str | None) -> str:
    """An address for a new interface, by AWS's rules."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.moto_api._internal import mock_random

    network = ipaddress.IPv4Network(subnet.cidr_block)
    usable = range(int(network.network_address) + 4, int(network.broadcast_address))
    held = _held(backend, subnet.id)
    if wanted:
        if int(ipaddress.IPv4Address(wanted)) not in usable:
            raise EC2ClientError(
                "InvalidParameterValue", "Address does not fall within the subnet's address range"
            )
        if wanted in held:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {wanted} is in use.")
        return wanted
    taken = {int(ipaddress.IPv4Address(address)) for address in held}
    free = [number for number in usable if number not in taken]
    if not free:
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet",
            f"The specified subnet does not have enough free addresses to satisfy the request. ({subnet.id})",
        )
    return str(ipaddress.IPv4Address(mock_random.choice(free)))


_FILTERS: dict[str, str] = {
    "status": "status",
    "interface-type": "interface_type",
    "mac-address": "mac_address",
    "private-dns-name": "private_dns_name",
    "requester-id": "requester_id",
    "owner-id": "owner_id",
}


@cache
def mend_ec2() -> None:
    """Replace the parts of moto's EC2 that would let addresses run wild."""
    from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
    from moto.ec2.models import elastic_network_interfaces as enis
    from moto.ec2.models import nat_gateways, subnets, vpcs

    create = enis.NetworkInterfaceBackend.create_network_interface
    delete = enis.NetworkInterfaceBackend.delete_network_interface
    find = enis.NetworkInterface.get_filter_value
    start_nat, end_nat = nat_gateways.NatGateway.__init__, nat_gateways.NatGatewayBackend.delete_nat_gateway
    drop_subnet = subnets.SubnetBackend.delete_subnet
    note_association = subnets.SubnetBackend.create_subnet_association

    def create_network_interface(
        self: Any,
        subnet: Any,
        private_ip_address: Any,
        private_ip_addresses: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        where = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        if where is not None and where.cidr_block and not private_ip_addresses:
            wanted = private_ip_address[0] if isinstance(private_ip_address, list) else private_ip_address
            private_ip_address = _address(self, where, wanted or None)
        return create(self, where, private_ip_address, private_ip_addresses, *args, **kwargs)

    def delete_network_interface(self: Any, eni_id: str) -> None:
        eni = self.enis.get(eni_id)
        if eni is not None and (is_task_interface(eni) or eni.requester_managed):
            # Of a task, a NAT gateway or a VPC endpoint: it goes with that.
            message = f"Network interface '{eni_id}' is currently in use."
            raise EC2ClientError("InvalidParameterValue", message)
        delete(self, eni_id)

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name in _FILTERS:
            return getattr(self, _FILTERS[filter_name], None)
        if filter_name in ("requester-managed", "attachment.status"):
            if filter_name == "requester-managed":
                return str(self.requester_managed).lower()
            return self.attachment.status if self.attachment else None
        return find(self, filter_name, method_name)

    def nat_gateway(self: Any, *args: Any, **kwargs: Any) -> None:
        start_nat(self, *args, **kwargs)
        self.private_ip = self._eni.private_ip_address
        self._eni.description = f"Interface for NAT Gateway {self.id}"
        self._eni.interface_type = "nat_gateway"
        self._eni.requester_managed = True
        self._eni.status = "in-use"

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gone = end_nat(self, nat_gateway_id)
        self.enis.pop(gone._eni.id, None)
        return gone

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        if _held(self, subnet_id):
            message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise DependencyViolationError(message)
        return drop_subnet(self, subnet_id)

    def create_subnet_association(self: Any, route_table_id: str, subnet_id: str) -> Any:
        # CloudFormation's association; moto notes it and leaves the route table as it was.
        self.associate_route_table(route_table_id, subnet_id=subnet_id)
        return note_association(self, route_table_id, subnet_id)

    enis.NetworkInterfaceBackend.create_network_interface = create_network_interface
    enis.NetworkInterfaceBackend.delete_network_interface = delete_network_interface
    enis.NetworkInterface.get_filter_value = get_filter_value
    nat_gateways.NatGateway.__init__ = nat_gateway
    nat_gateways.NatGatewayBackend.delete_nat_gateway = delete_nat_gateway
    subnets.SubnetBackend.delete_subnet = delete_subnet
    subnets.SubnetBackend.create_subnet_association = create_subnet_association
    # No address proposed: the subnet's own allocation decides.
    nat_gateways.random_private_ip = lambda *_args, **_kwargs: None
    vpcs.random_private_ip = lambda *_args, **_kwargs: None
