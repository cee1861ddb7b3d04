"""Who the caller is, and KMS keys by every name that AWS takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Offline
from .premises import TRUST, document, statement

EVERYBODY = document({**statement("kms:*"), "Principal": "*"})


class TestIdentity:
    def test_sts_iam_and_the_event_history_name_the_same_user(self, offline: Offline) -> None:
        offline.client("logs").create_log_group(logGroupName="/a")
        who = offline.client("sts").get_caller_identity()
        user = offline.client("iam").get_user()["User"]
        event = offline.client("cloudtrail").lookup_events()["Events"][0]
        told = json.loads(event["CloudTrailEvent"])["userIdentity"]
        assert (
            who["Arn"] == user["Arn"] == told["arn"] == f"arn:aws:iam::{offline.cloud.account}:user/learner"
        )
        assert who["UserId"] == user["UserId"] == told["principalId"]
        assert user["UserName"] == "learner"

    def test_an_assumed_role_is_itself(self, offline: Offline) -> None:
        iam = offline.client("iam")
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        assumed = offline.client("sts").assume_role(RoleArn=role, RoleSessionName="me")
        assert assumed["AssumedRoleUser"]["Arn"].endswith(":assumed-role/r/me")


class TestKeys:
    @pytest.fixture
    def kms(self, offline: Offline) -> Any:
        return offline.client("kms")

    @pytest.mark.parametrize("name", ["Arn", "KeyId"])
    def test_a_key_goes_by_its_arn_as_by_its_id(self, kms: Any, name: str) -> None:
        made = kms.create_key()["KeyMetadata"]
        key = made[name]

        def state() -> str:
            return str(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])

        kms.disable_key(KeyId=key)
        assert state() == "Disabled"
        kms.enable_key(KeyId=key)
        assert state() == "Enabled"
        scheduled = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        assert (scheduled["KeyId"], scheduled["KeyState"]) == (made["Arn"], "PendingDeletion")
        assert scheduled["PendingWindowInDays"] == 7
        assert state() == "PendingDeletion"
        assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == made["Arn"]
        assert state() == "Disabled"

    @pytest.mark.parametrize("days", [6, 31])
    def test_a_waiting_period_is_from_7_to_30_days(self, kms: Any, days: int) -> None:
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        with pytest.raises(ClientError, match="'pendingWindowInDays' failed to satisfy constraint"):
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)

    def test_the_policy_need_not_be_named(self, kms: Any) -> None:
        key = kms.create_key(Policy=EVERYBODY)["KeyMetadata"]["KeyId"]
        assert kms.get_key_policy(KeyId=key)["Policy"] == EVERYBODY

    @pytest.mark.parametrize("policy", ["{", "{}", document(statement("kms:*"))])
    def test_a_malformed_policy_is_refused(self, kms: Any, policy: str) -> None:
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        for call in (
            lambda: kms.create_key(Policy=policy),
            lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocumentException"

    def test_grants_of_a_key_that_is_not_there(self, kms: Any) -> None:
        for call in (
            lambda: kms.list_grants(KeyId="nokey"),
            lambda: kms.create_grant(KeyId="nokey", GranteePrincipal="x", Operations=["Decrypt"]),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert refused.value.response["Error"]["Code"] == "NotFoundException"


class TestNetworks:
    def test_route_tables_by_the_state_of_their_routes(self, offline: Offline) -> None:
        ec2 = offline.client("ec2")

        def tables(name: str, value: str) -> set[str]:
            found = ec2.describe_route_tables(Filters=[{"Name": name, "Values": [value]}])["RouteTables"]
            return {each["RouteTableId"] for each in found}

        assert not tables("route.state", "blackhole")
        nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
        broken = tables("route.nat-gateway-id", nat)
        ec2.delete_nat_gateway(NatGatewayId=nat)
        assert broken
        assert tables("route.state", "blackhole") == broken

    def test_route_tables_by_the_prefix_list_of_an_endpoint(self, offline: Offline) -> None:
        ec2, vpc = offline.client("ec2"), offline.env()["VPC"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])
        listed = next(
            each["PrefixListId"]
            for each in ec2.describe_prefix_lists()["PrefixLists"]
            if each["PrefixListName"].endswith(".s3")
        )
        found = ec2.describe_route_tables(
            Filters=[{"Name": "route.destination-prefix-list-id", "Values": [listed]}]
        )["RouteTables"]
        assert [each["RouteTableId"] for each in found] == [table]

    @pytest.mark.parametrize("direction", ["ingress", "egress"])
    def test_a_rule_without_ports(self, offline: Offline, direction: str) -> None:
        ec2, group = offline.client("ec2"), offline.env()["SG"]
        authorize = getattr(ec2, f"authorize_security_group_{direction}")

        def permission(protocol: str) -> list[dict[str, Any]]:
            return [{"IpProtocol": protocol, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}]

        authorize(GroupId=group, IpPermissions=permission("50"))
        with pytest.raises(ClientError, match="Must specify both from and to ports with TCP/UDP"):
            authorize(GroupId=group, IpPermissions=permission("tcp"))

    @pytest.mark.parametrize("policy", ["{", "{}", document(statement("s3:*"))])
    def test_a_malformed_policy_of_an_endpoint_is_refused(self, offline: Offline, policy: str) -> None:
        ec2, vpc = offline.client("ec2"), offline.env()["VPC"]
        with pytest.raises(ClientError) as refused:
            ec2.create_vpc_endpoint(
                VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", PolicyDocument=policy
            )
        assert refused.value.response["Error"]["Code"] == "InvalidPolicyDocument"


class TestPolicies:
    @pytest.mark.parametrize("policy", ["{", "{}", document(statement("secretsmanager:*"))])
    def test_a_malformed_policy_of_a_secret_is_refused(self, offline: Offline, policy: str) -> None:
        secrets = offline.client("secretsmanager")
        secrets.create_secret(Name="db", SecretString="x")
        with pytest.raises(ClientError) as refused:
            secrets.put_resource_policy(SecretId="db", ResourcePolicy=policy)
        assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocumentException"
        assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="db")

    @pytest.mark.parametrize("policy", ["{", "{}", document(statement("sts:AssumeRole"))])
    def test_a_malformed_trust_policy_is_refused(self, offline: Offline, policy: str) -> None:
        iam = offline.client("iam")
        with pytest.raises(ClientError) as refused:
            iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy)
        assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
        assert "r" not in [each["RoleName"] for each in iam.list_roles()["Roles"]]
