"""The stage of this lab: a search service behind a load balancer whose index fits, and users who search; then time for the release
to fail a few times before the learner arrives.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.load import settings
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check

_SEEN_MS = 6 * MINUTE_MS


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml, then let the users begin."""
    lab = load(Path(__file__).parent)
    check = health_check()
    image = f"{lab.name('image')}:{lab.name('former')}"
    stage = replace(Stage.of(lab), breaker=False)
    build_balanced(cloud, stage, Balanced(image, 8080, lab.number("grace"), check))
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(settings(lab, groups[0]["TargetGroupArn"]))


def set_going(cloud: Cloud) -> None:
    """Let the release try."""
    cloud.clock.advance(_SEEN_MS)
