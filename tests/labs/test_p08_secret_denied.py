"""p08: every denial fails in its own words, and is solved by every right fix and by no wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import solutions.p08_secret_denied as p08
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

SEEDS = {
    1: "There is a connection issue between the task and AWS Secrets Manager",
    3: "because no identity-based policy allows the secretsmanager:GetSecretValue action",
    7: "because no identity-based policy allows the secretsmanager:GetSecretValue action",
    8: "Access to KMS is not allowed",
    9: "because no identity-based policy allows the secretsmanager:GetSecretValue action",
}
"""A seed of each denial (way, permission, name, key, former), and AWS's words. The whole proof is run with 7."""

At = Callable[[int], LabRunner]


@pytest.fixture
def at() -> Iterator[At]:
    """Gives the lab at its beginning in a fresh world of a seed; the one given before ends."""
    from fargate_lab.inprocess import world_factory  # noqa: PLC0415 - as in conftest

    with ExitStack() as stack:

        def new(seed: int) -> LabRunner:
            stack.close()
            runner = LabRunner(find("p08-secret-denied"), stack.enter_context(world_factory(seed=seed))())
            runner.start()
            return runner

        yield new


def missing(runner: LabRunner) -> list[str]:
    """What does not pass."""
    return [f"{c.id}: {c.observed}" for s in runner.check().steps for c in s.checks if not c.passed]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_denial_is_told_in_aws_words_while_the_old_tasks_serve_on(at: At, seed: int) -> None:
    runner = at(seed)
    result = runner.check()
    assert SEEDS[seed] in result.check("targets-healthy").observed
    assert result.check("capacity").passed
    assert "not tried: a deployment is still IN_PROGRESS" in result.check("release-completes").observed
    failed = runner.cloud.history.since_start("p08-secret-denied").of("task.start_failed")
    assert {entry.data["link"] for entry in failed} == {"secrets"}
    assert p08._cannot_connect(runner.cloud) == (seed == 1)


@pytest.mark.parametrize("seed", [1, 8])  # the proof has another
def test_every_right_fix_works_whatever_the_denial(at: At, seed: int) -> None:
    for fix in (p08.solve, *(fix.apply for fix in p08.ALTERNATIVES)):
        runner = at(seed)
        fix(runner.cloud)
        assert missing(runner) == []


@pytest.mark.parametrize("seed", [8])
def test_wrong_fixes_fail_whatever_the_denial(at: At, seed: int) -> None:
    for wrong in p08.WRONG_FIXES:
        runner = at(seed)
        wrong.apply(runner.cloud)
        check = runner.check().check(wrong.fails)
        assert not check.passed, wrong.name
        assert wrong.word in f"{check.expected}; {check.observed}; {check.hint}", wrong.name


def test_only_what_was_missing_has_to_be_given(at: At) -> None:
    def read(cloud: EndpointCloud) -> None:
        key = p08.statement(p08.DECRYPT, p08._key(cloud))
        p08._grant(cloud, p08.statement(p08.READ, p08._secret(cloud)), key)

    minimal: dict[int, Callable[[EndpointCloud], None]] = {1: p08._endpoint, 3: read, 8: read}
    for seed, fix in minimal.items():
        runner = at(seed)
        fix(runner.cloud)
        runner.cloud.clock.settle(3_600_000)
        assert missing(runner) == []


def test_a_password_in_any_variable_is_found_beside_the_reference(at: At) -> None:
    runner = at(3)
    runner.solve()
    change = {
        "environment": [{"name": "PG_URL", "value": "postgres://members_app:tide-Lantern-61-walnut@db"}]
    }
    p08._release(
        runner.cloud, taskDefinition=p08.register_like(runner.cloud, p08.CLUSTER, p08.SERVICE, change)
    )
    told = runner.check("exact").check("no-plain-text")
    assert "the password of p08/members/db in its environment, as PG_URL" in told.observed


def test_the_password_of_another_secret_is_no_replacement(at: At) -> None:
    runner = at(3)
    runner.solve()
    foreign = runner.cloud.client("secretsmanager").describe_secret(SecretId=p08.FOREIGN)["ARN"]
    change = {"secrets": [{"name": "DB_PASSWORD", "valueFrom": f"{foreign}:password::"}]}
    p08._release(
        runner.cloud, taskDefinition=p08.register_like(runner.cloud, p08.CLUSTER, p08.SERVICE, change)
    )
    assert "comes from p08/payroll/db" in runner.check("exact").check("no-plain-text").observed


def test_one_role_for_both_purposes_is_one_too_few(at: At) -> None:
    runner = at(3)
    runner.solve()
    ecs = runner.cloud.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="members")["taskDefinition"]
    keys = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
    kept = {key: found[key] for key in (*keys, "containerDefinitions")}
    ecs.register_task_definition(**kept, taskRoleArn=found["executionRoleArn"])
    p08._release(runner.cloud, taskDefinition="members")
    assert not runner.check("exact").check("task-role-kept-out").passed


def test_taking_the_fault_back_solves_it(at: At) -> None:
    for seed in (1, 9):
        runner = at(seed)
        runner.revert()
        assert missing(runner) == []


def test_a_service_or_a_secret_that_is_gone_is_told(at: At) -> None:
    runner = at(3)
    cloud = runner.cloud
    cloud.client("secretsmanager").delete_secret(SecretId=p08.SECRET)
    assert "there is no secret p08/members/db any more" in runner.check().check("grant-exact").observed
    cloud.client("ecs").delete_service(cluster=p08.CLUSTER, service=p08.SERVICE, force=True)
    cloud.clock.settle(3_600_000)
    result = runner.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("capacity").observed


def test_the_predictions(at: At) -> None:
    runner = at(1)
    assert runner.answer("start", "0").correct
    assert runner.answer("exact", "no").correct


def test_the_solution_explains_itself() -> None:
    assert len((p08.__doc__ or "").split()) > 60
