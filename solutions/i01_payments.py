"""i01: let the program hear that it has to stop, and let nobody wait longer than the longest payment.

Two things are wrong, and neither has to do with the other, or with the release that was blamed.

The start line is a script, ``umask 027 && /app/payments``, and ``sh`` in this image is dash, which stays
where it is until the program ends. The shell is PID 1, has no handler for SIGTERM, and tells nobody. Payments
that were answered, but not yet posted, are in the program's memory when SIGKILL comes. Open requests are not:
the load balancer has waited for them before the signal. ``exec`` puts the program into the shell's place; so
does a start line without a shell, or a shell that passes the signal on. An init in front of the shell does
not: its child is the shell.

The target group has the deregistration delay that groups are born with, 300 s, and ECS waits for the whole of
it before the stop signal. It must be longer than the longest payment, 20 s here, and the rest is waiting.

Size, number and stopTimeout of the tasks change neither, and the revision to which the release was rolled back
starts in the same way.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import new_group, register_like, settle

CLUSTER = "i01"
SERVICE = "payments"
PORT = 8080
DELAY = "deregistration_delay.timeout_seconds"
RUN = "/app/payments"
MASK = "umask 027"
SHELL = ["sh", "-c"]
EXEC: dict[str, Any] = {"entryPoint": SHELL, "command": [f"{MASK} && exec {RUN}"]}
PLAIN: dict[str, Any] = {"entryPoint": [RUN], "command": []}


def solve(cloud: Cloud) -> None:
    """The program in the shell's place, and a delay somewhat longer than the longest payment."""
    _delay(cloud, 45)
    _deploy(cloud, EXEC)


def break_again(cloud: Cloud) -> None:
    """Somebody adds a line to the start script, after the program."""
    _deploy(cloud, {"entryPoint": SHELL, "command": [f"{MASK} && {RUN}; echo ended"]})


def _group(cloud: Cloud) -> str:
    groups = cloud.client("elbv2").describe_target_groups(Names=[SERVICE])["TargetGroups"]
    return str(groups[0]["TargetGroupArn"])


def _delay(cloud: Cloud, seconds: int) -> None:
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=_group(cloud), Attributes=[{"Key": DELAY, "Value": str(seconds)}]
    )


def _update(cloud: Cloud, **values: Any) -> None:
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, **values)
    settle(cloud)


def _deploy(cloud: Cloud, change: dict[str, Any], size: dict[str, str] | None = None) -> None:
    _update(cloud, taskDefinition=register_like(cloud, CLUSTER, SERVICE, change, size=size))


def _only_delay(cloud: Cloud, seconds: int) -> None:
    _delay(cloud, seconds)
    settle(cloud)


def _with_delay(cloud: Cloud, seconds: int, change: dict[str, Any]) -> None:
    _delay(cloud, seconds)
    _deploy(cloud, change)


def _new_group(cloud: Cloud) -> None:
    """A second target group with a delay of its own; the listener and the service move there."""
    group = new_group(cloud, SERVICE, PORT, HealthCheckIntervalSeconds=10)
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": DELAY, "Value": "60"}]
    )
    revision = register_like(cloud, CLUSTER, SERVICE, EXEC)
    balancers = [{"targetGroupArn": group, "containerName": SERVICE, "containerPort": PORT}]
    _update(cloud, taskDefinition=revision, loadBalancers=balancers)


def _passing_on(cloud: Cloud) -> None:
    """A shell that stays, waits for the program, and tells it."""
    script = f"{MASK}; trap 'kill -TERM $child; wait $child' TERM; {RUN} & child=$!; wait $child"
    _with_delay(cloud, 60, {"entryPoint": SHELL, "command": [script]})


def _before_the_script(cloud: Cloud) -> None:
    """Two revisions back, to the one without a start line of its own."""
    _delay(cloud, 30)
    _update(cloud, taskDefinition=f"{SERVICE}:1")


def _only_rolled_back(cloud: Cloud) -> None:
    """Waiting until the rollback is complete."""
    settle(cloud)


def _init_in_front(cloud: Cloud) -> None:
    """An init, whose child is the shell."""
    _with_delay(cloud, 45, {"linuxParameters": {"initProcessEnabled": True}})


ALTERNATIVES = (
    Fix("exec, and a new target group with 60 s", _new_group),
    Fix(
        "an init with the program as its child, and 30 s",
        lambda cloud: _with_delay(cloud, 30, {**PLAIN, "linuxParameters": {"initProcessEnabled": True}}),
    ),
    Fix("a shell that passes the signal on, and 60 s", _passing_on),
    Fix("the revision from before the script, and 30 s", _before_the_script),
)

WRONG_FIXES = (
    WrongFix("waiting for the rollback", _only_rolled_back, "release-loses-nothing", "changes nothing"),
    WrongFix(
        "the release once more",
        lambda cloud: _update(cloud, taskDefinition=f"{SERVICE}:3"),
        "nobody-killed",
        "4 of 4 tasks killed",
    ),
    WrongFix(
        "a shorter delay alone",
        lambda cloud: _only_delay(cloud, 45),
        "release-loses-nothing",
        "killed before",
    ),
    WrongFix(
        "the start line alone", lambda cloud: _deploy(cloud, EXEC), "gone-in-time", "its target drained"
    ),
    WrongFix(
        "larger tasks",
        lambda cloud: _deploy(cloud, {}, {"cpu": "1024", "memory": "4096"}),
        "release-loses-nothing",
        "scaling the task up does not help",
    ),
    WrongFix(
        "more tasks", lambda cloud: _update(cloud, desiredCount=8), "release-loses-nothing", "more of them"
    ),
    WrongFix(
        "a stopTimeout of two minutes",
        lambda cloud: _with_delay(cloud, 45, {"stopTimeout": 120}),
        "release-loses-nothing",
        "120 s instead of 30 s",
    ),
    WrongFix("an init in front of the shell", _init_in_front, "release-loses-nothing", "its own child"),
    WrongFix(
        "exec, and no delay at all",
        lambda cloud: _with_delay(cloud, 0, EXEC),
        "release-loses-nothing",
        "delay of 0 s was over",
    ),
    WrongFix(
        "exec, and five seconds",
        lambda cloud: _with_delay(cloud, 5, EXEC),
        "release-loses-nothing",
        "delay of 5 s was over",
    ),
    WrongFix("nobody there to be lost", lambda cloud: _update(cloud, desiredCount=0), "capacity", "0 wanted"),
)
