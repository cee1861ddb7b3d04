"""The faults of hardening: nothing that runs notices them, each keeps new tasks from starting, and each is taken back exactly."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.undo import Undo, revert
from labs.endpoint_cloud import EndpointCloud
from labs.i03_evening_campaign import setup
from labs.staging import Stage, build

TARGET = {"cluster": "i03", "service": "members"}
SECRET, ROLE, KEY = "i03/members/db", "i03-members-execution", "alias/i03-house"
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("read_by_tag", {}, "not authorized to perform: secretsmanager:GetSecretValue"),
    ("another_key", {"key": KEY}, "Access to KMS is not allowed"),
    ("renamed_password", {}, "did not contain json key password"),
]


@pytest.fixture
def stage(cloud: EndpointCloud) -> EndpointCloud:
    """The service of the incident, which works."""
    setup.set_up(cloud)
    return cloud


def configured(cloud: EndpointCloud) -> dict[str, Any]:
    """What a fault may change, and must give back."""
    secrets = cloud.client("secretsmanager")
    return {
        "policy": cloud.client("iam").get_role_policy(RoleName=ROLE, PolicyName="read-db")["PolicyDocument"],
        "key": secrets.describe_secret(SecretId=SECRET).get("KmsKeyId"),
        "value": secrets.get_secret_value(SecretId=SECRET)["SecretString"],
    }


def take_back(cloud: EndpointCloud, undo: Undo) -> None:
    """Through the journal's form, as another process would."""
    revert(cloud.client, Undo.parse(undo.to_dict()), lambda: cloud.clock.settle(3_600_000))


def want(cloud: EndpointCloud, desired: int) -> int:
    """Let the service want so many tasks; how many run after a while."""
    ecs = cloud.client("ecs")
    ecs.update_service(**TARGET, desiredCount=desired)
    cloud.clock.advance(150_000)
    return int(ecs.describe_services(cluster="i03", services=["members"])["services"][0]["runningCount"])


@pytest.mark.parametrize(("fault", "settings", "words"), FAULTS)
def test_running_tasks_stay_new_ones_fail_and_it_is_taken_back_even_twice(
    stage: EndpointCloud, fault: str, settings: dict[str, Any], words: str
) -> None:
    before = configured(stage)
    seen: list[Undo] = []

    def record(undo: Undo) -> None:
        assert configured(stage) == before
        seen.append(undo)

    undo = inject(stage.client, fault, {**TARGET, **settings}, record)
    assert seen == [undo]
    assert configured(stage) != before
    assert want(stage, 4) == 3
    reasons = {str(entry.data["reason"]) for entry in stage.history.of("task.stopped")}
    assert reasons
    assert all(words in reason for reason in reasons)
    take_back(stage, undo)
    take_back(stage, undo)
    assert configured(stage) == before
    stage.clock.settle(3_600_000)
    assert want(stage, 5) == 5


def test_no_undo_record_holds_the_value_of_a_secret(stage: EndpointCloud) -> None:
    value = configured(stage)["value"]
    for fault, settings, _ in FAULTS:
        undo = inject(stage.client, fault, {**TARGET, **settings}, lambda _: None)
        assert "harbour-Quartz-37-lemon" in value
        assert "harbour-Quartz-37-lemon" not in str(undo.to_dict())


def test_what_does_not_fit_is_told_and_nothing_changes(stage: EndpointCloud) -> None:
    def refused(fault: str, **settings: Any) -> str:
        with pytest.raises(FaultError) as error:
            inject(stage.client, fault, {**TARGET, **settings}, lambda _: None)
        return f"{error.value}"

    before = configured(stage)
    assert "There is no key 'alias/none'" in refused("another_key", key="alias/none")
    assert "could be called 'username'" in refused("renamed_password", json_key="username")
    stage.client("secretsmanager").untag_resource(SecretId=SECRET, TagKeys=["fargate-lab"])
    assert "is left alone" in refused("renamed_password")
    assert "is left alone" in refused("another_key", key=KEY)
    assert configured(stage) == before
    stage.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="read-db")
    assert "No inline policy" in refused("read_by_tag")


def test_a_service_without_a_secret_is_told(cloud: EndpointCloud) -> None:
    build(cloud, Stage("test", "c", "s", 1))
    for fault, settings in (("renamed_password", {}), ("another_key", {"key": KEY})):
        with pytest.raises(FaultError, match="gets nothing from Secrets Manager"):
            inject(cloud.client, fault, {"cluster": "c", "service": "s", **settings}, lambda _: None)


def test_an_undo_leaves_alone_a_secret_that_is_gone(stage: EndpointCloud) -> None:
    undos = [
        inject(stage.client, fault, {**TARGET, **settings}, lambda _: None)
        for fault, settings, _ in FAULTS[1:]
    ]
    stage.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    for undo in undos:
        take_back(stage, undo)
