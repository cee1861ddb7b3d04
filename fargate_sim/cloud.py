"""One account: its clock and history, a world per region, moto behind, and the base environment.

``Cloud`` answers ECS at once; moto is imported and the base environment created in a thread, and whatever
needs them waits. Several clouds may live in one process, each with its own account. All use of a cloud is
under ``cloud.lock``, except waiting for it to be ready.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Event, Lock, RLock, Thread
from typing import Any, cast

from fargate_sim import base, schedule_targets
from fargate_sim.api import alarms, cloudwatch
from fargate_sim.api.ecs.tasks import show_task
from fargate_sim.effort import Effort
from fargate_sim.images import default_catalogue
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.kernel.seeds import Seeds
from fargate_sim.model.images import ImageCatalogue
from fargate_sim.model.metrics import Datum
from fargate_sim.model.timing import Timing
from fargate_sim.model.trail import access_key
from fargate_sim.model.trail.keys import LONG_TERM
from fargate_sim.model.world import World
from fargate_sim.pacer import DEFAULT_SPEED, Pacer, Speed
from fargate_sim.ports import MotoSide, events, schedules
from fargate_sim.recording import Header
from fargate_sim.wire.render import Answer

DEFAULT_REGION = "us-east-1"
_ADDRESS_OWNERS = frozenset({"ec2", "elbv2", "cloudformation"})
"""Services whose changes may take or release addresses in a subnet, or what is charged by the hour."""

_RULE_OWNERS = frozenset({"events", "cloudformation"})
"""Services whose changes may add or remove rules of EventBridge."""


def account_of(seed: int) -> str:
    """The 12-digit account id of a world, derived from its seed."""
    digest = hashlib.sha256(f"account:{seed}".encode()).digest()
    return str(10**11 + int.from_bytes(digest[:8], "big") % (9 * 10**11))


def _cloudwatch(
    world: World, operation: str, stored: Sequence[Datum], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Answer an operation of CloudWatch out of the world and of what the account has put itself."""
    of_alarms = alarms.OPERATIONS.get(operation)
    if of_alarms is not None:
        return of_alarms(world, params)
    return cloudwatch.OPERATIONS[operation](world, stored, params)


