"""Both ends of a connection: a task's network interface, and what it wants to reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A task's network interface. ``public_ip`` None: it has none."""

    subnet_id: str
    private_ip: str
    security_groups: tuple[str, ...]
    public_ip: str | None


@dataclass(frozen=True)
class Destination:
    """A host that is dialled by its name, over TCP.

    ``service`` is the last part of the endpoint service's name (``ecr.api``, ``s3``, ``logs`` ...); None for a host that
    no VPC endpoint serves, such as ``public.ecr.aws``.
    """

    host: str
    service: str | None = None
    port: int = 443


_HOSTS = {
    "ecr.api": "api.ecr",
    "kinesis-streams": "kinesis",
    "kinesis-firehose": "firehose",
}
"""Services whose host does not begin with the name of their endpoint service. Source: AWS general reference, endpoints."""


def aws(service: str, region: str, *, account: str = "") -> Destination:
    """An AWS service in a region, by the default name of its endpoint.

    Raises ValueError for ``ecr.dkr`` without an account, which is part of a registry's name.
    Source: AWS general reference, service endpoints; ECR user guide, vpc-endpoints.
    """
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if service == "ecr.dkr":
        if not account:
            raise ValueError("ecr.dkr: the host of a private registry begins with an account id")
        return Destination(f"{account}.dkr.ecr.{region}.{suffix}", service)
    return Destination(f"{_HOSTS.get(service, service)}.{region}.{suffix}", service)
