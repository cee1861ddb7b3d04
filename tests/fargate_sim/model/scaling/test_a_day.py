"""A day of a service that two policies scale between 4 and 40 tasks: it follows the load, loses nothing, and is the same every time."""

from __future__ import annotations

import hashlib

from support.worlds import BALANCER, GROUP, Scenario

from fargate_sim.model.scaling.policy import Followed, Tracking
from fargate_sim.model.traffic import Demand
from fargate_sim.model.traffic.report import report

HOUR_MS = 3_600_000


def day(seed: int, *, looks: bool) -> tuple[str, list[int], int, str]:
    """The digest of the history, the running tasks by the hour, the failed requests, and the metrics of the day."""
    scenario = Scenario(seed)
    scenario.group()
    service = scenario.service(scenario.definition(), 10, balanced=True)
    scenario.settle()
    world = scenario.world
    target = world.scaling.register(service, minimum=4, maximum=40)
    label = f"{BALANCER}/{GROUP.rpartition(':')[2]}"
    requests = Followed("ALBRequestCountPerTarget", label)
    world.scaling.put_policy(target, "requests", Tracking(3, requests), {})
    world.scaling.put_policy(target, "cpu", Tracking(60, Followed("ECSServiceAverageCPUUtilization")), {})
    world.traffic.start(Demand(GROUP, 2, pattern="daily"))
    running = []
    for _ in range(24):
        scenario.engine.run_until(scenario.engine.now_ms + HOUR_MS)
        running.append(service.running_count)
        if looks:
            report(world.traffic, scenario.engine.now_ms)
            world.metrics.listing()
    failed = report(world.traffic, scenario.engine.now_ms, seconds=0, minutes=0)["failed"]
    points = world.metrics.points(
        "AWS/ECS", "CPUUtilization", {"ClusterName": "lab", "ServiceName": "web"}, 0, scenario.engine.now_ms
    )
    story = hashlib.sha256(scenario.journal.to_jsonl().encode()).hexdigest()
    return story, running, failed, hashlib.sha256(repr(points).encode()).hexdigest()


def test_a_day_is_the_same_every_time_whoever_looks() -> None:
    first = day(5, looks=False)
    assert day(5, looks=True) == first
    _, running, failed, _ = first
    assert max(running) == 40
    assert min(running) < 20
    assert failed == 0
