"""Traffic over the control API: a load on a service made with AWS's own calls, told, recorded, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import ControlRefusedError, control
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline


def set_up(offline: Offline, delay: int = 5) -> str:
    """A service of two shops behind a load balancer; the ARN of its target group."""
    env, elb, ecs = offline.env(), offline.client("elbv2"), offline.client("ecs")
    balancer = elb.create_load_balancer(
        Name="alb", Subnets=[env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]], SecurityGroups=[env["ALB_SG"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name="shop", Protocol="HTTP", Port=8080, VpcId=env["VPC"], TargetType="ip", HealthCheckPath="/healthz"
    )["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    set_delay(offline, group, delay)
    ecs.create_cluster(clusterName="demo")
    ecs.register_task_definition(
        family="shop",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[
            {
                "name": "shop",
                "image": "public.ecr.aws/fargate-lab/shop:1.0",
                "portMappings": [{"containerPort": 8080}],
            }
        ],
    )
    network = {"subnets": [env["SUBNET_A"], env["SUBNET_B"]], "securityGroups": [env["SG"]]}
    ecs.create_service(
        cluster="demo",
        serviceName="shop",
        taskDefinition="shop",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
        loadBalancers=[{"targetGroupArn": group, "containerName": "shop", "containerPort": 8080}],
    )
    offline.control.post("/_lab/clock", {"action": "settle"})
    return str(group)


def set_delay(offline: Offline, group: str, seconds: int) -> None:
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
    offline.client("elbv2").modify_target_group_attributes(TargetGroupArn=group, Attributes=[attribute])


def deploy(offline: Offline) -> None:
    offline.client("ecs").update_service(cluster="demo", service="shop", forceNewDeployment=True)
    offline.control.post("/_lab/clock", {"action": "settle"})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})


def report(offline: Offline, **query: int) -> dict[str, Any]:
    answer = offline.control.get("/_lab/traffic", query)
    assert answer is not None
    return answer


def test_a_learner_finds_and_fixes_a_delay_that_is_too_short(offline: Offline) -> None:
    assert report(offline) == {"running": False, "target_group": None, "now_ms": offline.cloud.engine.now_ms}
    group = set_up(offline)
    begun = offline.control.post(
        "/_lab/traffic", {"action": "start", "rps": 30, "long_share": 0.1, "long_ms": 9_000}
    )
    assert (begun["running"], begun["target_group"], begun["sent"]) == (True, group, 0)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 30_000})
    deploy(offline)
    broken = report(offline, failures=5)
    assert broken["failed"] > 0
    assert [cause["kind"] for cause in broken["causes"]] == ["delay"]
    assert broken["causes"][0]["knob"] == "deregistration_delay.timeout_seconds"
    assert len(broken["failures"]) <= 5
    lost = offline.control.get("/_lab/journal", {"kind": "traffic.lost"})
    assert lost is not None
    assert sum(entry["data"]["count"] for entry in lost["entries"]) == broken["failed"]

    set_delay(offline, group, 15)
    deploy(offline)
    fixed = report(offline)
    assert fixed["failed"] == broken["failed"]
    assert fixed["ok"] > broken["ok"]
    assert fixed["sent"] == fixed["ok"] + fixed["failed"] + fixed["in_flight"]
    stopped = offline.control.post("/_lab/traffic", {"action": "stop"})
    assert stopped["running"] is False
    assert stopped["stopped_ms"] == offline.cloud.engine.now_ms


def test_a_change_of_the_listener_counts_from_its_moment_on(offline: Offline) -> None:
    set_up(offline)
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 10, "pattern": "constant"})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 10_000})
    elb = offline.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb.delete_listener(ListenerArn=listener)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 5_000})
    answer = report(offline)
    assert {cause["kind"]: cause["count"] for cause in answer["causes"]}["no_listener"] in (50, 51)
    assert answer["ok"] >= 99


def test_the_idle_time_out_of_the_load_balancer_is_the_groups(offline: Offline) -> None:
    group = set_up(offline)
    elb = offline.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "7"}]
    )
    body = {"action": "start", "rps": 5, "target_group": group, "long_share": 1, "long_ms": 8_000}
    offline.control.post("/_lab/traffic", body)
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 30_000})
    answer = report(offline)
    assert [(error["status"], error["by"]) for error in answer["errors"]] == [(504, "elb")]
    assert {failure["waited_ms"] for failure in answer["failures"]} == {7_000}


def set_attribute(offline: Offline, group: str, key: str, value: str) -> None:
    attributes = [{"Key": key, "Value": value}]
    offline.client("elbv2").modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)


def test_attributes_of_the_target_group_decide_where_requests_go_from_their_change_on(
    offline: Offline,
) -> None:
    group = set_up(offline)
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 100, "pattern": "constant"})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 20_000})
    turns = [target["sent"] for target in report(offline)["targets"]]
    assert abs(turns[0] - turns[1]) <= 1
    set_attribute(offline, group, "load_balancing.algorithm.type", "weighted_random")
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 20_000})
    drawn = [target["sent"] for target in report(offline)["targets"]]
    assert abs(drawn[0] - drawn[1]) > 1
    set_attribute(offline, group, "load_balancing.algorithm.type", "round_robin")
    set_attribute(offline, group, "slow_start.duration_seconds", "120")
    offline.client("ecs").update_service(cluster="demo", service="shop", desiredCount=3)
    offline.control.post("/_lab/clock", {"action": "settle"})
    before = [target["sent"] for target in report(offline)["targets"]]
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 20_000})
    after = [target["sent"] for target in report(offline)["targets"]]
    got = [now - then for now, then in zip(after, before, strict=True)]
    assert got[2] < min(got[:2]) / 2


def test_attributes_out_of_range_are_refused_and_change_nothing(offline: Offline) -> None:
    group = set_up(offline, delay=7)
    elb = offline.client("elbv2")
    for key, value in (
        ("slow_start.duration_seconds", "29"),
        ("slow_start.duration_seconds", "soon"),
        ("load_balancing.algorithm.type", "random"),
        ("deregistration_delay.timeout_seconds", "3601"),
    ):
        with pytest.raises(
            elb.exceptions.ClientError, match=rf"ValidationError.*'{key}' value '{value}' must be"
        ):
            set_attribute(offline, group, key, value)
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    wrong = [{"Key": "idle_timeout.timeout_seconds", "Value": "0"}]
    with pytest.raises(elb.exceptions.ClientError, match="'1-4000'"):
        elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=wrong)
    told = elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    values = {each["Key"]: each["Value"] for each in told}
    assert values["deregistration_delay.timeout_seconds"] == "7"
    assert values["load_balancing.algorithm.type"] == "round_robin"
    set_delay(offline, group, 3600)
    told = elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "3600"} in told


def test_what_a_program_says_while_it_drains_is_in_its_log_stream(offline: Offline) -> None:
    env, ecs, logs = offline.env(), offline.client("ecs"), offline.client("logs")
    options = {"awslogs-group": env["LOG_GROUP"], "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    log = {"logDriver": "awslogs", "options": options}
    shop = {"image": "public.ecr.aws/fargate-lab/shop:1.0", "logConfiguration": log}
    depends = [{"containerName": "cut", "condition": "START"}]
    ecs.create_cluster(clusterName="demo")
    ecs.register_task_definition(
        family="pair",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=env["EXECUTION_ROLE"],
        containerDefinitions=[
            {"name": "good", "dependsOn": depends, **shop},
            {"name": "cut", "stopTimeout": 2, **shop},
        ],
    )
    network = {"awsvpcConfiguration": {"subnets": [env["SUBNET_A"]], "securityGroups": [env["SG"]]}}
    asked = {"taskDefinition": "pair", "launchType": "FARGATE", "networkConfiguration": network}
    task = ecs.run_task(cluster="demo", **asked)["tasks"][0]["taskArn"]
    offline.control.post("/_lab/clock", {"action": "settle"})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})
    stopped_ms = offline.cloud.engine.now_ms
    ecs.stop_task(cluster="demo", task=task)
    offline.control.post("/_lab/clock", {"action": "settle"})
    said = {}
    for name in ("good", "cut"):
        stream = f"p/{name}/{task.rpartition('/')[2]}"
        events = logs.get_log_events(logGroupName=env["LOG_GROUP"], logStreamName=stream)["events"]
        said[name] = [
            (e["timestamp"] - stopped_ms, e["message"]) for e in events if e["timestamp"] >= stopped_ms
        ]
    assert said == {
        "good": [(0, "shop: SIGTERM received, drain started"), (3_000, "shop: drained, bye")],
        "cut": [(3_000, "shop: SIGTERM received, drain started")],
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "no action of the traffic"),
        ({"action": "stop"}, "no traffic is running"),
        ({"action": "start"}, "rps is missing"),
        ({"action": "start", "rps": "many"}, "rps must be a number"),
        ({"action": "start", "rps": True}, "rps must be a number"),
        ({"action": "start", "rps": 5, "long_ms": 1.5}, "long_ms must be a whole number"),
        ({"action": "start", "rps": 5, "path": 7}, "path must be text"),
        ({"action": "start", "rps": 5, "color": "red"}, "color is nothing that requests have"),
        ({"action": "start", "rps": 5}, "no service has a target group"),
        ({"action": "start", "rps": 5, "target_group": "arn:x"}, "there is no target group"),
        ({"action": "start", "rps": -5, "target_group": "arn:x"}, "rps is from"),
    ],
)
def test_what_is_refused(offline: Offline, body: dict[str, Any], text: str) -> None:
    with pytest.raises(ControlRefusedError, match=text) as caught:
        offline.control.post("/_lab/traffic", body)
    assert caught.value.status == 400
    for series, most in (("seconds", 120), ("minutes", 60)):
        with pytest.raises(ControlRefusedError, match=f"{series} must be 0 to {most}"):
            offline.control.get("/_lab/traffic", {series: most + 1})
    with pytest.raises(ControlRefusedError, match="failures must be"):
        offline.control.get("/_lab/traffic", {"failures": 1001})


def test_a_killed_world_comes_back_with_the_same_requests(make_offline: MakeOffline, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    offline = make_offline(23)
    offline.app.recorder = Recorder.open_new(path, header_of(offline.cloud, "1"))
    set_up(offline)
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 30, "long_share": 0.1, "long_ms": 9_000})
    deploy(offline)
    offline.control.post("/_lab/traffic", {"action": "stop"})
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 7})
    deploy(offline)
    before, history = report(offline), offline.cloud.journal.to_jsonl()
    assert "traffic.lost" in history
    offline.app.recorder = None
    offline.app.close()

    recording = read(path)
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    endpoint = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    endpoint.replay(recording)
    try:
        assert report(Offline(endpoint, control(endpoint))) == before
        assert cloud.journal.to_jsonl() == history
    finally:
        endpoint.close()


def test_the_clock_and_the_load_may_not_ask_for_more_than_a_world_can_carry(
    make_offline: MakeOffline,
) -> None:
    offline = make_offline()
    set_up(offline)
    clock, traffic = "/_lab/clock", "/_lab/traffic"
    offline.control.post(traffic, {"action": "start", "rps": 1000, "pattern": "step", "to_rps": 2000})
    with pytest.raises(ControlRefusedError, match="stop them first"):
        offline.control.post(clock, {"action": "advance", "ms": 7 * 24 * 3600 * 1000})
    with pytest.raises(ControlRefusedError, match="stop them first"):
        offline.control.post(clock, {"action": "settle", "limit_ms": 24 * 3600 * 1000})
    with pytest.raises(ControlRefusedError, match="more than a world can keep up with"):
        offline.control.post(clock, {"action": "speed", "speed": 60})
    offline.control.post(clock, {"action": "advance", "ms": 10_000})
    offline.control.post(traffic, {"action": "stop"})
    offline.control.post(clock, {"action": "speed", "speed": 3600})
    with pytest.raises(ControlRefusedError, match="more than a world can keep up with"):
        offline.control.post(traffic, {"action": "start", "rps": 100})
    offline.control.post(clock, {"action": "advance", "ms": 24 * 3600 * 1000})


def test_a_report_may_leave_its_series_out_and_the_snapshot_says_whether_a_load_runs(
    offline: Offline,
) -> None:
    set_up(offline)
    assert offline.control.get("/_lab/snapshot")["traffic"] is None
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 20})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 300_000})
    assert offline.control.get("/_lab/snapshot")["traffic"] == {"running": True}
    whole = offline.control.get("/_lab/traffic")
    short = offline.control.get("/_lab/traffic", {"seconds": 30, "minutes": 0})
    assert short["minutes"] == []
    assert 29 <= len(short["seconds"]) <= 31
    assert whole["seconds"][-len(short["seconds"]) :] == short["seconds"]
    assert offline.control.get("/_lab/traffic", {"seconds": 0, "minutes": 2})["seconds"] == []
    offline.control.post("/_lab/traffic", {"action": "stop"})
    assert offline.control.get("/_lab/snapshot")["traffic"] == {"running": False}
