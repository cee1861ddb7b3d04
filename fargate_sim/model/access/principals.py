"""The Principal element, and who calls.

Source: IAM user guide, reference_policies_elements_principal and reference_policies_elements_notprincipal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fargate_sim.model.access.facts import account_of

_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


class Reach(IntEnum):
    """How closely a policy of a resource names the caller: what it allows then differs."""

    NOBODY = 0
    ACCOUNT = 1
    """The account: its own identity-based policies must allow, too."""
    ROLE = 2
    """The role's ARN: a permissions boundary still limits."""
    DIRECT = 3
    """The user, the session, the service or everybody: nothing else is asked."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: a role's session, a user, or a service (``arn`` empty then)."""

    arn: str = ""
    session: str = ""
    """``arn:aws:sts::<account>:assumed-role/<role>/<session>``, where it is known."""
    service: str = ""

    @property
    def account(self) -> str:
        """The caller's account."""
        return account_of(self.arn)


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal element, or (``excluding``) a NotPrincipal element."""

    aws: frozenset[str]
    services: frozenset[str]
    everybody: bool
    excluding: bool

    def reach(self, caller: Caller) -> Reach:
        """How the element reaches the caller."""
        if self.excluding:
            return Reach.NOBODY if self._spares(caller) else Reach.DIRECT
        if self.everybody or caller.service in self.services:
            return Reach.DIRECT
        if caller.service:
            return Reach.NOBODY
        if caller.session in self.aws or (caller.arn in self.aws and ":role/" not in caller.arn):
            return Reach.DIRECT
        if caller.arn in self.aws:
            return Reach.ROLE
        return Reach.ACCOUNT if self._names_account(caller) else Reach.NOBODY

    def _names_account(self, caller: Caller) -> bool:
        return not self.aws.isdisjoint((caller.account, _root(caller)))

    def _spares(self, caller: Caller) -> bool:
        """NotPrincipal must name the account, the role and the session; the session counts where it is known."""
        if self.everybody:
            return True
        if caller.service:
            return caller.service in self.services
        named = caller.arn in self.aws and (not caller.session or caller.session in self.aws)
        return named and self._names_account(caller)


def _root(caller: Caller) -> str:
    partition = caller.arn.split(":", 2)[1] if caller.arn else "aws"
    return f"arn:{partition}:iam::{caller.account}:root"


def principals(element: Any, *, excluding: bool) -> Principals:
    """Read a Principal or NotPrincipal element. ValueError when it is not well-formed."""
    if element == "*":
        return Principals(frozenset(), frozenset(), everybody=True, excluding=excluding)
    if not isinstance(element, dict) or not element or not element.keys() <= _KINDS:
        raise ValueError('Principal must be "*" or an object of AWS, Service, Federated or CanonicalUser')
    named: dict[str, frozenset[str]] = {}
    for kind, value in element.items():
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each for each in listed):
            raise ValueError(f"the {kind} of a Principal must be a string or a list of strings")
        named[kind] = frozenset(listed)
    aws = named.get("AWS", frozenset())
    return Principals(aws, named.get("Service", frozenset()), everybody="*" in aws, excluding=excluding)
