"""What the operations share: finding targets, paging, errors.

Exact texts [R] (public logs of Terraform and CDK runs, recordings in the test-suites of other emulators): "ECS service doesn't exist",
"No scalable target registered", "No scalable target found", "No scaling policy found", "Unsupported service namespace ...". The texts that
carry [A] are formed after them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from fargate_sim.api.ecs.common import not_modelled
from fargate_sim.api.tokens import position_of, token_of
from fargate_sim.model import service as s
from fargate_sim.model.scaling import ScalableTarget
from fargate_sim.model.service import Service
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError

Params = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"
IDENTITY = {"ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION}


def invalid(message: str) -> AwsError:
    """A ``ValidationException``."""
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    """An ``ObjectNotFoundException``."""
    return AwsError("ObjectNotFoundException", message)


def check_namespace(params: Params) -> None:
    """Only ECS services scale here."""
    namespace = params["ServiceNamespace"]
    if namespace != NAMESPACE:
        raise not_modelled(f"the service namespace {namespace} of Application Auto Scaling", "Use ecs.")


def check_resource(params: Params) -> str:
    """The resource id of a request that must name one: ``service/<cluster>/<service>``."""
    check_namespace(params)
    resource_id: str = params["ResourceId"]
    parts = resource_id.split("/")
    if params["ScalableDimension"] != DIMENSION or len(parts) != 3 or parts[0] != "service" or not all(parts):
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    return resource_id


def find_service(world: World, resource_id: str) -> Service:
    """The ACTIVE service that a resource id names. That a service on its way out counts as missing is [A]."""
    _, cluster, name = resource_id.split("/")
    service = world.services.get((cluster, name))
    if service is None or service.status != s.ACTIVE:
        raise invalid(f"ECS service doesn't exist: {resource_id}")
    return service


def identified(resource_id: str) -> str:
    """A target in an error's words."""
    return f"service namespace: {NAMESPACE}, resource ID: {resource_id}, scalable dimension: {DIMENSION}"


def find_target(world: World, params: Params, *, registered: bool = True) -> ScalableTarget:
    """The scalable target of a request. ``registered``: whether AWS says "registered" or "found" when there is none."""
    resource_id = check_resource(params)
    target = world.scaling.targets.get(resource_id)
    if target is None:
        how = "registered" if registered else "found"
        raise not_found(f"No scalable target {how} for {identified(resource_id)}")
    return target


def find_part(
    world: World, params: Params, parts: Callable[[ScalableTarget], Mapping[str, T]], *, kind: str, name: str
) -> tuple[ScalableTarget, T]:
    """What a request names of a scalable target's ``parts``, a policy or a scheduled action. Without the target, AWS says that there
    is no such part.
    """
    missing = f"No {kind} found for {identified(params['ResourceId'])}, {kind.removeprefix('scaling ')} name: {name}"
    try:
        target = find_target(world, params)
    except AwsError as error:
        raise not_found(missing) if error.code == "ObjectNotFoundException" else error from None
    if name not in parts(target):
        raise not_found(missing)
    return target, parts(target)[name]


def narrowed(world: World, params: Params) -> list[ScalableTarget]:
    """The scalable targets that a describing request is about."""
    check_namespace(params)
    resource_id, dimension = params.get("ResourceId"), params.get("ScalableDimension")
    if dimension is not None and resource_id is None and not params.get("ResourceIds"):
        # [A] wording; the rule is the API model's.
        raise invalid("If you specify a scalable dimension, you must also specify a resource ID.")
    targets = world.scaling.targets.values()
    return [
        target
        for target in targets
        if dimension in (None, DIMENSION) and resource_id in (None, target.resource_id)
    ]


def page(items: Sequence[T], params: Params, *, key: str, limit: int) -> tuple[list[T], dict[str, str]]:
    """One page of a list and, when there is more, ``{"NextToken": ...}``. ``key`` binds the token to its operation."""
    try:
        start = position_of(params.get("NextToken"), key)
    except ValueError as error:
        raise AwsError("InvalidNextTokenException", "The next token supplied was invalid.") from error
    size = params.get("MaxResults")
    size = limit if size is None else size
    if not 1 <= size <= limit:
        raise invalid(f"MaxResults must be between 1 and {limit}.")  # [A] wording assumed
    found = list(items[start : start + size])
    if start + size >= len(items):
        return found, {}
    return found, {"NextToken": token_of(key, start + size)}


def present(**members: Any) -> Answer:
    """Without what is None."""
    return {key: value for key, value in members.items() if value is not None}
