"""The stage of this lab: a worker that charges the orders of a queue, scaled on its CPU; then orders that come in a wave."""

from __future__ import annotations

from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.order_waves import orders_of
from labs.queues import build_worker
from labs.staging import Stage, scale_on_cpu

_TARGET = 60
_ON_THE_WAY_MS = 24 * MINUTE_MS
"""Orders come faster than they are charged, and the first of them have waited for minutes."""


def set_up(cloud: Cloud) -> None:
    """Build queue and service by the names in lab.yaml, and let its CPU scale it."""
    lab = load(Path(__file__).parent)
    stage = Stage.of(lab)
    queue = {"name": lab.name("queue"), "VisibilityTimeout": "90", "ReceiveMessageWaitTimeSeconds": "20"}
    build_worker(cloud, stage, lab.name("build"), queue, stop_timeout_s=60, dead_after=10)
    scale_on_cpu(cloud, stage, lab.number("maximum"), target=_TARGET, scale_in_s=300)


def set_going(cloud: Cloud) -> None:
    """Let the orders come, until they wait."""
    lab = load(Path(__file__).parent)
    cloud.queue.start(lab.name("queue"), orders_of(lab))
    cloud.clock.advance(_ON_THE_WAY_MS)
