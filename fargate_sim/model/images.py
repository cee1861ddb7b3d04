"""Container images as data: what is in them, how long they boot, how they take a stop signal.

The catalogue is closed: a public reference that it does not know fails to pull, as a reference to a missing tag does on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from fargate_sim.model.app_calls import AppCall
from fargate_sim.model.app_dependency import AppDependency
from fargate_sim.model.manifests import Contents, Manifest, contents, parse
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
    once: tuple[str, ...] = ()
    """Arguments with which it does one thing and ends."""
    write_behind: int = 0
    """Accepted requests that it keeps in memory until that many are together or it is told to stop; 0: it keeps none."""
    needs_env: tuple[str, ...] = ()
    """Environment variables without which it ends at once with 1. Its lines may tell what is in them by ``{sha:NAME}``."""
    calls: tuple[AppCall, ...] = ()
    """The AWS calls that it makes with the task role."""
    depends_on: tuple[AppDependency, ...] = ()
    """The services that it asks while it works."""
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
    origin: str = ""
    """For a mirror: the repository that it was first published in. What is in them is the same, so their digests are."""

    def contents(self, tag: str) -> Contents:
        """The manifests behind a tag. They are the same in every world, and differ from tag to tag. [A]"""
        return contents(
            self.origin or self.repository,
            tag,
            size_mb=self.size_mb,
            architectures=tuple(self.architectures),
            argv=(self.entrypoint, self.command),
        )

    def digest(self, tag: str) -> str:
        """The digest behind a tag: that of its index, or of its manifest where it has one architecture."""
        return self.contents(tag).top.digest


@dataclass(frozen=True)
class ResolvedImage:
    """An image reference that was found. ``digest`` is that of what the reference points to: an index, or a manifest."""

    image: Image
    digest: str


@dataclass(frozen=True)
class Published:
    """A tag of the catalogue, with its manifests. ``image`` is of the repository that it was first published in."""

    image: Image
    tag: str
    contents: Contents


class ImageCatalogue:
    """Every image that can be pulled from a public registry. Two images may share a repository and divide its tags between them.

    Digests are worked out when the first one is asked for: for one tag alone where a tag is resolved, else for the whole catalogue.
    """

    def __init__(self, images: Iterable[Image]) -> None:
        self._images = tuple(images)
        self._tags = {(image.repository, tag): image for image in self._images for tag in image.tags}
        self._built: dict[tuple[str, str], Contents] = {}

    @property
    def images(self) -> tuple[Image, ...]:
        """All of them, mirrors included."""
        return self._images

    def resolve(self, reference: str) -> ResolvedImage | None:
        """Find an image by ``repository[:tag]`` or ``repository@digest``; None when there is no such manifest.

        The digest may be that of an index or of one of its manifests, which is then an image of one architecture.
        """
        repository, tag, digest = split_reference(reference)
        if digest is None:
            image = self._tags.get((repository, tag))
            return ResolvedImage(image, self._contents(image, tag).top.digest) if image else None
        known = self.with_digest(digest)
        if known is None or (image := self._published_in(repository, digest)) is None:
            return None
        return ResolvedImage(replace(image, architectures=known.architectures), digest)

    def contents(self, reference: str) -> Contents | None:
        """All manifests of a tag or a digest, None when there is no such one. A digest of one manifest has that alone."""
        repository, tag, digest = split_reference(reference)
        if digest is None:
            image = self._tags.get((repository, tag))
            return self._contents(image, tag) if image else None
        if self._published_in(repository, digest) is None:
            return None
        found, manifest = self._by_digest[digest]
        return found.contents if manifest is found.contents.top else Contents(manifest)

    def with_digest(self, digest: str) -> Image | None:
        """The image that an index or a manifest with this digest holds, wherever that lies; one architecture for a manifest."""
        known = self._by_digest.get(digest)
        return _of_architecture(*known) if known else None

    def with_config(self, digest: str) -> Image | None:
        """The image whose configuration has this digest: the same program, whatever wrote the manifest around it."""
        known = self._by_config.get(digest)
        return _of_architecture(*known) if known else None

    def has_blob(self, digest: str) -> bool:
        """Whether a layer or a configuration of that digest can be had."""
        return digest in self._blobs or digest in self._by_config

    def _contents(self, image: Image, tag: str) -> Contents:
        key = (image.origin or image.repository, tag)
        if key not in self._built:
            self._built[key] = image.contents(tag)
        return self._built[key]

    def _published_in(self, repository: str, digest: str) -> Image | None:
        known = self._by_digest.get(digest)
        image = self._tags.get((repository, known[0].tag)) if known else None
        if known is None or image is None:
            return None
        return image if (image.origin or image.repository) == known[0].image.repository else None

    def _published(self) -> Iterator[Published]:
        for image in self._images:
            if not image.origin:
                for tag in image.tags:
                    yield Published(image, tag, self._contents(image, tag))

    @cached_property
    def _by_digest(self) -> dict[str, tuple[Published, Manifest]]:
        return {each.digest: (known, each) for known in self._published() for each in known.contents.all}

    @cached_property
    def _manifests(self) -> list[tuple[Published, Manifest]]:
        return [entry for entry in self._by_digest.values() if entry[1].architecture is not None]

    @cached_property
    def _by_config(self) -> dict[str, tuple[Published, Manifest]]:
        return {str(parse(entry[1].text).config): entry for entry in self._manifests}

    @cached_property
    def _blobs(self) -> frozenset[str]:
        return frozenset(digest for _, each in self._manifests for digest, _ in parse(each.text).layers)


def _of_architecture(known: Published, manifest: Manifest) -> Image:
    if manifest.architecture is None:
        return known.image
    return replace(known.image, architectures=frozenset({manifest.architecture}))


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
