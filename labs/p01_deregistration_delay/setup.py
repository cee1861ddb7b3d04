"""The stage of this lab: a shop behind a load balancer, with a delay that fits, and clients that send requests from
the beginning on.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import Cloud
from labs.load import settings
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml, then let the clients in."""
    lab = load(Path(__file__).parent)
    check: dict[str, str | int] = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 10}
    image = f"{lab.name('image')}:1.0"
    build_balanced(cloud, Stage.of(lab), Balanced(image, 8080, 30, check))
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(settings(lab, groups[0]["TargetGroupArn"]))
