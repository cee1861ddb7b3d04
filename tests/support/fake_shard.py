"""A stand-in for `fargate_sim.shard`: the same arguments and announcement, worlds that only have a name."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


class Handler(BaseHTTPRequestHandler):
    """Answers as a shard does, as far as the room asks."""

    protocol_version = "HTTP/1.1"
    seats: ClassVar[dict[str, Any]] = {}
    token = ""
    labels: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        """Read."""
        given = self.headers.get("X-Fargate-Lab-Token", "")
        if self.path == "/_seats/" and given == self.token:
            self._say(200, {"seats": [{"seat": each, "label": self.labels.get(each)} for each in self.seats]})
            return
        seat = next((name for name, each in self.seats.items() if each["token"] == given), None)
        if seat is None:
            self._say(403, {"error": "wrong token", "hint": ""})
        elif seat not in self.labels:
            self._say(503, {"error": "no world is open", "hint": "open a lab in the browser"})
        elif self.path == "/_lab/env":
            self._say(
                200, {"VPC": f"vpc-{seat}", "AWS_ENDPOINT_URL": "http://wrong", "AWS_REGION": "us-east-1"}
            )
        else:
            self._say(200, {"label": self.labels[seat], "path": self.path})

    def do_POST(self) -> None:
        """Change."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        given = self.headers.get("X-Fargate-Lab-Token", "")
        if self.path == "/_seats/open" and given == self.token:
            self.labels[body["seat"]] = body["label"]
            self._say(200, {"label": body["label"]})
        elif self.path == "/_seats/renew" and given == self.token:
            self.labels.pop(body["seat"], None)
            self.seats[body["seat"]] = body
            self._say(200, {"seat": body["seat"], "label": None})
        elif any(each["token"] == given for each in self.seats.values()):
            self._say(200, {"did": body})
        else:
            self._say(403, {"error": "wrong token", "hint": ""})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _say(self, status: int, what: Any) -> None:
        text = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seats", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--bind")
    parser.add_argument("--log")
    parser.add_argument("--allow-host", action="append")
    parser.add_argument("--exit-with-stdin", action="store_true")
    options = parser.parse_args()
    said = json.loads(options.seats.read_text())
    Handler.token = said["token"]
    Handler.seats = {each["seat"]: each for each in said["seats"]}
    try:
        server = ThreadingHTTPServer((options.bind, options.port), Handler)
    except OSError as error:
        sys.exit(f"cannot listen on {options.bind}:{options.port}: {error.strerror}")
    print(
        json.dumps({"endpoint": f"http://{options.bind}:{server.server_port}", "pid": os.getpid()}),
        flush=True,
    )

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
