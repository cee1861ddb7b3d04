"""A scaling policy that watches the wrong pair of load balancer and target group."""

from __future__ import annotations

import pytest

from chaos.errors import FaultError
from chaos.faults import inject
from chaos.undo import STEPS, Undo
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Balanced, Stage, build_balanced

from .test_actions import TARGET, apply, configured, service, take_back

POLICY = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/c/s",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.fixture
def scaled(cloud: EndpointCloud) -> EndpointCloud:
    """A service behind a load balancer that scales by its requests, and another one behind another load balancer."""
    for name in ("other", "s"):
        build_balanced(cloud, Stage("test", "c", name, 1), Balanced("nginx:1.27", 80, 0, {}))
    scaling = cloud.client("application-autoscaling")
    scaling.register_scalable_target(**POLICY, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": pair(cloud)}
    scaling.put_scaling_policy(
        **POLICY,
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100.0,
            "PredefinedMetricSpecification": metric,
        },
    )
    return cloud


def pair(cloud: EndpointCloud) -> str:
    """The label of the pair that the service stands behind."""
    arn = service(cloud)["loadBalancers"][0]["targetGroupArn"]
    (group,) = cloud.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    (balancer,) = group["LoadBalancerArns"]
    return f"{balancer.partition(':loadbalancer/')[2]}/{arn.rpartition(':')[2]}"


def label(cloud: EndpointCloud) -> str:
    """The label that the policy has."""
    (policy,) = cloud.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")[
        "ScalingPolicies"
    ]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    assert configuration["TargetValue"] == 100.0
    return str(configuration["PredefinedMetricSpecification"]["ResourceLabel"])


@pytest.mark.parametrize("wrong", ["balancer", "replaced"])
def test_a_wrong_label_leaves_the_policy_without_data_and_is_taken_back_even_twice(
    scaled: EndpointCloud, wrong: str
) -> None:
    before, right = configured(scaled), pair(scaled)
    assert label(scaled) == right
    undo = apply(scaled, "wrong_label", label=wrong)
    scaled.clock.settle(3_600_000)
    if wrong == "balancer":
        balancer, group = label(scaled).split("/targetgroup/")
        assert balancer.startswith("app/other-alb/")
        assert (group, pair(scaled)) == (right.split("/targetgroup/")[1], right)
    else:
        assert label(scaled) == right
        assert "/targetgroup/s-new/" in pair(scaled)
    assert service(scaled)["runningCount"] == 1
    serving = service(scaled)["loadBalancers"][0]["targetGroupArn"]
    scaled.traffic.start({"target_group": serving, "rps": 2})
    scaled.clock.advance(300_000)
    assert alarm_states(scaled) == {"INSUFFICIENT_DATA"}
    take_back(scaled, undo)
    take_back(scaled, undo)
    assert configured(scaled) == before
    assert label(scaled) == pair(scaled) == right
    scaled.traffic.stop()
    scaled.traffic.start({"target_group": service(scaled)["loadBalancers"][0]["targetGroupArn"], "rps": 2})
    scaled.clock.advance(300_000)
    assert "INSUFFICIENT_DATA" not in alarm_states(scaled)


def alarm_states(cloud: EndpointCloud) -> set[str]:
    """Of all alarms."""
    return {alarm["StateValue"] for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]}


def test_a_wrong_label_needs_a_policy_another_balancer_and_a_listener(scaled: EndpointCloud) -> None:
    noted: list[Undo] = []

    def refused(words: str, wrong: str) -> None:
        with pytest.raises(FaultError, match=words):
            inject(scaled.client, "wrong_label", {**TARGET, "label": wrong}, noted.append)

    elb = scaled.client("elbv2")
    refused("Choose any, balancer or replaced", "colour")
    scaled.client("ecs").delete_service(cluster="c", service="other", force=True)
    other = elb.describe_load_balancers(Names=["other-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.delete_load_balancer(LoadBalancerArn=other)
    refused("behind the only load balancer", "balancer")
    group = service(scaled)["loadBalancers"][0]["targetGroupArn"]
    mine = elb.describe_load_balancers(Names=["s-alb"])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=mine)["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    gone = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elb.modify_listener(ListenerArn=listener, DefaultActions=[gone])
    refused("No listener forwards everything", "replaced")
    scaled.client("application-autoscaling").delete_scaling_policy(**POLICY, PolicyName="requests")
    refused("has no scaling policy that follows ALBRequestCountPerTarget", "any")
    assert noted == []


def test_what_took_a_label_back_needs_nothing_where_everything_is_gone(scaled: EndpointCloud) -> None:
    undo = apply(scaled, "wrong_label", label="balancer")
    scaled.client("ecs").delete_service(cluster="c", service="s", force=True)
    scaled.clock.settle(3_600_000)
    take_back(scaled, undo)
    STEPS["modify_listeners"](scaled.client, lambda: None, listeners={"arn:aws:gone": []})
