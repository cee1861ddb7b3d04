"""The seam between a lab and a world: AWS clients, the names that commands use, the history, the clock.

Labs, checks, solutions and proofs see this and nothing of what stands behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from labs.history import History

MINUTE_MS = 60_000


class Clock(Protocol):
    """The world's virtual clock. All durations are virtual milliseconds."""

    @property
    def now_ms(self) -> int:
        """The virtual now, since the epoch."""
        ...

    def advance(self, ms: int) -> None:
        """Let ``ms`` pass at once."""
        ...

    def settle(self, limit_ms: int) -> None:
        """Let time pass until no deployment is in progress and no task on its way, at most ``limit_ms``."""
        ...

    def next(self) -> bool:
        """Jump to the next happening; False when nothing is due."""
        ...

    def hold(self) -> AbstractContextManager[None]:
        """Within it no time passes but what is asked for: for what must happen at a moment, however fast the clock runs."""
        ...


class Traffic(Protocol):
    """Requests from clients, through a load balancer to a target group. Settings and report: docs/control-api.md."""

    def start(self, settings: Mapping[str, Any]) -> None:
        """Begin a load. ControlError when one runs already, or the settings are not good."""
        ...

    def stop(self) -> None:
        """End the load; what is in flight goes on. ControlError when none runs."""
        ...

    def report(self, failures: int = 0) -> dict[str, Any]:
        """What came of the load that runs, or of the last one, with its latest ``failures`` failed requests."""
        ...


class Capacity(Protocol):
    """What AWS does with its own capacity: no call of the AWS API does it. Fields and report: docs/control-api.md."""

    def interrupt(self, **which: Any) -> list[str]:
        """Give FARGATE_SPOT tasks their notice: ``count``, ``share`` or ``tasks``; ``cluster``, ``service``, ``zone``. The ids
        of those that got it. ControlError when there is none.
        """
        ...

    def shortage(self, provider: str = "FARGATE_SPOT", zone: str | None = None) -> None:
        """From now on new tasks of the provider find no capacity. ControlError when it is so already."""
        ...

    def restore(self, provider: str | None = None, zone: str | None = None) -> None:
        """End shortages. ControlError when there is none."""
        ...

    def weather(self, mean_minutes: float) -> None:
        """From now on each Spot task is interrupted after a random time with this mean."""
        ...

    def calm(self) -> None:
        """End the weather. ControlError when it is calm."""
        ...

    def report(self) -> dict[str, Any]:
        """Shortages, weather, and the Spot tasks that run."""
        ...


class Queue(Protocol):
    """Orders that come to SQS queues, and what becomes of them. Settings and report: docs/control-api.md."""

    def start(self, queue: str, settings: Mapping[str, Any]) -> None:
        """Orders begin to come to a queue, by name or URL. ControlError when they do already, or the settings are not good."""
        ...

    def stop(self, queue: str | None = None) -> None:
        """No more orders to this queue, or to any. ControlError when none are coming."""
        ...

    def report(self, queue: str, minutes: int = 120) -> dict[str, Any] | None:
        """How the queue stands, with its last ``minutes``; None when it was never used."""
        ...


@dataclass(frozen=True, slots=True)
class Manifest:
    """A document of a registry, byte for byte. ``architecture`` is ECS's name; None for an index."""

    digest: str
    media_type: str
    architecture: str | None
    text: str


class Images(Protocol):
    """The public images that can be pulled. No call of the AWS API reads them."""

    def manifests(self, reference: str) -> Sequence[Manifest]:
        """What a registry has of an image: what is listed before what lists it, so the last is what the reference points to.
        ControlError when there is no such image.
        """
        ...


class Cloud(Protocol):
    """One world."""

    def client(self, service: str) -> Any:
        """A boto3 client, such as for ``ecs``. Its user agent carries ``fargate-lab-grader``."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """``SUBNET_A``, ``SG``, ``EXECUTION_ROLE`` and the others that the guide's commands use."""
        ...

    @property
    def history(self) -> History:
        """Everything that has happened up to now."""
        ...

    @property
    def clock(self) -> Clock:
        """The virtual clock."""
        ...

    @property
    def traffic(self) -> Traffic:
        """The clients of this world."""
        ...

    @property
    def queue(self) -> Queue:
        """Orders to this world's queues."""
        ...

    @property
    def capacity(self) -> Capacity:
        """AWS's own capacity in this world."""
        ...

    @property
    def images(self) -> Images:
        """The public images."""
        ...

    def cost(self, since_ms: int | None = None) -> Mapping[str, Any]:
        """What this would have cost on AWS since a moment, or (None) since the world's start: an estimate. Shape: docs/control-api.md."""
        ...

    def calls(self, role: str, since_ms: int | None = None) -> Sequence[Mapping[str, Any]]:
        """What a role, by its ARN or name, has called since a moment, data events included. Shape: docs/control-api.md."""
        ...

    def watch(self, every_ms: int | None) -> None:
        """From now on let the world write a ``watch.sample`` into its history that often (whole seconds); None: no more."""
        ...

    def note(self, kind: str, data: Mapping[str, Any]) -> None:
        """Write ``lab.<word>`` or ``game.<word>`` into the history."""
        ...

    def reset(self) -> None:
        """A new world with the same seed."""
        ...
