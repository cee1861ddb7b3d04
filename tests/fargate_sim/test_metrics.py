"""CloudWatch over the wire: our metrics and the account's own in one answer, as boto3 and the `aws` command read them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim import inprocess
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.pacer import Pacer
from fargate_sim.recording import Recorder, read

from .conftest import Offline

START = datetime.datetime(2026, 1, 1, 9, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
SERVICE = [{"Name": "ClusterName", "Value": "demo"}, {"Name": "ServiceName", "Value": "web"}]
DAY = {"StartTime": START, "EndTime": START + datetime.timedelta(days=1)}


def query(
    query_id: str,
    name: str,
    stat: str,
    dimensions: Any,
    *,
    namespace: str = "AWS/ApplicationELB",
    period: int = 60,
    **more: Any,
) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def advance(offline: Any, seconds: int) -> None:
    offline.control.post("/_lab/clock", {"action": "advance", "ms": seconds * 1000})


@pytest.fixture
def idle(offline: Any) -> Any:
    """The service ``web`` of two tasks, ten minutes old."""
    offline.start_service()
    advance(offline, 600)
    return offline


@pytest.fixture
def loaded(offline: Any) -> tuple[Any, Any, list[dict[str, str]], dict[str, Any]]:
    """The service behind a load balancer, after five minutes of load: cloud, client, its dimensions, the report."""
    return under_load(offline)


def under_load(offline: Any) -> tuple[Any, Any, list[dict[str, str]], dict[str, Any]]:
    balancer, arn = offline.start_balanced_service()
    advance(offline, 180)
    offline.control.post("/_lab/traffic", {"action": "start", "target_group": arn, "rps": 20})
    advance(offline, 300)
    offline.control.post("/_lab/traffic", {"action": "stop"})
    advance(offline, 180)
    dimensions = [
        {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": arn.rpartition(":")[2]},
    ]
    report = offline.control.get("/_lab/traffic")
    return offline, offline.client("cloudwatch"), dimensions, report


def test_the_load_balancers_story_is_the_reports(loaded: Any) -> None:
    _, cloudwatch, both, report = loaded
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            query("requests", "RequestCount", "Sum", both[:1]),
            query("five", "RequestCount", "Sum", both, period=300),
            query("ok", "HTTPCode_Target_2XX_Count", "Sum", both),
            query("p99", "TargetResponseTime", "p99", both),
            query("errors", "HTTPCode_ELB_5XX_Count", "Sum", both[:1]),
            query("hosts", "HealthyHostCount", "Minimum", both),
        ],
        ScanBy="TimestampAscending",
        **DAY,
    )
    found = {each["Id"]: each for each in answer["MetricDataResults"]}
    assert sum(found["requests"]["Values"]) == sum(found["five"]["Values"]) == report["sent"]
    assert sum(found["ok"]["Values"]) == report["ok"] == report["sent"]
    assert len(found["five"]["Values"]) < len(found["requests"]["Values"]) <= 6
    assert all(0.002 < value < 1 for value in found["p99"]["Values"])
    assert found["errors"]["Values"] == []
    assert found["errors"]["StatusCode"] == "Complete"
    assert found["hosts"]["Values"][-1] == 2
    assert found["requests"]["Label"] == "RequestCount"
    assert found["requests"]["Timestamps"] == sorted(found["requests"]["Timestamps"])
    assert {moment.second for moment in found["requests"]["Timestamps"]} == {0}


def test_statistics_have_percentiles_beside_plain_ones(loaded: Any) -> None:
    _, cloudwatch, both, report = loaded
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Dimensions=both,
        Period=3600,
        Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p50", "p99.9"],
        **DAY,
    )
    [point] = answer["Datapoints"]
    assert point["SampleCount"] == report["sent"]
    assert point["Unit"] == "Seconds"
    assert point["ExtendedStatistics"]["p50"] == pytest.approx(report["latency"]["p50_ms"] / 1000)
    assert point["ExtendedStatistics"]["p50"] < point["ExtendedStatistics"]["p99.9"]


def test_a_listener_that_goes_takes_the_metrics_to_come_with_it(loaded: Any) -> None:
    offline, cloudwatch, both, report = loaded
    elb = offline.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    elb.delete_listener(ListenerArn=listener)
    gone = offline.control.get("/_lab/clock")["now_ms"]
    advance(offline, 600)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            query("hosts", "HealthyHostCount", "Maximum", both),
            query("requests", "RequestCount", "Sum", both),
        ],
        **DAY,
    )
    hosts, requests = answer["MetricDataResults"]
    assert max(hosts["Timestamps"]).timestamp() * 1000 < gone
    assert sum(requests["Values"]) == report["sent"]


def test_a_resumed_world_has_the_same_metrics(make_offline: Any, tmp_path: Path) -> None:
    offline = make_offline(93)
    offline.app.recorder = Recorder.open_new(tmp_path / "state.jsonl", header_of(offline.cloud, "1"))
    _, cloudwatch, both, _ = under_load(offline)
    own = {"MetricName": "Orders", "Value": 3.0}
    cloudwatch.put_metric_data(Namespace="Lab/Shop", MetricData=[own])
    ask = [
        query("requests", "RequestCount", "Sum", both),
        query("p95", "TargetResponseTime", "p95", both),
        query("cpu", "CPUUtilization", "Average", SERVICE, namespace="AWS/ECS"),
        query("orders", "Orders", "Sum", [], namespace="Lab/Shop"),
    ]
    told = cloudwatch.get_metric_data(MetricDataQueries=ask, **DAY)["MetricDataResults"]
    assert all(each["Values"] for each in told)
    listed = cloudwatch.list_metrics()["Metrics"]
    offline.app.recorder = None
    offline.app.close()
    recording = read(tmp_path / "state.jsonl")
    header = recording.header
    cloud = Cloud(header.seed, start_ms=header.start_ms, account=header.account, label=header.label)
    again = Endpoint(cloud, Pacer(cloud.engine, lambda: cloud.settled, paused=True))
    try:
        again.replay(recording)
        revived = Offline(again, inprocess.control(again)).client("cloudwatch")
        assert revived.get_metric_data(MetricDataQueries=ask, **DAY)["MetricDataResults"] == told
        assert revived.list_metrics()["Metrics"] == listed
    finally:
        again.close()


def test_own_metrics_and_ours_in_one_answer_page_by_page(idle: Any) -> None:
    cloudwatch = idle.client("cloudwatch")
    own = [{"Name": "Shop", "Value": "web"}, {"Name": "Stage", "Value": "lab"}]
    for minute, value in enumerate((1.0, 2.0, 4.0)):
        stamp = START + minute * MINUTE + datetime.timedelta(seconds=17)
        data = {
            "MetricName": "Orders",
            "Dimensions": own,
            "Value": value,
            "Unit": "Count",
            "Timestamp": stamp,
        }
        cloudwatch.put_metric_data(Namespace="Lab/Shop", MetricData=[data])
    ask = [
        query("cpu", "CPUUtilization", "SampleCount", SERVICE, namespace="AWS/ECS"),
        query("orders", "Orders", "Sum", own, namespace="Lab/Shop"),
        query("p90", "Orders", "p90", own, namespace="Lab/Shop", period=300),
        query("half", "Orders", "Sum", own[:1], namespace="Lab/Shop"),
        query("hidden", "Orders", "Sum", own, namespace="Lab/Shop", ReturnData=False),
        {"Id": "share", "Expression": "100 * orders / (hidden + 2)^2", "Label": "made up"},
        {"Id": "filled", "Expression": "FILL(-orders, 0)"},
    ]
    whole = cloudwatch.get_metric_data(MetricDataQueries=ask, **DAY)["MetricDataResults"]
    found = {each["Id"]: each for each in whole}
    assert set(found) == {"cpu", "orders", "p90", "half", "share", "filled"}
    assert set(found["cpu"]["Values"]) == {2.0}
    assert found["orders"]["Values"] == [4.0, 2.0, 1.0], "the newest first, unless told otherwise"
    assert found["orders"]["Timestamps"][-1] == START
    assert found["p90"]["Values"] == [4.0]
    assert found["half"]["Values"] == [], "a metric is all its dimensions"
    assert found["share"]["Values"] == pytest.approx([400 / 36, 200 / 16, 100 / 9])
    assert (found["share"]["Label"], found["filled"]["Label"]) == ("made up", "filled")
    assert found["filled"]["Values"] == [0, 0, 0, 0, 0, -4, -2, -1]
    paged: dict[str, list[float]] = {}
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=ask, MaxDatapoints=4, **DAY)
    )
    for page in pages:
        assert sum(len(each["Values"]) for each in page["MetricDataResults"]) <= 4
        for each in page["MetricDataResults"]:
            paged.setdefault(each["Id"], []).extend(each["Values"])
    assert len(pages) > 2
    assert paged == {name: each["Values"] for name, each in found.items()}


def test_the_start_is_rounded_down_and_the_end_excluded(idle: Any) -> None:
    cloudwatch = idle.client("cloudwatch")
    start = START + 4 * MINUTE
    ask = [query("cpu", "CPUUtilization", "Average", SERVICE, namespace="AWS/ECS")]
    window = {"StartTime": start + datetime.timedelta(seconds=42), "EndTime": start + 2 * MINUTE}
    found = cloudwatch.get_metric_data(MetricDataQueries=ask, **window)["MetricDataResults"][0]
    assert found["Timestamps"] == [start + MINUTE, start]
    none = query("cpu", "CPUUtilization", "Average", SERVICE, namespace="AWS/ECS")
    none["MetricStat"]["Unit"] = "Count"
    assert cloudwatch.get_metric_data(MetricDataQueries=[none], **DAY)["MetricDataResults"][0]["Values"] == []
    assert (
        cloudwatch.get_metric_data(MetricDataQueries=ask, **DAY)["MetricDataResults"][0]["Timestamps"][0]
        == START + 7 * MINUTE
    ), "minute 8 is over, but not published yet"


def test_metrics_are_listed_and_filtered(idle: Any) -> None:
    cloudwatch = idle.client("cloudwatch")
    for value in (1.0, 2.0):
        data = {"MetricName": "Orders", "Dimensions": SERVICE, "Value": value}
        cloudwatch.put_metric_data(Namespace="Lab/Shop", MetricData=[data])
    listed = cloudwatch.list_metrics()["Metrics"]
    assert sorted((each["Namespace"], each["MetricName"]) for each in listed) == [
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
        ("Lab/Shop", "Orders"),
    ]
    one = cloudwatch.list_metrics(Namespace="AWS/ECS", MetricName="MemoryUtilization", Dimensions=SERVICE[:1])
    assert [each["Dimensions"] for each in one["Metrics"]] == [SERVICE]
    assert cloudwatch.list_metrics(Dimensions=[{"Name": "ClusterName", "Value": "other"}])["Metrics"] == []
    advance(idle, 4 * 3600)
    recent = cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"]
    assert {each["Namespace"] for each in recent} == {"AWS/ECS"}


def expressions(**by_id: str) -> dict[str, Any]:
    return {"MetricDataQueries": [{"Id": name, "Expression": text} for name, text in by_id.items()]}


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"EndTime": START}, "ValidationError", "must not equal"),
        ({"EndTime": START - MINUTE}, "ValidationError", "must be greater"),
        ({"NextToken": "nonsense"}, "InvalidParameterValue", "NextToken"),
        ({"MetricDataQueries": [{"Id": "x"}]}, "ValidationError", "MetricStat is required"),
        (
            {"MetricDataQueries": [query("x", "A", "Sum", [], period=90)]},
            "InvalidParameterValue",
            "multiple of 60",
        ),
        ({"MetricDataQueries": [query("x", "A", "Some", [])]}, "InvalidParameterValue", "Some"),
        (
            {"MetricDataQueries": [query("x", "A", "tm99", [])]},
            "NotImplementedException",
            "GetMetricData with the statistic tm99",
        ),
        (expressions(x="SUM([y])"), "NotImplementedException", "GetMetricData with the expression SUM([y])"),
        (expressions(x="__import__('os')"), "NotImplementedException", "expression"),
        (expressions(x="1 / 0"), "NotImplementedException", "expression"),
        (expressions(x="-" * 1500 + "x"), "NotImplementedException", "expression"),
        (expressions(x="1 +"), "NotImplementedException", "expression"),
        (expressions(x="y + 1"), "ValidationError", "y is not the id of a query"),
        (expressions(x="y + 1", y="x"), "ValidationError", "refers to itself"),
        ({"MetricDataQueries": [query("x", "A", "Sum", [])] * 2}, "ValidationError", "unique"),
    ],
)
def test_what_cannot_be_answered(offline: Any, changes: dict[str, Any], code: str, text: str) -> None:
    params = {"MetricDataQueries": [query("x", "A", "Sum", [])], **DAY, **changes}
    with pytest.raises(ClientError, match=code) as caught:
        offline.client("cloudwatch").get_metric_data(**params)
    assert text in str(caught.value)


def test_too_many_statistics_are_refused_in_aws_words(offline: Any) -> None:
    ask = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Period": 60}
    cloudwatch = offline.client("cloudwatch")
    with pytest.raises(ClientError, match="InvalidParameterCombination") as caught:
        cloudwatch.get_metric_statistics(
            **ask, StartTime=START, EndTime=START + 2880 * MINUTE, Statistics=["Sum"]
        )
    assert "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440." in str(caught.value)
    with pytest.raises(ClientError, match="Must specify either Statistics or ExtendedStatistics"):
        cloudwatch.get_metric_statistics(**ask, **DAY)
