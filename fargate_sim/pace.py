"""What may be asked of a world's time: how fast it goes, how far it jumps, how much may come meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from fargate_sim import queue_api, traffic_api
from fargate_sim.demands import Bearable
from fargate_sim.model.world import World
from fargate_sim.pacer import LONGEST_JUMP_MS, Speed


@dataclass(frozen=True, slots=True)
class Pace:
    """Without limits of its own a world has those of `pacer`, and whoever uses it a machine of their own."""

    fastest: float | None = None
    """Virtual seconds per second; None: whatever a pacer can, ``max`` included."""
    longest_jump_ms: int = LONGEST_JUMP_MS
    requests: Bearable = traffic_api.BEARABLE
    orders: Bearable = queue_api.BEARABLE

    def speed(self, wanted: Speed) -> Speed:
        """The speed that somebody gets who asks for one: ``max`` is as fast as may be. ValueError when it is too fast."""
        if self.fastest is None:
            return wanted
        if wanted == "max":
            return self.fastest
        if wanted > self.fastest:
            raise ValueError(f"a clock goes at most at {self.fastest:g}x here, as others share the machine")
        return wanted

    def within(self, speed: Speed) -> Speed:
        """A speed as it may be."""
        return speed if self.fastest is None or (speed != "max" and speed <= self.fastest) else self.fastest

    def refuse_jump(self, world: World, jump_ms: int) -> None:
        """ValueError when a jump is too far, or too much would come meanwhile."""
        if self.longest_jump_ms < jump_ms <= LONGEST_JUMP_MS:
            raise ValueError(
                f"a clock jumps at most {self.longest_jump_ms // 3_600_000} hours at once here, as others share the machine"
            )
        self.requests.refuse_jump(world.traffic.peak_rps, jump_ms)
        self.orders.refuse_jump(world.queues.peak_rps, jump_ms)

    def bears(self, world: World, jump_ms: int) -> bool:
        """Whether a jump would not be refused."""
        try:
            self.refuse_jump(world, jump_ms)
        except ValueError:
            return False
        return True
