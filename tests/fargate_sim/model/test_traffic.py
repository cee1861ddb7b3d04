"""Requests: who fails, when and why, and which setting is to blame."""

from __future__ import annotations

from typing import Any

import pytest
from support.load import BATCH, EXEC, SHELL, SLOW, balanced_books, kinds, load, look, redeploy, stage
from support.worlds import GROUP, NGINX, Scenario

from fargate_sim.model.task_definition import ContainerSpec
from fargate_sim.model.traffic import Demand

# -- arrivals ----------------------------------------------------------------------------------------


def test_constant_arrivals_are_evenly_spaced_and_go_round_robin() -> None:
    scenario, _ = stage()
    load(scenario, 10, pattern="constant")
    scenario.seconds(60.05)
    answer = look(scenario)
    assert answer["sent"] == 600
    assert [target["sent"] for target in answer["targets"]] == [300, 300]
    assert answer["failed"] == 0
    assert {second["sent"] for second in answer["seconds"][1:-1]} == {10}


@pytest.mark.parametrize(
    ("more", "rates"),
    [
        ({}, (50, 50, 50)),
        ({"pattern": "step", "to_rps": 200, "after_ms": 120_000}, (50, 200, 200)),
        ({"pattern": "spike", "after_ms": 120_000, "for_ms": 120_000}, (50, 100, 50)),
    ],
)
def test_poisson_arrivals_follow_the_rate_of_the_moment(more: dict[str, Any], rates: tuple[int, ...]) -> None:
    scenario, _ = stage()
    load(scenario, 50, **more)
    before = 0
    for rate in rates:
        scenario.seconds(120)
        sent = look(scenario)["sent"]
        assert sent - before == pytest.approx(rate * 120, rel=0.07)
        before = sent


def test_the_daily_wave_peaks_at_three_in_the_afternoon() -> None:
    scenario, _ = stage()
    demand = Demand(GROUP, 10, pattern="daily")
    hour = 3_600_000_000
    midnight = (scenario.engine.now_ms // 86_400_000) * 86_400_000_000
    assert demand.rate(0, midnight + 15 * hour) == pytest.approx(10)
    assert demand.rate(0, midnight + 3 * hour) == pytest.approx(2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rps": 0},
        {"rps": 1e9},
        {"pattern": "sawtooth"},
        {"to_rps": 5},
        {"long_share": 1.5},
        {"long_ms": 0},
        {"path": "index"},
        {"client_timeout_ms": -1},
    ],
)
def test_a_demand_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"from|pattern|begins"):
        Demand(**{"target_group": GROUP, "rps": 1, **wrong})


def test_one_load_at_a_time_and_only_to_a_group_that_exists() -> None:
    scenario, _ = stage()
    traffic = scenario.world.traffic
    with pytest.raises(ValueError, match="no traffic is running"):
        traffic.stop()
    with pytest.raises(ValueError, match="there is no target group"):
        traffic.start(Demand(GROUP + "x", 1))
    load(scenario)
    with pytest.raises(ValueError, match="stop it first"):
        load(scenario)
    scenario.seconds(10)
    traffic.stop()
    sent = look(scenario)["sent"]
    scenario.seconds(60)
    answer = look(scenario)
    assert (answer["sent"], answer["in_flight"], answer["running"]) == (sent, 0, False)
    assert [entry.kind for entry in scenario.entries("traffic.started", "traffic.stopped")] == [
        "traffic.started",
        "traffic.stopped",
    ]


# -- the queue of a program --------------------------------------------------------------------------


def test_more_than_the_cpu_can_serve_queues_until_clients_give_up() -> None:
    scenario, _ = stage(ContainerSpec("web", BATCH), desired=1, port=8080, path="/healthz")
    load(scenario, 200)  # a quarter of a vCPU serves 125 requests of 2 ms a second
    scenario.seconds(30)
    early = look(scenario)
    assert early["failed"] == 0
    assert early["latency"]["p95_ms"] > 5_000
    scenario.seconds(170)
    answer = look(scenario)
    assert set(kinds(answer)) == {"client"}
    assert {error["status"] for error in answer["errors"]} == {460}
    assert all(failure["waited_ms"] == 30_000 for failure in answer["failures"])
    served_a_second = [second["ok"] for second in early["seconds"][5:-2]]
    assert max(served_a_second) <= 130


