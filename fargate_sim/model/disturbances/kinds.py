"""The kinds of disturbances and their parameters, by the names and ranges that AWS FIS has for them.

Source: FIS user guide, fis-actions-reference (aws:ecs:task-cpu-stress, -network-latency, -network-packet-loss, -network-blackhole-port).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CPU_STRESS = "cpu-stress"
LATENCY = "network-latency"
PACKET_LOSS = "network-packet-loss"
BLACKHOLE = "network-blackhole-port"
SUBNETS = "network-disrupt-connectivity"
NETWORK = (LATENCY, PACKET_LOSS, BLACKHOLE)


@dataclass(frozen=True)
class CpuStress:
    """So many workers keep so many percent of a CPU busy each; 0 workers: one for each vCPU of the task."""

    percent: int
    workers: int

    def __post_init__(self) -> None:
        _in_range("percent", self.percent, 1, 100)
        _in_range("workers", self.workers, 0, 1_000)


@dataclass(frozen=True)
class Latency:
    """What leaves the task for ``sources`` is held back for a time, on a share of the connections."""

    delayMilliseconds: int  # noqa: N815 - FIS's names
    jitterMilliseconds: int  # noqa: N815
    flowsPercent: int  # noqa: N815
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        _in_range("delayMilliseconds", self.delayMilliseconds, 0, 3_600_000)
        _in_range("jitterMilliseconds", self.jitterMilliseconds, 0, 3_600_000)
        _in_range("flowsPercent", self.flowsPercent, 1, 100)
        _some(self.sources)


@dataclass(frozen=True)
class PacketLoss:
    """What leaves the task for ``sources`` is lost in part, on a share of the connections."""

    lossPercent: int  # noqa: N815
    flowsPercent: int  # noqa: N815
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        _in_range("lossPercent", self.lossPercent, 1, 100)
        _in_range("flowsPercent", self.flowsPercent, 1, 100)
        _some(self.sources)


@dataclass(frozen=True)
class Blackhole:
    """What comes to a port of the task, or goes to that port of anybody, is dropped."""

    port: int
    trafficType: str  # noqa: N815
    protocol: str

    def __post_init__(self) -> None:
        _in_range("port", self.port, 1, 65535)
        _one_of("trafficType", self.trafficType, ("ingress", "egress"))
        _one_of("protocol", self.protocol, ("tcp", "udp"))


Effect = CpuStress | Latency | PacketLoss | Blackhole
_KINDS: dict[str, type[Effect]] = {
    CPU_STRESS: CpuStress,
    LATENCY: Latency,
    PACKET_LOSS: PacketLoss,
    BLACKHOLE: Blackhole,
}


def read(kind: str, params: Mapping[str, Any]) -> Effect:
    """The effect of a kind with its parameters. ValueError, in words for people, when there is none such."""
    known = _KINDS.get(kind)
    if known is None:
        raise ValueError(f"{kind!r} is no kind of disturbance; there are {', '.join(_KINDS)}")
    try:
        return known(**params)
    except TypeError as error:
        names = ", ".join(known.__dataclass_fields__)
        raise ValueError(f"{kind} takes exactly {names}; got {', '.join(params) or 'none'}") from error


def _in_range(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is a whole number from {low} to {high}, not {value!r}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {' or '.join(allowed)}, not {value!r}")


def _some(sources: tuple[str, ...]) -> None:
    if not sources or not all(isinstance(each, str) and each for each in sources):
        raise ValueError("sources names at least one source, such as ALL")
