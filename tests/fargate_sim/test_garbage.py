"""What has survived a slow collection is left alone until a world is closed."""

from __future__ import annotations

import gc

from support.shards import Clock

from fargate_sim.garbage import ShortCollections


def test_only_a_slow_full_collection_freezes_what_it_leaves() -> None:
    clock, frozen = Clock(), []
    watch = ShortCollections(clock, lambda: frozen.append(clock.now))
    for generation, seconds in ((2, 0.01), (1, 1.0), (2, 1.0)):
        watch.told("start", {"generation": generation})
        clock.sleep(seconds)
        watch.told("stop", {"generation": generation})
    assert len(frozen) == 1


def test_the_collector_tells_it() -> None:
    frozen: list[bool] = []
    times = iter([0.0, 1.0])
    watch = ShortCollections(lambda: next(times), lambda: frozen.append(True))
    watch.begin()
    gc.collect()
    watch.end()
    assert frozen == [True]
    assert watch.told not in gc.callbacks
