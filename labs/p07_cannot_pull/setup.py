"""The stage of this lab: a service with an image of the account's registry, in private subnets of its own that lead to the NAT gateway.

Two VPC endpoints stand there as well, for the token and the logs: a move away from NAT that somebody has begun. They let in everybody
in the VPC.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs.catalogue import Lab
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Own, Stage, build_repository, build_service, build_subnets, ec2_tags

ENDPOINTS = ("ecr.api", "logs")
FIRST_FAILURES_MS = 4 * MINUTE_MS
"""Until AWS has given up on the first tasks of the release, whatever they lack."""


def set_up(cloud: Cloud) -> None:
    """Build it by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    uri = build_repository(cloud, lab, lab.name("before"), lab.name("after"))
    subnets, table = build_subnets(cloud, lab)
    ec2 = cloud.client("ec2")
    gateway = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    _build_endpoints(cloud, lab, subnets)
    build_service(
        cloud,
        replace(Stage.of(lab), breaker=False),
        {
            "image": f"{uri}:{lab.name('before')}",
            "portMappings": [{"containerPort": lab.number("port")}],
        },
        own=Own(network={"subnets": subnets}),
    )


def set_going(cloud: Cloud) -> None:
    """The release has been under way for a while when the learner arrives."""
    cloud.clock.advance(FIRST_FAILURES_MS)


def _build_endpoints(cloud: Cloud, lab: Lab, subnets: list[str]) -> None:
    ec2, env = cloud.client("ec2"), cloud.env
    name = f"{lab.name('cluster')}-endpoints"
    group = ec2.create_security_group(
        GroupName=name,
        Description="Endpoints - HTTPS from the VPC",
        VpcId=env["VPC"],
        TagSpecifications=ec2_tags(lab, "security-group", name),
    )["GroupId"]
    block = ec2.describe_vpcs(VpcIds=[env["VPC"]])["Vpcs"][0]["CidrBlock"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": block}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    for service in ENDPOINTS:
        ec2.create_vpc_endpoint(
            VpcId=env["VPC"],
            ServiceName=f"com.amazonaws.{env['AWS_REGION']}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=subnets,
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
            TagSpecifications=ec2_tags(lab, "vpc-endpoint", f"{lab.name('cluster')}-{service}"),
        )
