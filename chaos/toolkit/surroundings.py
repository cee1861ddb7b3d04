"""Where an activity works: clients, a clock and a journal of faults, from an experiment's ``configuration`` and the
environment.

Of ``configuration`` these keys are looked at; each may be missing or empty:

``aws_region``        else what boto3 finds in the environment
``aws_endpoint_url``  else what boto3 finds in the environment (``AWS_ENDPOINT_URL``); else AWS itself
``fault_journal``     the file that says how each fault is taken back; else ``faults.jsonl``. A relative one is looked for
                      where ``chaos run`` is started, as the Chaos Toolkit does with its own journal
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from chaos.toolkit.clocks import AnyClock, RealClock, offline_clock
from chaos.toolkit.journal import FaultJournal
from chaos.undo import Clients

Configuration = Mapping[str, Any] | None
"""What the Chaos Toolkit hands to a function with a parameter of that name."""

USER_AGENT = "fargate-lab-chaos"
JOURNAL = "faults.jsonl"
_MAKING = Lock()
"""A boto3 session must make one client at a time, and activities may run in the background."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an activity works with. ``clock`` is the offline cloud's own, or the real one."""

    clients: Clients
    clock: AnyClock
    journal: FaultJournal

    @property
    def whose(self) -> dict[str, str]:
        """The account and the region that the clients speak to: a fault is never taken back in another one."""
        account = self.clients("sts").get_caller_identity()["Account"]
        return {"account": str(account), "region": str(self.clients("ecs").meta.region_name)}


def surroundings(configuration: Configuration, journal: str | None = None) -> Surroundings:
    """Those of an activity; ``journal`` is a file that goes before that of ``configuration``."""
    settings = configuration or {}
    endpoint = str(settings.get("aws_endpoint_url") or os.environ.get("AWS_ENDPOINT_URL", ""))
    path = Path(journal or str(settings.get("fault_journal") or JOURNAL)).expanduser().absolute()
    clock = offline_clock(endpoint) if _is_here(endpoint) else None
    clients = clients_of(str(settings.get("aws_region") or ""), endpoint)
    return Surroundings(clients, clock or RealClock(), FaultJournal(path))


class Boto:
    """boto3 clients with the environment's credentials, each made once."""

    def __init__(self, region: str, endpoint: str) -> None:
        self._region = region or None
        self._endpoint = endpoint or None
        self._known: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of a service, such as ``ecs``."""
        with _MAKING:
            if service not in self._known:
                self._known[service] = self._make(service)
            return self._known[service]

    def _make(self, service: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - boto3 is slow to import

        config = Config(user_agent_extra=USER_AGENT)
        if _is_here(self._endpoint or ""):
            config = config.merge(Config(proxies={}))
        return _session().client(
            service, region_name=self._region, endpoint_url=self._endpoint, config=config
        )


@cache
def clients_of(region: str, endpoint: str) -> Boto:
    """The same for all activities of a run: making a client takes longer than calling it. Empty: what boto3 finds."""
    return Boto(region, endpoint)


@cache
def _session() -> Any:
    import boto3  # noqa: PLC0415

    return boto3.session.Session()


def _is_here(endpoint: str) -> bool:
    """Whether an endpoint is on this machine."""
    try:
        return urlsplit(endpoint).hostname in _LOOPBACK
    except ValueError:
        return False
