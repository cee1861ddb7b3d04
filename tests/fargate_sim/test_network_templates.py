"""Networks made by CloudFormation are those that the template describes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.networks import Network

from .conftest import Offline
from .premises import MANAGED, TRUST, document, statement

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


def test_policies_of_a_template_are_those_of_what_it_makes(offline: Offline) -> None:
    everybody = json.loads(document({**statement("*"), "Principal": "*"}))
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": everybody}},
        "Images": {
            "Type": "AWS::ECR::Repository",
            "Properties": {"RepositoryName": "shop", "RepositoryPolicyText": everybody},
        },
    }
    stacks = offline.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
    surroundings, account = offline.cloud.moto.surroundings("us-east-1"), offline.cloud.account
    key = stacks.describe_stack_resource(StackName="s", LogicalResourceId="Key")["StackResourceDetail"]
    for arn in (
        f"arn:aws:kms:us-east-1:{account}:key/{key['PhysicalResourceId']}",
        f"arn:aws:ecr:us-east-1:{account}:repository/shop",
    ):
        assert json.loads(surroundings.resource_policy(arn) or "") == everybody
    facts = surroundings.key(key["PhysicalResourceId"], region="")
    assert facts is not None
    assert json.loads(facts.policy) == everybody


@pytest.mark.filterwarnings("ignore:Tried to parse")
def test_a_template_with_something_that_cannot_be_made_is_refused_whole(offline: Offline) -> None:
    stacks = offline.client("cloudformation")
    template = {
        "Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/made"}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}},
            "Told": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}},
        }
    }
    with pytest.raises(ClientError, match="resources of type AWS::SecretsManager::Secret") as refused:
        stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "s" not in [each["StackName"] for each in stacks.describe_stacks()["Stacks"]]
    assert not offline.client("logs").describe_log_groups(logGroupNamePrefix="/made")["logGroups"]
    del template["Resources"]["Secret"]
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    assert offline.client("logs").describe_log_groups(logGroupNamePrefix="/made")["logGroups"]


def test_a_changed_template_changes_what_it_made_and_can_be_deleted(offline: Offline) -> None:
    network = Network(offline)
    stacks = offline.client("cloudformation")

    def role(*actions: str, managed: list[str]) -> dict[str, Any]:
        inline = {"PolicyName": "own", "PolicyDocument": json.loads(document(statement(list(actions))))}
        return {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "made",
                "AssumeRolePolicyDocument": TRUST,
                "ManagedPolicyArns": managed,
                "Policies": [inline] if actions else [],
            },
        }

    def template(endpoint: dict[str, Any], rules: list[dict[str, Any]], made: dict[str, Any]) -> str:
        api = {
            "VpcId": network.vpc_id,
            "VpcEndpointType": "Interface",
            "ServiceName": "com.amazonaws.us-east-1.ecr.api",
            **endpoint,
        }
        group = {"GroupDescription": "g", "VpcId": network.vpc_id, "SecurityGroupIngress": rules}
        resources = {
            "Api": {"Type": "AWS::EC2::VPCEndpoint", "Properties": api},
            "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
            "Role": made,
        }
        return json.dumps({"Resources": resources})

    everything = {"IpProtocol": "-1", "CidrIp": "10.0.0.0/16"}
    stacks.create_stack(
        StackName="s", TemplateBody=template({}, [everything], role("s3:*", managed=[MANAGED]))
    )
    found = stacks.describe_stack_resources(StackName="s")["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=ids["Api"], AddSecurityGroupIds=[ids["Group"]])
    only_https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    stacks.update_stack(
        StackName="s",
        TemplateBody=template({"PrivateDnsEnabled": True}, [only_https], role("sqs:*", managed=[])),
    )
    facts = network.surroundings.vpc(network.vpc_id)
    assert facts is not None
    assert facts.endpoints[ids["Api"]].private_dns
    assert [rule.from_port for rule in facts.security_groups[ids["Group"]].rules_in] == [443]
    made = network.surroundings.role(f"arn:aws:iam::{offline.cloud.account}:role/made")
    assert made is not None
    assert [policy.name for policy in made.policies] == ["own"]
    assert "sqs" in made.policies[0].document
    stacks.update_stack(StackName="s", TemplateBody=template({}, [everything], role(managed=[MANAGED])))
    made = network.surroundings.role(made.arn)
    assert made is not None
    assert [policy.name for policy in made.policies] == ["AmazonECSTaskExecutionRolePolicy"]
    stacks.delete_stack(StackName="s")
    assert network.surroundings.role(made.arn) is None
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
