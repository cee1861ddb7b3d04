"""The board's door over HTTP: what the terminal of a teacher and the board in a browser use. Needs nothing but the standard library."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Literal, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from tui.classroom import BoardView, ClassClock, ClassPolicy, Look, SeatRow, StepHead
from tui.session import SessionError

T = TypeVar("T")

HEADER = "X-Fargate-Lab-Teacher"
QUICK_SECONDS = 10.0
"""For what the server answers by itself."""
LONG_SECONDS = 600.0
"""For what every world of the class has to do."""
ASK_AGAIN_SECONDS = 60.0
"""A code that was wrong is not sent again before. A board that is left open while another class begins at the address would use up, for all
who come from its machine, how often one may be wrong (`guesses.py`).
"""
LARGEST_ANSWER = 16 * 2**20
_IS_IT_ON = "Is the class open? `fargate-lab classroom` prints the address."


class BoardClient:
    """A `BoardDoor`. `url` is the address of the class, with or without `/board` behind it; `?room=B` says which room is meant where there
    are several behind one address. SessionError when that cannot be one.
    """

    def __init__(self, url: str, teacher_code: str, now: Callable[[], float] = time.monotonic) -> None:
        self._base = _base(url)
        code = teacher_code.strip()
        if not code.isascii() or not code.isprintable():
            raise SessionError("That is not the teacher's code.", "It has letters and digits only.")
        self._headers = {HEADER: code, **_to_the_room(url)}
        self._now = now
        self._wrong: tuple[float, SessionError] | None = None
        """When the code was wrong, and what was said."""
        # Neither a proxy nor another host may see the code.
        self._opener = build_opener(ProxyHandler({}), _NoRedirect)

    def view(self) -> BoardView:
        """The class now."""
        return _parsed(_view, self._json("view"))

    def look(self, seat: str) -> Look:
        """A seat's screen."""
        return _parsed(_look, self._json(f"look/{quote(seat, safe='')}"))

    def message(self, text: str, seat: str | None = None) -> None:
        """Say something."""
        self._do("message", text=text, seat=seat)

    def set_policy(self, seat: str | None = None, **changes: Any) -> None:
        """Set something."""
        self._do("policy", seat=seat, set=changes)

    def clock(self, action: ClassClock, speed: float | None = None, seat: str | None = None) -> None:
        """Move clocks."""
        self._do("clock", LONG_SECONDS, action=action, speed=speed, seat=seat)

    def reset(self, seat: str | None = None) -> None:
        """Begin anew."""
        self._do("reset", LONG_SECONDS, seat=seat)

    def rename(self, seat: str, name: str) -> None:
        """Correct a name."""
        self._do("rename", seat=seat, name=name)

    def free(self, seat: str) -> None:
        """Let somebody else sit there."""
        self._do("free", LONG_SECONDS, seat=seat)

    def export(self) -> tuple[str, ...]:
        """Write the grades."""
        return _parsed(lambda said: tuple(str(path) for path in said["paths"]), self._do("export"))

    def grades(self, form: Literal["csv", "xml"]) -> str:
        """The grades as text."""
        return self._send(f"grades.{form}", None, LONG_SECONDS).decode("utf-8", "replace")

    def close(self) -> None:
        """Nothing is open between two calls."""

    def _do(self, what: str, seconds: float = QUICK_SECONDS, **body: Any) -> Any:
        return _object(self._send(what, json.dumps(body).encode(), seconds))

    def _json(self, what: str) -> Any:
        return _object(self._send(what, None, QUICK_SECONDS))

    def _send(self, what: str, body: bytes | None, seconds: float) -> bytes:
        if self._wrong is not None and self._now() < self._wrong[0] + ASK_AGAIN_SECONDS:
            raise SessionError(self._wrong[1].message, self._wrong[1].hint)
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        request = Request(f"{self._base}/board/api/{what}", data=body, headers=headers)  # noqa: S310 - see _base
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                text: bytes = answer.read(LARGEST_ANSWER)
                return text
        except HTTPError as error:
            with error:
                refused = _refused(error.code, error.read(LARGEST_ANSWER))
            if error.code == HTTPStatus.UNAUTHORIZED:
                self._wrong = (self._now(), refused)
            raise refused from None
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            raise SessionError(f"No class answers at {self._base} ({why}).", _IS_IT_ON) from None
        except (HTTPException, ValueError):
            raise _something_else() from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _base(url: str) -> str:
    """The address without what stands behind it."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        good = good and not parts.username and parts.path.rstrip("/") in ("", "/board")
    except ValueError:
        good = False
    if not good:
        raise SessionError(f"{url!r} is no address of a class.", "It looks like http://127.0.0.1:8700.")
    return f"{parts.scheme}://{parts.netloc}"


def _to_the_room(url: str) -> dict[str, str]:
    """What a proxy in front of several rooms goes by: the cookie that a browser would have."""
    found = re.search(r"[?&]room=([A-Za-z])(&|#|$)", url)
    return {"Cookie": f"room={found.group(1).upper()}"} if found else {}


def _object(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _something_else() from None


def _parsed(read: Callable[[Any], T], said: Any) -> T:
    try:
        return read(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _something_else() from None


def _view(said: Any) -> BoardView:
    plain = dict(said)
    return BoardView(
        **{
            **plain,
            "steps": tuple(StepHead(**step) for step in plain["steps"]),
            "seats": tuple(_row(seat) for seat in plain["seats"]),
            "policy": ClassPolicy(**plain["policy"]),
            "labs": tuple(plain["labs"]),
        }
    )


def _row(said: Any) -> SeatRow:
    plain = dict(said)
    return SeatRow(**{**plain, "steps": tuple(plain["steps"]), "failing": tuple(plain["failing"])})


def _look(said: Any) -> Look:
    plain = dict(said)
    return Look(**{**plain, "lines": tuple(str(line) for line in plain["lines"])})


def _refused(status: int, text: bytes) -> SessionError:
    try:
        said = json.loads(text)
        return SessionError(str(said["error"]), str(said.get("hint", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return SessionError(f"The class refused with HTTP {status}.", _IS_IT_ON)


def _something_else() -> SessionError:
    return SessionError("What answers there is no class of this version of fargate-lab.", _IS_IT_ON)
