"""Worlds in this process for tests that speak to a cloud as labs and faults do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from labs.endpoint_cloud import EndpointCloud

# The commands that tests run should not compile the project anew each time, whatever the surroundings say.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of the time is spent waiting for other processes and for screens."""
    return (os.cpu_count() or 1) + 1


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
