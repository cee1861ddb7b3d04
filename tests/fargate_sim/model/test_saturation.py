"""CPU and latency come out of what a request costs, how many are worked on at a time, and the size of the task."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from support.load import load, look, stage
from support.worlds import Scenario

from fargate_sim.model.task_definition import ContainerSpec

ORDERS = "public.ecr.aws/fargate-lab/orders:1.0"
RENDER = "public.ecr.aws/fargate-lab/render:1.0"
WEB = {"ClusterName": "lab", "ServiceName": "web"}


@dataclass
class Seen:
    """Four minutes of a load, without the first. Longer, and an overloaded queue would be beyond everybody's patience."""

    cpu: float
    """Percent."""
    p50_ms: float
    p99_ms: float
    ok_rps: float


def measure(image: str, rps: float, *, cpu: int = 256, desired: int = 1, seed: int = 3) -> Seen:
    spec = ContainerSpec("web", image)
    scenario, _ = stage(spec, desired=desired, port=8080, seed=seed, size=(cpu, 2048))
    load(scenario, rps, client_timeout_ms=60_000)
    scenario.seconds(270)
    minutes = look(scenario)["minutes"][1:-1]
    return Seen(
        cpu=average(scenario, len(minutes)),
        p50_ms=sorted(minute["p50_ms"] for minute in minutes)[len(minutes) // 2],
        p99_ms=sorted(minute["p99_ms"] for minute in minutes)[len(minutes) // 2],
        ok_rps=sum(minute["ok"] for minute in minutes) / len(minutes) / 60,
    )


def average(scenario: Scenario, minutes: int) -> float:
    scenario.world.traffic.settle()
    now = scenario.engine.now_ms // 60_000
    tasks = scenario.world.metrics.tasks
    points = list(tasks.points("AWS/ECS", "CPUUtilization", WEB, now - minutes, now))
    return sum(point.sum / point.sample_count for point in points) / len(points)


# -- I/O-bound ---------------------------------------------------------------------------------------


def test_the_workers_of_an_io_bound_program_are_all_busy_while_its_cpu_is_near_forty() -> None:
    """The trap of scaling by CPU: no threshold from 60 to 75 % is ever reached, whatever comes."""
    calm, brim, flood = (measure(ORDERS, rps) for rps in (8, 20, 26))
    assert calm.p99_ms < 600
    assert calm.cpu == pytest.approx(100 * 8 * 0.018, abs=3)
    assert brim.p99_ms > 650
    assert brim.cpu < 40
    assert flood.p50_ms > 10_000
    assert 36 < flood.cpu < 45
    assert flood.ok_rps < 23


def test_p99_climbs_long_before_any_cpu_threshold() -> None:
    seen = [measure(ORDERS, rps) for rps in (5, 15, 18, 21, 23)]
    latencies = [each.p99_ms for each in seen]
    assert latencies == sorted(latencies)
    assert latencies[3] > 2 * latencies[0]
    assert max(each.cpu for each in seen) < 45


def test_more_cpu_is_no_cure_for_waiting() -> None:
    """Twice the CPU halves the utilisation and takes 9 ms off each request; a second task takes the queue away."""
    one, bigger, two = (
        measure(ORDERS, 26, cpu=256),
        measure(ORDERS, 26, cpu=512),
        measure(ORDERS, 26, cpu=256, desired=2),
    )
    assert bigger.cpu == pytest.approx(one.cpu / 2, abs=2)
    assert bigger.p50_ms > 5_000
    assert one.p50_ms > 5_000
    assert two.p99_ms < 700
    light = [measure(ORDERS, 2, cpu=cpu) for cpu in (256, 512)]
    assert light[0].p50_ms - light[1].p50_ms == pytest.approx(9, abs=9), "buckets are 5 % wide"


# -- CPU-bound ---------------------------------------------------------------------------------------


def test_a_cpu_bound_program_is_full_when_its_cpu_is() -> None:
    calm, brim, flood = (measure(RENDER, rps) for rps in (4, 8, 12))
    assert calm.cpu == pytest.approx(40, abs=5)
    assert brim.cpu == pytest.approx(80, abs=6)
    assert flood.cpu == pytest.approx(100, abs=0.5)
    assert flood.ok_rps == pytest.approx(10, rel=0.03)
    assert flood.p50_ms > 20 * calm.p50_ms


@pytest.mark.parametrize("cpu", [256, 512, 1024])
def test_what_a_cpu_bound_task_can_do_goes_with_its_cpu(cpu: int) -> None:
    size = cpu / 256
    half, over = measure(RENDER, 5 * size, cpu=cpu), measure(RENDER, 12 * size, cpu=cpu)
    assert half.cpu == pytest.approx(50, abs=5)
    assert over.ok_rps == pytest.approx(10 * size, rel=0.03)
    assert over.cpu == pytest.approx(100, abs=0.5)


def test_memory_has_no_say_in_it() -> None:
    def told(memory: int) -> tuple[object, ...]:
        scenario, _ = stage(ContainerSpec("web", RENDER), desired=1, port=8080, size=(256, memory))
        load(scenario, 9)
        scenario.seconds(300)
        answer = look(scenario)
        return answer["ok"], answer["latency"], average(scenario, 4)

    assert told(512) == told(2048)


# -- one load after another ----------------------------------------------------------------------------


def test_what_an_old_load_left_in_its_queue_does_not_make_the_cpu_busier_for_the_next() -> None:
    """Otherwise a program that is full at 40 % would be seen at 60, and a policy on its CPU would act on work that nobody does."""
    scenario, _ = stage(ContainerSpec("web", ORDERS), desired=1, port=8080, seed=3, size=(256, 2048))
    load(scenario, 60)
    scenario.seconds(300)
    assert average(scenario, 3) < 45
    scenario.world.traffic.stop()
    load(scenario, 60)
    scenario.seconds(300)
    assert average(scenario, 3) < 45
