"""Scaling for the screens' tests, in the shape of `GET /_lab/scaling` (docs/control-api.md)."""

from __future__ import annotations

import math
from typing import Any

from tui_worlds import START_MS, World

MINUTE = 60_000
NOW_MS = START_MS + 60 * MINUTE + 20_000
CPU_HIGH = "TargetTracking-service/core-lab/web-AlarmHigh-4f6d2a51-1c1b-4f0e-9d8e-2b7f3c5a9e01"
CPU_LOW = "TargetTracking-service/core-lab/web-AlarmLow-8a0b7c62-5d4e-4a3f-8b1c-6e9d0f2a7b02"
REQUESTS_HIGH = "TargetTracking-service/core-lab/web-AlarmHigh-c3e8b9d4-7f6a-4c5b-a2d1-9b8c7d6e5f03"
REQUESTS_LOW = "TargetTracking-service/core-lab/web-AlarmLow-d7f1a0e5-3b2c-4d1e-9f8a-1a2b3c4d5e04"
ACCOUNT = "000000000000"


def at(minute: float) -> int:
    return START_MS + int(minute * MINUTE)


def _series() -> list[dict[str, Any]]:
    """An hour: a quiet beginning, a steep rise that CPU hardly shows, a fall, and tasks that follow late."""
    desired = [2] * 21 + [4] * 4 + [7] * 6 + [9] * 20 + [8] * 10
    found = []
    for minute in range(60):
        load = 12 + 60 / (1 + math.exp(-(minute - 22) / 2.5)) - 45 / (1 + math.exp(-(minute - 44) / 2))
        now = desired[minute]
        running = desired[max(0, minute - 1)]
        per = load * 60 / running
        busy = per / 700
        found.append(
            {
                "at_ms": at(minute),
                "desired": now,
                "running": running,
                "cpu": round(18 + 24 * min(1.4, busy), 1),
                "memory": round(38 + minute / 8, 1),
                "requests_per_target": round(per),
                "sent": round(load * 60),
                "failed": round(load * 6) if busy > 1.6 else 0,
                "p50_ms": round(24 * max(1.0, busy * 2) ** 1.5, 1),
                "p99_ms": round(70 * max(1.0, busy * 2) ** 3, 1),
            }
        )
    return found


def decision(minute: float, direction: str, outcome: str, reason: str, **more: Any) -> dict[str, Any]:
    made = {
        "at_ms": at(minute),
        "last_ms": at(minute),
        "times": 1,
        "policy": "web-requests",
        "alarm": REQUESTS_HIGH if direction == "out" else REQUESTS_LOW,
        "direction": direction,
        "metric": "ALBRequestCountPerTarget",
        "points": [[at(minute - 3 + i), value] for i, value in enumerate((688, 940, 1235))],
        "threshold": 600.0,
        "comparison": "GreaterThanThreshold",
        "target": 600.0,
        "from": 2,
        "wanted": 5,
        "to": 4,
        "outcome": outcome,
        "reason": reason,
        "why": "",
    }
    return {**made, **more}


LOW_POINTS = [[at(52 - 15 + i), 280.0 - 4 * i] for i in range(15)]
DECISIONS = [
    decision(
        57.2, "in", "held", "cooldown", last_ms=at(59.2), times=3, wanted=6, to=8, points=LOW_POINTS,
        threshold=540.0, comparison="LessThanThreshold", **{"from": 8},
        why="Wants 6 tasks, but the last scale-in was 5 min 12 s ago and the cooldown is 600 s: 4 min 48 s are left.",
    ),
    decision(
        52.1, "in", "scaled", "scaled", wanted=8, to=8, points=LOW_POINTS, threshold=540.0,
        comparison="LessThanThreshold", **{"from": 9},
        why="15 of 15 points below 540, and every policy agrees: from 9 to 8 tasks.",
    ),
    decision(
        46.0, "in", "held", "another_policy", last_ms=at(51.0), times=6, wanted=8, to=9, points=LOW_POINTS,
        threshold=540.0, comparison="LessThanThreshold", **{"from": 9},
        why="Wants 8 tasks, but web-cpu does not agree to scale in.",
    ),
    decision(
        31.1, "out", "scaled", "scaled", wanted=9, to=9, points=[[at(28), 611.0], [at(29), 640.0], [at(30), 702.0]],
        why="3 of 3 points above 600, the last one 702: ceil(7 x 702 / 600) = 9 tasks.", **{"from": 7},
    ),
    decision(
        27.0, "out", "held", "cooldown", last_ms=at(30.0), times=4, wanted=7, to=7,
        points=[[at(24), 633.0], [at(25), 616.0], [at(26), 604.0]], **{"from": 7},
        why="Wants 7 tasks, and 7 are on their way already.",
    ),
    decision(
        25.1, "out", "scaled", "scaled", wanted=7, to=7, points=[[at(22), 861.0], [at(23), 902.0], [at(24), 1040.0]],
        why="3 of 3 points above 600, the last one 1040: ceil(4 x 1040 / 600) = 7 tasks.", **{"from": 4},
    ),
    decision(
        21.1, "out", "scaled", "scaled", wanted=4, to=4, points=[[at(18), 604.0], [at(19), 733.0], [at(20), 1003.0]],
        why="3 of 3 points above 600, the last one 1003: ceil(2 x 1003 / 600) = 4 tasks.",
    ),
    decision(
        4.0, "in", "held", "at_min", last_ms=at(16.0), times=13, wanted=1, to=2, points=LOW_POINTS[:12], threshold=540.0,
        comparison="LessThanThreshold", why="Wants 1 task, but the minimum is 2.",
    ),
]  # fmt: skip


