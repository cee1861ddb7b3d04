"""Several worlds behind one port, each for one seat of a class: the WSGI application of a shard.

An AWS call belongs to the seat whose access key it names, a request to ``/_lab/`` to the seat whose token it carries. ``/_seats/`` opens
and closes worlds; it is for the class's own programs, which have the host's token. docs/tenancy.md is the contract.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fargate_sim import startup
from fargate_sim.allowance import LEAVE, PROVED, hold, throttled
from fargate_sim.control_words import problem
from fargate_sim.endpoint import StartResponse, start
from fargate_sim.fronts import front_of
from fargate_sim.gate import TOKEN_HEADER
from fargate_sim.limits import Shares, Strangers
from fargate_sim.precedence import Precedence
from fargate_sim.seat import Room, Seat
from fargate_sim.seat_world import InUseError, NotOpenError
from fargate_sim.seats import Seats
from fargate_sim.seats_api import FOR_PROGRAMS, SeatsApi, unusable
from fargate_sim.tenants import Tenants
from fargate_sim.threshold import LOOPBACK, Threshold
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import scope_of
from fargate_sim.wire.render import Answer, error_answer
from fargate_sim.wire.services import command_name
from fargate_sim.wire.signature import missing, unknown

LOG = logging.getLogger("fargate_sim")

_KEY = re.compile(r"Credential=([^/,\s]+)/")
_QUERY = re.compile(r"(?:^|&)Action=")
_NOT_OPEN = "No lab is open at this seat. Open one in the browser, then try again."
_NOT_USABLE = "The lab of this seat cannot be gone on with. Its screen in the browser says why."


class ShardApp:
    """The application. ``hosts`` are the names that requests may use, beside those of loopback. ``world_options`` go to each seat's
    ``SeatWorld``; the clocks are those of ``Room``.
    """

    def __init__(
        self,
        tenants: Tenants,
        *,
        hosts: Iterable[str] = (),
        wall: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        used: Callable[[], float] = time.thread_time,
        world_options: Mapping[str, Any] | None = None,
    ) -> None:
        limits = tenants.limits
        strangers = Strangers(limits.strangers_per_s, limits.strangers_burst, wall)
        shares = Shares(limits.busy_share, wall)
        self._room = Room(tuple(hosts), limits, shares, strangers, Precedence(sleep), wall, now, sleep, used)
        self._threshold = Threshold([*LOOPBACK, *self._room.hosts], signed=True)
        self._seats = Seats(tenants, self._room, world_options or {})
        self._host = SeatsApi(tenants.token, self._seats, self._room)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        refused = self._threshold.refusal(environ)
        if refused is not None:
            return start(refused, environ, start_response)
        for name in [name for name in environ if name.upper().startswith("HTTP_X_MOTO")]:
            del environ[name]
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_seats/"):
            return start(self._answer_host(environ), environ, start_response)
        is_control = path.startswith("/_lab/")
        seat = self._by_token(environ) if is_control else self._by_signature(environ)
        if isinstance(seat, Answer):
            return start(seat, environ, start_response)
        with seat.charged(lambda: PROVED in environ or seat.gate.who(environ) is not None):
            return self._serve(seat, environ, start_response, is_control=is_control)

    def _serve(
        self, seat: Seat, environ: dict[str, Any], start_response: StartResponse, *, is_control: bool
    ) -> list[bytes]:
        if is_control and not seat.programs.enter():
            seat.allowance.counts.throttled += 1
            answer = problem(429, "too many requests for this seat at once", "wait for some to end")
            return start(answer, environ, start_response)
        if is_control:
            environ[LEAVE] = [seat.programs.leave]
        try:
            if environ.get("REQUEST_METHOD") == "POST" and environ.get("PATH_INFO") == "/_lab/clock":
                seat.wait_for_share()
            with seat.world.using() as endpoint:
                return endpoint(environ, start_response)
        except NotOpenError:
            shut = problem(409, "no world is open at this seat", "open a lab there first")
            answer = shut if is_control else _unavailable(environ, _NOT_OPEN)
        except (startup.CannotServeError, InUseError) as trouble:
            LOG.error("seat %s: %s", seat.tenant.seat, trouble)
            answer = unusable(trouble) if is_control else _unavailable(environ, _NOT_USABLE)
        finally:
            for leave in environ.pop(LEAVE, ()):
                leave()
        return start(answer, environ, start_response)

    def shut(self) -> None:
        """Let go of all worlds; what is open is gone on with later."""
        for seat in self._seats.values():
            try:
                seat.allowance.replays.close()
                seat.world.shut()
            except Exception:
                LOG.exception("the world of seat %s did not end well", seat.tenant.seat)

    # Whose is it?

    def _answer_host(self, environ: dict[str, Any]) -> Answer:
        if not environ.get(TOKEN_HEADER):
            return problem(401, "this request carries no token", FOR_PROGRAMS)
        if not self._host.opens(environ):
            return self._stranger(environ) or problem(403, "this token opens nothing here", FOR_PROGRAMS)
        return self._host.answer(environ)

    def _by_token(self, environ: dict[str, Any]) -> Seat | Answer:
        if not environ.get(TOKEN_HEADER):
            return problem(401, "this request carries no token", FOR_PROGRAMS)
        for seat in self._seats.values():
            if seat.gate.who(environ) is not None:
                return seat
        return self._stranger(environ) or problem(403, "this token opens nothing", FOR_PROGRAMS)

    def _by_signature(self, environ: dict[str, Any]) -> Seat | Answer:
        named = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        protocol = _protocol(environ)
        seat = self._seats.of_key(named.group(1)) if named else None
        if seat is not None:
            return seat
        if self._stranger(environ):
            return _refused(environ, throttled(protocol, scope_of(environ)[1] or "s3"))
        return _refused(environ, unknown(protocol) if named else missing(protocol))

    def _stranger(self, environ: dict[str, Any]) -> Answer | None:
        """Somebody who proves nothing; an answer when there were too many from there to say more."""
        if self._room.strangers.take(str(environ.get("REMOTE_ADDR", ""))):
            return None
        hold(environ, self._room.limits.hold_s)
        return problem(429, "too many requests that prove nothing", "wait a moment")


def _protocol(environ: Mapping[str, Any]) -> str:
    """The protocol that a call speaks, without reading the models of its service: for errors only."""
    front = front_of(environ)
    if front is not None:
        return front.protocol
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json-1.0" if "json-1.0" in environ.get("CONTENT_TYPE", "") else "json-1.1"
    signing_name = scope_of(environ)[1] or "s3"
    form = "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", "")
    if signing_name == "ec2":
        return "ec2"
    if form or _QUERY.search(environ.get("QUERY_STRING", "")):
        return "query"
    return "rest-xml" if signing_name == "s3" else "rest-json"


def _refused(environ: Mapping[str, Any], error: AwsError) -> Answer:
    service = command_name(scope_of(environ)[1] or "s3")
    return error_answer(
        _protocol(environ),
        service,
        error.code,
        error.message,
        status=error.status,
        request_id=str(uuid.uuid4()),
    )


def _unavailable(environ: Mapping[str, Any], message: str) -> Answer:
    # [C] the code and its status are among the errors that all services have in common; the sentence is ours.
    return _refused(environ, AwsError("ServiceUnavailable", message, status=503))
