"""Putting a world back to an earlier moment of its own history: its inputs up to then, lived through again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fargate_sim.cloud import Cloud
from fargate_sim.recording import read

if TYPE_CHECKING:
    from fargate_sim.endpoint import Endpoint


def rewind(endpoint: Endpoint, to_ms: int) -> None:
    """Make the world what it was at a virtual moment; its clock stands still there. What came after is kept in a file beside the
    recording. Needs the lock of the cloud that is there now. ValueError when the world is not recorded, or did not exist then.
    """
    old, recorder = endpoint.cloud, endpoint.recorder
    if recorder is None:
        raise ValueError("this world is not recorded, so it cannot go back")
    if not old.engine.start_ms <= to_ms <= old.engine.now_ms:
        raise ValueError(
            f"the world can go back to a moment from {old.engine.start_ms} to {old.engine.now_ms}, not to {to_ms}"
        )
    past = read(recorder.path).until(to_ms)
    recorder.go_on_with(past)
    old.close()
    new = Cloud.again(past.header)
    with new.lock:
        # Whoever waits for the old world goes on to this one, and waits until it stands.
        endpoint.pacer = new.pacer(speed=endpoint.pacer.speed, paused=True, effort=endpoint.pacer.effort)
        endpoint.cloud = new
        new.wait_until_ready()
        endpoint.replay(past)
