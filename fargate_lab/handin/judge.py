"""One lab of a result lived through again and graded anew: `python -m fargate_lab.handin.judge`, a process of its own with bounds on
what it may use, because what it lives through was written by somebody else.

It reads a line of JSON (the lab, the claims) and then the recording from its standard input, and writes a `LabVerdict` as JSON.

A claimed step is graded just before the moment at which its passing was noted, in the world as it was then. The note only says where to
look: the step passes if its checks pass there, drills included, which are made anew in a life that ends there. Without a note it is the
end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fargate_lab import __version__
from fargate_lab.again import lived_again
from fargate_lab.attempt import STEP_PASSED
from fargate_lab.errors import LabError
from fargate_lab.handin.stage import READY, difference
from fargate_lab.handin.verdict import LabVerdict, StepVerdict
from fargate_lab.handin.vetting import NoRecordingError, Vetted, vetted
from fargate_sim.recording import Recording, RecordingError
from labs import loader
from labs.catalogue import Lab
from labs.endpoint_cloud import EndpointCloud
from labs.grading import answer, grade
from labs.history import LAB_STARTED

_MOST_MEMORY = 4 * 1024**3
_MOST_SECONDS = 300
"""Of the processor."""
_REST_MS = 60 * 60_000
"""How long a world may take to come to rest, in virtual milliseconds."""
_SOLVED = "lab.solution_used"
_ANSWERED = "lab.answered"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the recording something is looked at again."""

    at: int
    step: str
    given: str | None = None
    """A prediction that was made there; None when the step is graded."""


def judge(lab_id: str, claims: Mapping[str, Any], content: bytes) -> LabVerdict:
    """The verdict on one lab. Whatever is wrong with it is in the verdict."""
    told = LabVerdict(lab_id, hints=dict(claims["hints"]), solutions=tuple(claims["solutions"]))
    if lab_id not in {lab.id for lab in loader.load_all()}:
        return replace(told, trouble=f"this version ({__version__}) has no such lab")
    lab = loader.find(lab_id)
    told = replace(told, of_steps=len(lab.steps))
    known = {step.id for step in lab.steps}
    unknown = sorted({*claims["steps"], *claims["answers"], *claims["hints"], *claims["solutions"]} - known)
    if unknown:
        return replace(told, trouble=f"the lab has no step {unknown[0]}")
    try:
        return _Judge(lab, claims, vetted(content)).verdict(told)
    except (NoRecordingError, RecordingError, LabError) as error:
        unproved = tuple(StepVerdict(step.id, False) for step in lab.steps if step.id in claims["steps"])
        trouble = f"its recording cannot be used: {_begun_small(str(error).rstrip('.'))}"
        return replace(told, trouble=trouble, steps=unproved)


def _begun_small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


