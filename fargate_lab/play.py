"""Performing a lab with its reference commands, narrated: for people who want to see it first, and as the
proof that the guide works.

`perform` is a generator of `PlayEvent`s, which a terminal prints and the TUI shows. It runs the commands
through the stock AWS CLI, lets the clock run until the step's checks pass, and grades each step as a
learner's would be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, suppress
from typing import Protocol

from fargate_lab import environment, own_commands, paths, talk, worlds
from fargate_lab.attempt import Attempt
from fargate_lab.awscli_runner import AwsRunner, Ran
from fargate_lab.commandline import Simple, expand
from fargate_lab.errors import ExitCode, LabError, NotPassedError
from fargate_lab.progress import PassingProgress
from labs.catalogue import Lab, Step
from labs.costs import dollars
from labs.endpoint_cloud import EndpointCloud, warm_up
from labs.grading import LabResult
from tui.session import PlayEvent

STEP_LIMIT_MS = 60 * 60_000
"""How much virtual time a step may take before it counts as not passed."""
_POLL_SECONDS = 0.25
_OUTPUT_LINES = 24
_TO_BE_REFUSED = "! "
"""In front of a command that AWS must refuse, as in a shell."""
_SAID_NO = "An error occurred ("
"""How the AWS CLI, whatever its version, begins to tell that the service returned an error."""


class Runner(Protocol):
    """Runs the words of an `aws` command."""

    def run(self, words: list[str]) -> Ran:
        """What it printed, and its exit code."""
        ...


class Performance:
    """One narrated run. `cancel` from any thread ends it before the next command or the next look."""

    def __init__(self, attempt: Attempt, aws: Runner, variables: Mapping[str, str]) -> None:
        self.attempt = attempt
        self.aws = aws
        self.variables: MutableMapping[str, str] = dict(variables)
        self.result: LabResult | None = None
        self._cancelled = threading.Event()
        self._seen = 0

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for the end."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End it soon."""
        self._cancelled.set()

    def perform(self, steps: tuple[Step, ...] | None = None) -> Iterator[PlayEvent]:
        """The steps (all, unless given) and, when all were given, the final grade. Ends with `done`, or with
        `failed`.
        """
        lab = self.attempt.lab
        self._seen = self.attempt.cloud.history.next_seq
        for number, step in enumerate(steps or lab.steps, start=1):
            yield PlayEvent("say", f"Step {number}: {step.title}. {step.goal}", step.id)
            for command in step.commands:
                ran = yield from self._command(command, step)
                if self._cancelled.is_set():
                    return
                if (wrong := _unexpected(command, ran)) is not None:
                    yield PlayEvent("failed", wrong, step.id)
                    return
            passed = yield from self._wait(step)
            if self._cancelled.is_set():
                return
            yield from self._grade(step)
            if not passed:
                return
        if steps is None:
            self.result = self.attempt.check()
            if not self.result.passed:
                failed = [item for item in self.result.steps if not item.passed]
                names = ", ".join(item.id for item in failed)
                yield PlayEvent("failed", f"At the end these steps do not pass: {names}.")
                for check in (each for item in failed for each in item.checks if not each.passed):
                    missing = f"{check.id}: expected {check.expected}; observed {check.observed}"
                    yield PlayEvent("failed", missing)
                return
        yield PlayEvent("done", f"{lab.title}: every step passes.")

    def _command(self, command: str, step: Step) -> Generator[PlayEvent, None, Ran]:
        yield PlayEvent("command", command.strip(), step.id)
        inner: list[Ran] = []

        def substitute(words: list[str]) -> str:
            ran = self._run(words)
            inner.append(ran)
            return ran.stdout

        simple: Simple = expand(command.removeprefix(_TO_BE_REFUSED), self.variables, substitute)
        ran = next((item for item in inner if item.code != 0), None)
        if ran is None and simple.name:
            self.variables[simple.name] = simple.value
            ran = Ran(0, f"{simple.name}={simple.value}\n", "".join(item.stderr for item in inner))
        elif ran is None:
            ran = self._run(list(simple.words))
        for text in (ran.stdout, ran.stderr):
            if text.strip():
                yield PlayEvent("output", _shortened(text), step.id)
        return ran

    def _run(self, words: list[str]) -> Ran:
        if words[:1] == [own_commands.PROGRAM]:
            return own_commands.run(words, self.attempt.cloud.control, self.attempt.cloud)
        return self.aws.run(words)

    def _wait(self, step: Step) -> Generator[PlayEvent, None, bool]:
        """Until the step's checks pass: by watching a clock that runs, or by jumping where it stands still or
        runs at max.
        """
        attempt = self.attempt
        if self._passes(step):
            yield from self._events(step)
            return True
        yield PlayEvent("wait", "The clock runs until this shows in the world.", step.id)
        clock = attempt.cloud.clock
        until_ms = clock.now_ms + STEP_LIMIT_MS
        state = attempt.cloud.control.get("/_lab/clock")
        watching = state["mode"] == "running" and state["speed"] != "max"
        while clock.now_ms < until_ms and not self._cancelled.is_set():
            if watching:
                time.sleep(_POLL_SECONDS)
            elif not clock.next():
                break
            yield from self._events(step)
            if self._passes(step):
                return True
        return self._passes(step)

    def _passes(self, step: Step) -> bool:
        """Whether the step's checks pass, the drills aside: those run once, when the step is graded."""
        graded = self.attempt.check(step.id, drills=False).steps[0]
        return all(check.passed or not check.ran for check in graded.checks)

    def _events(self, step: Step) -> Iterator[PlayEvent]:
        """What the services said since the last look."""
        history = self.attempt.cloud.history
        for entry in history.since(self._seen).of("service.event"):
            yield PlayEvent("wait", str(entry.data["message"]), step.id)
        self._seen = history.next_seq

    def _grade(self, step: Step) -> Iterator[PlayEvent]:
        graded = self.attempt.check(step.id).steps[0]
        titles = {check.id: check.title for check in step.checks}
        for check in graded.checks:
            if check.passed:
                yield PlayEvent("say", f"{titles[check.id]}: {check.observed}", step.id)
            else:
                missing = f"{titles[check.id]}: expected {check.expected}; observed {check.observed}"
                yield PlayEvent("failed", missing, step.id)
        if graded.passed:
            yield PlayEvent("passed", f"{step.title}: passed.", step.id)


