"""The account's event bus as the model sees it: who listens, and what is sent.

Nothing is built for nobody: an event comes into being only if a rule wants its source and type. It is in its targets at the moment at
which it happens. [A] EventBridge delivers in near real time, usually well under a second; here it takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.events.pattern import EventPattern

if TYPE_CHECKING:
    from fargate_sim.model.world import World


class ListeningRule(NamedTuple):
    """An enabled rule of the default bus that has targets."""

    name: str
    pattern: EventPattern


class Undelivered(NamedTuple):
    """A target that an event did not reach, and why."""

    rule: str
    target: str
    reason: str


def iso(at_ms: int, *, milliseconds: bool = True) -> str:
    """A moment as events write it."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")


class EventStream:
    """Sends events to the rules that want them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules: tuple[ListeningRule, ...] = ()
        self._wanted: dict[tuple[str, str], bool] = {}
        self._ids = world.seeds.stream("events")

    @property
    def silent(self) -> bool:
        """Whether nobody listens to anything."""
        return not self._rules

    def listen(self, rules: Sequence[ListeningRule]) -> None:
        """These are the rules from now on."""
        self._rules = tuple(rules)
        self._wanted.clear()

    def wants(self, source: str, detail_type: str) -> bool:
        """Whether a rule may want events of this source and type: ask before building one."""
        if not self._rules:
            return False
        key = (source, detail_type)
        if key not in self._wanted:
            self._wanted[key] = any(rule.pattern.may_match(*key) for rule in self._rules)
        return self._wanted[key]

    def wants_with(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> bool:
        """Whether a rule may want an event with these fields among others in its detail."""
        return any(rule.pattern.may_match(source, detail_type, detail) for rule in self._rules)

    def emit(
        self,
        source: str,
        detail_type: str,
        resources: Sequence[str],
        detail: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        *,
        cause: int | None = None,
    ) -> None:
        """Send an event at the virtual now. ``detail`` may be a function, which is called only if somebody listens."""
        if not self.wants(source, detail_type):
            return
        world = self._world
        event = {
            "version": "0",
            "id": "",
            "detail-type": detail_type,
            "source": source,
            "account": world.account,
            "time": iso(world.engine.now_ms, milliseconds=False),
            "region": world.region,
            "resources": list(resources),
            "detail": dict(detail() if callable(detail) else detail),
        }
        rules = [rule.name for rule in self._rules if rule.pattern.matches(event)]
        if not rules:
            return
        event["id"] = uuid(self._ids)
        sent = world.journal.record(
            "event.sent",
            {
                "id": event["id"],
                "source": source,
                "detail_type": detail_type,
                "resources": event["resources"],
                "rules": rules,
            },
            cause=cause,
        )
        for failure in world.surroundings.deliver_event(event, rules):
            world.journal.record("event.undelivered", {"id": event["id"], **failure._asdict()}, cause=sent)
