"""Roles, users and groups, and the policies of resources, as moto keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fargate_sim.model.access import Policy, RoleFacts

if TYPE_CHECKING:
    from fargate_sim.ports.gateway import MotoSide


def role(side: MotoSide, arn: str) -> RoleFacts | None:
    """The role of an ARN, or None when there is none."""
    with side.moto():
        iam = side.backend("iam", "aws")
        found = next((each for each in iam.roles.values() if each.arn == arn), None)
        return None if found is None else role_facts(iam, found)


def role_facts(iam: Any, found: Any) -> RoleFacts:
    """A role of moto's."""
    return RoleFacts(
        arn=found.arn,
        name=found.name,
        policies=policies_of(found),
        boundary=boundary_of(iam, found),
        trust=_text(found.assume_role_policy_document) or "",
        role_id=found.id,
    )


def boundary_of(iam: Any, found: Any) -> Policy | None:
    """The permissions boundary of a role of moto's."""
    policy = iam.managed_policies.get(found.permissions_boundary_arn or "")
    return None if policy is None else _managed(policy)


def policies_of(entity: Any) -> tuple[Policy, ...]:
    """The policies of a role, a user or a group: inline ones, then managed ones in their default version."""
    inline = [Policy(name, _text(document) or "") for name, document in entity.policies.items()]
    return (*inline, *map(_managed, entity.managed_policies.values()))


def _managed(policy: Any) -> Policy:
    default = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return Policy(policy.name, _text(default.document) or "")


def _text(document: Any) -> str | None:
    """A document as text. moto keeps some as bytes, and those of a CloudFormation template as they stand there."""
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) or document is None else json.dumps(document)


def resource_policy(side: MotoSide, arn: str) -> str | None:
    """The policy of a secret, a key, a queue, a topic, a bucket (also by an object's ARN) or a repository of
    this account; None when it has none.
    """
    _, _, service, region, owner, rest = [*arn.split(":", 5), "", "", "", "", ""][:6]
    read = _READERS.get(service)
    if read is None or owner not in ("", side.account):
        return None
    with side.moto():
        try:
            backend = side.backend(service, region or "aws")
        except KeyError:  # no such region
            return None
        return _text(read(backend, arn, rest)) or None


def _of_secret(backend: Any, arn: str, _rest: str) -> Any:
    secret = backend.secrets.get(arn)
    return None if secret is None else secret.policy


def _of_key(backend: Any, _arn: str, rest: str) -> Any:
    # Not through moto's own look-up, which makes the keys of AWS's services when they are asked for.
    aliased = (each for each in backend.keys.values() if rest in each.aliases)
    key = backend.keys.get(rest.removeprefix("key/")) or next(aliased, None)
    return None if key is None else key.policy


def _of_queue(backend: Any, _arn: str, rest: str) -> Any:
    queue = backend.queues.get(rest)
    return None if queue is None else queue.policy


def _of_topic(backend: Any, arn: str, _rest: str) -> Any:
    topic = backend.topics.get(arn)
    return None if topic is None else topic.policy


def _of_bucket(backend: Any, _arn: str, rest: str) -> Any:
    bucket = backend.buckets.get(rest.partition("/")[0])
    return None if bucket is None else bucket.policy


def _of_repository(backend: Any, _arn: str, rest: str) -> Any:
    repository = backend.repositories.get(rest.removeprefix("repository/"))
    return None if repository is None else repository.policy


_READERS: Mapping[str, Callable[[Any, str, str], Any]] = {
    "secretsmanager": _of_secret,
    "kms": _of_key,
    "sqs": _of_queue,
    "sns": _of_topic,
    "s3": _of_bucket,
    "ecr": _of_repository,
}
