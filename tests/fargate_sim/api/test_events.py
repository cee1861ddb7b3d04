"""The events of ECS, as rules of EventBridge get them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.ecs import NETWORK, Ecs
from support.worlds import MISSING

from fargate_sim import schedule_targets
from fargate_sim.api.ecs.tasks import show_task
from fargate_sim.api.schedules import read
from fargate_sim.model.events import EventPattern, ListeningRule

EVERYTHING = {"source": ["aws.ecs"]}


class Listening(Ecs):
    """An account with one rule."""

    def __init__(self, pattern: Any = EVERYTHING, **more: Any) -> None:
        super().__init__(**more)
        self.world.ecs_events.show_task = show_task
        self.world.events.listen([ListeningRule("all", EventPattern(json.dumps(pattern)))])

    def run_task(self, **more: Any) -> Any:
        return self.call(
            "RunTask",
            cluster="lab",
            taskDefinition="web",
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            **more,
        )["tasks"][0]

    def sent(self, detail_type: str) -> list[Any]:
        return [event for event in self.account.events if event["detail-type"] == detail_type]

    def tasks_sent(self) -> list[Any]:
        return [event["detail"] for event in self.sent("ECS Task State Change")]


@pytest.fixture
def ecs() -> Listening:
    return Listening()


def test_a_task_tells_every_state_once_and_in_order(ecs: Listening) -> None:
    ecs.register()
    arn = ecs.run_task()["taskArn"]
    ecs.settle()
    ecs.call("StopTask", cluster="lab", task=arn)
    ecs.settle()
    told = [(each["lastStatus"], each["desiredStatus"]) for each in ecs.tasks_sent()]
    assert told == [
        ("PROVISIONING", "RUNNING"),
        ("PENDING", "RUNNING"),
        ("ACTIVATING", "RUNNING"),
        ("RUNNING", "RUNNING"),
        ("RUNNING", "STOPPED"),
        ("STOPPING", "STOPPED"),
        ("STOPPING", "STOPPED"),  # its container has ended
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]
    versions = [each["version"] for each in ecs.tasks_sent()]
    assert versions == list(range(1, len(told) + 1)), "a version is told once"


def test_the_detail_is_the_task_with_times_as_texts(ecs: Listening) -> None:
    ecs.register()
    arn = ecs.run_task()["taskArn"]
    ecs.settle()
    event = ecs.sent("ECS Task State Change")[-1]
    detail = event["detail"]
    assert event["resources"] == [arn]
    assert (event["source"], event["version"], event["region"]) == ("aws.ecs", "0", "us-east-1")
    assert event["time"].startswith("2026-01-01T09:")
    assert event["time"].endswith("Z")
    assert "." not in event["time"]
    assert detail["lastStatus"] == detail["desiredStatus"] == "RUNNING"
    assert detail["taskArn"] == arn
    assert detail["attachments"][0]["type"] == "eni"
    for name in ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "updatedAt"):
        assert detail[name].startswith("2026-01-01T09:")
        assert detail[name][-5] == "."
    assert "tags" not in detail
    json.dumps(event)
    assert ecs.tasks()[0]["attachments"][0]["type"] == "ElasticNetworkInterface", (
        "the API shows the other name"
    )


def test_a_task_that_never_ran(ecs: Listening) -> None:
    ecs.register(image=MISSING)
    ecs.run_task()
    ecs.settle()
    last = ecs.tasks_sent()[-1]
    assert (last["lastStatus"], last["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert last["stoppedReason"].startswith("CannotPullContainerError")
    assert "startedAt" not in last
    assert "exitCode" not in last["containers"][0]


def test_a_deployment_from_beginning_to_end(ecs: Listening) -> None:
    ecs.register()
    service = ecs.make_service()
    ecs.settle()
    deployments = ecs.sent("ECS Deployment State Change")
    assert [each["detail"]["eventName"] for each in deployments] == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]
    first = deployments[0]
    deployment_id = service["deployments"][0]["id"]
    assert first["resources"] == [service["serviceArn"]]
    assert first["detail"]["deploymentId"] == deployment_id
    assert first["detail"]["reason"] == f"ECS deployment {deployment_id} in progress."
    assert first["detail"]["eventType"] == "INFO"
    assert set(first["detail"]) == {"eventType", "eventName", "deploymentId", "updatedAt", "reason"}
    (steady,) = ecs.sent("ECS Service Action")
    assert steady["detail"]["eventName"] == "SERVICE_STEADY_STATE"
    assert steady["detail"]["clusterArn"].endswith("cluster/lab")
    assert set(steady["detail"]) == {"eventType", "eventName", "clusterArn", "createdAt"}


def test_a_breaker_that_trips_and_goes_back(ecs: Listening) -> None:
    ecs.register()
    good = ecs.make_service()["deployments"][0]["id"]
    ecs.settle()
    ecs.account.events.clear()
    ecs.register(image=MISSING)
    ecs.call("UpdateService", cluster="lab", service="web", taskDefinition="web")
    bad = ecs.show()["deployments"][0]["id"]
    ecs.settle()
    told = [
        (each["detail"]["eventName"].removeprefix("SERVICE_DEPLOYMENT_"), each["detail"]["deploymentId"])
        for each in ecs.sent("ECS Deployment State Change")
    ]
    assert told == [("IN_PROGRESS", bad), ("FAILED", bad), ("IN_PROGRESS", good), ("COMPLETED", good)]
    failed, back = (each["detail"] for each in ecs.sent("ECS Deployment State Change")[1:3])
    assert (failed["eventType"], failed["reason"]) == (
        "ERROR",
        "ECS deployment circuit breaker: task failed to start.",
    )
    assert back["reason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {good}."


def test_start_throttling_is_told_as_impaired_starts(ecs: Listening) -> None:
    ecs.register(image=MISSING)
    ecs.make_service(
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    )
    ecs.seconds(3600)
    names = {
        each["detail"]["eventName"]: each["detail"]["eventType"] for each in ecs.sent("ECS Service Action")
    }
    assert names == {"SERVICE_TASK_START_IMPAIRED": "WARN"}


SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def on_spot(ecs: Listening) -> None:
    """A service on Spot capacity, settled, and nothing told yet."""
    ecs.call(
        "PutClusterCapacityProviders",
        cluster="lab",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=SPOT,
    )
    ecs.register()
    ecs.make_service(launchType=None, capacityProviderStrategy=SPOT)
    ecs.settle()
    ecs.account.events.clear()


def test_an_interruption_is_told_while_the_task_still_runs(ecs: Listening) -> None:
    on_spot(ecs)
    task = ecs.world.spot.running(service="web")[0]
    ecs.world.spot.interrupt([task])
    notice = ecs.tasks_sent()[0]
    assert (notice["lastStatus"], notice["desiredStatus"]) == ("RUNNING", "STOPPED")
    assert (notice["stopCode"], notice["stoppedReason"]) == (
        "SpotInterruption",
        "Your Spot Task was interrupted.",
    )
    assert notice["capacityProviderName"] == "FARGATE_SPOT"


def test_a_shortage_is_told_as_a_placement_failure(ecs: Listening) -> None:
    on_spot(ecs)
    ecs.world.capacity.run_out("FARGATE_SPOT")
    ecs.call("UpdateService", cluster="lab", service="web", desiredCount=3)
    ecs.seconds(600)
    failures = ecs.sent("ECS Service Action")
    assert {each["detail"]["eventName"] for each in failures} >= {"SERVICE_TASK_PLACEMENT_FAILURE"}
    detail = next(each["detail"] for each in failures if each["detail"]["eventType"] == "ERROR")
    assert detail["reason"] == "RESOURCE:FARGATE"
    assert detail["capacityProviderArns"] == [
        "arn:aws:ecs:us-east-1:123456789012:capacity-provider/FARGATE_SPOT"
    ]


def test_a_schedule_waits_for_capacity_and_runs_once_it_is_back(ecs: Listening) -> None:
    on_spot(ecs)
    ecs.world.schedules.perform = schedule_targets.perform
    network = {"AwsvpcConfiguration": {"Subnets": ["subnet-a"]}}
    target = {
        "Arn": ecs.world.arn("cluster/lab"),
        "EcsParameters": {
            "TaskDefinitionArn": "web",
            "TaskCount": 2,
            "CapacityProviderStrategy": SPOT,
            "NetworkConfiguration": network,
        },
    }
    ecs.world.schedules.replace(
        [read({"Name": "s", "ScheduleExpression": "at(2026-01-01T12:00:00)", "Target": target})]
    )
    ecs.world.capacity.run_out("FARGATE_SPOT")
    ecs.seconds(3 * 3600 + 200)
    assert {entry.data["error"] for entry in ecs.entries("schedule.failed")} == {"ECS.RunTaskFailure"}
    ecs.world.capacity.restore()
    ecs.seconds(1200)
    last = ecs.entries("schedule.fired")[-1]
    assert last.data["error"] is None
    assert len(last.data["tasks"]) == 2


def test_only_what_a_rule_wants_is_sent() -> None:
    pattern = {
        **EVERYTHING,
        "detail-type": ["ECS Task State Change"],
        "detail": {"lastStatus": ["STOPPED"], "containers": {"exitCode": [{"anything-but": 0}]}},
    }
    ecs = Listening(pattern)
    ecs.register(container={"command": ["sh", "-c", "exit 3"]})
    ecs.run_task()
    ecs.register(container={"command": ["sh", "-c", "exit 0"]})
    ecs.run_task()
    ecs.seconds(180)
    (event,) = ecs.account.events
    assert event["detail"]["containers"][0]["exitCode"] == 3
    (entry,) = ecs.entries("event.sent")
    assert entry.data["rules"] == ["all"]
    assert entry.data["id"] == event["id"]
    assert ecs.journal.entries[entry.cause or 0].kind == "task.stopped"


def test_nothing_is_built_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    ecs = Listening({"source": ["aws.cloudwatch"]})
    monkeypatch.setattr(ecs.world.ecs_events, "show_task", lambda *_: pytest.fail("an event was built"))
    ecs.register()
    ecs.make_service()
    ecs.settle()
    assert ecs.account.events == []
    assert ecs.entries("event.sent") == []


def test_other_parts_of_the_cloud_send_through_the_same_bus() -> None:
    ecs = Listening({"source": ["aws.cloudwatch"]})
    ecs.account.unreachable["all"] = "the queue does not exist"
    ecs.world.events.emit(
        "aws.cloudwatch", "CloudWatch Alarm State Change", ["arn:alarm"], {"alarmName": "a"}
    )
    (event,) = ecs.account.events
    assert (event["resources"], event["detail"]) == (["arn:alarm"], {"alarmName": "a"})
    (lost,) = ecs.entries("event.undelivered")
    assert lost.data["reason"] == "the queue does not exist"


def test_two_worlds_of_one_seed_send_the_same() -> None:
    def live(seed: int) -> list[Any]:
        ecs = Listening(seed=seed)
        ecs.register()
        ecs.make_service()
        ecs.settle()
        return ecs.account.events

    assert live(3) == live(3)
    assert live(3) != live(4)
