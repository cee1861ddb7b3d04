"""Services over the API: what is refused, what starts a deployment, what the answers say."""

from __future__ import annotations

from typing import Any

import pytest
from support.ecs import NETWORK, Ecs
from support.worlds import MISSING

from fargate_sim.model.surroundings import SubnetFacts


@pytest.fixture
def ecs() -> Ecs:
    scenario = Ecs()
    scenario.register()
    return scenario


def network(**changes: Any) -> dict[str, Any]:
    return {"awsvpcConfiguration": {**NETWORK["awsvpcConfiguration"], **changes}}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"serviceName": "a b"}, "InvalidParameterException", "Invalid service name"),
        ({"taskDefinition": None}, "InvalidParameterException", "TaskDefinition can not be blank."),
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        (
            {"networkConfiguration": None},
            "InvalidParameterException",
            "Network Configuration must be provided when",
        ),
        (
            {"networkConfiguration": network(subnets=[])},
            "InvalidParameterException",
            "subnets can not be empty.",
        ),
        (
            {"networkConfiguration": network(subnets=["subnet-x"])},
            "InvalidParameterException",
            "Error retrieving subnet information for [subnet-x]: The subnet ID 'subnet-x' does not exist "
            "(ErrorCode: InvalidSubnetID.NotFound)",
        ),
        (
            {"networkConfiguration": network(securityGroups=["nope"])},
            "InvalidParameterException",
            "The security group 'nope' does not exist (ErrorCode: InvalidGroup.NotFound)",
        ),
        (
            {"networkConfiguration": network(subnets=["subnet-a", "subnet-o"])},
            "InvalidParameterException",
            "same VPC",
        ),
        (
            {"networkConfiguration": network(subnets=[f"s{n}" for n in range(17)])},
            "InvalidParameterException",
            "16",
        ),
        (
            {"networkConfiguration": network(securityGroups=[f"g{n}" for n in range(6)])},
            "InvalidParameterException",
            "5",
        ),
        ({"desiredCount": -1}, "InvalidParameterException", "desiredCount"),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
            "InvalidParameterException",
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments",
        ),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 101}},
            "InvalidParameterException",
            "minimumHealthyPercent",
        ),
        ({"deploymentConfiguration": {"maximumPercent": 99}}, "InvalidParameterException", "maximumPercent"),
        (
            {
                "launchType": "FARGATE",
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            },
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported",
        ),
        ({"platformVersion": "9.9"}, "PlatformUnknownException", "9.9"),
        ({"launchType": "EC2"}, "NotImplementedException", "launch type EC2"),
        ({"schedulingStrategy": "DAEMON"}, "NotImplementedException", "DAEMON"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "NotImplementedException", "CODE_DEPLOY"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "NotImplementedException", "BLUE_GREEN"),
        ({"healthCheckGracePeriodSeconds": -1}, "InvalidParameterException", "healthCheckGracePeriodSeconds"),
        ({"tags": [{"key": "aws:x", "value": ""}]}, "InvalidParameterException", "aws:"),
        (
            {
                "deploymentConfiguration": {
                    "deploymentCircuitBreaker": {
                        "enable": True,
                        "rollback": True,
                        "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 0},
                    }
                }
            },
            "InvalidParameterException",
            "between 1 and 100",
        ),
    ],
)
def test_a_service_that_is_refused(ecs: Ecs, change: dict[str, Any], code: str, message: str) -> None:
    ecs.account.known["subnet-o"] = SubnetFacts("subnet-o", "vpc-2", "10.9.0.0/24", "us-east-1a")
    params = {
        "cluster": "lab",
        "serviceName": "web",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **change,
    }
    ecs.refuses(
        "CreateService", code, message, **{key: value for key, value in params.items() if value is not None}
    )


