"""CloudFormation templates as far as tests need them: their functions resolved, and resources of Amazon ECS as its API takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

PSEUDO = {
    "AWS::StackName": "fargate-lab",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
}
_NAMES = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
}
"""Where CloudFormation and the API differ by more than the first letter."""
_MAPS = ("Options",)
"""Whose keys are the user's own."""


class Stack:
    """A template with the values of its parameters. What a resource is referred to by, and what other stacks export, is taken from
    ``known``: "Logs", "Task.Arn", "fargate-lab-Cluster". KeyError when something is missing there.
    """

    def __init__(self, path: Path, parameters: Mapping[str, str], known: Mapping[str, str]) -> None:
        self.template: dict[str, Any] = cfn_yaml.load(str(path))
        defaults = {
            name: str(each["Default"])
            for name, each in self.template["Parameters"].items()
            if "Default" in each
        }
        self.values = {**PSEUDO, **defaults, **parameters, **known}
        """What names in the template stand for."""

    def resource(self, name: str) -> Any:
        """The properties of a resource."""
        return self.resolved(self.template["Resources"][name]["Properties"])

    def outputs(self) -> dict[str, str]:
        """What it exports, by name."""
        return {
            str(self.resolved(each["Export"]["Name"])): str(self.resolved(each["Value"]))
            for each in self.template["Outputs"].values()
            if "Export" in each
        }

    def resolved(self, value: Any) -> Any:
        """A part of the template without functions."""
        if isinstance(value, list):
            return [self.resolved(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self.values[argument]
            if name == "Fn::GetAtt":
                return self.values[argument if isinstance(argument, str) else ".".join(argument)]
            if name == "Fn::ImportValue":
                return self.values[self.resolved(argument)]
            if name == "Fn::Sub":
                text, own = argument if isinstance(argument, list) else (argument, {})
                values = {**self.values, **{key: self.resolved(each) for key, each in own.items()}}
                return re.sub(r"\$\{([^}]+)\}", lambda found: str(values[found.group(1)]), text)
        return {name: self.resolved(each) for name, each in value.items()}


def for_api(value: Any) -> Any:
    """Properties of a resource as the API of Amazon ECS takes them: names begin with a small letter."""
    if isinstance(value, list):
        return [for_api(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        _NAMES.get(name, name[:1].lower() + name[1:]): each if name in _MAPS else for_api(each)
        for name, each in value.items()
    }
