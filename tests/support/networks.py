"""The network of an offline cloud, by the calls that a learner makes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.model.egress import Destination, Route, Source, VpcFacts, reach

REGION = "us-east-1"


class Network:
    """The base environment's VPC and words for it."""

    def __init__(self, offline: Any) -> None:
        self.offline = offline
        self.env = offline.env()
        self.ec2 = offline.client("ec2")
        self.vpc_id = self.env["VPC"]
        self.surroundings = offline.cloud.moto.surroundings(REGION)

    @property
    def facts(self) -> VpcFacts:
        facts = self.surroundings.vpc(self.vpc_id)
        assert facts is not None
        return facts

    def table_of(self, subnet: str) -> str:
        found = self.ec2.describe_route_tables(
            Filters=[{"Name": "association.subnet-id", "Values": [self.env[subnet]]}]
        )
        return str(found["RouteTables"][0]["RouteTableId"])

    def association_of(self, subnet: str) -> str:
        table = self.ec2.describe_route_tables(RouteTableIds=[self.table_of(subnet)])["RouteTables"][0]
        return next(
            str(each["RouteTableAssociationId"])
            for each in table["Associations"]
            if each.get("SubnetId") == self.env[subnet]
        )

    def routes(self, table: str) -> dict[str, dict[str, Any]]:
        found = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return {each.get("DestinationCidrBlock") or each["DestinationPrefixListId"]: each for each in found}

    def nat(self) -> str:
        return str(self.ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"])

    def igw(self) -> str:
        found = self.ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [self.vpc_id]}]
        )
        return str(found["InternetGateways"][0]["InternetGatewayId"])

    def endpoint(self, service: str = "ecr.api", **wanted: Any) -> dict[str, Any]:
        wanted = {"VpcEndpointType": "Interface", "SubnetIds": [self.env["SUBNET_A"]], **wanted}
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc_id, ServiceName=f"com.amazonaws.{REGION}.{service}", **wanted
        )
        return dict(made["VpcEndpoint"])

    def gateway_endpoint(self, *tables: str) -> dict[str, Any]:
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc_id, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=list(tables)
        )
        return dict(made["VpcEndpoint"])

    def described(self, endpoint: str) -> dict[str, Any]:
        return dict(self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0])

    def interfaces(self, endpoint: str) -> list[dict[str, Any]]:
        found = self.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [f"VPC Endpoint Interface {endpoint}"]}]
        )
        return list(found["NetworkInterfaces"])

    def free(self, subnet: str = "SUBNET_A") -> int:
        found = self.ec2.describe_subnets(SubnetIds=[self.env[subnet]])["Subnets"][0]
        return int(found["AvailableIpAddressCount"])

    def reach(
        self, destination: Destination, subnet: str = "SUBNET_A", *, public: bool = False, group: str = ""
    ) -> Route:
        cidr = self.facts.subnets[self.env[subnet]].cidr
        source = Source(
            self.env[subnet],
            cidr.replace(".0/24", ".77"),
            (group or self.env["SG"],),
            "203.0.113.9" if public else None,
        )
        return reach(self.facts, source, destination)

    def refused(self, operation: str, **wanted: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            getattr(self.ec2, operation)(**wanted)
        error = caught.value.response["Error"]
        return str(error["Code"]), str(error["Message"])
