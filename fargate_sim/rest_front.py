"""A service that speaks AWS's REST JSON: method and path name the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from fargate_sim.front import Environ, Front, Operation, Output
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.json11 import Manners
from fargate_sim.wire.render import Answer
from fargate_sim.wire.rest_json import CONTENT_TYPE, RestService


class RestFront(Front):
    """All requests that are signed for the service are its own."""

    protocol: ClassVar[str] = "rest-json"

    def __init__(
        self, service: str, *, manners: Manners, load: Callable[[], Mapping[str, Operation]]
    ) -> None:
        super().__init__(service, load=load)
        self._manners = manners

    @cached_property
    def wire(self) -> RestService:
        """Its routes, parsers and serialisers, read at the first call."""
        return RestService(self.service, manners=self._manners)

    def is_meant(self, environ: Environ) -> bool:
        """By the signature: its paths may be those of other services, too."""
        return self._scope in environ.get("HTTP_AUTHORIZATION", "")

    def operation_of(self, environ: Environ) -> str | None:
        """What method and path name."""
        return self.wire.operation_of(environ)

    def parse(self, operation: str, environ: Environ, body: bytes) -> dict[str, Any]:
        """From the path, the query, the headers and the body."""
        return self.wire.parse(operation, environ, body)

    def answer(self, operation: str, output: Output, request_id: str) -> Answer:
        """The result, with the status that the service's model gives it."""
        return _answer(self.wire.status(operation), self.wire.serialise(operation, output), request_id)

    def error_answer(self, error: AwsError, request_id: str) -> Answer:
        """The code is in a header; the status is that of the service's model."""
        status = self.wire.error_status(error)
        return _answer(status, self.wire.error_body(error), request_id, ("x-amzn-ErrorType", error.code))

    def unknown_operation(self, request_id: str) -> Answer:
        """404, as AWS's common REST front end. [A] assumed: the same code as JSON's."""
        return self.error_answer(AwsError("UnknownOperationException", "", status=404), request_id)


def _answer(status: int, body: bytes, request_id: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, [("Content-Type", CONTENT_TYPE), ("x-amzn-RequestId", request_id), *headers], body)