def activity(number: int, minute: float, before: int, after: int) -> dict[str, Any]:
    alarm = REQUESTS_HIGH if after > before else REQUESTS_LOW
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "at_ms": at(minute),
        "end_ms": at(minute) + 70_000,
        "description": f"Setting desired count to {after}.",
        "cause": f"monitor alarm {alarm} in state ALARM triggered policy web-requests",
        "status": "Successful",
        "message": f"Successfully set desired count to {after}. Change successfully fulfilled by ecs.",
        "from": before,
        "to": after,
    }


ACTIVITIES = [
    activity(4, 52.1, 9, 8),
    activity(3, 31.1, 7, 9),
    activity(2, 25.1, 4, 7),
    activity(1, 21.1, 2, 4),
]


def policy(name: str, metric: str, target: float | None, *alarms: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "arn": f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:1:resource/ecs/service/core-lab/web:policyName/{name}",
        "type": "TargetTrackingScaling",
        "metric": metric,
        "resource_label": "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef"
        if metric.startswith("ALB")
        else None,
        "target": target,
        "scale_out_cooldown_s": 60,
        "scale_in_cooldown_s": 600,
        "disable_scale_in": False,
        "cooldown_s": None,
        "adjustment": None,
        "steps": [],
        "alarms": list(alarms),
        **more,
    }


STEP_POLICY = policy(
    "web-steps", "SQS queue", None, "backlog", type="StepScaling", scale_out_cooldown_s=None,
    scale_in_cooldown_s=None, cooldown_s=120, adjustment="ChangeInCapacity",
    steps=[{"from": 0, "to": 50, "adjustment": 1}, {"from": 50, "to": None, "adjustment": 3}],
)  # fmt: skip


def alarm(
    name: str, state: str, metric: str, threshold: float, points: list[list[Any]], **more: Any
) -> dict[str, Any]:
    high = "High" in name
    return {
        "name": name,
        "arn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}",
        "state": state,
        "reason": f"Threshold Crossed: {len(points)} datapoints were checked.",
        "threshold": threshold,
        "comparison": "GreaterThanThreshold" if high else "LessThanThreshold",
        "metric": metric,
        "statistic": "Average",
        "period_s": 60,
        "evaluation_periods": 3 if high else 15,
        "datapoints_to_alarm": 3 if high else 15,
        "treat_missing": "missing",
        "updated_ms": at(52),
        "policy": "web-cpu" if "CPU" in metric else "web-requests",
        "points": points,
        "history": [
            {"at_ms": at(44), "from": "OK", "to": state, "reason": "Threshold Crossed."},
            {"at_ms": at(2), "from": "INSUFFICIENT_DATA", "to": "OK", "reason": "Threshold Crossed."},
        ],
        **more,
    }


def _last(key: str, count: int) -> list[list[Any]]:
    return [[minute["at_ms"], minute[key]] for minute in _series()[60 - count :]]


def scaling(**more: Any) -> dict[str, Any]:
    """An hour in which a request-count policy leads and a CPU policy looks on."""
    return {
        "now_ms": NOW_MS,
        "targets": [target()],
        "alarms": [
            alarm(REQUESTS_HIGH, "OK", "AWS/ApplicationELB RequestCountPerTarget", 600.0, _last("requests_per_target", 3)),
            alarm(REQUESTS_LOW, "ALARM", "AWS/ApplicationELB RequestCountPerTarget", 540.0, _last("requests_per_target", 15)),
            alarm(CPU_HIGH, "OK", "AWS/ECS CPUUtilization", 60.0, _last("cpu", 3)),
            alarm(CPU_LOW, "ALARM", "AWS/ECS CPUUtilization", 54.0, _last("cpu", 15)),
            alarm(
                "web-dead-letters", "INSUFFICIENT_DATA", "AWS/SQS ApproximateNumberOfMessagesVisible", 0.0, [],
                policy=None, history=[], evaluation_periods=1, datapoints_to_alarm=1, comparison="GreaterThanThreshold",
                reason="Unchecked: Initial alarm creation",
            ),
        ],
        **more,
    }  # fmt: skip


def target(**more: Any) -> dict[str, Any]:
    return {
        "resource_id": "service/core-lab/web",
        "cluster": "core-lab",
        "service": "web",
        "min": 2,
        "max": 10,
        "desired": 8,
        "running": 8,
        "in_rollout": False,
        "suspended": {"in": False, "out": False, "scheduled": False},
        "policies": [
            policy("web-requests", "ALBRequestCountPerTarget", 600.0, REQUESTS_HIGH, REQUESTS_LOW),
            policy("web-cpu", "ECSServiceAverageCPUUtilization", 60.0, CPU_HIGH, CPU_LOW),
        ],
        "scheduled_actions": [
            {
                "name": "before-lunch",
                "schedule": "cron(30 10 * * ? *)",
                "timezone": "UTC",
                "min": 4,
                "max": None,
                "next_ms": at(90),
            }
        ],
        "activities": ACTIVITIES,
        "decisions": DECISIONS,
        "series": _series(),
        **more,
    }


def scaled(world: World, **more: Any) -> World:
    """A world in which there is a scalable target, at the time of `scaling`."""
    clock = {**world["clock"], "now_ms": NOW_MS, "elapsed_ms": NOW_MS - START_MS}
    return {
        **world,
        "clock": clock,
        "traffic": {"running": True},
        "scaling": {"targets": 1, "alarms": 5, "in_alarm": 2, **more},
    }