def _unexpected(command: str, ran: Ran) -> str | None:
    """What is wrong with how a command ended; None when it ended as it should."""
    if not command.startswith(_TO_BE_REFUSED):
        return f"The command ended with exit code {ran.code}." if ran.code != 0 else None
    if ran.code != 0 and _SAID_NO in ran.stderr:
        return None
    return f"AWS should have refused the command, but it ended with exit code {ran.code}."


def _shortened(text: str) -> str:
    lines = text.rstrip("\n").splitlines()
    if len(lines) > _OUTPUT_LINES:
        rest = len(lines) - _OUTPUT_LINES
        lines = [*lines[:_OUTPUT_LINES], f"... {rest} more lines"]
    return "\n".join(lines) + "\n"


def play_in_new_world(
    lab: Lab, *, speed: worlds.Speed, seed: int, runner: AwsRunner | None = None
) -> ExitCode:
    """`fargate-lab play`: a world that nobody else uses, the narration on stdout. A `runner` that is given stays open. Raises
    NotPassedError.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        # The AWS CLI loads, and so does boto3 here, while the cloud lays its base environment.
        aws = runner or AwsRunner(paths.ready(paths.work_dir(f"play-{lab.id}") / "here").parent)
        if runner is None:
            stack.callback(aws.close)
        world = stack.enter_context(worlds.start(f"play-{lab.id}", speed=speed, seed=seed, registered=False))
        cloud = EndpointCloud(world.endpoint)
        # Asking for the names makes the cloud lay its base environment now; meanwhile boto3 loads here.
        asking = threading.Thread(target=_ask_for_names, args=(cloud,), daemon=True)
        asking.start()
        warm_up()
        asking.join()
        aws.use(environment.complete_environment(environment.lab_variables(cloud.env, shims=False)))
        attempt = Attempt(lab, cloud, PassingProgress())
        attempt.begin()
        performance = Performance(attempt, aws, cloud.env)
        ended = "failed"
        for event in performance.perform():
            _tell(event)
            ended = event.kind
        if ended != "done":
            raise NotPassedError(
                f"{lab.id} was not performed to its end.", "The last lines above say where it stopped."
            )
        now = cloud.control.get("/_lab/clock")
        talk.data(
            f"{talk.duration(now['elapsed_ms'])} of the world's time, {time.monotonic() - began:.1f} s of yours; "
            f"on AWS about {dollars(cloud.cost()['total'])}, an estimate."
        )
    return ExitCode.OK


def _ask_for_names(cloud: EndpointCloud) -> None:
    # Whoever needs them next gets the error, if there is one.
    with suppress(LabError):
        _ = cloud.env


def _tell(event: PlayEvent) -> None:
    """One happening as text."""
    if event.kind == "say" and event.text.startswith("Step "):
        talk.data(f"\n{event.text}")
    elif event.kind == "command":
        talk.data(talk.indented(f"$ {event.text}", "  "))
    elif event.kind == "output":
        talk.data(talk.indented(event.text.rstrip("\n"), "    "))
    elif event.kind == "wait":
        talk.data(f"    .. {event.text}")
    else:
        mark = {"passed": "passed", "failed": "FAILED", "done": "done"}.get(event.kind, "      ")
        talk.data(f"  {mark}  {event.text}")
