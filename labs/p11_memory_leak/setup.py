"""The stage of this lab: a report service behind a load balancer that gives its memory back, and users who ask for reports; then time
for its release to fill up once before the learner arrives.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.load import settings
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check

_FIRST_KILL_SEEN_MS = 21 * MINUTE_MS


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml, then let the users begin."""
    lab = load(Path(__file__).parent)
    check = health_check()
    image = f"{lab.name('image')}:{lab.name('before')}"
    build_balanced(cloud, Stage.of(lab), Balanced(image, 8080, 60, check))
    groups = cloud.client("elbv2").describe_target_groups(Names=[lab.name("service")])["TargetGroups"]
    cloud.traffic.start(settings(lab, groups[0]["TargetGroupArn"]))


def set_going(cloud: Cloud) -> None:
    """Let the release fill up, and be killed, once."""
    cloud.clock.advance(_FIRST_KILL_SEEN_MS)
