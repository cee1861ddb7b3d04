"""Who gets as far as being listened to: requests for this host, from no web page, and not for what must stay hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fargate_sim.control_words import problem
from fargate_sim.wire.render import Answer

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HIDDEN_PATHS = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")


class Threshold:
    """``hosts`` are the names that a request may use. ``*`` among them stands for all names, where every request proves who it is
    (``signed``) and the name is a part of the proof.
    """

    def __init__(self, hosts: Iterable[str], *, signed: bool) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._any = signed and "*" in self._hosts

    def refusal(self, environ: Mapping[str, Any]) -> Answer | None:
        """The answer to a request that is not listened to; None to one that is."""
        host = environ.get("HTTP_HOST", "").rpartition(":")
        name = host[0] if host[0] and host[2].isdigit() else environ.get("HTTP_HOST", "")
        known = self._any or name.lower() in self._hosts or name.lower().endswith(".localhost")
        if not known:
            return problem(
                403, f"this endpoint does not answer to the name {name!r}", "use 127.0.0.1 or localhost"
            )
        if "HTTP_ORIGIN" in environ:
            return problem(403, "this endpoint does not answer web pages", "use the aws command or an SDK")
        if environ.get("PATH_INFO", "").startswith(_HIDDEN_PATHS):
            return problem(404, "there is nothing here", "AWS calls go to /, the control API to /_lab/")
        return None
