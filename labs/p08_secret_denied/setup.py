"""The stage of this lab: members behind a load balancer, with roles, subnets, a repository, a key and secrets of its own; then, after
the fault, a release of which no task starts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.images import push
from labs.loader import load
from labs.p08_secret_denied.network import build_network
from labs.secret_stage import (
    DECRYPT,
    EXECUTION_POLICY,
    READ,
    grant,
    make_key,
    make_role,
    make_secret,
    statement,
)
from labs.staging import Balanced, Own, Stage, build_balanced, health_check

_SEEN_MS = 6 * MINUTE_MS
"""Long enough for a task that waits for a service which does not answer to have been given up."""


def set_up(cloud: Cloud) -> None:
    """Build it by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    network = build_network(cloud, lab.name("cluster"))
    repository = lab.name("repository")
    made = cloud.client("ecr").create_repository(
        repositoryName=repository, tags=[{"Key": "fargate-lab", "Value": lab.id}]
    )["repository"]
    push(cloud, f"{lab.name('image')}:1.0", repository, "1.0")
    key = make_key(cloud, lab.id, lab.name("key"))
    login = {"username": "members_app", "password": "tide-Lantern-61-walnut"}
    secret = make_secret(cloud, lab.id, lab.name("secret"), login, key=key)
    payroll = {"username": "payroll_owner", "password": "copper-Mosaic-08-violin"}
    make_secret(cloud, lab.id, lab.name("foreign"), payroll, key=key)
    role = lab.name("execution_role")
    execution = make_role(cloud, lab.id, role, EXECUTION_POLICY)
    grant(cloud, role, "read-db", statement(READ, secret), statement(DECRYPT, key))
    task = make_role(cloud, lab.id, lab.name("task_role"))
    own = Own(
        {"secrets": [{"name": "DB_PASSWORD", "valueFrom": f"{secret}:password::"}]},
        {"executionRoleArn": execution, "taskRoleArn": task},
        {"subnets": list(network.subnets)},
    )
    balanced = Balanced(f"{made['repositoryUri']}:1.0", 8080, 30, health_check(interval_s=5, timeout_s=2))
    build_balanced(cloud, replace(Stage.of(lab), breaker=False), balanced, own)


def set_going(cloud: Cloud) -> None:
    """Let the release that the fault began fail for a while."""
    cloud.clock.advance(_SEEN_MS)
