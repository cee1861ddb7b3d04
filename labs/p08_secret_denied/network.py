"""Two private subnets of the lab's own, with doors to what a task needs before its start: endpoints for the registry, the layers and the
logs. Everything else goes through the NAT gateway of the base environment, for as long as there is a route to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.cloud import Cloud

_DOORS = ("ecr.api", "ecr.dkr", "logs")
_BLOCKS = ("10.0.80.0/26", "10.0.80.64/26")
_VPC_BLOCK = "10.0.0.0/16"


@dataclass(frozen=True, slots=True)
class Network:
    """The subnets, their route table, and the group of the endpoints."""

    subnets: tuple[str, ...]
    table: str
    doors: str


def build_network(cloud: Cloud, lab: str) -> Network:
    """Create it. Names: ``<lab>-a`` and ``<lab>-b``, ``<lab>``, ``<lab>-endpoints``."""
    ec2, env = cloud.client("ec2"), cloud.env
    vpc = env["VPC"]

    def tagged(kind: str, name: str) -> list[dict[str, object]]:
        tags = [{"Key": "fargate-lab", "Value": lab}, {"Key": "Name", "Value": name}]
        return [{"ResourceType": kind, "Tags": tags}]

    like = ec2.describe_subnets(SubnetIds=[env["SUBNET_A"], env["SUBNET_B"]])["Subnets"]
    zones = sorted(each["AvailabilityZone"] for each in like)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table", lab))["RouteTable"][
        "RouteTableId"
    ]
    subnets = []
    for zone, block, letter in zip(zones, _BLOCKS, "ab", strict=True):
        specification = tagged("subnet", f"{lab}-{letter}")
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=specification
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        subnets.append(subnet)
    gateway = ec2.describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [vpc]}])["NatGateways"][0]
    ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway["NatGatewayId"]
    )

    name = f"{lab}-endpoints"
    doors = ec2.create_security_group(
        GroupName=name,
        Description="HTTPS from the VPC",
        VpcId=vpc,
        TagSpecifications=tagged("security-group", name),
    )["GroupId"]
    # With private DNS an endpoint serves the whole VPC, so its door is open to all of it.
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": _VPC_BLOCK}]}
    ec2.authorize_security_group_ingress(GroupId=doors, IpPermissions=[https])
    region = env["AWS_REGION"]
    for service in _DOORS:
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{region}.{service}",
            SubnetIds=subnets,
            SecurityGroupIds=[doors],
            TagSpecifications=tagged("vpc-endpoint", f"{lab}-{service}"),
        )
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{region}.s3",
        RouteTableIds=[table],
        TagSpecifications=tagged("vpc-endpoint", f"{lab}-s3"),
    )
    return Network(tuple(subnets), table, doors)
