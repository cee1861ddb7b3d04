"""Where an image reference leads: to the public catalogue, or to the account's own private registry.

What a private repository holds is what was pushed to it. Which program that is follows from its content alone: the digest of a
manifest or of a configuration that the catalogue knows. Sources: ECR user guide, image-retag and docker-push-multi-architecture-image;
OCI image specification v1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fargate_sim.model.images import Image, ImageCatalogue, ResolvedImage, split_reference
from fargate_sim.model.manifests import MEGABYTE, PLATFORMS, parse
from fargate_sim.model.surroundings import RegistryImage, Surroundings

_PRIVATE = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/(?P<repository>.+)"
)
_NO_SHELL = "none"
_DEPTH = 4
"""How many indexes may lie in one another."""

NO_REPOSITORY: Literal["no repository"] = "no repository"
NOT_FOUND: Literal["not found"] = "not found"
WRONG_ARCHITECTURE: Literal["wrong architecture"] = "wrong architecture"


@dataclass(frozen=True)
class PullProblem:
    """Why a pull fails. ``private``: the reference is to a private registry of ECR."""

    kind: Literal["no repository", "not found", "wrong architecture"]
    private: bool


def is_private(reference: str) -> bool:
    """Whether a reference is to a private registry of ECR, of whatever account and region."""
    return owner(reference) is not None


def owner(reference: str) -> tuple[str, str] | None:
    """Account and region of the private registry that a reference is to; None for any other registry."""
    found = _PRIVATE.match(reference)
    return None if found is None else (found["account"], found["region"])


def registry_host(reference: str) -> str:
    """The host that serves a reference; ``docker.io`` for a short name."""
    return split_reference(reference)[0].partition("/")[0]


class Registry:
    """What the tasks of one account and region can pull."""

    def __init__(self, images: ImageCatalogue, surroundings: Surroundings, account: str, region: str) -> None:
        self._images = images
        self._surroundings = surroundings
        self._home = (account, region)

    def pull(self, reference: str, architecture: str) -> ResolvedImage | PullProblem:
        """Find an image for a CPU (``x86_64``, ``arm64``). The digest is that of what the reference points to, also of an index:
        that is what ECS shows. Source: aws/amazon-ecs-agent, pull request 3576. [R]
        """
        private = is_private(reference)
        image: Image | None
        if private:
            stored = self._stored(reference)
            if isinstance(stored, PullProblem):
                return stored
            digest = stored.digest
            image = self._held(_repository(reference), stored, architecture)
        else:
            found = self._images.resolve(reference)
            if found is None:
                return PullProblem(NOT_FOUND, private=False)
            image, digest = found.image, found.digest
        if image is None or architecture not in image.architectures:
            return PullProblem(WRONG_ARCHITECTURE, private)
        return ResolvedImage(image, digest)

    def resolves(self, reference: str) -> bool:
        """Whether a reference leads to a digest, for whatever CPU."""
        if is_private(reference):
            return isinstance(self._stored(reference), RegistryImage)
        return self._images.resolve(reference) is not None

    def _stored(self, reference: str) -> RegistryImage | PullProblem:
        name, tag, digest = split_reference(reference)
        private = _PRIVATE.match(name)
        if private is None or (private["account"], private["region"]) != self._home:
            # [A] Nobody else's registry is there, and none of another region.
            return PullProblem(NOT_FOUND, private=True)
        repository = private["repository"]
        stored = self._surroundings.registry_image(repository, None if digest else tag, digest)
        if stored is not None:
            return stored
        there = self._surroundings.registry_repository(repository)
        return PullProblem(NOT_FOUND if there else NO_REPOSITORY, private=True)

    def _held(
        self, repository: str, stored: RegistryImage, architecture: str, depth: int = 0
    ) -> Image | None:
        """What a stored manifest or index holds for a CPU; None: nothing."""
        known = self._images.with_digest(stored.digest)
        if known is not None:
            return known
        manifest = parse(stored.manifest)
        if not manifest.is_index:
            known = self._images.with_config(manifest.config or "")
            return known or _unknown(repository, manifest.size)
        for platform, digest in manifest.children:
            if platform == PLATFORMS[architecture] and depth < _DEPTH:
                child = self._surroundings.registry_image(repository, None, digest)
                return self._held(repository, child, architecture, depth + 1) if child else None
        return None


def _repository(reference: str) -> str:
    """The repository within a private registry."""
    return split_reference(reference)[0].partition("/")[2]


def _unknown(repository: str, size: int) -> Image:
    """Layers that somebody uploaded. They are never unpacked, so nothing in them can be run, and a container of them does not start. [A]"""
    return Image(repository, (), size // MEGABYTE, shell=_NO_SHELL)
