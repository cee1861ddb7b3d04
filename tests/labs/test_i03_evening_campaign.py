"""i03: what the learner finds, that the causes are independent, and what is innocent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

import solutions.i03_evening_campaign as i03
from labs.checking import CheckContext
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner
from labs.secret_drills import versions_running

I03 = "i03-evening-campaign"


@pytest.fixture
def evening(cloud: EndpointCloud) -> LabRunner:
    """i03, started."""
    runner = LabRunner(find(I03), cloud)
    runner.start()
    return runner


def passed_steps(runner: LabRunner) -> list[str]:
    """The steps that an explicit check passes."""
    return [step.id for step in runner.check().steps if step.passed]


CAUSES: dict[str, Callable[[EndpointCloud], None]] = {
    "ask": i03._tag,
    "open": i03._use_key,
    "find": lambda cloud: i03._release(cloud, i03.MEMBER),
}
"""What repairs the cause behind a step, and nothing else."""
SAID = {
    "ask": "is not authorized to perform: secretsmanager:GetSecretValue",
    "open": "Access to KMS is not allowed",
    "find": "did not contain json key password",
}
"""What AWS says of a start while that cause is the first that is left."""


def test_the_learner_finds_three_that_serve_and_two_that_do_not_start(evening: LabRunner) -> None:
    cloud = evening.cloud
    ecs = cloud.client("ecs")
    service = ecs.describe_services(cluster="i03", services=["members"])["services"][0]
    assert (service["desiredCount"], service["runningCount"]) == (5, 3)
    assert [each["rolloutState"] for each in service["deployments"]] == ["COMPLETED"]
    group = service["loadBalancers"][0]["targetGroupArn"]
    health = cloud.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in health] == ["healthy"] * 3
    arns = ecs.list_tasks(cluster="i03", serviceName="members", desiredStatus="STOPPED")["taskArns"]
    stopped = ecs.describe_tasks(cluster="i03", tasks=arns)["tasks"]
    assert {task["stopCode"] for task in stopped} == {"TaskFailedToStart"}
    assert all(SAID["ask"] in task["stoppedReason"] for task in stopped)


def test_the_running_tasks_have_the_version_of_their_launch(evening: LabRunner) -> None:
    found = evening.cloud.client("secretsmanager").describe_secret(SecretId=i03.SECRET)
    (version,) = set(versions_running(CheckContext(evening.lab, evening.cloud)).values())
    assert found["VersionIdsToStages"][version] == ["AWSPREVIOUS"]


@pytest.mark.parametrize("repaired", [set(some) for count in (1, 2) for some in combinations(CAUSES, count)])
def test_each_cause_fails_its_own_step_alone_and_any_keeps_it_from_growing(
    evening: LabRunner, repaired: set[str]
) -> None:
    for step, repair in CAUSES.items():
        if step in repaired:
            repair(evening.cloud)
    i03.settle(evening.cloud)
    result = evening.check()
    passed = [step.id for step in result.steps if step.passed]
    assert passed == [step for step in CAUSES if step in repaired]
    left = next(step for step in CAUSES if step not in repaired)
    told = result.check("scales").observed
    assert SAID[left] in told


def test_all_three_let_it_grow(evening: LabRunner) -> None:
    for repair in CAUSES.values():
        repair(evening.cloud)
    assert passed_steps(evening) == [*CAUSES, "grow"]


def test_what_is_marked_for_deletion_is_innocent(evening: LabRunner) -> None:
    cloud = evening.cloud
    found = cloud.client("secretsmanager").describe_secret(SecretId=i03.UNUSED)
    assert found["DeletedDate"]
    named = str(cloud.client("ecs").describe_task_definition(taskDefinition="members"))
    assert found["ARN"] not in named
    evening.solve()
    assert evening.check().passed
    assert cloud.client("secretsmanager").describe_secret(SecretId=i03.UNUSED)["DeletedDate"]


def test_the_check_changes_the_password_and_leaves_no_task_behind(evening: LabRunner) -> None:
    evening.solve()
    before = i03._version(evening.cloud, "AWSCURRENT")
    assert evening.check().passed
    current = i03._version(evening.cloud, "AWSCURRENT")
    assert current != before
    assert set(versions_running(CheckContext(evening.lab, evening.cloud)).values()) == {current}
    assert evening.check().passed


def test_the_log_tells_the_versions_apart(evening: LabRunner) -> None:
    evening.solve()
    events = evening.cloud.client("logs").filter_log_events(
        logGroupName=evening.cloud.env["LOG_GROUP"], filterPattern="DB_PASSWORD"
    )["events"]
    assert len({event["message"] for event in events}) == 2
    assert "Rotated" not in str(events)


def test_taking_the_faults_back_repairs_all_but_what_the_house_wants_and_the_next_rotation(
    evening: LabRunner,
) -> None:
    evening.revert()
    result = evening.check()
    assert result.check("let-in").passed
    assert result.check("capacity").passed
    assert result.check("scales").passed
    assert "under the key that AWS manages" in result.check("readable").observed
    assert "did not contain json key password" in result.check("agree").observed


def test_a_service_or_a_secret_that_is_gone_is_told(evening: LabRunner) -> None:
    cloud = evening.cloud
    cloud.client("secretsmanager").delete_secret(SecretId=i03.SECRET)
    result = evening.check()
    for check in ("let-in", "readable"):
        assert "there is no secret i03/members/db any more" in result.check(check).observed
    assert "does not name i03/members/db" in result.check("found").observed
    cloud.client("ecs").delete_service(cluster="i03", service="members", force=True)
    cloud.clock.settle(3_600_000)
    result = evening.check()
    assert not any(check.passed for step in result.steps for check in step.checks)


def test_the_predictions(evening: LabRunner) -> None:
    assert evening.answer("ask", "0").correct
    assert evening.answer("open", "no").correct
    assert evening.answer("find", "1").correct
    assert evening.answer("grow", "no").correct


def test_the_debrief_tells_one_want_after_the_other_and_the_versions(evening: LabRunner) -> None:
    for repair in CAUSES.values():
        repair(evening.cloud)
        i03.settle(evening.cloud)
    evening.check()
    told = evening.debrief().to_markdown()
    for words in (
        "no identity-based policy allows the secretsmanager:GetSecretValue action",
        "no identity-based policy allows the kms:Decrypt action",
        "the secret i03/members/db has no JSON key password",
    ):
        lines = [line for line in told.splitlines() if "a task cannot start, secrets" in line]
        assert sum(words in line for line in lines) == 1
    assert "**Versions of i03/members/db handed out:** 3" in told
    assert "first task with version" in told
    assert "The knobs behind the secrets that did not arrive" in told


def test_the_solution_explains_itself() -> None:
    assert len((i03.__doc__ or "").split()) > 60
