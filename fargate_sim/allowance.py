"""What a seat may still have: asked once for each call of a learner whose signature is right.

The codes are AWS's for "too much" in each protocol, which every SDK takes as a reason to wait and try again.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from fargate_sim.limits import AtOnce, Limits, Shares, Strangers, TokenBucket, Wall
from fargate_sim.replays import FullError, Replays
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import Call

LOG = logging.getLogger("fargate_sim")

LEAVE = "fargate_sim.leave"
"""In a request's environment: what to call when it is over."""
PROVED = "fargate_sim.proved"
"""In a request's environment, once it is known to be of the seat whose key it names."""
CONNECTION = "fargate_sim.connection"
"""In a request's environment: which connection it came over."""
HOLD = "fargate_sim.hold"
"""In a request's environment: a function that lets nothing more be read from its connection for some seconds."""
_SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})$")
_SECOND = 1.0
"""The resolution of the time in a signature."""


@dataclass(slots=True)
class Counts:
    """What has come for a seat since the shard began."""

    calls: int = 0
    refused: int = 0
    throttled: int = 0
    busy_s: float = 0.0


def throttled(protocol: str, service: str) -> AwsError:
    """The call was one too many. Source of codes, statuses and sentences: EC2's and S3's lists of errors and botocore's _retry.json [C];
    that JSON services say "Rate exceeded" with 400, the Query services "Throttling", is [R], that REST services say it with 429 [A] but
    for EventBridge Scheduler, whose model has it.
    """
    if protocol == "ec2":
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", status=503)
    if service == "s3":
        return AwsError("SlowDown", "Please reduce your request rate.", status=503)
    if protocol in ("query", "rest-xml"):
        return AwsError("Throttling", "Rate exceeded", status=400)
    return AwsError("ThrottlingException", "Rate exceeded", status=429 if protocol == "rest-json" else 400)


def connection_of(environ: dict[str, Any]) -> Hashable:
    """Which connection a request came over."""
    known: Hashable = environ.get(CONNECTION)
    return known if known is not None else (environ.get("REMOTE_ADDR"), environ.get("REMOTE_PORT"))


class Allowance:
    """One seat's. ``full`` says why a call may not add anything to its world; empty when it may."""

    def __init__(
        self,
        seat: str,
        limits: Limits,
        shares: Shares,
        strangers: Strangers,
        replays: Replays,
        *,
        full: Callable[[Call, bytes], str],
        wall: Wall,
        sleep: Callable[[float], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.counts = Counts()
        self.replays = replays
        self._seat = seat
        self._limits = limits
        self._shares = shares
        self._strangers = strangers
        self._full = full
        self._sleep = sleep
        self._now = now
        self._rate = TokenBucket(limits.calls_per_s, limits.calls_burst, wall)
        self._calls = AtOnce(limits.calls_at_once)
        self._sent_back = AtOnce(1)

    def admit(self, environ: dict[str, Any], body: bytes, call: Call) -> None:
        """Let a call pass, or raise AwsError."""
        if not self._rate.take() or not self._calls.enter():
            raise self._too_much(environ, call)
        environ.setdefault(LEAVE, []).append(self._calls.leave)
        if self._shares.over(self._seat):
            raise self._too_much(environ, call)
        full = self._full(call, body)
        if full:
            self.counts.refused += 1
            # [A] the code: several services of AWS have it for a quota; unlike LimitExceededException it makes no SDK try again.
            raise AwsError("ServiceQuotaExceededException", full)
        if not call.reading:
            self._refuse_replay(environ, call)
        self.counts.calls += 1

    def turn_away(self, environ: dict[str, Any], call: Call) -> None:
        """A call whose signature is wrong. AwsError when there were too many from its address to say more."""
        self.counts.refused += 1
        if not self._strangers.take(str(environ.get("REMOTE_ADDR", ""))):
            hold(environ, self._limits.hold_s)
            raise throttled(call.protocol, call.service)

    def _too_much(self, environ: dict[str, Any], call: Call) -> AwsError:
        self.counts.throttled += 1
        hold(environ, self._limits.hold_s)
        return throttled(call.protocol, call.service)

    def _refuse_replay(self, environ: dict[str, Any], call: Call) -> None:
        signature = _SIGNATURE.search(environ.get("HTTP_AUTHORIZATION", ""))
        now = self._now()
        try:
            first = self.replays.first(signature.group(1) if signature else "", connection_of(environ), now)
        except FullError:
            raise self._too_much(environ, call) from None
        if first is None:
            return
        self.counts.refused += 1
        LOG.warning("seat %s: a call was sent a second time, over another connection", self._seat)
        # A client that meant it signs anew when it tries again; the signature is another one in the next second only.
        if self._sent_back.enter():
            try:
                self._sleep(max(0.0, min(_SECOND, first + _SECOND - now)))
            finally:
                self._sent_back.leave()
        # [C] the code and its status are among the errors that all services have in common; the sentence is ours.
        message = "A request with this signature has been carried out already. Sign it again."
        raise AwsError("ServiceUnavailable", message, status=503)


def hold(environ: dict[str, Any], seconds: float) -> None:
    """Read nothing more from the request's connection for so long."""
    keep = environ.get(HOLD)
    if keep is not None:
        keep(seconds)
