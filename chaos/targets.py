"""Looking at what a fault is about to change, and refusing what is not ours.

A fault touches a service only if it carries the tag ``fargate-lab``: in a real account that is what keeps a
drill away from production.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from chaos.errors import FaultError
from chaos.undo import OWNER_TAG, Clients

CIRCUIT_BREAKER_OFF: dict[str, Any] = {"enable": False, "rollback": False}


def our_service(clients: Clients, cluster: str, service: str) -> dict[str, Any]:
    """The service as DescribeServices has it. FaultError when it is not there, not ACTIVE, or not tagged
    ``fargate-lab``.
    """
    ecs = clients("ecs")
    try:
        found = ecs.describe_services(cluster=cluster, services=[service], include=["TAGS"])["services"]
    except ecs.exceptions.ClusterNotFoundException:
        raise FaultError(
            f"There is no cluster {cluster!r}.", "Name one that exists: `aws ecs list-clusters`."
        ) from None
    if not found or found[0]["status"] != "ACTIVE":
        raise FaultError(
            f"There is no active service {service!r} in cluster {cluster!r}.",
            f"Name one that exists: `aws ecs list-services --cluster {cluster}`.",
        )
    if not any(tag["key"] == OWNER_TAG for tag in found[0].get("tags", [])):
        arn = found[0]["serviceArn"]
        raise FaultError(
            f"The service {service!r} does not carry the tag {OWNER_TAG!r}, so no fault is injected into it.",
            f"If it is yours to break: `aws ecs tag-resource --resource-arn {arn} --tags key={OWNER_TAG},value=mine`.",
        )
    return dict(found[0])


def our_target_group(clients: Clients, service: dict[str, Any]) -> dict[str, Any]:
    """The first target group of a service as DescribeTargetGroups has it. FaultError when it has none, or one
    whose health check is not HTTP.
    """
    name = service["serviceName"]
    attached = [
        item["targetGroupArn"] for item in service.get("loadBalancers", []) if "targetGroupArn" in item
    ]
    if not attached:
        raise FaultError(
            f"The service {name!r} stands behind no load balancer.",
            "Choose one that does, or create it with `loadBalancers`.",
        )
    group = clients("elbv2").describe_target_groups(TargetGroupArns=attached[:1])["TargetGroups"][0]
    if group["HealthCheckProtocol"] not in {"HTTP", "HTTPS"}:
        raise FaultError(
            f"The target group of {name!r} is checked by {group['HealthCheckProtocol']}, which has neither path nor matcher.",
            "Choose a service whose health check is HTTP.",
        )
    return dict(group)


def breaker_of(service: dict[str, Any]) -> dict[str, Any]:
    """The service's circuit breaker in the form that UpdateService takes; off when the service has none."""
    configured = service.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker")
    return dict(configured) if configured else dict(CIRCUIT_BREAKER_OFF)


def free_blocks(vpc_cidrs: Iterable[str], taken: Iterable[str], prefix: int, count: int) -> list[str]:
    """``count`` CIDR blocks of ``prefix`` bits inside the VPC that overlap none of ``taken``, from the end of
    the VPC's range.
    """
    used = [ipaddress.IPv4Network(cidr) for cidr in taken]
    found: list[str] = []
    for cidr in vpc_cidrs:
        network = ipaddress.IPv4Network(cidr)
        if network.prefixlen > prefix:
            continue
        size = 2 ** (32 - prefix)
        for base in range(int(network.broadcast_address) + 1 - size, int(network.network_address) - 1, -size):
            block = ipaddress.IPv4Network((base, prefix))
            if not any(block.overlaps(other) for other in used):
                found.append(str(block))
                if len(found) == count:
                    return found
    raise FaultError(
        f"The VPC has no room for {count} more /{prefix} subnets.", "Delete subnets that nothing uses."
    )
