"""The world's clock at the control API: how it stands, and what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fargate_sim.control_words import ControlError, iso, speed_of, whole
from fargate_sim.effort import UnfinishedError
from fargate_sim.pacer import HOUR_MS, Pacer
from fargate_sim.rewinding import rewind

if TYPE_CHECKING:
    from fargate_sim.cloud import Cloud
    from fargate_sim.endpoint import Endpoint

UNDER_LOAD_MS = 5 * 60 * 1000
"""How far the clock jumps over silence while requests or orders come: they are what happens, though the journal does not say so."""
DEFAULT_SETTLE_MS = 30 * 60 * 1000


class ClockControl:
    """The clock of one endpoint's world, whichever that is now. All of it needs the lock of that world's cloud."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def facts(self) -> dict[str, Any]:
        """How the clock stands. Moments in milliseconds since the epoch."""
        engine, pacer = self._endpoint.cloud.engine, self._endpoint.pacer
        return {
            "now_ms": engine.now_ms,
            "now": iso(engine.now_ms),
            "elapsed_ms": engine.now_ms - engine.start_ms,
            "mode": "paused" if pacer.paused else "running",
            "speed": pacer.speed,
            "next_ms": engine.next_at(),
        }

    def act(self, cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
        """Do what a body asks for, and tell how the clock stands then. ControlError when that cannot be. The cloud must be
        ready before it is put back.
        """
        action = body.get("action")
        if action == "rewind":
            return self._rewind(cloud, body)
        actions: dict[str, Callable[[Pacer], None]] = {
            "pause": Pacer.pause,
            "run": Pacer.run,
            "speed": lambda pacer: pacer.set_speed(self._endpoint.pace.speed(speed_of(body.get("speed")))),
            "advance": lambda pacer: pacer.advance(whole(body.get("ms"), "ms")),
            "next": lambda pacer: pacer.next(self._longest_next()),
            "settle": lambda pacer: pacer.settle(whole(body.get("limit_ms"), "limit_ms", DEFAULT_SETTLE_MS)),
        }
        if not isinstance(action, str) or action not in actions:
            raise ControlError(
                400, f"{action!r} is no action of the clock", "one of: " + ", ".join([*actions, "rewind"])
            )
        try:
            self._refuse_the_unbearable(cloud, action, body)
            actions[action](self._endpoint.pacer)
        except ValueError as error:
            raise ControlError(400, str(error), "see docs/control-api.md") from error
        except UnfinishedError:
            self._note(cloud)
            raise ControlError(
                503,
                f"so much is going on here that the clock got only to {iso(cloud.engine.now_ms)}",
                "go on from there",
            ) from None
        self._note(cloud)
        return self.facts()

    def _note(self, cloud: Cloud) -> None:
        pacer = self._endpoint.pacer
        if self._endpoint.recorder is not None:
            self._endpoint.recorder.clock(cloud.engine.now_ms, paused=pacer.paused, speed=pacer.speed)

    def _rewind(self, cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
        now_ms = cloud.engine.now_ms
        to_ms = whole(body["to_ms"], "to_ms") if "to_ms" in body else now_ms - whole(body.get("ms"), "ms")
        try:
            rewind(self._endpoint, to_ms)
        except ValueError as error:
            raise ControlError(409, str(error), "see docs/control-api.md") from error
        return self.facts()

    def _longest_next(self) -> int:
        """How far a jump to the next happening may go, in milliseconds: less far while many requests or orders are coming."""
        cloud = self._endpoint.cloud
        world = cloud.world(cloud.region)
        pace = self._endpoint.pace
        loads = (
            (world.traffic.peak_rps, pace.requests.in_a_jump),
            (world.queues.peak_rps, pace.orders.in_a_jump),
        )
        usual_ms = UNDER_LOAD_MS if any(peak_rps for peak_rps, _ in loads) else HOUR_MS
        return min([usual_ms, *(int(most * 1000 / peak_rps) for peak_rps, most in loads if peak_rps)])

    def _refuse_the_unbearable(self, cloud: Cloud, action: str, body: dict[str, Any]) -> None:
        """How far and how fast the clock may go, all the less while traffic runs. ValueError says so."""
        world, pace = cloud.world(cloud.region), self._endpoint.pace
        if action == "advance":
            pace.refuse_jump(world, whole(body.get("ms"), "ms", 0))
        elif action == "settle":
            pace.refuse_jump(world, whole(body.get("limit_ms"), "limit_ms", DEFAULT_SETTLE_MS))
        elif action == "next":
            pace.refuse_jump(world, (cloud.engine.next_at() or cloud.engine.now_ms) - cloud.engine.now_ms)
        elif action == "speed":
            speed = pace.speed(speed_of(body.get("speed")))
            pace.requests.refuse_pace(world.traffic.peak_rps, speed)
            pace.orders.refuse_pace(world.queues.peak_rps, speed)
