"""The services that are ours. To answer another one, write its operations below ``api`` and add a row."""

from __future__ import annotations

from collections.abc import Mapping

from fargate_sim.api import ecs
from fargate_sim.front import Environ, Front, Operation
from fargate_sim.json_front import JsonFront
from fargate_sim.rest_front import RestFront
from fargate_sim.wire.json11 import ECS_MANNERS, Manners


def _autoscaling() -> Mapping[str, Operation]:
    from fargate_sim.api import autoscaling  # noqa: PLC0415 - ECS's first answer does not wait for it

    return autoscaling.OPERATIONS


def _cloudtrail() -> Mapping[str, Operation]:
    from fargate_sim.api import cloudtrail  # noqa: PLC0415 - ECS's first answer does not wait for it

    return cloudtrail.OPERATIONS


def _fis() -> Mapping[str, Operation]:
    from fargate_sim.api import fis  # noqa: PLC0415 - ECS's first answer does not wait for it

    return fis.OPERATIONS


ECS = JsonFront(
    "ecs",
    target="AmazonEC2ContainerServiceV20141113",
    manners=ECS_MANNERS,
    load=lambda: ecs.OPERATIONS,
)
SCALING = JsonFront(
    "application-autoscaling",
    target="AnyScaleFrontendService",
    manners=Manners(
        # [A] The package is not in any public record that was found.
        java_package="com.amazonaws.anyscale.frontend.model",
        code="ValidationException",
        plain_names=False,
    ),
    load=_autoscaling,
)
CLOUDTRAIL = JsonFront(
    "cloudtrail",
    target="com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    manners=Manners(
        # [A] The package is not in any public record that was found; the code is AWS's common one.
        java_package="com.amazonaws.cloudtrail.v20131101",
        code="ValidationException",
        plain_names=False,
        unchecked=frozenset({"MaxResults", "EventCategory", "LookupAttributeKey"}),
    ),
    load=_cloudtrail,
    partial=True,
)
FIS = RestFront(
    "fis",
    manners=Manners(
        # [A] The package is not in any public record that was found; the code is the one of FIS's own model.
        java_package="com.amazonaws.fis.model",
        code="ValidationException",
        plain_names=False,
    ),
    load=_fis,
)
FRONTS: Mapping[str, Front] = {front.service: front for front in (ECS, SCALING, CLOUDTRAIL, FIS)}


def front_of(environ: Environ) -> Front | None:
    """The service of ours that a request is for."""
    return next((front for front in FRONTS.values() if front.is_meant(environ)), None)
