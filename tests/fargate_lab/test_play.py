"""A performance tells what it does, and fails when a step does."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fargate_lab.attempt import Attempt
from fargate_lab.awscli_runner import AwsRunner, Ran
from fargate_lab.errors import SurroundingsError
from fargate_lab.inprocess import world_factory
from fargate_lab.play import Performance
from fargate_lab.progress import PassingProgress
from labs import loader
from labs.catalogue import Lab
from labs.endpoint_cloud import EndpointCloud

CORE = loader.find("core-lab")


class Pretended:
    """An `aws` that does what a function says."""

    def __init__(self, *answers: Ran) -> None:
        self.answers = list(answers)
        self.asked: list[list[str]] = []

    def run(self, words: list[str]) -> Ran:
        self.asked.append(words)
        return self.answers.pop(0) if self.answers else Ran(0, "", "")


@pytest.fixture(scope="module")
def worlds() -> Iterator[object]:
    with world_factory(5) as new_cloud:
        yield new_cloud


@pytest.fixture
def cloud(worlds: object) -> EndpointCloud:
    assert callable(worlds)
    made = worlds()
    assert isinstance(made, EndpointCloud)
    return made


def performance(lab: Lab, cloud: EndpointCloud, aws: Pretended) -> Performance:
    attempt = Attempt(lab, cloud, PassingProgress())
    attempt.begin()
    return Performance(attempt, aws, cloud.env)


def with_commands(*commands: str) -> Lab:
    """The core lab's first step alone, done with these commands."""
    return dataclasses.replace(CORE, steps=(dataclasses.replace(CORE.steps[0], commands=commands),))


def test_a_command_that_fails_ends_it(cloud: EndpointCloud) -> None:
    aws = Pretended(Ran(254, "", "An error occurred (AccessDenied)\n"))
    events = list(performance(CORE, cloud, aws).perform())
    assert [event.kind for event in events] == ["say", "command", "output", "failed"]
    assert "exit code 254" in events[-1].text
    assert "AccessDenied" in events[-2].text


def test_a_step_that_does_not_pass_ends_it_with_the_evidence(cloud: EndpointCloud) -> None:
    events = list(performance(CORE, cloud, Pretended()).perform())
    assert events[-1].kind == "failed"
    assert "no cluster" in events[-1].text
    assert "done" not in [event.kind for event in events]


def test_variables_go_from_command_to_command(cloud: EndpointCloud) -> None:
    aws = Pretended(Ran(0, "arn:1\n", ""))
    lab = with_commands(
        "TASK=$(aws ecs list-tasks --output text)", "aws ecs stop-task --task $TASK --subnet $SUBNET_A"
    )
    events = list(performance(lab, cloud, aws).perform())
    assert aws.asked[1] == ["aws", "ecs", "stop-task", "--task", "arn:1", "--subnet", cloud.env["SUBNET_A"]]
    assert "TASK=arn:1" in [event.text.strip() for event in events if event.kind == "output"]


def test_a_substitution_that_fails_ends_it(cloud: EndpointCloud) -> None:
    lab = with_commands("TASK=$(aws ecs list-tasks)", "aws ecs stop-task --task $TASK")
    events = list(performance(lab, cloud, Pretended(Ran(255, "", "no\n"))).perform())
    assert events[-1].kind == "failed"
    assert "exit code 255" in events[-1].text


REFUSAL = Ran(254, "", "An error occurred (InvalidParameterException) when calling the X operation: no\n")


@pytest.mark.parametrize(
    ("ran", "refused"), [(REFUSAL, True), (Ran(0, "{}\n", ""), False), (Ran(252, "", "usage: aws\n"), False)]
)
def test_a_command_that_aws_must_refuse(cloud: EndpointCloud, ran: Ran, refused: bool) -> None:
    aws = Pretended(ran)
    events = list(performance(with_commands("! aws ecs delete-cluster --cluster x"), cloud, aws).perform())
    assert aws.asked[0] == ["aws", "ecs", "delete-cluster", "--cluster", "x"]
    complaints = [event for event in events if "should have refused" in event.text]
    assert bool(complaints) is not refused


