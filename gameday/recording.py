"""Which calls of the AWS API are made meanwhile, exactly: taken from the clients as they are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gameday.operations import is_reading
from labs.cloud import Cloud

_EVENT = "provide-client-params.*.*"


@dataclass(frozen=True, slots=True)
class Made:
    """A call that changes something: the service as boto3 names it, the operation as AWS spells it, its parameters."""

    service: str
    operation: str
    params: Mapping[str, Any]


class RecordingCloud:
    """A cloud whose changing calls are written down; everything else is the cloud's own."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._made: list[Made] = []
        self._clients: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cloud, name)

    def client(self, service: str) -> Any:
        """The cloud's client, listened to."""
        if service not in self._clients:
            client = self._clients[service] = self._cloud.client(service)

            def heard(params: Mapping[str, Any], model: Any, **_: Any) -> None:
                if not is_reading(model.name):
                    self._made.append(Made(service, model.name, dict(params)))

            client.meta.events.register(_EVENT, heard, unique_id=f"rehearsal-{id(self)}")
        return self._clients[service]

    def taken(self) -> list[Made]:
        """The calls since the last time that somebody asked."""
        made, self._made = self._made, []
        return made

    def close(self) -> None:
        """Listen no more."""
        for client in self._clients.values():
            client.meta.events.unregister(_EVENT, unique_id=f"rehearsal-{id(self)}")


@contextmanager
def recorded(cloud: Cloud) -> Iterator[RecordingCloud]:
    """Listen to a cloud's clients for a while."""
    recording = RecordingCloud(cloud)
    try:
        yield recording
    finally:
        recording.close()
