"""A service that speaks AWS JSON 1.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from fargate_sim.front import Environ, Front, Operation, Output
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import CONTENT_TYPE, JsonService, Manners
from fargate_sim.wire.render import Answer


class JsonFront(Front):
    """``target`` stands before the operation in ``X-Amz-Target``. ``partial``: it answers the operations that it has, and leaves the
    others to moto.
    """

    protocol: ClassVar[str] = "json-1.1"

    def __init__(
        self,
        service: str,
        *,
        target: str,
        manners: Manners,
        load: Callable[[], Mapping[str, Operation]],
        partial: bool = False,
    ) -> None:
        super().__init__(service, load=load)
        self.target_prefix = target + "."
        self._manners = manners
        self._partial = partial

    @cached_property
    def wire(self) -> JsonService:
        """Its parsers and serialisers, read at the first call."""
        return JsonService(self.service, manners=self._manners)

    def is_meant(self, environ: Environ) -> bool:
        """By the target, or else by the signature."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if self._partial:
            return (
                target.startswith(self.target_prefix)
                and target.removeprefix(self.target_prefix) in self.operations
            )
        return target.startswith(self.target_prefix) or self._scope in environ.get("HTTP_AUTHORIZATION", "")

    def operation_of(self, environ: Environ) -> str | None:
        """What the target names."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = target.removeprefix(self.target_prefix)
        return operation if target.startswith(self.target_prefix) and self.wire.knows(operation) else None

    def parse(self, operation: str, environ: Environ, body: bytes) -> dict[str, Any]:
        """All is in the body."""
        del environ
        return self.wire.parse(operation, body)

    def answer(self, operation: str, output: Output, request_id: str) -> Answer:
        """200 and the result."""
        return _answer(200, request_id, self.wire.serialise(operation, output))

    def error_answer(self, error: AwsError, request_id: str) -> Answer:
        """The code is in the body."""
        return _answer(error.status, request_id, self.wire.error_body(error))

    def unknown_operation(self, request_id: str) -> Answer:
        """The code alone."""
        return self.error_answer(AwsError("UnknownOperationException", ""), request_id)


def _answer(status: int, request_id: str, body: bytes) -> Answer:
    return Answer(status, [("Content-Type", CONTENT_TYPE), ("x-amzn-RequestId", request_id)], body)
