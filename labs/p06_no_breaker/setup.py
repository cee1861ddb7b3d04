"""The stage of this lab: a service that works, as ``labs.staging`` builds it."""

from __future__ import annotations

from pathlib import Path

from labs.cloud import Cloud
from labs.loader import load
from labs.staging import Stage, build


def set_up(cloud: Cloud) -> None:
    """Build the service by the names in lab.yaml."""
    build(cloud, Stage.of(load(Path(__file__).parent)))
