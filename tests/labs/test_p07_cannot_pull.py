"""p07: both causes, what the stopped tasks say of each, and every fix in the world of either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import solutions.p07_cannot_pull as p07
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LAB = find("p07-cannot-pull")
ROUTE, DIGEST = 7, 3
"""A seed of each cause. The proof of all labs has the first."""


@contextmanager
def started(seed: int) -> Iterator[LabRunner]:
    """The lab at its beginning in the world of a seed."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - most tests need no second seed

    with world_factory(seed=seed) as new:
        runner = LabRunner(LAB, new())
        runner.start()
        yield runner


@pytest.mark.parametrize(
    ("seed", "end", "answer"), [(ROUTE, "i/o timeout", "no"), (DIGEST, ": not found", "yes")]
)
def test_both_causes_are_one_error_with_another_end_and_the_old_version_runs_on(
    seed: int, end: str, answer: str
) -> None:
    with started(seed) as runner:
        ecs = runner.cloud.client("ecs")
        stopped = ecs.list_tasks(cluster="p07", desiredStatus="STOPPED")["taskArns"]
        reasons = [
            task["stoppedReason"] for task in ecs.describe_tasks(cluster="p07", tasks=stopped)["tasks"]
        ]
        assert reasons
        for reason in reasons:
            assert reason.startswith("CannotPullContainerError: pull image manifest has been retried")
            assert reason.endswith(end)
        assert runner.answer("release", answer).correct
        result = runner.check("release")
        assert result.check("capacity").passed
        told = result.check("released").observed
        assert told.startswith("0 of 2 running tasks, 2 with 1.0; the deployment is IN_PROGRESS")


@pytest.mark.parametrize("fix", [p07.solve, *(fix.apply for fix in p07.ALTERNATIVES)])
def test_every_right_fix_is_right_for_the_digest_too(fix: Callable[[Any], Any]) -> None:
    with started(DIGEST) as runner:
        fix(runner.cloud)
        assert [c.observed for s in runner.check().steps for c in s.checks if not c.passed] == []


@pytest.mark.parametrize("wrong", p07.WRONG_FIXES, ids=lambda wrong: wrong.name)
def test_every_wrong_fix_is_wrong_for_the_digest_too(wrong: Any) -> None:
    with started(DIGEST) as runner:
        wrong.apply(runner.cloud)
        result = runner.check().check(wrong.fails)
        assert not result.passed
        assert wrong.word in result.observed


def test_the_faults_undo_brings_the_old_version_back_whole() -> None:
    for seed in (ROUTE, DIGEST):
        with started(seed) as runner:
            runner.revert()
            runner.cloud.clock.settle(3_600_000)
            result = runner.check()
            assert result.check("every-subnet").passed
            assert "2 with 1.0; the deployment is COMPLETED" in result.check("released").observed


def test_where_the_way_is_gone_going_back_needs_it_as_well() -> None:
    with started(ROUTE) as runner:
        p07._update(runner.cloud, taskDefinition="tickets:1")
        assert "Going back is a deployment as well" in runner.check("release").check("released").observed


def test_the_debrief_tells_what_the_release_lacked() -> None:
    for seed, missing in ((ROUTE, "has no route for 0.0.0.0/0"), (DIGEST, "there is no image ")):
        with started(seed) as runner:
            runner.solve()
            assert runner.check().passed
            facts = {fact.label: fact for fact in runner.debrief().facts}
            assert missing in facts["Starts that ended at the manifest"].comment
            assert ("The way out in the end" in facts) == (seed == ROUTE)


def test_a_service_that_is_gone_is_told(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    cloud.client("ecs").delete_service(cluster="p07", service="tickets", force=True)
    cloud.clock.settle(3_600_000)
    for step in runner.check().steps:
        for check in step.checks:
            assert not check.passed
            assert "there is no service" in check.observed
    assert runner.answer("prove", "2").correct


def test_a_debrief_on_the_way_does_not_tell_what_was_broken(cloud: EndpointCloud) -> None:
    runner = LabRunner(LAB, cloud)
    runner.start()
    runner.check()
    told = runner.debrief().to_markdown()
    assert "something was broken" in told
    assert "cannot_pull" not in told
    p07.solve(cloud)
    runner.check("release")
    assert "cannot_pull" not in runner.debrief().to_markdown()  # one step is left
    assert runner.check("prove").passed
    assert "fault injected: cannot_pull into" in runner.debrief().to_markdown()


def test_the_way_of_tasks_from_before_the_break_is_not_told_as_the_way_out() -> None:
    with started(ROUTE) as runner:
        assert "The way out in the end" not in {fact.label for fact in runner.debrief().facts}
