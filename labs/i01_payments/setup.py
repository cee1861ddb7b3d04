"""The stage of this lab: a payments service behind a load balancer, as ``labs.staging`` builds it, scaled on its CPU; then its
clients, who become many, a release, and the rollback of that release, which is still under way when the learner arrives.
"""

from __future__ import annotations

from pathlib import Path

from labs import load as clients
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import (
    SETTLE_LIMIT_MS,
    Balanced,
    Stage,
    build_balanced,
    health_check,
    register_next,
    scale_on_cpu,
)

_CPU_TARGET = 60
_BUSY_MS = 24 * MINUTE_MS
"""The tasks have more to do than they can."""
_ROLLBACK_SEEN_MS = 150_000
"""The rollback's tasks have taken over, and those of the release are on their way out."""


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    check = health_check(healthy=3)
    image = f"{lab.name('image')}:{lab.name('before')}"
    stage = Stage.of(lab)
    build_balanced(cloud, stage, Balanced(image, 8080, 0, check, draining_s=lab.number("drain")))
    scale_on_cpu(cloud, stage, lab.number("maximum"), target=_CPU_TARGET, scale_in_s=300)


def set_going(cloud: Cloud) -> None:
    """Let the clients pay, release the next version when they are many, and take it back."""
    lab = load(Path(__file__).parent)
    ecs, name = cloud.client("ecs"), {"cluster": lab.name("cluster"), "service": lab.name("service")}
    service = ecs.describe_services(cluster=name["cluster"], services=[name["service"]])["services"][0]
    before = service["taskDefinition"]
    image = f"{lab.name('image')}:{lab.name('after')}"
    released = register_next(cloud, lab, before, image)
    cloud.traffic.start(clients.settings(lab, service["loadBalancers"][0]["targetGroupArn"]))
    cloud.clock.advance(_BUSY_MS)
    ecs.update_service(**name, taskDefinition=released)
    cloud.clock.settle(SETTLE_LIMIT_MS)
    cloud.clock.advance(MINUTE_MS)
    ecs.update_service(**name, taskDefinition=before)
    cloud.clock.advance(_ROLLBACK_SEEN_MS)