class _CatalogueOnDemand:
    """The image catalogue, read when the first image is looked up: reading YAML would hold up the first
    answer.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(default_catalogue(), name)


class Cloud:
    """An offline AWS account.

    ``start_ms`` is the virtual start (default: the wall clock's now), ``base_environment`` False leaves the
    account empty. Raises ValueError when the account is in use by another cloud of this process.
    """

    def __init__(
        self,
        seed: int,
        *,
        start_ms: int | None = None,
        region: str = DEFAULT_REGION,
        account: str | None = None,
        label: str = "",
        timing: Timing | None = None,
        base_environment: bool = True,
        warm_at_once: bool = True,
    ) -> None:
        self.seed = seed
        self.region = region
        self.account = account or account_of(seed)
        self.label = label
        self.lock = RLock()
        self.engine = Engine(int(time.time() * 1000) if start_ms is None else start_ms)
        self.journal = Journal(self.engine)
        self.moto = MotoSide(self.account, seed, lambda: self.engine.now_ms, wanted=self.warm_up)
        self._seeds = Seeds(seed)
        self._timing = timing
        self._base_environment = base_environment
        self._exports: dict[str, str] = {}
        self._ready = Event()
        self._warming = Lock()
        self._warm_thread: Thread | None = None
        self._failure: Exception | None = None
        self._worlds: dict[str, World] = {}
        self.closed = False
        self.world(region)
        if warm_at_once:
            self.warm_up()

    @classmethod
    def again(cls, header: Header, *, warm_at_once: bool = False) -> Cloud:
        """The cloud that a recording begins with."""
        return cls(
            header.seed,
            start_ms=header.start_ms,
            region=header.region,
            account=header.account,
            label=header.label,
            warm_at_once=warm_at_once,
        )

    def warm_up(self) -> None:
        """Start importing moto and creating the base environment, in a thread, unless that has been started."""
        with self._warming:
            if self._warm_thread is None:
                self._warm_thread = Thread(target=self._warm_up, name="warm-up", daemon=True)
                self._warm_thread.start()

    def _warm_up(self) -> None:
        try:
            self.moto.start(self._create_base)
        except Exception as problem:
            self._failure = problem
        finally:
            self._ready.set()

    def _create_base(self) -> None:
        if self._base_environment:
            self._exports = base.create(self._send_base, self.region)

    def _send_base(self, environ: dict[str, str], body: bytes) -> Answer:
        start = {
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "base",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        return self.moto.prepare({**start, **environ}, body, f"base:{self.region}", self.engine.start_ms)

    @property
    def ready(self) -> bool:
        """Whether the base environment stands."""
        return self._ready.is_set()

    def wait_until_ready(self) -> None:
        """Wait for the base environment; RuntimeError when it could not be made. Never call it with the lock
        held.
        """
        self.warm_up()
        self._ready.wait()
        if self._failure is not None:
            raise RuntimeError("the base environment could not be created") from self._failure

    def world(self, region: str) -> World:
        """The ECS world of a region; made on first use, with the same clock and history."""
        world = self._worlds.get(region)
        if world is None:
            # Another region draws other ids from the same seed.
            away = hashlib.sha256(f"{self.seed}:{region}".encode()).digest()
            seeds = self._seeds if region == self.region else Seeds(int.from_bytes(away[:8], "big"))
            world = self._worlds[region] = World(
                engine=self.engine,
                journal=self.journal,
                seeds=seeds,
                region=region,
                account=self.account,
                surroundings=self.moto.surroundings(region),
                images=cast(ImageCatalogue, _CatalogueOnDemand()),
                timing=self._timing,
            )
            self.moto.attach_queues(region, world.queues)
            world.ecs_events.show_task = world.experiments.show_task = show_task
            world.schedules.perform = schedule_targets.perform
        return world

    def worlds(self) -> Mapping[str, World]:
        """The worlds by region, as far as they have been used."""
        return dict(sorted(self._worlds.items()))

    def fingerprints(self) -> dict[str, str]:
        """A checksum of what moto holds of the account, by service, with all that it would be shown first. Needs the lock."""
        self.wait_until_ready()
        for region in self._worlds:
            for service in ("logs", "elbv2", "ec2"):
                self._show_moto(service, region, changing=False)
        return self.moto.fingerprints()

    @property
    def settled(self) -> bool:
        """Whether no deployment is in progress and no task or experiment is on its way, in any region."""
        return all(world.settled for world in self._worlds.values())

    def pacer(
        self, *, speed: Speed = DEFAULT_SPEED, paused: bool = False, effort: Effort | None = None
    ) -> Pacer:
        """A driver for this cloud's clock."""
        return Pacer(
            self.engine,
            lambda: self.settled,
            speed=speed,
            paused=paused,
            told=lambda: len(self.journal),
            effort=effort,
        )

    def exports(self) -> dict[str, str]:
        """The ids of the base environment by shell variable (``SUBNET_A`` ...). Waits until they are known."""
        self.wait_until_ready()
        return dict(self._exports)

    def env(self, endpoint: str) -> dict[str, str]:
        """Everything that points a client at this cloud and names its base environment."""
        key = self.key_id
        return {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": hashlib.sha256(f"secret:{key}".encode()).hexdigest()[:40],
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_PAGER": "",
            **self.exports(),
            "ACCOUNT_ID": self.account,
        }

    @property
    def key_id(self) -> str:
        """The id of the account's access key."""
        return access_key(LONG_TERM, self.account)

    def through_moto(
        self, service: str, region: str, environ: dict[str, Any], body: bytes, *, changing: bool
    ) -> Answer:
        """Hand a request to moto, after showing it what ECS has done, and tell ECS what may have changed.
        Needs the lock.
        """
        self._show_moto(service, region, changing=changing)
        if changing and service in _ADDRESS_OWNERS and region in self._worlds:
            self._worlds[region].costs.look_once()
        answer = self.moto.call(environ, body, changing=changing)
        if changing:
            self._tell_world(service, region)
            for world in self._worlds.values():
                world.account_changed()
        return answer

    def _show_moto(self, service: str, region: str, *, changing: bool) -> None:
        """Bring into moto what a request to a service may want to see of us."""
        if service == "sqs":
            self.world(region)  # keeps the messages
        for name, world in self._worlds.items():
            if changing:
                world.traffic.catch_up()
                world.queues.catch_up()
            self.moto.publish(name, world.network.unpublished)
            if service == "elbv2":
                self.moto.overlay_targets(name, world.balancing.shown)
            if service == "logs" and world.logs.undelivered:
                self.moto.deliver(name, list(world.logs.undelivered))
                world.logs.undelivered.clear()
        if service == "cloudwatch":
            self.moto.overlay_metrics(region, partial(_cloudwatch, self.world(region)))

    def _tell_world(self, service: str, region: str) -> None:
        """Let the model look again at what a change in another service may have touched."""
        world = self._worlds.get(region)
        if world is not None and service in _ADDRESS_OWNERS:
            world.network.addresses_changed()
            world.costs.look()
        if world is not None and service == "elbv2":
            world.balancing.health.groups_changed()
        if service in _RULE_OWNERS:
            self.world(region).events.listen(events.listening(self.moto, region))
        if service == "scheduler":
            self.world(region).schedules.replace(schedules.schedules(self.moto, region))

    def close(self) -> None:
        """Forget the account. The cloud is of no use afterwards."""
        if self._warm_thread is not None:
            self._ready.wait()
        with self.lock:
            if not self.closed:
                self.closed = True
                self.moto.close()
