"""Private subnets of a stage's own, beside those of the base environment."""

from __future__ import annotations

from typing import Any

from chaos.targets import free_blocks
from labs.cloud import Cloud


def make_subnets(cloud: Cloud, owner: str, name: str, *, prefix: int, table: str = "") -> list[str]:
    """Two subnets of ``prefix`` bits, ``<name>-a`` and ``<name>-b``, in the zones of ``SUBNET_A`` and ``SUBNET_B``; their ids. They have
    the route table ``table``, or the same as those when none is given.
    """
    ec2, env = cloud.client("ec2"), cloud.env
    vpc = ec2.describe_vpcs(VpcIds=[env["VPC"]])["Vpcs"][0]
    every = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [env["VPC"]]}])["Subnets"]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in every}
    blocks = free_blocks([vpc["CidrBlock"]], [subnet["CidrBlock"] for subnet in every], prefix, 2)
    created = []
    for like, block, letter in zip((env["SUBNET_A"], env["SUBNET_B"]), blocks, "ab", strict=True):
        subnet = ec2.create_subnet(
            VpcId=env["VPC"],
            CidrBlock=block,
            AvailabilityZone=zones[like],
            TagSpecifications=tags_of(owner, "subnet", f"{name}-{letter}"),
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table or _table_of(cloud, like), SubnetId=subnet)
        created.append(subnet)
    return created


def tags_of(owner: str, kind: str, name: str) -> list[dict[str, Any]]:
    """TagSpecifications of something that is created in EC2."""
    tags = [{"Key": "Name", "Value": name}, {"Key": "fargate-lab", "Value": owner}]
    return [{"ResourceType": kind, "Tags": tags}]


def _table_of(cloud: Cloud, subnet: str) -> str:
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    found = cloud.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]
    return str(found[0]["RouteTableId"])
