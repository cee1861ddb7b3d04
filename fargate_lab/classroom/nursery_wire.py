"""What is said over the nursery's socket.

One connection for each process that is wanted. The request comes with the ends of pipes that the process shall have: 4 bytes of length
(big endian) that carry the descriptors, then a JSON object. The answers are JSON objects, one a line: `{"pid"}` when the process is there,
`{"code"}` when it has ended (as `subprocess.Popen.returncode`), or `{"error"}`. Who closes the connection, or
the half of it in which they speak, ends the process.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

LARGEST_REQUEST = 1_000_000
LENGTH = 4


def ask(connection: socket.socket, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Send a request; OSError when nobody takes it, ValueError when it is too long."""
    text = json.dumps(request).encode()
    if len(text) > LARGEST_REQUEST:
        raise ValueError("the request is too long")
    socket.send_fds(connection, [len(text).to_bytes(LENGTH, "big")], list(descriptors))
    connection.sendall(text)


def line(answer: Mapping[str, Any]) -> bytes:
    """An answer as it goes over the socket."""
    return json.dumps(answer).encode() + b"\n"


class Request:
    """A request as it comes in, piece by piece. `descriptors` are ours once they are here."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self._content = b""

    def read(self, connection: socket.socket, most: int) -> dict[str, Any] | None:
        """Take what is there; the request once it is whole. At most ``most`` descriptors are taken. EOFError when the other side has
        gone, ValueError when it is no request.
        """
        data, descriptors, flags, _ = socket.recv_fds(connection, 65536, most)
        self.descriptors += descriptors
        if not data:
            raise EOFError
        self._content += data
        if flags & socket.MSG_CTRUNC or len(self.descriptors) > most:
            raise ValueError("there are too many descriptors")
        if len(self._content) < LENGTH:
            return None
        size = int.from_bytes(self._content[:LENGTH], "big")
        if size > LARGEST_REQUEST:
            raise ValueError("the request is too long")
        if len(self._content) < LENGTH + size:
            return None
        found = json.loads(self._content[LENGTH : LENGTH + size])
        if not isinstance(found, dict):
            raise ValueError("the request is no object")
        return found
