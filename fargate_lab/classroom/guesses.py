"""How often somebody may be wrong about a code."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from fargate_sim.networks import network_of

BURST = 20
"""Wrong codes that are looked at before somebody has to wait: a class in which many mistype, behind one address, is let alone."""
PER_SECOND = 0.5
"""How fast they may try after that: all codes of a class, at this speed, take decades."""
_REMEMBERED = 10_000


class Guesses:
    """Counts wrong codes for each remote address; of IPv6, each /64, which is what one machine can have many addresses of."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """How many wrong ones are held against an address, as of a moment; the address that was longest quiet comes first."""

    def may_try(self, address: str | None) -> bool:
        """Whether a code from there is looked at."""
        return self._held(network_of(address)) < BURST

    def was_wrong(self, address: str | None) -> None:
        """Hold a wrong code against an address."""
        network = network_of(address)
        self._wrong[network] = (self._held(network) + 1, self._now())
        self._wrong.move_to_end(network)
        if len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def _held(self, network: str) -> float:
        held, since = self._wrong.get(network, (0.0, 0.0))
        return max(0.0, held - (self._now() - since) * PER_SECOND)
