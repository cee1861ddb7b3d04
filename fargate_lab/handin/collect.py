"""What a learner has done, gathered from the state folder: the recording of each lab's world, and what is remembered of it.

A world may be running meanwhile. A recording ends with a checksum of the world, by which whoever lives through it again sees that it is
the same: a running world is asked for one, of another it is found out here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fargate_lab import __version__, paths, worlds
from fargate_lab.again import lived_again
from fargate_lab.errors import LabError, UsageError
from fargate_lab.handin.package import Claims, HandedLab, Package, a_name, shortened, steps_in_order
from fargate_lab.progress import LabRecord, ProgressStore
from fargate_sim.recording import Recording, RecordingError, read
from labs import loader
from labs.catalogue import Lab
from labs.control import HttpControl
from labs.history import LAB_STARTED

Told = Callable[[str], None]


def collected(name: str, wanted: Sequence[str], told: Told = lambda _text: None) -> Package:
    """The labs that are `wanted`, else all that were started. UsageError when there is nothing, or one that was named cannot be had;
    what else is left out is `told`.
    """
    shown = a_name(name)
    store = ProgressStore()
    records = store.labs()
    for notice in store.notices:
        told(notice)
    chosen = [loader.find(each) for each in dict.fromkeys(wanted)] or [
        lab for lab in loader.load_all() if records.get(lab.id, LabRecord()).status != "new"
    ]
    labs = []
    for lab in chosen:
        try:
            labs.append(_lab(lab, records.get(lab.id, LabRecord()), told))
        except UsageError as error:
            if wanted:
                raise
            told(f"{lab.id} is left out. {error.message}")
    if not labs:
        raise UsageError("There is nothing to hand in.", "Start a lab first: `fargate-lab list` has them.")
    return Package(shown, datetime.now(UTC).isoformat(timespec="seconds"), __version__, tuple(labs))


def _lab(lab: Lab, record: LabRecord, told: Told) -> HandedLab:
    path = next((each for each in _places(lab) if _is_of(each, lab)), None)
    if path is None:
        raise UsageError(
            f"There is no recording of {lab.id}.",
            f"Its world has been replaced by another, or it was never started: `fargate-lab serve --lab {lab.id}`.",
        )
    known = [step.id for step in lab.steps]
    claims = Claims(
        steps_in_order(list(record.steps), known),
        {step: level for step, level in record.hints.items() if step in known},
        steps_in_order(record.solutions, known),
        shortened({step: given for step, given in record.answers.items() if step in known}),
    )
    return HandedLab(lab.id, claims, _ended(lab, path, told))


def _places(lab: Lab) -> tuple[Path, Path]:
    """Where a lab may have been recorded: in its own world, or in one without a lab in which it was started."""
    return paths.recording_file(lab.id), paths.recording_file(worlds.SANDBOX)


def _is_of(path: Path, lab: Lab) -> bool:
    try:
        recording = read(path)
    except FileNotFoundError:
        return False
    except (OSError, RecordingError) as error:
        raise UsageError(f"The recording of {lab.id} cannot be used: {error}.") from None
    return any(
        line["note"]["kind"] == LAB_STARTED and line["note"]["data"].get("lab") == lab.id
        for line in recording.inputs
        if "note" in line
    )


def _ended(lab: Lab, path: Path, told: Told) -> bytes:
    """A recording as it stands in its file, up to a checksum that nothing but time has followed."""
    for world in worlds.running():
        if paths.recording_file(world.label) == path:
            # One that hangs is like one that has ended: then the recording is all there is.
            with suppress(LabError):
                HttpControl(world.endpoint).get("/_lab/digest")
    recording = read(path)
    lines = path.read_bytes()[: recording.sound_bytes].splitlines(keepends=True)
    last = len(recording.inputs)
    while last and not set(recording.inputs[last - 1]) - {"at", "paused", "speed"}:
        last -= 1
    if last and "digest" in recording.inputs[last - 1]:
        return b"".join(lines[: last + 1])  # the header is the first
    return b"".join([*lines, _checksum(lab, recording, told)])


def _checksum(lab: Lab, recording: Recording, told: Told) -> bytes:
    """The line that ends a recording, found out by living through it."""
    with lived_again(recording) as life:
        try:
            life.to_the_end()
            unlike = life.unlike
        except RecordingError as error:
            unlike = [str(error)]
        if unlike:
            told(f"{lab.id} will not be accepted: its recording cannot be lived through again, {unlike[0]}.")
        found = life.cloud.control.get("/_lab/digest")
    line = {"at": found["now_ms"], "digest": found["digest"], "parts": found["parts"]}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
