"""The teacher's look at files: who handed in, and what of it is so.

A file is opened and its beginning read here; each recording is judged in a process of its own (`judge`), several at once.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock

from fargate_lab.errors import LabError
from fargate_lab.handin.errors import ResultFileError
from fargate_lab.handin.form import LARGEST_FILE, opened
from fargate_lab.handin.known import Known
from fargate_lab.handin.package import HandedLab, Package, unpacked
from fargate_lab.handin.verdict import FileVerdict, LabVerdict, StepVerdict

_MOST_AT_ONCE = 4
_PATIENCE_SECONDS = 600.0
"""For one lab, of the wall's time."""
_LONGEST_SAID = 200

Told = Callable[[str], None]


def verify(paths: Sequence[Path], known: Known, told: Told = lambda _text: None) -> list[FileVerdict]:
    """The verdicts, in the order of the files. What is known is extended and kept."""
    telling = Lock()

    def one_at_a_time(text: str) -> None:
        with telling:
            told(text)

    with ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        begun = [_begin(path, known, pool, one_at_a_time) for path in paths]
        verdicts = [replace(file, labs=tuple(each.result() for each in judged)) for file, judged in begun]
    found = _copies(verdicts, known)
    known.keep()
    return found


def _begin(
    path: Path, known: Known, pool: ThreadPoolExecutor, told: Told
) -> tuple[FileVerdict, list[Future[LabVerdict]]]:
    verdict = FileVerdict(str(path))
    try:
        file = _read(path)
        found = opened(file)
        package = unpacked(found.content)
        notices = known.meet(package.name, found.key)
    except ResultFileError as error:
        return replace(verdict, trouble=f"{error.message} {error.hint}".strip()), []
    verdict = replace(
        verdict,
        name=package.name,
        key=found.key,
        made_at=package.made_at,
        version=package.version,
        notices=tuple(notices),
    )
    # Packed they wait for their turn: unpacked, a class's files might not fit into memory.
    return verdict, [
        pool.submit(_unpacked_and_judged, file, place, told) for place in range(len(package.labs))
    ]


def _unpacked_and_judged(file: bytes, place: int, told: Told) -> LabVerdict:
    package = unpacked(opened(file).content)
    return _judged(package, package.labs[place], told)


def _read(path: Path) -> bytes:
    """A file's bytes, one more than a result may have at most."""
    try:
        # A pipe or a device might never end, or not even open.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ResultFileError("It is no file.", "")
        with path.open("rb") as stream:
            return stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ResultFileError(f"It cannot be read: {error.strerror or error}.", "") from None


def _judged(package: Package, lab: HandedLab, told: Told) -> LabVerdict:
    """One lab, judged in a process of its own."""
    told(f"living through what {package.name} did in {lab.lab}")
    asked = json.dumps({"lab": lab.lab, "claims": asdict(lab.claims)}).encode()
    argv = [sys.executable, "-m", "fargate_lab.handin.judge"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own module
            argv,
            input=asked + b"\n" + lab.recording,
            capture_output=True,
            cwd=Path(__file__).parents[2],
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        return LabVerdict.of(json.loads(ran.stdout))
    except subprocess.TimeoutExpired:
        trouble = f"living through it took more than {_PATIENCE_SECONDS / 60:.0f} minutes"
    except (ValueError, KeyError, TypeError):
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit {ran.returncode}"]
        said = "".join(letter if letter.isprintable() else " " for letter in last[0][:_LONGEST_SAID])
        trouble = f"it could not be lived through within the bounds of time and memory: {said}"
    except OSError as error:
        raise LabError(f"No process could be started: {error.strerror or error}.") from None
    steps = tuple(StepVerdict(step, False) for step in lab.claims.steps)
    return LabVerdict(lab.lab, trouble, steps=steps)


def _copies(verdicts: Sequence[FileVerdict], known: Known) -> list[FileVerdict]:
    """One session handed in with two keys, in these files or earlier: both are told."""
    owners: dict[str, dict[str, str]] = {}
    for file in verdicts:
        for lab in file.labs:
            if lab.session:
                owners.setdefault(lab.session, {}).setdefault(file.key, file.name)
    found = []
    for file in verdicts:
        labs = []
        for lab in file.labs:
            earlier = known.seen(lab.session, file.name, file.key) if lab.session else ""
            here = [name for key, name in owners.get(lab.session, {}).items() if key != file.key]
            labs.append(replace(lab, copy_of=earlier or (here[0] if here else "")))
        found.append(replace(file, labs=tuple(labs)))
    return found
