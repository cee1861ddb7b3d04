"""The TUI's session: one learner's seat, made of a world, an attempt at a lab, and a console.

Where worlds come from and who runs the console's lines is the business of the session's `Ground`: this machine, or a seat of a class.
Implements `tui.session.LabSession`. Calls come from several threads; what belongs to the open lab is kept in
one `OpenLab` object, which is replaced whole. Every `LabError` leaves as a `SessionError`.

The first frame waits for this module and for `preference`: what the labs and the cloud need is imported by
the calls that need it.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

from fargate_lab import command_history, files, paths
from fargate_lab.errors import LabError, RecordingUnusableError, SurroundingsError, WorldLostError
from fargate_lab.ground import Ground, OwnMachine
from fargate_lab.progress import LabRecord, ProgressStore
from tui import session as door

if TYPE_CHECKING:
    from fargate_lab import worlds
    from fargate_lab.attempt import Attempt
    from fargate_lab.completion import Completer
    from fargate_lab.ground import LineConsole, OpenWorld, Performer
    from fargate_lab.play import Performance
    from labs.catalogue import Lab

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Session")


def through_the_door(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], R]:
    """Let a LabError leave as a SessionError."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except LabError as error:
            raise _session_error(error) from None

    return call


def _session_error(error: LabError) -> door.SessionError:
    from labs.errors import NoWorldError

    lost = isinstance(error, NoWorldError | WorldLostError)
    return door.SessionError(error.message, error.hint, world_lost=lost)


