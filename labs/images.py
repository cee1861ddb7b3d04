"""Getting a program into a private repository: what `docker pull`, `docker tag` and `docker push` do, over ECR's own API.

Nothing is copied but manifests. The layers that they name are known to the offline cloud.
"""

from __future__ import annotations

import contextlib

from labs.cloud import Cloud


def push(cloud: Cloud, reference: str, repository: str, tag: str) -> str:
    """Put a public image into a private repository under a tag; the digest that it has there. What is there already stays.

    ControlError when there is no such image; what ECR refuses (no such repository, a tag that must not move) is its ClientError.
    """
    ecr = cloud.client("ecr")
    *listed, top = cloud.images.manifests(reference)
    for each in listed:
        with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):
            ecr.put_image(
                repositoryName=repository, imageManifest=each.text, imageManifestMediaType=each.media_type
            )
    with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(
            repositoryName=repository,
            imageManifest=top.text,
            imageManifestMediaType=top.media_type,
            imageTag=tag,
        )
    return top.digest
