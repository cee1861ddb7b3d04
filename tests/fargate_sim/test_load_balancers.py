"""A service behind a load balancer over the wire: ELBv2's own calls, target health that moves, AWS's refusals."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def stage(offline: Any) -> dict[str, Any]:
    """A load balancer with a listener, a target group each of type ip and instance, a cluster, a task definition."""
    env, elb, ecs = offline.env(), offline.client("elbv2"), offline.client("ecs")
    balancer = elb.create_load_balancer(
        Name="alb", Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]], SecurityGroups=[env["ALB_SG"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]

    def group(name: str, kind: str) -> str:
        made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType=kind)
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    groups = {"ip": group("web", "ip"), "instance": group("old", "instance"), "loose": group("loose", "ip")}
    for port, kind in ((80, "ip"), (81, "instance")):
        forward = [{"Type": "forward", "TargetGroupArn": groups[kind]}]
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=forward)
    ecs.create_cluster(clusterName="demo")
    ecs.register_task_definition(
        family="web",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[
            {"name": "web", "image": "nginx:1.27", "portMappings": [{"containerPort": 80}]}
        ],
    )
    network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    service = {
        "cluster": "demo",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 2,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": network},
    }
    return {"groups": groups, "service": service, "elb": elb, "ecs": ecs}


def balanced(arn: str, container: str = "web", port: int = 80) -> list[dict[str, Any]]:
    return [{"targetGroupArn": arn, "containerName": container, "containerPort": port}]


def states(stage: dict[str, Any]) -> list[str]:
    shown = stage["elb"].describe_target_health(TargetGroupArn=stage["groups"]["ip"])
    return sorted(each["TargetHealth"]["State"] for each in shown["TargetHealthDescriptions"])


def test_what_aws_refuses(stage: dict[str, Any]) -> None:
    groups = stage["groups"]
    refusals = [
        (
            balanced(groups["instance"]),
            "has target type instance, which is incompatible with the awsvpc network mode",
        ),
        (balanced(groups["loose"]), "does not have an associated load balancer."),
        (balanced(groups["ip"], container="api"), "The container api does not exist in the task definition."),
        (balanced(groups["ip"], port=8080), "The container web did not have a container port 8080 defined."),
        (balanced(groups["ip"][:-2] + "xx"), "does not exist"),
    ]
    for balancers, text in refusals:
        with pytest.raises(ClientError, match="InvalidParameterException") as caught:
            stage["ecs"].create_service(**stage["service"], loadBalancers=balancers)
        assert text in str(caught.value)


def test_target_health_lives_through_a_deployment(offline: Any, stage: dict[str, Any]) -> None:
    ecs, elb, arn = stage["ecs"], stage["elb"], stage["groups"]["ip"]
    elb.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]
    )
    made = ecs.create_service(**stage["service"], loadBalancers=balanced(arn))["service"]
    assert made["loadBalancers"] == balanced(arn)
    assert states(stage) == []
    offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    assert states(stage) == ["healthy", "healthy"]
    shown = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]
    assert shown["HealthCheckPort"] == "80"
    assert shown["Target"]["AvailabilityZone"].startswith("us-east-1")
    addresses = {
        task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        for task in ecs.describe_tasks(cluster="demo", tasks=ecs.list_tasks(cluster="demo")["taskArns"])[
            "tasks"
        ]
    }
    targets = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert {each["Target"]["Id"] for each in targets} == addresses
    ecs.update_service(cluster="demo", service="web", forceNewDeployment=True)
    seen = set()
    for _ in range(300):
        offline.control.post("/_lab/clock", {"action": "advance", "ms": 1_000})
        seen.update(states(stage))
    assert seen == {"initial", "healthy", "draining"}
    assert states(stage) == ["healthy", "healthy"]
    assert (
        ecs.describe_services(cluster="demo", services=["web"])["services"][0]["deployments"][0][
            "rolloutState"
        ]
        == "COMPLETED"
    )


def test_one_target_can_be_asked_for_and_hand_made_ones_stay_motos(
    offline: Any, stage: dict[str, Any]
) -> None:
    ecs, elb, arn = stage["ecs"], stage["elb"], stage["groups"]["ip"]
    ecs.create_service(**stage["service"], loadBalancers=balanced(arn))
    offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.10.9", "Port": 80}])
    assert len(states(stage)) == 3
    ours = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["Target"]
    asked = elb.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": ours["Id"], "Port": 80}])
    assert [each["Target"]["Id"] for each in asked["TargetHealthDescriptions"]] == [ours["Id"]]


def test_the_load_balancers_of_a_service_can_be_changed_by_a_deployment(
    offline: Any, stage: dict[str, Any]
) -> None:
    ecs, arn = stage["ecs"], stage["groups"]["ip"]
    ecs.create_service(**stage["service"])
    offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    same = ecs.update_service(cluster="demo", service="web", loadBalancers=[])["service"]
    assert len(same["deployments"]) == 1
    changed = ecs.update_service(cluster="demo", service="web", loadBalancers=balanced(arn))["service"]
    assert len(changed["deployments"]) == 2
    offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": 600_000})
    assert states(stage) == ["healthy", "healthy"]


def test_a_changed_health_check_reaches_targets_that_had_come_to_rest(
    offline: Any, stage: dict[str, Any]
) -> None:
    elb, group = stage["elb"], stage["groups"]["ip"]
    stage["ecs"].create_service(
        **stage["service"], healthCheckGracePeriodSeconds=7200, loadBalancers=balanced(group)
    )
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 120_000})
    assert states(stage) == ["healthy", "healthy"]
    elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/nothing-here")
    assert states(stage) == ["healthy", "healthy"]  # two failures in a row first
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 90_000})
    assert states(stage) == ["unhealthy", "unhealthy"]
    elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/", HealthyThresholdCount=3)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})
    assert states(stage) == ["unhealthy", "unhealthy"]  # once unhealthy, one pass is not enough
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})
    assert states(stage) == ["healthy", "healthy"]


def test_a_target_group_names_the_load_balancers_that_forward_to_it_now(stage: dict[str, Any]) -> None:
    elb, groups = stage["elb"], stage["groups"]

    def behind(kind: str) -> list[str]:
        found = elb.describe_target_groups(TargetGroupArns=[groups[kind]])["TargetGroups"][0]
        return list(found["LoadBalancerArns"])

    (balancer,) = behind("ip")
    assert behind("loose") == []
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    listener = next(item["ListenerArn"] for item in listeners if item["Port"] == 80)
    elb.modify_listener(
        ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": groups["loose"]}]
    )
    assert (behind("ip"), behind("loose")) == ([], [balancer])
    elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": groups["loose"]}],
    )
    assert behind("loose") == [balancer]
    elb.delete_listener(ListenerArn=listener)
    assert behind("loose") == []
    names = {
        item["TargetGroupName"]
        for item in elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    }
    assert names == {"old"}
