"""Which `aws` lines a seat may run."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from fargate_lab import completion
from fargate_lab.classroom import vetting
from fargate_lab.classroom.vetting import vet
from fargate_lab.commandline import expand
from fargate_lab.errors import UsageError
from fargate_sim import gate
from labs import loader


class AnyName(dict[str, str]):
    """Variables: every name has a value."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"value-of-{name}"


def refused(line: str) -> str:
    with pytest.raises(UsageError) as caught:
        vet(shlex.split(line))
    return str(caught.value)


@pytest.mark.parametrize("lab", loader.load_all(), ids=lambda lab: lab.id)
def test_every_command_of_every_lab_passes(lab: Any) -> None:
    def check(words: list[str]) -> str:
        if words[0] == "aws":
            vet(words[1:])
        return "value"

    for step in lab.steps:
        for command in step.commands:
            simple = expand(command.removeprefix("! "), AnyName(), check)
            if simple.words:
                check(list(simple.words))


def test_services_are_those_that_a_world_lives_through_again() -> None:
    assert vetting.SERVICES - {"s3api"} == gate.TEAM_SERVICES


@pytest.mark.parametrize(
    "line",
    [
        "--version",
        "ecs list-clusters",
        "--output text ecs list-clusters",
        "--output=text --no-paginate ecs --query clusterArns list-clusters --max-items 3",
        "ecs wait services-stable --cluster c --services a b",
        "ecs create-service --service-name x --disable-execute-command",
        "ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 80 --cidr 10.0.0.0/8",
        "sqs send-message --queue-url http://127.0.0.1:8081/1/q --message-body hello",
        "cloudformation create-stack --stack-name s --template-body '{\"Resources\": {}}'",
        "ecs register-task-definition --cli-input-json '{}'",
        "ecs register-task-definition --generate-cli-skeleton",
        "sns subscribe --topic-arn a --protocol http --notification-endpoint http://example.com",
        "s3 ls",
        "s3 mb s3://bucket",
        "s3 cp s3://a/b s3://c/d --recursive",
        "s3 rm s3://a --recursive --exclude x",
        "s3api put-object --bucket b --key k",
        "logs filter-log-events --log-group-name g --filter-pattern -error",
        "sts get-caller-identity",
    ],
)
def test_what_talks_to_the_world_passes(line: str) -> None:
    vet(shlex.split(line))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "not complete"),
        ("ecs", "an operation of ecs"),
        ("help", "Tab shows"),
        ("ecs help", "Tab shows"),
        ("configure set region x", "nothing is to be configured"),
        ("history list", "arrow keys"),
        ("lambda invoke out", "not among the services"),
        ("eks update-kubeconfig", "not among the services"),
        ("ec list-clusters", "Did you mean ecs?"),
        ("ecs list-cluster", "Did you mean list-clusters?"),
        ("ecs list-tasks there", "takes no 'there' here"),
        ("ecs list-tasks --clustr c", "Did you mean --cluster?"),
        # The CLI itself would take an abbreviation.
        ("ecs list-tasks --clus c", "no option --clus"),
        ("ecs list-tasks --prof x", "no option --prof"),
        ("--prof x ecs list-tasks", "no option --prof"),
        ("ecs list-tasks --endpoint http://10.0.0.1", "no option --endpoint"),
        ("ecs list-tasks --profile other", "its own world"),
        ("--profile=other ecs list-tasks", "its own world"),
        ("ecs list-tasks --endpoint-url http://10.0.0.1", "its own world"),
        ("ecs list-tasks --endpoint-url=http://10.0.0.1", "its own world"),
        ("ecs list-tasks --no-sign-request", "its own world"),
        ("ecs list-tasks --ca-bundle /etc/passwd", "its own world"),
        ("ecs list-tasks --no-verify-ssl", "its own world"),
        ("--debug ecs list-tasks", "shell of your own"),
        ("ecs list-tasks --cli-auto-prompt", "shell of your own"),
        ("ecs list-tasks --no-cli-pager", "no pager"),
        ("ecs list-tasks -- --profile x", "no option --"),
        ("ecs list-tasks --query --profile x --output text", "needs a value"),
        ("ecs list-tasks --output", "needs a value"),
        ("s3 rm s3://a --exclude --profile=x", "needs a value"),
        ("ecs register-task-definition --cli-input-json file://x.json", "no files"),
        ("ecs register-task-definition --cli-input-yaml x", "no files"),
        ("ecs register-task-definition --container-definitions file:///etc/passwd", "no files"),
        ("ecs register-task-definition --container-definitions FILE:///etc/passwd", "no files"),
        ("ecs register-task-definition --container-definitions=file:///etc/passwd", "no files"),
        ("ecs create-cluster --tags key@=file:///etc/passwd,value=x", "no files"),
        ("ecs create-cluster --tags key@=/etc/passwd,value=x", "no files"),
        ("kms encrypt --plaintext fileb:///etc/shadow --key-id k", "no files"),
        ("ecs create-cluster --cluster-name http://169.254.169.254/latest", "would fetch"),
        ("ecs create-cluster --cluster-name=https://example.com", "would fetch"),
        ("ecs execute-command --cluster c --task t --interactive --command sh", "runs no programs"),
        ("ssm start-session --target x", "runs no programs"),
        ("ecs deploy --service s", "register-task-definition"),
        ("cloudformation deploy --template-file t", "create-stack"),
        ("cloudformation package --template-file t", "create-stack"),
        ("ec2 get-password-data --instance-id i --priv-launch-key /etc/passwd", "no files"),
        ("iam create-virtual-mfa-device --outfile /tmp/x --bootstrap-method QRCodePNG", "no files"),
        ("ecr get-login", "runs no programs"),
        ("s3api get-object --bucket b --key k /tmp/x", "no files"),
        ("s3api put-object --bucket b --key k --body /etc/passwd", "no option --body"),
        ("s3 cp /etc/passwd s3://b/k", "Only s3://"),
        ("s3 cp s3://b/k .", "Only s3://"),
        ("s3 cp s3://b/k -", "Only s3://"),
        ("s3 sync . s3://b", "no files"),
        ("s3 website s3://b", "no files"),
        ("s3 cp s3://a/b s3://c/d --endpoint-url http://x", "its own world"),
        ("ecs wait services-stabel", "Did you mean services-stable?"),
        ("ecs wait services-stable --service x", "no option --service"),
        ("logs start-live-tail --log-group-identifiers x", "filter-log-events"),
    ],
)
def test_what_does_not_is_refused_and_says_what_to_do(line: str, why: str) -> None:
    assert why in refused(line)


def test_no_operation_is_left_whose_input_or_output_is_a_stream() -> None:
    """For those the CLI reads or writes files: they are closed, or the option is."""
    known = set(vetting._CLOSED_COMMANDS)
    for service in sorted(vetting.SERVICES - {"s3"}):
        model = completion._loader().load_service_model(completion._model_name(service), "service-2")
        shapes = model["shapes"]
        for name, operation in model["operations"].items():
            for way in ("input", "output"):
                shape = shapes[operation[way]["shape"]] if way in operation else {}
                payload = shape.get("payload")
                if payload is None:
                    continue
                member = shape["members"][payload]
                target = shapes[member["shape"]]
                if member.get("streaming") or target.get("streaming") or target.get("eventstream"):
                    from botocore import xform_name  # noqa: PLC0415

                    option = f"--{xform_name(payload, '-')}"
                    closed = (service, xform_name(name, "-")) in known
                    assert closed or (way == "input" and option in vetting._PATHS), (service, name, payload)
