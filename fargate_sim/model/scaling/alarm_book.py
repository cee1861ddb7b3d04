"""What scaling needs of CloudWatch's alarms, and the least that fulfils it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from fargate_sim.model.alarms import Alarm, AlarmSpec

if TYPE_CHECKING:
    from fargate_sim.model.world import World

Change = tuple[int, str, str, str]
"""A change of an alarm's state: at (virtual milliseconds), from, to, why."""


class AlarmBook(Protocol):
    """The alarms of an account and region."""

    def put(self, spec: AlarmSpec) -> Alarm:
        """Create an alarm, or replace the one of that name."""

    def delete(self, name: str) -> None:
        """Forget an alarm; one that does not exist is fine."""

    def get(self, name: str) -> Alarm | None:
        """The alarm of that name."""

    def all(self) -> list[Alarm]:
        """Every alarm."""

    def changes(self, name: str) -> Iterable[Change]:
        """The latest changes of an alarm's state."""


class UnwatchedAlarms:
    """Alarms that are kept and never evaluated."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._alarms: dict[str, Alarm] = {}

    def put(self, spec: AlarmSpec) -> Alarm:
        """Keep an alarm."""
        world = self._world
        arn = f"arn:aws:cloudwatch:{world.region}:{world.account}:alarm:{spec.name}"
        alarm = self._alarms[spec.name] = Alarm(spec, arn, world.engine.now_ms)
        return alarm

    def delete(self, name: str) -> None:
        """Forget it."""
        self._alarms.pop(name, None)

    def get(self, name: str) -> Alarm | None:
        """Find it."""
        return self._alarms.get(name)

    def all(self) -> list[Alarm]:
        """Every one."""
        return list(self._alarms.values())

    def changes(self, name: str) -> Iterable[Change]:
        """None ever."""
        del name
        return ()
