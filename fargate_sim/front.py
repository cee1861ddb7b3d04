"""A service of ours between the wire and the model: parse, carry out, serialise, and keep the history.

How a request and an answer look on the wire is the business of a protocol's own front (``json_front``, ``rest_front``); ``fronts``
lists the services.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from fargate_sim import waiters
from fargate_sim.kernel.engine import Engine
from fargate_sim.kernel.journal import Journal
from fargate_sim.model.world import World
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.render import NOT_MODELLED, Answer, not_modelled

Output = Mapping[str, Any]
Operation = Callable[[World, dict[str, Any]], Output]
Environ = Mapping[str, Any]


class Front(ABC):
    """One service. Its operations are read at the first call.

    ``service`` is its name for the ``aws`` command, and in the credential scope.
    """

    protocol: ClassVar[str]
    """One of those that ``wire.render.error_answer`` knows."""

    def __init__(self, service: str, *, load: Callable[[], Mapping[str, Operation]]) -> None:
        self.service = service
        self._scope = f"/{service}/aws4_request"
        self._load = load

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """What it answers."""
        return self._load()

    # -- what the protocol says ------------------------------------------------------------------

    @abstractmethod
    def is_meant(self, environ: Environ) -> bool:
        """Whether a request is for this service, and to be answered here."""

    @abstractmethod
    def operation_of(self, environ: Environ) -> str | None:
        """The operation that a request names; None when the service has none of that name."""

    @abstractmethod
    def parse(self, operation: str, environ: Environ, body: bytes) -> dict[str, Any]:
        """The parameters of a request; AwsError when AWS would refuse them."""

    @abstractmethod
    def answer(self, operation: str, output: Output, request_id: str) -> Answer:
        """A result as the service sends it."""

    @abstractmethod
    def error_answer(self, error: AwsError, request_id: str) -> Answer:
        """An error as the service sends it."""

    @abstractmethod
    def unknown_operation(self, request_id: str) -> Answer:
        """What AWS's front end answers to a request that names no operation of the service."""

    # -- what all have in common -----------------------------------------------------------------

    def wait_for(
        self,
        world: World,
        operation: str,
        environ: Environ,
        body: bytes,
        *,
        again: bool = False,
        enough: Callable[[], bool] | None = None,
    ) -> bool:
        """Run the world ahead for a waiter's poll; whether the clock moved. A poll that is in error waits for
        nothing. ``again``: the waiter has polled for the same just before. ``enough`` may end it earlier.
        """
        perform = self.operations.get(operation)
        if perform is None:
            return False
        try:
            params = self.parse(operation, environ, body)
            return waiters.run_ahead(
                world.engine, operation, lambda: perform(world, params), again=again, enough=enough
            )
        except AwsError:
            return False

    def carry_out(
        self,
        world: World,
        operation: str,
        environ: Environ,
        body: bytes,
        *,
        entry: dict[str, Any],
        request_id: str,
    ) -> Answer:
        """Carry out one operation. ``entry`` is the data of its journal entry: ``status``, ``error``, ``params`` and,
        for a change that is refused, ``message`` are filled in.
        """
        perform = self.operations.get(operation)
        if perform is None:
            entry.update(status=NOT_MODELLED, error="NotImplementedException")
            return not_modelled(self.protocol, self.service, operation, request_id=request_id)
        try:
            params = self.parse(operation, environ, body)
            if not entry["reading"]:
                entry["params"] = copy.deepcopy(params)
            answer = self.answer(operation, perform(world, params), request_id)
        except AwsError as error:
            answer = self.error_answer(error, request_id)
            entry.update(status=answer.status, error=error.code)
            if not entry["reading"]:
                entry["message"] = error.message
            return answer
        entry.update(status=answer.status, error=None)
        return answer


class Chapter:
    """One journalled call: what the model writes and schedules meanwhile descends from the call's entry."""

    def __init__(self, engine: Engine, journal: Journal, entry: dict[str, Any], *, written: bool) -> None:
        self._engine = engine
        self._seq = journal.record("call", entry) if written else None

    def __enter__(self) -> None:
        self._engine.cause = self._seq

    def __exit__(self, *_exc: object) -> None:
        self._engine.cause = None
