"""What the class's own programs ask of a shard below ``/_seats/``: which worlds are open, opening and closing them. docs/tenancy.md is the
contract.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

from fargate_sim import startup
from fargate_sim.control_words import ControlError, problem
from fargate_sim.gate import TOKEN_HEADER
from fargate_sim.pacer import DEFAULT_SPEED
from fargate_sim.seat import Room, Seat
from fargate_sim.seat_world import InUseError
from fargate_sim.seats import Seats
from fargate_sim.wire.render import Answer

LOG = logging.getLogger("fargate_sim")

FOR_PROGRAMS = "it is for the class's own programs"
LARGEST_REQUEST = 64 * 1024
"""Of a request to ``/_seats/``, in bytes."""


class SeatsApi:
    """``token`` is the host's."""

    def __init__(self, token: str, seats: Seats, room: Room) -> None:
        self._token = token.encode()
        self._seats = seats
        self._room = room
        self._began = room.wall()

    def opens(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request carries the host's token."""
        return hmac.compare_digest(str(environ.get(TOKEN_HEADER, "")).encode(), self._token)

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Serve one request of the host."""
        method, what = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO", "").removeprefix("/_seats/")
        try:
            if method == "GET" and what == "":
                return _json(200, self._list())
            if method == "POST" and what in ("open", "close", "renew"):
                if environ.get("HTTP_X_FARGATE_LAB") != "1":
                    raise ControlError(
                        403, "the header X-Fargate-Lab: 1 is missing", "send it with every POST"
                    )
                body = _body(environ)
                return _json(
                    200, {"open": self._open, "close": self._close, "renew": self._renew}[what](body)
                )
        except ControlError as error:
            return problem(error.status, str(error), error.hint)
        except (startup.CannotServeError, InUseError) as trouble:
            return unusable(trouble)
        except Exception:
            LOG.exception("%s /_seats/%s failed; this is a bug of the offline cloud", method, what)
            return problem(500, "the offline cloud failed to carry this out", "its log says more")
        known = "GET /_seats/, POST /_seats/open, POST /_seats/close, POST /_seats/renew"
        return problem(404, f"there is no {method} /_seats/{what}", f"there are: {known}")

    def _list(self) -> dict[str, Any]:
        return {
            "seats": [
                {
                    "seat": name,
                    "label": seat.world.label,
                    "calls": seat.allowance.counts.calls,
                    "refused": seat.allowance.counts.refused,
                    "throttled": seat.allowance.counts.throttled,
                    "busy_ms": round(seat.allowance.counts.busy_s * 1000),
                }
                for name, seat in self._seats.items()
            ],
            "pid": os.getpid(),
            "uptime_s": round(self._room.wall() - self._began, 3),
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
        seat = self._seat(body)
        with seat.charged():
            try:
                return seat.world.open(label, float(speed), fresh=fresh).facts()
            except ValueError as error:
                raise ControlError(400, str(error), "see docs/tenancy.md") from error

    def _close(self, body: Mapping[str, Any]) -> dict[str, Any]:
        seat = self._seat(body)
        seat.world.close()
        return {"seat": seat.tenant.seat, "label": None}

    def _renew(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._seat(body)
        try:
            self._seats.renew(body)
        except (KeyError, TypeError, ValueError) as error:
            raise ControlError(400, f"that describes no seat: {error}", "see docs/tenancy.md") from error
        return {"seat": body["seat"], "label": None}

    def _seat(self, body: Mapping[str, Any]) -> Seat:
        named = body.get("seat")
        seat = self._seats.get(named) if isinstance(named, str) else None
        if seat is None:
            raise ControlError(
                404, f"there is no seat {named!r} here", f"there are: {', '.join(self._seats)}"
            )
        return seat


def unusable(trouble: Exception) -> Answer:
    """The answer where there is no going on with a world."""
    damaged = isinstance(trouble, startup.RecordingUnusableError)
    hint = "begin anew; the file stays as it is" if damaged else "end the other program, or make room"
    return _json(409, {"error": str(trouble), "hint": hint, "damaged": damaged})


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
