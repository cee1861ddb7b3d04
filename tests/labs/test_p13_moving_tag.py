"""p13: what the learner finds, what each half of a repair is worth, and that the drill leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest

import solutions.p13_moving_tag as p13
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner

LAB = find("p13-moving-tag")


@pytest.fixture
def lab(cloud: EndpointCloud) -> LabRunner:
    """p13, started."""
    runner = LabRunner(LAB, cloud)
    runner.start()
    return runner


def digests(cloud: EndpointCloud) -> list[str]:
    """Those of the running tasks, sorted."""
    ecs = cloud.client("ecs")
    arns = ecs.list_tasks(cluster=p13.CLUSTER, serviceName=p13.SERVICE)["taskArns"]
    tasks = ecs.describe_tasks(cluster=p13.CLUSTER, tasks=arns)["tasks"]
    return sorted(task["containers"][0]["imageDigest"] for task in tasks)


def repository(cloud: EndpointCloud) -> dict[str, Any]:
    """Every image of the repository, with its tags."""
    found = cloud.client("ecr").describe_images(repositoryName=p13.REPOSITORY)["imageDetails"]
    return {image["imageDigest"]: sorted(image.get("imageTags", [])) for image in found}


def passed(runner: LabRunner) -> set[str]:
    """The checks that an explicit check passes."""
    return {check.id for step in runner.check().steps for check in step.checks if check.passed}


def test_the_learner_finds_one_revision_and_two_digests(lab: LabRunner) -> None:
    cloud = lab.cloud
    old, new = (p13.digest(cloud, tag) for tag in ("1.0", "1.1"))
    assert sorted(digests(cloud)) == sorted([old, old, new])
    assert p13.digest(cloud, "stable") == new
    service = cloud.client("ecs").describe_services(cluster=p13.CLUSTER, services=[p13.SERVICE])["services"][
        0
    ]
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    assert lab.answer("see", "2").correct


def test_consistency_alone_holds_a_deployment_and_neither_the_next_one_nor_the_job(lab: LabRunner) -> None:
    p13._consistent(lab.cloud)
    result = lab.check()
    told = {check.id: check.observed for step in result.steps for check in step.checks if not check.passed}
    assert set(told) == {"next-deployment-alike", "job-alike"}
    assert "kept its image to the end" in told["next-deployment-alike"]
    assert "all tasks of the service stayed with 1.1" in told["job-alike"]
    assert result.check("deployment-alike").observed.endswith(
        "4 tasks run 1.1 (" + p13.digest(lab.cloud, "1.1")[:19] + ")"
    )


def test_a_pinned_service_does_not_pin_its_job(lab: LabRunner) -> None:
    p13._name(lab.cloud, f"@{p13.digest(lab.cloud, '1.1')}", job=":stable")
    assert {check.id for step in LAB.steps for check in step.checks} - passed(lab) == {"job-alike"}


def test_nothing_is_tried_on_tasks_that_differ_already(lab: LabRunner) -> None:
    mark = lab.cloud.history.next_seq
    observed = lab.check("keep").check("deployment-alike").observed
    assert observed.startswith("not tried: ")
    assert "1 task runs 1.1" in observed
    assert not lab.cloud.history.since(mark).of("call", reading=False)


@pytest.mark.parametrize("repair", [p13.solve, p13._consistent, p13._immutable_and_rolled, p13._force])
def test_the_drill_puts_tags_images_and_tasks_back(lab: LabRunner, repair: Any) -> None:
    repair(lab.cloud)
    images, ran = repository(lab.cloud), digests(lab.cloud)
    lab.check()
    assert repository(lab.cloud) == images
    assert digests(lab.cloud) == ran
    family = lab.cloud.client("ecs").list_task_definitions(familyPrefix=p13.JOB)["taskDefinitionArns"]
    lab.check()
    assert lab.cloud.client("ecs").list_task_definitions(familyPrefix=p13.JOB)["taskDefinitionArns"] == family


def test_a_refused_move_is_told(lab: LabRunner) -> None:
    p13._immutable_and_rolled(lab.cloud)
    assert "refused to move the tag stable" in lab.check("release").check("job-alike").observed


def test_a_job_that_cannot_start_is_told(lab: LabRunner) -> None:
    p13._name(lab.cloud, f"@{p13.digest(lab.cloud, '1.1')}", job=":nothing-there")
    lab.cloud.client("ecr").put_image_tag_mutability(
        repositoryName=p13.REPOSITORY, imageTagMutability="MUTABLE"
    )
    pinned = f"@sha256:{'0' * 64}"
    p13._register(lab.cloud, p13.JOB, image=f"{p13._uri(lab.cloud)}{pinned}")
    assert "did not start: CannotPullContainerError" in lab.check("release").check("job-alike").observed


def test_taking_the_faults_back_leaves_one_old_image_and_a_job_that_follows_the_tag(lab: LabRunner) -> None:
    lab.revert()
    assert digests(lab.cloud) == [p13.digest(lab.cloud, "1.0")] * 3
    assert p13.digest(lab.cloud, "stable") == p13.digest(lab.cloud, "1.0")
    assert passed(lab) == {"capacity", "one-image", "deployment-alike"}


def test_a_service_that_is_gone_is_told(lab: LabRunner) -> None:
    lab.cloud.client("ecs").delete_service(cluster=p13.CLUSTER, service=p13.SERVICE, force=True)
    lab.cloud.clock.settle(3_600_000)
    result = lab.check()
    assert not any(check.passed for step in result.steps for check in step.checks)
    assert "there is no service" in result.check("one-image").observed


def test_the_solution_explains_itself() -> None:
    assert len((p13.__doc__ or "").split()) > 60


def test_the_debrief_names_the_task_that_was_unlike_the_others(lab: LabRunner) -> None:
    told = lab.debrief().to_markdown()
    assert "- **Deployments whose tasks ran different images:** 1 of 2" in told
    new, old = (p13.digest(lab.cloud, tag)[:19] for tag in ("1.1", "1.0"))
    assert f"a task of boutique:2 runs {new}, and those of its deployment before it {old}" in told
    assert "`versionConsistency`" in told


def test_a_debrief_of_alike_tasks_says_nothing_of_images(cloud: EndpointCloud) -> None:
    runner = LabRunner(find("p06-no-breaker"), cloud)
    runner.start()
    assert "different images" not in runner.debrief().to_markdown()
