"""Subnets whose connectivity is disrupted: as FIS does it, by a network ACL in front of them that denies.

Source: FIS user guide, fis-actions-reference, aws:network:disrupt-connectivity: ``all`` denies everything in and out, but for traffic
inside the subnet; ``vpc`` denies what enters or leaves the VPC; ``s3`` and ``dynamodb`` the traffic to these services. [A] The ACL cannot
be seen in EC2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fargate_sim.model.egress.facts import AclFacts, AclRule, VpcFacts

ALL = "all"
VPC = "vpc"
SERVICES = ("s3", "dynamodb")
SCOPES = (ALL, VPC, *SERVICES)


@dataclass(frozen=True)
class Cut:
    """One subnet and how it is cut off."""

    subnet_id: str
    scope: str
    acl_id: str

    def acl(self, vpc: VpcFacts) -> AclFacts:
        """The network ACL that does it."""
        if self.scope == ALL:
            rules: list[AclRule] = []
        elif self.scope == VPC:
            rules = [AclRule(100 + i, allow=True, cidr=cidr) for i, cidr in enumerate(vpc.cidrs)]
        else:
            name = f"com.amazonaws.{vpc.region}.{self.scope}"
            cidrs = [cidr for each in vpc.prefix_lists.values() if each.name == name for cidr in each.cidrs]
            rules = [AclRule(100 + i, allow=False, cidr=cidr) for i, cidr in enumerate(cidrs)]
            rules.append(AclRule(100 + len(cidrs), allow=True))
        return AclFacts(self.acl_id, tuple(rules), tuple(rules))


def cut(vpc: VpcFacts, cuts: Mapping[str, Cut]) -> VpcFacts:
    """A VPC as its interfaces meet it while some of its subnets are cut off. ``cuts`` are by subnet."""
    here = [cuts[each] for each in vpc.subnets if each in cuts]
    if not here:
        return vpc
    return replace(
        vpc,
        acls={**vpc.acls, **{each.acl_id: each.acl(vpc) for each in here}},
        subnets={
            **vpc.subnets,
            **{each.subnet_id: replace(vpc.subnets[each.subnet_id], acl=each.acl_id) for each in here},
        },
    )
