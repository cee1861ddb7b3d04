"""What a registry keeps of an image: OCI manifests, and an index where there is one for each architecture.

A digest is the sha256 of a manifest's exact bytes, so these bytes are the same wherever and whenever they are made. They follow from
where the image was first published, the tag, and the program: mirrors have the same digests. Layers are named and never unpacked.
Source of the formats: OCI image specification v1.1, manifest.md, image-index.md, config.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"

PLATFORMS = {"x86_64": "amd64", "arm64": "arm64"}
"""ECS's name of an architecture to that of the image formats."""
MEGABYTE = 1_000_000
_BASE_SHARE = 0.7
"""How much of an image is its base layer, which the tags of a repository share. [A]"""


def digest_of(content: str | bytes) -> str:
    """The digest by which a registry knows a content."""
    return "sha256:" + sha256(content.encode() if isinstance(content, str) else content).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """A document in a registry, byte for byte. ``architecture`` is ECS's name; None for an index."""

    media_type: str
    text: str
    architecture: str | None

    @cached_property
    def digest(self) -> str:
        """The digest of its bytes."""
        return digest_of(self.text)


@dataclass(frozen=True)
class Contents:
    """What a tag points to (``top``), and the manifests that an index lists; none where ``top`` is no index."""

    top: Manifest
    children: tuple[Manifest, ...] = ()

    @property
    def all(self) -> tuple[Manifest, ...]:
        """In the order in which they are pushed: what is listed before what lists it."""
        return (*self.children, self.top)


def contents(
    origin: str,
    tag: str,
    *,
    size_mb: int,
    architectures: Sequence[str],
    argv: tuple[Sequence[str], Sequence[str]],
) -> Contents:
    """The manifests of a tag: an index over several architectures, or the manifest alone for one. ``argv`` is entrypoint and command."""
    built = tuple(
        _manifest(origin, tag, size_mb * MEGABYTE, name, argv)
        for name in sorted(architectures, key=list(PLATFORMS).index)
    )
    return Contents(built[0]) if len(built) == 1 else Contents(_index(built), built)


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _descriptor(media_type: str, content: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": size}


def _manifest(
    origin: str, tag: str, size: int, architecture: str, argv: tuple[Sequence[str], Sequence[str]]
) -> Manifest:
    base_size = int(size * _BASE_SHARE)
    layers = [
        _descriptor(LAYER_TYPE, f"base {origin} {size} {architecture}", base_size),
        _descriptor(LAYER_TYPE, f"program {origin}:{tag} {architecture}", size - base_size),
    ]
    config = _dump(
        {
            "architecture": PLATFORMS[architecture],
            "os": "linux",
            "config": {
                "Entrypoint": list(argv[0]),
                "Cmd": list(argv[1]),
                "Labels": {
                    "org.opencontainers.image.source": origin,
                    "org.opencontainers.image.version": tag,
                },
            },
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer["digest"]) for layer in layers]},
        }
    )
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config, len(config)),
        "layers": layers,
    }
    return Manifest(MANIFEST_TYPE, _dump(document), architecture)


def _index(manifests: Sequence[Manifest]) -> Manifest:
    listed = [
        {
            **_descriptor(MANIFEST_TYPE, each.text, len(each.text)),
            "platform": {"architecture": PLATFORMS[each.architecture or ""], "os": "linux"},
        }
        for each in manifests
    ]
    document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed}
    return Manifest(INDEX_TYPE, _dump(document), None)


@dataclass(frozen=True)
class Parsed:
    """What can be read of somebody's manifest: the digests that it names."""

    is_index: bool
    children: tuple[tuple[str, str], ...] = ()
    """Of an index: architecture, as the image formats call it, and digest."""
    config: str | None = None
    config_type: str | None = None
    layers: tuple[tuple[str, int], ...] = ()
    """Digest and size in bytes."""
    media_type: str | None = None

    @property
    def size(self) -> int:
        """Bytes of its layers."""
        return sum(size for _, size in self.layers)


def parse(text: str) -> Parsed:
    """Read an OCI or Docker manifest, index or manifest list. ValueError says what is wrong."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("a manifest is an object")
    media_type = document.get("mediaType")
    try:
        if "manifests" in document:
            children = tuple(
                (str((each.get("platform") or {}).get("architecture", "")), str(each["digest"]))
                for each in document["manifests"]
            )
            return Parsed(True, children=children, media_type=media_type)
        return Parsed(
            False,
            config=str(document["config"]["digest"]),
            config_type=document["config"].get("mediaType"),
            layers=tuple((str(each["digest"]), int(each["size"])) for each in document["layers"]),
            media_type=media_type,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it is no manifest: {error!r}") from error
