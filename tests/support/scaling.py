"""A service that scales, alarms whose metrics a test makes up, and words for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from support.worlds import START_MS, Scenario

from fargate_sim.model.alarms import Alarm, AlarmSpec
from fargate_sim.model.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK
from fargate_sim.model.breaker import CircuitBreaker
from fargate_sim.model.metrics import Metric
from fargate_sim.model.scaling import (
    Followed,
    Policy,
    ScalableTarget,
    Scaling,
    Stepping,
    Suspended,
    Tracking,
)
from fargate_sim.model.scaling.activities import Activity
from fargate_sim.model.scaling.arithmetic import Step
from fargate_sim.model.scaling.decisions import Decision
from fargate_sim.model.scaling.policy import CPU, REQUESTS
from fargate_sim.model.service import Service
from fargate_sim.model.world import World

MINUTE_MS = 60_000
Wave = Callable[[int], float | None]
"""A metric by minute since the start of the world."""
QUEUE = Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", "jobs"),))
LABEL = "app/web/fedcba9876543210/targetgroup/web/0123456789abcdef"


class MadeUpAlarms:
    """Alarms over made-up metrics: evaluated once a minute, for the minute that ended ninety seconds before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._alarms: dict[str, Alarm] = {}
        self.waves: dict[str, Wave] = {}
        """By the name of the metric."""
        self.changed: list[tuple[int, str, str]] = []
        """(at, alarm, to)"""
        world.engine.after(30_000, self._tick)

    def put(self, spec: AlarmSpec) -> Alarm:
        alarm = self._alarms[spec.name] = Alarm(spec, f"arn:aws:cloudwatch:::alarm:{spec.name}", 0)
        return alarm

    def delete(self, name: str) -> None:
        self._alarms.pop(name, None)

    def get(self, name: str) -> Alarm | None:
        return self._alarms.get(name)

    def all(self) -> list[Alarm]:
        return list(self._alarms.values())

    def _tick(self) -> None:
        for alarm in list(self._alarms.values()):
            self._evaluate(alarm)
        self._world.engine.after(MINUTE_MS, self._tick)

    def _evaluate(self, alarm: Alarm) -> None:
        spec = alarm.spec
        wave = self.waves.get(spec.metric.name if spec.metric else "expression", lambda _minute: None)
        last = (self._world.engine.now_ms - 90_000 - START_MS) // MINUTE_MS - 1
        minutes = range(last - spec.evaluation_periods + 1, last + 1)
        alarm.readings = [(START_MS + m * MINUTE_MS, wave(m) if m >= 0 else None) for m in minutes]
        values = [value for _, value in alarm.readings if value is not None]
        breaching = sum(spec.breaches(value) for value in values)
        state = ALARM if breaching >= spec.needed else OK if values else INSUFFICIENT_DATA
        changed = state != alarm.state
        if changed:
            self.changed.append((self._world.engine.now_ms, spec.name, state))
        alarm.state = state
        for action in alarm.actions():
            if changed or state == ALARM:
                self._world.scaling.alarm_state(action, alarm)


