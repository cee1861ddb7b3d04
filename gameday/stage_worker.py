"""The stage of scenarios about orders: a queue, its dead-letter queue, and a service that works on it."""

from __future__ import annotations

from gameday import pager
from gameday.stage_shop import SERVICE_NAMES, of_service, started_by_shell
from labs.cloud import Cloud
from labs.queues import build_worker
from labs.staging import SETTLE_LIMIT_MS, Own, Stage, scale_on_cpu

CHARGER = "public.ecr.aws/fargate-lab/charger:1.0"
NAMES = (*SERVICE_NAMES, "DEAD_QUEUE", "DEAD_QUEUE_ARN", "DEAD_QUEUE_URL", "QUEUE", "QUEUE_ARN", "QUEUE_URL")


def worker(
    cloud: Cloud,
    owner: str,
    *,
    cluster: str = "orders",
    service: str = "charger",
    image: str = CHARGER,
    shell: str = "",
    desired: int = 4,
    queue: str = "orders",
    visibility: int = 60,
    wait: int = 20,
    stop_timeout: int = 30,
    dead_after: int = 10,
    cpu_target: int = 0,
    maximum: int = 0,
    alarms: bool = True,
) -> dict[str, str]:
    """A service that works on the orders of a queue.

    ``visibility`` (the time-out), ``wait`` (for a message) and ``stop_timeout`` are seconds; after ``dead_after`` receives
    a message goes to the dead-letter queue. ``shell`` is a command line that a shell runs in the place of what the image starts. With
    ``cpu_target`` the service is scaled on its CPU, between ``desired`` and ``maximum``. ``alarms`` are those that would call somebody:
    orders that wait, and dead letters.
    """
    stage = Stage(owner, cluster, service, desired)
    attributes = {
        "name": queue,
        "VisibilityTimeout": str(visibility),
        "ReceiveMessageWaitTimeSeconds": str(wait),
    }
    own = Own(started_by_shell(shell))
    url = build_worker(
        cloud, stage, image, attributes, stop_timeout_s=stop_timeout, dead_after=dead_after, own=own
    )
    if cpu_target:
        scale_on_cpu(cloud, stage, maximum, target=cpu_target, scale_in_s=300)
    sqs = cloud.client("sqs")
    dead = sqs.get_queue_url(QueueName=f"{queue}-dead")["QueueUrl"]
    arns = [
        sqs.get_queue_attributes(QueueUrl=each, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for each in (url, dead)
    ]
    names = {
        "QUEUE": queue,
        "QUEUE_URL": url,
        "QUEUE_ARN": arns[0],
        "DEAD_QUEUE": f"{queue}-dead",
        "DEAD_QUEUE_URL": dead,
        "DEAD_QUEUE_ARN": arns[1],
    }
    if alarms:
        pager.watch_queue(cloud, owner, service, names)
    cloud.clock.settle(SETTLE_LIMIT_MS)
    return {**of_service(cloud, stage), **names}
