"""By which names a room may be called. A web page that has its own name point here (DNS rebinding) finds nobody in."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PRIVATE = ("10.255.255.254", "172.31.255.254", "192.168.255.254", "192.0.2.1")
"""Somewhere in the networks that classrooms have, and somewhere outside; nothing is sent there."""


@dataclass(frozen=True)
class Hosts:
    """The names, in lower case, without ports, IPv6 addresses in brackets. Bound to every address of the machine (`wildcard`), the address
    that a connection came in by is a name as well.
    """

    names: frozenset[str]
    wildcard: bool = False

    @classmethod
    def of(cls, bind: str, further: Iterable[str] = ()) -> Hosts:
        """Those of a server bound to an address."""
        name = socket.gethostname().lower()
        own = {bracketed(bind), name, f"{name.partition('.')[0]}.local"}
        return cls(frozenset({*LOOPBACK, *own, *(each.lower() for each in further)}), is_wildcard(bind))

    def allow(self, host: str, came_in_by: str | None) -> bool:
        """Whether a request with this Host header is for us."""
        name = without_port(host).lower()
        if name in self.names:
            return True
        return self.wildcard and came_in_by is not None and _same_address(name, came_in_by)


def is_wildcard(bind: str) -> bool:
    """Whether that is every address of the machine."""
    return bind in ("0.0.0.0", "::")  # noqa: S104 - asked for by the teacher


def is_loopback(bind: str) -> bool:
    """Whether nobody but this machine reaches it."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(bind).is_loopback
    return bind == "localhost"


def bracketed(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


def without_port(host: str) -> str:
    """The name in a Host header."""
    if host.startswith("["):
        return "".join(host.partition("]")[:2])
    return host.partition(":")[0]


def of_url(url: str) -> str:
    """The name in a URL."""
    return bracketed((urlsplit(url).hostname or "").lower())


def inner(bind: str) -> str:
    """The name by which programs on this machine reach a server bound to an address."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, bracketed(bind))  # noqa: S104


def reached_at(bind: str) -> str:
    """The name by which others reach it, as far as this machine knows."""
    if not is_wildcard(bind):
        return bracketed(bind)
    for target in _PRIVATE:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Only asks which way it would be: a datagram socket that is connected sends nothing.
            probe.connect((target, 9))
            found = str(probe.getsockname()[0])
            if not ipaddress.ip_address(found).is_loopback:
                return found
    return socket.gethostname()


def _same_address(name: str, address: str) -> bool:
    try:
        mine, theirs = (ipaddress.ip_address(each.strip("[]").partition("%")[0]) for each in (address, name))
    except ValueError:
        return False
    plain = mine.ipv4_mapped if isinstance(mine, ipaddress.IPv6Address) and mine.ipv4_mapped else mine
    return theirs in (mine, plain)
