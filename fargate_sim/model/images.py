"""Container images as data: what is in them, how long they boot, how they take a stop signal.

The catalogue is closed: a reference that it does not know fails to pull, as a reference to a missing tag does on AWS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from fargate_sim.model.queue_work import QueueWork

LARGEST_MEMORY_MIB = 122_880
"""The largest memory that a Fargate task can have. Source: ECS developer guide, fargate-tasks-services (task CPU and memory)."""


@dataclass(frozen=True)
class App:
    """The program that an image is for.

    ``on_stop``: ``drains`` finishes its work in ``drain_ms`` and exits 0; ``exits`` has a handler that ends it at once with 0;
    ``unhandled`` has installed no handler for the stop signal.
    """

    programs: tuple[str, ...]
    listens: tuple[int, ...] = ()
    paths: tuple[str, ...] = ("/",)
    boot_ms: int = 500
    on_stop: str = "unhandled"
    drain_ms: int = 200
    started_lines: tuple[str, ...] = ()
    stopped_lines: tuple[str, ...] = ()
    """What a program that drains says: the first line when it hears the stop signal, the others when it has drained."""
    finished_lines: tuple[str, ...] = ()
    """What a program that ends by itself says last."""
    cpu_ms: float = 2.0
    """CPU that a request needs, on one whole vCPU. [A]"""
    wait_ms: float = 20.0
    """What a request waits for others (a database, a file) besides. [A]"""
    workers: int = 32
    """Requests that it works on at a time; more wait in order. [A]"""
    keep_alive_s: float = 75.0
    """How long it keeps an idle connection open. [A] longer than a load balancer's 60 s, unless the catalogue says otherwise."""
    memory_mib: int = 64
    """Its working set: the memory that it keeps in use once it has booted, without what it leaks. [A]"""
    leak_kib_per_request: float = 0.0
    """What each request that it takes leaves behind in memory for good."""
    leak_mib_per_hour: float = 0.0
    """What it grows by with time, whatever the load."""
    batch_ms: int = 0
    """How long it works until it ends by itself, with 0; 0: it goes on until it is stopped."""
    needs: tuple[str, ...] = ()
    """Arguments without which it ends at once, with 2, as programs do that read theirs with argparse."""
    write_behind: int = 0
    """Accepted requests that it keeps in memory until that many are together or it is told to stop; 0: it keeps none."""
    consumes: QueueWork | None = None
    """How it works on the messages of a queue; None: it takes none."""

    def __post_init__(self) -> None:
        if not 1 <= self.memory_mib <= LARGEST_MEMORY_MIB:
            raise ValueError(
                f"memory_mib is a working set from 1 to {LARGEST_MEMORY_MIB}, not {self.memory_mib}"
            )
        for name in ("leak_kib_per_request", "leak_mib_per_hour"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is 0 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Image:
    """Tags of one repository that hold the same program."""

    repository: str
    tags: tuple[str, ...]
    size_mb: int
    shell: str
    """What ``sh`` is in this image: dash, bash, busybox, or none."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    exec_scripts: tuple[str, ...] = ()
    """Entry scripts that end with ``exec "$@"``."""
    tools: frozenset[str] = frozenset()
    architectures: frozenset[str] = frozenset({"x86_64", "arm64"})
    app: App | None = None

    def digest(self, tag: str) -> str:
        """The digest behind a tag: derived from both, so it is the same in every world."""
        return "sha256:" + hashlib.sha256(f"{self.repository}:{tag}".encode()).hexdigest()


@dataclass(frozen=True)
class ResolvedImage:
    """An image reference that was found."""

    image: Image
    digest: str


class ImageCatalogue:
    """Every image that can be pulled. Two images may share a repository and divide its tags between them."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._tags: dict[tuple[str, str], Image] = {}
        self._digests: dict[tuple[str, str], Image] = {}
        for image in images:
            for tag in image.tags:
                self._tags[image.repository, tag] = image
                self._digests[image.repository, image.digest(tag)] = image

    def resolve(self, reference: str) -> ResolvedImage | None:
        """Find an image by ``repository[:tag]`` or ``repository@digest``; None when there is no such manifest."""
        repository, tag, digest = split_reference(reference)
        if digest is not None:
            image = self._digests.get((repository, digest))
            return ResolvedImage(image, digest) if image else None
        image = self._tags.get((repository, tag))
        return ResolvedImage(image, image.digest(tag)) if image else None


def split_reference(reference: str) -> tuple[str, str, str | None]:
    """Canonical repository, tag and digest of an image reference, by Docker's rules for short names."""
    name, _, digest = reference.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{head}{slash}{last}"
    registry, _, rest = repository.partition("/")
    if not rest:
        repository = f"docker.io/library/{repository}"
    elif "." not in registry and ":" not in registry and registry != "localhost":
        repository = f"docker.io/{repository}"
    elif registry == "docker.io" and "/" not in rest:
        repository = f"docker.io/library/{rest}"
    return repository, tag or "latest", digest or None
