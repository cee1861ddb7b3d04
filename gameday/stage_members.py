"""The stage of scenarios about secrets: a service whose tasks read a password at their launch, with roles and a key of its own."""

from __future__ import annotations

from gameday.stage_shop import NAMES as SHOP_NAMES
from gameday.stage_shop import build
from labs.cloud import Cloud
from labs.secret_stage import EXECUTION_POLICY, READ, grant, make_key, make_role, make_secret, statement
from labs.staging import Balanced, Own, Stage, health_check

MEMBERS = "public.ecr.aws/fargate-lab/members:1.1"
POLICY = "read-db"
VARIABLE = "DB_PASSWORD"
NAMES = (
    *SHOP_NAMES,
    "KEY",
    "KEY_ALIAS",
    "SECRET",
    "SECRET_NAME",
    "SERVICE_EXECUTION_ROLE",
    "SERVICE_EXECUTION_ROLE_NAME",
    "SERVICE_TASK_ROLE",
    "UNUSED_SECRET",
)


def members(
    cloud: Cloud,
    owner: str,
    *,
    cluster: str = "members",
    service: str = "members",
    image: str = MEMBERS,
    desired: int = 3,
    breaker: bool = False,
    cpu_target: int = 0,
    maximum: int = 0,
    alarms: bool = True,
) -> dict[str, str]:
    """A service behind a load balancer that reads its database's password from Secrets Manager.

    Its execution role may read exactly that secret. There is a second secret that nobody uses any more, and a customer managed key
    that encrypts nothing yet. With ``breaker`` a failed deployment is rolled back; with ``cpu_target`` the service is scaled on its CPU,
    between ``desired`` and ``maximum``.
    """
    key = make_key(cloud, owner, f"{service}-house")
    login = {"username": f"{service}_app", "password": "harbour-Quartz-37-lemon"}
    secret_name, unused_name = f"{cluster}/{service}/db", f"{cluster}/{service}/session"
    secret = make_secret(cloud, owner, secret_name, login, tags={"service": f"{service}-area"})
    old = {"username": f"{service}_app", "password": "willow-Anchor-19-drum"}
    unused = make_secret(cloud, owner, unused_name, old, tags={"service": service})
    execution_name = f"{service}-execution"
    execution = make_role(cloud, owner, execution_name, EXECUTION_POLICY)
    grant(cloud, execution_name, POLICY, statement(READ, secret))
    task = make_role(cloud, owner, f"{service}-task")
    own = Own(
        {"secrets": [{"name": VARIABLE, "valueFrom": f"{secret}:password::"}]},
        {"executionRoleArn": execution, "taskRoleArn": task},
    )
    stage = Stage(owner, cluster, service, desired, breaker=breaker)
    balanced = Balanced(image, 8080, 30, health_check(interval_s=5, timeout_s=2))
    subnets = [cloud.env["SUBNET_A"], cloud.env["SUBNET_B"]]
    names = build(
        cloud,
        stage,
        balanced,
        own,
        subnets=subnets,
        strategy=[],
        deployed=True,
        alarms=alarms,
        scaled=(cpu_target, maximum) if cpu_target else None,
    )
    return {
        **names,
        "KEY": key,
        "KEY_ALIAS": f"alias/{service}-house",
        "SECRET": secret,
        "SECRET_NAME": secret_name,
        "UNUSED_SECRET": unused,
        "SERVICE_EXECUTION_ROLE": execution,
        "SERVICE_EXECUTION_ROLE_NAME": execution_name,
        "SERVICE_TASK_ROLE": task,
    }
