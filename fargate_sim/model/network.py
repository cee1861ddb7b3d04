"""Addresses and network interfaces: one ENI with one private IPv4 address per task.

Five addresses of a subnet are reserved: the first four and the last (VPC user guide, subnet sizing). A released address goes to the back of
the queue, so it is not handed out again at once.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from dataclasses import dataclass, field
from random import Random

from fargate_sim.kernel.seeds import Seeds, hex_id, uuid
from fargate_sim.model.surroundings import SubnetFacts, Surroundings

RESERVED_HEAD = 4
RESERVED_TAIL = 1


@dataclass(frozen=True)
class NetworkInterface:
    """A task's elastic network interface."""

    eni_id: str
    attachment_id: str
    subnet_id: str
    vpc_id: str
    availability_zone: str
    private_ip: str
    mac_address: str
    private_dns_name: str
    security_groups: tuple[str, ...]
    description: str
    created_ms: int
    public_ip: str | None = None


@dataclass
class SubnetPool:
    """The addresses of one subnet. ``foreign`` are held by something other than our tasks."""

    facts: SubnetFacts
    queue: deque[int]
    base: int
    usable: int
    used: set[int] = field(default_factory=set)
    foreign: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, facts: SubnetFacts, rng: Random) -> SubnetPool:
        """A pool in which addresses come in a seeded order, as in a real subnet."""
        network = ipaddress.IPv4Network(facts.cidr)
        offsets = list(range(RESERVED_HEAD, network.num_addresses - RESERVED_TAIL))
        rng.shuffle(offsets)
        return cls(facts, deque(offsets), int(network.network_address), len(offsets))

    @property
    def free(self) -> int:
        """How many addresses could be handed out now."""
        return self.usable - len(self.used) - len(self.foreign - self.used)

    def take(self) -> str | None:
        """An address, or None when the subnet is full."""
        for _ in range(len(self.queue)):
            offset = self.queue.popleft()
            if offset in self.foreign:
                self.queue.append(offset)
                continue
            self.used.add(offset)
            return str(ipaddress.IPv4Address(self.base + offset))
        return None

    def give_back(self, address: str) -> None:
        """Return an address that ``take`` handed out."""
        offset = int(ipaddress.IPv4Address(address)) - self.base
        self.used.remove(offset)
        self.queue.append(offset)

    def hold_foreign(self, addresses: frozenset[str]) -> None:
        """Note which addresses belong to NAT gateways, endpoints, load balancers and the like."""
        network = ipaddress.IPv4Network(self.facts.cidr)
        self.foreign = {
            int(ipaddress.IPv4Address(address)) - self.base
            for address in addresses
            if ipaddress.IPv4Address(address) in network
        }


class Network:
    """All subnets that tasks have used and the interfaces that are alive."""

    def __init__(self, surroundings: Surroundings, seeds: Seeds, region: str) -> None:
        self._surroundings = surroundings
        self._seeds = seeds
        self._ids = seeds.stream("interfaces")
        self._region = region
        self._pools: dict[str, SubnetPool] = {}
        self._stale: set[str] = set()
        self.interfaces: dict[str, NetworkInterface] = {}
        self.unpublished: dict[str, NetworkInterface | None] = {}

    def pool(self, subnet_id: str) -> SubnetPool | None:
        """The subnet's addresses as of now, or None when there is no such subnet."""
        pool = self._pools.get(subnet_id)
        if pool is None:
            facts = self._surroundings.subnet(subnet_id)
            if facts is None:
                return None
            # A stream of its own, so that looking at a subnet first or last changes nothing.
            rng = self._seeds.stream(f"addresses:{subnet_id}")
            pool = self._pools[subnet_id] = SubnetPool.of(facts, rng)
            self._stale.add(subnet_id)
        if subnet_id in self._stale:
            pool.hold_foreign(self._surroundings.addresses_in_use(subnet_id))
            self._stale.discard(subnet_id)
        return pool

    def addresses_changed(self, subnet_id: str | None = None) -> None:
        """Something else may have taken or released addresses: look again before the next allocation."""
        self._stale.update(self._pools if subnet_id is None else [subnet_id])

    def attach(
        self,
        subnet_id: str,
        *,
        security_groups: tuple[str, ...],
        attachment_arn_prefix: str,
        public_ip: bool,
        now_ms: int,
    ) -> NetworkInterface | None:
        """Create an interface in the subnet, or None when no address is free or the subnet is gone."""
        pool = self.pool(subnet_id)
        address = pool.take() if pool else None
        if pool is None or address is None:
            return None
        rng = self._ids
        attachment_id = uuid(rng)
        mac = hex_id(rng, 10)
        suffix = "ec2.internal" if self._region == "us-east-1" else f"{self._region}.compute.internal"
        interface = NetworkInterface(
            eni_id=f"eni-0{hex_id(rng, 16)}",
            attachment_id=attachment_id,
            subnet_id=subnet_id,
            vpc_id=pool.facts.vpc_id,
            availability_zone=pool.facts.availability_zone,
            private_ip=address,
            mac_address=":".join(["0a", *(mac[i : i + 2] for i in range(0, 10, 2))]),
            private_dns_name=f"ip-{address.replace('.', '-')}.{suffix}",
            security_groups=security_groups,
            description=f"{attachment_arn_prefix}/{attachment_id}",
            created_ms=now_ms,
            # 203.0.113.0/24 is set aside for documentation (RFC 5737): nobody can mistake it for a real host.
            public_ip=f"203.0.113.{1 + rng.randrange(254)}" if public_ip else None,
        )
        self.interfaces[interface.eni_id] = interface
        self.unpublished[interface.eni_id] = interface
        return interface

    def release(self, interface: NetworkInterface) -> None:
        """Delete an interface and give its address back."""
        del self.interfaces[interface.eni_id]
        pool = self._pools[interface.subnet_id]
        pool.give_back(interface.private_ip)
        if self.unpublished.get(interface.eni_id) is not None:
            del self.unpublished[interface.eni_id]  # born and gone between two looks: nobody has seen it
        else:
            self.unpublished[interface.eni_id] = None
