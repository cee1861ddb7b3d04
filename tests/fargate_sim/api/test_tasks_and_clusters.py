"""Clusters, standalone tasks, tags, account settings over the API."""

from __future__ import annotations

from typing import Any

import pytest
from support.ecs import NETWORK, Ecs
from support.worlds import MISSING

from fargate_sim.api.ecs import OPERATIONS


@pytest.fixture
def ecs() -> Ecs:
    scenario = Ecs()
    scenario.register()
    return scenario


def run(ecs: Ecs, **extra: Any) -> Any:
    params = {
        "cluster": "lab",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **extra,
    }
    return ecs.call("RunTask", **params)


def test_a_cluster_has_its_setting_and_is_created_once(ecs: Ecs) -> None:
    enhanced = [{"name": "containerInsights", "value": "enhanced"}]
    assert ecs.call("CreateCluster", clusterName="c", settings=enhanced)["cluster"]["settings"] == enhanced
    assert ecs.call("CreateCluster", clusterName="c")["cluster"]["status"] == "ACTIVE"
    shown = ecs.call("DescribeClusters", clusters=["c", "nope"], include=["SETTINGS", "STATISTICS", "TAGS"])
    assert shown["clusters"][0]["settings"] == enhanced
    assert shown["failures"][0]["reason"] == "MISSING"
    off = [{"name": "containerInsights", "value": "disabled"}]
    assert ecs.call("UpdateClusterSettings", cluster="c", settings=off)["cluster"]["settings"] == off
    assert ecs.call("UpdateCluster", cluster="c", settings=enhanced)["cluster"]["settings"] == enhanced
    bad = [{"name": "containerInsights", "value": "loud"}]
    ecs.refuses("CreateCluster", "InvalidParameterException", "loud", clusterName="d", settings=bad)
    ecs.refuses("CreateCluster", "InvalidParameterException", "Identifier", clusterName="a b")


def test_a_cluster_with_something_in_it_cannot_be_deleted(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.settle()
    ecs.refuses("DeleteCluster", "ClusterContainsServicesException", cluster="lab")
    ecs.call("DeleteService", cluster="lab", service="web", force=True)
    ecs.seconds(6)
    ecs.refuses("DeleteCluster", "ClusterContainsTasksException", cluster="lab")
    ecs.settle()
    assert ecs.call("DeleteCluster", cluster="lab")["cluster"]["status"] == "INACTIVE"
    assert ecs.call("ListClusters")["clusterArns"] == []
    assert ecs.call("DescribeClusters", clusters=["lab"])["clusters"][0]["status"] == "INACTIVE"
    ecs.refuses("DeleteCluster", "ClusterNotFoundException", "Cluster not found.", cluster="lab")


def test_a_cluster_counts_its_tasks(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.seconds(25)
    shown = ecs.call("DescribeClusters", clusters=["lab"], include=["STATISTICS"])["clusters"][0]
    assert (shown["pendingTasksCount"], shown["runningTasksCount"], shown["activeServicesCount"]) == (2, 0, 1)
    ecs.settle()
    shown = ecs.call("DescribeClusters", clusters=["lab"], include=["STATISTICS"])["clusters"][0]
    numbers = {item["name"]: item["value"] for item in shown["statistics"]}
    assert numbers["runningFargateTasksCount"] == "2"


def test_capacity_providers_are_the_two_of_fargate(ecs: Ecs) -> None:
    shown = ecs.call("DescribeCapacityProviders")["capacityProviders"]
    assert [provider["name"] for provider in shown] == ["FARGATE", "FARGATE_SPOT"]
    assert (
        ecs.call("DescribeCapacityProviders", capacityProviders=["x"])["failures"][0]["reason"] == "MISSING"
    )


def test_running_tasks_is_accepted_now_and_fails_later_in_the_task(ecs: Ecs) -> None:
    ecs.register(image=MISSING)
    answer = run(ecs, taskDefinition="web:2", count=2, startedBy="me", group="batch")
    assert answer["failures"] == []
    assert [task["lastStatus"] for task in answer["tasks"]] == ["PROVISIONING", "PROVISIONING"]
    ecs.settle()
    gone = ecs.tasks(desiredStatus="STOPPED", startedBy="me")
    assert {task["stopCode"] for task in gone} == {"TaskFailedToStart"}
    assert {task["group"] for task in gone} == {"batch"}
    assert gone[0]["attachments"][0]["status"] == "DELETED"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"count": 11}, "InvalidParameterException", "between 1 and 10"),
        ({"count": 0}, "InvalidParameterException", "between 1 and 10"),
        ({"startedBy": "x" * 129}, "InvalidParameterException", "128"),
        ({"clientToken": "x" * 65}, "InvalidParameterException", "64"),
        ({"group": "service:x"}, "InvalidParameterException", "service:"),
        (
            {"overrides": {"containerOverrides": [{"name": "nope", "command": ["x"]}]}},
            "InvalidParameterException",
            "Override for container named nope is not a container in the TaskDefinition.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "web", "command": ["x" * 9000]}]}},
            "InvalidParameterException",
            "8192",
        ),
        ({"overrides": {"cpu": "512"}}, "NotImplementedException", "overrides.cpu"),
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration must be provided"),
    ],
)
def test_a_run_that_is_refused(ecs: Ecs, change: dict[str, Any], code: str, message: str) -> None:
    params = {
        "cluster": "lab",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **change,
    }
    ecs.refuses("RunTask", code, message, **params)


