"""The stage of this lab: a shop behind a load balancer, as ``labs.staging`` builds it. After the faults its clients come, and the
release, which was given up and begun again, is still under way when the learner arrives.
"""

from __future__ import annotations

from pathlib import Path

from labs import load as clients
from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check

_FIRST_MS = 3 * MINUTE_MS
"""The release has been tried for so long when somebody begins it once more."""
_SEEN_MS = 3 * MINUTE_MS
"""And for so long again when the learner comes."""


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    image = f"{lab.name('image')}:{lab.name('before')}"
    balanced = Balanced(image, 8080, lab.number("grace"), health_check(), draining_s=lab.number("drain"))
    build_balanced(cloud, Stage.of(lab), balanced)


def set_going(cloud: Cloud) -> None:
    """Let the clients come, and the release be tried again."""
    lab = load(Path(__file__).parent)
    ecs, name = cloud.client("ecs"), {"cluster": lab.name("cluster"), "service": lab.name("service")}
    service = ecs.describe_services(cluster=name["cluster"], services=[name["service"]])["services"][0]
    cloud.traffic.start(clients.settings(lab, service["loadBalancers"][0]["targetGroupArn"]))
    cloud.clock.advance(_FIRST_MS)
    ecs.update_service(**name, forceNewDeployment=True)
    cloud.clock.advance(_SEEN_MS)
