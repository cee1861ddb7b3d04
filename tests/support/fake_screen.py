"""A stand-in for a seat's screen: it speaks textual-serve's packets, and shows what it hears. Arguments: whose it is, width, height."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def show(text: str) -> None:
    """Draw."""
    packet(b"D", text.encode())


def packet(kind: bytes, payload: bytes) -> None:
    """Send one."""
    with open(1, "wb", closefd=False) as stream:
        stream.write(kind + len(payload).to_bytes(4, "big") + payload)


def read(count: int) -> bytes:
    """So many bytes; the end when there are no more."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def heard(said: Any) -> None:
    """A packet that is no typing."""
    kind = said["type"]
    if kind == "resize":
        show(f"<{said['width']}x{said['height']}>")
    elif kind == "quit":
        packet(b"M", b'{"type":"exit"}')
        sys.exit(0)
    elif kind == "fargate-lab" and said["do"] == "look":
        lines = [f"screen of {sys.argv[1]}"]
        answer = {
            "type": kind,
            "do": "look",
            "id": said["id"],
            "width": 80,
            "height": 24,
            "lines": lines,
            "svg": "<svg/>",
        }
        packet(b"M", json.dumps(answer).encode())
    elif kind == "fargate-lab":
        show(f"[{said['do']} {said.get('text', '')}]")


def main() -> None:
    """Until it is told to end."""
    os.write(1, b"__GANGLION__\n")
    show(f"hello {' '.join(sys.argv[1:])} pid={os.getpid()} ")
    while True:
        kind, size = read(1), int.from_bytes(read(4), "big")
        payload = read(size)
        if kind == b"M":
            heard(json.loads(payload))
        elif payload == b"die":
            os._exit(9)
        elif payload == b"leave":
            packet(b"M", b'{"type":"exit"}')
            sys.exit(0)
        elif payload == b"flood":
            for _ in range(10):
                packet(b"D", b"x" * 4_000_000)
        elif payload == b"nonsense":
            packet(b"M", b'{"no')
            packet(b"M", b'{"type":"open_url","url":"javascript:alert(1)","new_tab":false}')
            packet(b"M", b'{"type":"deliver_file_start","key":"k"}')
            show("still here")
        else:
            show(f"typed {payload.decode()}")


if __name__ == "__main__":
    main()
