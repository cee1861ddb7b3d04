"""p15: give the tasks a way to what they need before they start.

A private Fargate task with an image in ECR and logs in CloudWatch asks four services: ecr.api for the token, ecr.dkr for the manifest, logs
for the stream, S3 for the layers. Three interface endpoints (private DNS on, a security group that lets the tasks in at 443) and one
gateway endpoint in the subnets' own route table reach exactly those. A NAT gateway in a public subnet, or public addresses with a route to
an internet gateway, reach them as well, with everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import lab_subnets, lab_table, register_like, settle, settle_soon

CLUSTER = "p15"
SERVICE = "catalog"
INTERFACES = ("ecr.api", "ecr.dkr", "logs")
_FOR_TASKS = {"PrivateDnsOnlyForInboundResolverEndpoint": False}
"""An interface endpoint of S3 that answers for the name inside the VPC, too."""
ANYWHERE = "0.0.0.0/0"
START_MS = 120_000
"""Enough for tasks that start; of those that do not the check tells."""


def solve(cloud: Cloud) -> None:
    """Three interface endpoints, and the gateway endpoint of S3; public addresses off."""
    _endpoints(cloud)
    _move(cloud, public=False)


def break_again(cloud: Cloud) -> None:
    """Somebody saves the endpoint "for logs only"."""
    ec2 = cloud.client("ec2")
    filters = [{"Name": "service-name", "Values": [_name(cloud, "logs")]}]
    found = [each["VpcEndpointId"] for each in ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]]
    ec2.delete_vpc_endpoints(VpcEndpointIds=found)
    settle(cloud)


# -- what the fixes are made of ------------------------------------------------------------------------


def _name(cloud: Cloud, service: str) -> str:
    return f"com.amazonaws.{cloud.env['AWS_REGION']}.{service}"


def _force(cloud: Cloud) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    settle_soon(cloud, START_MS)


def _move(cloud: Cloud, subnets: Sequence[str] = (), *, public: bool = False) -> None:
    """The service, in other subnets if given, with or without public addresses."""
    network = {
        "subnets": list(subnets) or lab_subnets(cloud, CLUSTER),
        "securityGroups": [cloud.env["SG"]],
        "assignPublicIp": "ENABLED" if public else "DISABLED",
    }
    cloud.client("ecs").update_service(
        cluster=CLUSTER,
        service=SERVICE,
        networkConfiguration={"awsvpcConfiguration": network},
        forceNewDeployment=True,
    )
    settle_soon(cloud, START_MS)


def _doors(cloud: Cloud, *, opened: bool = True) -> str:
    """A security group for endpoints, which lets the tasks' group in at 443."""
    ec2 = cloud.client("ec2")
    group: str = ec2.create_security_group(
        GroupName=f"{CLUSTER}-endpoints",
        Description="Endpoints - HTTPS from the tasks",
        VpcId=cloud.env["VPC"],
    )["GroupId"]
    if opened:
        pairs = [{"GroupId": cloud.env["SG"]}]
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": pairs}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def _endpoints(
    cloud: Cloud,
    services: Sequence[str] = INTERFACES,
    *,
    layers: bool = True,
    opened: bool = True,
    private_dns: bool = True,
    table: str = "",
    subnets: Sequence[str] = (),
) -> None:
    """Interface endpoints in both subnets (or others), and the gateway endpoint of S3 in their route table (or another)."""
    ec2, group = cloud.client("ec2"), _doors(cloud, opened=opened)
    for service in services:
        ec2.create_vpc_endpoint(
            VpcId=cloud.env["VPC"],
            ServiceName=_name(cloud, service),
            VpcEndpointType="Interface",
            SubnetIds=list(subnets) or lab_subnets(cloud, CLUSTER),
            SecurityGroupIds=[group],
            PrivateDnsEnabled=private_dns,
            **({"DnsOptions": _FOR_TASKS} if service == "s3" else {}),
        )
    if layers:
        ec2.create_vpc_endpoint(
            VpcId=cloud.env["VPC"],
            ServiceName=_name(cloud, "s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=[table or lab_table(cloud, CLUSTER)],
        )
    _force(cloud)


def _nat(cloud: Cloud, subnet: str = "") -> str:
    """A NAT gateway: a new one in a subnet if given, else the base environment's."""
    ec2 = cloud.client("ec2")
    if not subnet:
        return str(ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    return str(ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"])


def _route(cloud: Cloud, table: str = "", **target: str) -> None:
    """A default route in the subnets' route table (or another)."""
    cloud.client("ec2").create_route(
        RouteTableId=table or lab_table(cloud, CLUSTER), DestinationCidrBlock=ANYWHERE, **target
    )


def _internet_gateway(cloud: Cloud) -> str:
    filters = [{"Name": "attachment.vpc-id", "Values": [cloud.env["VPC"]]}]
    found = cloud.client("ec2").describe_internet_gateways(Filters=filters)["InternetGateways"]
    return str(found[0]["InternetGatewayId"])


def _by_nat(cloud: Cloud, subnet: str = "", *, public: bool = False) -> None:
    _route(cloud, NatGatewayId=_nat(cloud, subnet))
    _move(cloud, public=public)


def _new_nat(cloud: Cloud) -> None:
    _by_nat(cloud, cloud.env["PUBLIC_SUBNET_B"])


def _made_public(cloud: Cloud, *, address: bool) -> None:
    """A route to the internet gateway, and tasks with or without a public address."""
    _route(cloud, GatewayId=_internet_gateway(cloud))
    _move(cloud, public=address)


def _own_table(cloud: Cloud, subnet: str, **target: str) -> None:
    """A route table of its own for a subnet, with a default route."""
    ec2 = cloud.client("ec2")
    table = ec2.create_route_table(VpcId=cloud.env["VPC"])["RouteTable"]["RouteTableId"]
    _route(cloud, table, **target)
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (old,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    (association,) = (each for each in old["Associations"] if each.get("SubnetId") == subnet)
    ec2.replace_route_table_association(
        AssociationId=association["RouteTableAssociationId"], RouteTableId=table
    )


def _one_subnet(cloud: Cloud) -> None:
    """A new route table with a way out, for the first subnet only."""
    _own_table(cloud, lab_subnets(cloud, CLUSTER)[0], NatGatewayId=_nat(cloud))
    _move(cloud)


def _nat_in_each_zone(cloud: Cloud) -> None:
    for subnet, key in zip(lab_subnets(cloud, CLUSTER), ("PUBLIC_SUBNET_A", "PUBLIC_SUBNET_B"), strict=True):
        _own_table(cloud, subnet, NatGatewayId=_nat(cloud, cloud.env[key]))
    _move(cloud)


def _base_subnets(cloud: Cloud, *keys: str, public: bool = False) -> None:
    _move(cloud, [cloud.env[key] for key in keys], public=public)


def _other_table(cloud: Cloud) -> str:
    """The route table of the base environment's private subnets."""
    filters = [{"Name": "association.subnet-id", "Values": [cloud.env["SUBNET_A"]]}]
    tables = cloud.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]
    return str(tables[0]["RouteTableId"])


def _revised(cloud: Cloud, **change: Any) -> None:
    revision = register_like(cloud, CLUSTER, SERVICE, change)
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    settle_soon(cloud, START_MS)


def _without_logs(cloud: Cloud) -> None:
    """No endpoint for the logs, and no logs."""
    _endpoints(cloud, INTERFACES[:2])
    _revised(cloud, logConfiguration={"logDriver": "awsfirelens"})


def _another_image(cloud: Cloud, image: str) -> None:
    """A public image, by the NAT gateway."""
    _route(cloud, NatGatewayId=_nat(cloud))
    _revised(cloud, image=image)


def _scaled(cloud: Cloud, desired: int) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, desiredCount=desired)
    settle(cloud)


ALTERNATIVES = (
    Fix("a route to the NAT gateway that is there", _by_nat),
    Fix("a NAT gateway of its own in a public subnet", _new_nat),
    Fix("a NAT gateway in each zone", _nat_in_each_zone),
    Fix(
        "endpoints in the subnets of one zone, which serve both",
        lambda cloud: _endpoints(cloud, subnets=lab_subnets(cloud, CLUSTER)[:1]),
    ),
    Fix(
        "an interface endpoint for S3 as well",
        lambda cloud: _endpoints(cloud, (*INTERFACES, "s3"), layers=False),
    ),
    Fix("public subnets and public addresses", lambda cloud: _made_public(cloud, address=True)),
    Fix(
        "the base environment's public subnets, with public addresses",
        lambda cloud: _base_subnets(cloud, "PUBLIC_SUBNET_A", "PUBLIC_SUBNET_B", public=True),
    ),
    Fix(
        "the base environment's private subnets",
        lambda cloud: _base_subnets(cloud, "SUBNET_A", "SUBNET_B"),
    ),
)


def _wrong(name: str, apply: Callable[[Cloud], None], word: str) -> WrongFix:
    """A fix with which no task starts, or not everywhere."""
    return WrongFix(name, apply, "every-subnet", word)


WRONG_FIXES = (
    _wrong("trying again", _force, "has no route for 0.0.0.0/0"),
    _wrong("endpoints, but none for S3", lambda c: _endpoints(c, layers=False), "the layers (s3)"),
    _wrong(
        "endpoints behind a closed security group", lambda c: _endpoints(c, opened=False), "no TCP 443 in"
    ),
    _wrong("endpoints, but none for ecr.dkr", lambda c: _endpoints(c, ("ecr.api", "logs")), "(ecr.dkr)"),
    _wrong(
        "endpoints, but none for logs", lambda c: _endpoints(c, ("ecr.api", "ecr.dkr")), "the logs (logs)"
    ),
    _wrong(
        "the endpoint for S3 in another route table",
        lambda c: _endpoints(c, table=_other_table(c)),
        "is not associated with it",
    ),
    _wrong(
        "endpoints without private DNS",
        lambda c: _endpoints(c, private_dns=False),
        "private DNS of the endpoint",
    ),
    _wrong(
        "a NAT gateway in the private subnet",
        lambda c: _by_nat(c, lab_subnets(c, CLUSTER)[0]),
        "not to an internet gateway",
    ),
    _wrong("a public IP in the private subnets", lambda c: _move(c, public=True), "only where a route leads"),
    _wrong(
        "a route to the internet gateway, and no public IP",
        lambda c: _made_public(c, address=False),
        "has no public IP address",
    ),
    _wrong("one of the two subnets repaired", _one_subnet, "1 of 2 subnets"),
    WrongFix("one zone only", lambda c: _base_subnets(c, "SUBNET_A"), "two-zones", "1 zone"),
    WrongFix("no logs, so that no endpoint is missing", _without_logs, "capacity", "no logs"),
    WrongFix(
        "the public copy of the image",
        lambda c: _another_image(c, "public.ecr.aws/fargate-lab/shop:1.0"),
        "capacity",
        "not one of the account's repository",
    ),
    WrongFix(
        "another image of nearly the same name",
        lambda c: _another_image(c, "public.ecr.aws/fargate-lab/catalog:1.0"),
        "capacity",
        "not one of the account's repository",
    ),
    WrongFix("scaled to zero", lambda c: _scaled(c, 0), "capacity", "0 wanted"),
)
