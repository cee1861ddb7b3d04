"""A game of three teams, as a report gets it: their journals are written line by line, the scores are worked out from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from support.game_journals import MINUTE, SCENARIO, SECOND, START_MS, Journal

from gameday.findings import Counterfactual, Findings, Harm, Outcome, outcome
from gameday.proof import Exercised
from gameday.report import GameReport, TeamReport
from gameday.scenario import (
    Action,
    Call,
    Condition,
    Exercise,
    Injection,
    Knob,
    KnobCall,
    Scenario,
    Slo,
    Trigger,
)
from gameday.scoring import score
from gameday.story import story_of

FRIDAY = replace(
    SCENARIO,
    id="a-dark-friday",
    title="A dark Friday: the checkout loses orders & nobody knows why",
    summary="A release, a campaign and a shortage of Spot capacity meet on one evening.",
    briefing="You are on call for the shop's checkout: four tasks behind a load balancer, orders around the clock.\n\n"
    "Your pager watches `checkout-errors` and `checkout-slow`:\n\n- errors: more than 5 in a minute\n- slow: p95 > 800 ms",
    steady_state=(
        Slo("availability", "99 % of requests get an answer", "availability", 0.99, at_least=0.99),
        Slo("latency", "95 % of answers come within 800 ms", "latency_p95_ms", 0.95, at_most=800),
        Slo("room", "Four healthy tasks", "healthy", 0.8, at_least=4),
    ),
    timeline=(
        replace(SCENARIO.timeline[0], knobs=("delay",)),
        replace(SCENARIO.timeline[1], id="tags", title="Somebody tags the <cluster>"),
        Injection(
            "spot",
            "Spot capacity runs out in two zones",
            Trigger(when=Condition(slo="availability", state="broken", for_ms=3 * MINUTE)),
            Action("capacity"),
            "Tasks on Spot are interrupted, and their replacements are not placed.",
            knobs=("strategy",),
            reads=("ecs:DescribeServices", "ecs:ListTasks"),
        ),
        Injection(
            "campaign",
            "The campaign begins: three times the orders",
            Trigger(at_ms=20 * MINUTE),
            Action("traffic"),
            "Latency rises with each task's CPU.",
            knobs=("scaling",),
            reads=("cloudwatch:GetMetricData",),
        ),
        Injection("late", "A second campaign", Trigger(), Action("traffic"), "More of the same."),
    ),
    knobs=(
        *SCENARIO.knobs,
        Knob(
            "strategy",
            "The base of the capacity provider strategy: how many tasks run on FARGATE whatever happens",
            (KnobCall("ecs", "UpdateService", ("capacityProviderStrategy",)),),
            right=(Call("ecs", "UpdateService", {}),),
        ),
        Knob(
            "scaling",
            "The target of the scaling policy",
            (KnobCall("application-autoscaling", "PutScalingPolicy"),),
            right=(Call("application-autoscaling", "PutScalingPolicy", {}),),
        ),
    ),
    proof=(
        Exercise("release", 10 * MINUTE),
        Exercise("stop_task", 5 * MINUTE),
        Exercise("interrupt_spot", 5 * MINUTE),
    ),
    debrief=(
        "What did you see first, and what did you look at first?",
        "Which change helped, and how do you know?",
        "What would have told you five minutes earlier? (`checkout-slow` did not.)",
    ),
)
LONG_NAME = (
    'The <b>bold</b> & the "quoted" | a team whose name goes on and on, as names do `when` nobody stops them'
)
Wave = Callable[[int], tuple[int, float, int]]
"""From seconds since the start: how many of a hundred requests fail, the p95 in milliseconds, healthy tasks."""


def _quick(at: int) -> tuple[int, float, int]:
    failed = 12 if 360 <= at < 450 else 4 if 1_230 <= at < 1_290 else 0
    return failed, 1_400.0 if 1_220 <= at < 1_400 else 180 + at % 7 * 9, 3 if 560 <= at < 620 else 4


def _slow(at: int) -> tuple[int, float, int]:
    failed = 18 if 360 <= at < 1_100 and at % 60 else 9 if 1_230 <= at < 1_700 else 0
    return failed, 5_200.0 if 1_210 <= at < 1_900 else 210 + at % 11 * 14, 2 if 545 <= at < 1_500 else 4


def _lost(at: int) -> tuple[int, float, int]:
    failed = 30 if at >= 1_230 else 22 if at >= 360 else 0
    return failed, 9_000 + at % 13 * 300.0 if at >= 1_220 else 240 + at % 5 * 30, 1 if at >= 545 else 4


DELAY = {
    "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/73e2d6bc24d8a067"
} | {"Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]}
SPOT = {
    "cluster": "game",
    "service": "shop",
    "capacityProviderStrategy": [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ],
}


def friday() -> GameReport:
    """Three teams: a quick one, a slow one with an endless name, and one that finds nothing. The same each time."""
    return GameReport(
        FRIDAY,
        [
            _team("Ghosts of the <script>alert(1)</script> pipeline", _lost, [], found=False),
            _team("Blue", _quick, [420, 700, 1_350], found=True),
            _team(LONG_NAME, _slow, [900, 1_480, 1_800], found=True, harmful=True),
        ],
        "27 November 2026",
        "0.6.0",
        seed=7,
    )


def alone() -> GameReport:
    """One team for which nothing ever broke."""
    journal = _journal(lambda _: (0, 120.0, 4), minutes=20)
    found = _findings(journal, FRIDAY, restored=0)
    return GameReport(FRIDAY, [_reported("Nobody else", journal, found)], "27 November 2026", "0.6.0")


def _team(name: str, wave: Wave, turns: list[int], *, found: bool, harmful: bool = False) -> TeamReport:
    journal = _journal(wave)
    _cloud(journal, wave)
    if found:
        _calls(journal, turns)
    if harmful:
        journal.call(640 * SECOND, "ecs", "UpdateService", cluster="game", service="shop", desiredCount=1)
        journal.call(
            650 * SECOND, "ecs", "UpdateService", status=400, cluster="game", service="shop", desiredCount=-1
        )
        journal.add(700 * SECOND, "game.hint", game="x", hint=0, text="Look at who leaves, and when.", cost=3)
        journal.add(
            705 * SECOND,
            "game.message",
            game="x",
            text="Marketing asks whether this is <i>about</i> the campaign.",
        )
    journal.add(40 * MINUTE, "game.ended", why="over")
    journal.sort()
    harm = [
        entry
        for entry in journal.entries
        if harmful and entry.data.get("params", {}).get("desiredCount") == 1
    ]
    findings = _findings(journal, FRIDAY, restored=turns[-1] * SECOND if found else None)
    harmed = tuple(Harm(each.seq, each.at_ms, "ecs:UpdateService", "room", 0.31) for each in harm)
    return _reported(name, journal, replace(findings, harm=harmed))


def _reported(name: str, journal: Journal, findings: Findings) -> TeamReport:
    found = score(FRIDAY, journal.entries, findings)
    return TeamReport(
        name, story_of(FRIDAY, journal.entries), found, journal.entries, checksum=f"sha256:{len(name):064x}"
    )


def _findings(journal: Journal, scenario: Scenario, *, restored: int | None) -> Findings:
    actual = outcome(scenario, story_of(scenario, journal.entries))
    exercised: Sequence[Exercised] = tuple(
        Exercised(
            each,
            restored is not None or each.do == "stop_task",
            "every SLO held"
            if restored is not None or each.do == "stop_task"
            else "99 % of requests get an answer: 412 of 6,000 requests were bad, 60.0 may be",
        )
        for each in scenario.proof
    )
    knobs = tuple(
        Counterfactual(knob.id, knob.title, _less(actual, part))
        for knob, part in zip(scenario.knobs, (0.35, 0.8, 1.0), strict=True)
    )
    return Findings(tuple(exercised), None if restored is None else START_MS + restored, (), actual, knobs)


def _less(actual: Outcome, part: float) -> Outcome:
    return Outcome(
        {slo: round(bad * part) for slo, bad in actual.bad.items()},
        {slo: round(burned * part, 4) for slo, burned in actual.burned.items()},
        round(actual.broken_ms * part / 10_000) * 10_000,
    )


def _journal(wave: Wave, minutes: int = 40) -> Journal:
    journal = Journal()
    for since in range(0, minutes * 60, 10):
        failed, p95, healthy = wave(since)
        traffic = {
            "sent": 100,
            "ok": 100 - failed,
            "failed": failed,
            "p50_ms": p95 / 3,
            "p95_ms": p95,
            "p99_ms": 2 * p95,
        }
        services = [
            {"cluster": "game", "service": "shop", "desired": 4, "running": healthy, "healthy": healthy}
        ]
        at_ms = (since + 10) * SECOND
        journal.add(
            at_ms,
            "watch.sample",
            since=START_MS + since * SECOND,
            traffic=traffic,
            services=services,
            queues=[],
        )
    return journal


def _cloud(journal: Journal, wave: Wave) -> None:
    service = {"cluster": "game", "service": "shop"}
    v2 = {**service, "deployment": "ecs-svc/0000000000000000002", "task_definition": "shop:2"}
    v1 = {**service, "deployment": "ecs-svc/0000000000000000003", "task_definition": "shop:1"}
    journal.add(5 * MINUTE, "game.injected", injection="delay")
    journal.add(8 * MINUTE, "game.injected", injection="tags")
    journal.add(9 * MINUTE, "game.injected", injection="spot")
    journal.add(20 * MINUTE, "game.injected", injection="campaign")
    journal.call(5 * MINUTE, "elbv2", "ModifyTargetGroupAttributes", actor="facilitator", **DELAY)
    journal.add(350 * SECOND, "deployment.started", **v2, why="updated", service_deployment="arn")
    alarm = {"reason": "Threshold Crossed", "threshold": 5.0}
    journal.add(
        420 * SECOND,
        "alarm.state",
        alarm="checkout-errors",
        **{"from": "OK", "to": "ALARM"},
        value=37.0,
        **alarm,
    )
    for at in (365, 380, 410, 500):
        journal.add(
            at * SECOND,
            "traffic.lost",
            task=f"{at:032x}",
            count=at // 10,
            unsaved=0,
            cause="The task ended before its requests did.",
            knob="deregistration_delay.timeout_seconds",
        )
    journal.add(
        600 * SECOND,
        "deployment.failed",
        **v2,
        reason="deployment failed: tasks failed to start.",
        count=3,
        threshold=3,
    )
    journal.add(600 * SECOND, "deployment.rolling_back", **v1, **{"from": v2["deployment"]})
    journal.add(540 * SECOND, "spot.interrupted", tasks=["a" * 32, "b" * 32], why="weather")
    for at in range(550, 900, 25):
        journal.add(
            at * SECOND,
            "service.placement_failed",
            **service,
            deployment="d",
            provider="FARGATE_SPOT",
            az="eu-central-1a",
            reason="RESOURCE:FARGATE",
        )
    journal.add(900 * SECOND, "deployment.completed", **v1, rollback_of=v2["deployment"], running=4)
    if not wave(2_300)[0]:
        journal.add(
            1_500 * SECOND,
            "alarm.state",
            alarm="checkout-errors",
            **{"from": "ALARM", "to": "OK"},
            value=0.0,
            **alarm,
        )
    journal.add(
        1_260 * SECOND,
        "scaling.activity",
        resource_id="service/game/shop",
        **service,
        policy="cpu",
        alarm="high",
        **{"from": 4, "to": 8},
        cause="monitor alarm high in state ALARM triggered policy cpu",
    )


def _calls(journal: Journal, turns: list[int]) -> None:
    first, second, third = turns
    journal.call((first - 40) * SECOND, "ecs", "DescribeServices")
    journal.call(first * SECOND, "elbv2", "ModifyTargetGroupAttributes", **DELAY)
    journal.call((second - 30) * SECOND, "ecs", "ListTasks")
    journal.call(second * SECOND, "ecs", "UpdateService", **SPOT)
    journal.call((third - 60) * SECOND, "cloudwatch", "GetMetricData")
    policy: dict[str, Any] = {
        "PolicyName": "cpu",
        "ServiceNamespace": "ecs",
        "ResourceId": "service/game/shop",
        "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 45.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleOutCooldown": 30,
        },
    }
    journal.call(third * SECOND, "application-autoscaling", "PutScalingPolicy", **policy)
