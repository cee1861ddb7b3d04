"""The services that a VPC endpoint can be made for, as DescribeVpcEndpointServices lists them.

moto asks backends of a dozen services for them, all of which it imports and makes for that, and draws their ids anew in each
process. Here the list is a table, and the ids follow from the names. Source: PrivateLink guide, aws-services-privatelink-support
and gateway-endpoints; which names there are, moto knows.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from fargate_sim.model.egress import aws

INTERFACE = "Interface"
GATEWAY = "Gateway"
_BOTH = ("s3", "dynamodb")
"""Services with gateway endpoints, and with interface endpoints too. [C] gateway-endpoints"""


def private_name(service: str, region: str) -> str:
    """The name that an interface endpoint with private DNS answers for. [C] ECR user guide, vpc-endpoints: the registries' one"""
    if service == "ecr.dkr":
        return "*." + aws(service, region, account="x").host.removeprefix("x.")
    return aws(service, region).host


def _service(service: str, region: str, zones: list[str], kind: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{region}/{service}/{kind}".encode()).hexdigest()
    described: dict[str, Any] = {
        "AcceptanceRequired": False,
        "AvailabilityZones": zones,
        "BaseEndpointDnsNames": [private_name(service, region).removeprefix("*.")],
        "ManagesVpcEndpoints": False,
        "Owner": "amazon",
        "ServiceId": f"vpce-svc-0{digest[:16]}",
        "ServiceName": f"com.amazonaws.{region}.{service}",
        "ServiceType": [{"ServiceType": kind}],
        "Tags": [],
        "VpcEndpointPolicySupported": True,
    }
    if kind == INTERFACE:
        name = private_name(service, region)
        described["BaseEndpointDnsNames"] = [
            name.removeprefix("*.").replace(".amazonaws.", ".vpce.amazonaws.")
        ]
        described["PrivateDnsName"] = name
        described["PrivateDnsNames"] = [{"PrivateDnsName": name}]
        described["PrivateDnsNameVerificationState"] = "verified"
    return described


@cache
def services(region: str) -> tuple[dict[str, Any], ...]:
    """All services of a region."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
    from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES

    zones = [zone.name for zone in RegionsAndZonesBackend.zones.get(region, ())]
    names = sorted({*AWS_ENDPOINT_SERVICES, *_BOTH, "ecr.api", "ecr.dkr"})
    gateways = [_service(name, region, zones, GATEWAY) for name in _BOTH]
    return (*gateways, *(_service(name, region, zones, INTERFACE) for name in names))


def kinds(service_name: str, region: str) -> tuple[str, ...]:
    """The kinds of endpoint that a service has; () when there is no service of that name."""
    return tuple(
        str(each["ServiceType"][0]["ServiceType"])
        for each in services(region)
        if each["ServiceName"] == service_name
    )
