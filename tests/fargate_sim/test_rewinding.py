"""A world can be put back to any earlier moment of its history, exactly."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from fargate_sim.control import header_of
from fargate_sim.digest import digest
from fargate_sim.inprocess import ControlRefusedError
from fargate_sim.recording import Recorder, Recording, read

from .conftest import START_MS, MakeOffline, Offline
from .test_traffic import set_up

MINUTE_MS = 60_000


@pytest.fixture
def recorded(make_offline: MakeOffline, tmp_path: Path) -> Offline:
    """A shop under load that is recorded and watched."""
    offline = make_offline(401)
    offline.app.recorder = Recorder.open_new(tmp_path / "state.jsonl", header_of(offline.cloud, "1"))
    return offline


def advance(offline: Offline, ms: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": ms})


def look_around(offline: Offline, group: str) -> None:
    """Reads of every kind, which must leave no trace."""
    ecs, elb = offline.client("ecs"), offline.client("elbv2")
    ecs.describe_services(cluster="demo", services=["shop"])
    tasks = ecs.list_tasks(cluster="demo")["taskArns"]
    ecs.describe_tasks(cluster="demo", tasks=tasks)
    elb.describe_target_health(TargetGroupArn=group)
    elb.describe_target_groups()
    elb.describe_rules(
        ListenerArn=elb.describe_listeners(
            LoadBalancerArn=elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        )["Listeners"][0]["ListenerArn"]
    )
    offline.client("ec2").describe_network_interfaces()
    offline.client("ec2").describe_subnets()
    offline.client("cloudwatch").describe_alarms()
    offline.client("logs").describe_log_groups()
    offline.client("iam").list_roles()
    offline.client("sqs").list_queues()
    for path in ("snapshot", "traffic", "queue", "cost", "capacity", "scaling", "journal", "digest"):
        offline.control.get(f"/_lab/{path}")


def live(offline: Offline) -> tuple[str, list[dict[str, Any]]]:
    """Eight busy minutes; the target group, and the checksum after each minute."""
    group = set_up(offline)
    control, ecs, sqs = offline.control, offline.client("ecs"), offline.client("sqs")
    control.post("/_lab/watch", {"every_ms": 10_000})
    control.post("/_lab/traffic", {"action": "start", "rps": 15, "pattern": "wave", "to_rps": 30})
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    control.post("/_lab/queue", {"action": "start", "queue": "orders", "rps": 1})
    checksums = []
    for minute in range(8):
        advance(offline, MINUTE_MS)
        if minute == 2:
            ecs.update_service(cluster="demo", service="shop", forceNewDeployment=True)
        if minute == 4:
            sqs.send_message(QueueUrl=queue, MessageBody='{"order": "by-hand"}')
            look_around(offline, group)
        if minute == 5:
            control.post("/_lab/capacity", {"action": "shortage", "provider": "FARGATE"})
            ecs.stop_task(cluster="demo", task=ecs.list_tasks(cluster="demo")["taskArns"][0])
        if minute == 6:
            control.post("/_lab/note", {"kind": "lab.word", "data": {"x": 1}})
        checksums.append(digest(offline.cloud))
    return group, checksums


def test_a_rewound_world_has_the_checksum_of_then_and_lives_on_as_it_did(recorded: Offline) -> None:
    _, checksums = live(recorded)
    end = checksums[-1]
    for minute in (6, 2, 0):
        answer = recorded.control.post(
            "/_lab/clock", {"action": "rewind", "to_ms": checksums[minute]["now_ms"]}
        )
        assert answer["now_ms"] == checksums[minute]["now_ms"]
        assert answer["mode"] == "paused"
        assert digest(recorded.cloud) == checksums[minute]
    # Nothing that came after is lost: it is kept, and gives the former end again.
    recorder = recorded.app.recorder
    assert recorder is not None
    former = read(recorder.path.with_name("state.rewound-1.jsonl"))
    rest = Recording(
        former.header, [line for line in former.inputs if line["at"] > checksums[0]["now_ms"]], 0
    )
    assert recorded.app.replay(rest) == []
    assert digest(recorded.cloud) == end


def test_rewinding_by_five_minutes_out_of_a_jump(recorded: Offline) -> None:
    set_up(recorded)
    recorded.control.post("/_lab/traffic", {"action": "start", "rps": 5})
    advance(recorded, 3 * MINUTE_MS)
    then = recorded.control.get("/_lab/digest")
    assert then is not None
    advance(recorded, 5 * MINUTE_MS)
    recorded.control.post("/_lab/clock", {"action": "rewind", "ms": 5 * MINUTE_MS})
    now = recorded.control.get("/_lab/digest")
    assert now == then
    assert (
        recorded.client("ecs").describe_services(cluster="demo", services=["shop"])["services"][0][
            "runningCount"
        ]
        == 2
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"to_ms": START_MS - 1}, "can go back to a moment from"),
        ({"ms": -1}, "can go back to a moment from"),
        ({}, "ms must be a whole number"),
        ({"to_ms": "soon"}, "to_ms must be a whole number"),
    ],
)
def test_what_is_no_moment_to_go_back_to(recorded: Offline, body: dict[str, Any], text: str) -> None:
    with pytest.raises(ControlRefusedError, match=text):
        recorded.control.post("/_lab/clock", {"action": "rewind", **body})


def test_a_world_that_is_not_recorded_stays_where_it_is(make_offline: MakeOffline) -> None:
    offline = make_offline(402)
    with pytest.raises(ControlRefusedError, match="not recorded"):
        offline.control.post("/_lab/clock", {"action": "rewind", "ms": 0})
    with pytest.raises(ControlRefusedError, match="not recorded"):
        offline.control.get("/_lab/recording")


def test_a_recording_that_was_changed_no_longer_gives_the_checksums_that_it_holds(
    recorded: Offline, make_offline: MakeOffline
) -> None:
    set_up(recorded)
    recorded.control.post("/_lab/traffic", {"action": "start", "rps": 5})
    advance(recorded, 2 * MINUTE_MS)
    recorded.control.get("/_lab/digest")
    raw = recorded.control.get("/_lab/recording")
    assert raw is not None
    recorded.app.close()
    honest = Recording.of(raw)
    raw = deepcopy(raw)
    for line in raw["inputs"]:
        if "traffic" in line:
            line["traffic"]["rps"] = 4
    forged = Recording.of(raw)
    again = make_offline(401)
    assert again.app.replay(honest) == []
    again.app.close()
    again = make_offline(401)
    (said,) = again.app.replay(forged)
    assert "differs from the one that was recorded" in said
    assert "history" in said or "model" in said


def test_who_runs_the_game_is_told_apart_and_stays_so_after_a_rewind(recorded: Offline) -> None:
    recorded.client("ecs", user_agent="fargate-lab-facilitator").create_cluster(clusterName="theirs")
    recorded.client("ecs").create_cluster(clusterName="ours")
    advance(recorded, 1000)
    for _ in range(2):
        calls = {entry["data"]["params"]["clusterName"]: entry["data"] for entry in recorded.journal("call")}
        assert calls["theirs"]["actor"] == "facilitator"
        assert "actor" not in calls["ours"]
        recorded.control.post("/_lab/clock", {"action": "rewind", "ms": 0})
