"""The snapshot's word on scaling."""

from __future__ import annotations

from fargate_sim.model.alarms import Alarm, AlarmSpec
from fargate_sim.snapshot import scaling_flag


def test_it_counts_targets_alarms_and_those_in_alarm() -> None:
    alarms = [
        Alarm(AlarmSpec(name, 1.0), arn="", configured_ms=0, state=state)
        for name, state in (("a", "OK"), ("b", "ALARM"), ("c", "INSUFFICIENT_DATA"))
    ]
    assert scaling_flag(["one"], alarms) == {"targets": 1, "alarms": 3, "in_alarm": 1}
    assert scaling_flag([], []) == {"targets": 0, "alarms": 0, "in_alarm": 0}
