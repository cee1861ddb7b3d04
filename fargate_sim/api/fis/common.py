"""What the operations share: errors, pages, tags, client tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fargate_sim.api.tokens import position_of, token_of
from fargate_sim.model.experiments import Experiment, Template
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

Params = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

MAX_TAGS = 50
_PAGE = 100


def invalid(message: str) -> AwsError:
    """A ``ValidationException``."""
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    """A ``ResourceNotFoundException``."""
    return AwsError("ResourceNotFoundException", message, status=404)


def exceeded(message: str) -> AwsError:
    """A ``ServiceQuotaExceededException``."""
    return AwsError("ServiceQuotaExceededException", message, status=402)


def not_modelled(what: str) -> AwsError:
    """Our own answer, never AWS's: the request is valid there, but the offline cloud has no such thing."""
    return AwsError(
        "NotImplementedException", f"The offline cloud of fargate-lab does not model {what}.", status=501
    )


def find_template(world: World, template_id: str) -> Template:
    """A template by its id."""
    template = world.experiments.templates.get(template_id)
    if template is None:
        raise not_found(f"Experiment template with ID {template_id} not found.")  # [A] as for actions
    return template


def find_experiment(world: World, experiment_id: str) -> Experiment:
    """An experiment by its id."""
    experiment = world.experiments.experiments.get(experiment_id)
    if experiment is None:
        raise not_found(f"Experiment with ID {experiment_id} not found.")  # [A] as for actions
    return experiment


def page(items: Sequence[T], params: Params, *, key: str) -> tuple[list[T], dict[str, str]]:
    """One page of a list and, when there is more, ``{"nextToken": ...}``. ``key`` binds the token to its operation."""
    try:
        start = position_of(params.get("nextToken"), key)
    except ValueError as error:
        raise invalid("Invalid pagination token.") from error  # [A] wording assumed
    size = params.get("maxResults") or _PAGE
    found = list(items[start : start + size])
    return found, ({"nextToken": token_of(key, start + size)} if start + size < len(items) else {})


def read_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Tags of a request. [A] the wordings"""
    found = dict(tags or {})
    if len(found) > MAX_TAGS:
        raise invalid(f"A resource can have at most {MAX_TAGS} tags.")
    for key in found:
        if not key or key.lower().startswith("aws:"):
            raise invalid("Tag keys must not be empty and must not start with 'aws:'.")
    return found


class Tokens:
    """Client tokens of one operation: what each was used with, and what came of it."""

    def __init__(self, used: dict[str, tuple[str, str]], operation: str) -> None:
        self._used = used
        self._operation = operation

    def former(self, params: Params) -> str | None:
        """What the same request has made before; ConflictException when the token was used with another one."""
        used = self._used.get(self._key(params))
        if used is None:
            return None
        fingerprint, made = used
        if fingerprint != _fingerprint(params):
            # [A] wording assumed
            message = "The client token was used with a different request."
            raise AwsError("ConflictException", message, status=409)
        return made

    def keep(self, params: Params, made: str) -> None:
        """Remember what a request has made."""
        self._used[self._key(params)] = (_fingerprint(params), made)

    def _key(self, params: Params) -> str:
        return f"{self._operation} {params['clientToken']}"


def _fingerprint(params: Params) -> str:
    return json.dumps(params, sort_keys=True)