def test_a_new_service_has_awss_defaults(ecs: Ecs) -> None:
    answer = ecs.call(
        "CreateService",
        cluster="lab",
        serviceName="web",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )["service"]
    assert answer["status"] == "ACTIVE"
    assert answer["desiredCount"] == 1
    assert answer["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": False,
        "rollback": False,
    }
    assert answer["deploymentConfiguration"]["maximumPercent"] == 200
    assert answer["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    assert answer["platformVersion"] == "LATEST"
    assert answer["availabilityZoneRebalancing"] == "ENABLED"
    assert answer["propagateTags"] == "NONE"
    assert answer["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert answer["deployments"][0]["platformVersion"] == "1.4.0"
    assert answer["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert answer["deployments"][0]["rolloutStateReason"].endswith("in progress.")


def test_a_name_can_be_used_once_at_a_time(ecs: Ecs) -> None:
    ecs.make_service(clientToken="t" * 33)
    assert ecs.make_service(clientToken="t" * 33)["serviceName"] == "web"
    with pytest.raises(Exception, match="Creation of service was not idempotent"):
        ecs.make_service()
    ecs.call("DeleteService", cluster="lab", service="web", force=True)
    with pytest.raises(Exception, match="still Draining"):
        ecs.make_service()
    ecs.settle()
    assert ecs.make_service()["status"] == "ACTIVE"


def test_deleting_needs_force_above_zero(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.settle()
    refusal = "The service cannot be stopped while it is scaled above 0."
    ecs.refuses("DeleteService", "InvalidParameterException", refusal, cluster="lab", service="web")
    ecs.call("UpdateService", cluster="lab", service="web", desiredCount=0)
    assert ecs.call("DeleteService", cluster="lab", service="web")["service"]["status"] == "DRAINING"
    assert ecs.call("ListServices", cluster="lab")["serviceArns"] == []
    ecs.settle()
    assert ecs.show()["status"] == "INACTIVE"
    ecs.refuses(
        "UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.", cluster="lab", service="web"
    )
    ecs.refuses(
        "DeleteService", "ServiceNotFoundException", "Service not found.", cluster="lab", service="web"
    )


def test_unknown_services_are_failures_and_not_errors(ecs: Ecs) -> None:
    answer = ecs.call("DescribeServices", cluster="lab", services=["nope"])
    assert answer["failures"] == [
        {"arn": "arn:aws:ecs:us-east-1:123456789012:service/lab/nope", "reason": "MISSING"}
    ]
    ecs.refuses(
        "UpdateService", "ServiceNotFoundException", "Service not found.", cluster="lab", service="nope"
    )
    ecs.refuses("DescribeServices", "InvalidParameterException", "empty", cluster="lab", services=[])
    ecs.refuses("DescribeServices", "InvalidParameterException", "10", cluster="lab", services=["x"] * 11)


@pytest.mark.parametrize(
    ("change", "deploys"),
    [
        ({"desiredCount": 3}, False),
        ({"deploymentConfiguration": {"maximumPercent": 150}}, False),
        ({"healthCheckGracePeriodSeconds": 30}, False),
        ({"enableExecuteCommand": True}, False),
        ({"propagateTags": "SERVICE"}, False),
        ({"taskDefinition": "web:1"}, False),  # no effective change
        ({"networkConfiguration": NETWORK}, False),
        ({"platformVersion": "LATEST"}, False),
        ({}, False),
        ({"taskDefinition": "web:2"}, True),
        ({"networkConfiguration": network(subnets=["subnet-a"])}, True),
        ({"platformVersion": "1.4.0"}, True),
        ({"forceNewDeployment": True}, True),
    ],
)
def test_what_starts_a_deployment(ecs: Ecs, change: dict[str, Any], deploys: bool) -> None:
    ecs.register()
    ecs.make_service(taskDefinition="web:1")
    ecs.settle()
    before = len(ecs.call("ListServiceDeployments", cluster="lab", service="web")["serviceDeployments"])
    answer = ecs.call("UpdateService", cluster="lab", service="web", **change)["service"]
    after = len(ecs.call("ListServiceDeployments", cluster="lab", service="web")["serviceDeployments"])
    assert (after - before, len(answer["deployments"])) == ((1, 2) if deploys else (0, 1))


def test_the_core_of_the_course_over_the_api(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.settle()
    good = ecs.show()
    assert good["runningCount"] == 2
    assert good["events"][0]["message"] == "(service web) has reached a steady state."
    tasks = ecs.tasks(serviceName="web")
    assert len({task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks}) == 2
    assert {task["startedBy"] for task in tasks} == {good["deployments"][0]["id"]}
    ecs.register(image=MISSING)
    ecs.call("UpdateService", cluster="lab", service="web", taskDefinition="web:2")
    lowest = 2
    while ecs.show()["deployments"][0]["failedTasks"] < 2:
        ecs.seconds(5)
        lowest = min(lowest, ecs.show()["runningCount"])
    assert ecs.show()["deployments"][0]["taskDefinition"].endswith("web:2")
    stopped = ecs.tasks(desiredStatus="STOPPED")[0]
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert stopped["containers"][0]["reason"] == stopped["stoppedReason"]
    ecs.settle()
    back = ecs.show()
    assert back["taskDefinition"].endswith("web:1")
    assert back["deployments"][0]["id"] == good["deployments"][0]["id"]
    assert lowest == 2
    brief = ecs.call("ListServiceDeployments", cluster="lab", service="web")["serviceDeployments"]
    assert [each["status"] for each in brief] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    only = ecs.call("ListServiceDeployments", cluster="lab", service="web", status=["SUCCESSFUL"])
    assert len(only["serviceDeployments"]) == 1
    told = ecs.call("DescribeServiceDeployments", serviceDeploymentArns=[brief[0]["serviceDeploymentArn"]])
    account = told["serviceDeployments"][0]
    assert account["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert account["rollback"]["serviceRevisionArn"] == brief[1]["targetServiceRevisionArn"]
    revision = ecs.call(
        "DescribeServiceRevisions", serviceRevisionArns=[brief[1]["targetServiceRevisionArn"]]
    )
    shown = revision["serviceRevisions"][0]
    assert shown["containerImages"][0]["imageDigest"].startswith("sha256:")
    assert shown["taskDefinition"].endswith("web:1")


def test_stopping_a_service_deployment(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.settle()
    ecs.register(image=MISSING)
    service = ecs.call("UpdateService", cluster="lab", service="web", taskDefinition="web:2")["service"]
    arn = service["currentServiceDeployment"]
    ecs.seconds(60)
    assert ecs.call("StopServiceDeployment", serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    ecs.refuses(
        "StopServiceDeployment", "InvalidParameterException", serviceDeploymentArn=arn, stopType="ABORT"
    )
    ecs.settle()
    assert ecs.show()["taskDefinition"].endswith("web:1")
    ecs.refuses("StopServiceDeployment", "ConflictException", serviceDeploymentArn=arn)
    gone = arn[:-3] + "xyz"
    ecs.refuses("StopServiceDeployment", "ServiceDeploymentNotFoundException", serviceDeploymentArn=gone)
    assert (
        ecs.call("DescribeServiceDeployments", serviceDeploymentArns=[gone])["failures"][0]["reason"]
        == "MISSING"
    )
    ecs.refuses("DescribeServiceDeployments", "InvalidParameterException", serviceDeploymentArns=["x"])


def test_a_services_tags_reach_its_tasks_when_they_shall(ecs: Ecs) -> None:
    ecs.make_service(tags=[{"key": "team", "value": "a"}], propagateTags="SERVICE", enableECSManagedTags=True)
    ecs.settle()
    arns = ecs.call("ListTasks", cluster="lab")["taskArns"]
    shown = ecs.call("DescribeTasks", cluster="lab", tasks=arns, include=["TAGS"])["tasks"][0]["tags"]
    assert {tag["key"]: tag["value"] for tag in shown} == {
        "aws:ecs:clusterName": "lab",
        "aws:ecs:serviceName": "web",
        "team": "a",
    }
    include = ecs.call("DescribeServices", cluster="lab", services=["web"], include=["TAGS"])
    assert include["services"][0]["tags"] == [{"key": "team", "value": "a"}]


def test_an_inactive_revision_serves_its_service_but_no_other(ecs: Ecs) -> None:
    ecs.make_service()
    ecs.settle()
    ecs.call("DeregisterTaskDefinition", taskDefinition="web:1")
    ecs.call("UpdateService", cluster="lab", service="web", desiredCount=3)
    ecs.settle()
    ecs.seconds(120)
    assert ecs.show()["runningCount"] == 3
    ecs.refuses("RunTask", "ClientException", taskDefinition="web:1", cluster="lab", launchType="FARGATE")


def test_the_lists_of_services_page_by_ten(ecs: Ecs) -> None:
    for number in range(12):
        ecs.make_service(serviceName=f"s{number}", desiredCount=0)
    first = ecs.call("ListServices", cluster="lab")
    second = ecs.call("ListServices", cluster="lab", nextToken=first["nextToken"])
    assert (len(first["serviceArns"]), len(second["serviceArns"])) == (10, 2)
    assert "nextToken" not in second
