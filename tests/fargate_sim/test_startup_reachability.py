"""The links that need a way: each broken, with AWS's text, and repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Offline
from .premises import PUBLIC_IMAGE, Premises, document, statement

INIT = "ResourceInitializationError: unable to pull secrets or registry auth: "
FOR_THE_IMAGE = ("ecr.api", "ecr.dkr", "s3")


@pytest.fixture
def premises(offline: Offline) -> Premises:
    return Premises(offline)


class TestPublicRegistry:
    def test_no_route_then_nat(self, premises: Premises) -> None:
        definition = premises.register(PUBLIC_IMAGE)
        missing = premises.fails(
            definition,
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref",
            'Head "https://public.ecr.aws/v2/nginx/nginx/manifests/1.27": dial tcp ',
            ":443: i/o timeout",
        )
        assert premises.table in missing
        premises.to_nat()
        premises.starts(definition)

    def test_endpoints_of_ecr_are_no_way_to_the_public_gallery(self, premises: Premises) -> None:
        premises.endpoints(*FOR_THE_IMAGE)
        premises.fails(premises.register(PUBLIC_IMAGE), "public.ecr.aws", "i/o timeout")

    def test_a_public_ip_needs_a_route_to_an_internet_gateway(self, premises: Premises) -> None:
        definition = premises.register(PUBLIC_IMAGE)
        premises.fails(definition, "i/o timeout", public_ip=True)
        premises.starts(definition, public_ip=True, subnet=premises.env["PUBLIC_SUBNET_A"])

    def test_a_route_to_an_internet_gateway_needs_a_public_ip(self, premises: Premises) -> None:
        definition = premises.register(PUBLIC_IMAGE)
        missing = premises.fails(definition, "i/o timeout", subnet=premises.env["PUBLIC_SUBNET_A"])
        assert "public" in missing

    def test_a_group_that_lets_nothing_out(self, premises: Premises) -> None:
        premises.to_nat()
        definition = premises.register(PUBLIC_IMAGE)
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        premises.ec2.revoke_security_group_egress(GroupId=premises.group, IpPermissions=everything)
        assert premises.group in premises.fails(definition, "i/o timeout")
        premises.ec2.authorize_security_group_egress(GroupId=premises.group, IpPermissions=everything)
        premises.starts(definition)


class TestPrivateRegistry:
    def test_authorisation_goes_to_the_api(self, premises: Premises) -> None:
        premises.endpoints("ecr.dkr", "s3")
        definition = premises.register()
        missing = premises.fails(
            definition,
            f"{INIT}The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR.",
            "operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0",
            'Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp ',
        )
        assert premises.table in missing
        premises.endpoint("ecr.api")
        premises.starts(definition)

    def test_the_manifest_comes_from_the_registry(self, premises: Premises) -> None:
        premises.endpoints("ecr.api", "s3")
        definition = premises.register()
        premises.fails(
            definition,
            "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
            f'Head "https://{premises.account}.dkr.ecr.us-east-1.amazonaws.com/v2/fargate-lab/app/manifests/1.0"',
        )
        premises.endpoint("ecr.dkr")
        premises.starts(definition)

    def test_the_layers_come_from_s3_after_the_manifest_has_come(self, premises: Premises) -> None:
        premises.endpoints("ecr.api", "ecr.dkr")
        definition = premises.register()
        missing = premises.fails(
            definition,
            f"CannotPullContainerError: The task cannot pull {premises.image}@sha256:",
            "There is a connection issue between the task and the registry.",
            "failed to copy: httpReadSeeker: failed open: failed to do request: Get",
        )
        assert premises.table in missing
        premises.endpoint("s3")
        premises.starts(definition)

    def test_the_gateway_endpoint_must_be_in_the_subnets_own_table(self, premises: Premises) -> None:
        premises.endpoints("ecr.api", "ecr.dkr")
        other = premises.ec2.create_route_table(VpcId=premises.vpc)["RouteTable"]["RouteTableId"]
        gateway = premises.endpoint("s3")
        premises.ec2.modify_vpc_endpoint(
            VpcEndpointId=gateway, AddRouteTableIds=[other], RemoveRouteTableIds=[premises.table]
        )
        definition = premises.register()
        premises.fails(definition, "failed to copy: httpReadSeeker")
        premises.ec2.modify_vpc_endpoint(VpcEndpointId=gateway, AddRouteTableIds=[premises.table])
        premises.starts(definition)

    def test_a_closed_door_of_an_endpoint_stops_what_nat_would_have_carried(self, premises: Premises) -> None:
        premises.to_nat()
        definition = premises.register()
        premises.starts(definition)
        endpoint = premises.endpoint("ecr.api")
        premises.close_doors()
        missing = premises.fails(definition, "GetAuthorizationToken", "i/o timeout")
        assert premises.doors in missing
        assert endpoint in missing
        premises.open_doors()
        premises.starts(definition)

    def test_without_private_dns_the_name_leads_past_the_endpoint(self, premises: Premises) -> None:
        premises.endpoints("ecr.dkr", "s3")
        endpoint = premises.endpoint("ecr.api", PrivateDnsEnabled=False)
        definition = premises.register()
        premises.fails(definition, "GetAuthorizationToken", "i/o timeout")
        premises.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=True)
        premises.starts(definition)

    def test_the_policy_of_an_endpoint_can_refuse(self, premises: Premises) -> None:
        premises.endpoints("ecr.dkr", "s3")
        narrow = document(statement("ecr:DescribeImages", Principal="*"))
        endpoint = premises.endpoint("ecr.api", PolicyDocument=narrow)
        definition = premises.register()
        premises.fails(
            definition,
            "unable to retrieve ecr registry auth: service call has been retried 1 time(s)",
            "is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
            "VPC endpoint policy",
        )
        premises.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
        premises.starts(definition)

    def test_the_policy_of_the_s3_endpoint_must_let_ecrs_bucket_through(self, premises: Premises) -> None:
        premises.endpoints("ecr.api", "ecr.dkr")
        own = document(statement("s3:GetObject", "arn:aws:s3:::my-own/*", Principal="*"))
        gateway = premises.endpoint("s3", PolicyDocument=own)
        definition = premises.register()
        missing = premises.fails(definition, "failed to copy: httpReadSeeker", "403 Forbidden")
        assert "prod-us-east-1-starport-layer-bucket" in missing
        layers = statement(
            "s3:GetObject", "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*", Principal="*"
        )
        premises.ec2.modify_vpc_endpoint(VpcEndpointId=gateway, PolicyDocument=document(layers))
        premises.starts(definition)

    def test_nat_carries_all_of_it(self, premises: Premises) -> None:
        premises.to_nat()
        premises.starts(premises.register(log_group=premises.env["LOG_GROUP"]))


class TestWhatTheServicesSee:
    """By which address, and by which endpoint, as CloudTrail has it."""

    def authorised(self, premises: Premises, task: dict[str, Any]) -> dict[str, Any]:
        wanted = [
            {"AttributeKey": "Username", "AttributeValue": task["taskArn"].rpartition("/")[2]},
        ]
        found = premises.offline.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
        (event,) = (each for each in found if each["EventName"] == "GetAuthorizationToken")
        return dict(json.loads(event["CloudTrailEvent"]))

    def test_behind_a_nat_gateway_its_elastic_ip(self, premises: Premises) -> None:
        premises.to_nat()
        told = self.authorised(premises, premises.starts(premises.register()))
        (nat,) = premises.ec2.describe_nat_gateways()["NatGateways"]
        assert told["sourceIPAddress"] == nat["NatGatewayAddresses"][0]["PublicIp"]
        assert "vpcEndpointId" not in told

    def test_by_an_endpoint_the_tasks_own_address(self, premises: Premises) -> None:
        premises.endpoints("ecr.dkr", "s3")
        endpoint = premises.endpoint("ecr.api")
        task = premises.starts(premises.register())
        told = self.authorised(premises, task)
        details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
        assert told["sourceIPAddress"] == details["privateIPv4Address"]
        assert told["vpcEndpointId"] == endpoint

    def test_by_the_internet_gateway_its_public_address(self, premises: Premises) -> None:
        where = premises.env["PUBLIC_SUBNET_A"]
        task = premises.starts(premises.register(), public_ip=True, subnet=where)
        details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
        eni = premises.ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
        seen = self.authorised(premises, task)["sourceIPAddress"]
        assert seen == eni["NetworkInterfaces"][0]["Association"]["PublicIp"]


class TestLogs:
    def test_no_way_to_cloudwatch(self, premises: Premises) -> None:
        premises.endpoints(*FOR_THE_IMAGE)
        definition = premises.register(log_group=premises.env["LOG_GROUP"])
        premises.fails(
            definition,
            "ResourceInitializationError: failed to validate logger args: "
            "The task cannot find the Amazon CloudWatch log group defined in the task definition. "
            "There is a connection issue between the task and Amazon CloudWatch. Check your network configuration.",
        )
        premises.endpoint("logs")
        premises.starts(definition)

    def test_the_stream_comes_before_the_layers(self, premises: Premises) -> None:
        premises.endpoints("ecr.api", "ecr.dkr")
        premises.fails(
            premises.register(log_group=premises.env["LOG_GROUP"]), "failed to validate logger args"
        )


class TestSecrets:
    def test_no_way_to_secrets_manager(self, premises: Premises) -> None:
        premises.endpoints(*FOR_THE_IMAGE)
        arn = premises.sm.create_secret(Name="db", SecretString="s3cret")["ARN"]
        premises.grant(statement("secretsmanager:GetSecretValue", arn))
        definition = premises.register(secrets=[("DB_PASSWORD", arn)])
        premises.fails(
            definition,
            f"{INIT}unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager.",
            f"failed to fetch secret {arn} from secrets manager: operation error Secrets Manager: GetSecretValue, "
            "https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded",
        )
        premises.endpoint("secretsmanager")
        premises.starts(definition)

    def test_no_way_to_systems_manager(self, premises: Premises) -> None:
        premises.endpoints(*FOR_THE_IMAGE)
        premises.ssm.put_parameter(Name="/db/host", Value="db.internal", Type="String")
        premises.grant(statement("ssm:GetParameters"))
        definition = premises.register(secrets=[("DB_HOST", "/db/host")])
        premises.fails(
            definition,
            f"{INIT}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager.",
        )
        premises.endpoint("ssm")
        premises.starts(definition)

    def test_secrets_come_before_the_registry(self, premises: Premises) -> None:
        arn = premises.sm.create_secret(Name="db", SecretString="s3cret")["ARN"]
        premises.fails(
            premises.register(secrets=[("DB_PASSWORD", arn)]), "unable to retrieve secret from asm"
        )


def test_what_is_repaired_while_aws_still_tries_is_found(premises: Premises) -> None:
    definition = premises.register(PUBLIC_IMAGE)
    network = {"subnets": [premises.subnet], "securityGroups": [premises.group]}
    arn = premises.ecs.run_task(
        cluster="demo",
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )["tasks"][0]["taskArn"]
    premises.offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})
    premises.to_nat()
    premises.offline.control.post("/_lab/clock", {"action": "advance", "ms": 240_000})
    task = premises.ecs.describe_tasks(cluster="demo", tasks=[arn])["tasks"][0]
    assert task["lastStatus"] == "RUNNING"


def test_no_address_is_left_until_a_task_goes(premises: Premises) -> None:
    small = premises.ec2.create_subnet(
        VpcId=premises.vpc, CidrBlock="10.0.60.0/28", AvailabilityZone="us-east-1a"
    )["Subnet"]["SubnetId"]
    premises.ec2.associate_route_table(RouteTableId=premises.table, SubnetId=small)
    premises.to_nat()
    definition = premises.register(PUBLIC_IMAGE)
    running = [premises.starts(definition, subnet=small)["taskArn"] for _ in range(11)]
    premises.fails(
        definition,
        f"Unexpected EC2 error while attempting to Create Network Interface in subnet '{small}': InsufficientFreeAddressesInSubnet",
        subnet=small,
    )
    premises.ecs.stop_task(cluster="demo", task=running[0])
    premises.offline.control.post("/_lab/clock", {"action": "advance", "ms": 120_000})
    premises.starts(definition, subnet=small)
