"""The fault of a release whose image cannot be pulled: it is not there, or there is no way to it any more."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from chaos.errors import FaultError
from chaos.revisions import deploy_changed, main_container
from chaos.routes import default_routes, delete_routes
from chaos.targets import our_service
from chaos.undo import Clients, Undo, UndoStep

Record = Callable[[Undo], None]

CAUSES = ("digest", "route")
_PRIVATE = re.compile(r"(?P<uri>\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<name>[^:@]+))")


def cannot_pull(
    clients: Clients, record: Record, *, cluster: str, service: str, tag: str = "latest", cause: str = "any"
) -> Undo:
    """Release an image that no new task can pull.

    Deploys the image that has ``tag`` in the container's private repository, by its digest. With ``cause`` digest, one
    digit of the digest is another. With route, the digest is right, and the default route of the service's subnets goes
    before the release comes. ``any`` chooses one of the two by the service's ARN: another world, another cause. Running tasks
    go on. Taken back by putting the routes back, deploying the former revision and deregistering ours.
    """
    found = our_service(clients, cluster, service)
    container = main_container(clients, found)
    uri, digest = _image(clients, container, tag)
    if cause == "any":
        cause = CAUSES[hashlib.sha256(found["serviceArn"].encode()).digest()[0] % len(CAUSES)]
    only = container["name"]
    if cause == "digest":
        told = f"the image of service {service}"
        image = f"{uri}@{_one_digit_off(digest)}"
        return deploy_changed(clients, record, "cannot_pull", found, told, image=image, only=only)
    if cause != "route":
        raise FaultError(f"There is no cause {cause!r}.", f"Choose any, {' or '.join(CAUSES)}.")
    routes = default_routes(clients, found)
    return deploy_changed(
        clients,
        record,
        "cannot_pull",
        found,
        f"the routes of service {service}'s subnets",
        image=f"{uri}@{digest}",
        only=only,
        undo_first=(UndoStep("put_routes", {"routes": routes}),),
        do_first=lambda: delete_routes(clients, routes),
    )


def _image(clients: Clients, container: dict[str, Any], tag: str) -> tuple[str, str]:
    """The URI of the container's repository, and the digest of the tag in it. FaultError when there is none."""
    match = _PRIVATE.match(container["image"])
    if match is None:
        raise FaultError(
            f"The image {container['image']} is not from a private repository of ECR.",
            "Choose a service whose image is.",
        )
    ecr = clients("ecr")
    try:
        described = ecr.describe_images(repositoryName=match["name"], imageIds=[{"imageTag": tag}])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        raise FaultError(
            f"The repository {match['name']} has no image {tag!r}.",
            f"Name one that it has: `aws ecr describe-images --repository-name {match['name']}`.",
        ) from None
    return match["uri"], str(described["imageDetails"][0]["imageDigest"])


def _one_digit_off(digest: str) -> str:
    """A digest that nobody has: the last digit is the next one."""
    return f"{digest[:-1]}{(int(digest[-1], 16) + 1) % 16:x}"
