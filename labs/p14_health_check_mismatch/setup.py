"""The stage of this lab: a shop behind a load balancer whose health check fits, as ``labs.staging`` builds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs.cloud import Cloud
from labs.loader import load
from labs.staging import Balanced, Stage, build_balanced, health_check


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    check = health_check(interval_s=lab.number("interval"), timeout_s=2, unhealthy=lab.number("threshold"))
    image = f"{lab.name('image')}:1.0"
    stage = replace(Stage.of(lab), breaker=False)
    build_balanced(cloud, stage, Balanced(image, lab.number("port"), lab.number("grace"), check))
