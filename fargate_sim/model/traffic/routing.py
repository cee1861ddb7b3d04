"""Which target gets the next request: the routing algorithms of a target group.

Sources: Elastic Load Balancing user guide for Application Load Balancers, edit-target-group-attributes (routing algorithms, slow start).
Round robin over equals needs no function: the load does it itself, in its innermost loop. [A] Among targets with equally few outstanding
requests the turn decides; ``weighted_random`` without anomaly mitigation gives every target the same chance; a target in slow start takes
one turn for each whole turn that its growing share adds up to, and when all are in slow start all have the same share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from fargate_sim.model.surroundings import LEAST_OUTSTANDING, WEIGHTED_RANDOM, TargetGroupFacts
from fargate_sim.model.traffic.server import Server

Choice = Callable[[int], Server]
"""The target of a request that comes at a moment in microseconds."""


class Router:
    """Remembers whose turn it is."""

    def __init__(self, rng: Random) -> None:
        self._random = rng.random
        self.turn = 0

    def choice(self, servers: Sequence[Server], facts: TargetGroupFacts, now_us: int) -> Choice | None:
        """How to choose among some targets from now on; None: in turn. ``servers`` may be empty, but then must not be chosen from."""
        if facts.algorithm == LEAST_OUTSTANDING:
            return self._least_outstanding(servers)
        if facts.algorithm == WEIGHTED_RANDOM:
            return self._by_chance(servers)
        spans = [
            ((server.target.slow_from_ms or 0) * 1000, server.target.slow_until_ms(facts) * 1000)
            for server in servers
        ]
        return self._ramped(servers, spans) if any(end_us > now_us for _, end_us in spans) else None

    def _by_chance(self, servers: Sequence[Server]) -> Choice:
        random, width = self._random, len(servers)
        return lambda _at_us: servers[int(random() * width)]

    def _least_outstanding(self, servers: Sequence[Server]) -> Choice:
        width = len(servers)

        def choose(at_us: int) -> Server:
            first, fewest = self.turn % width, -1
            chosen = first
            for index in range(first, first + width):
                count = servers[index % width].outstanding(at_us)
                if fewest < 0 or count < fewest:
                    chosen, fewest = index, count
                    if not count:
                        break
            self.turn = chosen + 1
            return servers[chosen % width]

        return choose

    def _ramped(self, servers: Sequence[Server], spans: Sequence[tuple[int, int]]) -> Choice:
        width = len(servers)
        all_ramp_until_us = min(end_us for _, end_us in spans)

        def choose(at_us: int) -> Server:
            while True:
                index = self.turn % width
                self.turn += 1
                server, (begin_us, end_us) = servers[index], spans[index]
                if at_us >= end_us or at_us < all_ramp_until_us:
                    return server
                server.credit += (at_us - begin_us) / (end_us - begin_us)
                if server.credit >= 1:
                    server.credit -= 1
                    return server

        return choose
