"""Tab completes what `aws` takes, what is in the world, variables and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_lab.completion import Completer

NAMES = {"cluster": ["core-lab", "other"], "service": ["web"], "task": ["abc"]}


@pytest.fixture
def completer(tmp_path: Path) -> Completer:
    (tmp_path / "task.json").touch()
    (tmp_path / "tasks").mkdir()
    (tmp_path / ".hidden").touch()
    return Completer(lambda: ["SUBNET_A", "SUBNET_B", "SG"], lambda: NAMES, lambda: tmp_path)


CASES = [
    ("^a", "aws"),
    ("aws ^ec", "ecs"),
    ("aws ecs ^describe-serv", "describe-services"),
    ("aws ecs ^wai", "wait"),
    ("aws ecs wait ^services-st", "services-stable"),
    ("aws ecs wait services-stable ^--clu", "--cluster"),
    ("aws ecs create-service --launch-type ^F", "FARGATE"),
    ("aws ecs describe-services --cluster ^c", "core-lab"),
    ("aws ecs describe-services --cluster core-lab --services ^w", "web"),
    ("TASK=$(aws ecs describe-tasks ^--clus", "--cluster"),
    ("aws ecs list-tasks --output ^ta", "table"),
    ("aws ecs update-service ^--no-force", "--no-force-new-deployment"),
    ("aws ecs x --sub ^$SUBNET_A", "$SUBNET_A"),
    ('aws ecs x --network "a={subnets=[^$SUBNET_', "$SUBNET_B"),
    ("echo ^${S", "${SUBNET_A}"),
    ("aws ecs register-task-definition --cli-input-json ^file://task.", "file://task.json"),
    ("cat ^task", "tasks/"),
    ("aws s3 ^l", "ls"),
    ("^fargate", "fargate-lab"),
    ("fargate-lab ^traf", "traffic"),
    ("fargate-lab traffic ^sta", "start"),
    ("fargate-lab capacity ^int", "interrupt"),
    ("fargate-lab capacity shortage --provider ^FARGATE_", "FARGATE_SPOT"),
    ("fargate-lab traffic start ^--rp", "--rps"),
    ("fargate-lab traffic start --rps 5 --pattern ^sp", "spike"),
    ("aws logs ^ta", "tag-log-group"),
]


@pytest.mark.parametrize(("marked", "wanted"), CASES)
def test_what_could_come(completer: Completer, marked: str, wanted: str) -> None:
    """The caret marks where the completed word begins; the cursor is at the end."""
    line = marked.replace("^", "")
    completion = completer.complete(line, len(line))
    assert completion.start == marked.index("^")
    assert wanted in completion.candidates


def test_only_what_stands_before_the_cursor_counts(completer: Completer) -> None:
    completion = completer.complete("aws ec describe-services", 6)
    assert completion.start == 4
    assert "ecs" in completion.candidates


def test_required_options_come_first_and_given_ones_not_again(completer: Completer) -> None:
    line = "aws ecs describe-tasks --cluster core-lab --"
    candidates = completer.complete(line, len(line)).candidates
    assert candidates[0] == "--tasks"
    assert "--cluster" not in candidates


def test_the_labs_services_come_first(completer: Completer) -> None:
    assert completer.complete("aws e", 5).candidates[:2] == ("ecs", "ec2")


@pytest.mark.parametrize(
    "line",
    ["", " ", "aws nosuch th", "aws ecs no-such-operation x", "'", '"', "$(", "aws ecs wait nothing x"],
)
def test_nothing_known_is_no_trouble(completer: Completer, line: str) -> None:
    completion = completer.complete(line, len(line))
    assert 0 <= completion.start <= len(line)


def test_hidden_files_are_shown_when_asked_for(completer: Completer) -> None:
    assert completer.complete("cat ", 4).candidates == ("task.json", "tasks/")
    assert completer.complete("cat .h", 6).candidates == (".hidden",)
