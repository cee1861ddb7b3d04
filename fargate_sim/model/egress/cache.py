"""Routes worked out once: the tasks of a service differ in their addresses, and those hardly ever decide."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from fargate_sim.model.egress.addresses import block, number, within
from fargate_sim.model.egress.ends import Destination, Source
from fargate_sim.model.egress.facts import VpcFacts
from fargate_sim.model.egress.reach import Route, reach

_Key = tuple[str, tuple[str, ...], bool, tuple[bool, ...], Destination]


class Reachability:
    """``reach`` of one VPC as it is now, remembered. The answers are those of ``reach``, to the letter.

    Two interfaces of a subnet fare alike when they have the same groups, both or neither have a public address, and no
    rule's CIDR contains one and not the other. Only what is said of a failure has the address in it.
    """

    def __init__(self, vpc: VpcFacts) -> None:
        self.vpc = vpc
        self._known: dict[_Key, tuple[Route, str]] = {}
        self._dividing: dict[str, tuple[str, ...]] = {}

    def route(self, source: Source, destination: Destination) -> Route:
        """What becomes of a connection."""
        if source.subnet_id not in self.vpc.subnets:
            return reach(self.vpc, source, destination)
        address = number(source.private_ip)
        side = tuple(within(address, cidr) for cidr in self._dividing_cidrs(source.subnet_id))
        key = (source.subnet_id, source.security_groups, source.public_ip is not None, side, destination)
        if (known := self._known.get(key)) is None:
            known = reach(self.vpc, source, destination), source.private_ip
            self._known[key] = known
        route, asked_for = known
        if route.reached or asked_for == source.private_ip:
            return route
        return replace(route, missing=_retold(route.missing, asked_for, source.private_ip))

    def _dividing_cidrs(self, subnet_id: str) -> tuple[str, ...]:
        """Blocks in rules that contain some addresses of a subnet and not others."""
        if (known := self._dividing.get(subnet_id)) is None:
            first, last = block(self.vpc.subnets[subnet_id].cidr)
            known = tuple(
                cidr
                for cidr in self._cidrs
                if (low := block(cidr))[0] <= last
                and low[1] >= first
                and not (low[0] <= first and last <= low[1])
            )
            self._dividing[subnet_id] = known
        return known

    @cached_property
    def _cidrs(self) -> tuple[str, ...]:
        """Blocks that an interface's own address is held against."""
        vpc = self.vpc
        rules = [rule for group in vpc.security_groups.values() for rule in group.rules_in]
        found = {cidr for rule in rules for cidr in rule.cidrs}
        found |= {cidr for each in vpc.prefix_lists.values() for cidr in each.cidrs}
        found |= {rule.cidr for acl in vpc.acls.values() for rule in (*acl.rules_in, *acl.rules_out)}
        return tuple(sorted(found))


def _retold(missing: str, before: str, now: str) -> str:
    """The same sentence about another address. ``10.0.1.1`` is not part of ``10.0.1.12``."""
    words = missing.split(" ")
    return " ".join(now + word[len(before) :] if word.rstrip(",:") == before else word for word in words)
