"""One learner's attempt at a lab in a world: the lab's runner, and what is remembered of it.

The world's journal holds what happened; the progress file holds what the learner reached. Both the commands
and the TUI's session work through this, so that a step passed in one is passed in the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from fargate_lab.errors import LabError, SurroundingsError, UsageError, WorldLostError
from fargate_lab.progress import LabRecord, ProgressStore
from labs import loader
from labs.catalogue import HINT_LEVELS, Lab
from labs.control import ControlClient
from labs.endpoint_cloud import EndpointCloud
from labs.grading import Answer, LabResult
from labs.history import LAB_STARTED
from labs.runner import LabRunner

LAB_READY = "lab.ready"
STEP_PASSED = "lab.step_passed"
SOLUTION_SHOWN = "lab.solution_shown"


class Attempt:
    """A lab in a world. Safe to use from several threads, as far as the world is."""

    def __init__(self, lab: Lab, cloud: EndpointCloud, store: ProgressStore) -> None:
        self.lab = lab
        self.cloud = cloud
        self.store = store
        self.runner = LabRunner(lab, cloud)

    @property
    def record(self) -> LabRecord:
        """What is remembered of this lab."""
        return self.store.lab(self.lab.id)

    @property
    def under_way(self) -> bool:
        """Whether this lab, and no other after it, was set up in this world, to the end."""
        entries = self.cloud.history.of(LAB_STARTED, LAB_READY)
        return len(entries) >= 2 and all(
            entry.kind == kind and entry.data.get("lab") == self.lab.id
            for entry, kind in zip(entries[-2:], (LAB_STARTED, LAB_READY), strict=True)
        )

    def begin(self) -> None:
        """Set the lab up. LabError when this world already holds a lab."""
        with aws_trouble():
            self.runner.start()
        self.store.forget(self.lab.id)
        self.store.started(self.lab.id, self.cloud.clock.now_ms)

    def resume_or_begin(self) -> bool:
        """Go on where it was left (True), or set it up. A set-up that was cut short, or another lab's world,
        is begun anew.
        """
        if self.under_way:
            self.store.started(self.lab.id, self.cloud.clock.now_ms)
            return True
        if self.cloud.history.of(LAB_STARTED):
            self.reset()
        else:
            self.begin()
        return False

    def reset(self, seed: int | None = None) -> None:
        """A new world (with another seed when one is given), and the lab from its first step."""
        if seed is None:
            self.cloud.reset()
        else:
            label = self.cloud.control.get("/_lab/status")["label"]
            self.cloud.control.post("/_lab/reset", {"seed": seed, "label": label})
            self.cloud = EndpointCloud(self.cloud.control)
            self.runner = LabRunner(self.lab, self.cloud)
        self.begin()

    def check(self, step: str | None = None, *, drills: bool = True) -> LabResult:
        """Grade, and remember what passed for the first time."""
        with aws_trouble():
            result = self.runner.check(step, drills=drills)
        record = self.record
        for graded in result.steps:
            if graded.passed and graded.id not in record.steps:
                now_ms = self.cloud.clock.now_ms
                evidence = [
                    {"id": check.id, "expected": check.expected, "observed": check.observed}
                    for check in graded.checks
                ]
                # The world first: killed in between, the step is open still, and what is passed can be proved.
                self.cloud.note(STEP_PASSED, {"lab": self.lab.id, "step": graded.id})
                self.store.step_passed(self.lab.id, graded.id, now_ms, evidence)
        reached = {*record.steps, *(graded.id for graded in result.steps if graded.passed)}
        if record.solved_ms is None and reached.issuperset(item.id for item in self.lab.steps):
            self.store.solved(self.lab.id, self.cloud.clock.now_ms)
        return result

    def first_open_step(self) -> str:
        """The first step that does not pass now; the last one when all do."""
        for step in self.lab.steps:
            if not self.check(step.id, drills=False).passed:
                return step.id
        return self.lab.steps[-1].id

    def hint(self, step: str, level: int | None = None) -> tuple[int, str]:
        """A hint and its level: the one asked for, else one more than the last that was shown."""
        shown = self.record.hints.get(step, 0)
        wanted = min(shown + 1, HINT_LEVELS) if level is None else level
        if not 1 <= wanted <= HINT_LEVELS:
            raise UsageError(f"There is no hint of level {wanted}.", f"Choose 1 to {HINT_LEVELS}.")
        text = self.runner.hint(step, wanted)
        self.store.hint_shown(self.lab.id, step, wanted)
        return wanted, text

    def solution_shown(self, step: str) -> None:
        """Remember that the reference answer of a step was read."""
        self.store.solution_shown(self.lab.id, step)
        self.cloud.note(SOLUTION_SHOWN, {"lab": self.lab.id, "step": step})

    def solve(self) -> None:
        """Apply the reference solution."""
        with aws_trouble():
            self.runner.solve()

    def answer(self, step: str, given: str) -> Answer:
        """Judge a prediction and remember it."""
        with aws_trouble():
            verdict = self.runner.answer(step, given)
        self.store.answered(self.lab.id, step, given)
        return verdict


def lab_of_world(control: ControlClient) -> Lab:
    """The lab that a world is about: the last one started in it, else the one it is labelled with."""
    entries = control.get("/_lab/journal", {"kind": LAB_STARTED})["entries"]
    label = str(entries[-1]["data"].get("lab")) if entries else control.get("/_lab/status")["label"]
    known = {lab.id for lab in loader.load_all()}
    if label not in known:
        raise UsageError("No lab is set up in the running world.", "Say which: `fargate-lab start LAB`.")
    return loader.find(str(label))


@contextlib.contextmanager
def aws_trouble() -> Iterator[None]:
    """Turn what botocore raises into a LabError: an endpoint that is gone, a call that the world refused."""
    try:
        yield
    except LabError:
        raise
    except Exception as error:
        from botocore.exceptions import (  # noqa: PLC0415 - a tenth of a second
            BotoCoreError,
            ClientError,
            EndpointConnectionError,
            WaiterError,
        )

        if isinstance(error, EndpointConnectionError):
            raise WorldLostError("The offline cloud no longer answers.", "Start it again.") from None
        if isinstance(error, ClientError):
            said: Mapping[str, Any] = error.response.get("Error", {})
            raise SurroundingsError(
                f"{error.operation_name} was refused: {said.get('Code')}: {said.get('Message')}",
                "The world is not as the lab expects it; `fargate-lab reset LAB` begins anew.",
            ) from None
        if isinstance(error, BotoCoreError | WaiterError):
            raise SurroundingsError(f"AWS could not be asked: {error}") from None
        raise
