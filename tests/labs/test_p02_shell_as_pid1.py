"""p02: what the broken service loses and the repaired ones do not, in the same traffic; what the checks say on the way."""

from __future__ import annotations

from typing import Any

import pytest
from support.load import BATCH, load, look, redeploy, stage

import solutions.p02_shell_as_pid1 as p02
from fargate_sim.model.task_definition import ContainerSpec
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LAB = find("p02-shell-as-pid1")
LATER_S = 1_800
"""Well after three releases, whatever a stop takes."""
BROKEN = ("sh", "-c", "cd /app && ./shop")
FIXED = {
    "exec form": ("/app/shop",),
    "a wrapper that execs": ("sh", "-c", "cd /app && exec ./shop"),
    "an init whose direct child is the program": ("tini", "--", "/app/shop"),
}


def three_releases(form: tuple[str, ...], seed: int) -> tuple[list[int], dict[str, Any]]:
    """What each of three releases in a row lost, and the report of the whole."""
    container = ContainerSpec("orders", BATCH, entrypoint=form, command=(), stop_timeout_s=30)
    scenario, service = stage(
        container,
        desired=LAB.number("desired"),
        port=8080,
        seed=seed,
        path="/healthz",
        deregistration_delay_s=LAB.number("delay"),
    )
    load(scenario, LAB.number("rps"), path=LAB.name("path"))
    until_ms = scenario.engine.now_ms + LATER_S * 1000
    lost, before = [], 0
    for _ in range(3):
        scenario.seconds(30)
        redeploy(scenario, service)
        report = look(scenario)
        total = report["failed"] + report["unsaved_lost"]
        lost.append(total - before)
        before = total
    scenario.engine.run_until(until_ms)
    return lost, look(scenario)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_release_loses_orders_until_the_program_hears_and_then_exactly_none(seed: int) -> None:
    lost, report = three_releases(BROKEN, seed)
    assert all(each > 0 for each in lost)
    assert report["failed"] == 0  # the delay covers every open request
    for form in FIXED.values():
        lost, repaired = three_releases(form, seed)
        assert lost == [0, 0, 0]
        assert repaired["unsaved_lost"] == repaired["failed"] == 0
        assert len(repaired["shutdowns"]) == len(report["shutdowns"]) == 9
        assert repaired["sent"] == report["sent"]  # the same requests


def started(cloud: EndpointCloud) -> LabRunner:
    """The lab at its beginning."""
    runner = LabRunner(LAB, cloud)
    runner.start()
    return runner


def told(runner: LabRunner, check: str) -> str:
    """What a check that failed observed."""
    result = runner.check().check(check)
    assert not result.passed
    return result.observed


def test_clients_order_from_the_start_and_a_release_shows_what_is_wrong(cloud: EndpointCloud) -> None:
    started(cloud)
    report = cloud.traffic.report()
    assert report["running"]
    assert report["demand"]["path"] == "/checkout"
    cloud.client("ecs").update_service(cluster="p02", service="orders", forceNewDeployment=True)
    cloud.clock.settle(3_600_000)
    report = cloud.traffic.report()
    assert report["failed"] == 0
    assert report["unsaved_lost"] > 0
    assert {end["exit_code"] for end in report["shutdowns"]} == {0, 137}  # revision 1, revision 2


def test_the_checks_leave_the_clients_as_they_were(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    before = cloud.traffic.report()
    runner.check("prove")
    after = cloud.traffic.report()
    assert (after["running"], after["demand"]) == (True, before["demand"])


def test_a_service_that_is_gone_is_told(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    cloud.client("ecs").delete_service(cluster="p02", service="orders", force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("capacity").observed
    assert "there is no service" in result.check("steady").observed
    assert runner.answer("hear", "30").correct


def test_last_words_cannot_be_read_without_a_log(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p02._change(cloud, {**p02.exec_form(), "logConfiguration": {"logDriver": "splunk"}})
    assert "writes no log to CloudWatch Logs" in told(runner, "last-words")


def test_a_shell_that_ignores_the_signal_is_killed_below_an_init_too(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    p02._change(cloud, {**p02.shell_form("trap '' TERM; /app/shop; true"), **p02.INIT})
    said = told(runner, "ends-alone")
    assert "trap '' TERM" in said
    assert "runs a trap" not in said
    assert "PID 1" not in said  # that is the init


def test_the_predictions(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    assert runner.answer("hear", "30").correct
    assert not runner.answer("hear", "137").correct
    assert runner.answer("prove", "yes").correct


def test_taking_the_fault_back_leaves_a_lab_that_passes(cloud: EndpointCloud) -> None:
    runner = started(cloud)
    runner.revert()
    assert runner.check().passed


def test_the_solution_explains_itself() -> None:
    assert len((p02.__doc__ or "").split()) > 60
