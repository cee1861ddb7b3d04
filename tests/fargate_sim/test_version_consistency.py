"""Tags that move in a private repository, and which image each task then runs."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.images import default_catalogue

from .conftest import Offline
from .test_registry import AMD64_ONLY, REPOSITORY, SHOP, push

OLD, NEW = f"{SHOP}:1.0", f"{SHOP}:1.1"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Lab:
    """A service `web` of images in the account's own repository."""

    def __init__(self, offline: Offline) -> None:
        self.offline = offline
        self.env = offline.env()
        self.ecs, self.ecr = offline.client("ecs"), offline.client("ecr")
        self.ecs.create_cluster(clusterName="demo")
        self.host = f"{offline.cloud.account}.dkr.ecr.us-east-1.amazonaws.com"
        self.image = f"{self.host}/{REPOSITORY}"
        network = {"subnets": [self.env["SUBNET_A"]], "securityGroups": [self.env["SG"]]}
        self.placed = {"launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": network}}

    def register(self, image: str, *, consistency: str = "enabled", architecture: str = "X86_64") -> str:
        container = {"name": "app", "image": image, "versionConsistency": consistency}
        definition = self.ecs.register_task_definition(
            family="web",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            executionRoleArn=self.env["EXECUTION_ROLE"],
            runtimePlatform={"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"},
            containerDefinitions=[container],
        )["taskDefinition"]
        return str(definition["taskDefinitionArn"])

    def serve(self, definition: str, desired: int = 2, **more: Any) -> None:
        self.ecs.create_service(
            cluster="demo",
            serviceName="web",
            taskDefinition=definition,
            desiredCount=desired,
            **self.placed,
            **more,
        )
        self.settle()

    def update(self, **changes: Any) -> None:
        self.ecs.update_service(cluster="demo", service="web", **changes)
        self.settle()

    def settle(self, limit_ms: int = 3_600_000) -> None:
        self.offline.control.post("/_lab/clock", {"action": "settle", "limit_ms": limit_ms})

    def advance(self, seconds: float) -> None:
        self.offline.control.post("/_lab/clock", {"action": "advance", "ms": int(seconds * 1000)})

    def run(self, definition: str) -> dict[str, Any]:
        started = self.ecs.run_task(cluster="demo", taskDefinition=definition, **self.placed)["tasks"]
        self.settle()
        return self.task(started[0]["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        return dict(self.ecs.describe_tasks(cluster="demo", tasks=[arn])["tasks"][0])

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster="demo", serviceName="web", desiredStatus=status)["taskArns"]
        return list(self.ecs.describe_tasks(cluster="demo", tasks=arns)["tasks"]) if arns else []

    def running(self) -> set[str]:
        return {task["containers"][0]["imageDigest"] for task in self.tasks()}

    def service(self) -> dict[str, Any]:
        return dict(self.ecs.describe_services(cluster="demo", services=["web"])["services"][0])

    def revision(self) -> dict[str, Any]:
        """What the latest service revision says of its only container."""
        arns = [
            each["targetServiceRevisionArn"]
            for each in self.ecs.list_service_deployments(cluster="demo", service="web")["serviceDeployments"]
        ]
        answer = self.ecs.describe_service_revisions(serviceRevisionArns=arns[:1])
        return dict(answer["serviceRevisions"][0]["containerImages"][0])

    def replace_a_task(self) -> None:
        self.ecs.stop_task(cluster="demo", task=self.tasks()[0]["taskArn"])
        self.settle()


@pytest.fixture
def lab(offline: Offline) -> Lab:
    return Lab(offline)


def public(reference: str) -> str:
    found = default_catalogue().resolve(reference)
    assert found is not None
    return found.digest


def test_the_program_is_that_of_the_content_that_was_pushed(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live"))
    assert digest == public(OLD)
    assert lab.running() == {digest}
    assert lab.revision() == {
        "containerName": "app",
        "image": f"{lab.image}:live",
        "imageDigest": digest,
    }


def test_later_tasks_of_a_deployment_keep_the_digest_when_the_tag_moves(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live"))
    push(lab.ecr, NEW, "live")
    lab.replace_a_task()
    lab.update(desiredCount=4)
    assert len(lab.tasks()) == 4
    assert lab.running() == {digest}


def test_a_tag_that_moves_while_the_first_task_pulls_comes_too_late(lab: Lab) -> None:
    digest = push(lab.ecr, f"{SHOP}:1.0-slow", "live")
    definition = lab.register(f"{lab.image}:live")
    lab.ecs.create_service(
        cluster="demo", serviceName="web", taskDefinition=definition, desiredCount=1, **lab.placed
    )
    while not lab.offline.journal("task.pulling"):
        lab.advance(1)
    push(lab.ecr, NEW, "live")
    lab.update(desiredCount=2)
    assert lab.running() == {digest}


def test_a_new_deployment_resolves_the_tag_anew(lab: Lab) -> None:
    push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live"))
    moved = push(lab.ecr, NEW, "live")
    lab.update(forceNewDeployment=True)
    assert lab.running() == {moved}
    assert lab.revision()["imageDigest"] == moved


def test_disabled_resolves_the_tag_for_every_task(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live", consistency="disabled"))
    moved = push(lab.ecr, NEW, "live")
    lab.replace_a_task()
    assert lab.running() == {digest, moved}
    assert "imageDigest" not in lab.revision()


def test_run_task_always_resolves_the_tag(lab: Lab) -> None:
    definition = lab.register(f"{lab.image}:live")
    digests = []
    for reference in (OLD, NEW):
        push(lab.ecr, reference, "live")
        digests.append(lab.run(definition)["containers"][0]["imageDigest"])
    assert digests == [public(OLD), public(NEW)]


def test_nothing_is_fixed_by_a_deployment_that_begins_without_tasks(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live"), desired=0)
    lab.update(desiredCount=1)
    moved = push(lab.ecr, NEW, "live")
    lab.update(desiredCount=2)
    assert lab.running() == {digest, moved}
    assert "imageDigest" not in lab.revision()
    lab.update(forceNewDeployment=True)
    assert lab.running() == {moved}
    assert lab.revision()["imageDigest"] == moved


def test_a_deleted_digest_fails_the_replacement_of_a_task_that_ran(lab: Lab) -> None:
    digest = push(lab.ecr, AMD64_ONLY, "live")
    lab.serve(lab.register(f"{lab.image}:live"))
    push(lab.ecr, NEW, "live")
    lab.ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])
    assert lab.running() == {digest}, "what runs goes on"
    lab.ecs.stop_task(cluster="demo", task=lab.tasks()[0]["taskArn"])
    lab.advance(120)
    reasons = [task["stoppedReason"] for task in lab.tasks("STOPPED") if "stoppedReason" in task]
    assert (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): "
        f"failed to resolve ref {lab.image}@{digest}: not found"
    ) in reasons
    lab.advance(3600)
    assert [task["containers"][0]["imageDigest"] for task in lab.tasks()] == [digest]
    lab.update(forceNewDeployment=True)
    assert lab.running() == {public(NEW)}


def test_a_rollback_runs_the_digest_of_the_deployment_that_it_goes_back_to(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    lab.serve(lab.register(f"{lab.image}:live"), deploymentConfiguration=BREAKER)
    push(lab.ecr, NEW, "live")
    lab.update(taskDefinition=lab.register(f"{lab.image}:missing"))
    assert lab.service()["deployments"][0]["rolloutStateReason"].startswith("ECS deployment")
    lab.replace_a_task()
    assert lab.running() == {digest}


def test_three_attempts_to_resolve_a_tag_trip_the_breaker_whatever_its_threshold(lab: Lab) -> None:
    push(lab.ecr, OLD, "live")
    deployment = {**BREAKER, "minimumHealthyPercent": 100, "maximumPercent": 110}
    lab.serve(lab.register(f"{lab.image}:live"), desired=20, deploymentConfiguration=deployment)
    lab.update(taskDefinition=lab.register(f"{lab.image}:missing"))
    counted = [entry["data"] for entry in lab.offline.journal("deployment.failure_counted")]
    assert [each["count"] for each in counted] == [1, 2, 3]
    assert counted[-1]["threshold"] == 3
    assert lab.running() == {public(OLD)}


def test_without_a_breaker_the_deployment_goes_on_unresolved(lab: Lab) -> None:
    definition = lab.register(f"{lab.image}:late")
    lab.ecs.create_service(
        cluster="demo", serviceName="web", taskDefinition=definition, desiredCount=3, **lab.placed
    )
    lab.advance(200)  # what arrives while a pull is still being tried is found
    digest = push(lab.ecr, OLD, "late")
    lab.settle(7_200_000)
    assert lab.running() == {digest}
    assert "imageDigest" not in lab.revision()
    moved = push(lab.ecr, NEW, "late")
    lab.replace_a_task()
    assert lab.running() == {digest, moved}


def test_an_immutable_repository_refuses_the_move_and_nothing_changes(lab: Lab) -> None:
    lab.ecr.put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    digest = push(lab.ecr, OLD, "1.0")
    lab.serve(lab.register(f"{lab.image}:1.0"))
    with pytest.raises(ClientError, match="cannot be overwritten because the tag is immutable"):
        push(lab.ecr, NEW, "1.0")
    lab.update(forceNewDeployment=True)
    assert lab.running() == {digest}


@pytest.mark.parametrize("image", ["{host}/nope:1", "{host}/fargate-lab/app:nope"])
def test_what_is_in_no_repository_is_not_found(lab: Lab, image: str) -> None:
    reference = image.format(host=lab.host)
    stopped = lab.run(lab.register(reference))
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert stopped["stoppedReason"] == (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): "
        f"failed to resolve ref {reference}: not found"
    )


def test_another_region_has_repositories_of_its_own(lab: Lab) -> None:
    push(lab.ecr, OLD, "live")
    away = f"{lab.host.replace('us-east-1', 'eu-west-1')}/{REPOSITORY}:live"
    assert "not found" in lab.run(lab.register(away))["stoppedReason"]


def test_an_index_works_on_both_architectures(lab: Lab) -> None:
    digest = push(lab.ecr, OLD, "live")
    for architecture in ("X86_64", "ARM64"):
        task = lab.run(lab.register(f"{lab.image}:live", architecture=architecture))
        assert (task["lastStatus"], task["containers"][0]["imageDigest"]) == ("RUNNING", digest)


def test_a_manifest_for_x86_64_fails_on_arm64(lab: Lab) -> None:
    push(lab.ecr, AMD64_ONLY, "live")
    stopped = lab.run(lab.register(f"{lab.image}:live", architecture="ARM64"))
    assert stopped["stoppedReason"] == (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): "
        "image Manifest does not contain descriptor matching platform 'linux/arm64'"
    )