class Scaled(Scenario):
    """A steady service ``web`` with a scalable target; its metrics are made up."""

    def __init__(
        self, desired: int = 4, *, minimum: int = 1, maximum: int = 20, seed: int = 1, settle: bool = True
    ) -> None:
        super().__init__(seed)
        self.alarms = MadeUpAlarms(self.world)
        self.world.scaling = Scaling(self.world, self.alarms)
        self.web: Service = self.service(self.definition(), desired, breaker=CircuitBreaker())
        if settle:
            self.settle()
            self.seconds(600 - (self.engine.now_ms - START_MS) / 1000)
        self.target: ScalableTarget = self.world.scaling.register(self.web, minimum=minimum, maximum=maximum)

    @property
    def minute(self) -> int:
        """The running minute since the start of the world."""
        return (self.engine.now_ms - START_MS) // MINUTE_MS

    def follow(self, value: float | Wave | None, metric: str = "CPUUtilization") -> None:
        """What a metric is from now on, minutes past included."""
        self.alarms.waves[metric] = value if callable(value) else lambda _minute: value

    def from_now(self, value: float | None, metric: str = "CPUUtilization", before: float = 50) -> None:
        """What a metric is from the next minute on; before, it was at rest."""
        first = self.minute + 1
        self.follow(lambda minute: value if minute >= first else before, metric)

    def track(
        self,
        target: float = 60,
        *,
        name: str = "cpu",
        kind: str = CPU,
        out_s: int | None = None,
        in_s: int | None = None,
        disable_scale_in: bool = False,
    ) -> Policy:
        """A target tracking policy on a predefined metric."""
        followed = Followed(kind, LABEL if kind == REQUESTS else None)
        settings = Tracking(target, followed, out_s, in_s, disable_scale_in)
        return self.world.scaling.put_policy(self.target, name, settings, {})

    def track_queue(self, target: float = 10) -> Policy:
        """A target tracking policy on a metric of one's own."""
        settings = Tracking(target, Followed(metric=QUEUE))
        return self.world.scaling.put_policy(self.target, "queue", settings, {})

    def step(
        self,
        *steps: tuple[float | None, float | None, int],
        adjustment: str = "ChangeInCapacity",
        name: str = "steps",
        threshold: float = 60,
        comparison: str = "GreaterThanThreshold",
        points: int = 1,
        metric: Metric = QUEUE,
        **more: object,
    ) -> Policy:
        """A step scaling policy and the alarm that calls it."""
        settings = replace(Stepping(adjustment, tuple(Step(*each) for each in steps)), **more)  # type: ignore[arg-type]
        policy = self.world.scaling.put_policy(self.target, name, settings, {})
        self.alarms.put(
            AlarmSpec(
                name,
                threshold,
                comparison,
                evaluation_periods=points,
                metric=metric,
                alarm_actions=(policy.arn,),
            )
        )
        return policy

    def bounds(self, minimum: int | None = None, maximum: int | None = None) -> None:
        """Register the target again."""
        self.world.scaling.register(self.web, minimum=minimum, maximum=maximum)

    def suspend(self, *, scale_in: bool = False, scale_out: bool = False, scheduled: bool = False) -> None:
        """Suspend, or resume what is not named."""
        self.world.scaling.register(self.web, suspended=Suspended(scale_in, scale_out, scheduled))

    def set_by_hand(self, desired: int) -> None:
        """UpdateService with a desired count."""
        self.world.update_service(self.web, changed=["desiredCount"], desired=desired)

    def minutes(self, count: float) -> None:
        """Let virtual time pass."""
        self.seconds(60 * count)

    def until_scaled(self, limit_minutes: int = 40) -> float:
        """Run until the scaler has moved the capacity again: minutes that it took."""
        before, start_ms = len(self.moves()), self.engine.now_ms
        while len(self.moves()) == before:
            assert self.engine.now_ms - start_ms < limit_minutes * MINUTE_MS, self.reasons()
            self.seconds(1)
        return (self.engine.now_ms - start_ms) / MINUTE_MS

    def moves(self) -> list[tuple[int, int]]:
        """(from, to) of all that the scaler has done."""
        return [(entry.data["from"], entry.data["to"]) for entry in self.entries("scaling.activity")]

    def decisions(self) -> list[Decision]:
        """What the scaler thought, newest first."""
        return self.target.decisions.newest_first()

    def reasons(self) -> list[tuple[str, str]]:
        """(policy, reason) of the decisions, newest first."""
        return [(each.verdict.claim.policy, each.verdict.reason) for each in self.decisions()]

    def activities(self) -> list[Activity]:
        """All activities, newest first."""
        return self.world.scaling.activities.all(self.engine.now_ms)
