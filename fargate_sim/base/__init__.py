"""The base environment that every world starts with: one CloudFormation template, fit for a real account, and
the exports of its outputs.

An output's name in capitals with underscores is the shell variable: ``PublicSubnetA`` is exported as
``PUBLIC_SUBNET_A``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from urllib.parse import urlencode
from xml.etree import ElementTree

from fargate_sim.wire.render import Answer

STACK_NAME = "fargate-lab-base"

Send = Callable[[dict[str, str], bytes], Answer]
"""Sends a Query request: environ entries and the form body."""


class BaseEnvironmentError(Exception):
    """The template could not be created."""


def template() -> str:
    """The CloudFormation template."""
    return resources.files(__package__).joinpath("template.yaml").read_text(encoding="utf-8")


def variable_name(output: str) -> str:
    """The shell variable of an output."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def create(send: Send, region: str) -> dict[str, str]:
    """Create the stack through the CloudFormation API and return its exports by shell variable."""
    capabilities = {"Capabilities.member.1": "CAPABILITY_IAM"}
    tags = {"Tags.member.1.Key": "project", "Tags.member.1.Value": "fargate-lab"}
    _query(
        send,
        region,
        {
            "Action": "CreateStack",
            "StackName": STACK_NAME,
            "TemplateBody": template(),
            **capabilities,
            **tags,
        },
    )
    document = _query(send, region, {"Action": "DescribeStacks", "StackName": STACK_NAME})
    found: dict[str, str] = {}
    for member in document.iterfind(".//{*}Outputs/{*}member"):
        name, value = member.findtext("{*}OutputKey"), member.findtext("{*}OutputValue")
        if name and value:
            found[variable_name(name)] = value
    if not found:
        raise BaseEnvironmentError("the base environment's stack has no outputs")
    return found


def _query(send: Send, region: str, form: dict[str, str]) -> ElementTree.Element:
    scope = f"AKIA/20260101/{region}/cloudformation/aws4_request"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8",
        "HTTP_HOST": f"cloudformation.{region}.amazonaws.com",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    answer = send(environ, urlencode({"Version": "2010-05-15", **form}).encode())
    if answer.status != 200:
        raise BaseEnvironmentError(
            f"{form['Action']} of the base environment failed: {answer.body.decode(errors='replace')}"
        )
    # The document comes from our own process.
    return ElementTree.fromstring(answer.body)  # noqa: S314
