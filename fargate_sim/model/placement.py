"""Where the next task goes: which Availability Zone and subnet, which capacity provider; and which task leaves first.

AWS aims at a balance over Availability Zones, best effort, and publishes no algorithm (ECS developer guide, service-rebalancing).
[A] The zone with the fewest tasks of the deployment on the same capacity provider, then of the deployment, then of the service, then by
chance; a subnet of that zone by chance, without a look at its free addresses; a zone whose interface or capacity was refused is shunned
once. Scaling in keeps the split that the strategy asks for: whichever provider is over its share gives a task first. [A]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from fargate_sim.model.service import StrategyItem
from fargate_sim.model.surroundings import SubnetFacts

if TYPE_CHECKING:
    from fargate_sim.model.task import Task

Place = tuple[str, str | None]
"""An Availability Zone and the capacity provider of a task there."""


class ZoneSpread:
    """Tasks per Availability Zone, kept up to date while a batch is placed."""

    def __init__(self, deployment: Iterable[Place], service_zones: Iterable[str]) -> None:
        places = list(deployment)
        self._places = Counter(places)
        self._deployment = Counter(zone for zone, _ in places)
        self._service = Counter(service_zones)

    def choose(
        self,
        subnets: Sequence[SubnetFacts],
        rng: Random,
        shunned: str | None = None,
        provider: str | None = None,
    ) -> SubnetFacts:
        """A subnet for one more task; ``subnets`` must not be empty."""
        zones = sorted({subnet.availability_zone for subnet in subnets})
        candidates = [zone for zone in zones if zone != shunned] or zones
        loads = {
            zone: (self._places[zone, provider], self._deployment[zone], self._service[zone])
            for zone in candidates
        }
        fewest = min(loads.values())
        best = [zone for zone in candidates if loads[zone] == fewest]
        zone = best[rng.randrange(len(best))] if len(best) > 1 else best[0]
        self._places[zone, provider] += 1
        self._deployment[zone] += 1
        self._service[zone] += 1
        choices = [subnet for subnet in subnets if subnet.availability_zone == zone]
        return choices[rng.randrange(len(choices))] if len(choices) > 1 else choices[0]


def choose_provider(strategy: Sequence[StrategyItem], counts: Counter[str]) -> str | None:
    """The capacity provider of one more task, given how many tasks each has; None without a strategy.

    The base first, then by weight. AWS does not publish the remainder rule. [A] The provider that lags furthest behind its share of
    the tasks beyond the bases, ties in list order. With two providers this also brings a split back that has lost tasks.
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


def next_providers(strategy: Sequence[StrategyItem], counts: Counter[str], how_many: int) -> list[str | None]:
    """The capacity providers of so many more tasks, in the order in which they are placed."""
    counts = Counter(counts)
    chosen: list[str | None] = []
    for _ in range(how_many):
        provider = choose_provider(strategy, counts)
        if provider is not None:
            counts[provider] += 1
        chosen.append(provider)
    return chosen


def split(strategy: Sequence[StrategyItem], total: int) -> Counter[str]:
    """How many of ``total`` tasks each capacity provider runs when nothing is missing."""
    return Counter(each for each in next_providers(strategy, Counter(), total) if each is not None)


def leaving_order(tasks: Sequence[Task], strategy: Sequence[StrategyItem]) -> list[Task]:
    """Tasks in the order in which they leave: always one of the provider that is furthest over its share of those that would stay;
    of its tasks those that are not healthy first, then from the zone that has most left, the oldest first."""
    queues: dict[str | None, list[Task]] = {}
    for task in tasks:
        queues.setdefault(task.capacity_provider if strategy else None, []).append(task)
    for provider, members in queues.items():
        ready = [task for task in members if task.healthy]
        queues[provider] = ([task for task in members if not task.healthy] + _crowded_first(ready))[::-1]
    if len(queues) < 2:
        return [task for members in queues.values() for task in reversed(members)]
    rank = {item.provider: place for place, item in enumerate(strategy)}
    wanted = next_providers(strategy, Counter(), len(tasks))
    shares = Counter(wanted)
    ordered: list[Task] = []
    for last in reversed(wanted):
        shares[last] -= 1
        names = [name for name, members in queues.items() if members]
        # Of two that are as far over, the one that comes later in the strategy gives: the base is named first by habit.
        over = max(
            names, key=lambda name: (len(queues[name]) - shares[name], rank.get(name or "", len(rank)))
        )
        ordered.append(queues[over].pop())
    return ordered


def _crowded_first(tasks: list[Task]) -> list[Task]:
    """Always from the zone that has most left, the oldest first."""
    zones: dict[str, list[Task]] = {}
    for task in tasks:
        zones.setdefault(task.availability_zone, []).append(task)
    for members in zones.values():
        members.sort(key=lambda task: (task.created_ms, task.task_id), reverse=True)
    ordered: list[Task] = []
    for _ in tasks:
        zone = max(sorted(zones), key=lambda name: len(zones[name]))
        ordered.append(zones[zone].pop())
    return ordered