class _Judge:
    def __init__(self, lab: Lab, claims: Mapping[str, Any], found: Vetted) -> None:
        self._lab = lab
        self._claims = claims
        self._found = found
        self._recording: Recording = found.recording
        self._ready = 0
        self._notes = [
            (place, line["note"]["kind"], line["note"]["data"])
            for place, line in enumerate(self._recording.inputs)
            if "note" in line
        ]

    def verdict(self, told: LabVerdict) -> LabVerdict:
        """The verdict, on top of what is `told` anyway. NoRecordingError or RecordingError when the recording proves nothing."""
        lab, inputs = self._lab, self._recording.inputs
        started = [data.get("lab") for _, kind, data in self._notes if kind == LAB_STARTED]
        ready = [place for place, kind, _ in self._notes if kind == READY]
        if started != [lab.id] or len(ready) != 1:
            raise NoRecordingError(
                f"it is of {started[0]!r:.60}, not of this lab"
                if len(started) == 1 and started[0] != lab.id
                else "the lab was not set up once in it, and to its end"
            )
        self._ready = ready[0]
        claimed = [step for step in lab.steps if step.id in self._claims["steps"]]
        drilled = {step.id for step in claimed if any(check.drill for check in step.checks)}
        places = [_Place(self._noted(STEP_PASSED, step.id), step.id) for step in claimed]
        answers = [
            _Place(self._noted(_ANSWERED, step, given), step, given)
            for step, given in self._claims["answers"].items()
        ]
        steps: dict[str, StepVerdict] = {}
        judged: dict[str, bool] = {}
        with lived_again(self._recording, who="grader") as life:
            life.before(ready[0] + 1)
            entries = list(life.cloud.history.entries)
            for place in sorted((*places, *answers), key=lambda each: each.at):
                if place.given is not None:
                    life.before(place.at)
                    judged[place.step] = self._right(life.cloud, place.step, place.given)
                elif place.step not in drilled:
                    life.before(place.at)
                    steps[place.step] = self._graded(life.cloud, place.step)
            life.to_the_end()
            unlike = life.unlike
        if wrong := difference(lab, self._recording.header, entries):
            raise NoRecordingError(wrong + self._other_version())
        notices = self._notices(unlike)
        for place in places:
            if place.step in drilled:
                steps[place.step] = self._drilled(place)
        began_ms = int(inputs[ready[0]]["at"])
        last_ms = max((each.at_ms or began_ms for each in steps.values()), default=self._recording.last_ms)
        return replace(
            told,
            steps=tuple(steps[step.id] for step in claimed),
            answers=judged,
            solution_used=any(kind == _SOLVED for _, kind, _ in self._notes),
            duration_ms=last_ms - began_ms,
            calls=sum("call" in line for line in inputs[ready[0] :]),
            notices=notices,
            session=self._session(inputs[ready[0] :]),
        )

    def _noted(self, kind: str, step: str, given: str | None = None) -> int:
        """The place of the first note of a step after the set-up, else the end."""
        for place, is_, data in self._notes:
            if (
                place > self._ready
                and is_ == kind
                and data.get("step") == step
                and (given is None or data.get("given") == given)
            ):
                return place
        return len(self._recording.inputs)

    def _drilled(self, place: _Place) -> StepVerdict:
        """In a life of its own, as a drill changes the world. The drill that was made then may not be over there: what does not pass is
        tried once more after that has come to rest. Time is all that is added, and whoever wrote the file could have added it, too.
        """
        found: list[StepVerdict] = []
        for rest_ms in (0, _REST_MS):
            with lived_again(self._recording, who="grader") as life:
                life.before(place.at)
                if rest_ms:
                    life.cloud.clock.settle(rest_ms)
                found.append(self._graded(life.cloud, place.step))
            if found[-1].passed:
                return found[-1]
        return found[0]

    def _graded(self, cloud: EndpointCloud, step: str) -> StepVerdict:
        at_ms = cloud.clock.now_ms
        result = grade(self._lab, cloud, step).steps[0]
        failing = tuple(
            {"id": check.id, "expected": check.expected, "observed": check.observed}
            for check in result.checks
            if not check.passed
        )
        return StepVerdict(step, result.passed, at_ms, failing)

    def _right(self, cloud: EndpointCloud, step: str, given: str) -> bool:
        try:
            return answer(self._lab, cloud, step, given).correct
        except LabError:
            return False

    def _notices(self, unlike: Sequence[str]) -> tuple[str, ...]:
        """What is to be known. NoRecordingError when the recording proves not to be the one that was made."""
        notices = []
        if self._found.left_out:
            which = ", ".join(f"{name} ({count})" for name, count in sorted(self._found.left_out.items()))
            notices.append(f"requests that cannot be lived through were left out: {which}")
        other = self._other_version()
        if "digest" not in self._recording.inputs[-1]:
            raise NoRecordingError("it has no checksum at its end")
        if unlike and not notices and not other:
            raise NoRecordingError(f"it was changed: {unlike[0]}")
        if unlike:
            notices.append(unlike[0])
        if other:
            notices.append(other.removeprefix("; "))
        return tuple(notices)

    def _other_version(self) -> str:
        made_by = self._recording.header.version
        return "" if made_by == __version__ else f"; it was made by version {made_by}, this is {__version__}"

    def _session(self, inputs: Sequence[Mapping[str, Any]]) -> str:
        """A name for what was done in which world, whenever it was done; "" when nothing was."""
        calls = [line["call"] for line in inputs if "call" in line]
        if not calls:
            return ""
        found = hashlib.sha256(str(self._recording.header.seed).encode())
        for call in calls:
            told = (call["method"], call["path"], call["query"], call.get("body", call.get("body64")))
            found.update(json.dumps(told).encode())
        return found.hexdigest()


def _bound() -> None:
    """Not more memory and time than any lab needs, where the platform can say so."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CPU, _MOST_SECONDS)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Judge what comes on the standard input."""
    _bound()
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    # What a check or a library prints is not the verdict.
    with contextlib.redirect_stdout(sys.stderr):
        found = judge(asked["lab"], asked["claims"], content)
    sys.stdout.write(json.dumps(found.to_dict()))


if __name__ == "__main__":
    main()
