"""The page of all labs, `docs/labs.md`, made from the labs themselves. A test compares the two.

`python -m fargate_lab.catalogue_page` prints it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fargate_lab import talk
from labs import loader
from labs.catalogue import TRACK_AIMS, Lab
from labs.checking import counted

_HEAD = """# The labs

Every lab is set up in a fresh world, can be done offline, and is graded by what the cloud did. Each is proved: broken fails, the
solution passes, other right fixes pass, wrong fixes fail and say why. This page is made from the labs
(`python -m fargate_lab.catalogue_page`), and a test keeps it true.

What they teach is in here: those who want to be surprised start with `fargate-lab` and come back later.
"""


def markdown() -> str:
    """One section a track, one part a lab."""
    labs = loader.load_all()
    total = sum(lab.minutes for lab in labs)
    parts = [_HEAD, f"{counted(len(labs), 'lab')}, about {talk.duration(total * 60_000)}.\n", _overview(labs)]
    for track, aim in TRACK_AIMS.items():
        of_track = [lab for lab in labs if lab.track == track]
        if of_track:
            parts += [f"## {track.capitalize()}: {aim}\n", *(_part(lab) for lab in of_track)]
    return "\n".join(parts)


def _overview(labs: Sequence[Lab]) -> str:
    rows = ["| track | lab | minutes | steps |", "| --- | --- | ---: | ---: |"]
    for lab in labs:
        rows.append(
            f"| {lab.track} | [`{lab.id}`](#{lab.id}) {lab.title} | {lab.minutes} | {len(lab.steps)} |"
        )
    return "\n".join(rows) + "\n"


def _part(lab: Lab) -> str:
    lines = [
        f"### `{lab.id}`",
        "",
        f"**{lab.title}** · {lab.minutes} minutes",
        "",
        " ".join(lab.summary.split()),
        "",
    ]
    lines += [
        f"{number}. {step.title}: {' '.join(step.goal.split())}" for number, step in enumerate(lab.steps, 1)
    ]
    lines += ["", *(f"- {sentence}" for sentence in lab.teaches), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(), end="")
