"""The stage of this lab: a shop that writes orders in batches, started as its image says, behind a load balancer whose
deregistration delay fits, and clients who order.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import Cloud
from labs.load import settings
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml, then let the clients begin."""
    lab = load(Path(__file__).parent)
    check = health_check()
    image = f"{lab.name('image')}:1.1{lab.name('build')}"
    build_balanced(cloud, Stage.of(lab), Balanced(image, 8080, 30, check, draining_s=lab.number("delay")))
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(settings(lab, groups[0]["TargetGroupArn"]))
