"""The offline cloud without sockets: botocore clients and a control client that call the WSGI application
directly.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
HOST = "127.0.0.1"
_BUCKET_HOST = re.compile(r"^(.+)\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com$")


class ControlRefusedError(Exception):
    """The control API refused: its status, its sentence, and its hint."""

    def __init__(self, status: int, error: str, hint: str) -> None:
        super().__init__(f"{error} ({hint})")
        self.status = status
        self.error = error
        self.hint = hint


def _environ(method: str, url: str, headers: Iterable[tuple[str, Any]], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    # As WSGI has it: decoded, each byte a character.
    path = unquote_to_bytes(parts.path or "/").decode("latin-1")
    bucket = _BUCKET_HOST.match(parts.hostname or "")
    if bucket:
        path = f"/{bucket.group(1)}{path}"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key not in ("CONTENT_LENGTH", "HOST", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = text
    environ["HTTP_HOST"] = HOST
    return environ


def call(
    app: Application, method: str, url: str, headers: Iterable[tuple[str, Any]] = (), body: bytes = b""
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send one request to a WSGI application: (status, headers, body)."""
    answered: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, response_headers: list[tuple[str, str]], _info: object = None) -> None:
        answered.append((int(status.split(" ", 1)[0]), response_headers))

    content = b"".join(app(_environ(method, url, headers, body), start_response))
    status, response_headers = answered[0]
    return status, response_headers, content


class _Raw(io.BytesIO):
    """The body as botocore wants to read it."""

    def stream(self, **_kwargs: object) -> Iterator[bytes]:
        yield self.read()


def _body_of(request: Any) -> bytes:
    body = request.body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    content = body.read()
    return content.encode() if isinstance(content, str) else bytes(content)


def attach(session: Any, app: Application) -> None:
    """Make every client that a botocore session creates from now on talk to the application, with credentials
    that open nothing else.

    Clients and sessions of boto3 take such a session as ``botocore_session``.
    """
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - botocore takes a while to import, and servers need none of it

    def before_send(request: Any, **_kwargs: object) -> Any:
        status, headers, content = call(
            app, request.method, request.url, request.headers.items(), _body_of(request)
        )
        return AWSResponse(request.url, status, dict(headers), _Raw(content))  # type: ignore[arg-type]

    session.set_credentials("AKIAFARGATELABOFFLINE", "offline")
    session.register("before-send", before_send, unique_id="fargate-lab-in-process")


class ControlClient:
    """The control API of an application in this process. ControlRefusedError when it refuses."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def get(
        self, path: str, query: Mapping[str, str | int] | None = None, **more: str | int
    ) -> dict[str, Any] | None:
        """GET a path such as ``/_lab/clock``; None when nothing has changed (204)."""
        asked = urlencode({**(query or {}), **more})
        return self._send("GET", path + (f"?{asked}" if asked else ""), b"")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST to a path such as ``/_lab/clock``."""
        return self._send("POST", path, json.dumps(dict(body)).encode()) or {}

    def _send(self, method: str, path: str, body: bytes) -> dict[str, Any] | None:
        headers = [("X-Fargate-Lab", "1"), ("Content-Type", "application/json")]
        status, _, content = call(self._app, method, f"http://{HOST}{path}", headers, body)
        answer: dict[str, Any] | None = json.loads(content) if content else None
        if status >= 400:
            told = answer or {}
            raise ControlRefusedError(status, told.get("error", f"status {status}"), told.get("hint", ""))
        return answer


def control(app: Application) -> ControlClient:
    """A client of the application's control API."""
    return ControlClient(app)
