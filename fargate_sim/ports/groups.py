"""Rules of security groups without ports: moto fails on them. Source: API model of EC2, IpPermission."""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache
from inspect import signature
from typing import Any

from fargate_sim.ports.refusal import ec2_refusal

_WITH_PORTS = ("tcp", "udp", "6", "17")
_ALL = -1


@cache
def mend_ec2() -> None:
    """From now on TCP and UDP must have ports, and other protocols need none."""
    from moto.ec2.models.security_groups import SecurityGroupRule

    make = SecurityGroupRule.__init__
    parameters = signature(make)

    def create(*args: Any, **kwargs: Any) -> None:
        given = parameters.bind(*args, **kwargs).arguments
        if given["from_port"] is None or given["to_port"] is None:
            if str(given["ip_protocol"]).lower() in _WITH_PORTS:
                # [R] public error reports
                raise ec2_refusal(
                    "InvalidParameterValue",
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                )
            given |= {"from_port": _ALL, "to_port": _ALL}
        make(**given)

    SecurityGroupRule.__init__ = create
