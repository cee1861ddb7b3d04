"""p05: give the release room.

Sixteen tasks at maximumPercent 200 need 32 addresses, plus those of the tasks still leaving; two /28 subnets
have 22. The repair is larger subnets, one in each Availability Zone: moving there is itself a deployment, and
it fits, because new tasks take their addresses in the new subnets while the old ones keep theirs.

A smaller surge is right too, if there is a surge at all and room for it and for the leavers: 118 % of sixteen
is a ceiling of 18. Two tasks start, two leave, and each /28 holds at most 8 + 1 + 1 of its 11. At 105 % the
ceiling is 16, equal to the floor, and nothing moves.
"""

from __future__ import annotations

from typing import Any

from chaos.targets import free_blocks
from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import settle

CLUSTER = "p05"
SERVICE = "checkout"
TAG = {"Key": "fargate-lab", "Value": "p05-tiny-subnet"}


def solve(cloud: Cloud) -> None:
    """Move the service into the base environment's private /24 subnets, one in each zone."""
    _move(cloud, [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]])


def break_again(cloud: Cloud) -> None:
    """Back into the tiny subnets."""
    filters = [{"Name": "tag:fargate-lab-fault", "Values": [f"tiny-subnet-{SERVICE}"]}]
    tiny = cloud.client("ec2").describe_subnets(Filters=filters)["Subnets"]
    _move(cloud, [subnet["SubnetId"] for subnet in tiny])


def _move(cloud: Cloud, subnets: list[str], **values: Any) -> None:
    network = {"subnets": subnets, "securityGroups": [cloud.env["SG"]], "assignPublicIp": "DISABLED"}
    _update(cloud, networkConfiguration={"awsvpcConfiguration": network}, **values)


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _percentages(cloud: Cloud, minimum: int, maximum: int, *, breaker: bool = True) -> None:
    _update(
        cloud,
        deploymentConfiguration={
            "minimumHealthyPercent": minimum,
            "maximumPercent": maximum,
            "deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker},
        },
    )


def _new_subnets(cloud: Cloud) -> None:
    """Two new /26 subnets with the private route table, one in each zone."""
    ec2, env = cloud.client("ec2"), cloud.env
    vpc = ec2.describe_vpcs(VpcIds=[env["VPC"]])["Vpcs"][0]
    taken = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [env["VPC"]]}])["Subnets"]
    blocks = free_blocks([vpc["CidrBlock"]], [subnet["CidrBlock"] for subnet in taken], 26, 2)
    created = []
    for like, block in zip((env["SUBNET_A"], env["SUBNET_B"]), blocks, strict=True):
        zone = ec2.describe_subnets(SubnetIds=[like])["Subnets"][0]["AvailabilityZone"]
        subnet = ec2.create_subnet(
            VpcId=env["VPC"],
            CidrBlock=block,
            AvailabilityZone=zone,
            TagSpecifications=[{"ResourceType": "subnet", "Tags": [TAG]}],
        )["Subnet"]["SubnetId"]
        filters = [{"Name": "association.subnet-id", "Values": [like]}]
        for table in ec2.describe_route_tables(Filters=filters)["RouteTables"]:
            ec2.associate_route_table(RouteTableId=table["RouteTableId"], SubnetId=subnet)
        created.append(subnet)
    _move(cloud, created)


ALTERNATIVES = (
    Fix("a surge that fits, 118 %", lambda cloud: _percentages(cloud, 100, 118)),
    Fix("one extra task at a time, 112 %", lambda cloud: _percentages(cloud, 100, 112)),
    Fix("new /26 subnets in two zones", _new_subnets),
)


def _one_tiny(cloud: Cloud) -> None:
    """The larger subnet in one zone, the tiny one kept in the other. The first release finds the zones uneven
    and gets through; the next finds no address.
    """
    ec2, large = cloud.client("ec2"), cloud.env["SUBNET_A"]
    zone = ec2.describe_subnets(SubnetIds=[large])["Subnets"][0]["AvailabilityZone"]
    filters = [{"Name": "tag:fargate-lab-fault", "Values": [f"tiny-subnet-{SERVICE}"]}]
    tiny = ec2.describe_subnets(Filters=filters)["Subnets"]
    _move(cloud, [large, *(subnet["SubnetId"] for subnet in tiny if subnet["AvailabilityZone"] != zone)])


WRONG_FIXES = (
    WrongFix("one zone only", lambda cloud: _move(cloud, [cloud.env["SUBNET_A"]]), "two-zones", "1 zone"),
    WrongFix("one of the two subnets left tiny", _one_tiny, "nobody-refused", "got no address"),
    WrongFix("more tasks", lambda cloud: _update(cloud, desiredCount=20), "release-completes", "no address"),
    WrongFix("fewer tasks", lambda cloud: _update(cloud, desiredCount=8), "capacity", "16"),
    WrongFix(
        "no room above the floor, 105 %",
        lambda cloud: _percentages(cloud, 100, 105),
        "release-completes",
        "ceiling",
    ),
    WrongFix(
        "old tasks stopped first", lambda cloud: _percentages(cloud, 50, 100), "full-strength", "running"
    ),
    WrongFix(
        "trying again", lambda cloud: _update(cloud, forceNewDeployment=True), "nobody-refused", "no address"
    ),
    WrongFix(
        "the breaker switched off, so that nothing fails",
        lambda cloud: _percentages(cloud, 100, 200, breaker=False),
        "nobody-refused",
        "no address",
    ),
)
