"""Calls to a shard that are made by hand: signed as botocore signs, and then changed as whoever listens might."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from support.shards import Class

HOST = "http://127.0.0.1"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/x-amz-json-1.1"}


@dataclass(frozen=True)
class Signed:
    """A request of a seat. ``path`` is as it is sent, with its query."""

    service: str
    method: str = "POST"
    path: str = "/"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def by(self, room: Class, seat: str = "01") -> Signed:
        """Signed with the seat's key."""
        tenant = room.seat(seat)
        request = AWSRequest(self.method, HOST + self.path, dict(self.headers), self.body)
        auth = S3SigV4Auth if self.service == "s3" else SigV4Auth
        auth(Credentials(tenant.key_id, tenant.secret_key), self.service, "us-east-1").add_auth(request)
        return replace(self, headers=dict(request.headers.items()))

    def with_header(self, name: str, value: str) -> Signed:
        """With one that was not there when it was signed."""
        return replace(self, headers={**self.headers, name: value})

    def sent(self, room: Class, *, port: str = "50001") -> tuple[int, bytes]:
        """Status and body of the answer, over a connection that is told by its port."""
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": unquote(path),
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(self.body)),
            "HTTP_HOST": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "192.0.2.7",
            "REMOTE_PORT": port,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        statuses: list[int] = []
        body = b"".join(room.app(environ, lambda status, _headers: statuses.append(int(status.split()[0]))))
        return statuses[0], body


def calls(room: Class, seat: str = "01") -> list[tuple[str | None, bool]]:
    """The calls in a seat's journal: their operations, and whether they only read."""
    entries = room.lab(seat, "GET", "journal?kind=call")[1]["entries"]
    return [(each["data"]["operation"], each["data"]["reading"]) for each in entries]


def as_json(**words: Any) -> bytes:
    """A body."""
    return json.dumps(words).encode()
