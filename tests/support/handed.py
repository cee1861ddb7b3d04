"""Labs done in this process and recorded where a learner's own would be, for results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fargate_lab import __version__, paths
from fargate_lab.attempt import Attempt
from fargate_lab.inprocess import START_MS, entered
from fargate_lab.progress import ProgressStore
from fargate_sim.cloud import Cloud
from fargate_sim.control import header_of
from fargate_sim.endpoint import Endpoint
from fargate_sim.recording import Recorder
from labs import loader

Doing = Callable[[Attempt], None]


def solved(attempt: Attempt) -> None:
    """The reference solution, as if somebody had typed it, and every step checked."""
    attempt.runner.solution().solve(attempt.cloud)
    attempt.check()


def done(lab_id: str, doing: Doing = solved, *, seed: int = 41, ended: bool = True) -> Path:
    """Do a lab; its recording, in the folder of FARGATE_LAB_HOME, where the progress is as well. `ended` is with a checksum at the end."""
    path = paths.ready(paths.recording_file(lab_id))
    cloud = Cloud(seed, start_ms=START_MS, label=lab_id)
    endpoint = Endpoint(cloud, cloud.pacer(paused=True))
    endpoint.recorder = Recorder.open_new(path, header_of(cloud, __version__))
    try:
        with entered(endpoint) as world:
            attempt = Attempt(loader.find(lab_id), world, ProgressStore())
            attempt.begin()
            doing(attempt)
            if ended:
                world.control.get("/_lab/digest")
                endpoint.recorder.close()
                endpoint.recorder = None
    finally:
        endpoint.close()
    return path
