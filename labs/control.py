"""The control API of the offline cloud, from the client's side (docs/control-api.md).

``ControlClient`` is the seam: over HTTP here, in-process in tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from labs.errors import ControlError, NoWorldError

HEADER = {"X-Fargate-Lab": "1"}
TOKEN_HEADER = "X-Fargate-Lab-Token"  # noqa: S105 - the name of a header
TIMEOUT_SECONDS = 120
_START_ONE = "Start one with `fargate-lab serve`, or open `fargate-lab`."


class ControlClient(Protocol):
    """Talks to one world."""

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The answer to ``GET <path>``, such as ``/_lab/clock``; None for 204."""
        ...

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to ``POST <path>``."""
        ...


def scaling(control: ControlClient, minutes: int = 60) -> Mapping[str, Any]:
    """Scalable targets with policies, decisions and activities, and alarms; ``minutes`` (0 to 180) is how far back the
    series go.
    """
    answer: Mapping[str, Any] = control.get("/_lab/scaling", {"minutes": minutes})
    return answer


class HttpControl:
    """A ``ControlClient`` over HTTP to an endpoint such as ``http://127.0.0.1:4599``, with the token of a world that asks for one. Goes
    through no proxy. ``when_silent`` says what to do when nothing answers there.
    """

    def __init__(
        self,
        endpoint_url: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
        *,
        token: str = "",
        when_silent: str = _START_ONE,
    ) -> None:
        if not _is_address(endpoint_url):
            raise NoWorldError(
                f"{endpoint_url!r} is no address of an offline cloud.", "It looks like http://127.0.0.1:4599."
            )
        self.endpoint_url = endpoint_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._opener = build_opener(ProxyHandler({}))
        self._token = token
        self._when_silent = when_silent
        self._headers = {**HEADER, TOKEN_HEADER: token} if token else HEADER

    def with_timeout(self, seconds: float) -> HttpControl:
        """The same, but less patient, or more."""
        return HttpControl(self.endpoint_url, seconds, token=self._token, when_silent=self._when_silent)

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """The answer to ``GET <path>``; None for 204."""
        return self._send(Request(self._url(path, query), headers=self._headers))  # noqa: S310  http, see __init__

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to ``POST <path>``."""
        data = json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._send(Request(self._url(path, None), data=data, headers=headers))  # noqa: S310

    def _url(self, path: str, query: Mapping[str, str | int] | None) -> str:
        return f"{self.endpoint_url}{path}" + (f"?{urlencode(query)}" if query else "")

    def _send(self, request: Request) -> Any:
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as answer:
                text = answer.read()
                return json.loads(text) if answer.status != 204 and text else None
        except HTTPError as error:
            raise _refused(error.code, error.read()) from None
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            raise NoWorldError(
                f"No offline cloud answers at {self.endpoint_url} ({why}).", self._when_silent
            ) from None
        except (ValueError, HTTPException):
            raise NoWorldError(
                f"What answers at {self.endpoint_url} is not fargate-lab's offline cloud.", self._when_silent
            ) from None


def _is_address(endpoint_url: str) -> bool:
    try:
        parts = urlsplit(endpoint_url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        return False


def _refused(status: int, text: bytes) -> ControlError:
    try:
        said = json.loads(text)
        return ControlError(str(said["error"]), str(said.get("hint", "")), said)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ControlError(
            f"The offline cloud refused with HTTP {status}.",
            "Is something else listening on this port?",
        )
