"""What is remembered of target groups, and the metrics of AWS/ApplicationELB.

Source: Elastic Load Balancing user guide, load-balancer-cloudwatch-metrics, for names, dimensions, units and what each counts. Requests
count in the minute in which they came, answers in the minute in which they were given. [A]: one sample of the host counts a second,
targets in their first checks in neither host count, one connection error for each refused request, and the number of targets that
RequestCountPerTarget divides by: the mean over the time in which there was one to send to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fargate_sim.model.metrics.statistics import Point, counted, sampled
from fargate_sim.model.metrics.steps import MINUTE_MS, Steps
from fargate_sim.model.target_health import HEALTHY, INITIAL, UNHEALTHY
from fargate_sim.model.traffic.causes import ELB, TARGET
from fargate_sim.model.traffic.ledger import EDGES, Bucket

if TYPE_CHECKING:
    from fargate_sim.model.world import World

NAMESPACE = "AWS/ApplicationELB"
BALANCER, GROUP = "LoadBalancer", "TargetGroup"
SECOND_MS = 1_000


class Hosts(NamedTuple):
    """The targets of a group that are registered and not draining."""

    healthy: int
    unhealthy: int
    registered: int

    @property
    def routable(self) -> int:
        """How many get requests: the healthy ones, or all when none is healthy."""
        return self.healthy or self.registered


def _errors(by: str, *, status: int | None = None, family: int | None = None) -> Callable[[Bucket], int]:
    return lambda bucket: sum(
        count
        for (code, who), count in bucket.errors.items()
        if who == by and (code == status if status else code // 100 == family)
    )


_COUNTS: dict[str, Callable[[Bucket], int]] = {
    "RequestCount": lambda bucket: bucket.sent - bucket.unrouted,
    "HTTPCode_Target_2XX_Count": lambda bucket: bucket.ok,
    "HTTPCode_Target_4XX_Count": _errors(TARGET, family=4),
    "HTTPCode_Target_5XX_Count": _errors(TARGET, family=5),
    "TargetConnectionErrorCount": lambda bucket: bucket.refused,
    "HTTPCode_ELB_4XX_Count": _errors(ELB, family=4),
    "HTTPCode_ELB_5XX_Count": _errors(ELB, family=5),
    "HTTPCode_ELB_502_Count": _errors(ELB, status=502),
    "HTTPCode_ELB_503_Count": _errors(ELB, status=503),
    "HTTPCode_ELB_504_Count": _errors(ELB, status=504),
}
RESPONSE_TIME = "TargetResponseTime"
PER_TARGET = "RequestCountPerTarget"
_HOSTS: dict[str, Callable[[Hosts], int]] = {
    "HealthyHostCount": lambda hosts: hosts.healthy,
    "UnHealthyHostCount": lambda hosts: hosts.unhealthy,
}

_OF_BALANCER = frozenset({BALANCER})
_OF_BOTH = frozenset({BALANCER, GROUP})
_OF_GROUP = frozenset({GROUP})
SHAPES: dict[str, tuple[frozenset[str], ...]] = {
    **{
        name: (_OF_BALANCER,) if name.startswith("HTTPCode_ELB") else (_OF_BALANCER, _OF_BOTH)
        for name in _COUNTS
    },
    RESPONSE_TIME: (_OF_BALANCER, _OF_BOTH),
    PER_TARGET: (_OF_GROUP, _OF_BOTH),
    **dict.fromkeys(_HOSTS, (_OF_BOTH,)),
}
"""The sets of dimensions of each metric. AWS has the same again by Availability Zone."""


def dimension(group: str) -> str:
    """A target group as CloudWatch names it: the end of its ARN."""
    return group.rpartition(":")[2]


class HostHistory:
    """The targets and the load balancer of each group over time; with the traffic's books, the metrics of both."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counts: dict[str, Counter[str]] = {}
        self._hosts: dict[str, Steps[Hosts]] = {}
        self._balancers: dict[str, Steps[str | None]] = {}

    # -- occasions -------------------------------------------------------------------------------

    def moved(self, group: str, before: str | None, after: str | None) -> None:
        """A target has gone from one state to another; None is outside: not registered yet, or draining."""
        if group not in self._balancers:
            self.look(group)
        counts = self._counts.setdefault(group, Counter())
        if before is not None:
            counts[before] -= 1
        if after is not None:
            counts[after] += 1
        hosts = Hosts(
            counts[HEALTHY], counts[UNHEALTHY], counts[INITIAL] + counts[HEALTHY] + counts[UNHEALTHY]
        )
        self._hosts.setdefault(group, Steps()).set(self._world.engine.now_ms, hosts)

    def look(self, group: str) -> None:
        """See which load balancer the group is behind."""
        facts = self._world.surroundings.target_group(group)
        steps = self._balancers.setdefault(group, Steps())
        steps.set(self._world.engine.now_ms, facts.balancer if facts and facts.attached else None)

    def look_again(self) -> None:
        """Somebody has changed load balancers."""
        for group in self._balancers:
            self.look(group)

    # -- metrics ---------------------------------------------------------------------------------

    def points(self, name: str, dimensions: Mapping[str, str], first: int, after: int) -> Iterator[Point]:
        """The points of the minutes (since the epoch) from ``first`` to before ``after``, in their order."""
        if frozenset(dimensions) not in SHAPES.get(name, ()):
            return
        groups = [
            group
            for group in self._balancers
            if GROUP not in dimensions or dimension(group) == dimensions[GROUP]
        ]
        balancer = dimensions.get(BALANCER)
        if name in _HOSTS:
            for group in groups:
                yield from self._host_points(_HOSTS[name], group, balancer, first, after)
        elif name == RESPONSE_TIME:
            yield from self._times(groups, balancer, first, after)
        else:
            yield from self._sums(name, groups, balancer, first, after)

    def _host_points(
        self, count: Callable[[Hosts], int], group: str, balancer: str | None, first: int, after: int
    ) -> Iterator[Point]:
        steps = self._hosts.get(group)
        for minute in range(first, after) if steps else ():
            begin_ms, end_ms = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
            if steps is None or self._balancers[group].at(end_ms - 1) != balancer:
                continue
            seconds: dict[float, float] = {}
            for since_ms, until_ms, hosts in steps.spans(begin_ms, end_ms):
                lasted = -(-until_ms // SECOND_MS) + since_ms // -SECOND_MS
                if hosts.registered and lasted:
                    value = float(count(hosts))
                    seconds[value] = seconds.get(value, 0) + lasted
            if seconds:
                yield sampled(begin_ms, "Count", seconds)

    def _parts(
        self, groups: list[str], balancer: str | None, first: int, after: int
    ) -> Iterator[tuple[str, int, Bucket]]:
        """What the traffic's books say of the groups while they were behind the load balancer, or any."""
        for group in groups:
            behind: dict[int, bool] = {}
            for minute, bucket in self._world.traffic.parts(group, first, after):
                if minute not in behind:
                    known = self._balancers[group].known((minute + 1) * MINUTE_MS - 1)
                    behind[minute] = balancer is None or known == balancer
                if behind[minute]:
                    yield group, minute, bucket

    def _sums(
        self, name: str, groups: list[str], balancer: str | None, first: int, after: int
    ) -> Iterator[Point]:
        per_target = name == PER_TARGET
        count = _COUNTS["RequestCount" if per_target else name]
        sums: Counter[int] = Counter()
        for _, minute, bucket in self._parts(groups, balancer, first, after):
            sums[minute] += count(bucket)
        for minute, total in sorted(sums.items()):
            if total and per_target:
                yield sampled(minute * MINUTE_MS, "Count", {total / self._targets(groups[0], minute): 1})
            elif total:
                yield counted(minute * MINUTE_MS, total)

    def _targets(self, group: str, minute: int) -> float:
        """How many targets a group had to send requests to, on average over the time in which it had any."""
        steps = self._hosts.get(group)
        time_ms = shared_ms = 0
        for since_ms, until_ms, hosts in (
            steps.spans(minute * MINUTE_MS, (minute + 1) * MINUTE_MS) if steps else ()
        ):
            if hosts.routable:
                time_ms += until_ms - since_ms
                shared_ms += hosts.routable * (until_ms - since_ms)
        return shared_ms / time_ms if time_ms else 1.0

    def _times(self, groups: list[str], balancer: str | None, first: int, after: int) -> Iterator[Point]:
        """Sum, Average and SampleCount are exact; the others are as exact as the ledger's buckets, a twentieth."""
        found: dict[int, Bucket] = {}
        for _, minute, bucket in self._parts(groups, balancer, first, after):
            if bucket.latencies or bucket.rejections:
                found.setdefault(minute, Bucket()).add(bucket)
        for minute, bucket in sorted(found.items()):
            counts = sorted((bucket.latencies + bucket.rejections).items())
            values = {EDGES[min(index, len(EDGES) - 1)] / 1_000_000: count for index, count in counts}
            lowest = counts[0][0]
            yield Point(
                minute * MINUTE_MS,
                sum(values.values()),
                bucket.time_us / 1_000_000,
                EDGES[lowest - 1] / 1_000_000 if lowest else 0,
                max(values),
                "Seconds",
                tuple(values.items()),
            )

    def listing(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """(namespace, name, dimensions) of everything that may have points."""
        for name, shapes in SHAPES.items():
            seen: set[tuple[tuple[str, str], ...]] = set()
            for shape in shapes:
                for group, steps in self._balancers.items():
                    for balancer in dict.fromkeys(steps.all()) if BALANCER in shape else (None,):
                        named = {BALANCER: balancer, GROUP: dimension(group)}
                        dimensions = {key: value for key, value in named.items() if key in shape and value}
                        key = tuple(dimensions.items())
                        if len(dimensions) == len(shape) and key not in seen:
                            seen.add(key)
                            yield NAMESPACE, name, dimensions
