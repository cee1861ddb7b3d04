"""Invokes the targets of schedules when they are due.

Success means that the target has accepted the call; nobody waits for the end of a task, and nothing keeps two runs of a schedule apart.
Sources: EventBridge Scheduler user guide, schedule-types (60 second precision), managing-schedule-flexible-time-windows,
configuring-schedule-dlq; API model, RetryPolicy.

[A] The call comes at a random moment of its minute, or of its window. Gaps between attempts are 1, 2, 4 and then 8 minutes: AWS says
exponential backoff, and 185 attempts in 24 hours by default. An invocation that has begun goes on when its schedule is changed or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from fargate_sim.kernel.engine import Happening
from fargate_sim.kernel.seeds import uuid
from fargate_sim.model.events.stream import iso
from fargate_sim.model.schedules.spec import Invocation, Outcome, ScheduleSpec

if TYPE_CHECKING:
    from fargate_sim.model.world import World

PRECISION_MS = 60_000
FIRST_GAP_MS, LONGEST_GAP_MS = 60_000, 480_000

ATTEMPTS_EXHAUSTED = "MaximumRetryAttempts"
AGE_EXHAUSTED = "MaximumEventAgeInSeconds"

Perform = Callable[["World", Invocation], Outcome]


class Schedules:
    """The schedules of an account and region. ``perform`` calls a target; whoever wires the world sets it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._engine = world.engine
        self._specs: dict[tuple[str, str], ScheduleSpec] = {}
        self._due: dict[tuple[str, str], Happening] = {}
        self._rng = world.seeds.stream("schedules")
        self.perform: Perform | None = None

    def replace(self, specs: Sequence[ScheduleSpec]) -> None:
        """These are the schedules now. Those that are as they were keep their next moment."""
        wanted = {spec.key: spec for spec in specs}
        for key in [key for key, spec in self._specs.items() if wanted.get(key) != spec]:
            del self._specs[key]
            self._engine.cancel(self._due.pop(key, None))
        for key, spec in wanted.items():
            if key not in self._specs:
                self._specs[key] = spec
                self._arm(spec, self._engine.now_ms)

    def _arm(self, spec: ScheduleSpec, after_ms: int) -> None:
        """Have the next invocation happen."""
        due_ms = spec.next_after(after_ms) if spec.enabled else None
        if due_ms is None:
            self._due.pop(spec.key, None)
            return
        at_ms = due_ms + self._rng.randrange(spec.window_ms or PRECISION_MS)
        self._due[spec.key] = self._engine.at(at_ms, partial(self._invoke, spec, due_ms))

    def _invoke(self, spec: ScheduleSpec, due_ms: int) -> None:
        # The next is due after this one, however late in its window this one came.
        self._arm(spec, due_ms)
        last = spec.key not in self._due
        self._attempt(Invocation(spec, uuid(self._rng), due_ms, self._engine.now_ms))
        if last and spec.delete_afterwards:
            del self._specs[spec.key]
            self._world.surroundings.delete_schedule(spec.group, spec.name)
            self._world.journal.record("schedule.deleted", {"schedule": spec.name, "group": spec.group})

    def _attempt(self, invocation: Invocation) -> None:
        spec, engine = invocation.spec, self._engine
        if self.perform is None:
            return
        invocation.facts = {
            "schedule": spec.name,
            "group": spec.group,
            "due": invocation.due_ms,
            "attempt": invocation.attempt,
            "target": spec.target["Arn"],
        }
        engine.cause, before = self._world.journal.record("schedule.fired", invocation.facts), engine.cause
        outcome = self.perform(self._world, invocation)
        invocation.facts["error"] = outcome.error
        if outcome.error is not None:
            self._failed(invocation, outcome)
        engine.cause = before

    def _failed(self, invocation: Invocation, outcome: Outcome) -> None:
        spec, now_ms = invocation.spec, self._engine.now_ms
        gap_ms = min(FIRST_GAP_MS << min(invocation.attempt - 1, 3), LONGEST_GAP_MS)
        exhausted = None
        if not outcome.again:
            retry_ms = None
        elif invocation.attempt > spec.retry_attempts:
            retry_ms, exhausted = None, ATTEMPTS_EXHAUSTED
        elif now_ms + gap_ms - invocation.first_ms > spec.max_age_ms:
            retry_ms, exhausted = None, AGE_EXHAUSTED
        else:
            retry_ms = now_ms + gap_ms
        dead = spec.dead_letter_arn if retry_ms is None else None
        facts = {
            "schedule": spec.name,
            "group": spec.group,
            "due": invocation.due_ms,
            "attempt": invocation.attempt,
            "error": outcome.error,
            "message": outcome.message,
            "retry_at": retry_ms,
            "exhausted": exhausted,
            "dead_letter": dead,
        }
        cause = self._world.journal.record("schedule.failed", facts)
        if retry_ms is not None:
            invocation.attempt += 1
            self._engine.at(retry_ms, partial(self._attempt, invocation), cause=cause)
        elif dead is not None:
            facts["dead_letter_lost"] = self._bury(invocation, outcome, exhausted, dead)

    def _bury(
        self, invocation: Invocation, outcome: Outcome, exhausted: str | None, queue_arn: str
    ) -> str | None:
        """Send a dead letter; None, or why that could not be done."""
        attributes = {
            "ERROR_CODE": outcome.error or "",
            "ERROR_MESSAGE": outcome.message,
            "EXECUTION_ID": invocation.execution_id,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(invocation.attempt - 1),
            "SCHEDULED_TIME": iso(invocation.due_ms, milliseconds=False),
            "SCHEDULE_ARN": invocation.spec.arn,
            "TARGET_ARN": str(invocation.spec.target["Arn"]),
        }
        if exhausted is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        return self._world.surroundings.send_message(
            queue_arn,
            outcome.request,
            attributes=attributes,
            purpose=f"dead-letter:{invocation.execution_id}",
        )
