"""A recorded session lived through again, in this process: whole, up to a moment, or with something else in it.

What is left out or put in changes what follows; everything else comes as it came, at the same virtual moments. Nothing else is
needed for a counterfactual: it is what the world does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fargate_lab import __version__
from fargate_lab.inprocess import entered
from fargate_sim.cloud import Cloud
from fargate_sim.endpoint import Endpoint
from fargate_sim.recording import Recording
from fargate_sim.threshold import LOOPBACK
from labs.endpoint_cloud import EndpointCloud, Who

Skip = Callable[[int, Mapping[str, Any]], bool]
"""Whether to leave an input of a recording out, by its place and content (``fargate_sim.recording``)."""


class Again:
    """A session on its way through the inputs of a recording. Its clock stands still but for them."""

    def __init__(
        self, recording: Recording, endpoint: Endpoint, cloud: EndpointCloud, skip: Skip | None
    ) -> None:
        self._recording = recording
        self._endpoint = endpoint
        self._skip = skip
        self._next = 0
        self.cloud = cloud
        """The world as it is now, for calls that were not made then."""
        self.unlike: list[str] = []
        """Where the world differs from the one that was recorded, in sentences; only checksums in the recording can tell."""

    @property
    def now_ms(self) -> int:
        """The virtual now."""
        return self._endpoint.cloud.engine.now_ms

    def served(self) -> contextlib.AbstractContextManager[str]:
        """The world as it is now over HTTP, for a command that needs an address; which one."""
        return _serving(self._endpoint)

    def to(self, at_ms: int) -> None:
        """Live on up to a moment, with all inputs up to and including it."""
        first = self._next
        inputs = self._recording.inputs
        while self._next < len(inputs) and inputs[self._next]["at"] <= at_ms:
            self._next += 1
        self._live(first)
        self._endpoint.pacer.advance(max(0, at_ms - self.now_ms))

    def before(self, place: int) -> None:
        """Live on with the inputs before one, by its place in the recording, up to its moment."""
        first, self._next = self._next, max(self._next, place)
        self._live(first)
        if place < len(self._recording.inputs):
            moment = {"at": self._recording.inputs[place]["at"]}
            self.unlike += self._endpoint.replay(Recording(self._recording.header, [moment], 0))

    def to_the_end(self) -> None:
        """Live on with all the inputs that are left."""
        first, self._next = self._next, len(self._recording.inputs)
        self._live(first)

    def _live(self, first: int) -> None:
        inputs = [
            line
            for place, line in enumerate(self._recording.inputs[first : self._next], start=first)
            if self._skip is None or not self._skip(place, line)
        ]
        self.unlike += self._endpoint.replay(Recording(self._recording.header, inputs, 0))


@contextlib.contextmanager
def lived_again(
    recording: Recording, *, skip: Skip | None = None, who: Who = "facilitator"
) -> Iterator[Again]:
    """The world that a recording begins with, ready to live through it. No other world of its account may be in this process."""
    cloud = Cloud.again(recording.header)
    endpoint = Endpoint(cloud, cloud.pacer(paused=True), hosts=LOOPBACK, version=lambda: __version__)
    try:
        with entered(endpoint, who=who) as client:
            yield Again(recording, endpoint, client, skip)
    finally:
        endpoint.close()


@contextlib.contextmanager
def _serving(app: Any) -> Iterator[str]:
    """An application on a port of the loopback interface, for as long as somebody needs it."""
    from waitress.server import create_server  # noqa: PLC0415 - only what-ifs need it

    server: Any = create_server(app, host="127.0.0.1", port=0, threads=2, map={})
    thread = threading.Thread(target=server.run, name="fork", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)
