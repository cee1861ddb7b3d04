"""A team's timeline: what came, what the cloud did, what the team did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.game_journals import MINUTE, Journal, nothing_found
from support.game_reports import FRIDAY, LONG_NAME, friday

from gameday.report.blocks import Moment
from gameday.report.calls import call_line
from gameday.report.model import TeamReport
from gameday.report.moments import timeline
from gameday.scoring import score
from gameday.story import story_of


def of(name: str) -> tuple[TeamReport, tuple[Moment, ...]]:
    report = friday()
    team = next(each for each in report.teams if each.name == name)
    return team, timeline(report, team)


def test_it_is_in_order_and_whole() -> None:
    _, moments = of("Blue")
    assert [each.at_ms for each in moments] == sorted(each.at_ms for each in moments)
    told = [(each.at_ms // 1000, each.kind, each.text) for each in moments]
    assert told[0] == (0, "game", "The game begins")
    assert told[-1] == (2400, "game", "The game is over: its time is up")
    for expected in (
        (300, "injection", "A: The deregistration delay becomes 5 s"),
        (360, "SLO", "availability is broken, for 1 min 30 s"),
        (380, "team", "Detected A: the first look at something in which it shows"),
        (420, "alarm", "checkout-errors: OK to ALARM"),
        (420, "team", "Diagnosed A"),
        (480, "decoy", "B: Somebody tags the <cluster>"),
        (540, "capacity", "2 Spot tasks interrupted"),
        (600, "deployment", "Deployment failed: shop:2 of service shop"),
        (900, "deployment", "Rolled back to shop:1 of service shop"),
        (1260, "scaling", "shop: desired count 4 to 8"),
        (1350, "SLO", "Restored: from here on the exercises hold"),
    ):
        assert expected in told


def test_what_the_facilitator_called_is_told_by_its_injection() -> None:
    _, moments = of("Ghosts of the <script>alert(1)</script> pipeline")
    assert not [each for each in moments if each.call]


def test_crowds_are_counted() -> None:
    _, moments = of("Blue")
    (placement,) = [each for each in moments if each.text.startswith("No capacity")]
    assert placement.detail == "FARGATE_SPOT, eu-central-1a: RESOURCE:FARGATE. 13 more like it until 14:35"
    (lost,) = [each for each in moments if each.kind == "clients"]
    assert lost.text == "A task ended with requests: 36 lost"
    assert lost.detail.endswith("3 more like it until 08:20, with 129 requests")


def test_an_injection_stands_before_what_it_has_done() -> None:
    journal = Journal()
    journal.add(MINUTE, "game.injecting", injection="delay", title="", decoy=False, by="script", undo=[])
    journal.add(MINUTE, "deployment.started", service="shop", task_definition="shop:2", why="forced")
    journal.add(MINUTE, "game.injected", injection="delay")
    journal.add(
        2 * MINUTE,
        "alarm.state",
        **{"from": "OK", "to": "ALARM"},
        alarm="TargetTracking-service/a/b-AlarmLow-1",
    )
    journal.samples(5 * MINUTE)
    journal.sort()
    found = score(FRIDAY, journal.entries, nothing_found(journal))
    team = TeamReport("A", story_of(FRIDAY, journal.entries), found, journal.entries)
    moments = timeline(replace(friday(), teams=[team]), team)
    assert [each.kind for each in moments] == ["game", "injection", "deployment"]


def test_hints_words_refusals_and_harm() -> None:
    _, moments = of(LONG_NAME)
    (hint,) = [each for each in moments if each.kind == "hint"]
    assert (hint.text, hint.detail) == ("Look at who leaves, and when.", "cost 3 points")
    assert [each.text for each in moments if each.kind == "facilitator"] == [
        "Marketing asks whether this is <i>about</i> the campaign."
    ]
    (refused,) = [each for each in moments if each.text == "Refused"]
    assert refused.call == "ecs:UpdateService cluster=game service=shop desiredCount=-1"
    (harm,) = [each for each in moments if each.text.startswith("Did harm")]
    assert (harm.text, harm.tone) == ("Did harm: cost 31% of the budget of room", "bad")


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("ecs:UpdateService", {"cluster": "a", "desiredCount": 4}, "cluster=a desiredCount=4"),
        ("ecs:UpdateService", {"forceNewDeployment": True, "cluster": None}, "forceNewDeployment=true"),
        (
            "elbv2:ModifyTargetGroupAttributes",
            {"Attributes": [{"Key": "stickiness.enabled", "Value": "false"}]},
            "stickiness.enabled=false",
        ),
        (
            "ecs:UpdateService",
            {"taskDefinition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:3"},
            "taskDefinition=task-definition/shop:3",
        ),
        (
            "ecs:UpdateService",
            {
                "deploymentConfiguration": {
                    "maximumPercent": 200,
                    "deploymentCircuitBreaker": {"enable": True},
                }
            },
            "maximumPercent=200 enable=true",
        ),
        ("x:Y", {"a": {"enable": True}, "b": {"enable": False}}, "a.enable=true b.enable=false"),
        ("x:Y", {"subnets": ["subnet-1", "subnet-2"], "tags": []}, "subnets=subnet-1,subnet-2 tags=none"),
        ("x:Y", {str(n): n for n in range(9)}, "0=0 1=1 2=2 3=3 4=4 5=5 6=6 and 2 more"),
        ("x:Y", {"name": "n" * 200}, f"name={'n' * 89}…"),
    ],
)
def test_a_call_in_a_line(operation: str, params: dict[str, Any], expected: str) -> None:
    assert call_line(*operation.split(":"), params) == f"{operation} {expected}"


@pytest.mark.parametrize(
    ("service", "params"),
    [
        ("secretsmanager", {"SecretString": "hunter2"}),
        ("ssm", {"Name": "/db", "Value": "hunter2"}),
        ("ssm", {"Overrides": [{"Name": "db", "Value": "hunter2"}]}),
        (
            "ecs",
            {"containerDefinitions": [{"name": "app", "environment": [{"name": "PW", "value": "hunter2"}]}]},
        ),
        (
            "ecs",
            {"overrides": {"containerOverrides": [{"environment": [{"name": "PW", "value": "hunter2"}]}]}},
        ),
    ],
)
def test_what_may_be_secret_is_not_repeated(service: str, params: dict[str, Any]) -> None:
    assert "hunter2" not in call_line(service, "Put", params)
