"""Security groups (stateful, allow only) and network ACLs (stateless, in order).

Source: VPC user guide, vpc-security-groups, vpc-network-acls and custom-network-acl (ephemeral ports).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fargate_sim.model.egress.addresses import within
from fargate_sim.model.egress.facts import ANY_PROTOCOL, AclRule, GroupRule, VpcFacts

Ports = tuple[int, int]

TASK_PORTS: Ports = (32768, 60999)
"""From where a Linux task dials, so where answers to it go. [C] 32768-61000 "many Linux kernels"; the kernel's own default
ends at 60999. A rule for 1024-65535, which the user guide recommends, covers it."""
NAT_PORTS: Ports = (1024, 65535)
"""From where a NAT gateway dials. [C] custom-network-acl"""


def _tcp(protocol: str) -> bool:
    return protocol in ("tcp", ANY_PROTOCOL)


def group_allows(
    vpc: VpcFacts, rules: Iterable[GroupRule], port: int, address: int, groups: Collection[str] = ()
) -> bool:
    """Whether any rule allows TCP to a port, with a peer of this address that is in these groups."""
    for rule in rules:
        if not _tcp(rule.protocol):
            continue
        if rule.protocol != ANY_PROTOCOL and not rule.from_port <= port <= rule.to_port:
            continue
        if any(within(address, cidr) for cidr in rule.cidrs):
            return True
        if any(group in groups for group in rule.groups):
            return True
        if any(listed(vpc, list_id, address) for list_id in rule.prefix_lists):
            return True
    return False


def listed(vpc: VpcFacts, list_id: str, address: int) -> bool:
    """Whether a prefix list has the address."""
    known = vpc.prefix_lists.get(list_id)
    return known is not None and any(within(address, cidr) for cidr in known.cidrs)


def acl_refusal(rules: Iterable[AclRule], ports: Ports, address: int) -> str:
    """Why TCP to one of these ports does not pass a network ACL, the other end having this address; "" if all pass."""
    open_ports: list[Ports] = [ports]
    for rule in rules:
        if not _tcp(rule.protocol) or not within(address, rule.cidr):
            continue
        low, high = (0, 65535) if rule.protocol == ANY_PROTOCOL else (rule.from_port, rule.to_port)
        left: list[Ports] = []
        for first, last in open_ports:
            if high < first or last < low:
                left.append((first, last))
                continue
            if not rule.allow:
                return f"rule {rule.number} denies it"
            if first < low:
                left.append((first, low - 1))
            if high < last:
                left.append((high + 1, last))
        open_ports = left
        if not open_ports:
            return ""
    return "no rule allows it"
