"""Whatever experiment is started, and however it ends: nothing of it stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.fis import CPU, LATENCY, STOP, WAIT, Fis

from fargate_sim.model.alarms import AlarmSpec
from fargate_sim.model.experiments.experiment import ENDED
from fargate_sim.model.metrics import Metric

ENDPOINTS = {"useEcsFaultInjectionEndpoints": "true"}
ACTIONS: list[dict[str, Any]] = [
    STOP,
    WAIT,
    CPU,
    LATENCY,
    {**LATENCY, "actionId": "aws:ecs:task-network-packet-loss"},
    {
        **LATENCY,
        "actionId": "aws:ecs:task-network-blackhole-port",
        "parameters": {"duration": "PT2M", "port": "80", "trafficType": "ingress", **ENDPOINTS},
    },
    {
        "actionId": "aws:ecs:task-kill-process",
        "parameters": {"processName": "x"},
        "targets": {"Tasks": "web"},
    },
    {
        "actionId": "aws:network:disrupt-connectivity",
        "parameters": {"duration": "PT3M", "scope": "all"},
        "targets": {"Subnets": "nets"},
    },
]
TASKS = {"resourceType": "aws:ecs:task", "parameters": {"cluster": "lab", "service": "web"}}
NETS = {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "parameters": {"vpc": "vpc-1"}}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Up to six actions, each after any of those before it."""
    names = "abcdef"[: draw(st.integers(1, 6))]
    return {
        name: {
            **draw(st.sampled_from(ACTIONS)),
            "startAfter": draw(st.lists(st.sampled_from(names[:place] or "-"), unique=True, max_size=2))
            if place
            else [],
        }
        for place, name in enumerate(names)
    }


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    actions=graphs(),
    mode=st.sampled_from(["ALL", "COUNT(1)", "PERCENT(50)", "PERCENT(1)"]),
    empty=st.sampled_from(["fail", "skip"]),
    end=st.sampled_from(["by itself", "by hand", "by an alarm"]),
    after_s=st.integers(0, 900),
    refusal_s=st.none() | st.integers(0, 400),
)
def test_nothing_stays(
    *, actions: dict[str, Any], mode: str, empty: str, end: str, after_s: int, refusal_s: int | None
) -> None:
    fis = Fis(desired=2)
    watched = fis.world.alarms.put(
        AlarmSpec("slow", 1.0, metric=Metric("Shop", "Errors", ()), treat_missing="ignore")
    )
    fis.world.alarms.set_state(watched, "OK", "x", None)
    made = fis.start(
        actions,
        targets={"web": {**TASKS, "selectionMode": mode}, "nets": NETS},
        alarms=["slow"],
        experimentOptions={"emptyTargetResolutionMode": empty},
    )
    if refusal_s is not None:
        fis.engine.after(refusal_s * 1000, lambda: setattr(fis.faults, "refusal", "No."))
    fis.seconds(after_s)
    if end == "by hand" and fis.state(made)[0] not in ENDED:
        fis.fis("StopExperiment", id=made)
        assert fis.faults.active == []
    elif end == "by an alarm":
        fis.world.alarms.set_state(watched, "ALARM", "x", None)
        fis.seconds(1)
        assert fis.faults.active == []
    fis.seconds(3600)
    shown = fis.shown(made)
    assert shown["state"]["status"] in ENDED
    assert {each["state"]["status"] for each in shown["actions"].values()} <= ENDED
    assert fis.faults.active == []
    assert ("error" in shown["state"]) == (shown["state"]["status"] == "failed")
    started, ended = fis.entries("experiment.action_started"), fis.entries("experiment.action_ended")
    assert len(ended) == len(actions)
    assert {entry.data["action"] for entry in started} <= {entry.data["action"] for entry in ended}
    order = {entry.data["action"]: entry.seq for entry in ended}
    for entry in started:
        for before in actions[entry.data["action"]]["startAfter"]:
            assert order[before] < entry.seq
    assert len(fis.entries("experiment.ended")) == 1
