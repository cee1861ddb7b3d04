"""The stage of this lab: two private subnets whose route table leads nowhere, and a service in them that has never run a task.

In some worlds its tasks get public addresses, which help nobody there: which worlds, the id of the first subnet decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.staging import Own, Stage, build_repository, build_service, build_subnets

FIRST_FAILURES_MS = 6 * MINUTE_MS
"""Until AWS has given up on the first tasks, so that there is a reason to read."""


def set_up(cloud: Cloud) -> None:
    """Build it by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    tag = lab.name("tag")
    uri = build_repository(cloud, lab, tag)
    subnets, _ = build_subnets(cloud, lab)
    public = hashlib.sha256(subnets[0].encode()).digest()[0] % 2
    build_service(
        cloud,
        replace(Stage.of(lab), breaker=False),
        {"image": f"{uri}:{tag}", "portMappings": [{"containerPort": lab.number("port")}]},
        own=Own(network={"subnets": subnets, "assignPublicIp": "ENABLED" if public else "DISABLED"}),
        settle_ms=FIRST_FAILURES_MS,
    )
