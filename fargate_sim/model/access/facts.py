"""What a decision is made from, and what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["allowed", "explicitDeny", "implicitDeny"]
"""As IAM's simulation spells it (``PolicyEvaluationDecisionType``)."""
ContextValue = str | tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy. ``document`` is the JSON text as it is stored."""

    name: str
    document: str


@dataclass(frozen=True)
class RoleFacts:
    """A role with everything that says what it may do. ``trust`` is the JSON text of its trust policy."""

    arn: str
    name: str
    policies: tuple[Policy, ...]
    boundary: Policy | None
    trust: str
    role_id: str = ""
    """Its unique id, ``AROA...``."""

    @property
    def account(self) -> str:
        """The account that the role is in."""
        return account_of(self.arn)


@dataclass(frozen=True)
class Request:
    """A call: the action (``secretsmanager:GetSecretValue``), the ARN of the resource or ``*``, and condition keys."""

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Matched:
    """A statement that decided. ``statement`` is its Sid, or else its position in the policy, from 1."""

    policy: str
    statement: str
    effect: str
    index: int = 0
    """Its place among the statements, from 0."""


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed. ``because`` is the clause that AWS ends its message with, empty when it is allowed."""

    allowed: bool
    verdict: Verdict
    because: str
    matched: tuple[Matched, ...]


def account_of(arn: str) -> str:
    """The account that an ARN names; empty when it names none, as the ARN of a bucket."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[0] == "arn" else ""
