"""The stage of this lab: a shop behind a load balancer, as ``labs.staging`` builds it; then its clients, a release, a bad moment in the
middle of it, and the rollback that is under way when the learner arrives.
"""

from __future__ import annotations

from pathlib import Path

from labs import load as clients
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check, register_next

_TICK_MS = 5_000
_TICKS = 240
_SEEN_MS = 30_000
"""The rollback's first tasks have come up."""


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    check = health_check()
    image = f"{lab.name('image')}:{lab.name('before')}{lab.name('build')}"
    build_balanced(cloud, Stage.of(lab), Balanced(image, 8080, 0, check, draining_s=lab.number("drain")))


def set_going(cloud: Cloud) -> None:
    """Let the clients buy, release the next version, and in the middle of that let Spot take everything back. It has others again when
    the release has been given up.
    """
    lab = load(Path(__file__).parent)
    ecs, name = cloud.client("ecs"), {"cluster": lab.name("cluster"), "service": lab.name("service")}
    service = ecs.describe_services(cluster=name["cluster"], services=[name["service"]])["services"][0]
    image = f"{lab.name('image')}:{lab.name('after')}{lab.name('build')}"
    released = register_next(cloud, lab, service["taskDefinition"], image)
    cloud.traffic.start(clients.settings(lab, service["loadBalancers"][0]["targetGroupArn"]))
    cloud.clock.advance(MINUTE_MS)
    with cloud.clock.hold():
        mark = cloud.history.next_seq
        ecs.update_service(**name, taskDefinition=released)
        first_half = lab.number("desired") // 2
        _advance_until(cloud, mark, "task.running", first_half)
        cloud.capacity.shortage()
        cloud.capacity.interrupt(share=1, **name)
        _advance_until(cloud, mark, "deployment.rolling_back")
        cloud.capacity.restore()
        cloud.clock.advance(_SEEN_MS)


def _advance_until(cloud: Cloud, mark: int, kind: str, count: int = 1) -> None:
    """Let time pass until something of that kind has happened so many times."""
    for _ in range(_TICKS):
        if len(cloud.history.since(mark).of(kind)) >= count:
            return
        cloud.clock.advance(_TICK_MS)
    raise AssertionError(f"no {kind} within {_TICKS * _TICK_MS // MINUTE_MS} minutes")  # pragma: no cover
