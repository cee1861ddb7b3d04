"""Whatever begins and ends in whatever order: no request is lost from the books, and afterwards the service is well again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.disturbances import SHOP, blackhole, ready, web
from support.load import balanced_books, load, look, tasks_of
from support.worlds import Scenario

from fargate_sim.model.disturbances import Disturbance, DisturbanceRefusedError
from fargate_sim.model.service import Service

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("cpu-stress", {"percent": 100, "workers": 0}),
    ("cpu-stress", {"percent": 40, "workers": 1}),
    (
        "network-latency",
        {"delayMilliseconds": 900, "jitterMilliseconds": 300, "flowsPercent": 60, "sources": ("ALL",)},
    ),
    (
        "network-latency",
        {
            "delayMilliseconds": 12_000,
            "jitterMilliseconds": 0,
            "flowsPercent": 100,
            "sources": ("stock.internal",),
        },
    ),
    ("network-packet-loss", {"lossPercent": 40, "flowsPercent": 100, "sources": ("ALL",)}),
    ("network-blackhole-port", blackhole("ingress", 8080)),
    ("network-blackhole-port", blackhole("egress", 8443)),
    ("subnet-a", {}),
    ("kill", {}),
]
MOVES = st.lists(
    st.tuples(st.integers(0, len(FAULTS) - 1), st.integers(1, 3), st.integers(0, 40), st.booleans()),
    min_size=1,
    max_size=6,
)


def begin(scenario: Scenario, service: Service, place: int, count: int) -> Disturbance | None:
    kind, params = FAULTS[place]
    disturbances = scenario.world.disturbances
    tasks = [task for task in tasks_of(service) if task.running][:count]
    try:
        if kind == "kill":
            disturbances.kill(tasks[:1], "shop", "SIGKILL" if count == 1 else "SIGTERM", why="test")
            return None
        if kind == "subnet-a":
            return disturbances.begin_subnets([kind], "all", why="test")
        return disturbances.begin(kind, tasks, params, why="test")
    except DisturbanceRefusedError:
        return None


def play(tag: str, moves: list[tuple[int, int, int, bool]], *, looks: bool) -> tuple[dict[str, Any], str]:
    scenario, service = ready(
        web(f"{SHOP}:{tag}"), desired=3, port=8080, path="/healthz", interval_s=10, deregistration_delay_s=10
    )
    load(scenario, 15)
    scenario.seconds(20)
    running: list[Disturbance] = []
    for place, count, seconds, ends in moves:
        if ends and running:
            scenario.world.disturbances.end(running.pop(count % len(running)))
        elif (begun := begin(scenario, service, place, count)) is not None:
            running.append(begun)
        scenario.seconds(seconds)
        if looks:
            assert balanced_books(look(scenario))
            assert all(server.doomed >= 0 for server in scenario.world.traffic.run.servers.values())  # type: ignore[union-attr]
    for disturbance in running:
        scenario.world.disturbances.end(disturbance)
    assert scenario.world.disturbances.active == []
    assert all(task.interference is None for task in tasks_of(service))
    scenario.seconds(1500)
    now_ms = scenario.engine.now_ms
    last = next(
        each for each in look(scenario)["minutes"] if each["at_ms"] == now_ms // 60_000 * 60_000 - 60_000
    )
    assert (last["failed"], last["ok"] > 700) == (0, True), last
    assert last["p99_ms"] < 500
    assert sum(task.running for task in tasks_of(service)) == 3
    return look(scenario), scenario.journal.to_jsonl()


@settings(max_examples=10, deadline=None)
@given(tag=st.sampled_from(["2.0", "2.1", "2.2"]), moves=MOVES)
def test_the_books_balance_and_the_service_recovers(
    tag: str, moves: list[tuple[int, int, int, bool]]
) -> None:
    assert play(tag, moves, looks=True) == play(tag, moves, looks=False)
