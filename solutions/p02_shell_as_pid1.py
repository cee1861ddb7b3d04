"""p02: let the program hear its stop signal.

The shell form makes ``sh`` PID 1. Debian's ``sh`` stays there while the program runs as its child; PID 1 without a
handler ignores SIGTERM, and tells nobody. ECS waits for stopTimeout and kills everything. The open requests are long
answered by then, because the deregistration delay comes first. What goes is what the program had accepted and not
written down yet.

In exec form the program itself is PID 1, and its handler drains. A wrapper that ends with ``exec`` gives its place to
the program, an init passes the signal on to its direct child, and a trap can pass it on and wait. An init in front
of a shell that stays passes the signal to the shell, which dies of it, and then the kernel ends the program with it.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "p02"
SERVICE = "orders"
PROGRAM = "/app/shop"
INIT: dict[str, Any] = {"linuxParameters": {"initProcessEnabled": True}}
FORWARDING = f"trap 'kill -TERM $child; wait $child' TERM; {PROGRAM} & child=$!; wait $child"


def exec_form(program: str = PROGRAM) -> dict[str, Any]:
    """The program as PID 1."""
    return {"entryPoint": [program], "command": []}


def shell_form(script: str) -> dict[str, Any]:
    """A shell as PID 1, unless it gives way."""
    return {"entryPoint": ["sh", "-c"], "command": [script]}


def solve(cloud: Cloud) -> None:
    """Exec form."""
    _change(cloud, exec_form())


def break_again(cloud: Cloud) -> None:
    """Somebody wants to say something before the start, and writes a shell in front again."""
    _change(cloud, shell_form(f"echo starting; {PROGRAM}"))


def _change(cloud: Cloud, change: dict[str, Any]) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, change))


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _delay(cloud: Cloud, seconds: int) -> None:
    elb = cloud.client("elbv2")
    group = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"][0]["TargetGroupArn"]
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[attribute])
    settle(cloud)


ALTERNATIVES = (
    Fix("a wrapper that execs", lambda cloud: _change(cloud, shell_form("cd /app && exec ./shop"))),
    Fix("an init whose direct child is the program", lambda cloud: _change(cloud, {**exec_form(), **INIT})),
    Fix("a trap that passes the signal on and waits", lambda cloud: _change(cloud, shell_form(FORWARDING))),
    Fix("what the image starts by itself", lambda cloud: _change(cloud, {"entryPoint": [], "command": []})),
)

WRONG_FIXES = (
    WrongFix(
        "a longer stopTimeout",
        lambda cloud: _change(cloud, {"stopTimeout": 120}),
        "ends-alone",
        "longer to do nothing",
    ),
    WrongFix(
        "a longer deregistration delay",
        lambda cloud: _delay(cloud, 120),
        "release-loses-nothing",
        "is for open requests",
    ),
    WrongFix(
        "more tasks",
        lambda cloud: _update(cloud, desiredCount=6),
        "release-loses-nothing",
        "more programs",
    ),
    WrongFix(
        "an init in front of the shell", lambda cloud: _change(cloud, INIT), "last-words", "direct child"
    ),
    WrongFix(
        "an init in front of a shell that does more after the program",
        lambda cloud: _change(cloud, {**shell_form(f"{PROGRAM}; echo bye"), **INIT}),
        "release-loses-nothing",
        "exit code 143",
    ),
    WrongFix(
        "a trap in front of the program",
        lambda cloud: _change(cloud, shell_form(f"trap 'exit 0' TERM; {PROGRAM}")),
        "ends-alone",
        "only when the command that it waits for has ended",
    ),
    WrongFix(
        "a trap that ends with 0 and tells nobody",
        lambda cloud: _change(cloud, shell_form(f"trap 'exit 0' TERM; {PROGRAM} & wait")),
        "last-words",
        "with exit code 0",
    ),
    WrongFix(
        "exec form, and a stopTimeout shorter than the drain",
        lambda cloud: _change(cloud, {**exec_form(), "stopTimeout": 2}),
        "ends-alone",
        "takes longer than the stopTimeout",
    ),
    WrongFix(
        "a build that does not write in batches",
        lambda cloud: _change(cloud, {"image": "public.ecr.aws/fargate-lab/shop:1.1"}),
        "capacity",
        "does not write in batches",
    ),
    WrongFix(
        "out of the load balancer",
        lambda cloud: _update(cloud, loadBalancers=[]),
        "steady",
        "no load balancer",
    ),
    WrongFix("scaled to zero", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
