"""Egress as a learner builds it with the EC2 API, and what the model sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.networks import REGION, Network

from fargate_sim.model.egress import Destination, Route, aws

from .conftest import Offline

API = aws("ecr.api", REGION)
S3 = aws("s3", REGION)
HUB = Destination("registry-1.docker.io")


@pytest.fixture
def network(offline: Offline) -> Iterator[Network]:
    return Network(offline)


class TestFacts:
    def test_the_base_environment_reaches_everything_through_its_nat_gateway(self, network: Network) -> None:
        for destination in (API, S3, HUB):
            route = network.reach(destination)
            assert (route.missing, route.through) == ("", network.nat())
        assert network.reach(HUB, "PUBLIC_SUBNET_A", public=True).through == network.igw()
        assert not network.reach(HUB, "PUBLIC_SUBNET_A").reached

    def test_what_the_vpc_is_made_of(self, network: Network) -> None:
        facts = network.facts
        assert facts.cidrs == ("10.0.0.0/16",)
        assert (facts.dns_support, facts.dns_hostnames) == (True, True)
        assert facts.subnets[network.env["SUBNET_A"]].label == f"{network.env['SUBNET_A']} (private-a)"
        assert facts.internet_gateways == (network.igw(),)
        assert sum(table.main for table in facts.route_tables.values()) == 1
        assert all(subnet.acl in facts.acls for subnet in facts.subnets.values())
        assert [rule.number for rule in next(iter(facts.acls.values())).rules_in] == [100, 32767]
        names = {each.name for each in facts.prefix_lists.values()}
        assert {f"com.amazonaws.{REGION}.s3", f"com.amazonaws.{REGION}.dynamodb"} <= names
        assert facts.security_groups[network.env["SG"]].rules_out[0].cidrs == ("0.0.0.0/0",)
        assert facts.security_groups[network.env["SG"]].rules_in[0].groups == (network.env["ALB_SG"],)

    def test_there_are_none_of_an_unknown_vpc(self, network: Network) -> None:
        assert network.surroundings.vpc("vpc-0") is None

    def test_they_are_the_same_object_until_something_of_the_vpc_changes(self, network: Network) -> None:
        before = network.facts
        network.ec2.create_vpc(CidrBlock="10.9.0.0/16")
        network.offline.client("logs").create_log_group(logGroupName="/x")
        assert network.facts is before
        network.ec2.revoke_security_group_egress(
            GroupId=network.env["SG"],
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
        assert network.facts is not before

    def test_a_vpc_that_is_deleted_is_gone(self, network: Network) -> None:
        made = network.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        assert network.surroundings.vpc(made) is not None
        network.ec2.delete_vpc(VpcId=made)
        assert network.surroundings.vpc(made) is None

    def test_a_vpc_with_a_gateway_or_an_endpoint_cannot_be_deleted(self, network: Network) -> None:
        ec2 = network.ec2
        made = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=made)
        endpoint = ec2.create_vpc_endpoint(VpcId=made, ServiceName=f"com.amazonaws.{REGION}.s3")[
            "VpcEndpoint"
        ]
        assert network.refused("delete_vpc", VpcId=made)[0] == "DependencyViolation"
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=made)
        assert network.refused("delete_vpc", VpcId=made)[0] == "DependencyViolation"
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
        ec2.delete_vpc(VpcId=made)
        assert network.surroundings.vpc(made) is None

    def test_a_default_group_lets_its_own_members_in(self, network: Network) -> None:
        group = network.surroundings.default_security_group(network.vpc_id)
        assert network.facts.security_groups[group].rules_in[0].groups == (group,)

    @pytest.mark.parametrize(
        ("attribute", "on"), [("EnableDnsSupport", False), ("EnableDnsHostnames", False)]
    )
    def test_dns_attributes_are_read(self, network: Network, attribute: str, on: bool) -> None:
        network.ec2.modify_vpc_attribute(VpcId=network.vpc_id, **{attribute: {"Value": on}})
        facts = network.facts
        assert (facts.dns_support, facts.dns_hostnames) == (
            attribute != "EnableDnsSupport",
            attribute == "EnableDnsSupport",
        )
        assert network.reach(HUB).reached is (attribute == "EnableDnsHostnames")

    def test_a_network_acl_is_read(self, network: Network) -> None:
        ec2 = network.ec2
        acl = ec2.create_network_acl(VpcId=network.vpc_id)["NetworkAcl"]["NetworkAclId"]
        found = ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [network.env["SUBNET_A"]]}]
        )
        association = next(
            each["NetworkAclAssociationId"]
            for each in found["NetworkAcls"][0]["Associations"]
            if each["SubnetId"] == network.env["SUBNET_A"]
        )
        ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
        assert f"network ACL {acl}" in network.reach(HUB).missing
        common = {"NetworkAclId": acl, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
        ec2.create_network_acl_entry(
            **common, RuleNumber=100, Egress=True, PortRange={"From": 443, "To": 443}
        )
        assert "in back from" in network.reach(HUB).missing
        ec2.create_network_acl_entry(
            **common, RuleNumber=100, Egress=False, PortRange={"From": 1024, "To": 65535}
        )
        assert network.reach(HUB).reached
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False)
        assert not network.reach(HUB).reached
        code, _ = network.refused("delete_network_acl_entry", NetworkAclId=acl, RuleNumber=100, Egress=False)
        assert code == "InvalidNetworkAclEntry.NotFound"

    def test_an_unknown_association_of_a_network_acl_is_refused(self, network: Network) -> None:
        acl = network.ec2.create_network_acl(VpcId=network.vpc_id)["NetworkAcl"]["NetworkAclId"]
        code, _ = network.refused(
            "replace_network_acl_association", AssociationId="aclassoc-0", NetworkAclId=acl
        )
        assert code == "InvalidAssociationID.NotFound"


class TestSecurityGroups:
    ANY = ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},)

    def test_a_revoked_outbound_rule_closes_and_a_new_one_opens(self, network: Network) -> None:
        group = network.env["SG"]
        network.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=list(self.ANY))
        assert f"security group {group} of the task lets no TCP 443 out" in network.reach(HUB).missing
        web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        network.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[web])
        assert network.reach(HUB).reached
        network.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[web])
        assert not network.reach(HUB).reached

    def test_a_rule_can_name_a_prefix_list(self, network: Network) -> None:
        group = network.env["SG"]
        network.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=list(self.ANY))
        lists = network.ec2.describe_prefix_lists()["PrefixLists"]
        listed = next(each for each in lists if each["PrefixListName"] == f"com.amazonaws.{REGION}.s3")
        rule = {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "PrefixListIds": [{"PrefixListId": listed["PrefixListId"]}],
        }
        network.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
        assert network.reach(S3).reached
        assert not network.reach(HUB).reached


class TestRoutes:
    def test_a_deleted_route_is_gone_and_a_new_one_repairs(self, network: Network) -> None:
        table = network.table_of("SUBNET_A")
        network.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        assert network.reach(HUB).missing.startswith(
            f"route table {table} of subnet {network.env['SUBNET_A']} (private-a)"
        )
        network.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=network.nat()
        )
        assert network.reach(HUB).reached

    def test_a_replaced_route_leads_elsewhere(self, network: Network) -> None:
        table = network.table_of("SUBNET_A")
        network.ec2.replace_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.igw()
        )
        assert "no public IP address" in network.reach(HUB).missing
        assert network.reach(HUB, public=True).reached

    def test_a_subnet_moves_to_another_table(self, network: Network) -> None:
        public = network.table_of("PUBLIC_SUBNET_A")
        network.ec2.replace_route_table_association(
            AssociationId=network.association_of("SUBNET_A"), RouteTableId=public
        )
        assert "no public IP address" in network.reach(HUB).missing
        assert network.reach(HUB, "SUBNET_B").reached

    def test_a_subnet_without_an_association_goes_by_the_main_table(self, network: Network) -> None:
        network.ec2.disassociate_route_table(AssociationId=network.association_of("SUBNET_A"))
        assert network.reach(HUB).missing.startswith("main route table")

    def test_a_second_association_is_refused(self, network: Network) -> None:
        public = network.table_of("PUBLIC_SUBNET_A")
        assert network.refused(
            "associate_route_table", RouteTableId=public, SubnetId=network.env["SUBNET_A"]
        ) == (
            "Resource.AlreadyAssociated",
            f"the specified association for route table {public} conflicts with an existing association",
        )

    def test_a_route_to_a_nat_gateway_that_is_not_there_is_refused(self, network: Network) -> None:
        wanted = {"RouteTableId": network.table_of("SUBNET_A"), "DestinationCidrBlock": "198.51.0.0/16"}
        nowhere = network.refused("create_route", **wanted, NatGatewayId="nat-0")
        assert nowhere == ("InvalidNatGatewayID.NotFound", "The natGateway ID 'nat-0' does not exist")
        assert network.refused("create_route", **wanted)[0] == "MissingParameter"
        wanted["DestinationCidrBlock"] = "0.0.0.0/0"
        assert (
            network.refused("replace_route", **wanted, NatGatewayId="nat-0")[0]
            == "InvalidNatGatewayID.NotFound"
        )
        assert network.reach(HUB).reached

    def test_a_route_to_an_internet_gateway_of_another_vpc_is_refused(self, network: Network) -> None:
        gateway = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        table = network.table_of("SUBNET_A")
        code, message = network.refused(
            "create_route", RouteTableId=table, DestinationCidrBlock="198.51.0.0/16", GatewayId=gateway
        )
        assert (code, message) == (
            "InvalidParameterValue",
            f"route table {table} and network gateway {gateway} belong to different networks",
        )

    def test_a_local_route_stays(self, network: Network) -> None:
        table = network.table_of("SUBNET_A")
        assert network.refused("delete_route", RouteTableId=table, DestinationCidrBlock="10.0.0.0/16") == (
            "InvalidParameterValue",
            f"cannot remove local route 10.0.0.0/16 in route table {table}",
        )

    def test_a_block_of_the_vpc_takes_its_local_routes_along(self, network: Network) -> None:
        made = network.ec2.associate_vpc_cidr_block(VpcId=network.vpc_id, CidrBlock="10.7.0.0/16")
        assert "10.7.0.0/16" in network.routes(network.table_of("SUBNET_A"))
        network.ec2.disassociate_vpc_cidr_block(AssociationId=made["CidrBlockAssociation"]["AssociationId"])
        assert "10.7.0.0/16" not in network.routes(network.table_of("SUBNET_A"))
        assert network.facts.cidrs == ("10.0.0.0/16",)

    def test_a_gateway_cannot_be_detached_under_public_addresses(self, network: Network) -> None:
        code, message = network.refused(
            "detach_internet_gateway", InternetGatewayId=network.igw(), VpcId=network.vpc_id
        )
        assert code == "DependencyViolation"
        assert message.startswith(f"Network {network.vpc_id} has some mapped public address(es).")

    def test_a_detached_gateway_leaves_a_blackhole(self, network: Network) -> None:
        gateway = network.igw()
        network.ec2.delete_nat_gateway(NatGatewayId=network.nat())
        network.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc_id)
        table = network.table_of("PUBLIC_SUBNET_A")
        assert network.routes(table)["0.0.0.0/0"]["State"] == "blackhole"
        assert "blackhole" in network.reach(HUB, "PUBLIC_SUBNET_A", public=True).missing


class TestNatGateways:
    def test_a_deleted_one_leaves_a_blackhole_and_frees_its_address(self, network: Network) -> None:
        nat, table = network.nat(), network.table_of("SUBNET_A")
        network.ec2.delete_nat_gateway(NatGatewayId=nat)
        assert network.routes(table)["0.0.0.0/0"]["State"] == "blackhole"
        assert f"leads to {nat}, which is not there or not attached (blackhole)" in network.reach(HUB).missing
        assert "AssociationId" not in network.ec2.describe_addresses()["Addresses"][0]
        assert network.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "deleted"

    def test_another_one_repairs(self, network: Network) -> None:
        network.ec2.delete_nat_gateway(NatGatewayId=network.nat())
        address = network.ec2.describe_addresses()["Addresses"][0]["AllocationId"]
        made = network.ec2.create_nat_gateway(SubnetId=network.env["PUBLIC_SUBNET_B"], AllocationId=address)[
            "NatGateway"
        ]
        assert (made["State"], made["ConnectivityType"]) == ("available", "public")
        network.ec2.replace_route(
            RouteTableId=network.table_of("SUBNET_A"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=made["NatGatewayId"],
        )
        assert network.reach(HUB).through == made["NatGatewayId"]

    def through(self, network: Network, **wanted: Any) -> Route:
        made = network.ec2.create_nat_gateway(**wanted)["NatGateway"]["NatGatewayId"]
        network.ec2.replace_route(
            RouteTableId=network.table_of("SUBNET_A"), DestinationCidrBlock="0.0.0.0/0", NatGatewayId=made
        )
        return network.reach(HUB)

    def test_its_address_cannot_be_taken_away(self, network: Network) -> None:
        address = network.ec2.describe_addresses()["Addresses"][0]
        released = network.refused("release_address", AllocationId=address["AllocationId"])
        assert released == ("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.")
        code, _ = network.refused("disassociate_address", AssociationId=address["AssociationId"])
        assert code == "AuthFailure"
        network.ec2.delete_nat_gateway(NatGatewayId=network.nat())
        network.ec2.release_address(AllocationId=address["AllocationId"])
        assert network.ec2.describe_addresses()["Addresses"] == []

    def test_one_in_a_private_subnet_leads_nowhere(self, network: Network) -> None:
        address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
        route = self.through(network, SubnetId=network.env["SUBNET_B"], AllocationId=address)
        assert "not to an internet gateway" in route.missing

    def test_a_private_one_leads_nowhere(self, network: Network) -> None:
        route = self.through(network, SubnetId=network.env["PUBLIC_SUBNET_A"], ConnectivityType="private")
        assert "has private connectivity" in route.missing

    def test_a_public_one_needs_an_elastic_ip(self, network: Network) -> None:
        assert network.refused("create_nat_gateway", SubnetId=network.env["PUBLIC_SUBNET_A"]) == (
            "MissingParameter",
            "The request must include the AllocationId parameter. Add the required parameter and retry the request.",
        )

    def test_one_without_an_internet_gateway_fails(self, network: Network) -> None:
        ec2 = network.ec2
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        assert (made["State"], made["FailureCode"], made["FailureMessage"]) == (
            "failed",
            "Gateway.NotAttached",
            f"Network {vpc} has no Internet gateway attached",
        )
        assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 251

    def test_one_with_a_used_address_fails(self, network: Network) -> None:
        address = network.ec2.describe_addresses()["Addresses"][0]["AllocationId"]
        made = network.ec2.create_nat_gateway(SubnetId=network.env["PUBLIC_SUBNET_B"], AllocationId=address)[
            "NatGateway"
        ]
        assert (made["State"], made["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
        assert network.reach(HUB).reached

    @pytest.mark.parametrize("operation", ["delete_nat_gateway", "describe_nat_gateways"])
    def test_an_unknown_one_is_refused(self, network: Network, operation: str) -> None:
        wanted: Any = "nat-0" if operation.startswith("delete") else ["nat-0"]
        name = "NatGatewayId" if operation.startswith("delete") else "NatGatewayIds"
        assert network.refused(operation, **{name: wanted})[0] == "NatGatewayNotFound"
