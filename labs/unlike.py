"""What debriefs tell of deployments whose tasks ran different images, because a tag moved while they ran."""

from __future__ import annotations

from typing import Literal

from labs.history import Entry, History

Told = tuple[str, Literal["bad"]]
_SHORT = 19
"""``sha256:`` and twelve digits."""


def rows(history: History, cluster: str, service: str) -> list[tuple[str, str, str]]:
    """(label, value, comment) for a debrief; empty when the tasks of every deployment were alike."""
    ran = _ran(history, cluster, service)
    unlike = [digests for digests in ran.values() if len(digests) > 1]
    if not unlike:
        return []
    most = max(len(digests) for digests in unlike)
    return [
        (
            "Deployments whose tasks ran different images",
            f"{len(unlike)} of {len(ran)}",
            f"up to {most} digests in one, checks included",
        )
    ]


def knobs(history: History, cluster: str, service: str) -> list[str]:
    """What to turn, in a sentence."""
    if not rows(history, cluster, service):
        return []
    return [
        "The knob behind different images in one deployment is `versionConsistency` of the container definition. The image that the "
        "next deployment and RunTask take is named by the digest in the task definition, or by a tag that must not move."
    ]


def tell(entry: Entry, cluster: str, service: str, seen: dict[str, str], told: set[str]) -> Told | None:
    """A sentence about the first task of a deployment that runs another image than the tasks before it; ``seen`` remembers each
    deployment's first image. None when the entry is about something else.
    """
    if entry.kind != "task.running" or (entry.data["cluster"], entry.data["service"]) != (cluster, service):
        return None
    deployment, images = entry.data["deployment"], _images(entry)
    first, key = seen.setdefault(deployment, images), f"unlike {deployment}"
    if images == first or key in told:
        return None
    told.add(key)
    return (
        f"a task of {entry.data['task_definition']} runs {_short(images)}, and those of its deployment before it {_short(first)}",
        "bad",
    )


def _ran(history: History, cluster: str, service: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in history.of("task.running", cluster=cluster, service=service):
        found.setdefault(entry.data["deployment"], set()).add(_images(entry))
    return found


def _images(entry: Entry) -> str:
    return " ".join(str(image["digest"]) for image in entry.data["images"])


def _short(images: str) -> str:
    return " and ".join(digest[:_SHORT] for digest in images.split())
