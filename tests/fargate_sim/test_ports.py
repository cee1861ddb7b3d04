"""What the offline cloud relies on in moto's internals. A new moto that breaks one of these breaks here, by name."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import base
from fargate_sim.cloud import Cloud
from fargate_sim.ports import MotoSide
from fargate_sim.ports.loading import load
from fargate_sim.ports.refusal import NotModelledError

from .conftest import START_MS, MakeOffline, Offline

FIVE_RESERVED = 5


@dataclass(frozen=True)
class Interface:
    eni_id: str
    subnet_id: str
    private_ip: str
    security_groups: tuple[str, ...] = ()
    mac_address: str = "0a:00:00:00:00:01"
    private_dns_name: str = "ip-10-0-10-20.ec2.internal"
    description: str = "arn:aws:ecs:us-east-1:111122223333:attachment/6f0c1f6e-0000-4000-8000-000000000001"
    attachment_id: str = "6f0c1f6e-0000-4000-8000-000000000001"
    created_ms: int = 1767258000000
    public_ip: str | None = None


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def free(offline: Offline, subnet: str) -> int:
    subnets = offline.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
    return int(subnets[0]["AvailableIpAddressCount"])


def small_subnet(offline: Offline) -> str:
    env = offline.env()
    made = offline.client("ec2").create_subnet(
        VpcId=env["VPC"], CidrBlock="10.0.99.0/28", AvailabilityZone="us-east-1a"
    )
    return str(made["Subnet"]["SubnetId"])


class TestBaseEnvironment:
    def test_every_export_names_something_that_is_there(self, offline: Offline) -> None:
        env = offline.env()
        ec2 = offline.client("ec2")
        names = ["SUBNET_A", "SUBNET_B", "PUBLIC_SUBNET_A", "PUBLIC_SUBNET_B"]
        subnets = ec2.describe_subnets(SubnetIds=[env[name] for name in names])["Subnets"]
        assert {subnet["VpcId"] for subnet in subnets} == {env["VPC"]}
        groups = ec2.describe_security_groups(GroupIds=[env["SG"], env["ALB_SG"]])["SecurityGroups"]
        rules = {group["GroupId"]: group["IpPermissions"][0] for group in groups}
        assert [pair["GroupId"] for pair in rules[env["SG"]]["UserIdGroupPairs"]] == [env["ALB_SG"]]
        assert [cidr["CidrIp"] for cidr in rules[env["ALB_SG"]]["IpRanges"]] == ["0.0.0.0/0"]
        iam = offline.client("iam")
        role = env["EXECUTION_ROLE"].rpartition("/")[2]
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert [policy["PolicyName"] for policy in attached] == ["AmazonECSTaskExecutionRolePolicy"]
        groups_found = offline.client("logs").describe_log_groups()["logGroups"]
        assert [group["logGroupName"] for group in groups_found] == [env["LOG_GROUP"]]
        repositories = offline.client("ecr").describe_repositories()["repositories"]
        assert [repository["repositoryUri"] for repository in repositories] == [env["ECR_REPOSITORY"]]

    def test_private_subnets_lead_to_nat_and_public_ones_to_the_internet(self, offline: Offline) -> None:
        env = offline.env()
        facts = {s.subnet_id: s for s in offline.cloud.moto.surroundings("us-east-1").subnets()}
        assert {facts[env[f"SUBNET_{zone}"]].public for zone in "AB"} == {False}
        assert {facts[env[f"PUBLIC_SUBNET_{zone}"]].public for zone in "AB"} == {True}
        assert facts[env["SUBNET_A"]].name == "private-a"
        assert facts[env["SUBNET_A"]].availability_zone != facts[env["SUBNET_B"]].availability_zone
        tables = offline.client("ec2").describe_route_tables(
            Filters=[{"Name": "association.subnet-id", "Values": [env["SUBNET_A"]]}]
        )["RouteTables"]
        assert any(route.get("NatGatewayId") for table in tables for route in table["Routes"])

    def test_the_template_uses_only_what_a_real_account_takes(self) -> None:
        text = base.template()
        assert "AWSTemplateFormatVersion" in text
        assert base.variable_name("PublicSubnetA") == "PUBLIC_SUBNET_A"
        for line in text.splitlines():
            if "Export:" in line:
                name = line.split('"')[1]
                assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-"), (
                    name
                )

    def test_ids_follow_from_the_seed_in_any_process(self, make_offline: MakeOffline) -> None:
        script = (
            "from fargate_sim.cloud import Cloud; import json;"
            f"print(json.dumps(Cloud(31, start_ms={START_MS}).exports(), sort_keys=True))"
        )
        runs = {
            subprocess.run(
                [sys.executable, "-c", script],
                env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for hash_seed in ("1", "2")
        }
        assert len(runs) == 1
        here = make_offline(31).cloud.exports()
        assert here["VPC"] in runs.pop()
        assert make_offline(32).cloud.exports()["VPC"] != here["VPC"]


class TestInterfaces:
    def test_a_tasks_interface_looks_like_fargates(self, offline: Offline) -> None:
        env = offline.env()
        given = Interface("eni-0123456789abcdef0", env["SUBNET_A"], "10.0.10.20", (env["SG"],))
        offline.cloud.moto.publish("us-east-1", {given.eni_id: given})
        found = offline.client("ec2").describe_network_interfaces(NetworkInterfaceIds=[given.eni_id])
        shown = found["NetworkInterfaces"][0]
        assert shown["PrivateIpAddress"] == "10.0.10.20"
        assert shown["Description"] == given.description
        assert shown["InterfaceType"] == "interface"
        assert shown["RequesterManaged"] is True
        assert shown["Status"] == "in-use"
        assert shown["MacAddress"] == given.mac_address
        assert [group["GroupId"] for group in shown["Groups"]] == [env["SG"]]
        assert shown["Attachment"]["Status"] == "attached"
        assert shown["Attachment"]["AttachTime"].isoformat() == "2026-01-01T09:00:00+00:00"
        assert "InstanceId" not in shown["Attachment"]
        assert "Association" not in shown

    def test_a_public_address_shows_as_amazons(self, offline: Offline) -> None:
        env = offline.env()
        given = Interface("eni-1", env["PUBLIC_SUBNET_B"], "10.0.1.20", public_ip="203.0.113.9")
        offline.cloud.moto.publish("us-east-1", {given.eni_id: given})
        found = offline.client("ec2").describe_network_interfaces(NetworkInterfaceIds=["eni-1"])
        association = found["NetworkInterfaces"][0]["Association"]
        assert association["PublicIp"] == "203.0.113.9"
        assert association["IpOwnerId"] == "amazon"
        assert "AllocationId" not in association

    def test_free_addresses_are_usable_ones_minus_all_interfaces(self, offline: Offline) -> None:
        env = offline.env()
        subnet, moto = env["SUBNET_A"], offline.cloud.moto
        usable = 256 - FIVE_RESERVED
        assert free(offline, subnet) == usable
        given = Interface("eni-1", subnet, "10.0.10.20")
        pending: dict[str, Any] = {
            "eni-1": given,
            "eni-2": replace(given, eni_id="eni-2", private_ip="10.0.10.21"),
        }
        moto.publish("us-east-1", pending)
        assert pending == {}
        assert free(offline, subnet) == usable - 2
        offline.client("ec2").create_network_interface(SubnetId=subnet)
        assert free(offline, subnet) == usable - 3
        assert len(moto.surroundings("us-east-1").addresses_in_use(subnet)) == 1
        moto.publish("us-east-1", {"eni-1": None})
        assert free(offline, subnet) == usable - 2
        moto.publish("us-east-1", {"eni-unheard-of": None})
        assert free(offline, env["PUBLIC_SUBNET_A"]) == usable - 1, "the NAT gateway holds one"

    def test_a_full_subnet_refuses_and_never_counts_below_zero(self, offline: Offline) -> None:
        subnet, ec2 = small_subnet(offline), offline.client("ec2")
        usable = 16 - FIVE_RESERVED
        addresses = {
            ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
            for _ in range(usable)
        }
        assert addresses == {f"10.0.99.{last}" for last in range(4, 15)}
        assert free(offline, subnet) == 0
        with pytest.raises(ClientError) as caught:
            ec2.create_network_interface(SubnetId=subnet)
        assert code_of(caught) == "InsufficientFreeAddressesInSubnet"
        assert free(offline, subnet) == 0

    def test_an_address_can_be_asked_for_by_aws_rules(self, offline: Offline) -> None:
        subnet, ec2 = small_subnet(offline), offline.client("ec2")
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.99.9")
        with pytest.raises(ClientError) as caught:
            ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.99.9")
        assert code_of(caught) == "InvalidIPAddress.InUse"
        for address in ("10.0.50.1", "10.0.99.1", "10.0.99.15"):
            with pytest.raises(ClientError) as caught:
                ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address)
            assert code_of(caught) == "InvalidParameterValue"

    def test_what_is_in_use_cannot_be_deleted(self, offline: Offline) -> None:
        subnet, ec2 = small_subnet(offline), offline.client("ec2")
        offline.cloud.moto.publish("us-east-1", {"eni-1": Interface("eni-1", subnet, "10.0.99.9")})
        with pytest.raises(ClientError) as caught:
            ec2.delete_network_interface(NetworkInterfaceId="eni-1")
        assert code_of(caught) == "InvalidParameterValue"
        with pytest.raises(ClientError) as caught:
            ec2.delete_subnet(SubnetId=subnet)
        assert code_of(caught) == "DependencyViolation"
        offline.cloud.moto.publish("us-east-1", {"eni-1": None})
        ec2.delete_subnet(SubnetId=subnet)
        assert offline.cloud.moto.surroundings("us-east-1").subnet(subnet) is None

    def test_interfaces_can_be_filtered_as_people_do(self, offline: Offline) -> None:
        env = offline.env()
        given = Interface("eni-1", env["SUBNET_A"], "10.0.10.20", (env["SG"],))
        offline.cloud.moto.publish("us-east-1", {"eni-1": given})
        ec2 = offline.client("ec2")
        for name, value in (
            ("subnet-id", env["SUBNET_A"]),
            ("group-id", env["SG"]),
            ("description", given.description),
            ("interface-type", "interface"),
            ("requester-managed", "true"),
            ("status", "in-use"),
            ("private-ip-address", "10.0.10.20"),
        ):
            found = ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])
            assert "eni-1" in [eni["NetworkInterfaceId"] for eni in found["NetworkInterfaces"]], name

    def test_a_nat_gateway_takes_and_returns_an_address_of_its_subnet(self, offline: Offline) -> None:
        env, ec2 = offline.env(), offline.client("ec2")
        subnet = env["PUBLIC_SUBNET_B"]
        before = free(offline, subnet)
        made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
        enis = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnet]}])
        assert [eni["PrivateIpAddress"].startswith("10.0.1.") for eni in enis["NetworkInterfaces"]] == [True]
        assert free(offline, subnet) == before - 1
        ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
        assert free(offline, subnet) == before

    def test_an_interface_endpoint_takes_an_address(self, offline: Offline) -> None:
        env, ec2 = offline.env(), offline.client("ec2")
        before = free(offline, env["SUBNET_A"])
        ec2.create_vpc_endpoint(
            VpcId=env["VPC"],
            ServiceName="com.amazonaws.us-east-1.ecr.api",
            VpcEndpointType="Interface",
            SubnetIds=[env["SUBNET_A"]],
        )
        assert free(offline, env["SUBNET_A"]) == before - 1


class TestSurroundings:
    def test_the_default_vpc_is_left_out_until_something_uses_it(self, offline: Offline) -> None:
        offline.env()
        surroundings = offline.cloud.moto.surroundings("us-east-1")
        assert sorted(facts.name for facts in surroundings.subnets()) == [
            "private-a",
            "private-b",
            "public-a",
            "public-b",
        ]
        ec2 = offline.client("ec2")
        default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        subnet = next(found for found in default if found["CidrBlock"].startswith("172.31"))["SubnetId"]
        facts = surroundings.subnet(subnet)
        assert facts is not None
        ec2.create_network_interface(SubnetId=subnet)
        assert subnet in [found.subnet_id for found in surroundings.subnets()]

    def test_groups_and_log_groups(self, offline: Offline) -> None:
        env = offline.env()
        surroundings = offline.cloud.moto.surroundings("us-east-1")
        assert surroundings.security_group_vpc(env["SG"]) == env["VPC"]
        assert surroundings.security_group_vpc("sg-none") is None
        assert surroundings.default_security_group(env["VPC"]).startswith("sg-")
        assert surroundings.subnet("subnet-none") is None
        assert surroundings.log_group_exists(env["LOG_GROUP"])
        assert not surroundings.log_group_exists("/made/by/driver")
        surroundings.create_log_group("/made/by/driver")
        assert surroundings.log_group_exists("/made/by/driver")

    def test_a_queues_settings_are_those_of_now(
        self, offline: Offline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, sqs = offline.cloud.moto.surroundings("us-east-1"), offline.client("sqs")
        assert here.queue("orders") is None  # waits until moto is there
        from moto.sqs.models import SQSBackend  # noqa: PLC0415

        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        known = here.queue("orders")
        assert known is not None
        assert known.visibility_s == 30
        sqs.get_queue_url(QueueName="orders")
        assert (
            here.queue("orders") is known
        )  # asked with every message: nothing is read again while nothing changes

        change = SQSBackend.set_queue_attributes

        def watched(backend: SQSBackend, *given: Any) -> None:
            before = here.queue("orders")
            change(backend, *given)
            assert before == known

        monkeypatch.setattr(SQSBackend, "set_queue_attributes", watched)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
        changed = here.queue("orders")
        assert changed is not None
        assert changed.visibility_s == 90
        sqs.delete_queue(QueueUrl=url)
        assert here.queue("orders") is None

    def test_lines_reach_the_log_service_with_their_own_times(self, offline: Offline) -> None:
        env = offline.start_service(desired=1)
        offline.control.post("/_lab/clock", {"action": "settle"})
        offline.control.post("/_lab/clock", {"action": "advance", "ms": 3_600_000})
        logs = offline.client("logs")
        events = logs.filter_log_events(logGroupName=env["LOG_GROUP"])["events"]
        assert events
        assert all(START_MS < event["timestamp"] < START_MS + 300_000 for event in events)
        assert {event["logStreamName"].rpartition("/")[0] for event in events} == {"web/app"}
        again = logs.filter_log_events(logGroupName=env["LOG_GROUP"])["events"]
        assert len(again) == len(events), "lines are delivered once"


class TestSecrets:
    def test_the_value_follows_its_label(self, offline: Offline) -> None:
        secrets = offline.client("secretsmanager")
        former = secrets.create_secret(Name="s", SecretString="old")["VersionId"]
        new = secrets.put_secret_value(SecretId="s", SecretString="new")["VersionId"]
        secrets.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=new, MoveToVersionId=former
        )
        assert secrets.get_secret_value(SecretId="s")["SecretString"] == "old"
        assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "new"
        secrets.put_secret_value(SecretId="s", SecretString="newest")
        assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "old"


class TestTimeAndChance:
    def test_moto_lives_in_virtual_time(self, offline: Offline) -> None:
        offline.env()
        offline.control.post("/_lab/clock", {"action": "advance", "ms": 86_400_000})
        offline.client("logs").create_log_group(logGroupName="late")
        groups = offline.client("logs").describe_log_groups(logGroupNamePrefix="late")["logGroups"]
        assert groups[0]["creationTime"] == START_MS + 86_400_000
        secrets = offline.client("secretsmanager")
        secrets.create_secret(Name="s", SecretString="x")
        created = secrets.describe_secret(SecretId="s")["CreatedDate"].timestamp()
        assert created == START_MS / 1000 + 86_400

    def test_reads_shift_no_ids(self, make_offline: MakeOffline) -> None:
        def vpc(reads: int) -> str:
            offline = make_offline(41)
            ec2 = offline.client("ec2")
            for _ in range(reads):
                ec2.describe_vpcs()
                offline.client("kms", region="eu-west-1").list_aliases()
            made: str = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
            offline.app.close()
            return made

        assert vpc(0) == vpc(3)

    def test_two_clouds_in_one_process_share_nothing(self, make_offline: MakeOffline) -> None:
        one, two = make_offline(51), make_offline(52)
        one.client("sqs").create_queue(QueueName="mine")
        assert "QueueUrls" not in two.client("sqs").list_queues()
        assert one.client("sts").get_caller_identity()["Account"] == one.cloud.account
        assert two.client("sts").get_caller_identity()["Account"] == two.cloud.account

    def test_an_account_cannot_be_used_twice_at_once_but_again_afterwards(
        self, make_offline: MakeOffline
    ) -> None:
        first = make_offline(61)
        first.client("sqs").create_queue(QueueName="gone")
        first.client("s3").create_bucket(Bucket="gone")
        with pytest.raises(ValueError, match="in use by another cloud"):
            Cloud(61, start_ms=START_MS)
        first.app.close()
        again = make_offline(61)
        assert "QueueUrls" not in again.client("sqs").list_queues()
        again.client("s3").create_bucket(Bucket="gone")


class TestTheDoor:
    def test_moto_sends_nothing_to_a_real_host(self, offline: Offline) -> None:
        offline.env()
        sns = offline.client("sns")
        topic = sns.create_topic(Name="t")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://192.0.2.1/")
        with pytest.raises(ClientError) as caught:
            sns.publish(TopicArn=topic, Message="x")
        assert code_of(caught) == "NotImplementedException"

    def test_moto_is_loaded_lean(self) -> None:
        load()
        assert sys.modules["moto.ec2.models.instance_types"].INSTANCE_TYPES == {}
        # In a process of its own: other tests bring it themselves.
        asked = (
            "import sys; from fargate_sim.ports.loading import load; load();"
            "print(sorted({'cfnlint', 'sympy'}.intersection(sys.modules)))"
        )
        found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == "[]"

    def test_a_failed_start_is_told_and_not_waited_for(self) -> None:
        side = MotoSide("000000000001", 1, lambda: START_MS)

        def fail() -> None:
            raise OSError("no disk")

        try:
            with pytest.raises(OSError, match="no disk"):
                side.start(fail)
            with pytest.raises(RuntimeError, match="could not be loaded"):
                side.surroundings("us-east-1").subnets()
        finally:
            side.close()


def test_what_moto_cannot_do_here_is_refused_and_named(offline: Offline) -> None:
    sns, gateway = offline.client("sns"), offline.client("apigateway")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://example.com/news")
    with pytest.raises(ClientError, match="sns:Publish with a request to a real host") as caught:
        sns.publish(TopicArn=topic, Message="hello")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    body = b'{"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}}'
    with pytest.raises(ClientError, match="apigateway:ImportRestApi with failOnWarnings"):
        gateway.import_rest_api(body=body, failOnWarnings=True)


def test_nothing_of_motos_runs_a_program_or_sends_a_request(offline: Offline) -> None:
    import requests  # noqa: PLC0415
    from moto.utilities.docker_utilities import DockerModel  # noqa: PLC0415

    offline.env()
    with pytest.raises(NotModelledError, match="program"):
        _ = DockerModel().docker_client
    with offline.cloud.moto.moto(), pytest.raises(NotModelledError, match="leaves this machine"):
        requests.get("http://127.0.0.1:9/", timeout=1)
