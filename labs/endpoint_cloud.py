"""A ``Cloud`` for the offline cloud: AWS through its endpoint, the rest through the control API.

boto3 is imported when the first client is asked for, because it costs a third of a second.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from threading import Lock, RLock
from typing import Any, Literal

from labs.cloud import Capacity, Clock, Cloud, Images, Manifest, Queue, Traffic
from labs.control import TOKEN_HEADER, ControlClient, HttpControl
from labs.history import Entry, History

USER_AGENT = "fargate-lab-grader"
FACILITATOR = "facilitator"
Who = Literal["grader", "facilitator", "team"]
_AGENTS: Mapping[Who, str] = {
    "grader": USER_AGENT,
    "facilitator": f"{USER_AGENT} fargate-lab-{FACILITATOR}",
    "team": "fargate-lab-team",
}
"""The user agent of each: what a grader and a facilitator look at leaves no trace."""
_TOLD_APART = frozenset({"/_lab/traffic", "/_lab/queue", "/_lab/capacity", "/_lab/watch"})
"""Requests whose recording says who made them."""
PAGE = 10_000
_MAKING = Lock()
"""A boto3 session must make one client at a time."""


def warm_up() -> None:
    """Import boto3 and read the service models that every lab needs: something to do while a cloud gets ready."""
    session = _own_session()
    with _MAKING:
        for service in ("ecs", "ec2"):
            # These credentials are no one's, and the client is never used: the session keeps the models.
            session.client(
                service,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",  # noqa: S106
            )


class _Facilitator:
    """A control client whose changes are told apart from those of the people for whom the world is."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The answer to ``GET <path>``."""
        return self._control.get(path, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to ``POST <path>``."""
        return self._control.post(path, {**body, "actor": FACILITATOR} if path in _TOLD_APART else body)


class ControlClock:
    """The clock, moved through the control API."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    @property
    def now_ms(self) -> int:
        """The virtual now."""
        return int(self._control.get("/_lab/clock")["now_ms"])

    def advance(self, ms: int) -> None:
        """Let ``ms`` pass at once."""
        self._control.post("/_lab/clock", {"action": "advance", "ms": ms})

    def settle(self, limit_ms: int) -> None:
        """Run until nothing is on its way, at most ``limit_ms``."""
        self._control.post("/_lab/clock", {"action": "settle", "limit_ms": limit_ms})

    def next(self) -> bool:
        """Jump to the next happening; False when nothing is due."""
        if self._control.get("/_lab/clock")["next_ms"] is None:
            return False
        self._control.post("/_lab/clock", {"action": "next"})
        return True

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Within it no time passes but what is asked for."""
        running = self._control.get("/_lab/clock")["mode"] == "running"
        if running:
            self._control.post("/_lab/clock", {"action": "pause"})
        try:
            yield
        finally:
            if running:
                self._control.post("/_lab/clock", {"action": "run"})


class ControlTraffic:
    """The traffic, through the control API."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def start(self, settings: Mapping[str, Any]) -> None:
        """Begin a load."""
        self._control.post("/_lab/traffic", {"action": "start", **settings})

    def stop(self) -> None:
        """End the load."""
        self._control.post("/_lab/traffic", {"action": "stop"})

    def report(self, failures: int = 0) -> dict[str, Any]:
        """What came of it."""
        return dict(self._control.get("/_lab/traffic", {"failures": failures}))


class ControlQueue:
    """Orders to queues, through the control API."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def start(self, queue: str, settings: Mapping[str, Any]) -> None:
        """Orders begin to come."""
        self._control.post("/_lab/queue", {"action": "start", "queue": queue, **settings})

    def stop(self, queue: str | None = None) -> None:
        """No more orders."""
        self._control.post("/_lab/queue", {"action": "stop", "queue": queue})

    def report(self, queue: str, minutes: int = 120) -> dict[str, Any] | None:
        """What became of them; None when the queue was never used."""
        found = self._control.get("/_lab/queue", {"queue": queue, "minutes": minutes})["queues"]
        return dict(found[0]) if found else None


class ControlCapacity:
    """AWS's own capacity, through the control API."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def interrupt(self, **which: Any) -> list[str]:
        """Give Spot tasks their notice."""
        answer = self._control.post("/_lab/capacity", {"action": "interrupt", **which})
        return list(answer["interrupted"])

    def shortage(self, provider: str = "FARGATE_SPOT", zone: str | None = None) -> None:
        """No capacity for new tasks."""
        self._control.post("/_lab/capacity", {"action": "shortage", "provider": provider, "zone": zone})

    def restore(self, provider: str | None = None, zone: str | None = None) -> None:
        """There is capacity again."""
        self._control.post("/_lab/capacity", {"action": "restore", "provider": provider, "zone": zone})

    def weather(self, mean_minutes: float) -> None:
        """Interruptions by chance."""
        self._control.post("/_lab/capacity", {"action": "weather", "mean_minutes": mean_minutes})

    def calm(self) -> None:
        """No more of them."""
        self._control.post("/_lab/capacity", {"action": "calm"})

    def report(self) -> dict[str, Any]:
        """How things are."""
        return dict(self._control.get("/_lab/capacity"))


class ControlImages:
    """The public images, through the control API."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def manifests(self, reference: str) -> list[Manifest]:
        """The manifests of an image."""
        found = self._control.get("/_lab/images", {"reference": reference})["manifests"]
        return [
            Manifest(each["digest"], each["media_type"], each["architecture"], each["manifest"])
            for each in found
        ]


class EndpointCloud:
    """One world behind an endpoint.

    ``world`` is the endpoint's URL, or a control client of a world in this process; then ``session`` is the
    boto3 session (or anything with ``client(service, **options)``) whose requests reach that world. ``token`` is for a world with a
    gate. ``who`` is for the history: what a facilitator changes is told apart from what a team does, and only a team is seen to look.
    Safe to use from several threads.
    """

    def __init__(
        self, world: str | ControlClient, session: Any = None, *, who: Who = "grader", token: str = ""
    ) -> None:
        control: ControlClient = HttpControl(world, token=token) if isinstance(world, str) else world
        self._token = token
        self._control: ControlClient = _Facilitator(control) if who == "facilitator" else control
        self._agent = _AGENTS[who]
        self._session = session
        self._lock = RLock()
        self._clients: dict[str, Any] = {}
        self._env: dict[str, str] | None = None
        self._entries: list[Entry] = []
        self._clock = ControlClock(self._control)
        self._traffic = ControlTraffic(self._control)
        self._capacity = ControlCapacity(self._control)
        self._queue = ControlQueue(self._control)
        self._images = ControlImages(self._control)

    @property
    def control(self) -> ControlClient:
        """The control API of this world."""
        return self._control

    @property
    def env(self) -> Mapping[str, str]:
        """The names that commands use; asked for once per world."""
        with self._lock:
            if self._env is None:
                self._env = {key: str(value) for key, value in self._control.get("/_lab/env").items()}
            return self._env

    @property
    def clock(self) -> Clock:
        """The virtual clock."""
        return self._clock

    @property
    def traffic(self) -> Traffic:
        """The clients of this world."""
        return self._traffic

    @property
    def queue(self) -> Queue:
        """Orders to this world's queues."""
        return self._queue

    @property
    def capacity(self) -> Capacity:
        """AWS's own capacity in this world."""
        return self._capacity

    @property
    def images(self) -> Images:
        """The public images."""
        return self._images

    @property
    def history(self) -> History:
        """The journal up to now. What was read before is kept, as long as it is still the same world's."""
        with self._lock:
            known = self._entries
            # Ask again for the last entry that we hold: another answer means that the world was reset meanwhile.
            fresh = self._read(known[-1].seq if known else 0)
            if known and (not fresh or fresh[0] != known[-1]):
                known, fresh = [], self._read(0)
            self._entries = [*known[:-1], *fresh]
            return History(self._entries)

    def client(self, service: str) -> Any:
        """A boto3 client with the world's own credentials, made once."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def cost(self, since_ms: int | None = None) -> Mapping[str, Any]:
        """The estimate, through the control API."""
        report: Mapping[str, Any] = self._control.get(
            "/_lab/cost", None if since_ms is None else {"since": since_ms}
        )
        return report

    def calls(self, role: str, since_ms: int | None = None) -> list[Mapping[str, Any]]:
        """The calls of a role, through the control API."""
        query: dict[str, str | int] = (
            {"role": role} if since_ms is None else {"role": role, "since": since_ms}
        )
        return list(self._control.get("/_lab/calls", query)["calls"])

    def watch(self, every_ms: int | None) -> None:
        """Begin or end samples, through the control API."""
        self._control.post("/_lab/watch", {"every_ms": every_ms})

    def note(self, kind: str, data: Mapping[str, Any]) -> None:
        """Write an annotation into the journal."""
        self._control.post("/_lab/note", {"kind": kind, "data": dict(data)})

    def reset(self) -> None:
        """A new world with the same seed and label; clients and names are made anew."""
        status = self._control.get("/_lab/status")
        self._control.post("/_lab/reset", {"seed": status["seed"], "label": status["label"]})
        self._control.get("/_lab/status", {"wait": 1})
        with self._lock:
            self._clients.clear()
            self._env = None
            self._entries = []

    def _read(self, since: int) -> list[Entry]:
        found: list[Entry] = []
        while True:
            page = self._control.get("/_lab/journal", {"since": since, "limit": PAGE})
            found.extend(Entry.parse(raw) for raw in page["entries"])
            if len(page["entries"]) < PAGE:
                return found
            since = int(page["next"])

    def _make(self, service: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415  boto3 is slow to import

        env = self.env
        session = self._session or _own_session()
        config = Config(user_agent_extra=self._agent, retries={"total_max_attempts": 2}, proxies={})
        with _MAKING:
            client = session.client(
                service,
                region_name=env["AWS_REGION"],
                endpoint_url=env["AWS_ENDPOINT_URL"],
                aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
                config=config,
            )
        if self._token:
            client.meta.events.register("request-created", self._carry_token)
        return client

    def _carry_token(self, request: Any, **_kwargs: Any) -> None:
        request.headers[TOKEN_HEADER] = self._token


@lru_cache(maxsize=1)
def _own_session() -> Any:
    """A boto3 session that reads nothing of the learner's own AWS configuration, not even a profile that does
    not exist.
    """
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415

    nowhere = (None, None, os.devnull, None)
    own = {"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere}
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=own))


def _is_a_cloud(cloud: EndpointCloud) -> Cloud:
    """Lets the type checker prove that ``EndpointCloud`` keeps the protocol."""
    return cloud