def test_an_answer_later_than_the_idle_time_out_is_a_504() -> None:
    scenario, _ = stage(idle_timeout_s=60)
    load(scenario, 5, long_share=0.2, long_ms=90_000, client_timeout_ms=120_000)
    scenario.seconds(200)
    answer = look(scenario)
    assert kinds(answer).keys() == {"idle"}
    assert answer["errors"][0]["status"] == 504
    assert {failure["waited_ms"] for failure in answer["failures"]} == {60_000}
    assert answer["failures"][0]["knob"].startswith("idle_timeout.timeout_seconds")


def test_an_unknown_path_is_answered_by_the_program() -> None:
    scenario, _ = stage()
    load(scenario, 5, path="/nowhere?x=1")
    scenario.seconds(20)
    answer = look(scenario)
    assert answer["ok"] == 0
    assert [(error["status"], error["by"]) for error in answer["errors"]] == [(404, "target")]


# -- the end of a task -------------------------------------------------------------------------------


def test_a_rolling_deployment_with_good_settings_loses_nothing() -> None:
    scenario, service = stage(desired=4, deregistration_delay_s=60)
    load(scenario, 100, long_share=0.05, long_ms=8_000)
    scenario.seconds(30)
    redeploy(scenario, service)
    answer = look(scenario)
    assert (answer["failed"], answer["unsaved_lost"]) == (0, 0)
    assert balanced_books(answer)
    ends = answer["shutdowns"]
    assert len(ends) == 4
    assert sum(end["in_flight_at_deregistration"] for end in ends) > 0
    assert all(end["stray"] > 0 for end in ends)  # a few still came, and were served
    assert all(end["in_flight_at_signal"] == 0 for end in ends)
    assert not scenario.entries("traffic.lost")


@pytest.mark.parametrize(("delay", "loses"), [(0, True), (4, True), (12, False), (300, False)])
def test_a_delay_shorter_than_the_longest_request_cuts_it(delay: int, *, loses: bool) -> None:
    scenario, service = stage(desired=2, deregistration_delay_s=delay)
    load(scenario, 50, long_share=0.1, long_ms=8_000)
    scenario.seconds(30)
    redeploy(scenario, service)
    answer = look(scenario)
    assert bool(answer["failed"]) is loses
    assert kinds(answer).keys() == ({"delay"} if loses else set())
    for failure in answer["failures"]:
        assert (failure["status"], failure["by"], failure["phase"]) == (502, "elb", "draining")
        assert failure["knob"] == "deregistration_delay.timeout_seconds"
        assert f"of {delay} s" in failure["cause"]
        assert failure["waited_ms"] <= 8_010
    told = scenario.entries("traffic.lost")
    assert sum(entry.data["count"] for entry in told) == answer["failed"]
    assert all(entry.data["knob"] == "deregistration_delay.timeout_seconds" for entry in told)


@pytest.mark.parametrize("container", [SHELL, EXEC], ids=["shell", "exec"])
def test_behind_a_load_balancer_a_deaf_shell_loses_no_request_that_the_delay_covers(
    container: ContainerSpec,
) -> None:
    scenario, service = stage(container, deregistration_delay_s=30)
    load(scenario, 50, long_share=0.05, long_ms=5_000)
    scenario.seconds(30)
    redeploy(scenario, service)
    answer = look(scenario)
    assert answer["failed"] == 0
    assert {end["killed"] for end in answer["shutdowns"]} == {container is SHELL}
    assert {end["exit_code"] for end in answer["shutdowns"]} == {137 if container is SHELL else 0}


