"""What moto's EC2 and ELBv2 hold that AWS charges by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fargate_sim.model.cost.kinds import ALB, ENDPOINT, NAT, NLB, PUBLIC_IP
from fargate_sim.model.surroundings import Billable

_BALANCERS = {"application": ALB, "network": NLB}
_GONE = ("deleted", "deleting", "failed")


def billables(ec2: Any, elbv2: Any) -> Iterator[Billable]:
    """Load balancers, NAT gateways, interface endpoints by subnet, and public addresses but for those of tasks.

    An internet-facing load balancer has one address in each of its subnets; AWS may give it more under load [A].
    """
    for balancer in elbv2.load_balancers.values():
        if (kind := _BALANCERS.get(balancer.type)) is None:
            continue
        yield Billable(kind, balancer.arn)
        # Internet-facing is the default, for which moto keeps None.
        if balancer.scheme != "internal":
            yield from (Billable(PUBLIC_IP, f"{balancer.arn}/{subnet.id}") for subnet in balancer.subnets)
    for gateway in ec2.nat_gateways.values():
        if gateway.state not in _GONE:
            yield Billable(NAT, gateway.id)
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.state not in _GONE and str(endpoint.vpc_endpoint_type).lower() == "interface":
            yield from (Billable(ENDPOINT, f"{endpoint.id}/{subnet}") for subnet in endpoint.subnet_ids or ())
    for address in ec2.addresses:
        yield Billable(PUBLIC_IP, str(address.allocation_id or address.public_ip))
