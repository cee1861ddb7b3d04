"""What CloudWatch's operations share: dimensions, tokens of pages, and the answer to what is not modelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fargate_sim.api import tokens
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED

_KEY = "from"


def not_modelled(what: str) -> AwsError:
    """A part of an operation that AWS has and we have not."""
    return AwsError("NotImplementedException", what, status=NOT_MODELLED)


def dimensions_of(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The dimensions of a metric, in the order of their names."""
    return tuple(sorted((each["Name"], each["Value"]) for each in params.get("Dimensions") or ()))


def check_named(metric: Mapping[str, Any], path: str) -> None:
    """AwsError for a metric without namespace or name, which the API model allows. [A] wording assumed"""
    for name in ("Namespace", "MetricName"):
        if not metric.get(name):
            raise AwsError("ValidationError", f"The parameter {path}.{name} is required.\n")


def token_of(offset: int) -> str:
    """The token of the page that begins at an item."""
    return tokens.token_of(_KEY, offset)


def offset_of(token: str | None) -> int:
    """The item that a page begins at; AwsError when the token is none of ours."""
    try:
        return tokens.position_of(token, _KEY)
    except ValueError as error:
        raise AwsError("InvalidParameterValue", "Request parameter NextToken is invalid") from error
