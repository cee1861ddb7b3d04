"""Disturbances in a whole world: task definitions come over the wire, and what follows is seen as AWS shows it."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_sim.model.disturbances import DisturbanceRefusedError
from fargate_sim.model.task import Task
from fargate_sim.model.world import World
from labs.history import Entry, History
from labs.why import explain

from .conftest import Offline

SCRIPT = """
set -e
dnf upgrade -y; dnf install jq procps awscli -y
leave() {
  echo "deregistering $INSTANCE"
  if ! aws ssm deregister-managed-instance --instance-id $INSTANCE; then echo "failed" 1>&2; fi
  kill -SIGTERM $AGENT
}
trap leave SIGTERM SIGINT
if [[ -z $MANAGED_INSTANCE_ROLE_NAME ]]; then echo "no role" 1>&2; exit 1; fi
if ! ps ax | grep amazon-ssm-agent | grep -v grep > /dev/null; then
  if [[ -n $ECS_CONTAINER_METADATA_URI_V4 ]]; then
    echo "registering"
    TASK=$(curl "${ECS_CONTAINER_METADATA_URI_V4}/task")
    ZONE=$(echo $TASK | jq -e -r '.AvailabilityZone' | sed 's/.$//')
    if ! [[ $ZONE =~ ^(us|eu)-[a-z]+-[0-9]$ ]]; then echo "no zone" 1>&2; exit 1; fi
    if ! amazon-ssm-agent -register -code $CODE -id $ID -region $ZONE; then echo "failed" 1>&2; exit 1; fi
    amazon-ssm-agent & AGENT=$!
    wait $AGENT
  else
    echo "no metadata" 1>&2; exit 1
  fi
else
  echo "runs already" 1>&2; exit 1
fi
"""
"""What the agent's container runs has such a shape: guards that end it, a function as its trap, the agent in the background."""


class Stage:
    """The service ``web`` behind a load balancer, whose tasks have the agent beside them."""

    def __init__(self, offline: Offline, **definition: Any) -> None:
        self.offline, self.elb = offline, offline.client("elbv2")
        self.group = self._start({"pidMode": "task", "enableFaultInjection": True, **definition})
        self.wait_settled()

    @property
    def world(self) -> World:
        return self.offline.cloud.world("us-east-1")

    def _start(self, definition: dict[str, Any]) -> str:
        _, group = self.offline.start_balanced_service()
        self.elb.modify_target_group(TargetGroupArn=group, HealthCheckIntervalSeconds=10)
        env, ecs = self.offline.env(), self.offline.client("ecs")
        options = {
            "awslogs-group": env["LOG_GROUP"],
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "web",
        }
        agent = {
            "name": "amazon-ssm-agent",
            "image": "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest",
            "essential": False,
            "command": ["/bin/bash", "-c", SCRIPT],
            "environment": [{"name": "MANAGED_INSTANCE_ROLE_NAME", "value": "managed"}],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        app = {
            "name": "app",
            "image": "public.ecr.aws/nginx/nginx:1.27",
            "portMappings": [{"containerPort": 80}],
        }
        self.described = ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=env["EXECUTION_ROLE"],
            containerDefinitions=[app, agent],
            **definition,
        )["taskDefinition"]
        ecs.update_service(cluster="demo", service="web", taskDefinition="web")
        return group

    def wait_settled(self) -> None:
        self.offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 1_800_000})

    def wait(self, seconds: int) -> None:
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})

    def load(self, rps: float = 10) -> None:
        self.offline.control.post(
            "/_lab/traffic", {"action": "start", "target_group": self.group, "rps": rps}
        )
        self.wait(60)

    def report(self) -> dict[str, Any]:
        return dict(self.offline.control.get("/_lab/traffic") or {})

    def tasks(self) -> list[Task]:
        return [task for task in self.world.tasks.values() if task.running]

    def health(self) -> list[dict[str, Any]]:
        found = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return [each["TargetHealth"] for each in found]

    def history(self) -> History:
        return History(tuple(Entry.parse(each) for each in self.offline.journal()))


