"""A release under load, told by the stock `aws` command and by what the screen is drawn from: the same story."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from support.serving import Served

from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

MINUTE_MS = 60_000
SIGTERM_LINE = "shop: SIGTERM received, drain started"
DRAINED_LINE = "shop: drained, bye"


def test_aws_tells_the_story_that_the_screen_shows(serve: Callable[..., Served]) -> None:
    served = serve("--seed", "7")
    cloud = EndpointCloud(served.exports["AWS_ENDPOINT_URL"])
    cloud.control.post("/_lab/clock", {"action": "pause"})
    LabRunner(find("p01-deregistration-delay"), cloud).start()
    start_ms = cloud.traffic.report()["started_ms"]
    said = served.shell("aws ecs update-service --cluster p01 --service orders --force-new-deployment")
    assert said.code == 0, said.err
    the_targets_are_in_the_same_states(served, cloud)
    cloud.clock.settle(60 * MINUTE_MS)
    cloud.clock.advance(MINUTE_MS)
    cloud.traffic.stop()
    cloud.clock.advance(5 * MINUTE_MS)  # metrics are published a while after their minute
    report = cloud.traffic.report()
    assert report["failed"] > 0
    the_metrics_count_the_same_requests(served, cloud, report, start_ms)
    the_log_has_the_same_moments(served, report)


def ask(served: Served, command: str) -> Any:
    said = served.shell(command)
    assert said.code == 0, said.err
    return json.loads(said.out)


def the_targets_are_in_the_same_states(served: Served, cloud: EndpointCloud) -> None:
    """In the middle of the release, with a task that drains."""
    for _ in range(100):
        cloud.clock.advance(2_000)
        shown = {
            task["ip"]: task["target"]["state"]
            for task in cloud.control.get("/_lab/snapshot")["tasks"]
            if task["target"] and task["target"]["state"] != "unused"
        }
        if "draining" in shown.values():
            break
    told = ask(
        served,
        "aws elbv2 describe-target-health --target-group-arn "
        "$(aws elbv2 describe-target-groups --names orders --query 'TargetGroups[0].TargetGroupArn' --output text) "
        "--query 'TargetHealthDescriptions[].[Target.Id,TargetHealth.State]'",
    )
    assert dict(told) == shown
    assert {"draining", "healthy"} <= set(shown.values())


def the_metrics_count_the_same_requests(
    served: Served, cloud: EndpointCloud, report: dict[str, Any], start_ms: int
) -> None:
    group = report["target_group"].rpartition(":")[2]
    balancer = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    dimensions = [
        {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": group},
    ]
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": name, "Dimensions": dimensions},
                "Period": 60,
                "Stat": statistic,
            },
        }
        for number, (name, statistic) in enumerate(
            [
                ("RequestCount", "Sum"),
                ("HTTPCode_ELB_502_Count", "Sum"),
                ("HTTPCode_Target_2XX_Count", "Sum"),
                ("TargetResponseTime", "p99"),
                ("HealthyHostCount", "Maximum"),
            ]
        )
    ]
    # ELB's 502s are counted by load balancer, not by target group. Source: ELB user guide, load-balancer-cloudwatch-metrics.
    queries[1]["MetricStat"]["Metric"]["Dimensions"] = dimensions[:1]  # type: ignore[index]
    until = moment(cloud.clock.now_ms)
    said = ask(
        served,
        f"aws cloudwatch get-metric-data --start-time {moment(start_ms - start_ms % MINUTE_MS)} --end-time {until} "
        f"--metric-data-queries '{json.dumps(queries)}' --query 'MetricDataResults[].Values'",
    )
    requests, bad, good, p99, hosts = said
    assert sum(requests) == report["sent"]
    assert sum(bad) == sum(error["count"] for error in report["errors"] if error["status"] == 502) > 0
    assert sum(good) == report["ok"]
    assert max(p99) * 1000 >= report["latency"]["p99_ms"] * 0.95
    assert max(hosts) == 4


def the_log_has_the_same_moments(served: Served, report: dict[str, Any]) -> None:
    said = ask(
        served,
        "aws logs filter-log-events --log-group-name $LOG_GROUP --log-stream-name-prefix orders/ "
        "--query 'events[].[logStreamName,timestamp,message]'",
    )
    ends = {end["task"]: end for end in report["shutdowns"]}
    assert len(ends) == 2
    told = {(stream.rpartition("/")[2], message): at_ms for stream, at_ms, message in said}
    for task, end in ends.items():
        assert told[task, SIGTERM_LINE] == end["signal_ms"]
        assert told[task, DRAINED_LINE] == end["exited_ms"]
    living = {task for task, message in told if message == "shop: listening on :8080"} - ends.keys()
    assert not any((task, SIGTERM_LINE) in told for task in living)


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
