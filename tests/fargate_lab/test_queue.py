"""`fargate-lab queue`: what it asks of the world, and how it tells the report."""

from __future__ import annotations

import json

import pytest

from fargate_lab import own_commands
from labs.endpoint_cloud import EndpointCloud


def ask(cloud: EndpointCloud, words: str) -> tuple[int, str, str]:
    ran = own_commands.run(["fargate-lab", "queue", *words.split()], cloud.control)
    return ran.code, ran.stdout, ran.stderr


def test_orders_are_sent_worked_on_and_reported(cloud: EndpointCloud) -> None:
    assert "No queue has been used yet" in ask(cloud, "")[1]
    sqs, ecs, env = cloud.client("sqs"), cloud.client("ecs"), cloud.env
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
    code, out, err = ask(cloud, f"start --queue {url} --rps 1 --pattern ramp --to-rps 2 --after 90s --for 1m")
    assert (code, out) == (0, "1 to 2 orders a second (ramp) to orders.\n")
    assert "fargate-lab queue" in err
    ecs.create_cluster(clusterName="demo")
    container = {"name": "charger", "image": "public.ecr.aws/fargate-lab/charger:1.0"}
    ecs.register_task_definition(
        family="charger",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container | {"environment": [{"name": "QUEUE_URL", "value": url}]}],
    )
    network = {"awsvpcConfiguration": {"subnets": [env["SUBNET_A"]]}}
    ecs.run_task(
        cluster="demo", taskDefinition="charger", count=2, launchType="FARGATE", networkConfiguration=network
    )
    cloud.clock.advance(240_000)
    code, out, _ = ask(cloud, "report")
    assert code == 0
    for words in (
        "1 to 2 orders a second (ramp), for 4 min",
        "of these again",
        "Charged again, by cause",
        "what to turn: VisibilityTimeout",
        "2 workers with",
        "By minute",
        "The latest: order 1-",
    ):
        assert words in out
    assert json.loads(ask(cloud, "report --json --queue orders")[1])["queues"][0]["running"]
    assert "stopped after" in ask(cloud, "stop")[1]
    report = cloud.queue.report("orders")
    assert report is not None
    assert not report["running"]
    assert cloud.queue.report("nothing") is None


def test_the_rate_that_a_spike_goes_to_is_told_when_nobody_gave_it(cloud: EndpointCloud) -> None:
    cloud.client("sqs").create_queue(QueueName="orders")
    out = ask(cloud, "start --queue orders --rps 0.4 --pattern spike")[1]
    assert out == "0.4 to 0.8 orders a second (spike) to orders.\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("start --queue orders", "needs --rps"),
        ("start --rps 5", "needs --queue"),
        ("stop --rps 5", "--rps goes with"),
        ("report --for 5s", "--for goes with"),
        ("start --queue orders --rps 5 --after soon", "is not a duration"),
        ("start --queue orders --rps 5", "there is no queue orders"),
        ("stop", "no orders are coming"),
    ],
)
def test_wrong_words(cloud: EndpointCloud, words: str, text: str) -> None:
    code, _, err = ask(cloud, words)
    assert code in (2, 3)
    assert text in err
