"""Worlds in this process, without sockets: for `verify` and the tests. The only place outside of the tests
that builds a simulator.

All worlds of one factory are alike (one seed, one virtual start) and their clocks stand still unless they are
told to move.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from fargate_lab import __version__
from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer
from fargate_sim.threshold import LOOPBACK
from labs.endpoint_cloud import EndpointCloud, Who
from labs.errors import ControlError

START_MS = 1_767_258_000_000
"""2026-01-01T09:00:00Z."""


class InProcessControl:
    """A `labs.control.ControlClient` for a world in this process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._control = inprocess.control(endpoint)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The answer to `GET <path>`; None for 204."""
        with _refusals():
            return self._control.get(path, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to `POST <path>`."""
        with _refusals():
            return self._control.post(path, body)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except inprocess.ControlRefusedError as error:
        raise ControlError(error.error, error.hint) from None


@contextlib.contextmanager
def world_factory(seed: int = 1) -> Iterator[Callable[[], EndpointCloud]]:
    """A function that makes a fresh world each time it is called, and ends the one before: an account lives
    once in a process.
    """
    current: list[Endpoint] = []
    door = _door(seed)

    def end() -> None:
        while current:
            door.app = None
            current.pop().close()

    def make_cloud(chosen: int | None, label: str) -> tuple[Cloud, Pacer]:
        cloud = Cloud(seed if chosen is None else chosen, start_ms=START_MS, label=label)
        return cloud, cloud.pacer(paused=True)

    def new_cloud() -> EndpointCloud:
        end()
        cloud, pacer = make_cloud(seed, "verify")
        endpoint = Endpoint(cloud, pacer, hosts=LOOPBACK, make_cloud=make_cloud, version=lambda: __version__)
        current.append(endpoint)
        door.app = endpoint
        return EndpointCloud(InProcessControl(endpoint), door)

    try:
        yield new_cloud
    finally:
        end()


@contextlib.contextmanager
def entered(endpoint: Endpoint, *, who: Who = "grader") -> Iterator[EndpointCloud]:
    """A world of this process as its clients see it. No other of its seed may be entered meanwhile."""
    door = _door(endpoint.cloud.seed)
    if door.app is not None:
        raise RuntimeError("another world of this seed is in use")
    door.app = endpoint
    try:
        yield EndpointCloud(InProcessControl(endpoint), door, who=who)
    finally:
        door.app = None


class _Door:
    """A boto3 session, as far as `EndpointCloud` needs one, whose requests go to the latest world of one seed
    and never leave the process.

    Making clients is most of what a small world costs; worlds of one seed are alike, so they share them.
    """

    def __init__(self) -> None:
        self.app: Endpoint | None = None
        self._clients: dict[str, tuple[Mapping[str, Any], Any]] = {}
        self._session: Any = None

    def client(self, service: str, **options: Any) -> Any:
        """A client; the one of the worlds before when it was made with the same options."""
        config = options.get("config")
        # A copy that goes deep: botocore fills in what the configuration leaves open, and the next one asked for would look unlike it.
        wanted = {**options, "config": copy.deepcopy(vars(config)) if config else None}
        known = self._clients.get(service)
        if known is None or known[0] != wanted:
            known = self._clients[service] = (wanted, self._own_session().client(service, **options))
        return known[1]

    def _own_session(self) -> Any:
        if self._session is None:
            import boto3  # noqa: PLC0415 - a third of a second
            import botocore.session  # noqa: PLC0415

            session = botocore.session.Session()
            session.register_component("data_loader", _models())
            inprocess.attach(session, self._enter)
            self._session = boto3.session.Session(botocore_session=session)
        return self._session

    def _enter(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.app is None:
            raise RuntimeError("no world is there any more")
        return self.app(environ, start_response)


@cache
def _door(_seed: int) -> _Door:
    """One for each seed: no two worlds of a seed live at once, because an account lives once in a process."""
    return _Door()


@cache
def _models() -> Any:
    """Shared by all seeds: reading the service models takes longer than anything else."""
    import botocore.session  # noqa: PLC0415

    return botocore.session.Session().get_component("data_loader")
