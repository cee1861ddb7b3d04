"""A small scenario, and journals of teams that played it, written line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gameday.findings import Findings, Outcome, outcome
from gameday.proof import Exercised
from gameday.scenario import (
    Action,
    Call,
    Exercise,
    Hint,
    Injection,
    Knob,
    KnobCall,
    Role,
    Scenario,
    Slo,
    Stage,
    Trigger,
)
from gameday.story import story_of
from labs.history import Entry

START_MS = 1_767_258_000_000
SECOND, MINUTE = 1_000, 60_000
NAMES = {"CLUSTER": "game", "SERVICE": "shop"}

SCENARIO = Scenario(
    id="a-slow-friday",
    title="A slow Friday",
    minutes=40,
    summary="The shop gets slow.",
    briefing="You are on call.",
    roles=(Role("incident commander", "decides"),),
    stage=Stage("shop"),
    steady_state=(
        Slo("availability", "99 % of requests get an answer", "availability", 0.99, at_least=0.99),
        Slo("latency", "95 % of answers within 800 ms", "latency_p95_ms", 0.95, at_most=800),
    ),
    timeline=(
        Injection(
            "delay",
            "The deregistration delay becomes 5 s",
            Trigger(at_ms=5 * MINUTE),
            Action("fault", "wrong_delay"),
            "Requests fail when tasks leave",
            knobs=("delay",),
            reads=("elbv2:DescribeTargetGroupAttributes", "ecs:DescribeServices"),
        ),
        Injection(
            "decoy",
            "Somebody tags something",
            Trigger(at_ms=8 * MINUTE),
            Action("call"),
            "Nothing",
            decoy=True,
        ),
    ),
    knobs=(
        Knob(
            "delay",
            "The deregistration delay",
            (KnobCall("elbv2", "ModifyTargetGroupAttributes", ("deregistration_delay.timeout_seconds",)),),
            right=(Call("elbv2", "ModifyTargetGroupAttributes", {}),),
            after="delay",
        ),
    ),
    proof=(Exercise("release", 10 * MINUTE), Exercise("stop_task", 5 * MINUTE)),
    hints=(Hint("Look at who leaves.", 3),),
    hint_budget=2,
    debrief=("What did you see first?",),
    path=Path("a-slow-friday.yaml"),
)


class Journal:
    """Builds a team's journal; moments in milliseconds from the game's start."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.add(0, "game.started", names=NAMES, scenario=SCENARIO.id)

    def add(self, at: int, kind: str, **data: Any) -> int:
        self.entries.append(Entry(len(self.entries), START_MS + at, kind, None, data))
        return len(self.entries) - 1

    def sort(self) -> list[Entry]:
        """The entries as a world would have them."""
        ordered = sorted(self.entries, key=lambda entry: (entry.at_ms, entry.seq))
        self.entries = [
            entry.__class__(seq, e.at_ms, e.kind, None, e.data)
            for seq, e in enumerate(ordered)
            for entry in [e]
        ]
        return self.entries

    def samples(
        self, until: int, *, bad: tuple[int, int] = (0, 0), failed: int = 20, p95: float = 200.0
    ) -> None:
        """A hundred requests each ten seconds up to a moment; in the span ``bad`` some fail."""
        for since in range(0, until, 10 * SECOND):
            lost = failed if bad[0] <= since < bad[1] else 0
            traffic = {
                "sent": 100,
                "ok": 100 - lost,
                "failed": lost,
                "p50_ms": 50.0,
                "p95_ms": p95,
                "p99_ms": 2 * p95,
            }
            self.add(
                since + 10 * SECOND,
                "watch.sample",
                since=START_MS + since,
                traffic=traffic,
                services=[{"cluster": "game", "service": "shop", "desired": 4, "running": 4, "healthy": 4}],
                queues=[],
            )

    def call(
        self, at: int, service: str, operation: str, /, *, actor: str = "", status: int = 200, **params: Any
    ) -> int:
        reading = operation.startswith(("Describe", "List", "Get"))
        data = {
            "service": service,
            "operation": operation,
            "reading": reading,
            "status": status,
            "error": None,
        }
        return self.add(at, "call", **data, params=params, **({"actor": actor} if actor else {}))


def nothing_found(journal: Journal, *, held: bool = True, restored: int | None = None) -> Findings:
    """What living it through again could have shown: exercises that hold or not, no harm, no counterfactual."""
    exercised = tuple(
        Exercised(each, held, "every SLO held" if held else "broken") for each in SCENARIO.proof
    )
    actual: Outcome = outcome(SCENARIO, story_of(SCENARIO, journal.entries))
    return Findings(exercised, None if restored is None else START_MS + restored, (), actual, ())