@dataclass(slots=True)
class OpenLab:
    """What belongs to the open lab."""

    world: OpenWorld
    attempt: Attempt
    console: LineConsole
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names in the world by kind, from the last snapshot, for completion."""


class Session:
    """See `tui.session.LabSession`; its docstrings say what each call does."""

    def __init__(
        self,
        *,
        seed: int | None = None,
        speed: worlds.Speed = 10.0,
        ground: Ground | None = None,
        store: ProgressStore | None = None,
    ) -> None:
        self._ground: Ground = ground or OwnMachine(seed=seed, speed=speed)
        self._store = store or ProgressStore()
        self._open: OpenLab | None = None
        self._damaged: str | None = None
        """The lab whose recording turned out to be unusable when it was to be opened."""
        self._performance: Performance | None = None
        self._performer: Performer | None = None
        self._lock = threading.Lock()
        self._completer: Completer | None = None

    # The catalogue, and what is remembered: no world is needed.

    @through_the_door
    def catalogue(self) -> list[door.LabCard]:
        from fargate_lab import views
        from labs import loader

        records = self._store.labs()
        return [views.card(lab, records.get(lab.id, LabRecord())) for lab in loader.load_all()]

    @through_the_door
    def history(self) -> list[str]:
        return command_history.remembered()

    @through_the_door
    def preference(self, key: str) -> str | None:
        value, _ = files.read_json(paths.preferences_file())
        return None if value is None or key not in value else str(value[key])

    @through_the_door
    def set_preference(self, key: str, value: str) -> None:
        with self._lock:
            known, _ = files.read_json(paths.preferences_file())
            files.write_json(paths.preferences_file(), {**(known or {}), key: value})

    # The lab.

    @through_the_door
    def open(self, lab_id: str, progress: door.Progress) -> door.LabView:
        from labs import loader

        return self._enter(loader.find(lab_id), progress)

    @through_the_door
    def snapshot(self, seen: int | None) -> Mapping[str, Any] | None:
        current = self._here()
        query = None if seen is None else {"seen": seen}
        answer: Mapping[str, Any] | None = self._ask(
            lambda: current.attempt.cloud.control.get("/_lab/snapshot", query)
        )
        if answer is not None:
            from fargate_lab import views

            current.names = views.names(answer)
        return answer

    @through_the_door
    def clock(
        self, action: door.ClockAction, value: float | Literal["max"] | None = None
    ) -> Mapping[str, Any]:
        control = self._here().attempt.cloud.control
        body: dict[str, Any] = {"action": action}
        if action == "speed":
            body["speed"] = value
        elif action == "advance":
            body["ms"] = int(float(value or 0))
        elif action == "settle" and value is not None:
            body["limit_ms"] = int(float(value))
        answer: Mapping[str, Any] = self._ask(
            lambda: control.get("/_lab/clock") if action == "read" else control.post("/_lab/clock", body)
        )
        return answer

    @through_the_door
    def traffic(self, *, seconds: int, minutes: int) -> Mapping[str, Any]:
        control = self._here().attempt.cloud.control
        asked = {"failures": 0, "seconds": seconds, "minutes": minutes}
        answer: Mapping[str, Any] = self._ask(lambda: control.get("/_lab/traffic", asked))
        return answer

    @through_the_door
    def scaling(self, *, minutes: int) -> Mapping[str, Any]:
        from labs.control import scaling

        control = self._here().attempt.cloud.control
        return self._ask(lambda: scaling(control, minutes))

    @through_the_door
    def queue(self, *, minutes: int) -> Mapping[str, Any]:
        control = self._here().attempt.cloud.control
        answer: Mapping[str, Any] = self._ask(lambda: control.get("/_lab/queue", {"minutes": minutes}))
        return answer

    @through_the_door
    def start_traffic(self, rps: float) -> Mapping[str, Any]:
        return self._move_traffic({"action": "start", "rps": rps})

    @through_the_door
    def stop_traffic(self) -> Mapping[str, Any]:
        return self._move_traffic({"action": "stop"})

    @through_the_door
    def cost(self) -> Mapping[str, Any]:
        return self._ask(self._here().attempt.runner.cost)

    @through_the_door
    def why(self, resource: str) -> Mapping[str, Any]:
        from fargate_lab.commands.why import ask

        cloud = self._here().attempt.cloud
        return self._ask(lambda: ask(cloud.control, resource)).to_dict()

    def _move_traffic(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        control = self._here().attempt.cloud.control
        answer: Mapping[str, Any] = self._ask(lambda: control.post("/_lab/traffic", body))
        return answer

    @through_the_door
    def check(
        self, step_id: str | None, *, drills: bool, progress: door.Progress | None = None
    ) -> door.CheckReport:
        attempt = self._here().attempt
        if progress is not None:
            progress("making it happen again" if drills else "checking")
        result = self._ask(lambda: attempt.check(step_id, drills=drills))
        from fargate_lab import views

        return views.report(attempt, result)

    @through_the_door
    def hint(self, step_id: str, level: int) -> str:
        attempt = self._here().attempt
        return str(self._ask(lambda: attempt.hint(step_id, level))[1])

    @through_the_door
    def solution(self, step_id: str) -> door.Solution:
        attempt = self._here().attempt
        step = attempt.lab.step(step_id)
        why = attempt.runner.solution().__doc__ or ""
        self._ask(lambda: attempt.solution_shown(step_id))
        return door.Solution(step.commands, inspect.cleandoc(why))

    @through_the_door
    def answer(self, step_id: str, value: str) -> door.Answer:
        attempt = self._here().attempt
        verdict = self._ask(lambda: attempt.answer(step_id, value))
        return door.Answer(verdict.correct, verdict.expected, verdict.why)

    @through_the_door
    def reset_step(self, step_id: str, progress: door.Progress) -> door.LabView:
        """The world anew, and the steps before this one performed with their reference commands."""
        current = self._here()
        attempt = current.attempt
        steps = attempt.lab.steps
        before = steps[: steps.index(attempt.lab.step(step_id))]
        kept = self._store.lab(attempt.lab.id)
        progress("a new world")
        self._anew(current, step_id)
        clock = self.clock("read")
        if before:
            self.clock("speed", "max")
            try:
                for event in self._perform(current, before):
                    if event.kind == "say" and event.step:
                        progress(event.text)
                    if event.kind == "failed":
                        raise SurroundingsError(
                            f"The steps before {step_id} could not be put back: {event.text}",
                            "Reset the whole lab.",
                        )
            finally:
                self.clock("speed", clock["speed"])
                if clock["mode"] == "paused":
                    self.clock("pause")
        for step in before:
            if step.id in kept.answers:
                self._store.answered(attempt.lab.id, step.id, kept.answers[step.id])
        return self._view(resumed=False, current=step_id)

    @through_the_door
    def reset_lab(self, progress: door.Progress) -> door.LabView:
        progress("a new world")
        if self._open is None and self._damaged is not None:
            from labs import loader

            return self._enter(loader.find(self._damaged), progress, fresh=True)
        self._anew(self._here(), None)
        return self._view(resumed=False)

    @through_the_door
    def play(self) -> Iterator[door.PlayEvent]:
        return self._guarded(self._perform(self._here(), None))

    @through_the_door
    def debrief(self) -> door.Debrief:
        told = self._ask(self._here().attempt.runner.debrief)
        return door.Debrief(
            told.headline,
            tuple(door.Fact(fact.label, fact.value, fact.comment) for fact in told.facts),
            tuple(door.Moment(moment.at, moment.text, moment.tone) for moment in told.timeline),
            "\n".join(f"- {lesson}" for lesson in told.lessons),
            tuple(door.Fact(fact.label, fact.value, fact.comment) for fact in told.costs),
        )

    # The console.

    @through_the_door
    def run_command(self, line: str) -> Iterator[door.CommandEvent]:
        console = self._here().console
        command_history.remember(line)
        return self._guarded(console.run(line))

    def complete(self, line: str, cursor: int) -> door.Completion:
        completer = self._completer
        return completer.complete(line, cursor) if completer else door.Completion(cursor)

    @through_the_door
    def shell_command(self) -> door.ShellCommand:
        current = self._here()
        return current.console.handover(f"This shell talks to {current.world.endpoint}. Leave it with exit.")

    def cancel(self) -> None:
        current, performance = self._open, self._performance
        if current is not None:
            current.console.cancel()
        if performance is not None:
            performance.cancel()
            performer = self._performer
            if performer is not None:
                performer.close()

    def close(self) -> None:
        self.cancel()
        self._leave()

    # Behind the door.

    def _enter(self, lab: Lab, progress: door.Progress, *, fresh: bool = False) -> door.LabView:
        """Leave what is open and open that lab, in the world that was left or (`fresh`) in another than the one that is damaged."""
        from fargate_lab.attempt import Attempt
        from fargate_lab.completion import Completer

        self._leave()
        progress("starting the offline cloud")
        self._damaged = None
        try:
            world = self._ground.start(lab.id, fresh=fresh)
        except RecordingUnusableError:
            self._damaged = lab.id
            raise
        try:
            progress("laying the network, roles and log group")
            attempt = Attempt(lab, world.cloud(), self._store)
            console = self._ground.console(lab.id, attempt.cloud)
            progress(f"setting up {lab.title}")
            resumed = attempt.resume_or_begin()
        except BaseException:
            world.close()
            raise
        self._open = OpenLab(world, attempt, console)
        self._completer = Completer(console.variable_names, self._names, console.folder_now)
        threading.Thread(target=self._completer.warm, daemon=True).start()
        return self._view(resumed=resumed)

    def _here(self) -> OpenLab:
        if self._open is None:
            raise SurroundingsError("No lab is open.", "Open one from the catalogue.")
        return self._open

    def _leave(self) -> None:
        with self._lock:
            current, self._open = self._open, None
        if current is not None:
            current.world.close()

    def _ask(self, question: Callable[[], R]) -> R:
        """Ask the world; a refusal of one whose process has ended means that it is lost."""
        current = self._here()
        try:
            return question()
        except LabError as error:
            if not current.world.alive:
                raise WorldLostError(
                    "The offline cloud has ended.", "Open the lab again: it goes on."
                ) from error
            raise

    def _guarded(self, events: Iterator[R]) -> Iterator[R]:
        """Let a LabError inside an iterator leave as a SessionError, and close what is inside with what is
        outside.
        """
        try:
            yield from events
        except LabError as error:
            raise _session_error(error) from None

    def _perform(self, current: OpenLab, steps: tuple[Any, ...] | None) -> Iterator[door.PlayEvent]:
        from fargate_lab.play import Performance

        aws = self._ground.performer(current.console)
        performance = Performance(current.attempt, aws, current.attempt.cloud.env)
        self._performance, self._performer = performance, aws
        try:
            yield from performance.perform(steps)
        except SurroundingsError:
            # Stopping kills the command that runs; that is no trouble to report.
            if not performance.cancelled:
                raise
        finally:
            aws.close()
            self._performance = self._performer = None

    def _anew(self, current: OpenLab, step_id: str | None) -> None:  # noqa: ARG002 - for heirs that write it down
        """A new world, for the whole lab (None) or for one step of it."""
        from fargate_lab.completion import Completer

        current.attempt.reset()
        current.console = self._ground.console(current.attempt.lab.id, current.attempt.cloud)
        self._completer = Completer(current.console.variable_names, self._names, current.console.folder_now)

    def _names(self) -> Mapping[str, Sequence[str]]:
        current = self._open
        return current.names if current else {}

    def _view(self, *, resumed: bool, current: str | None = None) -> door.LabView:
        from fargate_lab import views

        here = self._here()
        lab = here.attempt.lab
        record = self._store.lab(lab.id)
        return door.LabView(
            id=lab.id,
            title=lab.title,
            steps=tuple(views.step(step, record) for step in lab.steps),
            intro=lab.intro,
            current=current,
            resumed=resumed,
            solved=all(step.id in record.steps for step in lab.steps),
            endpoint=here.world.endpoint,
            slo_p99_ms=views.latency_goal(lab),
            variables={
                name: value for name, value in here.attempt.cloud.env.items() if not name.startswith("AWS_")
            },
        )


def keeps_the_protocol(session: Session) -> door.LabSession:
    """Lets the type checker prove that `Session` is what the screens expect."""
    return session
