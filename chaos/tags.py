"""The faults of tags in a private repository: one that moves while a service runs, and a service that follows it.

A tag is moved as the ECR user guide retags an image: BatchGetImage gives the manifest, PutImage gives it the tag.
Source: Amazon ECR user guide, image-retag.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import deploy_changed, main_container
from chaos.targets import our_service
from chaos.undo import Clients, Undo, UndoStep, retag

Record = Callable[[Undo], None]


@dataclass(frozen=True, slots=True)
class Reference:
    """An image of a private repository, as a task definition names it. ``tag`` is empty when a digest decides."""

    repository: str
    tag: str

    @classmethod
    def parse(cls, image: str) -> Reference | None:
        """None for an image of another registry."""
        host, _, path = image.partition("/")
        if ".dkr.ecr." not in host:
            return None
        name, _, digest = path.partition("@")
        repository, _, tag = name.partition(":")
        return cls(repository, "" if digest else tag or "latest")


def tag_per_task(clients: Clients, record: Record, *, cluster: str, service: str) -> Undo:
    """Deploy a revision that resolves its tag anew for every task.

    The container behind the load balancer (or the first one) gets ``versionConsistency`` disabled: a deployment no
    longer fixes a digest, so each of its tasks runs what the tag points to when that task starts. Taken back by
    deploying the former revision and deregistering ours.
    """
    found = our_service(clients, cluster, service)
    only = main_container(clients, found)["name"]
    return deploy_changed(clients, record, "tag_per_task", found, version_consistency="disabled", only=only)


def moved_tag(clients: Clients, record: Record, *, cluster: str, service: str, to: str = "latest") -> Undo:
    """Move the tag that a service names, and lose one of its tasks.

    The tag of the container behind the load balancer (or of the first one) gets the image that has the tag ``to`` in
    the same private repository; then one task is stopped, and the service replaces it. Which image the new task
    runs is up to the service. Taken back by moving the tag back and deploying the service anew, as it is.
    """
    found = our_service(clients, cluster, service)
    reference = Reference.parse(main_container(clients, found)["image"])
    if reference is None or not reference.tag:
        raise FaultError(
            f"The service {service!r} names no tag of a private repository.",
            "Choose one whose image is `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`.",
        )
    former, new = (digest_of(clients, reference.repository, tag) for tag in (reference.tag, to))
    undo = Undo(
        "moved_tag",
        f"the tag {reference.repository}:{reference.tag}",
        (
            UndoStep(
                "move_tag", {"repository": reference.repository, "tag": reference.tag, "digest": former}
            ),
            UndoStep("update_service", {"cluster": cluster, "service": service, "forceNewDeployment": True}),
        ),
    )
    record(undo)
    retag(clients, reference.repository, reference.tag, new)
    ecs = clients("ecs")
    tasks = ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    if tasks:
        ecs.stop_task(cluster=cluster, task=min(tasks), reason="its host was retired")
    return undo


def digest_of(clients: Clients, repository: str, tag: str) -> str:
    """What a tag points to. FaultError when the repository or the tag is not there."""
    ecr = clients("ecr")
    try:
        found: list[dict[str, Any]] = ecr.describe_images(
            repositoryName=repository, imageIds=[{"imageTag": tag}]
        )["imageDetails"]
    except (ecr.exceptions.RepositoryNotFoundException, ecr.exceptions.ImageNotFoundException):
        raise FaultError(
            f"There is no image {repository}:{tag}.",
            f"See what is there: `aws ecr describe-images --repository-name {repository}`.",
        ) from None
    return str(found[0]["imageDigest"])
