"""Capacity and Spot over the control API: interruptions, shortages, weather; recorded and lived through again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import ControlRefusedError
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline

CAPACITY = "/_lab/capacity"
STRATEGY = [
    {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
    {"capacityProvider": "FARGATE_SPOT", "weight": 4},
]


def set_up(offline: Offline, desired: int = 7) -> None:
    """A service on capacity providers, with AWS's own calls."""
    env, ecs = offline.env(), offline.client("ecs")
    ecs.create_cluster(
        clusterName="demo",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=STRATEGY,
    )
    offline.register()
    network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    ecs.create_service(
        cluster="demo",
        serviceName="web",
        taskDefinition="web",
        desiredCount=desired,
        networkConfiguration={"awsvpcConfiguration": network},
    )
    offline.control.post("/_lab/clock", {"action": "settle"})


def post(offline: Offline, **body: Any) -> dict[str, Any]:
    answer = offline.control.post(CAPACITY, body)
    assert answer is not None
    return answer


def advance(offline: Offline, seconds: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})


def providers(offline: Offline) -> list[str]:
    tasks = offline.control.get("/_lab/snapshot")["tasks"]  # type: ignore[index]
    return sorted(task["provider"] for task in tasks if task["desired_status"] == "RUNNING")


def test_an_interruption_as_its_learner_sees_it(offline: Offline) -> None:
    set_up(offline)
    shown = offline.control.get(CAPACITY)
    assert shown is not None
    assert [task["service"] for task in shown["spot_tasks"]] == ["web"] * 4
    assert (shown["shortages"], shown["weather"], shown["interruptions"]) == ([], None, 0)
    answer = post(offline, action="interrupt", count=2)
    assert (len(answer["interrupted"]), len(answer["spot_tasks"]), answer["interruptions"]) == (2, 2, 2)
    ecs = offline.client("ecs")
    described = ecs.describe_tasks(cluster="demo", tasks=answer["interrupted"])["tasks"]
    assert {(t["desiredStatus"], t["stopCode"], t["stoppedReason"]) for t in described} == {
        ("STOPPED", "SpotInterruption", "Your Spot Task was interrupted.")
    }
    offline.control.post("/_lab/clock", {"action": "settle"})
    assert providers(offline) == ["FARGATE"] * 3 + ["FARGATE_SPOT"] * 4


@pytest.mark.parametrize(
    ("body", "hit"),
    [
        ({}, 1),
        ({"count": 99}, 4),
        ({"share": 0.5}, 2),
        ({"share": 0.26}, 2),
        ({"share": 1}, 4),
        ({"share": 1, "zone": "us-east-1a"}, 2),
        ({"share": 1, "service": "web", "cluster": "demo"}, 4),
    ],
)
def test_how_many_are_hit(offline: Offline, body: dict[str, Any], hit: int) -> None:
    set_up(offline)
    assert len(post(offline, action="interrupt", **body)["interrupted"]) == hit


def test_tasks_are_named_by_id_or_arn_or_the_first_digits(offline: Offline) -> None:
    set_up(offline)
    first, second, third, _ = [task["task"] for task in offline.control.get(CAPACITY)["spot_tasks"]]  # type: ignore[index]
    arn = f"arn:aws:ecs:us-east-1:{offline.cloud.account}:task/demo/{second}"
    answer = post(offline, action="interrupt", tasks=[first, arn, third[:8]])
    assert answer["interrupted"] == [first, second, third]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "no action on the capacity"),
        ({"action": "flood"}, "interrupt, shortage, restore, weather, calm"),
        ({"action": "interrupt", "colour": "red"}, "colour is nothing that interrupt has"),
        ({"action": "interrupt", "count": 0}, "from 1"),
        ({"action": "interrupt", "count": True}, "from 1"),
        ({"action": "interrupt", "share": 1.5}, "up to 1"),
        ({"action": "interrupt", "share": 0.5, "count": 1}, "say one of count, share, tasks"),
        ({"action": "interrupt", "tasks": ["0123456789"]}, "no running task on FARGATE_SPOT"),
        ({"action": "interrupt", "tasks": "all"}, "a list of task ids"),
        ({"action": "interrupt", "zone": "us-east-1z"}, r"no task runs on FARGATE_SPOT \(zone us-east-1z\)"),
        ({"action": "interrupt", "cluster": 5}, "cluster must be text"),
        ({"action": "shortage"}, "provider is missing: FARGATE or FARGATE_SPOT"),
        ({"action": "shortage", "provider": "EC2"}, "no capacity provider"),
        ({"action": "shortage", "provider": "FARGATE", "zone": "mars"}, "no subnet is in the zone"),
        ({"action": "restore"}, "no shortage"),
        ({"action": "weather"}, "must be a number"),
        ({"action": "weather", "mean_minutes": 0}, "0.5 to 10000"),
        ({"action": "calm"}, "calm already"),
    ],
)
def test_a_body_that_is_wrong_changes_nothing(offline: Offline, body: dict[str, Any], words: str) -> None:
    set_up(offline)
    before = offline.cloud.journal.to_jsonl()
    with pytest.raises(ControlRefusedError, match=words):
        offline.control.post(CAPACITY, body)
    assert offline.cloud.journal.to_jsonl() == before


def test_a_shortage_and_its_end(offline: Offline) -> None:
    set_up(offline)
    assert post(offline, action="shortage", provider="FARGATE_SPOT")["shortages"][0]["zone"] is None
    post(offline, action="interrupt", share=1)
    advance(offline, 300)
    assert providers(offline) == ["FARGATE"] * 3
    service = offline.control.get("/_lab/snapshot")["services"][0]  # type: ignore[index]
    assert service["next_attempt_ms"] > offline.cloud.engine.now_ms
    assert any("Capacity is unavailable at this time." in event["message"] for event in service["events"])
    assert post(offline, action="restore")["shortages"] == []
    offline.control.post("/_lab/clock", {"action": "settle"})
    assert providers(offline) == ["FARGATE"] * 3 + ["FARGATE_SPOT"] * 4


def test_it_is_recorded_and_lived_through_again(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(95)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    set_up(offline)
    post(offline, action="interrupt", count=1)
    post(offline, action="weather", mean_minutes=3)
    advance(offline, 500)
    post(offline, action="shortage", provider="FARGATE_SPOT", zone="us-east-1a")
    advance(offline, 900)
    post(offline, action="calm")
    post(offline, action="restore", provider="FARGATE_SPOT")
    post(offline, action="interrupt", share=0.5)
    advance(offline, 300)
    history = offline.cloud.journal.to_jsonl()
    assert history.count("spot.interrupted") > 5
    offline.app.recorder = None
    offline.app.close()
    recording = read(path)
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    try:
        again.replay(recording)
        assert again.cloud.journal.to_jsonl() == history
    finally:
        again.close()
