"""Faults of capacity providers. An interruption is no call of the AWS API, so it is no fault: labs have ``cloud.capacity`` for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.targets import our_service
from chaos.undo import Clients, Undo, UndoStep

SPOT = "FARGATE_SPOT"


def all_on_spot(clients: Clients, record: Callable[[Undo], None], *, cluster: str, service: str) -> Undo:
    """Move the service to Fargate Spot, all of it.

    Adds FARGATE_SPOT to the capacity providers of the cluster, and deploys the service anew with a strategy of
    FARGATE_SPOT alone: no base, no other provider. Taken back by deploying it with its former strategy or launch
    type; the cluster keeps the provider.
    """
    found = our_service(clients, cluster, service)
    former: list[dict[str, Any]] = list(found.get("capacityProviderStrategy", []))
    if former and all(item["capacityProvider"] == SPOT for item in former):
        raise FaultError(f"The service {service!r} is all on Spot already.", "Choose another service.")
    undo = Undo(
        "all_on_spot",
        f"the capacity providers of service {service}",
        (
            UndoStep(
                "update_service",
                {
                    "cluster": cluster,
                    "service": service,
                    "capacityProviderStrategy": former,
                    "forceNewDeployment": True,
                },
            ),
        ),
    )
    record(undo)
    ecs = clients("ecs")
    known = ecs.describe_clusters(clusters=[cluster])["clusters"][0]
    if SPOT not in known["capacityProviders"]:
        ecs.put_cluster_capacity_providers(
            cluster=cluster,
            capacityProviders=[*known["capacityProviders"], SPOT],
            defaultCapacityProviderStrategy=known["defaultCapacityProviderStrategy"],
        )
    ecs.update_service(
        cluster=cluster,
        service=service,
        capacityProviderStrategy=[{"capacityProvider": SPOT, "weight": 1}],
        forceNewDeployment=True,
    )
    return undo
