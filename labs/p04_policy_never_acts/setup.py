"""The stage of this lab: quotes behind a load balancer, with a policy of request count whose label is right, and beside it the back
office behind a load balancer of its own. After the fault the load rises, and nobody touches anything.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import GOOD_IMAGE, Balanced, Stage, build_balanced

_RISES_AFTER_MIN, _RISES_FOR_MIN, _SEEN_AFTER_MIN = 1, 8, 15


def set_up(cloud: Cloud) -> None:
    """Build both services by the names in lab.yaml, and let quotes scale."""
    lab = load(Path(__file__).parent)
    check: dict[str, str | int] = {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
    }
    cluster, service = lab.name("cluster"), lab.name("service")
    build_balanced(cloud, Stage(lab.id, cluster, lab.name("neighbour"), 1), Balanced(GOOD_IMAGE, 80, 0, {}))
    build_balanced(cloud, Stage.of(lab), Balanced(f"{lab.name('image')}:1.0", 8080, 30, check))
    group = cloud.client("elbv2").describe_target_groups(Names=[service])["TargetGroups"][0]
    balancer = group["LoadBalancerArns"][0].partition(":loadbalancer/")[2]
    scaling = cloud.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{cluster}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(
        **target, MinCapacity=lab.number("desired"), MaxCapacity=lab.number("most")
    )
    scaling.put_scaling_policy(
        **target,
        PolicyName=lab.name("policy"),
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(lab.number("target")),
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": f"{balancer}/{group['TargetGroupArn'].rpartition(':')[2]}",
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 120,
        },
    )


def set_going(cloud: Cloud) -> None:
    """Let the load rise until it is more than two tasks can bear."""
    lab = load(Path(__file__).parent)
    service = cloud.client("ecs").describe_services(
        cluster=lab.name("cluster"), services=[lab.name("service")]
    )["services"][0]
    cloud.traffic.start(
        {
            "target_group": service["loadBalancers"][0]["targetGroupArn"],
            "rps": lab.number("quiet_rps"),
            "path": lab.name("path"),
            "pattern": "ramp",
            "to_rps": lab.number("now_rps"),
            "after_ms": _RISES_AFTER_MIN * MINUTE_MS,
            "for_ms": _RISES_FOR_MIN * MINUTE_MS,
        }
    )
    cloud.clock.advance(_SEEN_AFTER_MIN * MINUTE_MS)
