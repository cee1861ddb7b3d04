"""Whether things of other services exist, by their ARN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from fargate_sim.ports.gateway import MotoSide


def exists(side: MotoSide, region: str, arn: str) -> bool:
    """Whether there is such a bucket or object, table, queue, topic, secret or parameter in this account; True for other kinds.

    Only inside ``moto()``.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or (look := _LOOKS.get(parts[2])) is None:
        return True
    # S3 is one for all regions, and moto keeps it under the partition's name.
    where = "aws" if parts[2] == "s3" else parts[3] or region
    try:
        backend = side.backend(parts[2], where)
    except KeyError:  # no such region
        return False
    return parts[4] in ("", side.account) and look(backend, parts[5], arn)


def _s3(backend: Any, name: str, _arn: str) -> bool:
    bucket, _, key = name.partition("/")
    found = backend.buckets.get(bucket)
    if found is None or not key:
        return found is not None
    # moto keeps the keys as they stand in URLs.
    return found.keys.get(key) is not None or found.keys.get(quote(key)) is not None


def _dynamodb(backend: Any, name: str, _arn: str) -> bool:
    return name.removeprefix("table/").partition("/")[0] in backend.tables


def _sqs(backend: Any, name: str, _arn: str) -> bool:
    return name in backend.queues


def _sns(backend: Any, _name: str, arn: str) -> bool:
    return arn in backend.topics


def _secret(backend: Any, _name: str, arn: str) -> bool:
    return any(arn == found.arn for found in backend.secrets.values())


def _ssm(backend: Any, name: str, _arn: str) -> bool:
    path = name.removeprefix("parameter")
    return backend.get_parameter(path) is not None or backend.get_parameter(path[1:]) is not None


_LOOKS: dict[str, Callable[[Any, str, str], bool]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "sns": _sns,
    "secretsmanager": _secret,
    "ssm": _ssm,
}
