"""One `fargate-lab serve` for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A world at 20x, for the module."""
    world = Served(tmp_path_factory.mktemp("e2e"), "--speed", "20", "--seed", "11")
    yield world
    if world.process.poll() is None:
        world.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts `fargate-lab serve` with these words in the test's own folders; whatever still runs at the end
    is ended.
    """
    started: list[Served] = []

    def start(*words: str) -> Served:
        started.append(Served(tmp_path, *words))
        return started[-1]

    yield start
    for world in started:
        if world.process.poll() is None:
            world.stop()
