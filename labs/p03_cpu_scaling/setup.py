"""The stage of this lab: the quotes service behind a load balancer, scaled on its CPU; then a load that swings."""

from __future__ import annotations

from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.load import settings
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check, scale_on_cpu

_TARGET = 60
_ON_THE_WAY_MS = 24 * MINUTE_MS
"""The clients have become many, and the first of them begin to wait."""


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml, and let its CPU scale it."""
    lab = load(Path(__file__).parent)
    stage = Stage.of(lab)
    check = health_check()
    image = f"{lab.name('image')}:1.0"
    build_balanced(cloud, stage, Balanced(image, lab.number("port"), 30, check))
    scale_on_cpu(cloud, stage, lab.number("maximum"), target=_TARGET, scale_in_s=0)


def set_going(cloud: Cloud) -> None:
    """Let the clients come, until it begins to hurt."""
    lab = load(Path(__file__).parent)
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(settings(lab, groups[0]["TargetGroupArn"]))
    cloud.clock.advance(_ON_THE_WAY_MS)
