"""Deployment alarms in real life, over boto3: measured traffic makes the alarms, and the alarms make or break releases.

The bad release is a wrong image: its health check passes and it knows nothing of /checkout. The circuit breaker is blind to it.
"""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Offline

GOOD = "public.ecr.aws/fargate-lab/shop:1.0"
WRONG = "public.ecr.aws/fargate-lab/orders:1.0"
ALARMS = {"alarmNames": ["not-found"], "enable": True, "rollback": True}


class Shop:
    """The service ``shop`` behind a load balancer, and an alarm on answers with 404."""

    def __init__(self, offline: Offline, image: str) -> None:
        self.offline = offline
        self.ecs, self.cloudwatch = offline.client("ecs"), offline.client("cloudwatch")
        env, elb = offline.env(), offline.client("elbv2")
        balancer = elb.create_load_balancer(
            Name="alb",
            Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]],
            SecurityGroups=[env["ALB_SG"]],
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.group = elb.create_target_group(
            Name="shop",
            Protocol="HTTP",
            Port=8080,
            VpcId=env["VPC"],
            TargetType="ip",
            HealthCheckPath="/healthz",
        )["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.group}]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}
        elb.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[delay])
        self.cloudwatch.put_metric_alarm(
            AlarmName="not-found",
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_4XX_Count",
            Dimensions=[
                {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
                {"Name": "TargetGroup", "Value": self.group.rpartition(":")[2]},
            ],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=10,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        self.ecs.create_cluster(clusterName="demo")
        network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
        self.register(image)
        self.ecs.create_service(
            cluster="demo",
            serviceName="shop",
            taskDefinition="shop",
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[{"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}],
            deploymentConfiguration={
                "alarms": ALARMS,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        )
        self.settle()

    def register(self, image: str) -> None:
        container = {"name": "app", "image": image, "portMappings": [{"containerPort": 8080}]}
        self.ecs.register_task_definition(
            family="shop",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[container],
        )

    def release(self, image: str) -> None:
        self.register(image)
        self.ecs.update_service(cluster="demo", service="shop", taskDefinition="shop")

    def customers_come(self) -> None:
        self.offline.control.post("/_lab/traffic", {"action": "start", "rps": 2, "path": "/checkout"})

    def pass_by(self, seconds: int) -> None:
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})

    def settle(self) -> None:
        self.offline.control.post("/_lab/clock", {"action": "settle"})

    def alarm(self) -> str:
        return str(self.cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"])

    def image(self) -> str:
        """What the service runs."""
        [service] = self.ecs.describe_services(cluster="demo", services=["shop"])["services"]
        definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        return str(definition["taskDefinition"]["containerDefinitions"][0]["image"])

    def last_release(self) -> dict[str, Any]:
        """The newest service deployment."""
        arn = self.ecs.list_service_deployments(cluster="demo", service="shop")["serviceDeployments"][0][
            "serviceDeploymentArn"
        ]
        answer = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        return dict(answer["serviceDeployments"][0])


@pytest.fixture
def make_shop(offline: Offline) -> Any:
    return lambda image: Shop(offline, image)


def test_an_alarm_fires_during_a_bad_release_and_rolls_it_back(make_shop: Any) -> None:
    shop = make_shop(GOOD)
    shop.customers_come()
    shop.pass_by(240)
    assert shop.alarm() == "OK"
    shop.release(WRONG)
    shop.settle()
    assert shop.image() == GOOD
    release = shop.last_release()
    assert release["status"] == "ROLLBACK_SUCCESSFUL"
    assert release["alarms"]["triggeredAlarmNames"] == ["not-found"]
    assert release["deploymentCircuitBreaker"]["failureCount"] == 0  # nothing was wrong with the tasks
    [failed] = shop.offline.journal("deployment.failed")
    assert (failed["data"]["by"], failed["data"]["alarms"]) == ("alarm", ["not-found"])
    shop.pass_by(300)
    assert shop.alarm() == "OK"
    assert shop.image() == GOOD


def test_the_fix_is_rolled_back_for_what_the_old_revision_did_and_goes_through_while_in_alarm(
    make_shop: Any,
) -> None:
    shop = make_shop(WRONG)  # nobody came yet, so the alarm let it through
    shop.pass_by(180)
    assert shop.alarm() == "OK"
    shop.customers_come()
    shop.pass_by(40)
    assert shop.alarm() == "OK"  # CloudWatch does not know yet
    shop.release(GOOD)
    shop.settle()
    assert shop.image() == WRONG, "the fix was rolled back"
    fix = shop.last_release()
    assert (fix["status"], fix["alarms"]["status"]) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
    change = next(e for e in shop.offline.journal("alarm.state") if e["data"]["to"] == "ALARM")
    healthy = [e["at"] for e in shop.offline.journal("task.healthy")]
    assert change["data"]["until"] <= healthy[2], "all of it came from before the fix took a request"
    assert shop.alarm() == "ALARM"  # and stays so, for the old revision is back
    shop.release(GOOD)
    shop.settle()
    again = shop.last_release()
    assert (again["status"], again["alarms"]["status"]) == ("SUCCESSFUL", "DISABLED")
    assert shop.image() == GOOD
    shop.pass_by(300)
    assert shop.alarm() == "OK"
    ignored = shop.offline.journal("deployment.alarms_ignored")
    assert [entry["data"]["alarms"] for entry in ignored] == [["not-found"]]


def test_the_snapshot_says_what_is_watched(make_shop: Any) -> None:
    shop = make_shop(GOOD)
    shop.release(GOOD)
    shop.pass_by(150)
    answer = shop.offline.control.get("/_lab/snapshot")
    assert answer is not None
    [service] = answer["services"]
    assert service["alarms"] == {"enabled": True, "rollback": True, "names": ["not-found"]}
    primary = service["deployments"][0]
    assert primary["alarms"] == {"status": "MONITORING", "triggered": []}
    assert primary["rollout_state"] == "IN_PROGRESS"
    assert primary["bake_until_ms"] > answer["clock"]["now_ms"]