def test_a_client_token_makes_a_run_idempotent(ecs: Ecs) -> None:
    first = run(ecs, clientToken="abc")["tasks"][0]["taskArn"]
    assert run(ecs, clientToken="abc")["tasks"][0]["taskArn"] == first
    with pytest.raises(Exception, match="ConflictException") as caught:
        run(ecs, clientToken="abc", count=2)
    assert caught.value.fields == {"resourceIds": [first]}  # type: ignore[attr-defined]


def test_stopping_and_describing_tasks(ecs: Ecs) -> None:
    arn = run(ecs)["tasks"][0]["taskArn"]
    ecs.settle()
    shown = ecs.call("DescribeTasks", cluster="lab", tasks=[arn])["tasks"][0]
    details = {item["name"]: item["value"] for item in shown["attachments"][0]["details"]}
    assert (
        details["privateIPv4Address"] == shown["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    )
    assert shown["group"] == "family:web"
    answer = ecs.call("StopTask", cluster="lab", task=arn, reason="enough")["task"]
    assert (answer["desiredStatus"], answer["stoppedReason"], answer["stopCode"]) == (
        "STOPPED",
        "enough",
        "UserInitiated",
    )
    ecs.settle()
    shown = ecs.call("DescribeTasks", cluster="lab", tasks=[arn.rpartition("/")[2]])["tasks"][0]
    order = [
        "createdAt",
        "pullStartedAt",
        "pullStoppedAt",
        "startedAt",
        "stoppingAt",
        "executionStoppedAt",
        "stoppedAt",
    ]
    assert [shown[key] for key in order] == sorted(shown[key] for key in order)
    assert shown["containers"][0]["exitCode"] == 0
    missing = "0" * 32
    assert ecs.call("DescribeTasks", cluster="lab", tasks=[missing])["failures"][0]["reason"] == "MISSING"
    ecs.refuses(
        "StopTask",
        "InvalidParameterException",
        "The referenced task was not found.",
        cluster="lab",
        task=missing,
    )
    bad = "taskId length should be one of [32,36]"
    ecs.refuses("DescribeTasks", "InvalidParameterException", bad, cluster="lab", tasks=["abc"])
    ecs.seconds(3700)
    assert ecs.call("DescribeTasks", cluster="lab", tasks=[arn])["failures"][0]["reason"] == "MISSING"


def test_listing_tasks_filters(ecs: Ecs) -> None:
    ecs.make_service()
    run(ecs)
    ecs.settle()
    assert len(ecs.tasks()) == 3
    assert len(ecs.tasks(serviceName="web")) == 2
    assert len(ecs.tasks(family="web")) == 3
    assert ecs.tasks(family="other") == []
    assert ecs.tasks(desiredStatus="PENDING") == []
    assert ecs.tasks(launchType="EC2") == []
    ecs.refuses("ListTasks", "ServiceNotFoundException", cluster="lab", serviceName="nope")


def test_tags_of_every_kind_of_resource(ecs: Ecs) -> None:
    service = ecs.make_service()
    ecs.settle()
    arns = [
        service["clusterArn"],
        service["serviceArn"],
        service["taskDefinition"],
        ecs.call("ListTasks", cluster="lab")["taskArns"][0],
    ]
    for arn in arns:
        ecs.call(
            "TagResource", resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
        )
        ecs.call("UntagResource", resourceArn=arn, tagKeys=["a", "zzz"])
        assert ecs.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    many = [{"key": str(n), "value": ""} for n in range(50)]
    ecs.refuses("TagResource", "InvalidParameterException", "50", resourceArn=arns[0], tags=many)
    twice = [{"key": "k", "value": ""}, {"key": "k", "value": ""}]
    ecs.refuses("TagResource", "InvalidParameterException", "Duplicate", resourceArn=arns[0], tags=twice)
    ecs.refuses("ListTagsForResource", "InvalidParameterException", resourceArn="x")
    gone = service["serviceArn"] + "x"
    ecs.refuses("ListTagsForResource", "InvalidParameterException", "not found", resourceArn=gone)
    ecs.refuses("UntagResource", "ResourceNotFoundException", "not found", resourceArn=gone, tagKeys=["a"])


def test_account_settings_and_the_default_of_container_insights(ecs: Ecs) -> None:
    assert ecs.call("ListAccountSettings")["settings"] == []
    ecs.call("PutAccountSettingDefault", name="containerInsights", value="enhanced")
    created = ecs.call("CreateCluster", clusterName="new")["cluster"]
    assert created["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    effective = ecs.call("ListAccountSettings", effectiveSettings=True, name="containerInsights")["settings"]
    assert effective[0]["value"] == "enhanced"
    ecs.call("DeleteAccountSetting", name="containerInsights")
    assert ecs.call("CreateCluster", clusterName="other")["cluster"]["settings"][0]["value"] == "disabled"
    ecs.refuses("PutAccountSetting", "InvalidParameterException", name="containerInsights", value="x")


def test_reads_change_nothing(ecs: Ecs) -> None:
    """Two worlds, one of which is looked at all the time, write the same history."""
    other = Ecs()
    other.register()
    for world in (ecs, other):
        world.make_service()
    for _ in range(40):
        ecs.seconds(5)
        other.seconds(5)
        ecs.show()
        ecs.tasks()
        for operation in ("ListClusters", "DescribeClusters", "ListAccountSettings", "ListTaskDefinitions"):
            ecs.call(operation)
    assert ecs.journal.to_jsonl() == other.journal.to_jsonl()
    assert all(operation[0].isupper() for operation in OPERATIONS)