@pytest.fixture
def stage(offline: Offline) -> Stage:
    return Stage(offline)


def test_the_agents_script_ends_in_an_agent_that_stays(stage: Stage) -> None:
    assert stage.described["enableFaultInjection"] is True
    agents = [task.containers[1] for task in stage.tasks()]
    assert [agent.status for agent in agents] == ["RUNNING", "RUNNING"]
    logs = stage.offline.client("logs").filter_log_events(logGroupName=stage.offline.env()["LOG_GROUP"])
    said = [event["message"] for event in logs["events"] if "ssm" in event["logStreamName"]]
    assert said == ["registering", "INFO Starting amazon-ssm-agent"] * 2


def test_what_the_load_balancer_and_the_metrics_show_of_a_dead_port(stage: Stage) -> None:
    stage.load()
    params = {"port": 80, "trafficType": "ingress", "protocol": "tcp"}
    stage.world.disturbances.begin("network-blackhole-port", stage.tasks()[:1], params, why="test")
    stage.wait(40)
    assert {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    } in stage.health()
    stage.wait(400)
    assert [each["State"] for each in stage.health() if each["State"] != "draining"] == ["healthy", "healthy"]
    balancer = name_of_balancer(stage)
    metrics = stage.offline.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_ELB_504_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}],
        StartTime=stage.world.engine.start_ms // 1000,
        EndTime=stage.world.engine.now_ms // 1000,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    failed = stage.report()
    assert sum(point["Sum"] for point in metrics) == failed["failed"] > 50
    chain = explain(stage.history(), "requests", failed)
    assert "could not connect to port 80 of the target" in chain.verdict
    assert not any(word in str(chain).lower() for word in ("disturb", "inject", "fault"))


def name_of_balancer(stage: Stage) -> str:
    arn = stage.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    return str(arn).partition(":loadbalancer/")[2]


def test_a_killed_program_is_explained_by_what_ecs_saw(stage: Stage) -> None:
    task = stage.tasks()[0]
    assert stage.world.disturbances.kill([task], "nginx", "SIGKILL", why="test") == [task.task_id]
    stage.wait(200)
    shown = stage.offline.client("ecs").describe_tasks(cluster="demo", tasks=[task.arn])["tasks"][0]
    assert (shown["stopCode"], shown["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [each["exitCode"] for each in shown["containers"] if each["name"] == "app"] == [137]
    chain = explain(stage.history(), task.task_id)
    assert "137" in str(chain)
    assert len(stage.tasks()) == 2


def test_the_loss_of_the_zone_with_the_nat_gateway_is_more_than_that(stage: Stage) -> None:
    env = stage.offline.env()
    stage.load()
    zone = [env["SUBNET_A"], env["PUBLIC_SUBNET_A"]]
    fault = stage.world.disturbances.begin_subnets(zone, "all", why="test")
    stage.wait(600)
    assert stage.report()["failed"] > 0
    # Nothing can be pulled in the other zone either, so what is unhealthy is not replaced.
    assert {task.subnet_id for task in stage.tasks()} == {env["SUBNET_A"], env["SUBNET_B"]}
    assert sorted(each["State"] for each in stage.health()) == ["healthy", "unhealthy"]
    stopped = [entry["data"] for entry in stage.offline.journal("task.start_failed")]
    assert stopped
    assert all("network ACL acl-" in each["missing"] for each in stopped)
    stage.world.disturbances.end(fault)
    stage.wait(2400)
    assert [each["State"] for each in stage.health()] == ["healthy", "healthy"]
    report = stage.report()
    assert report["sent"] == report["ok"] + report["failed"] + report["in_flight"]


def test_tasks_of_a_definition_without_the_fields_refuse(offline: Offline) -> None:
    stage = Stage(offline, enableFaultInjection=False)
    params = {"port": 80, "trafficType": "ingress", "protocol": "tcp"}
    with pytest.raises(
        DisturbanceRefusedError, match="fault injection is not enabled for task: arn:aws:ecs:"
    ):
        stage.world.disturbances.begin("network-blackhole-port", stage.tasks(), params, why="test")
