"""Worlds in this process for tests that speak to a cloud as labs and faults do."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from labs.endpoint_cloud import EndpointCloud

# The commands that tests run should not compile the project anew each time, whatever the surroundings say.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Hundreds of worlds come and go, each with much that lives: looking for garbage less often saves time. (More seldom still costs it again.)
gc.set_threshold(50_000, 20, 50)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of the time is spent waiting for other processes and for screens."""
    return (os.cpu_count() or 1) + 1


class Scheduler(LoadFileScheduling):
    """A file's tests go to one worker, which sets up what they share once; the longest files, whose tests share nothing, are dealt out."""

    DEALT_OUT = ("tests/labs/test_proof.py::", "tests/labs/test_p09_broad_task_role.py::")

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(self.DEALT_OUT) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler:
    """In place of xdist's own by file."""
    return Scheduler(config, log)


@pytest.fixture
def new_cloud() -> Iterator[Callable[[], EndpointCloud]]:
    """Gives a fresh world of one seed, its clock standing still; the one given before ends."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need no simulator

    with world_factory(seed=7) as new:
        yield new


@pytest.fixture
def cloud(new_cloud: Callable[[], EndpointCloud]) -> EndpointCloud:
    """One fresh world."""
    return new_cloud()
