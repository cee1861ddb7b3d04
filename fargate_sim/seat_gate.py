"""The gate of a seat's world. The seat's own token opens everything to the class's programs, which alone have it. A learner has the secret
key: their calls are signed, and may be to every service that a world lives through again exactly. The clock is theirs.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fargate_sim.gate import TEAM_SERVICES, TOKEN_HEADER, Who, check_signed
from fargate_sim.wire.identify import Call

SEAT_SERVICES = TEAM_SERVICES | {"fis"}
"""Who breaks things themselves may see what breaks them."""

Admit = Callable[[dict[str, Any], Call], None]


@dataclass(frozen=True, slots=True)
class SeatGate:
    """``admit`` lets a call of the learner pass whose signature is right, or raises AwsError: there are limits to how much."""

    token: str
    secret_key: str
    admit: Admit
    hurries: bool = True

    def who(self, environ: Mapping[str, Any]) -> Who | None:
        """The class's programs may do everything; nobody else has a token."""
        sent = str(environ.get(TOKEN_HEADER, "")).encode()
        return "facilitator" if hmac.compare_digest(sent, self.token.encode()) else None

    def may_call(self, service: str) -> bool:
        """Whether a learner may call a service of AWS, by its name for the ``aws`` command."""
        return service in SEAT_SERVICES

    def check_call(self, environ: dict[str, Any], body: bytes, key_id: str, call: Call) -> None:
        """Let a learner's call pass; AwsError in AWS's words otherwise. ``key_id`` is that of the account."""
        check_signed(self, environ, body, key_id, call)
        self.admit(environ, call)
