"""IAM's policy simulation, which moto does not have: moto parses the requests and writes the answers."""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fargate_sim.api.simulation import OPERATIONS, Entity
from fargate_sim.model.access import Policy
from fargate_sim.ports.access import boundary_of, policies_of
from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED


def mend_iam() -> None:
    """Give moto's IAM the operations that simulate policies."""
    from moto.iam.responses import IamResponse

    for name, operation in OPERATIONS.items():
        setattr(IamResponse, name, _answering(operation))


def _answering(operation: Callable[..., dict[str, Any]]) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult
    from moto.iam.exceptions import IAMException

    def respond(self: Any) -> Any:
        iam = self.backend
        try:
            content = operation(
                self._get_params(), lambda kind, name: _entity(iam, kind, name), self.current_account
            )
        except AwsError as error:
            if error.status == NOT_MODELLED:
                raise NotModelledError(error.code, part=error.message) from error
            raise IAMException(error.code, error.message) from error
        return ActionResult(content)

    return respond


def _entity(iam: Any, kind: str, name: str) -> Entity | None:
    kept = {"user": iam.users, "group": iam.groups}.get(kind)
    if kept is None:  # roles are kept by their ids
        found = next((each for each in iam.roles.values() if each.name == name), None)
        boundary = None if found is None else boundary_of(iam, found)
    else:
        found, boundary = kept.get(name), None
    if found is None:
        return None
    groups = iam.get_groups_for_user(name) if kind == "user" else []
    policies = [*_named(kind, found), *(each for group in groups for each in _named("group", group))]
    return Entity(tuple(policies), boundary)


def _named(kind: str, found: Any) -> Iterator[Policy]:
    """The policies of an entity under the ids that AWS gives them [R]: ``role_web_inline``, a managed policy's own name."""
    for policy in policies_of(found):
        inline = policy.name in found.policies
        yield Policy(f"{kind}_{found.name}_{policy.name}", policy.document) if inline else policy
