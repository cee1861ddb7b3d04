"""Whatever the account looks like, a task runs or stops with a reason, the clock goes on, and nothing is answered with 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer

from .conftest import START_MS, Offline
from .premises import PUBLIC_IMAGE, TRUST, Premises

_ACTIONS = st.sampled_from(
    [
        "*",
        "ecr:*",
        "ecr:BatchGetImage",
        "secretsmanager:GetSecretValue",
        "ssm:*",
        "kms:Decrypt",
        "logs:*",
        "S3:get*",
        "",
    ]
)
_RESOURCES = st.sampled_from(
    [
        "*",
        "arn:aws:*",
        "arn:aws:secretsmanager:*:*:secret:db-??????",
        "arn:aws:ssm:us-east-1",
        "${aws:userid}",
        "",
    ]
)
_CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringLike": {"secretsmanager:SecretId": ["*db*", "${aws:PrincipalAccount"]}},
        {"ForAnyValue:StringNotLike": {"kms:EncryptionContextKeys": "SecretARN"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/40"}},
        {"DateLessThan": {"aws:CurrentTime": "9999999999999999999999"}},
        {"NumericEquals": {"aws:EpochTime": "x"}},
        {"Bool": {"aws:SecureTransport": [True, 1]}},
        {"Nonsense": {"a": "b"}},
    ]
)
_PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ["000000000000", "x"]}, {"Service": "ecs-tasks.amazonaws.com"}]
)


def _statements(*, principal: bool) -> st.SearchStrategy[dict[str, Any]]:
    parts: dict[str, st.SearchStrategy[Any]] = {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.lists(_ACTIONS, min_size=1, max_size=3),
        "Resource": _RESOURCES,
    }
    if principal:
        parts["Principal"] = _PRINCIPALS
    return st.fixed_dictionaries(parts, optional={"Condition": _CONDITIONS})


def _documents(*, principal: bool) -> st.SearchStrategy[str]:
    whole = st.builds(
        lambda version, statements: json.dumps({"Version": version, "Statement": statements}),
        st.sampled_from(["2012-10-17", "2008-10-17"]),
        st.lists(_statements(principal=principal), min_size=1, max_size=3),
    )
    return whole | whole | whole | st.sampled_from(["", "{", "[]", '{"Statement": 1}', "null"])


_VALUES = st.sampled_from(
    ["db", "/db/host", "DB_ARN", "DB_ARN:key::", "DB_ARN::AWSPREVIOUS:", "DB_ARN:::nosuchversion", "/no/such"]
) | st.lists(
    st.sampled_from(
        ["arn", "aws", "aws-cn", "secretsmanager", "ssm", "us-east-1", "eu-west-1", "x", "", "parameter/db"]
    ),
    min_size=1,
    max_size=9,
).map(":".join)
_IMAGES = st.sampled_from(
    [PUBLIC_IMAGE, PUBLIC_IMAGE, "OWN", "OWN", "OWNx", "nginx@sha256:0", "ghcr.io/a/b"]
) | st.lists(
    st.sampled_from(
        [
            "000000000000.dkr.ecr.us-east-1.amazonaws.com",
            "docker.io",
            "library",
            "nginx",
            "",
            "x:1",
            "@",
            "a.b",
        ]
    ),
    min_size=1,
    max_size=4,
).map("/".join)
_LOGS = st.sampled_from([None, "/fargate-lab/base", "/none", "/made"])
_SERVICES = ("ecr.api", "ecr.dkr", "s3", "secretsmanager", "ssm", "logs")
_WORLDS = st.fixed_dictionaries(
    {
        "secrets": st.lists(_VALUES, max_size=2),
        "images": st.lists(_IMAGES, min_size=1, max_size=3),
        "logs": _LOGS,
        "role": _documents(principal=False),
        "managed": st.booleans(),
        "way": st.sampled_from(["nat", "nat", "none", "igw"]),
        "endpoints": st.lists(st.sampled_from(_SERVICES), max_size=3, unique=True),
        "policy": _documents(principal=True),
        "policy_of": st.sampled_from(["secret", "key", "repository", "endpoint"]),
        "key": st.sampled_from(["enable_key", "disable_key"]),
        "public": st.booleans(),
    }
)


class Chaos:
    """An account in which anything may be so; what is refused is refused with an error of AWS's."""

    def __init__(self, offline: Offline) -> None:
        self.at = at = Premises(offline)
        self.key = at.kms.create_key()["KeyMetadata"]["Arn"]
        self.secret = at.sm.create_secret(Name="db", SecretString='{"key": "x"}', KmsKeyId=self.key)["ARN"]
        at.ssm.put_parameter(Name="/db/host", Value="x", Type="SecureString", KeyId=self.key)

    def tried(self, call: Callable[..., Any], **wanted: Any) -> Any:
        try:
            return call(**wanted)
        except ClientError as refused:
            status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status < 500
        return None

    def rule(self, wanted: dict[str, Any]) -> None:
        """Policies, keys, routes and endpoints as they are wanted."""
        at, tried = self.at, self.tried
        tried(at.iam.delete_role_policy, RoleName="startup", PolicyName="more")
        tried(at.iam.put_role_policy, RoleName="startup", PolicyName="more", PolicyDocument=wanted["role"])
        of_managed = at.iam.attach_role_policy if wanted["managed"] else at.iam.detach_role_policy
        tried(
            of_managed,
            RoleName="startup",
            PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        )
        tried(getattr(at.kms, wanted["key"]), KeyId=self.key)
        tried(at.ec2.delete_route, RouteTableId=at.table, DestinationCidrBlock="0.0.0.0/0")
        target = {
            "nat": {"NatGatewayId": at.ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]},
            "igw": {
                "GatewayId": at.ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
            },
        }.get(wanted["way"])
        if target:
            tried(at.ec2.create_route, RouteTableId=at.table, DestinationCidrBlock="0.0.0.0/0", **target)
        old = [each["VpcEndpointId"] for each in at.ec2.describe_vpc_endpoints()["VpcEndpoints"]]
        if old:
            at.ec2.delete_vpc_endpoints(VpcEndpointIds=old)
        policy = wanted["policy"]
        more = {"PolicyDocument": policy} if wanted["policy_of"] == "endpoint" else {}
        for service in wanted["endpoints"]:
            tried(at.endpoint, service=service, **more)
        repository = at.image.partition("/")[2].partition(":")[0]
        put: dict[str, Callable[[], Any]] = {
            "secret": lambda: tried(at.sm.put_resource_policy, SecretId="db", ResourcePolicy=policy),
            "key": lambda: tried(at.kms.put_key_policy, KeyId=self.key, PolicyName="default", Policy=policy),
            "repository": lambda: tried(
                at.ecr.set_repository_policy, repositoryName=repository, policyText=policy
            ),
        }
        put.get(wanted["policy_of"], lambda: None)()

    def register(self, wanted: dict[str, Any]) -> str | None:
        secrets = [
            {"name": f"V{number}", "valueFrom": value.replace("DB_ARN", self.secret)}
            for number, value in enumerate(wanted["secrets"])
        ]
        containers = [
            {"name": f"c{number}", "image": image.replace("OWN", self.at.image), "secrets": secrets}
            for number, image in enumerate(wanted["images"])
        ]
        if wanted["logs"]:
            options = {
                "awslogs-group": wanted["logs"],
                "awslogs-region": "us-east-1",
                "awslogs-create-group": "true",
            }
            containers[0]["logConfiguration"] = {"logDriver": "awslogs", "options": options}
        made = self.tried(
            self.at.ecs.register_task_definition,
            family="any",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=self.at.role,
            containerDefinitions=containers,
        )
        return made and made["taskDefinition"]["taskDefinitionArn"]


