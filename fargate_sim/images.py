"""Reads the image catalogue from images.yaml."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from fargate_sim.model.app_calls import AppCall
from fargate_sim.model.app_dependency import AppDependency
from fargate_sim.model.images import App, Image, ImageCatalogue
from fargate_sim.model.queue_work import QueueWork


@cache
def default_catalogue() -> ImageCatalogue:
    """The catalogue that ships with the product."""
    return parse_catalogue(Path(__file__).with_name("images.yaml").read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> ImageCatalogue:
    """Build a catalogue from YAML text. Raises ``ValueError`` naming the entry that is wrong."""
    import yaml  # noqa: PLC0415 - not needed until a world is built

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    images: list[Image] = []
    for number, entry in enumerate(yaml.load(text, loader), start=1):  # noqa: S506 - a safe loader either way
        try:
            images.extend(_images(entry))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"image {number} ({entry.get('repository', '?')}): {error!r}") from error
    return ImageCatalogue(tuple(images))


def _images(entry: dict[str, Any]) -> list[Image]:
    image = Image(
        repository=str(entry["repository"]),
        tags=tuple(str(tag) for tag in entry["tags"]),
        size_mb=int(entry["size_mb"]),
        shell=str(entry["shell"]),
        entrypoint=tuple(entry.get("entrypoint", ())),
        command=tuple(entry.get("command", ())),
        exec_scripts=tuple(entry.get("exec_scripts", ())),
        tools=frozenset(entry.get("tools", ())),
        architectures=frozenset(entry.get("architectures", ("x86_64", "arm64"))),
        app=_app(entry["app"]) if "app" in entry else None,
    )
    mirrors = (str(name) for name in entry.get("also", ()))
    return [image, *(replace(image, repository=name, origin=image.repository) for name in mirrors)]


def _app(entry: dict[str, Any]) -> App:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    if "consumes" in fields:
        fields["consumes"] = QueueWork(**fields["consumes"])
    if "calls" in fields:
        fields["calls"] = tuple(AppCall(**call) for call in fields["calls"])
    if "depends_on" in fields:
        fields["depends_on"] = tuple(_dependency(each) for each in fields["depends_on"])
    return App(**fields)


def _dependency(entry: dict[str, Any]) -> AppDependency:
    return AppDependency(**{**entry, "paths": tuple(entry.get("paths", ()))})
