"""What is in a result: a manifest (one line of canonical JSON), then the recordings, byte for byte, one after another.

The recordings are not inside of the JSON, so that a large one is neither escaped nor parsed by whoever only wants to know whose file it
is. The manifest has only one spelling (sorted names, no white space, no fractions, UTF-8), and names the length and the SHA-256 of each
recording.
Everything in it is the learner's own writing: a claim.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fargate_lab.errors import UsageError
from fargate_lab.handin.errors import ResultFileError

FORMAT = "fargate-lab-result/1"
LONGEST_NAME = 40
LARGEST_MANIFEST = 4 * 1024 * 1024
_MOST_LABS = 100
_MOST_OF_A_LAB = 200
_LONGEST_TEXT = 200
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_AS_IT_WAS = "Let it be made again, with `fargate-lab hand-in`."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a learner's progress says of a lab. `hints` is the highest level shown, `solutions` the steps whose reference answer was shown,
    `answers` the predictions.
    """

    steps: tuple[str, ...] = ()
    hints: Mapping[str, int] = field(default_factory=dict)
    solutions: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandedLab:
    """One lab: its id, what is claimed, and the recording of its world as it stands in its file."""

    lab: str
    claims: Claims
    recording: bytes


@dataclass(frozen=True, slots=True)
class Package:
    """Who hands in what. `made_at` is ISO 8601 (UTC), by the learner's own clock; `version` is that of the program."""

    name: str
    made_at: str
    version: str
    labs: tuple[HandedLab, ...]


def a_name(text: str) -> str:
    """A person's name, white space made even. UsageError when it cannot be one: what a terminal would obey is none."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError("That cannot be a name.", f"Use 1 to {LONGEST_NAME} characters.")
    return name


def packed(package: Package) -> bytes:
    """As bytes."""
    labs = [
        {
            "lab": each.lab,
            "claims": asdict(each.claims),
            "bytes": len(each.recording),
            "sha256": hashlib.sha256(each.recording).hexdigest(),
        }
        for each in package.labs
    ]
    manifest = {
        "format": FORMAT,
        "name": package.name,
        "made_at": package.made_at,
        "version": package.version,
        "labs": labs,
    }
    return _canonical(manifest) + b"\n" + b"".join(each.recording for each in package.labs)


def unpacked(content: bytes) -> Package:
    """The other way round. ResultFileError when these are not the bytes that `packed` gives."""
    line, end, _ = content[: LARGEST_MANIFEST + 1].partition(b"\n")
    if not end:
        raise ResultFileError("It has no beginning that could be read.", _AS_IT_WAS)
    try:
        manifest = json.loads(line)
        canonical = _canonical(manifest)
    except (ValueError, RecursionError):
        raise ResultFileError("Its beginning is not JSON.", _AS_IT_WAS) from None
    if canonical != line:
        raise ResultFileError("Its beginning is not spelt as `hand-in` spells it.", _AS_IT_WAS)
    try:
        return _package(manifest, memoryview(content)[len(line) + 1 :])
    except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
        raise ResultFileError(f"What it says of itself cannot be: {_said(error)}.", _AS_IT_WAS) from None


def _said(error: Exception) -> str:
    """A sentence of ours; else only that something is missing or of another kind, because the words would be the file's."""
    return str(error).rstrip(".") if type(error) in (ValueError, UsageError) else "something is missing"


def _canonical(value: Any) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _package(manifest: Mapping[str, Any], recordings: memoryview) -> Package:
    if manifest["format"] != FORMAT:
        raise ValueError("it has another format, perhaps of a later version")
    if set(manifest) != {"format", "name", "made_at", "version", "labs"}:
        raise ValueError("there is more in it than there should be")
    name = manifest["name"]
    if not isinstance(name, str) or name != a_name(name):
        raise ValueError("its name is none")
    listed = manifest["labs"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST_LABS:
        raise ValueError(f"it must have 1 to {_MOST_LABS} labs")
    labs = []
    at = 0
    for raw in listed:
        size = _number(raw["bytes"], len(recordings) - at)
        labs.append(_lab(raw, bytes(recordings[at : at + size])))
        at += size
    if at != len(recordings):
        raise ValueError("it is longer than it says")
    if len({each.lab for each in labs}) != len(labs):
        raise ValueError("a lab is in it twice")
    return Package(name, _text(manifest["made_at"]), _text(manifest["version"]), tuple(labs))


def _lab(raw: Mapping[str, Any], recording: bytes) -> HandedLab:
    if set(raw) != {"lab", "claims", "bytes", "sha256"}:
        raise ValueError("a lab has more or less than it should")
    if hashlib.sha256(recording).hexdigest() != raw["sha256"]:
        raise ValueError("a recording is not the one that it names")
    claims = raw["claims"]
    if set(claims) != {"steps", "hints", "solutions", "answers"}:
        raise ValueError("a claim has more or less than it should")
    hints, answers = claims["hints"], claims["answers"]
    if max(len(hints), len(answers)) > _MOST_OF_A_LAB:
        raise ValueError("there is more in it than any lab has")
    return HandedLab(
        _word(raw["lab"]),
        Claims(
            _words(claims["steps"]),
            {_word(step): _number(level, 9) for step, level in hints.items()},
            _words(claims["solutions"]),
            {_word(step): _text(given) for step, given in answers.items()},
        ),
        recording,
    )


def _word(value: Any) -> str:
    """The id of a lab or a step: nothing that could be a path."""
    if not isinstance(value, str) or not _WORD.fullmatch(value) or ".." in value:
        raise ValueError("the name of a lab or a step is none")
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_OF_A_LAB or len(set(map(str, value))) != len(value):
        raise ValueError("a list of steps is none")
    return tuple(_word(each) for each in value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise ValueError("a text is too long, or cannot be shown")
    return value


def _number(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError("a number is out of range")
    return value


def shortened(texts: Mapping[str, str]) -> dict[str, str]:
    """Answers as they may stand in a manifest: one line, not too long."""
    return {step: " ".join(text.split())[:_LONGEST_TEXT] for step, text in texts.items()}


def steps_in_order(steps: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Those of a lab's steps that are among `steps`, in the lab's order."""
    return tuple(each for each in known if each in steps)
