"""Where the next task goes: which Availability Zone and subnet, which capacity provider.

AWS aims at a balance over Availability Zones, best effort, and publishes no algorithm (ECS developer guide, service-rebalancing).
[A] The zone with the fewest tasks of the deployment, then of the service, then by chance; a subnet of that zone by chance, without a
look at its free addresses; a zone whose interface was refused is shunned once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

from fargate_sim.model.service import StrategyItem
from fargate_sim.model.surroundings import SubnetFacts


class ZoneSpread:
    """Tasks per Availability Zone, kept up to date while a batch is placed."""

    def __init__(self, deployment_zones: Iterable[str], service_zones: Iterable[str]) -> None:
        self._deployment = Counter(deployment_zones)
        self._service = Counter(service_zones)

    def choose(self, subnets: Sequence[SubnetFacts], rng: Random, shunned: str | None = None) -> SubnetFacts:
        """A subnet for one more task; ``subnets`` must not be empty."""
        zones = sorted({subnet.availability_zone for subnet in subnets})
        candidates = [zone for zone in zones if zone != shunned] or zones
        fewest = min((self._deployment[zone], self._service[zone]) for zone in candidates)
        best = [zone for zone in candidates if (self._deployment[zone], self._service[zone]) == fewest]
        zone = best[rng.randrange(len(best))] if len(best) > 1 else best[0]
        self._deployment[zone] += 1
        self._service[zone] += 1
        choices = [subnet for subnet in subnets if subnet.availability_zone == zone]
        return choices[rng.randrange(len(choices))] if len(choices) > 1 else choices[0]


def choose_provider(strategy: Sequence[StrategyItem], counts: Counter[str]) -> str | None:
    """The capacity provider of one more task, given how many tasks each has; None without a strategy.

    The base first, then by weight. AWS does not publish the remainder rule. [A] The provider that lags furthest behind its share of
    the tasks beyond the bases, ties in list order.
    """
    if not strategy:
        return None
    for item in strategy:
        if counts[item.provider] < item.base:
            return item.provider
    total = sum(item.weight for item in strategy)
    beyond = sum(max(counts[item.provider] - item.base, 0) for item in strategy) + 1
    best: StrategyItem | None = None
    best_lag = 0
    for item in strategy:
        if not item.weight:
            continue
        lag = item.weight * beyond - max(counts[item.provider] - item.base, 0) * total
        if best is None or lag > best_lag:
            best, best_lag = item, lag
    return best.provider if best else strategy[0].provider
