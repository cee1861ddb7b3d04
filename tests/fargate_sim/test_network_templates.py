"""Networks made by CloudFormation are those that the template describes."""

from __future__ import annotations

import json

from support.networks import Network

from .conftest import Offline

TEMPLATE = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16, EnableDnsHostnames: true, EnableDnsSupport: true}}
  Plain: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.8.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.9.0.0/24}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  OfSubnet: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref Subnet, ConnectivityType: private}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: out to the VPC only
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.9.0.0/16}]
      SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.9.0.0/16}]
  Api:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      VpcEndpointType: Interface
      ServiceName: com.amazonaws.us-east-1.ecr.api
      SubnetIds: [!Ref Subnet]
      SecurityGroupIds: [!Ref Group]
      PrivateDnsEnabled: true
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "ecr:*", Resource: "*"}]}
  Logs:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      {VpcId: !Ref Vpc, VpcEndpointType: Interface, ServiceName: com.amazonaws.us-east-1.logs, PrivateDnsEnabled: "false"}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attached:
    {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Out:
    Type: AWS::EC2::Route
    DependsOn: Attached
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Bucket:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, ServiceName: com.amazonaws.us-east-1.s3, RouteTableIds: [!Ref Table]}
"""


def test_a_stack_of_endpoints_is_made_and_deleted(offline: Offline) -> None:
    network = Network(offline)
    stacks = network.offline.client("cloudformation")
    stacks.create_stack(StackName="net", TemplateBody=TEMPLATE)
    found = stacks.describe_stack_resources(StackName="net")["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
    facts = network.surroundings.vpc(ids["Vpc"])
    assert facts is not None
    assert facts.dns_hostnames
    assert facts.endpoints[ids["Api"]].private_dns
    assert json.loads(facts.endpoints[ids["Api"]].policy or "")["Statement"][0]["Action"] == "ecr:*"
    assert not facts.endpoints[ids["Logs"]].private_dns
    assert facts.endpoints[ids["Api"]].security_groups == (ids["Group"],)
    assert facts.endpoints[ids["Bucket"]].route_tables == (ids["Table"],)
    kinds = {route.kind for route in facts.route_tables[ids["Table"]].routes}
    assert kinds == {"gateway endpoint", "internet gateway"}
    assert [rule.cidrs for rule in facts.security_groups[ids["Group"]].rules_out] == [("10.9.0.0/16",)]
    assert not next(iter(facts.nat_gateways.values())).public
    plain = network.surroundings.vpc(ids["Plain"])
    assert plain is not None
    assert (plain.dns_support, plain.dns_hostnames) == (True, False)
    stacks.delete_stack(StackName="net")
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert network.surroundings.vpc(ids["Vpc"]) is None