@pytest.fixture(scope="module")
def chaos() -> Iterator[Chaos]:
    cloud = Cloud(102, start_ms=START_MS)
    app = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    yield Chaos(Offline(app, inprocess.control(app)))
    app.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)
@given(wanted=_WORLDS)
def test_a_task_runs_or_stops_with_a_reason(chaos: Chaos, wanted: dict[str, Any]) -> None:
    chaos.rule(wanted)
    definition = chaos.register(wanted)
    if definition is None:
        return
    task = chaos.at.start(definition, public_ip=wanted["public"])
    assert task["lastStatus"] in ("RUNNING", "STOPPED")
    if task["lastStatus"] == "STOPPED":
        assert task["stoppedReason"]
        return
    chaos.at.ecs.stop_task(cluster="demo", task=task["taskArn"])


@settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)
@given(trust=_documents(principal=True) | st.just(json.dumps(TRUST)))
def test_any_trust_policy_is_refused_or_decides(chaos: Chaos, trust: str) -> None:
    chaos.tried(chaos.at.iam.update_assume_role_policy, RoleName="startup", PolicyDocument=trust)
    definition = chaos.register({"secrets": [], "images": [PUBLIC_IMAGE], "logs": None})
    assert definition
    network = {"subnets": [chaos.at.subnet], "securityGroups": [chaos.at.group]}
    started = chaos.tried(
        chaos.at.ecs.run_task,
        cluster="demo",
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )
    for task in started["tasks"] if started else ():
        chaos.at.ecs.stop_task(cluster="demo", task=task["taskArn"])
