"""The stage of this lab: a shop that boots slowly behind a load balancer, with time to do so, as
``labs.staging`` builds it.
"""

from __future__ import annotations

from pathlib import Path

from labs.cloud import Cloud
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    check = health_check(healthy=5, unhealthy=2)
    image = f"{lab.name('image')}:1.0-slow"
    build_balanced(cloud, Stage.of(lab), Balanced(image, 8080, 180, check))
