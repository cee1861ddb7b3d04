"""Small games for tests: a scenario that is made in a line or two, and a runner in a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gameday.book import Book
from gameday.runner import GameRunner
from gameday.scenario import Action, Call, Condition, Injection, Scenario, Slo, Stage, Trigger
from labs.endpoint_cloud import EndpointCloud

ORDERS = Slo("orders", "Orders", "availability", 0.9, at_least=0.99)


def injection(
    name: str,
    action: Action,
    *,
    at_s: int | None = None,
    when: Condition | None = None,
) -> Injection:
    """An injection; by hand without ``at_s`` and ``when``."""
    return Injection(name, name, Trigger(None if at_s is None else at_s * 1000, when), action, "")


def fault(name: str, **settings: Any) -> Action:
    """A fault."""
    return Action("fault", fault=name, settings=settings)


def desired(count: int, back: int = 2) -> Action:
    """A call that sets the desired count."""

    def call(value: int) -> Call:
        params = {"cluster": "$CLUSTER", "service": "$SERVICE", "desiredCount": value}
        return Call("ecs", "UpdateService", params)

    return Action("call", calls=(call(count),), undo=(call(back),))


def scenario(
    *timeline: Injection,
    build: str = "shop",
    settings: Mapping[str, Any] | None = None,
    traffic: Mapping[str, Any] | None = None,
    queue: Mapping[str, Any] | None = None,
    slos: Sequence[Slo] = (ORDERS,),
    minutes: int = 10,
) -> Scenario:
    """A scenario of these injections."""
    stage = Stage(build, settings or {"desired": 2, "alarms": False}, traffic, queue)
    return Scenario(
        id="a-test",
        title="A test",
        minutes=minutes,
        summary="",
        briefing="",
        roles=(),
        stage=stage,
        steady_state=tuple(slos),
        timeline=timeline,
        knobs=(),
        proof=(),
        hints=(),
        hint_budget=0,
        debrief=(),
        path=Path("a_test.yaml"),
    )


def begun(what: Scenario, cloud: EndpointCloud, folder: Path) -> GameRunner:
    """A runner whose game has begun."""
    runner = GameRunner(what, cloud, Book(folder / "game.jsonl"))
    runner.start()
    return runner


def service(runner: GameRunner) -> dict[str, Any]:
    """The stage's service."""
    found = runner.cloud.client("ecs").describe_services(
        cluster=runner.names["CLUSTER"], services=[runner.names["SERVICE"]]
    )
    return dict(found["services"][0])


def delay_of(runner: GameRunner) -> str:
    """The deregistration delay of the stage's target group."""
    found = runner.cloud.client("elbv2").describe_target_group_attributes(
        TargetGroupArn=runner.names["TARGET_GROUP"]
    )["Attributes"]
    return str({each["Key"]: each["Value"] for each in found}["deregistration_delay.timeout_seconds"])
