"""VPC endpoints as a learner makes, changes and deletes them, and what the model sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.networks import REGION, Network

from fargate_sim.model.egress import aws

from .conftest import MakeOffline, Offline

API = aws("ecr.api", REGION)
S3 = aws("s3", REGION)


@pytest.fixture
def network(offline: Offline) -> Iterator[Network]:
    return Network(offline)


def without_nat(network: Network) -> Network:
    network.ec2.delete_route(RouteTableId=network.table_of("SUBNET_A"), DestinationCidrBlock="0.0.0.0/0")
    return network


def open_group(network: Network) -> str:
    """A group that lets TCP 443 in from the VPC."""
    group = network.ec2.create_security_group(
        GroupName="endpoints", Description="endpoints", VpcId=network.vpc_id
    )
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    network.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    return str(group["GroupId"])


class TestInterfaceEndpoint:
    def test_it_is_described_as_it_was_made(self, network: Network) -> None:
        made = network.endpoint()
        described = network.described(made["VpcEndpointId"])
        assert described == made
        assert (made["State"], made["VpcEndpointType"], made["PrivateDnsEnabled"]) == (
            "available",
            "Interface",
            True,
        )
        assert made["SubnetIds"] == [network.env["SUBNET_A"]]
        assert json.loads(made["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
        assert "api.ecr.us-east-1.amazonaws.com" in [each["DnsName"] for each in made["DnsEntries"]]

    def test_without_a_group_it_gets_the_default_one(self, network: Network) -> None:
        default = network.surroundings.default_security_group(network.vpc_id)
        made = network.endpoint()
        assert [each["GroupId"] for each in made["Groups"]] == [default]
        assert [each["GroupId"] for each in network.interfaces(made["VpcEndpointId"])[0]["Groups"]] == [
            default
        ]

    def test_the_default_group_keeps_tasks_of_other_groups_out(self, network: Network) -> None:
        made = network.endpoint()
        default = network.surroundings.default_security_group(network.vpc_id)
        missing = network.reach(API).missing
        assert missing.startswith(
            f"security group {default} of the endpoint {made['VpcEndpointId']} lets no TCP 443 in"
        )
        assert network.reach(API, group=default).reached

    def test_an_open_group_lets_them_in_without_any_other_way_out(self, network: Network) -> None:
        made = without_nat(network).endpoint(SecurityGroupIds=[open_group(network)])
        route = network.reach(API)
        assert (route.missing, route.through) == ("", made["VpcEndpointId"])
        assert route.ip == network.interfaces(made["VpcEndpointId"])[0]["PrivateIpAddress"]
        assert route.policy == made["PolicyDocument"]
        assert not network.reach(S3).reached

    def test_its_interface_belongs_to_it(self, network: Network) -> None:
        made = network.endpoint()
        interface = network.interfaces(made["VpcEndpointId"])[0]
        assert [interface["NetworkInterfaceId"]] == made["NetworkInterfaceIds"]
        assert interface["PrivateIpAddress"].startswith("10.0.10.")
        assert (interface["InterfaceType"], interface["RequesterManaged"], interface["Status"]) == (
            "vpc_endpoint",
            True,
            "in-use",
        )
        code, _ = network.refused(
            "delete_network_interface", NetworkInterfaceId=interface["NetworkInterfaceId"]
        )
        assert code == "InvalidParameterValue"

    def test_deleted_it_gives_its_addresses_back_and_the_name_goes_the_public_way_again(
        self, network: Network
    ) -> None:
        before = network.free()
        made = network.endpoint()["VpcEndpointId"]
        assert network.free() == before - 1
        assert network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])["Unsuccessful"] == []
        assert network.free() == before
        assert network.reach(API).via == "nat gateway"
        assert (
            network.refused("describe_vpc_endpoints", VpcEndpointIds=[made])[0]
            == "InvalidVpcEndpointId.NotFound"
        )

    def test_an_unknown_one_is_named_among_the_unsuccessful(self, network: Network) -> None:
        answer = network.ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0"])
        assert answer["Unsuccessful"] == [
            {
                "ResourceId": "vpce-0",
                "Error": {
                    "Code": "InvalidVpcEndpointId.NotFound",
                    "Message": "The Vpc Endpoint Id 'vpce-0' does not exist",
                },
            }
        ]

    def test_it_is_found_by_the_usual_filters(self, network: Network) -> None:
        made = network.endpoint()["VpcEndpointId"]
        network.gateway_endpoint()
        for name, value in (
            ("service-name", "com.amazonaws.us-east-1.ecr.api"),
            ("vpc-endpoint-type", "Interface"),
        ):
            found = network.ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])[
                "VpcEndpoints"
            ]
            assert [each["VpcEndpointId"] for each in found] == [made], name

    def test_the_same_seed_makes_the_same_one(self, make_offline: MakeOffline) -> None:
        first = make_offline(seed=11)
        made = Network(first).endpoint()
        first.app.close()
        assert Network(make_offline(seed=11)).endpoint() == made


class TestPrivateDns:
    def test_off_leaves_the_name_to_the_public_way(self, network: Network) -> None:
        network.endpoint(PrivateDnsEnabled=False)
        assert network.reach(API).via == "nat gateway"

    def test_it_can_be_turned_on_and_off(self, network: Network) -> None:
        made = network.endpoint(PrivateDnsEnabled=False, SecurityGroupIds=[open_group(network)])[
            "VpcEndpointId"
        ]
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=True)
        assert network.reach(API).through == made
        assert network.described(made)["PrivateDnsEnabled"] is True
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=False)
        assert network.reach(API).via == "nat gateway"

    @pytest.mark.parametrize("attribute", ["EnableDnsSupport", "EnableDnsHostnames"])
    def test_it_needs_both_dns_attributes(self, network: Network, attribute: str) -> None:
        network.ec2.modify_vpc_attribute(VpcId=network.vpc_id, **{attribute: {"Value": False}})
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.ecr.api",
            "VpcEndpointType": "Interface",
        }
        refusal = (
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {network.vpc_id}",
        )
        assert network.refused("create_vpc_endpoint", **wanted) == refusal
        made = network.endpoint(PrivateDnsEnabled=False)["VpcEndpointId"]
        assert network.refused("modify_vpc_endpoint", VpcEndpointId=made, PrivateDnsEnabled=True) == refusal

    def test_a_name_has_one_owner(self, network: Network) -> None:
        network.endpoint("ecr.dkr")
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.ecr.dkr",
            "VpcEndpointType": "Interface",
        }
        assert network.refused("create_vpc_endpoint", **wanted) == (
            "InvalidParameter",
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            f"dkr.ecr.us-east-1.amazonaws.com in the VPC {network.vpc_id}",
        )
        second = network.endpoint("ecr.dkr", PrivateDnsEnabled=False)["VpcEndpointId"]
        assert (
            network.refused("modify_vpc_endpoint", VpcEndpointId=second, PrivateDnsEnabled=True)[0]
            == "InvalidParameter"
        )

    def test_of_s3_it_is_for_inbound_resolvers_only_and_wants_a_gateway_endpoint(
        self, network: Network
    ) -> None:
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.s3",
            "VpcEndpointType": "Interface",
        }
        assert network.refused("create_vpc_endpoint", **wanted) == (
            "InvalidParameter",
            f"To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {network.vpc_id} must have a Gateway "
            "endpoint for the service.",
        )
        gateway = network.gateway_endpoint(network.table_of("SUBNET_A"))["VpcEndpointId"]
        made = network.endpoint("s3", SecurityGroupIds=[open_group(network)])["VpcEndpointId"]
        assert network.reach(S3).through == gateway
        network.ec2.modify_vpc_endpoint(
            VpcEndpointId=made, DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": False}
        )
        assert network.reach(S3).through == made

    def test_of_s3_it_takes_the_whole_vpc_over_when_it_is_told_to(self, network: Network) -> None:
        made = network.endpoint(
            "s3",
            SecurityGroupIds=[open_group(network)],
            DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": False},
        )
        assert network.reach(S3).through == made["VpcEndpointId"]


class TestChanges:
    def test_subnets_come_with_an_interface_and_go_with_it(self, network: Network) -> None:
        made = network.endpoint()["VpcEndpointId"]
        before = network.free("SUBNET_B")
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[network.env["SUBNET_B"]])
        assert network.free("SUBNET_B") == before - 1
        assert len(network.described(made)["NetworkInterfaceIds"]) == len(network.interfaces(made)) == 2
        assert network.reach(API, "SUBNET_B").ip.startswith("10.0.11.")
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveSubnetIds=[network.env["SUBNET_A"]])
        assert network.described(made)["SubnetIds"] == [network.env["SUBNET_B"]]
        assert network.reach(API).ip.startswith("10.0.11.")
        assert network.free("SUBNET_B") == before - 1

    def test_one_subnet_can_be_swapped_for_another_of_its_zone(self, network: Network) -> None:
        made = network.endpoint()["VpcEndpointId"]
        network.ec2.modify_vpc_endpoint(
            VpcEndpointId=made,
            AddSubnetIds=[network.env["PUBLIC_SUBNET_A"]],
            RemoveSubnetIds=[network.env["SUBNET_A"]],
        )
        assert network.described(made)["SubnetIds"] == [network.env["PUBLIC_SUBNET_A"]]

    def test_two_subnets_of_one_zone_are_refused(self, network: Network) -> None:
        other = network.env["PUBLIC_SUBNET_A"]
        refusal = (
            "DuplicateSubnetsInSameZone",
            f"Found another VPC endpoint subnet in the availability zone of {other}. VPC endpoint subnets should be in "
            "different availability zones supported by the VPC endpoint service.",
        )
        before = network.free()
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.ecr.api",
            "VpcEndpointType": "Interface",
        }
        assert (
            network.refused("create_vpc_endpoint", **wanted, SubnetIds=[network.env["SUBNET_A"], other])
            == refusal
        )
        assert network.free() == before
        made = network.endpoint()["VpcEndpointId"]
        assert network.refused("modify_vpc_endpoint", VpcEndpointId=made, AddSubnetIds=[other]) == refusal
        assert network.described(made)["SubnetIds"] == [network.env["SUBNET_A"]]

    def test_groups_reach_the_interfaces(self, network: Network) -> None:
        group, default = open_group(network), network.surroundings.default_security_group(network.vpc_id)
        made = network.endpoint()["VpcEndpointId"]
        assert not network.reach(API).reached
        network.ec2.modify_vpc_endpoint(
            VpcEndpointId=made, AddSecurityGroupIds=[group], RemoveSecurityGroupIds=[default]
        )
        assert network.reach(API).reached
        assert [each["GroupId"] for each in network.interfaces(made)[0]["Groups"]] == [group]
        assert [each["GroupId"] for each in network.described(made)["Groups"]] == [group]

    def test_a_group_of_an_endpoint_cannot_be_deleted(self, network: Network) -> None:
        group = open_group(network)
        made = network.endpoint(SecurityGroupIds=[group])["VpcEndpointId"]
        assert network.refused("delete_security_group", GroupId=group) == (
            "DependencyViolation",
            f"resource {group} has a dependent object",
        )
        network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
        network.ec2.delete_security_group(GroupId=group)

    def test_the_policy_is_changed_and_reset(self, network: Network) -> None:
        made = network.endpoint(SecurityGroupIds=[open_group(network)])["VpcEndpointId"]
        default = network.reach(API).policy
        statement = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
        nothing = json.dumps({"Version": "2012-10-17", "Statement": statement})
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, PolicyDocument=nothing)
        assert network.reach(API).policy == nothing
        network.ec2.modify_vpc_endpoint(VpcEndpointId=made, ResetPolicy=True)
        assert network.reach(API).policy == default

    def test_an_unknown_one_is_refused(self, network: Network) -> None:
        assert (
            network.refused("modify_vpc_endpoint", VpcEndpointId="vpce-0")[0]
            == "InvalidVpcEndpointId.NotFound"
        )


class TestGatewayEndpoint:
    def test_its_route_comes_and_goes_with_the_association(self, network: Network) -> None:
        table, public = network.table_of("SUBNET_A"), network.table_of("PUBLIC_SUBNET_A")
        made = without_nat(network).gateway_endpoint(table)
        assert made["VpcEndpointType"] == "Gateway"
        listed = next(each for each in network.routes(table) if each.startswith("pl-"))
        assert network.routes(table)[listed]["GatewayId"] == made["VpcEndpointId"]
        assert network.reach(S3).through == made["VpcEndpointId"]
        network.ec2.modify_vpc_endpoint(
            VpcEndpointId=made["VpcEndpointId"], AddRouteTableIds=[public], RemoveRouteTableIds=[table]
        )
        assert listed not in network.routes(table)
        assert listed in network.routes(public)
        assert "is not associated with it" in network.reach(S3).missing
        network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
        assert listed not in network.routes(public)

    def test_its_route_cannot_be_touched_by_hand(self, network: Network) -> None:
        table = network.table_of("SUBNET_A")
        network.gateway_endpoint(table)
        listed = next(each for each in network.routes(table) if each.startswith("pl-"))
        wanted = {"RouteTableId": table, "DestinationPrefixListId": listed}
        assert network.refused("delete_route", **wanted)[0] == "InvalidParameterValue"
        assert (
            network.refused("replace_route", **wanted, NatGatewayId=network.nat())[0]
            == "InvalidParameterValue"
        )
        assert network.reach(S3).via == "gateway endpoint"

    def test_a_table_has_one_of_a_service(self, network: Network) -> None:
        table = network.table_of("SUBNET_A")
        network.gateway_endpoint(table)
        listed = next(each for each in network.routes(table) if each.startswith("pl-"))
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.s3",
            "RouteTableIds": [table],
        }
        assert network.refused("create_vpc_endpoint", **wanted) == (
            "RouteAlreadyExists",
            f"route table {table} already has a route with destination-prefix-list-id {listed}",
        )

    def test_a_deleted_table_is_no_longer_associated(self, network: Network) -> None:
        table = network.ec2.create_route_table(VpcId=network.vpc_id)["RouteTable"]["RouteTableId"]
        made = network.gateway_endpoint(table)["VpcEndpointId"]
        network.ec2.delete_route_table(RouteTableId=table)
        assert network.described(made)["RouteTableIds"] == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("wanted", "code", "message"),
        [
            (
                {"ServiceName": "com.amazonaws.us-east-1.nonsense", "VpcEndpointType": "Interface"},
                "InvalidServiceName",
                "The Vpc Endpoint Service 'com.amazonaws.us-east-1.nonsense' does not exist",
            ),
            (
                {"ServiceName": "com.amazonaws.eu-west-1.ecr.api", "VpcEndpointType": "Interface"},
                "InvalidServiceName",
                "The Vpc Endpoint Service 'com.amazonaws.eu-west-1.ecr.api' does not exist",
            ),
            (
                {"ServiceName": "com.amazonaws.us-east-1.ecr.api"},
                "InvalidParameter",
                "Endpoint type (Gateway) does not match available service types ([Interface]).",
            ),
            (
                {
                    "ServiceName": "com.amazonaws.us-east-1.ecr.api",
                    "VpcEndpointType": "Interface",
                    "RouteTableIds": ["rtb-0"],
                },
                "InvalidParameter",
                "Route table IDs are only supported for Gateway type VPC Endpoint.",
            ),
        ],
    )
    def test_they_say_what_is_wrong(
        self, network: Network, wanted: dict[str, Any], code: str, message: str
    ) -> None:
        assert network.refused("create_vpc_endpoint", VpcId=network.vpc_id, **wanted) == (code, message)
        assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []

    @pytest.mark.parametrize(
        ("part", "code"),
        [
            ({"SubnetIds": ["subnet-0"]}, "InvalidSubnetID.NotFound"),
            ({"SecurityGroupIds": ["sg-0"]}, "InvalidGroup.NotFound"),
            ({"VpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
            ({"PolicyDocument": "{"}, "InvalidPolicyDocument"),
        ],
    )
    def test_parts_must_be_there(self, network: Network, part: dict[str, Any], code: str) -> None:
        wanted = {
            "VpcId": network.vpc_id,
            "ServiceName": "com.amazonaws.us-east-1.ecr.api",
            "VpcEndpointType": "Interface",
            **part,
        }
        assert network.refused("create_vpc_endpoint", **wanted)[0] == code

    def test_parts_of_another_vpc_are_refused(self, network: Network) -> None:
        ec2 = network.ec2
        other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        table = ec2.create_route_table(VpcId=other)["RouteTable"]["RouteTableId"]
        group = network.surroundings.default_security_group(other)
        interface = {"ServiceName": "com.amazonaws.us-east-1.ecr.api", "VpcEndpointType": "Interface"}
        for wanted in (
            {**interface, "SubnetIds": [subnet]},
            {**interface, "SecurityGroupIds": [group]},
            {"ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table]},
        ):
            assert (
                network.refused("create_vpc_endpoint", VpcId=network.vpc_id, **wanted)[0]
                == "InvalidParameter"
            )

    def test_a_full_subnet_leaves_nothing_behind(self, network: Network) -> None:
        subnet = network.ec2.create_subnet(
            VpcId=network.vpc_id, CidrBlock="10.0.99.0/28", AvailabilityZone="us-east-1b"
        )["Subnet"]["SubnetId"]
        for _ in range(11):
            network.ec2.create_network_interface(SubnetId=subnet)
        before = network.free()
        code, _ = network.refused(
            "create_vpc_endpoint",
            VpcId=network.vpc_id,
            ServiceName="com.amazonaws.us-east-1.ecr.api",
            VpcEndpointType="Interface",
            SubnetIds=[network.env["SUBNET_A"], subnet],
        )
        assert code == "InsufficientFreeAddressesInSubnet"
        assert network.free() == before
        assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


class TestServices:
    def test_the_region_offers_what_a_task_needs(self, network: Network) -> None:
        names = network.ec2.describe_vpc_endpoint_services()["ServiceNames"]
        for service in (
            "ecr.api",
            "ecr.dkr",
            "s3",
            "logs",
            "secretsmanager",
            "ssm",
            "kms",
            "sts",
            "sqs",
            "dynamodb",
        ):
            assert f"com.amazonaws.us-east-1.{service}" in names

    def test_a_service_has_its_kinds_and_its_private_name(self, network: Network) -> None:
        def details(name: str) -> list[dict[str, Any]]:
            found = network.ec2.describe_vpc_endpoint_services(
                ServiceNames=[f"com.amazonaws.us-east-1.{name}"]
            )
            return list(found["ServiceDetails"])

        assert [each["ServiceType"][0]["ServiceType"] for each in details("s3")] == ["Gateway", "Interface"]
        assert details("ecr.dkr")[0]["PrivateDnsName"] == "*.dkr.ecr.us-east-1.amazonaws.com"
        assert details("ecr.api")[0]["PrivateDnsName"] == "api.ecr.us-east-1.amazonaws.com"
        assert "us-east-1a" in details("logs")[0]["AvailabilityZones"]

    def test_they_can_be_filtered_by_kind(self, network: Network) -> None:
        found = network.ec2.describe_vpc_endpoint_services(
            Filters=[{"Name": "service-type", "Values": ["Gateway"]}]
        )
        assert found["ServiceNames"] == ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]

    def test_prefix_lists_have_the_gateway_services(self, network: Network) -> None:
        names = [each["PrefixListName"] for each in network.ec2.describe_prefix_lists()["PrefixLists"]]
        assert {"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"} <= set(names)
