"""p11: a build that lets go of what it has done.

1.4 keeps 64 KiB of every request. Two tasks share twelve requests a second, so each grows by 22.5 MiB a minute from its 120 MiB and is
killed at 512, a little more than 17 minutes after its start; and both at about the same time, because they share evenly.

Everything that changes the room, the share or the age changes the time, not the end. 1.5 has the repair; 1.3, the build before, never
had the fault. 1.4.1 keeps half as much of each request, which is twice the time.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "p11"
SERVICE = "reports"
IMAGE = "public.ecr.aws/fargate-lab/reports"


def solve(cloud: Cloud) -> None:
    """The build with the repair."""
    _deploy(cloud, image=f"{IMAGE}:1.5")


def break_again(cloud: Cloud) -> None:
    """The next build has half of the fault again."""
    _deploy(cloud, image=f"{IMAGE}:1.4.1")


def _deploy(cloud: Cloud, size: dict[str, str] | None = None, **change: Any) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, change, size=size))


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _everything(cloud: Cloud) -> None:
    """More of all: tasks, memory, CPU."""
    _deploy(cloud, {"cpu": "512", "memory": "4096"})
    _update(cloud, desiredCount=6)


def _another_program(cloud: Cloud) -> None:
    """The shop does not leak. It does not render reports either."""
    _deploy(cloud, image="public.ecr.aws/fargate-lab/shop:1.0")


ALTERNATIVES = (
    Fix("back to the build before", lambda cloud: _update(cloud, taskDefinition="reports:1")),
    Fix(
        "the newest build, in larger tasks",
        lambda cloud: _deploy(cloud, {"cpu": "256", "memory": "1024"}, image=f"{IMAGE}:latest"),
    ),
)

WRONG_FIXES = (
    WrongFix(
        "more tasks",
        lambda cloud: _update(cloud, desiredCount=8),
        "stays-level",
        "lives longer; each still fills up",
    ),
    WrongFix(
        "more memory",
        lambda cloud: _deploy(cloud, {"cpu": "256", "memory": "2048"}),
        "stays-level",
        "MiB take longer to fill",
    ),
    WrongFix("more of everything", _everything, "stays-level", "the next kill, at 4,096 MiB, comes in about"),
    WrongFix(
        "a restart, as a nightly job would do it",
        lambda cloud: _update(cloud, forceNewDeployment=True),
        "stays-level",
        "leaves the slope as it is",
    ),
    WrongFix(
        "a build that leaks half as much",
        lambda cloud: _deploy(cloud, image=f"{IMAGE}:1.4.1"),
        "stays-level",
        "still grows by",
    ),
    WrongFix(
        "a memoryReservation",
        lambda cloud: _deploy(cloud, memoryReservation=400),
        "stays-level",
        "stops no growth",
    ),
    WrongFix(
        "a longer stopTimeout",
        lambda cloud: _deploy(cloud, stopTimeout=120),
        "nothing-lost",
        "killed for memory",
    ),
    WrongFix("another program", _another_program, "capacity", "fargate-lab/shop"),
    WrongFix(
        "out of the load balancer",
        lambda cloud: _update(cloud, loadBalancers=[]),
        "steady",
        "no load balancer",
    ),
    WrongFix("scaled to zero", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
