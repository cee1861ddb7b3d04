"""The image catalogue for the control API: what can be pulled, and the manifests behind a reference."""

from __future__ import annotations

from typing import Any

from fargate_sim.images import default_catalogue
from fargate_sim.model.images import split_reference
from fargate_sim.model.manifests import PLATFORMS
from fargate_sim.model.registry import is_private


class UnknownImageError(Exception):
    """There is no such image; ``hint`` names the nearest."""

    def __init__(self, error: str, hint: str) -> None:
        super().__init__(error)
        self.hint = hint


def catalogue() -> dict[str, Any]:
    """Every image: tags of a repository that hold the same program, and the repositories that mirror it."""
    images = default_catalogue().images
    mirrors: dict[str, list[str]] = {}
    for image in images:
        if image.origin:
            names = mirrors.setdefault(image.origin, [])
            names += [image.repository] if image.repository not in names else []
    return {
        "images": [
            {
                "repository": image.repository,
                "also": mirrors.get(image.repository, []),
                "tags": list(image.tags),
                "architectures": [name for name in PLATFORMS if name in image.architectures],
                "size_mb": image.size_mb,
            }
            for image in images
            if not image.origin
        ]
    }


def manifests(reference: str) -> dict[str, Any]:
    """What a registry has of an image: what is listed before what lists it. UnknownImageError when there is none."""
    contents = default_catalogue().contents(reference)
    if contents is None:
        raise UnknownImageError(*_unknown(reference))
    repository, tag, digest = split_reference(reference)
    return {
        "reference": reference,
        "repository": repository,
        "tag": None if digest else tag,
        "digest": contents.top.digest,
        "manifests": [
            {
                "digest": each.digest,
                "media_type": each.media_type,
                "architecture": each.architecture,
                "manifest": each.text,
            }
            for each in contents.all
        ],
    }


def _unknown(reference: str) -> tuple[str, str]:
    from difflib import get_close_matches  # noqa: PLC0415 - only when somebody has mistyped

    error = f"there is no image {reference}"
    if is_private(reference):
        return error, "it is in a repository of your own: ask it with `aws ecr batch-get-image`"
    repository, tag, digest = split_reference(reference)
    images = default_catalogue().images
    tags = [each for image in images if image.repository == repository for each in image.tags]
    if tags and digest is None:
        near = get_close_matches(tag, tags, n=1)
        return error, f"did you mean {repository}:{near[0]}?" if near else f"tags: {', '.join(tags)}"
    known = list(dict.fromkeys(image.repository for image in images))
    names = {_last(each): each for each in reversed(known)}
    near = [names[name] for name in get_close_matches(_last(repository), names, n=1)]
    if tags or not near:
        return error, "`fargate-lab image list` tells what there is"
    return error, f"did you mean {near[0]}? `fargate-lab image list` tells what there is"


def _last(repository: str) -> str:
    return repository.rpartition("/")[2]
