"""The stages that a scenario can ask for. A builder is a function whose keyword arguments are the stage's settings and whose
docstring says what a team finds; it makes everything through the AWS API, tags it ``fargate-lab`` with the scenario's id, waits
until it has settled, and gives the names that the scenario may use (``$SERVICE`` ...).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chaos.faults import FaultSetting, settings_of
from gameday import stage_members, stage_shop, stage_worker
from labs.cloud import Cloud

Build = Callable[..., dict[str, str]]
"""``(cloud, owner, **settings)``: owner is the value of the tag."""


@dataclass(frozen=True, slots=True)
class Builder:
    """One kind of stage. ``names`` are those that it gives, always all of them."""

    name: str
    summary: str
    description: str
    settings: tuple[FaultSetting, ...]
    names: tuple[str, ...]
    build: Build

    def __call__(self, cloud: Cloud, owner: str, settings: Mapping[str, Any]) -> dict[str, str]:
        """Build it in a world; the names."""
        return self.build(cloud, owner, **settings)


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Builder]:
    """Every builder, by name."""
    found = (
        _describe(stage_members.members, stage_members.NAMES),
        _describe(stage_shop.shop, stage_shop.NAMES),
        _describe(stage_worker.worker, stage_worker.NAMES),
    )
    return {builder.name: builder for builder in found}


def _describe(build: Build, names: tuple[str, ...]) -> Builder:
    summary, _, description = inspect.cleandoc(build.__doc__ or "").partition("\n\n")
    return Builder(build.__name__, summary, " ".join(description.split()), settings_of(build), names, build)
