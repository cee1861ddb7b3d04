"""Several worlds behind one port, each for one seat of a class: the WSGI application of a shard.

An AWS call belongs to the seat whose access key it names, a request to ``/_lab/`` to the seat whose token it carries. ``/_seats/`` opens
and closes worlds; it is for the class's own programs, which have the host's token. docs/tenancy.md is the contract.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fargate_sim import startup
from fargate_sim.control import ControlError, problem
from fargate_sim.endpoint import StartResponse, start
from fargate_sim.fronts import front_of
from fargate_sim.gate import TOKEN_HEADER
from fargate_sim.pacer import DEFAULT_SPEED
from fargate_sim.seat_gate import SeatGate
from fargate_sim.seat_world import InUseError, NotOpenError, SeatWorld
from fargate_sim.tenants import Tenant, Tenants
from fargate_sim.threshold import LOOPBACK, Threshold
from fargate_sim.wire.errors import AwsError
from fargate_sim.wire.identify import scope_of
from fargate_sim.wire.render import Answer, error_answer
from fargate_sim.wire.services import command_name
from fargate_sim.wire.signature import missing, unknown

LOG = logging.getLogger("fargate_sim")

LARGEST_REQUEST = 64 * 1024
"""Of a request to ``/_seats/``, in bytes."""
_KEY = re.compile(r"Credential=([^/,\s]+)/")
_QUERY = re.compile(r"(?:^|&)Action=")
_NOT_OPEN = "No lab is open at this seat. Open one in the browser, then try again."
_NOT_USABLE = "The lab of this seat cannot be gone on with. Its screen in the browser says why."


class Seat:
    """One seat of the shard: who it is for, its world, and what has come for it."""

    def __init__(self, tenant: Tenant, hosts: list[str], world_options: Mapping[str, Any]) -> None:
        self.tenant = tenant
        self.gate = SeatGate(tenant.token, tenant.secret_key, admit=lambda _environ, _call: None)
        self.world = SeatWorld(tenant, self.gate, hosts, **world_options)


class ShardApp:
    """The application. ``hosts`` are the names that requests may use, beside those of loopback. ``world_options`` go to each seat's
    ``SeatWorld``, ``wall`` tells seconds.
    """

    def __init__(
        self,
        tenants: Tenants,
        *,
        hosts: Iterable[str] = (),
        wall: Callable[[], float] = time.monotonic,
        world_options: Mapping[str, Any] | None = None,
    ) -> None:
        names = list(hosts)
        self._token = tenants.token.encode()
        self._wall = wall
        self._began = wall()
        self._threshold = Threshold([*LOOPBACK, *names], signed=True)
        self._seats = {each.seat: Seat(each, names, world_options or {}) for each in tenants.seats}
        self._by_key = {seat.tenant.key_id: seat for seat in self._seats.values()}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        refused = self._threshold.refusal(environ)
        if refused is not None:
            return start(refused, environ, start_response)
        path = environ.get("PATH_INFO", "/")
        for name in [name for name in environ if name.upper().startswith("HTTP_X_MOTO")]:
            del environ[name]
        if path.startswith("/_seats/"):
            return start(self._host(environ), environ, start_response)
        is_control = path.startswith("/_lab/")
        seat = self._by_token(environ) if is_control else self._by_signature(environ)
        if isinstance(seat, Answer):
            return start(seat, environ, start_response)
        try:
            with seat.world.using() as endpoint:
                return endpoint(environ, start_response)
        except NotOpenError:
            shut = problem(409, "no world is open at this seat", "open a lab there first")
            answer = shut if is_control else _unavailable(environ, _NOT_OPEN)
        except (startup.CannotServeError, InUseError) as trouble:
            LOG.error("seat %s: %s", seat.tenant.seat, trouble)
            answer = _unusable(trouble) if is_control else _unavailable(environ, _NOT_USABLE)
        return start(answer, environ, start_response)

    def shut(self) -> None:
        """Let go of all worlds; what is open is gone on with later."""
        for seat in self._seats.values():
            try:
                seat.world.shut()
            except Exception:
                LOG.exception("the world of seat %s did not end well", seat.tenant.seat)

    # Whose is it?

    def _by_token(self, environ: Mapping[str, Any]) -> Seat | Answer:
        token = environ.get(TOKEN_HEADER)
        if not token:
            return problem(401, "this request carries no token", "it is for the class's own programs")
        for seat in self._seats.values():
            if seat.gate.who(environ) is not None:
                return seat
        return problem(403, "this token opens nothing", "it is for the class's own programs")

    def _by_signature(self, environ: Mapping[str, Any]) -> Seat | Answer:
        named = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        protocol = _protocol(environ)
        if named is None:
            return _refused(environ, missing(protocol))
        return self._by_key.get(named.group(1)) or _refused(environ, unknown(protocol))

    # The host's own requests

    def _host(self, environ: dict[str, Any]) -> Answer:
        sent = str(environ.get(TOKEN_HEADER, "")).encode()
        if not sent:
            return problem(401, "this request carries no token", "it is for the class's own programs")
        if not hmac.compare_digest(sent, self._token):
            return problem(403, "this token opens nothing here", "it is for the class's own programs")
        method, what = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO", "").removeprefix("/_seats/")
        try:
            if method == "GET" and what == "":
                return _json(200, self._list())
            if method == "POST" and what in ("open", "close"):
                if environ.get("HTTP_X_FARGATE_LAB") != "1":
                    raise ControlError(
                        403, "the header X-Fargate-Lab: 1 is missing", "send it with every POST"
                    )
                body = _body(environ)
                return _json(200, self._open(body) if what == "open" else self._close(body))
        except ControlError as error:
            return problem(error.status, str(error), error.hint)
        except (startup.CannotServeError, InUseError) as trouble:
            return _unusable(trouble)
        except Exception:
            LOG.exception("%s /_seats/%s failed; this is a bug of the offline cloud", method, what)
            return problem(500, "the offline cloud failed to carry this out", "its log says more")
        known = "GET /_seats/, POST /_seats/open, POST /_seats/close"
        return problem(404, f"there is no {method} /_seats/{what}", f"there are: {known}")

    def _list(self) -> dict[str, Any]:
        return {
            "seats": [{"seat": name, "label": seat.world.label} for name, seat in self._seats.items()],
            "pid": os.getpid(),
            "uptime_s": round(self._wall() - self._began, 3),
        }

    def _open(self, body: Mapping[str, Any]) -> dict[str, Any]:
        label, speed, fresh = body.get("label"), body.get("speed", DEFAULT_SPEED), body.get("fresh", False)
        if not isinstance(label, str) or not 0 < len(label) <= 60:
            raise ControlError(
                400, "label must be the name of a world", 'like {"seat": "07", "label": "core-lab"}'
            )
        if isinstance(speed, bool) or not isinstance(speed, int | float):
            raise ControlError(400, f"{speed!r} is no speed", "a number of virtual seconds per second")
        if not isinstance(fresh, bool):
            raise ControlError(400, "fresh must be true or false", "true begins anew")
        return self._seat(body).world.open(label, float(speed), fresh=fresh).facts()

    def _close(self, body: Mapping[str, Any]) -> dict[str, Any]:
        seat = self._seat(body)
        seat.world.close()
        return {"seat": seat.tenant.seat, "label": None}

    def _seat(self, body: Mapping[str, Any]) -> Seat:
        named = body.get("seat")
        seat = self._seats.get(named) if isinstance(named, str) else None
        if seat is None:
            raise ControlError(
                404, f"there is no seat {named!r} here", f"there are: {', '.join(self._seats)}"
            )
        return seat


def _unusable(trouble: Exception) -> Answer:
    damaged = isinstance(trouble, startup.RecordingUnusableError)
    hint = "begin anew; the file stays as it is" if damaged else "end the other program, or make room"
    return _json(409, {"error": str(trouble), "hint": hint, "damaged": damaged})


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


def _json(status: int, content: object) -> Answer:
    body = json.dumps(content, separators=(",", ":")).encode()
    return Answer(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body)


def _body(environ: Mapping[str, Any]) -> dict[str, Any]:
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_REQUEST:
        raise ControlError(413, f"a body is at most {LARGEST_REQUEST} bytes", 'like {"seat": "07"}')
    try:
        content = json.loads(environ["wsgi.input"].read(int(text)) or b"{}")
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ControlError(400, "the body must be a JSON object", 'like {"seat": "07"}')
    return content
