"""The stage of this lab: a service behind a load balancer, as ``labs.staging`` builds it; after the faults its clients, and the first
time that Spot wants all of its tasks back.
"""

from __future__ import annotations

from pathlib import Path

from labs import load as clients
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    check = health_check()
    balanced = Balanced(
        f"{lab.name('image')}:4.2",
        8080,
        30,
        check,
        draining_s=lab.number("delay"),
        stop_timeout_s=lab.number("stop_timeout"),
    )
    build_balanced(cloud, Stage.of(lab), balanced)


def set_going(cloud: Cloud) -> None:
    """Clients fill their baskets; a minute later every task is gone; three minutes after that the service stands again."""
    lab = load(Path(__file__).parent)
    name = {"cluster": lab.name("cluster"), "service": lab.name("service")}
    services = cloud.client("ecs").describe_services(cluster=name["cluster"], services=[name["service"]])
    group = services["services"][0]["loadBalancers"][0]["targetGroupArn"]
    cloud.traffic.start(clients.settings(lab, group))
    cloud.clock.advance(MINUTE_MS)
    with cloud.clock.hold():
        cloud.capacity.interrupt(share=1, **name)
        cloud.clock.advance(3 * MINUTE_MS)
