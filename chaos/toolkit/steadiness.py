"""Whether a service is steady, and waiting until it is: over the AWS API alone, with botocore's own waiters.

The offline cloud's clock jumps when a waiter polls (at most ten minutes at once), so waiting there takes moments.
"""

from __future__ import annotations

from typing import Any

from chaos.errors import FaultError
from chaos.toolkit.clocks import AnyClock
from chaos.undo import Clients

_ONE_POLL = {"Delay": 1, "MaxAttempts": 1}
"""Our own clock says when to give up: that of botocore's waiters counts polls."""
_BATCH = 100
"""DescribeTasks takes no more. Source: API reference, DescribeTasks."""


def described(clients: Clients, cluster: str, service: str) -> dict[str, Any]:
    """The service as DescribeServices has it. FaultError when there is no such cluster or active service."""
    ecs = clients("ecs")
    try:
        found = ecs.describe_services(cluster=cluster, services=[service])["services"]
    except ecs.exceptions.ClusterNotFoundException:
        found = []
    if not found or found[0]["status"] != "ACTIVE":
        raise FaultError(
            f"There is no active service {service!r} in cluster {cluster!r}.",
            "Name one that exists: `aws ecs list-services`.",
        )
    return dict(found[0])


def is_steady(service: dict[str, Any]) -> bool:
    """What the waiter ``services_stable`` waits for: one deployment, as many tasks RUNNING as desired. Source:
    botocore, ecs waiters-2.json.
    """
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]


def becomes_steady(clients: Clients, clock: AnyClock, cluster: str, service: str, minutes: float) -> bool:
    """Return when the service is steady and none of its tasks is on its way out; False when that takes more than
    ``minutes`` of the cloud's own time. FaultError when there is no such service, or nothing will ever change.
    """
    until_ms = clock.now_ms() + minutes * 60_000
    while not _at_rest(clients, cluster, service):
        if clock.now_ms() >= until_ms:
            return False
        clock.wait_to_poll()
    return True


def wait_until_steady(clients: Clients, clock: AnyClock, cluster: str, service: str, minutes: float) -> None:
    """The same, with a FaultError that tells the service's last event when it takes longer."""
    if not becomes_steady(clients, clock, cluster, service, minutes):
        events = described(clients, cluster, service)["events"]
        raise FaultError(
            f"The service {service!r} has not become steady within {minutes:g} min"
            + (f"; its last event: {events[0]['message']}" if events else "."),
            f"See `aws ecs describe-services --cluster {cluster} --services {service}`.",
        )


def _at_rest(clients: Clients, cluster: str, service: str) -> bool:
    ecs = clients("ecs")
    described(clients, cluster, service)
    if not _met(ecs.get_waiter("services_stable"), cluster=cluster, services=[service]):
        return False
    leaving = _leaving(ecs, cluster, service)
    batches = [leaving[first : first + _BATCH] for first in range(0, len(leaving), _BATCH)]
    return all(_met(ecs.get_waiter("tasks_stopped"), cluster=cluster, tasks=batch) for batch in batches)


def _met(waiter: Any, **what: Any) -> bool:
    """Whether a waiter has nothing to wait for."""
    from botocore.exceptions import WaiterError  # noqa: PLC0415 - boto3 is slow to import

    try:
        waiter.wait(**what, WaiterConfig=_ONE_POLL)
    except WaiterError:
        return False
    return True


def _leaving(ecs: Any, cluster: str, service: str) -> list[str]:
    """The ARNs of the service's tasks that are told to stop and have not."""
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus="STOPPED"
    )
    return [
        task["taskArn"]
        for page in pages
        if page["taskArns"]
        for task in ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"]
        if task["lastStatus"] != "STOPPED"
    ]
