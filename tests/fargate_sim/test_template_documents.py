"""Templates from people who mean ill: what reading one must never do, in whatever operation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from support.shards import Class

from fargate_sim.ports.documents import read

QUEUE = "Resources: {Q: {Type: 'AWS::SQS::Queue'"
ALIASES = "Template error: YAML aliases are not allowed in CloudFormation templates"


Read = Callable[[Any, str], Any]
READERS: dict[str, Read] = {
    "create": lambda aws, text: aws.create_stack(StackName="s", TemplateBody=text),
    "update": lambda aws, text: aws.update_stack(StackName="there", TemplateBody=text),
    "change": lambda aws, text: aws.create_change_set(
        StackName="there", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=text
    ),
    "validate": lambda aws, text: aws.validate_template(TemplateBody=text),
    "summary": lambda aws, text: aws.get_template_summary(TemplateBody=text),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_template_runs_no_program(
    room: Class, tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    aws = room.client("01", "cloudformation")
    aws.create_stack(StackName="there", TemplateBody=f"{QUEUE}}}}}")
    mark = tmp_path / "it-ran"
    for tag in ("apply:os.system", "apply:subprocess.check_output", "new:os.popen", "object/apply:os.mkdir"):
        for text in (
            f"{QUEUE}, Metadata: !!python/object/{tag} ['touch {mark}']}}}}",
            f"Description: !!python/{tag} ['{mark}']\n{QUEUE}}}}}",
        ):
            with pytest.raises(ClientError, match="Template format error: YAML not well-formed") as refused:
                READERS[reader](aws, text)
            assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert not mark.exists()
    assert not (tmp_path / "file.tmp").exists()  # where moto lints templates


@pytest.mark.parametrize("reader", READERS)
def test_a_template_does_not_grow(room: Class, reader: str) -> None:
    aws = room.client("01", "cloudformation")
    aws.create_stack(StackName="there", TemplateBody=f"{QUEUE}}}}}")
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 10)]
    for text in ("\n".join([*lines, f"{QUEUE}, Metadata: *a9}}}}"]), f"a: &a [*a]\n{QUEUE}}}}}"):
        with pytest.raises(ClientError, match=ALIASES):
            READERS[reader](aws, text)


def test_what_is_no_template_is_refused_in_words(room: Class) -> None:
    aws = room.client("01", "cloudformation")
    for text in ("Resources: {", "a: b: c", "[" * 5000, "\x00", '{"Resources": '):
        with pytest.raises(ClientError, match="Template format error: YAML not well-formed"):
            aws.create_stack(StackName="s", TemplateBody=text)


def test_short_forms_and_tabs_are_understood(room: Class) -> None:
    aws = room.client("01", "cloudformation")
    text = f"""
{QUEUE}, Properties: {{QueueName: !Join ['-', [a, b]]}}}}}}
Outputs:
  Address: {{Value: !Ref Q}}
  Name: {{Value: !GetAtt Q.QueueName}}
  Sub: {{Value: !Sub 'in ${{AWS::Region}}'}}
"""
    aws.create_stack(StackName="s", TemplateBody=text)
    told = aws.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    values = {each["OutputKey"]: each["OutputValue"] for each in told}
    assert values["Address"].endswith("/a-b")
    assert (values["Name"], values["Sub"]) == ("a-b", "in us-east-1")
    tabbed = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}, indent="\t")
    aws.create_stack(StackName="t", TemplateBody=tabbed)
    assert aws.validate_template(TemplateBody=tabbed)["Parameters"] == []


def test_no_other_reader_of_yaml_takes_the_tags_of_templates(room: Class) -> None:
    room.client("01", "cloudformation").create_stack(StackName="s", TemplateBody=f"{QUEUE}}}}}")
    for loader in (yaml.Loader, yaml.FullLoader, yaml.UnsafeLoader):
        assert "" not in loader.yaml_multi_constructors


def test_what_was_read_belongs_to_who_asked() -> None:
    text = f"{QUEUE}, Properties: {{Tags: [{{Key: a, Value: b}}]}}}}}}"
    first, second = read(text), read(text)
    first["Resources"]["Q"]["Properties"]["Tags"].clear()
    assert second["Resources"]["Q"]["Properties"]["Tags"] == [{"Key": "a", "Value": "b"}]
    assert read(text) == second
