"""A JSON service of ours between the wire and the model: parse, carry out, serialise, and keep the history.

``FRONTS`` lists them: to answer another service, write its operations below ``api`` and add a row.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from fargate_sim import waiters
from fargate_sim.api import ecs
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import CONTENT_TYPE, ECS_MANNERS, JsonService, Manners
from fargate_sim.wire.render import NOT_MODELLED, Answer, not_modelled

Output = Mapping[str, Any]
Operation = Callable[[World, dict[str, Any]], Output]


def _answer(status: int, request_id: str, body: bytes) -> Answer:
    return Answer(status, [("Content-Type", CONTENT_TYPE), ("x-amzn-RequestId", request_id)], body)


class JsonFront:
    """One service. Its model and its operations are read at the first call.

    ``service`` is its name for the ``aws`` command, and in the credential scope; ``target`` stands before the operation in
    ``X-Amz-Target``. ``partial``: it answers the operations that it has, and leaves the others to moto.
    """

    def __init__(
        self,
        service: str,
        *,
        target: str,
        manners: Manners,
        load: Callable[[], Mapping[str, Operation]],
        partial: bool = False,
    ) -> None:
        self.service = service
        self.target_prefix = target + "."
        self._scope = f"/{service}/aws4_request"
        self._manners = manners
        self._load = load
        self._partial = partial

    @cached_property
    def wire(self) -> JsonService:
        """Its parsers and serialisers."""
        return JsonService(self.service, manners=self._manners)

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """What it answers."""
        return self._load()

    def is_meant(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request is for this service, and to be answered here."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if self._partial:
            return (
                target.startswith(self.target_prefix)
                and target.removeprefix(self.target_prefix) in self.operations
            )
        return target.startswith(self.target_prefix) or self._scope in environ.get("HTTP_AUTHORIZATION", "")

    def operation_of(self, environ: Mapping[str, Any]) -> str | None:
        """The operation that a request names; None when the service has none of that name."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = target.removeprefix(self.target_prefix)
        return operation if target.startswith(self.target_prefix) and self.wire.knows(operation) else None

    def error_answer(self, error: AwsError, request_id: str) -> Answer:
        """An error as the service sends it."""
        return _answer(error.status, request_id, self.wire.error_body(error))

    def unknown_operation(self, request_id: str) -> Answer:
        """What the JSON front end answers to a target that names no operation of the service."""
        return self.error_answer(AwsError("UnknownOperationException", ""), request_id)

    def wait_for(self, world: World, operation: str, body: bytes, *, again: bool = False) -> bool:
        """Run the world ahead for a waiter's poll; whether the clock moved. A poll that is in error waits for
        nothing. ``again``: the waiter has polled for the same just before.
        """
        perform = self.operations.get(operation)
        if perform is None:
            return False
        try:
            params = self.wire.parse(operation, body)
            return waiters.run_ahead(world.engine, operation, lambda: perform(world, params), again=again)
        except AwsError:
            return False

    def carry_out(
        self, world: World, operation: str, body: bytes, *, entry: dict[str, Any], request_id: str
    ) -> Answer:
        """Carry out one operation. ``entry`` is the data of its journal entry: ``status``, ``error``, ``params`` and,
        for a change that is refused, ``message`` are filled in.
        """
        perform = self.operations.get(operation)
        if perform is None:
            entry.update(status=NOT_MODELLED, error="NotImplementedException")
            return not_modelled("json-1.1", self.service, operation, request_id=request_id)
        try:
            params = self.wire.parse(operation, body)
            if not entry["reading"]:
                entry["params"] = copy.deepcopy(params)
            content = self.wire.serialise(operation, perform(world, params))
        except AwsError as error:
            entry.update(status=error.status, error=error.code)
            if not entry["reading"]:
                entry["message"] = error.message
            return self.error_answer(error, request_id)
        entry.update(status=200, error=None)
        return _answer(200, request_id, content)


def _autoscaling() -> Mapping[str, Operation]:
    from fargate_sim.api import autoscaling  # noqa: PLC0415 - ECS's first answer does not wait for it

    return autoscaling.OPERATIONS


def _cloudtrail() -> Mapping[str, Operation]:
    from fargate_sim.api import cloudtrail  # noqa: PLC0415 - ECS's first answer does not wait for it

    return cloudtrail.OPERATIONS


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
FRONTS = {front.service: front for front in (ECS, SCALING, CLOUDTRAIL)}


def front_of(environ: Mapping[str, Any]) -> JsonFront | None:
    """The service of ours that a request is for."""
    return next((front for front in FRONTS.values() if front.is_meant(environ)), None)


class Chapter:
    """One journalled call: what the model writes and schedules meanwhile descends from the call's entry."""

    def __init__(self, engine: Engine, journal: Journal, entry: dict[str, Any], *, written: bool) -> None:
        self._engine = engine
        self._seq = journal.record("call", entry) if written else None

    def __enter__(self) -> None:
        self._engine.cause = self._seq

    def __exit__(self, *_exc: object) -> None:
        self._engine.cause = None
