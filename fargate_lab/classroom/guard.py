"""What every request of a room's pages must pass before anything looks at it, and what every answer carries.

A request must be for this room by name, and a web page of somebody else's cannot make one that changes anything or opens a websocket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from fargate_lab.classroom.hosts import Hosts
from fargate_lab.classroom.taking import Taking
from fargate_sim.networks import network_of

LOG = logging.getLogger(__name__)

Problem = Callable[[web.Request, int, str, str], web.StreamResponse]
"""Shows a person what went wrong: the request, the HTTP status, the sentence, and what to do."""

HEAD_SECONDS = 20.0
"""By then the head of a request must be there, however slowly it drips; a connection without a request is closed after that, too."""
BODY_SECONDS = 10.0
LARGEST_BODY = 64 * 1024
LARGEST_LINE = 4096
MOST_CONNECTIONS = 2000
MOST_OF_ONE_ADDRESS = 256
"""A class of 60 behind one address has a websocket and a few more connections for each seat while a page loads."""

REAL_ADDRESS = "X-Real-IP"
"""Where somebody comes from, as the proxy says; believed where there is one, which must be the only way in."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Server": "fargate-lab",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would send `Origin: null` with our own forms (Fetch, "append a request Origin header").
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_WORDS = {
    400: ("That request makes no sense.", ""),
    404: ("There is no such page.", "The class's page is the first one."),
    405: ("That page cannot be used like this.", ""),
    408: ("The request took too long.", "Try again."),
    413: ("That is too much.", ""),
    415: ("That is no form of ours.", ""),
}


def middleware(hosts: Hosts, public: str, problem: Problem, taking: Taking) -> Middleware:
    """The guard of an application. `public` is the URL of its pages behind a proxy, empty when there is none; `taking` is told
    of requests.
    """
    secure = urlsplit(public).scheme == "https"

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        taking.asked(request, websocket=_is_websocket(request))
        if public and (where_from := request.headers.get(REAL_ADDRESS)):
            # Else all of a class would be one address, and one who guesses codes would keep the others out.
            request = request.clone(remote=where_from)
        if not _is_for_us(request, hosts):
            return problem(
                request, 421, "Nobody of that name is here.", "Use the address that your teacher shows."
            )
        if not _is_from_us(request, secure=secure):
            return problem(
                request, 403, "That request comes from another web page.", "Open the class's page itself."
            )
        try:
            if request.can_read_body:
                async with asyncio.timeout(BODY_SECONDS):
                    await request.read()
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status < 400:
                raise
            sentence, hint = _WORDS.get(answer.status, (f"{answer.reason}.", ""))
            return _closing(problem(request, answer.status, sentence, hint), answer.status)
        except web.RequestPayloadError:
            # No body: chunks that are none, or compressed so that nobody can read it.
            senseless = problem(request, 400, *_WORDS[400])
            senseless.force_close()
            return senseless
        except TimeoutError:
            return _closing(problem(request, 408, *_WORDS[408]), 408)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            LOG.exception("%s %s failed; this is a bug", request.method, request.path)
            return problem(
                request, 500, "The class's server failed at this.", "Its log says more. Try again."
            )

    return guard


def _closing(answer: web.StreamResponse, status: int) -> web.StreamResponse:
    if status in (408, 413):
        # What is left of the body is not read.
        answer.force_close()
    return answer


def _is_for_us(request: web.Request, hosts: Hosts) -> bool:
    named = request.headers.getall("Host", [])
    arrived = None if request.transport is None else request.transport.get_extra_info("sockname")
    return len(named) == 1 and hosts.allow(named[0], str(arrived[0]) if arrived else None)


def _is_from_us(request: web.Request, *, secure: bool) -> bool:
    origins = request.headers.getall("Origin", [])
    websocket = _is_websocket(request)
    if not origins:
        # Every browser says where a POST and a websocket come from; a program need not, and has no cookies of somebody else's.
        return not websocket
    if request.method in ("GET", "HEAD") and not websocket:
        return True
    host = request.headers.get("Host", "")
    return origins[0] in own_origins(host, secure=secure) and len(origins) == 1


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def own_origins(host: str, *, secure: bool) -> Iterable[str]:
    """The origins that pages of ours have under a Host header."""
    return (f"http://{host}", f"https://{host}") if secure else (f"http://{host}",)


async def dress(_request: web.Request, answer: web.StreamResponse) -> None:
    """Put on every answer what it must carry."""
    for name, value in HEADERS.items():
        answer.headers[name] = value
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY)


class Door(asyncio.Protocol):
    """Lets a connection in to a server while there are not too many, all in all and from one address that is not this machine's own."""

    def __init__(self, server: web.Server, *, most_of_one: int = MOST_OF_ONE_ADDRESS) -> None:
        self._server = server
        self._most_of_one = most_of_one

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or close it."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - that of a socket
        others = self._server.connections
        here = _peer(transport)
        if len(others) >= MOST_CONNECTIONS or (
            here not in ("127.0.0.1", "::1", "")
            and sum(_peer(each.transport) == here for each in others) >= self._most_of_one
        ):
            transport.abort()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)


def _peer(transport: asyncio.BaseTransport | None) -> str:
    found = None if transport is None else transport.get_extra_info("peername")
    return network_of(str(found[0])) if found else ""
