"""Faults of people in a hurry: settings that save seconds or addresses on a good day, and hurt on another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import deploy_changed
from chaos.targets import breaker_of, our_service
from chaos.undo import Clients, Undo, UndoStep

Record = Callable[[Undo], None]


def half_at_a_time(clients: Clients, record: Record, *, cluster: str, service: str) -> Undo:
    """Let releases stop half of the tasks before they start others.

    Sets minimumHealthyPercent 50 and maximumPercent 100: no task more than the service wants, not even for a
    minute. Starts no deployment. Taken back by setting the former percentages.
    """
    found = our_service(clients, cluster, service)
    configured = found["deploymentConfiguration"]
    former = {key: configured[key] for key in ("minimumHealthyPercent", "maximumPercent")}
    undo = Undo(
        "half_at_a_time",
        f"the percentages of service {service}",
        (UndoStep("update_service", _with(cluster, found, former)),),
    )
    record(undo)
    clients("ecs").update_service(
        **_with(cluster, found, {"minimumHealthyPercent": 50, "maximumPercent": 100})
    )
    return undo


def _with(cluster: str, service: dict[str, Any], percentages: dict[str, int]) -> dict[str, Any]:
    """UpdateService's arguments; the breaker is repeated, so that the change cannot depend on how AWS merges."""
    return {
        "cluster": cluster,
        "service": service["serviceName"],
        "deploymentConfiguration": {**percentages, "deploymentCircuitBreaker": breaker_of(service)},
    }


def hasty_stop(clients: Clients, record: Record, *, cluster: str, service: str, seconds: int = 2) -> Undo:
    """Deploy a revision whose containers have ``seconds`` from the stop signal to SIGKILL.

    Whether that is enough is up to the program. Taken back by deploying the former revision and deregistering
    ours.
    """
    if not 2 <= seconds <= 120:
        raise FaultError(f"A stopTimeout of {seconds} s is not possible.", "Fargate takes 2 to 120.")
    found = our_service(clients, cluster, service)
    told = f"the stopTimeout of service {service}"
    return deploy_changed(clients, record, "hasty_stop", found, told, stop_timeout=seconds)
