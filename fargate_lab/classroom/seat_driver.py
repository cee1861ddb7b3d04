"""How a seat's screen speaks with the room's server: textual-serve's packets over two pipes, and packets of our own among them."""

from __future__ import annotations

import os
import threading
from typing import Any

from textual import messages
from textual.drivers.web_driver import WebDriver

from tui.seatapp import Told

TYPE = "fargate-lab"
"""The type of our own packets."""
SMALLEST, LARGEST = (20, 5), (400, 150)
"""Columns and lines of a screen. Larger ones would only cost."""
GRACE_SECONDS = 5.0


class SeatDriver(WebDriver):
    """Textual's own web driver, which ends when nobody is there any more."""

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """A packet of the server's, in the thread that reads."""
        if packet_type == TYPE:
            self._app.post_message(Told(payload))
        elif packet_type == "resize":
            super().on_meta(packet_type, {**payload, **fitting(payload.get("width"), payload.get("height"))})
        else:
            super().on_meta(packet_type, payload)

    def tell(self, answer: dict[str, object]) -> None:
        """A packet to the server."""
        self.write_meta({"type": TYPE, **answer})

    def run_input_thread(self) -> None:
        """Read until the server closes the pipe; then leave, in any case."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())
            timer = threading.Timer(GRACE_SECONDS, os._exit, (1,))
            timer.daemon = True
            timer.start()


def fitting(width: Any, height: Any) -> dict[str, object]:
    """A size that a screen can have."""

    def within(value: Any, index: int, usual: int) -> int:
        number = value if isinstance(value, int) and not isinstance(value, bool) else usual
        return max(SMALLEST[index], min(number, LARGEST[index]))

    return {"width": within(width, 0, 80), "height": within(height, 1, 24)}
