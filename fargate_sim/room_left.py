"""How large a world may become where several share a machine: its recording, its history, its tasks.

A sentence says what is full; empty means that there is room.
"""

from __future__ import annotations

import json
from typing import Any

from fargate_sim.endpoint import Endpoint
from fargate_sim.limits import Limits
from fargate_sim.model.service import INACTIVE
from fargate_sim.wire.identify import Call

GROWING = frozenset({"CreateService", "UpdateService", "RunTask", "StartTask", "RegisterScalableTarget"})
"""Operations after which there may be more tasks."""
_ANEW = "Begin the lab anew."
_READS_ON = 1.25
"""So much longer than it may become for changes the history may become for reads."""


def full(endpoint: Endpoint, limits: Limits, call: Call, body: bytes) -> str:
    """Why a call may not add anything to a world."""
    entries = len(endpoint.cloud.journal)
    recorded = endpoint.recorder.size if endpoint.recorder is not None else 0
    more = _READS_ON if call.reading else 1.0
    if entries > limits.history_entries * more or recorded > limits.recording_bytes * more:
        return (
            f"The history of this world is as long as it may become: nothing more can be done in it. {_ANEW}"
        )
    if call.operation in GROWING and tasks(endpoint) > limits.tasks and not _scales_in(endpoint, call, body):
        return f"This world has, or wants, more than {limits.tasks} tasks. Scale something in first."
    return ""


def history_full(endpoint: Endpoint, limits: Limits) -> bool:
    """Whether so much has happened in a world that its clock stands still."""
    return len(endpoint.cloud.journal) > limits.history_entries


def tasks(endpoint: Endpoint) -> int:
    """How many tasks there are, or should be, in all regions of a world."""
    worlds = list(endpoint.cloud.worlds().values())
    services = [each for world in worlds for each in list(world.services.values())]
    alive = sum(task.last_status != "STOPPED" for world in worlds for task in list(world.tasks.values()))
    return max(alive, sum(each.desired for each in services if each.status != INACTIVE))


def _scales_in(endpoint: Endpoint, call: Call, body: bytes) -> bool:
    """Whether a call lets a service have no more tasks than it has."""
    if call.operation != "UpdateService":
        return False
    try:
        asked: Any = json.loads(body)
        wanted, name = asked["desiredCount"], str(asked["service"]).rpartition("/")[2]
    except (ValueError, KeyError, TypeError):
        return False
    now = [
        each.desired
        for world in endpoint.cloud.worlds().values()
        for each in list(world.services.values())
        if each.name == name
    ]
    return isinstance(wanted, int) and bool(now) and wanted <= min(now)