@pytest.mark.parametrize(
    ("form", "delay", "desired", "timeout", "saved"),
    [
        (("sh", "-c", "/app/shop; true"), 30, 2, 10, False),
        (("sh", "-c", "/app/shop; true"), 30, 2, 120, False),  # a longer stopTimeout alone
        (("sh", "-c", "/app/shop; true"), 300, 2, 10, False),  # a longer delay alone
        (("sh", "-c", "/app/shop; true"), 30, 5, 10, False),  # more tasks
        (
            ("tini", "--", "sh", "-c", "/app/shop; true"),
            30,
            2,
            10,
            False,
        ),  # an init before a shell that stays
        (("/app/shop",), 30, 2, 10, True),
        (("sh", "-c", "exec /app/shop"), 30, 2, 10, True),
        (("tini", "--", "/app/shop"), 30, 2, 10, True),
    ],
)
def test_what_a_program_still_holds_is_lost_unless_it_hears_the_stop_signal(
    form: tuple[str, ...], delay: int, desired: int, timeout: int, *, saved: bool
) -> None:
    container = ContainerSpec("web", BATCH, entrypoint=form, command=(), stop_timeout_s=timeout)
    scenario, service = stage(
        container, desired=desired, port=8080, path="/healthz", deregistration_delay_s=delay
    )
    load(scenario, 40)
    scenario.seconds(30)
    redeploy(scenario, service)
    answer = look(scenario)
    assert answer["failed"] == 0
    assert (answer["unsaved_lost"] == 0) is saved
    told = scenario.entries("traffic.lost")
    assert sum(entry.data["unsaved"] for entry in told) == answer["unsaved_lost"]
    assert all("PID 1" in entry.data["knob"] for entry in told)


@pytest.mark.parametrize(
    ("form", "timeout", "code"),
    [
        (
            ("sh", "-c", "/app/shop & sleep 80; exit 3"),
            30,
            3,
        ),  # it dies with the shell, and nobody has told it
        (("/app/shop",), 2, 137),  # it hears, and needs 3 s
    ],
)
def test_what_a_program_still_holds_is_lost_when_it_crashes_or_is_given_too_little_time(
    form: tuple[str, ...], timeout: int, code: int
) -> None:
    container = ContainerSpec("web", BATCH, entrypoint=form, command=(), stop_timeout_s=timeout)
    scenario, service = stage(container, port=8080, path="/healthz", settle=False)
    scenario.seconds(60)
    load(scenario, 11, pattern="constant")
    scenario.seconds(30)
    if code == 137:
        redeploy(scenario, service)
    scenario.seconds(30)
    answer = look(scenario)
    ends = [end for end in answer["shutdowns"] if end["exit_code"] == code]
    assert len(ends) == 2
    assert answer["unsaved_lost"] == sum(end["unsaved"] for end in ends) > 0
    assert all(end["unsaved"] < 50 for end in ends)


def sidecar_ends(
    form: tuple[str, ...] | None, stop_timeout: int = 5, **more: Any
) -> tuple[Scenario, dict[str, Any]]:
    """The only essential container ends while another serves: that one gets its stop signal with its target still in use."""
    web = ContainerSpec(
        "web",
        NGINX,
        entrypoint=form,
        command=() if form else None,
        essential=False,
        stop_timeout_s=stop_timeout,
    )
    main = ContainerSpec("main", NGINX, command=("sleep", "300"))
    scenario, _ = stage(web, main, desired=1)
    load(scenario, 20, **more)
    scenario.seconds(320)
    return scenario, look(scenario)


@pytest.mark.parametrize(
    ("form", "stop_timeout", "long_ms", "kind", "knob"),
    [
        (None, 30, 3_000, None, ""),
        (None, 2, 3_000, "slow", "stopTimeout"),
        (("sh", "-c", "nginx; true"), 2, 3_000, "deaf", "entryPoint/command (PID 1)"),
        (("tini", "--", "sh", "-c", "nginx; true"), 30, 3_000, "died", "handler"),
    ],
    ids=["drains", "drains too long", "deaf shell", "dies at once"],
)
def test_requests_in_flight_at_the_stop_signal(
    form: tuple[str, ...] | None, stop_timeout: int, long_ms: int, kind: str | None, knob: str
) -> None:
    scenario, answer = sidecar_ends(form, stop_timeout, long_share=0.3, long_ms=long_ms)
    ends = [end for end in answer["shutdowns"] if end["signal_ms"] and end["in_flight_at_signal"]]
    assert ends
    in_flight_kinds = kinds(answer).keys() & {"slow", "deaf", "died", "delay"}
    assert in_flight_kinds == ({kind} if kind else set())
    cut = [failure for failure in answer["failures"] if failure["kind"] == kind]
    assert all(knob in failure["knob"] and failure["phase"] == "stopping" for failure in cut)
    if kind is None:
        # Those in hand are answered; those that come after the port has closed are refused.
        assert {end["exit_code"] for end in ends} == {0}
        assert ends[0]["exited_ms"] - ends[0]["signal_ms"] >= 1_000
        assert kinds(answer)["closing"] > 0
    assert scenario.entries("traffic.lost")
    assert balanced_books(answer)


