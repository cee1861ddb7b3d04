"""Which connections the ``sources`` of a network fault are about.

Source: FIS user guide, fis-actions-reference, aws:ecs:task-network-latency: ``ALL``, IP addresses, CIDR blocks, domain names, ``DYNAMODB``,
``S3``, Availability Zone names and ids. Ids are not known to the model: whoever asks translates them into names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fargate_sim.model.egress.addresses import block, draw, number, within

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import SubnetFacts

ALL = "ALL"
_SERVICES = {"S3": "s3", "DYNAMODB": "dynamodb"}


@dataclass(frozen=True)
class Peer:
    """Somebody whom a program calls: the host, its address, and the AWS service that it is of, if any."""

    host: str
    ip: str
    service: str = ""


def peer(host: str, service: str = "") -> Peer:
    """A host with the address that its name has here."""
    return Peer(host, draw(host), service)


def names(sources: Sequence[str], whom: Peer) -> bool:
    """Whether a host is among the sources."""
    return any(_is(source, whom) for source in sources)


def _is(source: str, whom: Peer) -> bool:
    if source == ALL:
        return True
    if source in _SERVICES:
        return whom.service == _SERVICES[source]
    if source.lower() == whom.host.lower():
        return True
    first, last = block(source)
    return first <= last and within(number(whom.ip), source)


def share_of_nodes(sources: Sequence[str], subnets: Iterable[SubnetFacts]) -> float:
    """Of the requests that a load balancer sends, the share that comes from nodes among the sources.

    [A] It has a node in every public subnet of the VPC, or in every subnet if none is public, and each sends as much as another.
    """
    if ALL in sources:
        return 1.0
    known = list(subnets)
    nodes = [each for each in known if each.public] or known
    if not nodes:
        return 0.0
    return sum(any(_has_node(source, each) for source in sources) for each in nodes) / len(nodes)


def _has_node(source: str, subnet: SubnetFacts) -> bool:
    if source == subnet.availability_zone:
        return True
    (first, last), (low, high) = block(source), block(subnet.cidr)
    return first <= low and high <= last and low <= high
