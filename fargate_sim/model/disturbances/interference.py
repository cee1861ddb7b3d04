"""What one task meets of everything that disturbs it: how much of its CPU is left, and how its connections fare.

Sources: tc-netem(8) (a fixed delay, give or take an evenly distributed jitter; independent losses, of what goes out), RFC 6298 and the
Linux kernel (a retransmission after 200 ms at the earliest, twice as long each time, 15 times: tcp_retries2). [A] A request costs one
packet each way on a connection that stands, a health check and a call two: one is for the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fargate_sim.model.disturbances.cpu import stress_share
from fargate_sim.model.disturbances.kinds import Blackhole, CpuStress, Effect, Latency, PacketLoss
from fargate_sim.model.disturbances.sources import Peer, names, share_of_nodes

if TYPE_CHECKING:
    from fargate_sim.model.surroundings import SubnetFacts

FAIR_SHARE = 0.5
"""What a program keeps of the CPU however busy the others are: the stressor runs in the container of the SSM agent, and two containers of a
task that both want the CPU get the same of it. [A] whatever their ``cpu``, and however many workers there are"""
RETRANSMISSION_US = 200_000
RETRIES = 15


@dataclass(frozen=True)
class Shape:
    """What happens to packets that go out on a share of the connections."""

    share: float
    delay_us: int = 0
    jitter_us: int = 0
    loss: float = 0.0


@dataclass(frozen=True)
class Leg:
    """The connection between the task and one peer. ``dead``: nothing comes back on it."""

    dead: bool = False
    shapes: tuple[Shape, ...] = ()

    def lag_us(self, random: Callable[[], float], *, packets: int = 1) -> int | None:
        """How much later than otherwise an answer comes, in microseconds; None: it does not come at all."""
        if self.dead:
            return None
        lag = 0
        for shape in self.shapes:
            if shape.share < 1 and random() >= shape.share:
                continue
            for _ in range(packets):
                lag += shape.delay_us
                if shape.jitter_us:
                    lag += int(shape.jitter_us * (2 * random() - 1))
                lost = 0
                while shape.loss and random() < shape.loss:
                    lost += 1
                    if lost > RETRIES:
                        return None
                lag += RETRANSMISSION_US * (2**lost - 1)
        return max(lag, 0)


@dataclass(frozen=True)
class Interference:
    """Everything that disturbs one task. ``cut_off``: its subnet lets nothing in or out."""

    effects: tuple[Effect, ...] = ()
    cut_off: bool = False
    stress: float = 0.0
    """The share of the task's CPU that somebody else keeps busy, if it can have it."""
    nodes: tuple[SubnetFacts, ...] = ()
    """Where the load balancer may have its nodes."""

    @classmethod
    def of(
        cls, effects: Sequence[Effect], *, cut_off: bool, cpu_units: int, nodes: tuple[SubnetFacts, ...]
    ) -> Interference | None:
        """That of some effects; None when there is nothing."""
        if not effects and not cut_off:
            return None
        stress = sum(stress_share(each, cpu_units) for each in effects if isinstance(each, CpuStress))
        return cls(tuple(effects), cut_off, min(stress, 1.0), nodes)

    @property
    def speed(self) -> float:
        """How fast the task's programs get on with what needs the CPU, as a share of undisturbed."""
        return max(1 - self.stress, FAIR_SHARE)

    def drops_to(self, port: int) -> bool:
        """Whether the task's own network drops what goes to that TCP port of anybody."""
        return self._drops("egress", port)

    def inbound_dead(self, port: int) -> bool:
        """Whether nothing comes in on a TCP port of the task, or nothing comes back from it."""
        return self.cut_off or self._drops("ingress", port)

    def inbound(self, port: int) -> Leg | None:
        """Between the load balancer and a port of the task; None when nothing is the matter."""
        if self.inbound_dead(port):
            return Leg(dead=True)
        return self._shaped(lambda sources: share_of_nodes(sources, self.nodes))

    def outbound(self, whom: Peer, port: int) -> Leg | None:
        """Between the task and a host that it calls; None when nothing is the matter."""
        if self.cut_off or self.drops_to(port):
            return Leg(dead=True)
        return self._shaped(lambda sources: float(names(sources, whom)))

    def _drops(self, direction: str, port: int) -> bool:
        return any(
            isinstance(each, Blackhole)
            and (each.trafficType, each.port, each.protocol) == (direction, port, "tcp")
            for each in self.effects
        )

    def _shaped(self, share: Callable[[Sequence[str]], float]) -> Leg | None:
        shapes = []
        for each in self.effects:
            if not isinstance(each, Latency | PacketLoss):
                continue
            part = share(each.sources) * each.flowsPercent / 100
            if part and isinstance(each, Latency):
                shapes.append(Shape(part, each.delayMilliseconds * 1000, each.jitterMilliseconds * 1000))
            elif part and isinstance(each, PacketLoss):
                shapes.append(Shape(part, loss=each.lossPercent / 100))
        return Leg(shapes=tuple(shapes)) if shapes else None
