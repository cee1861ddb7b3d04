"""Worlds in this process for tests that speak to a cloud as labs and faults do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

import pytest

from labs.endpoint_cloud import EndpointCloud

# The commands that tests run should not compile the project anew each time, whatever the surroundings say.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """No tracing for coverage in this module, where it costs most and counts least.

    pytest-cov's own mark for this (no_cover) has no effect in the workers of pytest-xdist.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


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
