"""Application Auto Scaling over the wire: real clients, real load, real alarms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.inprocess import call
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import Offline

WEB = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/demo/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def advance(offline: Offline, minutes: float) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": int(minutes * 60_000)})


def look(offline: Offline, minutes: int = 60) -> Any:
    return offline.control.get("/_lab/scaling", {"minutes": minutes})


def balanced(offline: Offline) -> tuple[Any, str, str]:
    """The service ``web`` of two tasks behind a load balancer: the scaling client, target group, label."""
    balancer, group = offline.start_balanced_service()
    label = f"{balancer.partition(':loadbalancer/')[2]}/{group.rpartition(':')[2]}"
    advance(offline, 5)
    return offline.client("application-autoscaling"), group, label


def track(scaling: Any, label: str, target: float = 300, **more: Any) -> dict[str, Any]:
    named = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    answer: dict[str, Any] = scaling.put_scaling_policy(
        **WEB,
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "PredefinedMetricSpecification": named,
            **more,
        },
    )
    return answer


def under_load(offline: Offline) -> tuple[Any, str]:
    """Eighteen requests a second for two tasks: 540 a minute for each, with a target of 300."""
    scaling, group, label = balanced(offline)
    scaling.register_scalable_target(**WEB, MinCapacity=2, MaxCapacity=10)
    track(scaling, label)
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 18, "target_group": group})
    return scaling, group


class TestALoad:
    def test_it_scales_out_on_requests_and_in_again(self, offline: Offline) -> None:
        scaling, _ = under_load(offline)
        advance(offline, 8)
        described = offline.client("ecs").describe_services(cluster="demo", services=["web"])
        assert described["services"][0]["desiredCount"] == 4
        (activity,) = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]
        assert activity["Description"] == "Setting desired count to 4."
        assert activity["StatusCode"] == "Successful"
        assert activity["Cause"].startswith("monitor alarm TargetTracking-service/demo/web-AlarmHigh-")
        offline.control.post("/_lab/traffic", {"action": "stop"})
        offline.control.post("/_lab/traffic", {"action": "start", "rps": 4})
        advance(offline, 25)
        described = offline.client("ecs").describe_services(cluster="demo", services=["web"])
        assert described["services"][0]["desiredCount"] == 2

    def test_the_report(self, offline: Offline) -> None:
        under_load(offline)
        advance(offline, 8)
        told = look(offline, 10)
        (target,) = told["targets"]
        assert (target["desired"], target["min"], target["max"]) == (4, 2, 10)
        assert target["policies"][0]["metric"] == "ALBRequestCountPerTarget"
        assert target["policies"][0]["scale_out_cooldown_s"] == 300
        decision = next(each for each in target["decisions"] if each["outcome"] == "scaled")
        assert (decision["from"], decision["wanted"], decision["to"]) == (2, 4, 4)
        assert decision["direction"] == "out"
        assert "rounded up 4" in decision["why"]
        assert [each["to"] for each in target["activities"]] == [4]
        assert len(target["series"]) == 10
        minute = target["series"][-3]
        assert set(minute) == {
            "at_ms",
            "desired",
            "running",
            "cpu",
            "memory",
            "requests_per_target",
            "sent",
            "failed",
            "p50_ms",
            "p99_ms",
        }
        assert minute["running"] == 4
        assert minute["sent"] > 1000
        assert 200 < minute["requests_per_target"] < 400
        high, low = told["alarms"]
        assert high["policy"] == low["policy"] == "requests"
        assert "ALARM" in {change["to"] for change in high["history"]}
        assert high["metric"] == "AWS/ApplicationELB RequestCountPerTarget"
        json.dumps(told, allow_nan=False)
        assert look(offline, 0)["targets"][0]["series"] == []

    def test_a_label_with_another_load_balancer_has_no_data(self, offline: Offline) -> None:
        scaling, group, label = balanced(offline)
        scaling.register_scalable_target(**WEB, MinCapacity=2, MaxCapacity=10)
        parts = label.split("/")
        track(scaling, "/".join([*parts[:2], "0" * 16, *parts[3:]]))
        offline.control.post("/_lab/traffic", {"action": "start", "rps": 18, "target_group": group})
        advance(offline, 8)
        told = look(offline)
        assert {alarm["state"] for alarm in told["alarms"]} == {"INSUFFICIENT_DATA"}
        assert told["targets"][0]["desired"] == 2

    def test_the_alarms_are_cloudwatchs(self, offline: Offline) -> None:
        scaling, _, label = balanced(offline)
        scaling.register_scalable_target(**WEB, MinCapacity=2, MaxCapacity=10)
        names = [alarm["AlarmName"] for alarm in track(scaling, label)["Alarms"]]
        described = offline.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert sorted(alarm["Threshold"] for alarm in described) == [270.0, 300.0]
        assert sorted(alarm["EvaluationPeriods"] for alarm in described) == [3, 15]
        scaling.delete_scaling_policy(**WEB, PolicyName="requests")
        assert offline.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] == []

    def test_an_alarm_of_ones_own_calls_a_step_policy(self, offline: Offline) -> None:
        scaling, group, _ = balanced(offline)
        scaling.register_scalable_target(**WEB, MinCapacity=2, MaxCapacity=10)
        steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}]
        arn = scaling.put_scaling_policy(
            **WEB,
            PolicyName="steps",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps},
        )["PolicyARN"]
        offline.client("cloudwatch").put_metric_alarm(
            AlarmName="busy",
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCountPerTarget",
            Dimensions=[{"Name": "TargetGroup", "Value": group.rpartition(":")[2]}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=300,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[arn],
        )
        (shown,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        assert [alarm["AlarmName"] for alarm in shown["Alarms"]] == ["busy"]
        offline.control.post("/_lab/traffic", {"action": "start", "rps": 18, "target_group": group})
        advance(offline, 4)
        (target,) = look(offline)["targets"]
        assert target["desired"] == 5
        assert target["policies"][0]["steps"] == [{"from": 0.0, "to": None, "adjustment": 3}]
        assert target["policies"][0]["metric"] == "AWS/ApplicationELB RequestCountPerTarget"


class TestTheWire:
    def test_errors_are_aws_own(self, offline: Offline) -> None:
        scaling = offline.client("application-autoscaling")
        with pytest.raises(ClientError) as caught:
            scaling.register_scalable_target(**WEB, MinCapacity=1, MaxCapacity=2)
        assert caught.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": "ECS service doesn't exist: service/demo/web",
        }
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    def test_an_unknown_operation(self, offline: Offline) -> None:
        headers = {"X-Amz-Target": "AnyScaleFrontendService.Nonsense"}
        status, _, content = call(offline.app, "POST", "http://127.0.0.1/", headers.items(), b"{}")
        assert (status, json.loads(content)["__type"]) == (400, "UnknownOperationException")

    def test_an_operation_that_is_not_modelled_says_so(self, offline: Offline) -> None:
        with pytest.raises(
            ClientError, match="application-autoscaling:GetPredictiveScalingForecast"
        ) as caught:
            offline.client("application-autoscaling").get_predictive_scaling_forecast(
                **WEB, PolicyName="p", StartTime=0, EndTime=1
            )
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

    def test_calls_are_in_the_journal_with_their_parameters(self, offline: Offline) -> None:
        offline.start_service()
        scaling = offline.client("application-autoscaling")
        scaling.register_scalable_target(**WEB, MinCapacity=3, MaxCapacity=4)
        scaling.describe_scalable_targets(ServiceNamespace="ecs")
        calls = [
            entry
            for entry in offline.journal("call")
            if entry["data"]["service"] == "application-autoscaling"
        ]
        assert [entry["data"]["operation"] for entry in calls] == [
            "RegisterScalableTarget",
            "DescribeScalableTargets",
        ]
        assert calls[0]["data"]["params"] == {**WEB, "MinCapacity": 3, "MaxCapacity": 4}
        assert "params" not in calls[1]["data"]
        (registered,) = offline.journal("scaling.target")
        (moved,) = offline.journal("scaling.activity")
        assert registered["cause"] == calls[0]["seq"]
        assert moved["cause"] == registered["seq"]

    @pytest.mark.parametrize(
        "kind", ["AWS::ApplicationAutoScaling::ScalableTarget", "AWS::CloudWatch::Alarm"]
    )
    def test_a_template_with_it_is_refused(self, offline: Offline, kind: str) -> None:
        template = json.dumps({"Resources": {"R": {"Type": kind}}})
        with pytest.raises(ClientError, match="NotImplementedException"):
            offline.client("cloudformation").create_stack(StackName="s", TemplateBody=template)

    def test_minutes_are_bounded(self, offline: Offline) -> None:
        with pytest.raises(inprocess.ControlRefusedError, match="minutes must be 0 to 180"):
            look(offline, 181)


def test_a_metric_beyond_all_numbers_stops_no_clock(offline: Offline) -> None:
    offline.start_service()
    scaling = offline.client("application-autoscaling")
    scaling.register_scalable_target(**WEB, MinCapacity=1, MaxCapacity=3)
    huge = {"Id": "e", "Expression": "FILL(m, 1e308) * 10"}
    own = {"Metric": {"Namespace": "Shop", "MetricName": "Depth"}, "Stat": "Sum"}
    metrics = [huge, {"Id": "m", "MetricStat": own, "ReturnData": False}]
    scaling.put_scaling_policy(
        **WEB,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 1,
            "CustomizedMetricSpecification": {"Metrics": metrics},
        },
    )
    advance(offline, 10)
    assert (
        offline.client("ecs").describe_services(cluster="demo", services=["web"])["services"][0][
            "desiredCount"
        ]
        == 2
    )


def test_a_world_that_scales_can_be_lived_through_again(tmp_path: Any) -> None:
    start_ms = 1767258000000

    def cloud() -> Cloud:
        return Cloud(7, start_ms=start_ms, label="test")

    def endpoint(made: Cloud, recorder: Recorder | None) -> Endpoint:
        pacer = Pacer(made.engine, lambda: made.settled, speed=10.0, paused=True)
        return Endpoint(made, pacer, recorder=recorder)

    path = tmp_path / "world.jsonl"
    first = cloud()
    app = endpoint(first, Recorder.open_new(path, header_of(first, "0")))
    offline = Offline(app, inprocess.control(app))
    under_load(offline)
    advance(offline, 10)
    told, journal = look(offline), first.journal.to_jsonl()
    app.close()
    again = endpoint(cloud(), None)
    again.replay(read(path))
    again.cloud.engine.run_until(first.engine.now_ms)
    assert again.cloud.journal.to_jsonl() == journal
    assert inprocess.control(again).get("/_lab/scaling", {"minutes": 60}) == told
    again.close()
