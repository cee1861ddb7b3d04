"""Addresses as numbers: a few thousand tasks a second ask whether one lies in a block."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from functools import cache, lru_cache

_DOCUMENTATION = ("192.0.2.0/24", "198.51.100.0/24")
"""Blocks that belong to nobody (RFC 5737): what a name resolves to here must not be somebody's real address. The third
one, 203.0.113.0/24, is that of the tasks' public addresses."""


@cache
def block(cidr: str) -> tuple[int, int]:
    """First and last address of a block, as numbers; an empty one for what is no IPv4 block."""
    try:
        network = ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        return 1, 0
    return int(network.network_address), int(network.broadcast_address)


@cache
def prefix_length(cidr: str) -> int:
    """The length of a block's prefix."""
    return ipaddress.IPv4Network(cidr, strict=False).prefixlen


@lru_cache(maxsize=65536)
def number(address: str) -> int:
    """An IPv4 address as a number."""
    return int(ipaddress.IPv4Address(address))


def within(address: int, cidr: str) -> bool:
    """Whether a block contains an address."""
    first, last = block(cidr)
    return first <= address <= last


def draw(host: str, cidrs: Sequence[str] = ()) -> str:
    """The public address a host has here: always the same, one of ``cidrs``, else of a documentation block."""
    digest = int.from_bytes(hashlib.sha256(host.encode()).digest()[:8], "big")
    usable = [each for each in cidrs if block(each)[0] < block(each)[1]] or _DOCUMENTATION
    first, last = block(usable[digest % len(usable)])
    # Neither a block's first nor its last address.
    inside = max(1, last - first - 1)
    return str(ipaddress.IPv4Address(first + 1 + (digest // len(usable)) % inside))
