"""Policies and roles for tests."""

from __future__ import annotations

import json
from typing import Any

from fargate_sim.model.access import Policy, RoleFacts

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/web/0123456789abcdef"
TASKS = "ecs-tasks.amazonaws.com"


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """The JSON text of a policy."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def statement(
    effect: str = "Allow", action: Any = "*", resource: Any = "*", **elements: Any
) -> dict[str, Any]:
    """A statement of an identity-based policy."""
    return {"Effect": effect, "Action": action, "Resource": resource, **elements}


def trusting(*services: str, **elements: Any) -> str:
    """A trust policy."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": list(services)},
            "Action": "sts:AssumeRole",
            **elements,
        }
    )


def role(*policies: str, boundary: str | None = None, trust: str = "", arn: str = ROLE) -> RoleFacts:
    """A role with these policies, ``p1`` and so on."""
    return RoleFacts(
        arn=arn,
        name=arn.rpartition("/")[2],
        policies=tuple(Policy(f"p{number}", text) for number, text in enumerate(policies, 1)),
        boundary=None if boundary is None else Policy("boundary", boundary),
        trust=trust or trusting(TASKS),
    )
