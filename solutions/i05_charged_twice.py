"""i05: enough time to stop, enough time to work, and a program that can be asked twice.

Three things are wrong, and each of them alone makes orders come on a statement twice.

The tasks have 10 s to stop. The program finishes what it has begun, but one order in ten, paid by bank transfer, takes 20 s, a quarter
more or less, and is cut with SIGKILL. A stopTimeout above 25 s covers all of them.

The queue hides a received message for 20 s. An order that takes longer is given to a second worker while the first is at work, and the
receipt of the first is worth nothing from then on. A visibility time-out well above 25 s helps, or a program that renews it.

And the program charges whatever it is given. SQS delivers at least once: a task that is killed between the charge and the delete leaves a
message that comes again, and no time limit changes that. Only a worker that looks up whether an order was charged can be asked twice
(build 1.1). That alone would take the double charges away; orders would still be cut and worked on by two.

Deleting first means at most once: orders that were deleted and not charged go with their task. The two messages in the dead-letter queue
are tests from its first day, the shop sends each order once, short polling costs a little money, and the stops by hand did what a release
does.
"""

from __future__ import annotations

from typing import Any

from labs.catalogue import Fix, WrongFix
from labs.cloud import Cloud
from solutions._aws import register_like, settle

CLUSTER = "i05"
SERVICE = "charger"
QUEUE = "orders"
IMAGE = "public.ecr.aws/fargate-lab/charger"


def solve(cloud: Cloud) -> None:
    """Time to stop, time to work, and build 1.1."""
    _visibility(cloud, 90)
    _deploy(cloud, build="1.1", stop_s=60)


def break_again(cloud: Cloud) -> None:
    """Somebody goes back to build 1.0 because of its memory."""
    _deploy(cloud, build="1.0", stop_s=60)


def _visibility(cloud: Cloud, seconds: int) -> None:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})


def _deploy(cloud: Cloud, *, build: str = "1.0", stop_s: int = 10, **change: Any) -> None:
    changed = {"image": f"{IMAGE}:{build}", "stopTimeout": stop_s, **change}
    revision = register_like(cloud, CLUSTER, SERVICE, changed)
    cloud.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    settle(cloud)


def _heartbeat(cloud: Cloud) -> None:
    _deploy(cloud, build="1.1-heartbeat", stop_s=120)


def _generous(cloud: Cloud) -> None:
    _visibility(cloud, 180)
    _deploy(cloud, build="1.1-heartbeat", stop_s=45)


def _only_stop(cloud: Cloud) -> None:
    _deploy(cloud, stop_s=60)


def _only_visibility(cloud: Cloud) -> None:
    _visibility(cloud, 90)
    settle(cloud)


def _only_build(cloud: Cloud) -> None:
    _deploy(cloud, build="1.1")


def _no_build(cloud: Cloud) -> None:
    _visibility(cloud, 90)
    _deploy(cloud, stop_s=60)


def _ack_first(cloud: Cloud) -> None:
    _visibility(cloud, 90)
    _deploy(cloud, build="1.0-ack-first", stop_s=60)


def _exits(cloud: Cloud) -> None:
    _visibility(cloud, 90)
    _deploy(cloud, build="1.0-exits", stop_s=60)


def _an_hour(cloud: Cloud) -> None:
    _visibility(cloud, 3600)
    _deploy(cloud, build="1.1", stop_s=60)


def _a_little_more(cloud: Cloud) -> None:
    _visibility(cloud, 22)
    _deploy(cloud, build="1.1", stop_s=60)


def _shell(cloud: Cloud) -> None:
    _visibility(cloud, 90)
    start = {"entryPoint": ["sh", "-c"], "command": ["/app/charger; echo ended"]}
    _deploy(cloud, build="1.1", stop_s=60, **start)


ALTERNATIVES = (
    Fix("a build that renews the visibility time-out, and two minutes to stop", _heartbeat),
    Fix("three minutes of hiding, the same build, 45 s to stop", _generous),
)

WRONG_FIXES = (
    WrongFix("only a longer stopTimeout", _only_stop, fails="one-pair-of-hands", word="visibility time-out"),
    WrongFix(
        "only a longer visibility time-out", _only_visibility, fails="release-cuts-nothing", word="cut off"
    ),
    WrongFix("only the idempotent build", _only_build, fails="release-cuts-nothing", word="cut off"),
    WrongFix(
        "both time limits, and no table of charges",
        _no_build,
        fails="killed-and-charged-once",
        word="charged again",
    ),
    WrongFix("delete the message first", _ack_first, fails="killed-and-not-lost", word="never charged"),
    WrongFix("end at once at the stop signal", _exits, fails="release-cuts-nothing", word="cut off"),
    WrongFix("hide messages for an hour", _an_hour, fails="killed-and-not-lost", word="still in the queue"),
    WrongFix("a visibility time-out of 22 s", _a_little_more, fails="one-pair-of-hands", word="given out"),
    WrongFix("a start script in front", _shell, fails="release-cuts-nothing", word="cut off"),
)
