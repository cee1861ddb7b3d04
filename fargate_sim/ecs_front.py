"""ECS between the wire and the model: parse, carry out, serialise, and keep the history."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from fargate_sim import waiters
from fargate_sim.api.ecs import OPERATIONS
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import CONTENT_TYPE, JsonService
from fargate_sim.wire.render import NOT_MODELLED, Answer, not_modelled

SERVICE = "ecs"
ECS = JsonService(SERVICE, java_package="com.amazonaws.madison.frontend")
TARGET_PREFIX = ECS.target_prefix + "."

Output = Mapping[str, Any]


def _answer(status: int, request_id: str, body: bytes) -> Answer:
    return Answer(status, [("Content-Type", CONTENT_TYPE), ("x-amzn-RequestId", request_id)], body)


def error_answer(error: AwsError, request_id: str) -> Answer:
    """An error as ECS sends it."""
    return _answer(error.status, request_id, ECS.error_body(error))


def unknown_operation(request_id: str) -> Answer:
    """What the JSON front end answers to a target that names no operation of the service."""
    return error_answer(AwsError("UnknownOperationException", ""), request_id)


def wait_for(world: World, operation: str, body: bytes) -> bool:
    """Run the world ahead for a waiter's poll; whether the clock moved. A poll that is in error waits for
    nothing.
    """
    perform = OPERATIONS.get(operation)
    if perform is None:
        return False
    try:
        params = ECS.parse(operation, body)
        return waiters.run_ahead(world.engine, operation, lambda: perform(world, params))
    except AwsError:
        return False


def carry_out(world: World, operation: str, body: bytes, *, entry: dict[str, Any], request_id: str) -> Answer:
    """Carry out one operation. ``entry`` is the data of its journal entry: ``status``, ``error``, ``params`` and,
    for a change that is refused, ``message`` are filled in.
    """
    perform: Callable[[World, dict[str, Any]], Output] | None = OPERATIONS.get(operation)
    if perform is None:
        entry.update(status=NOT_MODELLED, error="NotImplementedException")
        return not_modelled("json-1.1", SERVICE, operation, request_id=request_id)
    try:
        params = ECS.parse(operation, body)
        if not entry["reading"]:
            entry["params"] = copy.deepcopy(params)
        content = ECS.serialise(operation, perform(world, params))
    except AwsError as error:
        entry.update(status=error.status, error=error.code)
        if not entry["reading"]:
            entry["message"] = error.message
        return error_answer(error, request_id)
    entry.update(status=200, error=None)
    return _answer(200, request_id, content)


class Chapter:
    """One journalled call: what the model writes and schedules meanwhile descends from the call's entry."""

    def __init__(self, engine: Engine, journal: Journal, entry: dict[str, Any], *, written: bool) -> None:
        self._engine = engine
        self._seq = journal.record("call", entry) if written else None

    def __enter__(self) -> None:
        self._engine.cause = self._seq

    def __exit__(self, *_exc: object) -> None:
        self._engine.cause = None
