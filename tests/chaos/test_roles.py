"""The fault in task roles: written down first, applied, taken back without a trace; refused where it is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.roles import BROAD
from chaos.undo import Undo, revert
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Own, Stage, build_service

TARGET = {"cluster": "c", "service": "s"}
NARROW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/k"}],
}
MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def stage(cloud: EndpointCloud, *, tagged: bool = True, role: bool = True) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = cloud.client("iam")
    tags: dict[str, Any] = {"Tags": [{"Key": "fargate-lab", "Value": "test"}]} if tagged else {}
    made = iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(trust), **tags)
    iam.put_role_policy(RoleName="app", PolicyName="narrow", PolicyDocument=json.dumps(NARROW))
    iam.attach_role_policy(RoleName="app", PolicyArn=MANAGED)
    container = {"image": "public.ecr.aws/nginx/nginx:1.27"}
    definition = {"taskRoleArn": made["Role"]["Arn"]} if role else {}
    build_service(cloud, Stage("test", "c", "s", 1), container, own=Own(definition=definition))


def policies(cloud: EndpointCloud) -> tuple[dict[str, Any], list[str]]:
    """Inline policies by name, and the ARNs of those attached."""
    iam = cloud.client("iam")
    names = iam.list_role_policies(RoleName="app")["PolicyNames"]
    inline = {name: iam.get_role_policy(RoleName="app", PolicyName=name)["PolicyDocument"] for name in names}
    attached = iam.list_attached_role_policies(RoleName="app")["AttachedPolicies"]
    return inline, [each["PolicyArn"] for each in attached]


@pytest.mark.parametrize("how", ["any", *BROAD])
def test_it_replaces_the_policies_and_is_taken_back_even_twice(cloud: EndpointCloud, how: str) -> None:
    stage(cloud)
    before, noted = policies(cloud), []

    def record(undo: Undo) -> None:
        assert policies(cloud) == before
        noted.append(undo)

    undo = inject(cloud.client, "broad_task_role", {**TARGET, "how": how}, record)
    inline, attached = policies(cloud)
    assert attached == []
    assert inline["everything"]["Statement"] in ([BROAD[how]] if how in BROAD else list(BROAD.values()))
    assert list(inline) == ["everything"]
    again = Undo.parse(json.loads(json.dumps(undo.to_dict())))
    for _ in range(2):
        revert(cloud.client, again, lambda: None)
        assert policies(cloud) == before


def test_a_role_that_is_gone_needs_nothing(cloud: EndpointCloud) -> None:
    stage(cloud)
    undo = inject(cloud.client, "broad_task_role", TARGET, lambda _: None)
    iam = cloud.client("iam")
    iam.delete_role_policy(RoleName="app", PolicyName="everything")
    iam.delete_role(RoleName="app")
    revert(cloud.client, undo, lambda: None)


@pytest.mark.parametrize(
    ("stage_of", "settings", "said"),
    [
        ({"tagged": False}, {}, "does not carry the tag"),
        ({"role": False}, {}, "have no task role"),
        ({}, {"how": "root"}, "There is no policy 'root'"),
    ],
)
def test_it_is_refused_and_changes_nothing(
    cloud: EndpointCloud, stage_of: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    stage(cloud, **stage_of)
    before, noted = policies(cloud), []
    with pytest.raises(FaultError, match=said):
        inject(cloud.client, "broad_task_role", {**TARGET, **settings}, noted.append)
    assert (policies(cloud), noted) == (before, [])
