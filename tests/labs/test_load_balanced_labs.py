"""p10 and p14: every variant of the mismatch, what the checks and the debrief say on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import solutions.p10_no_grace_period as p10
import solutions.p14_health_check_mismatch as p14
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

P10, P14 = "p10-no-grace-period", "p14-health-check-mismatch"
SEEDS = {1: "Health checks failed", 3: "[404]", 5: "[200]"}
"""A seed of each mismatch, and what the load balancer says of it."""


def started(cloud: EndpointCloud, lab: str) -> LabRunner:
    """The lab at its beginning."""
    runner = LabRunner(find(lab), cloud)
    runner.start()
    return runner


@pytest.mark.parametrize("seed", SEEDS)
def test_every_mismatch_hangs_is_told_and_is_solved_by_every_right_fix(seed: int) -> None:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need one seed only

    fixes: list[Callable[[EndpointCloud], None]] = [p14.solve, *(fix.apply for fix in p14.ALTERNATIVES)]
    for fix in fixes:
        with world_factory(seed=seed) as new:
            runner = started(new(), P14)
            runner.cloud.clock.advance(900_000)
            result = runner.check("align")
            told = result.check("targets-healthy").observed
            assert SEEDS[seed] in told
            assert "IN_PROGRESS" in told
            fix(runner.cloud)
            assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_checks_that_prove_nothing_fail_whatever_the_mismatch(seed: int) -> None:
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need one seed only

    for wrong in p14.WRONG_FIXES:
        if wrong.fails == "check-proves-something":
            with world_factory(seed=seed) as new:
                runner = started(new(), P14)
                wrong.apply(runner.cloud)
                result = runner.check()
                assert result.check("release-completes").passed
                assert wrong.word in result.check(wrong.fails).observed


def test_a_service_without_its_load_balancer_is_told_so(cloud: EndpointCloud) -> None:
    runner = started(cloud, P14)
    p14._update(cloud, loadBalancers=[], taskDefinition="storefront:1")
    result = runner.check()
    for check in ("targets-healthy", "release-completes", "check-proves-something"):
        assert "behind no load balancer" in result.check(check).observed


def test_services_that_are_gone_are_told(cloud: EndpointCloud) -> None:
    for lab, solution in ((P10, p10), (P14, p14)):
        runner = started(cloud, lab)
        cloud.client("ecs").delete_service(cluster=solution.CLUSTER, service=solution.SERVICE, force=True)
        cloud.clock.settle(3_600_000)
        result = runner.check()
        assert not any(check.passed for step in result.steps for check in step.checks)
        assert "there is no service" in result.check("capacity").observed


def test_the_predictions(cloud: EndpointCloud) -> None:
    runner = started(cloud, P10)
    assert runner.answer("survive", "125").correct
    assert not runner.answer("survive", "75").correct
    assert runner.answer("measure", "no").correct
    runner = started(cloud, P14)
    assert runner.answer("align", "8080").correct
    assert runner.answer("prove", "no").correct


def test_taking_the_faults_back_leaves_labs_that_pass(cloud: EndpointCloud) -> None:
    for lab in (P10, P14):
        runner = started(cloud, lab)
        runner.revert()
        assert runner.check().passed


def test_the_debrief_names_the_knobs(cloud: EndpointCloud) -> None:
    runner = started(cloud, P10)
    cloud.clock.settle(3_600_000)
    runner.solve()
    runner.check()
    told = runner.debrief().to_markdown()
    assert "Tasks stopped for failed ELB health checks" in told
    assert "healthCheckGracePeriodSeconds" in told
    assert "first task stopped for its health" in told


def test_the_solutions_explain_themselves() -> None:
    for module in (p10, p14):
        assert len((module.__doc__ or "").split()) > 60
