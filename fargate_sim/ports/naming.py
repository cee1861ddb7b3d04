"""A call is the operation that it was taken for, or none.

A request may name an operation in several ways at once: in its form, its query, a header, its path. Which of them counts was decided when
it was identified; whether it is written down, may come again, and passes what is checked follows from that. moto has an order of its own.
Where it would carry out something else than what was decided, it carries out nothing.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

from functools import cache
from typing import Any, cast

from fargate_sim.ports.refusal import NotModelledError
from fargate_sim.wire.identify import Call, is_reading

TAKEN_FOR = "fargate_sim.taken_for"
"""In a request's environment: its ``Call``. Requests of our own have none."""


@cache
def mend_naming() -> None:
    """From now on moto asks."""
    from moto.core.responses import BaseResponse

    named = BaseResponse._get_action

    def checked(self: Any) -> str | None:
        operation = cast("str | None", named(self))
        call: Call | None = self.normalized_request.environ.get(TAKEN_FOR)
        if call is not None and operation is not None and not _is_that(call, operation):
            raise NotModelledError(
                "operations named in several ways", part="its operation named differently in two places"
            )
        return operation

    BaseResponse._get_action = checked


def _is_that(call: Call, operation: str) -> bool:
    if call.protocol.startswith("rest-"):
        # Two routers may call a path differently, but not a change a read.
        return is_reading(operation) or not call.reading
    return operation == call.operation