def test_long_output_is_shortened(cloud: EndpointCloud) -> None:
    aws = Pretended(Ran(0, "line\n" * 1000, ""))
    output = next(event for event in performance(CORE, cloud, aws).perform() if event.kind == "output")
    assert len(output.text.splitlines()) < 50
    assert "more lines" in output.text


def test_the_kept_aws_command_is_the_stock_one(tmp_path: Path) -> None:
    runner = AwsRunner(tmp_path)
    runner.use({**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_DEFAULT_REGION": "us-east-1"})
    try:
        assert runner.run(["aws", "--version"]).stdout.startswith("aws-cli/")
        wrong = runner.run(["aws", "ecs", "no-such-thing"])
        assert wrong.code != 0
        assert "Invalid choice" in wrong.stderr
        skeleton = runner.run(["aws", "ecs", "list-tasks", "--generate-cli-skeleton"])
        assert '"cluster": ""' in skeleton.stdout
    finally:
        runner.close()
    runner.close()
    with pytest.raises(SurroundingsError, match="it was stopped"):
        runner.run(["aws", "--version"])


def test_without_our_own_aws_the_one_on_the_path_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "aws"
    script.write_text('#!/bin/sh\n[ "$1" = --version ] && echo aws-cli/2.9.19 && exit\necho "$@"; exit 3\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("fargate_lab.awscli_runner.importlib.util.find_spec", lambda _name: None)
    runner = AwsRunner(tmp_path)
    runner.use({**os.environ, "AWS_ENDPOINT_URL": "http://x"})
    assert runner.run(["aws", "ecs", "a b"]) == Ran(3, "--endpoint-url http://x ecs a b\n", "")
    runner.close()
    script.unlink()
    with pytest.raises(SurroundingsError, match="no aws command"):
        AwsRunner(tmp_path)


def test_traffic_goes_to_the_lab_s_own_world_and_the_world_s_refusal_ends_it(cloud: EndpointCloud) -> None:
    aws = Pretended()
    events = list(performance(with_commands("fargate-lab traffic start --rps 20"), cloud, aws).perform())
    assert [event.kind for event in events] == ["say", "command", "output", "failed"]
    assert events[2].text.startswith("fargate-lab: ")
    assert "no service has a target group" in events[2].text
    assert events[3].text == "The command ended with exit code 3."
    assert aws.asked == []


def test_capacity_goes_to_the_lab_s_own_world_too(cloud: EndpointCloud) -> None:
    lab = with_commands("fargate-lab capacity shortage")
    events = list(performance(lab, cloud, Pretended()).perform())
    assert "No FARGATE_SPOT capacity in any zone for new tasks" in events[2].text
    assert cloud.control.get("/_lab/capacity")["shortages"][0]["provider"] == "FARGATE_SPOT"


def test_the_report_of_the_traffic_can_be_kept_in_a_variable(cloud: EndpointCloud) -> None:
    aws = Pretended()
    lab = with_commands("LOAD=$(fargate-lab traffic report)", "aws ecs list-clusters --query $LOAD")
    list(performance(lab, cloud, aws).perform())
    assert aws.asked[0][:5] == ["aws", "ecs", "list-clusters", "--query", "No"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fargate-lab traffic start", "needs --rps"),
        ("fargate-lab traffic start --rsp 5", "unrecognized arguments: --rsp"),
        ("fargate-lab reset core-lab", "cannot be performed as a part of a lab"),
        ("fargate-lab traffic --help", "cannot be performed as a part of a lab"),
        ("fargate-lab traffic --endpoint http://127.0.0.1:1", "Leave out --endpoint"),
    ],
)
def test_what_cannot_be_sent_is_said_with_the_exit_code_of_the_shell(
    cloud: EndpointCloud, command: str, words: str
) -> None:
    events = list(performance(with_commands(command), cloud, Pretended()).perform())
    assert words in events[2].text.replace("Unrec", "unrec")
    assert events[3].text == "The command ended with exit code 2."
