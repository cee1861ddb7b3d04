"""Scheduled actions of Application Auto Scaling, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from support.autoscaling import IDENTITY, Autoscaling
from support.worlds import START_MS


@pytest.fixture
def aws() -> Autoscaling:
    return Autoscaling()


@pytest.fixture
def target(aws: Autoscaling) -> Autoscaling:
    aws.enrol()
    return aws


class TestScheduledActions:
    def test_put_and_described(self, target: Autoscaling) -> None:
        target.on_web(
            "PutScheduledAction",
            ScheduledActionName="morning",
            Schedule="cron(0 8 ? * MON-FRI *)",
            Timezone="Europe/Berlin",
            StartTime=START_MS / 1000 + 3600,
            EndTime=START_MS / 1000 + 7200,
            ScalableTargetAction={"MinCapacity": 4},
        )
        (shown,) = target.on_web("DescribeScheduledActions", ScheduledActionNames=["morning"])[
            "ScheduledActions"
        ]
        assert shown.pop("ScheduledActionARN").endswith(
            ":resource/ecs/service/lab/web:scheduledActionName/morning"
        )
        assert shown == {
            **IDENTITY,
            "ScheduledActionName": "morning",
            "Schedule": "cron(0 8 ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "StartTime": START_MS + 3_600_000,
            "EndTime": START_MS + 7_200_000,
            "ScalableTargetAction": {"MinCapacity": 4},
            "CreationTime": target.engine.now_ms,
        }
        target.on_web("PutScheduledAction", ScheduledActionName="morning", Schedule="rate(1 hour)")
        (shown,) = target.on_web("DescribeScheduledActions")["ScheduledActions"]
        assert shown["Schedule"] == "rate(1 hour)"
        assert "StartTime" not in shown  # what a change leaves out of start and end is forgotten
        assert shown["ScalableTargetAction"] == {"MinCapacity": 4}

    def test_it_happens(self, target: Autoscaling) -> None:
        target.on_web(
            "PutScheduledAction",
            ScheduledActionName="soon",
            Schedule="rate(5 minutes)",
            ScalableTargetAction={"MinCapacity": 4},
        )
        target.seconds(301)
        assert target.show()["desiredCount"] == 4

    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"Schedule": "rate(5 minutes)"}, "required"),
            ({"ScalableTargetAction": {"MinCapacity": 1}}, "required"),
            (
                {"Schedule": "rate(5 weeks)", "ScalableTargetAction": {"MinCapacity": 1}},
                "minutes, hours or days",
            ),
            (
                {"Schedule": "at(2020-01-01T00:00:00)", "ScalableTargetAction": {"MinCapacity": 1}},
                "in the past",
            ),
            ({"Schedule": "rate(5 minutes)", "ScalableTargetAction": {}}, "MinCapacity, MaxCapacity or both"),
            (
                {"Schedule": "rate(5 minutes)", "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}},
                "less than",
            ),
            (
                {
                    "Schedule": "cron(0 8 * * ? *)",
                    "Timezone": "Nowhere",
                    "ScalableTargetAction": {"MinCapacity": 1},
                },
                "time zone",
            ),
            (
                {
                    "Schedule": "rate(5 minutes)",
                    "StartTime": 2000000000,
                    "EndTime": 1999999999,
                    "ScalableTargetAction": {"MinCapacity": 1},
                },
                "before EndTime",
            ),
        ],
    )
    def test_what_is_wrong(self, target: Autoscaling, params: dict[str, Any], says: str) -> None:
        target.denies("PutScheduledAction", "ValidationException", says, ScheduledActionName="x", **params)

    def test_deleted(self, target: Autoscaling) -> None:
        target.on_web(
            "PutScheduledAction",
            ScheduledActionName="x",
            Schedule="rate(5 minutes)",
            ScalableTargetAction={"MinCapacity": 4},
        )
        target.on_web("DeleteScheduledAction", ScheduledActionName="x")
        assert target.on_web("DescribeScheduledActions")["ScheduledActions"] == []
        target.denies(
            "DeleteScheduledAction",
            "ObjectNotFoundException",
            "scheduled action name: x",
            ScheduledActionName="x",
        )
