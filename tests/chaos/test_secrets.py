"""The fault of secrets: each denial fails with AWS's own words, touches nothing else, and is taken back exactly."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.secrets import DENIALS
from chaos.undo import Undo, revert
from labs.cloud import Cloud
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.p08_secret_denied import setup
from labs.staging import Stage, build

TARGET = {"cluster": "p08", "service": "members"}
ROLE = find("p08-secret-denied").name("execution_role")
WORDS = {
    "permission": "not authorized to perform: secretsmanager:GetSecretValue",
    "name": "not authorized to perform: secretsmanager:GetSecretValue",
    "former": "not authorized to perform: secretsmanager:GetSecretValue",
    "key": "Access to KMS is not allowed",
    "way": "There is a connection issue between the task and AWS Secrets Manager",
}


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """The service of the lab, which works."""
    setup.set_up(cloud)
    return cloud


def configured(cloud: Cloud) -> dict[str, Any]:
    """What the fault may change, and must give back."""
    iam, ec2 = cloud.client("iam"), cloud.client("ec2")
    policies = {
        name: iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    }
    tables = ec2.describe_route_tables()["RouteTables"]
    routes = {
        table["RouteTableId"]: sorted(str(route.get("NatGatewayId")) for route in table["Routes"])
        for table in tables
    }
    return {"policies": policies, "routes": routes}


@pytest.mark.parametrize("denial", DENIALS)
def test_a_denial_fails_new_tasks_only_and_is_taken_back_even_twice(
    stage: EndpointCloud, denial: str
) -> None:
    before = configured(stage)
    seen: list[Undo] = []

    def record(undo: Undo) -> None:
        assert configured(stage) == before
        seen.append(undo)

    undo = inject(stage.client, "secret_denied", {**TARGET, "denial": denial}, record)
    assert seen == [undo]
    assert configured(stage) != before
    stage.clock.advance(360_000)
    reasons = {str(entry.data["reason"]) for entry in stage.history.of("task.stopped")}
    assert reasons
    assert all(WORDS[denial] in reason for reason in reasons)
    service = stage.client("ecs").describe_services(cluster="p08", services=["members"])["services"][0]
    assert [item["runningCount"] for item in service["deployments"]] == [0, 2]
    for _ in range(2):
        revert(stage.client, Undo.parse(undo.to_dict()), lambda: stage.clock.settle(3_600_000))
    assert configured(stage) == before
    service = stage.client("ecs").describe_services(cluster="p08", services=["members"])["services"][0]
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]


def test_what_cannot_be_denied_is_told(cloud: EndpointCloud) -> None:
    build(cloud, Stage("test", "c", "s", 1))
    with pytest.raises(FaultError, match="gets nothing from Secrets Manager"):
        inject(cloud.client, "secret_denied", {"cluster": "c", "service": "s"}, lambda _: None)


def test_what_does_not_fit_is_told_and_nothing_changes(stage: EndpointCloud) -> None:
    iam = stage.client("iam")

    def refused(denial: str) -> str:
        with pytest.raises(FaultError) as error:
            inject(stage.client, "secret_denied", {**TARGET, "denial": denial}, lambda _: None)
        return f"{error.value}"

    assert "no denial 'luck'" in refused("luck")
    iam.delete_role_policy(RoleName=ROLE, PolicyName="read-db")
    before = configured(stage)
    assert "No inline policy" in refused("name")
    iam.untag_role(RoleName=ROLE, TagKeys=["fargate-lab"])
    assert "does not carry the tag" in refused("key")
    tables = stage.client("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["p08"]}])
    stage.client("ec2").delete_tags(
        Resources=[tables["RouteTables"][0]["RouteTableId"]], Tags=[{"Key": "fargate-lab"}]
    )
    assert "does not carry the tag" in refused("way")
    assert configured(stage) == before


def test_an_undo_leaves_alone_a_role_that_is_gone(stage: EndpointCloud) -> None:
    undo = inject(stage.client, "secret_denied", {**TARGET, "denial": "key"}, lambda _: None)
    iam = stage.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    iam.delete_role(RoleName=ROLE)
    revert(stage.client, undo, lambda: None)
