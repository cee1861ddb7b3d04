"""What probes see, in a world that is well and in one that is not."""

from __future__ import annotations

import pytest

from chaos.errors import FaultError
from chaos.toolkit import injection, probes
from chaos.toolkit.surroundings import Surroundings
from labs.endpoint_cloud import EndpointCloud
from labs.staging import Stage, build

TARGET = {"cluster": "c", "service": "s"}
MINUTE_MS = 60_000


def test_a_service_that_is_well(around: Surroundings, shop: EndpointCloud) -> None:
    shop.traffic.start({"rps": 2})
    shop.clock.advance(10 * MINUTE_MS)
    assert probes.running_count(**TARGET) == 2
    assert probes.missing_tasks(**TARGET) == 0
    assert probes.deployment_rollout_state(**TARGET) == "COMPLETED"
    assert probes.service_steady(**TARGET) is True
    assert probes.task_definition(**TARGET) == "s:1"
    assert probes.healthy_targets(**TARGET) == 2
    assert probes.missing_targets(**TARGET) == 0
    assert probes.success_ratio(**TARGET, at_least=300) == 1.0
    assert probes.server_errors(**TARGET) == 0
    p99 = probes.response_time(**TARGET)
    assert 0 < probes.response_time(**TARGET, percentile="p50") < p99 < 1


def test_a_release_that_is_stuck(around: Surroundings, shop: EndpointCloud) -> None:
    injection.inject(around, "bad_image", TARGET)
    shop.clock.advance(5 * MINUTE_MS)
    assert probes.deployment_rollout_state(**TARGET) == "IN_PROGRESS"
    assert probes.service_steady(**TARGET) is False
    assert probes.task_definition(**TARGET) == "s:2"
    assert probes.missing_tasks(**TARGET) == 0


def test_clients_that_are_not_answered_are_counted_as_the_load_counts_them(
    around: Surroundings, shop: EndpointCloud
) -> None:
    shop.traffic.start({"rps": 5})
    shop.clock.advance(2 * MINUTE_MS)
    shop.client("ecs").update_service(**TARGET, desiredCount=0)
    shop.clock.advance(6 * MINUTE_MS)
    assert probes.running_count(**TARGET) == probes.missing_tasks(**TARGET) == 0
    assert probes.healthy_targets(**TARGET) == 0
    assert probes.success_ratio(**TARGET, minutes=3) == 0.0
    shop.traffic.stop()
    shop.clock.advance(3 * MINUTE_MS)
    report = shop.traffic.report()
    lost = sum(each["count"] for each in report["errors"] if each["status"] >= 500)
    assert lost > 1000
    assert probes.server_errors(**TARGET, minutes=30) == lost
    assert probes.success_ratio(**TARGET, minutes=30) == round(1 - lost / report["sent"], 6)


def test_nobody_asked(around: Surroundings) -> None:
    assert probes.success_ratio(**TARGET) == 1.0
    assert probes.response_time(**TARGET) == 0.0
    with pytest.raises(FaultError, match="has 0 requests of the last 5 minutes, fewer than 1"):
        probes.success_ratio(**TARGET, at_least=1)


def test_alarms_and_queues(around: Surroundings, shop: EndpointCloud) -> None:
    shop.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_ELB_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    sqs = shop.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert (probes.queue_depth("orders"), probes.queue_oldest_age(url)) == (0, 0.0)
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    shop.clock.advance(5 * MINUTE_MS)
    assert probes.alarm_state("errors") == "OK"
    assert probes.queue_depth("orders") == probes.queue_depth(url) == 3
    assert 120 <= probes.queue_oldest_age("orders") <= 300


def test_what_is_not_there_is_a_sentence(around: Surroundings, shop: EndpointCloud) -> None:
    build(shop, Stage("test", "plain", "p", 1))
    for asked, says in (
        (lambda: probes.alarm_state("nope"), "There is no alarm 'nope'"),
        (lambda: probes.queue_depth("nope"), "There is no queue 'nope'"),
        (lambda: probes.running_count("c", "nope"), "no active service 'nope'"),
        (lambda: probes.healthy_targets("plain", "p"), "'p' stands behind no load balancer"),
        (lambda: probes.success_ratio("plain", "p"), "'p' stands behind no load balancer"),
        (lambda: probes.success_ratio("c", "s", minutes=0), "0 minutes cannot be looked at"),
        (lambda: probes.server_errors("c", "s", minutes=1441), "1441 minutes cannot be looked at"),
    ):
        with pytest.raises(FaultError) as caught:
            asked()
        assert says in str(caught.value)
    elb = shop.client("elbv2")
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    with pytest.raises(FaultError, match="No listener sends anything to the target group of 's'"):
        probes.success_ratio("c", "s")