def test_a_crash_loses_what_is_in_flight_and_what_comes_before_anybody_notices() -> None:
    dies = ContainerSpec("web", NGINX, entrypoint=("sh", "-c", "nginx & sleep 240; exit 3"), command=())
    scenario, _ = stage(dies, desired=2)
    load(scenario, 40, long_share=0.2, long_ms=5_000)
    scenario.seconds(260)
    found = kinds(look(scenario))
    assert found["crashed"] > 0
    assert found["gone"] > 0
    failure = next(each for each in look(scenario)["failures"] if each["kind"] == "gone")
    assert (failure["status"], failure["phase"], failure["waited_ms"]) == (502, "gone", 0)
    assert "exit code 3" in failure["cause"]


# -- targets -----------------------------------------------------------------------------------------


def test_without_registered_targets_503() -> None:
    scenario, _ = stage(desired=0)
    load(scenario, 10)
    scenario.seconds(10)
    answer = look(scenario)
    assert kinds(answer).keys() == {"no_targets"}
    assert answer["errors"] == [{"status": 503, "by": "elb", "count": answer["sent"]}]
    assert answer["failures"][0]["task"] is None


def test_only_draining_targets_503() -> None:
    scenario, service = stage(desired=1)
    load(scenario, 10)
    scenario.world.update_service(service, changed=["desiredCount"], desired=0)
    scenario.seconds(60)
    assert kinds(look(scenario)).keys() == {"no_targets"}


def test_without_a_listener_nothing_gets_through() -> None:
    scenario, _ = stage()
    load(scenario, 10)
    scenario.seconds(10)
    scenario.world.traffic.catch_up()
    scenario.group(attached=False)
    scenario.seconds(10)
    assert kinds(look(scenario)).keys() == {"no_listener"}


def test_when_no_target_is_healthy_all_get_requests() -> None:
    scenario, _ = stage(desired=2, path="/missing", settle=False)
    load(scenario, 20)
    scenario.seconds(25)
    while not scenario.entries("target.registered"):
        scenario.engine.step()
    scenario.seconds(10)
    before = look(scenario)
    scenario.seconds(5)
    answer = look(scenario)
    assert {target.state for target in scenario.world.balancing.shown(GROUP)} == {"initial"}
    assert answer["failed"] == before["failed"]
    assert answer["ok"] > before["ok"]


def test_a_program_that_is_booting_refuses_when_the_load_balancer_fails_open() -> None:
    scenario, _ = stage(ContainerSpec("web", SLOW), port=8080, path="/healthz", settle=False)
    load(scenario, 20)
    scenario.seconds(70)
    answer = look(scenario)
    assert "booting_fail_open" in kinds(answer)
    failure = answer["failures"][0]
    assert (failure["phase"], failure["status"], failure["waited_ms"]) == ("booting", 502, 0)


def test_a_health_check_that_passes_too_early_costs_requests_at_every_deployment() -> None:
    slow, proxy = ContainerSpec("web", SLOW), ContainerSpec("proxy", NGINX)
    scenario, service = stage(slow, proxy, port=8080, check_port=80, deregistration_delay_s=60)
    scenario.seconds(120)
    load(scenario, 20)
    scenario.seconds(10)
    assert look(scenario)["failed"] == 0
    redeploy(scenario, service)
    answer = look(scenario)
    assert kinds(answer).keys() == {"booting"}
    assert {failure["knob"] for failure in answer["failures"]} == {
        "health check path and port of the target group"
    }


def test_a_port_on_which_nothing_listens() -> None:
    scenario, _ = stage(port=81, check_port=80)
    load(scenario, 5)
    scenario.seconds(10)
    answer = look(scenario)
    assert kinds(answer).keys() == {"port_closed"}
    assert "port 81" in answer["failures"][0]["cause"]


# -- the same whoever looks ----------------------------------------------------------------------------
