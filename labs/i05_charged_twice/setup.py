"""The stage of this lab: a worker that charges the orders of a queue, with orders coming; a release and some stops of tasks that have left
their marks when the learner arrives.
"""

from __future__ import annotations

import json
from pathlib import Path

from labs.cloud import MINUTE_MS, Cloud
from labs.loader import load
from labs.queues import build_worker
from labs.staging import SETTLE_LIMIT_MS, Stage

_TESTS = ("TEST-1", "TEST-2")
"""Orders that somebody sent by hand when the queues were new."""


def set_up(cloud: Cloud) -> None:
    """Build queues and service by the names in lab.yaml."""
    lab = load(Path(__file__).parent)
    queue = {
        "name": lab.name("queue"),
        "VisibilityTimeout": str(lab.number("visibility_s")),
        "ReceiveMessageWaitTimeSeconds": "0",
    }
    image = f"{lab.name('image')}:{lab.name('build')}"
    stop_s = lab.number("stop_timeout_s")
    build_worker(
        cloud, Stage.of(lab), image, queue, stop_timeout_s=stop_s, dead_after=lab.number("dead_after")
    )
    sqs = cloud.client("sqs")
    dead = sqs.get_queue_url(QueueName=f"{lab.name('queue')}-dead")["QueueUrl"]
    for order in _TESTS:
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"order": order, "amount": 0}))


def set_going(cloud: Cloud) -> None:
    """Let orders come; release once; let somebody stop two tasks."""
    lab = load(Path(__file__).parent)
    ecs, name = cloud.client("ecs"), {"cluster": lab.name("cluster"), "service": lab.name("service")}
    cloud.queue.start(lab.name("queue"), {"rps": lab.number("rps")})
    cloud.clock.advance(3 * MINUTE_MS)
    ecs.update_service(**name, forceNewDeployment=True)
    cloud.clock.settle(SETTLE_LIMIT_MS)
    cloud.clock.advance(MINUTE_MS)
    for task in ecs.list_tasks(cluster=name["cluster"], serviceName=name["service"])["taskArns"][:2]:
        ecs.stop_task(cluster=name["cluster"], task=task, reason="cost check: two tasks fewer for a while")
    cloud.clock.settle(SETTLE_LIMIT_MS)
    cloud.clock.advance(2 * MINUTE_MS)
