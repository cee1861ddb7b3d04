"""The time that passes in an experiment: the real one on AWS, the offline cloud's own where that is what answers.

The offline cloud's clock runs ahead of ours and can be moved, so five minutes there take no time here. Which of the
two it is, is asked of the endpoint (docs/control-api.md) and never guessed from its address.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from chaos.errors import FaultError

_HEADERS = {"X-Fargate-Lab": "1", "Content-Type": "application/json"}
_TIMEOUT_S = 120
_POLL_S = 15
_OFFLINE_POLL_S = 0.2
PRODUCT = "fargate-lab"


class AnyClock(Protocol):
    """Tells the time of the cloud, and lets some of it pass."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        ...

    def let_pass(self, seconds: float) -> None:
        """Return when so much time has passed there."""
        ...

    def wait_to_poll(self) -> None:
        """Return when it makes sense to ask the same again."""
        ...


class RealClock:
    """On AWS: waiting is waiting."""

    def now_ms(self) -> int:
        """This machine's clock."""
        return int(time.time() * 1000)

    def let_pass(self, seconds: float) -> None:
        """Wait so long."""
        time.sleep(seconds)

    def wait_to_poll(self) -> None:
        """As long as botocore's own waiters of ECS do (waiters-2.json, ServicesStable)."""
        time.sleep(_POLL_S)


class OfflineClock:
    """That of an offline cloud, moved through its control API."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")

    def now_ms(self) -> int:
        """The virtual now."""
        return int(_ask(f"{self._endpoint}/_lab/clock")["now_ms"])

    def let_pass(self, seconds: float) -> None:
        """Let so much virtual time pass at once. FaultError when it is more than the cloud takes."""
        body = {"action": "advance", "ms": round(seconds * 1000)}
        _ask(f"{self._endpoint}/_lab/clock", body)

    def wait_to_poll(self) -> None:
        """A moment: the clock jumps when a waiter polls. FaultError when it stands still or nothing is due, because then nothing
        will change by itself.
        """
        state = _ask(f"{self._endpoint}/_lab/clock")
        if state["mode"] == "paused":
            raise FaultError("The clock of the offline cloud stands still.", "`fargate-lab clock run`")
        if state["next_ms"] is None:
            raise FaultError("Nothing is due in the offline cloud, so waiting changes nothing.")
        time.sleep(_OFFLINE_POLL_S)


def offline_clock(endpoint: str) -> OfflineClock | None:
    """The clock of the offline cloud at ``endpoint``; None when something else answers there, such as another emulator.
    FaultError when nothing answers.
    """
    try:
        status = _ask(f"{endpoint.rstrip('/')}/_lab/status")
    except _NotOursError:
        return None
    return OfflineClock(endpoint) if status.get("product") == PRODUCT else None


class _NotOursError(Exception):
    """What answers does not speak the control API."""


def _ask(url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer of the control API, a JSON object. Goes through no proxy. FaultError with its own words when it refuses."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers=_HEADERS)  # noqa: S310 - the endpoint that boto3 uses, too
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S) as answer:
            said = json.loads(answer.read())
    except HTTPError as error:
        raise _refusal(error) from None
    except (URLError, OSError) as error:
        why = getattr(error, "reason", error)
        raise FaultError(
            f"Nothing answers at {url} ({why}).", "Start the offline cloud, or unset AWS_ENDPOINT_URL."
        ) from None
    except (ValueError, HTTPException):
        raise _NotOursError from None
    if not isinstance(said, dict):
        raise _NotOursError
    return said


def _refusal(error: HTTPError) -> Exception:
    try:
        said = json.loads(error.read())
        return FaultError(str(said["error"]), str(said.get("hint", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _NotOursError()
