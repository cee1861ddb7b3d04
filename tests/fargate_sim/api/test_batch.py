"""Tasks that end by themselves, as DescribeTasks and their logs tell it."""

from __future__ import annotations

from typing import Any

from support.ecs import LOGS, NETWORK, Ecs

IMAGE = "public.ecr.aws/fargate-lab/nightly-report:3.1"


def run_report(command: list[str], seconds: int, *, stop: bool = False) -> tuple[Any, list[str]]:
    """The task after a while, and what it wrote."""
    ecs = Ecs()
    ecs.register(image=IMAGE, container={"command": ["--ledger", "main"], "logConfiguration": LOGS})
    override = {"containerOverrides": [{"name": "web", "command": command}]}
    arn = ecs.call(
        "RunTask",
        cluster="lab",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        overrides=override,
    )["tasks"][0]["taskArn"]
    ecs.seconds(seconds)
    if stop:
        ecs.call("StopTask", cluster="lab", task=arn)
        ecs.seconds(60)
    task = ecs.call("DescribeTasks", cluster="lab", tasks=[arn])["tasks"][0]
    return task, [line.message for line in ecs.world.logs.undelivered]


def test_a_report_is_written_and_the_task_ends_with_0() -> None:
    task, lines = run_report(["--ledger", "main"], 900)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert task["containers"][0]["exitCode"] == 0
    assert lines == ["report: reading the ledger", "report: written"]


def test_an_override_stands_for_the_whole_command() -> None:
    task, lines = run_report(["--format", "csv"], 180)
    assert task["containers"][0]["exitCode"] == 2
    assert lines == ["report: error: the following arguments are required: --ledger"]


def test_a_report_that_is_stopped_halfway_is_not_written() -> None:
    task, lines = run_report(["--ledger", "main"], 120, stop=True)
    assert task["stopCode"] == "UserInitiated"
    assert lines == ["report: reading the ledger"]
