"""A shard in this process: two seats, clients with their keys, and the class's own programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from fargate_sim import inprocess
from fargate_sim.shard_app import ShardApp
from fargate_sim.tenants import Tenant, Tenants

HOST_TOKEN = "the-host-of-the-class"
START_MS = 1767258000000  # 2026-01-01T09:00:00Z
_LOADER = Loader()


def described(folder: Path, seats: int = 2, **limits: Any) -> dict[str, Any]:
    """The file of a shard with so many seats."""
    return {
        "token": HOST_TOKEN,
        "seats": [
            {
                "seat": f"{number:02}",
                "seed": 700 + number,
                "secret_key": f"the-secret-key-of-seat-{number:02}",
                "token": f"the-token-of-seat-{number:02}",
                "state": str(folder / f"{number:02}" / "state"),
            }
            for number in range(1, seats + 1)
        ],
        "limits": limits,
    }


class Clock:
    """The wall clock of a test, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Class:
    """A shard and who talks to it. Another one of the same folder is the same shard after a restart."""

    def __init__(
        self,
        folder: Path,
        *,
        seats: int = 2,
        hosts: Sequence[str] = (),
        now: Callable[[float], float] | None = None,
        **limits: Any,
    ) -> None:
        """``now`` tells the time of day, in seconds since the epoch, from the wall clock's; the machine's own unless given."""
        self.clock = Clock()
        self.used = Clock()
        """The processor's time, which stands still unless a test moves it."""
        self.tenants = Tenants.of(described(folder, seats, **limits))
        self.app = ShardApp(
            self.tenants,
            hosts=hosts,
            wall=self.clock,
            now=(lambda: now(self.clock.now)) if now else time.time,
            sleep=self.clock.sleep,
            used=self.used,
            world_options={"start_ms": lambda: START_MS, "patience": 0.0},
        )

    def seat(self, seat: str) -> Tenant:
        return next(each for each in self.tenants.seats if each.seat == seat)

    def host(
        self, method: str, what: str, body: Mapping[str, Any] | None = None, *, token: str | None = HOST_TOKEN
    ) -> tuple[int, Any]:
        return self.send(method, f"/_seats/{what}", token, json.dumps(body or {}).encode())

    def open(self, seat: str, label: str = "core-lab", **more: Any) -> dict[str, Any]:
        status, facts = self.host("POST", "open", {"seat": seat, "label": label, **more})
        assert status == 200, facts
        return dict(facts)

    def lab(
        self, seat: str, method: str, what: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        return self.send(method, f"/_lab/{what}", self.seat(seat).token, json.dumps(body or {}).encode())

    def send(
        self,
        method: str,
        path: str,
        token: str | None,
        body: bytes = b"{}",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        sent = {"X-Fargate-Lab": "1", **({"X-Fargate-Lab-Token": token} if token else {}), **(headers or {})}
        status, _, content = inprocess.call(
            self.app, method, f"http://127.0.0.1{path}", sent.items(), body if method == "POST" else b""
        )
        return status, json.loads(content) if content else None

    def client(
        self,
        seat: str,
        service: str,
        *,
        key_id: str = "",
        secret: str = "",
        token: str = "",
        agent: str = "",
        headers: Mapping[str, str] | None = None,
        attempts: int = 0,
    ) -> Any:
        """A client of botocore's with the seat's key."""
        tenant = self.seat(seat)
        session = botocore.session.Session()
        session.register_component("data_loader", _LOADER)
        inprocess.attach(session, self.app)
        made = session.create_client(
            service,
            region_name="us-east-1",
            endpoint_url="http://127.0.0.1",
            aws_access_key_id=key_id or tenant.key_id,
            aws_secret_access_key=secret or tenant.secret_key,
            config=Config(user_agent_extra=agent, retries={"max_attempts": attempts}),
        )
        added = {**({"X-Fargate-Lab-Token": token} if token else {}), **(headers or {})}

        def carry(request: Any, **_kwargs: Any) -> None:
            for name, value in added.items():
                request.headers[name] = value

        made.meta.events.register("request-created", carry)
        return made

    def end(self) -> None:
        self.app.shut()
