"""Fargate's own capacity: normally there is enough; a shortage takes it away, by capacity provider and, if wanted, in one zone.

Tasks that run keep what they have. A task that is asked for while there is none never runs: a service is told so in its event and tries
again, RunTask gets a failure. Sources: ECS developer guide, service-event-messages-list and ecs_service_events; public logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.model.task import FARGATE, FARGATE_SPOT

if TYPE_CHECKING:
    from fargate_sim.model.world import World

POOLS = (FARGATE, FARGATE_SPOT)


class Capacity:
    """The shortages of a world. CPU architectures share a pool. [A]"""

    def __init__(self, world: World) -> None:
        self._world = world
        self.shortages: dict[tuple[str, str | None], int] = {}
        """By provider and zone (None: all zones) when the shortage began."""

    def lacks(self, pool: str, zone: str) -> bool:
        """Whether no new task of this kind can be placed in the zone."""
        return (pool, None) in self.shortages or (pool, zone) in self.shortages

    def run_out(self, provider: str, zone: str | None = None) -> None:
        """Begin a shortage. ValueError when there is one already, or for a provider or zone that does not exist."""
        self._check(provider, zone)
        if (provider, None) in self.shortages or (provider, zone) in self.shortages:
            raise ValueError(f"there is no {provider} capacity{_where(zone)} already")
        self.shortages[provider, zone] = self._world.engine.now_ms
        self._world.journal.record("capacity.shortage", {"provider": provider, "az": zone})

    def restore(self, provider: str | None = None, zone: str | None = None) -> None:
        """End the shortages of a provider (None: of all) in one zone (None: everywhere). ValueError when there is none."""
        if provider is not None:
            self._check(provider, zone)
        over = [
            (pool, place)
            for pool, place in self.shortages
            if provider in (None, pool) and zone in (None, place)
        ]
        everywhere = [pool for pool, place in self.shortages if provider in (None, pool) and place is None]
        if not over and everywhere:
            raise ValueError(f"the shortage of {everywhere[0]} is in every zone; end it without naming one")
        if not over:
            raise ValueError(f"there is no shortage{f' of {provider}' if provider else ''}{_where(zone)}")
        for pool, place in over:
            del self.shortages[pool, place]
            self._world.journal.record("capacity.restored", {"provider": pool, "az": place})

    def _check(self, provider: str, zone: str | None) -> None:
        if provider not in POOLS:
            raise ValueError(f"{provider!r} is no capacity provider; there are {' and '.join(POOLS)}")
        zones = sorted({facts.availability_zone for facts in self._world.surroundings.subnets()})
        if zone is not None and zone not in zones:
            raise ValueError(f"no subnet is in the zone {zone!r}; there are {', '.join(zones)}")


def _where(zone: str | None) -> str:
    return f" in {zone}" if zone else ""
