"""The stage of this incident: members behind a load balancer, who start and scale as they should. The faults then change three things, one
after the other, that no running task notices; then a secret that nobody uses any more is given up, and more tasks are wanted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.secret_stage import EXECUTION_POLICY, READ, grant, make_key, make_role, make_secret, statement
from labs.staging import Balanced, Own, Stage, build_balanced, health_check

_QUIET_MS = 20 * MINUTE_MS
"""Between the last change and the moment at which more tasks are wanted."""
_SEEN_MS = 12 * MINUTE_MS
"""From then on until the learner arrives."""


def set_up(cloud: Cloud) -> None:
    """Build it by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    make_key(cloud, lab.id, lab.name("key"))
    login = {"username": "members_app", "password": "harbour-Quartz-37-lemon"}
    secret = make_secret(cloud, lab.id, lab.name("secret"), login, tags={"service": "members-area"})
    billing = {"username": "billing_app", "password": "ember-Gravel-52-oboe"}
    make_secret(cloud, lab.id, lab.name("foreign"), billing, tags={"service": "billing"})
    session = {"username": "members_app", "password": "willow-Anchor-19-drum"}
    make_secret(cloud, lab.id, lab.name("unused"), session, tags={"service": "members"})
    execution = make_role(cloud, lab.id, lab.name("execution_role"), EXECUTION_POLICY)
    grant(cloud, lab.name("execution_role"), "read-db", statement(READ, secret))
    task = make_role(cloud, lab.id, lab.name("task_role"))
    own = Own(
        {"secrets": [{"name": lab.name("variable"), "valueFrom": f"{secret}:password::"}]},
        {"executionRoleArn": execution, "taskRoleArn": task},
    )
    # A breaker would take a new revision back as long as anything else keeps its tasks from starting.
    stage = replace(Stage.of(lab), desired=lab.number("before"), breaker=False)
    build_balanced(
        cloud,
        stage,
        Balanced(f"{lab.name('image')}:1.1", 8080, 30, health_check(interval_s=5, timeout_s=2)),
        own,
    )


def set_going(cloud: Cloud) -> None:
    """Give the unused secret up, and want more tasks a while later."""
    lab = load(Path(__file__).parent)
    cloud.client("secretsmanager").delete_secret(SecretId=lab.name("unused"), RecoveryWindowInDays=30)
    cloud.clock.advance(_QUIET_MS)
    cloud.client("ecs").update_service(
        cluster=lab.name("cluster"), service=lab.name("service"), desiredCount=lab.number("desired")
    )
    cloud.clock.advance(_SEEN_MS)
