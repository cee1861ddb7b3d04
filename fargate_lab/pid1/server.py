"""`app`: a small HTTP/1.1 server that drains, for `fargate-lab pid1 --serve`. Runs as a script, needs only the standard library.

On SIGTERM it stops listening, answers what every open connection still asks with `Connection: close`, and ends with 0.
`--no-handler` leaves the signal as it was; `--exit-at-once` ends with 0 and drops what is open; `--linger SECONDS`: what is open when
the signal comes takes that much longer. It listens on $FARGATE_LAB_APP.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time

WORK_SECONDS = 0.05
"""How long a request takes, so that some are always in flight."""
_DRAIN_SECONDS = 15.0
"""How long a drain waits for the connections at most; a client that asks again and again ends much sooner."""


class _StopError(Exception):
    """Leaves `accept`."""


class Server:
    """Connections, each in a thread, and whether they are to be closed after the next answer."""

    def __init__(self, address: str, port: int, linger: float) -> None:
        self.linger = linger
        self.listener = socket.create_server((address, port), backlog=64)
        self.draining = threading.Event()
        self.threads: list[threading.Thread] = []

    def run(self) -> None:
        """Accept until the signal comes."""
        try:
            while True:
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
                thread.start()
                self.threads.append(thread)
        except _StopError:
            self.listener.close()
        until = time.monotonic() + _DRAIN_SECONDS + self.linger
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while lines.readline().strip():
                while lines.readline().strip():
                    pass  # headers; a GET has no body
                time.sleep(WORK_SECONDS)
                last = self.draining.is_set()
                if last:
                    time.sleep(self.linger)
                how = "close" if last else "keep-alive"
                answer = f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: {how}\r\n\r\nok\n"
                connection.sendall(answer.encode())
                if last:
                    return


def main(words: list[str]) -> None:
    """Serve until told to stop."""
    address, _, port = os.environ.get("FARGATE_LAB_APP", "127.0.0.1:8080").rpartition(":")
    linger = float(words[words.index("--linger") + 1]) if "--linger" in words else 0.0
    server = Server(address, int(port), linger)

    def stop(_number: int, _frame: object) -> None:
        if "--exit-at-once" in words:
            os._exit(0)
        if not server.draining.is_set():
            server.draining.set()
            raise _StopError

    if "--no-handler" not in words:
        signal.signal(signal.SIGTERM, stop)
    print("app: listening", flush=True)
    server.run()
    print("app: told to stop, everything that was open is answered", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
