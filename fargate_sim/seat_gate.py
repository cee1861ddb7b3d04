"""The gate of a seat's world. The seat's own token opens everything to the class's programs, which alone have it. A learner has the secret
key: their calls are signed, and may be to every service that a world lives through again exactly. The clock is theirs.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fargate_sim.allowance import PROVED, Allowance
from fargate_sim.gate import TEAM_SERVICES, TOKEN_HEADER, Who, check_allowed
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import Call
from fargate_sim.wire.signature import check

SEAT_SERVICES = TEAM_SERVICES | {"fis"}
"""Who breaks things themselves may see what breaks them."""


@dataclass(frozen=True, slots=True)
class SeatGate:
    """``allowance`` says how much a learner may."""

    token: str
    secret_key: str
    allowance: Allowance
    hurries: bool = True
    sealed: bool = False

    def who(self, environ: Mapping[str, Any]) -> Who | None:
        """The class's programs may do everything; nobody else has a token."""
        sent = str(environ.get(TOKEN_HEADER, "")).encode()
        return "facilitator" if hmac.compare_digest(sent, self.token.encode()) else None

    def may_call(self, service: str) -> bool:
        """Whether a learner may call a service of AWS, by its name for the ``aws`` command."""
        return service in SEAT_SERVICES

    def check_call(self, environ: dict[str, Any], body: bytes, key_id: str, call: Call) -> None:
        """Let a learner's call pass; AwsError in AWS's words otherwise. ``key_id`` is that of the account."""
        try:
            check(environ, body, {key_id: self.secret_key}, datetime.now(UTC), call.protocol)
        except AwsError:
            self.allowance.turn_away(environ, call)
            raise
        environ[PROVED] = True
        try:
            check_allowed(self, call)
        except AwsError:
            self.allowance.counts.refused += 1
            raise
        self.allowance.admit(environ, body, call)
