"""Lets a scenario happen in a world: sets the stage, injects what is due in virtual time or when its condition is met, takes back, ends.

There is no wall clock in it: whoever runs it calls ``tick`` often enough, or, where nobody is waiting, moves the clock to
``next_due_ms`` first (``gameday.headless``). What it does is written to its own file (``gameday.book``) and to the world's history, how
it is taken back before anything changes. A runner that was killed goes on with ``resume`` or takes everything back with ``recover``.

Notes in the history carry ``game``, the game's name::

    game.started          scenario, title, briefing, roles, length_ms, watch_ms, names (of the stage)
    game.injecting        injection, title, decoy, by ("script", "facilitator"), undo (steps of gameday.reversal): nothing has changed yet
    game.injected         injection
    game.refused          injection, error, hint: it was not done, or was taken back at once
    game.taken_back       injection
    game.undo_failed      injection, error: it is tried again
    game.held game.let_go injection
    game.hint             hint (from 0), text, cost
    game.message          text
    game.ended            why ("over", "facilitator", "aborted", "recovered")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Literal

from gameday import acts, reversal
from gameday.book import Book
from gameday.conditions import Situation
from gameday.scenario import Hint, Injection, Scenario
from gameday.stages import catalogue
from labs.cloud import MINUTE_MS, Cloud
from labs.errors import FaultError, LabError

WATCH_MS = 10_000
SETTLE_LIMIT_MS = 60 * MINUTE_MS
By = Literal["script", "facilitator"]


class GameError(LabError):
    """The runner was asked for something that this game does not have, or not now."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a call of the runner made happen: the word of its note and what it is about, for people."""

    what: str
    injection: str
    text: str


@dataclass(slots=True)
class _Force:
    """What is in force of an injection: how it is taken back, and the last complaint about that."""

    injection: str
    steps: Sequence[reversal.Step]
    complaint: str = ""
    wanted: bool = False
    """Whether it is to be taken back: a step failed, and the others are tried again."""


@dataclass(slots=True)
class _State:
    names: dict[str, str] = field(default_factory=dict)
    started_ms: int | None = None
    mark: int = 0
    """The first entry of the history that belongs to the game."""
    ended: str = ""
    held: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    hints: list[int] = field(default_factory=list)
    in_force: dict[str, _Force] = field(default_factory=dict)


class GameRunner:
    """One scenario in one world. Safe to use from several threads.

    ``game`` is its name in notes and file, such as the team's; by default the scenario's id.
    """

    def __init__(self, scenario: Scenario, cloud: Cloud, book: Book, game: str = "") -> None:
        self.scenario = scenario
        self.cloud = cloud
        self._book = book
        self.game = game or scenario.id
        self._lock = RLock()
        self._state = _State()
        self._situation = Situation({}, scenario.steady_state)
        self._seen = 0
        self._half_done: list[str] = []
        self._read_book()

    # -- what is so ----------------------------------------------------------------------------------

    @property
    def names(self) -> Mapping[str, str]:
        """The ``$NAMES`` of the stage."""
        return self._state.names

    @property
    def started_ms(self) -> int | None:
        """When the game began, in virtual milliseconds since the epoch; None before that."""
        return self._state.started_ms

    @property
    def over(self) -> bool:
        """Whether the game has ended, one way or another."""
        return bool(self._state.ended)

    @property
    def fired(self) -> Mapping[str, int]:
        """Injections that have come, and when."""
        return self._situation.fired

    @property
    def held(self) -> frozenset[str]:
        """Injections that wait for the facilitator."""
        return frozenset(self._state.held)

    @property
    def in_force(self) -> tuple[str, ...]:
        """Injections that have not been taken back, oldest first."""
        return tuple(self._state.in_force)

    @property
    def refused(self) -> frozenset[str]:
        """Injections that could not be done."""
        return frozenset(self._state.refused)

    @property
    def taken_back(self) -> frozenset[str]:
        """Injections that have come and have been taken back."""
        return frozenset(str(line["injection"]) for line in self._book.of("taken_back")) - set(
            self._state.in_force
        )

    @property
    def hints_shown(self) -> tuple[Hint, ...]:
        """The hints that the team has been given."""
        return tuple(self.scenario.hints[number] for number in self._state.hints)

    def next_due_ms(self) -> int | None:
        """The next moment at which a tick has something to do as far as can be known: an injection, or the end. Conditions on SLOs and
        on what happens cannot be foreseen. None before the start and after the end.
        """
        with self._lock:
            state = self._state
            if state.started_ms is None or state.ended:
                return None
            due = [moment for each in self._waiting() if (moment := self._due_ms(each)) is not None]
            return min([*due, state.started_ms + self.scenario.length_ms])

    # -- the game's course ---------------------------------------------------------------------------

    def start(self) -> None:
        """Set the stage, let the clients come, and begin. GameError when this file has a game already."""
        with self._lock:
            if self._book.lines:
                raise GameError(
                    f"{self._book.path} has a game already.", "Go on with it, or use another file."
                )
            self._book.write("stage", scenario=self.scenario.id, game=self.game)
            stage = self.scenario.stage
            builder = catalogue()[stage.build]
            names = builder(self.cloud, self.scenario.id, stage.settings)
            if stage.traffic is not None:
                self.cloud.traffic.start({**stage.traffic, "target_group": names["TARGET_GROUP"]})
            if stage.queue is not None:
                self.cloud.queue.start(names["QUEUE"], stage.queue)
            self.cloud.watch(WATCH_MS)
            mark, now_ms = self.cloud.history.next_seq, self.cloud.clock.now_ms
            self._book.write("started", at_ms=now_ms, mark=mark, names=names)
            self._take_start(names, now_ms, mark)
            scenario = self.scenario
            self._note(
                "started",
                scenario=scenario.id,
                title=scenario.title,
                briefing=scenario.briefing,
                roles=[{"name": role.name, "does": role.does} for role in scenario.roles],
                length_ms=scenario.length_ms,
                watch_ms=WATCH_MS,
                names=names,
            )

    def tick(self) -> list[Happening]:
        """Do what is due now; what was done. Before the start and after the end only what could not be taken back is tried again."""
        with self._lock:
            happened = self._try_again()
            if self._state.started_ms is None or self._state.ended:
                return happened
            while True:
                self._look()
                now_ms = self.cloud.clock.now_ms
                due = [
                    (moment, at)
                    for at, each in enumerate(self.scenario.timeline)
                    if each in self._waiting()
                    and (moment := self._due_ms(each)) is not None
                    and moment <= now_ms
                ]
                if not due:
                    break
                _, at = min(due)
                happened += self._inject(self.scenario.timeline[at], "script")
            if now_ms >= self._state.started_ms + self.scenario.length_ms:
                happened += self._end("over")
            return happened

    def inject(self, injection_id: str) -> list[Happening]:
        """Let an injection come now, whatever its trigger says. GameError when it is in force."""
        with self._lock:
            injection = self._of(injection_id)
            self._refuse_unless_on()
            if injection_id in self._state.in_force:
                raise GameError(f"{injection_id!r} is in force.", "Take it back first.")
            return self._inject(injection, "facilitator")

    def hold(self, injection_id: str) -> None:
        """Keep an injection from coming by itself until it is let go."""
        with self._lock:
            self._of(injection_id)
            self._refuse_unless_on()
            if injection_id in self._situation.fired:
                raise GameError(
                    f"{injection_id!r} has come already.", "Take it back, if it should not be there."
                )
            if injection_id not in self._state.held:
                self._state.held.add(injection_id)
                self._tell("held", injection=injection_id)

    def let_go(self, injection_id: str) -> None:
        """End a hold: what is due by now comes with the next tick."""
        with self._lock:
            self._of(injection_id)
            if injection_id not in self._state.held:
                raise GameError(f"{injection_id!r} is not held.", "Hold it first.")
            self._state.held.discard(injection_id)
            self._tell("let_go", injection=injection_id)

    def take_back(self, injection_id: str) -> list[Happening]:
        """Take one injection back, while the game goes on: the clock does not jump, and what cannot be taken back yet is tried again
        with every tick.
        """
        with self._lock:
            self._of(injection_id)
            if injection_id not in self._state.in_force:
                raise GameError(f"{injection_id!r} is not in force.", "See what is.")
            return self._take_back(self._state.in_force[injection_id])

    def hint(self) -> Hint:
        """Give the team its next hint. GameError when there is none, or the budget does not allow it."""
        with self._lock:
            self._refuse_unless_on()
            number = len(self._state.hints)
            if number >= len(self.scenario.hints):
                raise GameError("There are no more hints.", "")
            hint = self.scenario.hints[number]
            spent = sum(each.cost for each in self.hints_shown)
            if spent + hint.cost > self.scenario.hint_budget:
                raise GameError(
                    f"The next hint costs {hint.cost}, and {self.scenario.hint_budget - spent} of the budget are left.",
                    "They have to do without it.",
                )
            self._state.hints.append(number)
            self._tell("hint", hint=number, text=hint.text, cost=hint.cost)
            return hint

    def message(self, text: str) -> None:
        """Say something to the team."""
        with self._lock:
            if not text.strip():
                raise GameError("There is nothing to say.", "Give the message a text.")
            self._tell("message", text=text.strip())

    def end(self) -> list[Happening]:
        """End the game now. The world stays as it is, what is in force included: the proof and the debrief need it."""
        with self._lock:
            self._refuse_unless_on()
            return self._end("facilitator")

    def abort(self) -> list[Happening]:
        """End the game and take everything back, latest first; time passes until the world has settled. What fails is told and tried
        again with every tick.
        """
        with self._lock:
            happened = [] if self._state.ended or self._state.started_ms is None else self._end("aborted")
            return happened + self._take_all_back()

    # -- after a crash -------------------------------------------------------------------------------

    def resume(self) -> list[Happening]:
        """Go on with the game of the file. What was only half done is taken back, and comes again if it is due."""
        with self._lock:
            self._refuse_other_world()
            if self._state.started_ms is None:
                raise GameError(
                    f"The game of {self._book.path} had not begun.",
                    "Its stage is not complete: begin anew, in a new world.",
                )
            happened: list[Happening] = []
            for injection_id in self._half_done:
                happened += self._take_back(self._state.in_force[injection_id])
                self._situation.fired.pop(injection_id, None)
            self._half_done.clear()
            return happened

    def recover(self) -> list[Happening]:
        """Take back whatever a runner that was killed has left in force, latest first, and end its game."""
        with self._lock:
            self._refuse_other_world()
            happened = [] if self._state.ended or self._state.started_ms is None else self._end("recovered")
            return happened + self._take_all_back()

    # -- how -----------------------------------------------------------------------------------------

    def _inject(self, injection: Injection, by: By) -> list[Happening]:
        recorded: list[reversal.Step] = []

        def record(steps: Sequence[reversal.Step]) -> None:
            recorded.extend(steps)
            self._state.in_force[injection.id] = _Force(injection.id, tuple(steps))
            facts = {"injection": injection.id, "title": injection.title, "decoy": injection.decoy, "by": by}
            self._tell("injecting", **facts, undo=list(steps), at_ms=self.cloud.clock.now_ms)

        self._situation.fired[injection.id] = self.cloud.clock.now_ms
        self._state.held.discard(injection.id)
        try:
            acts.perform(self.cloud, self.scenario.id, self.names, injection.action, record)
        except refusals() as error:
            return self._refused(injection, error)
        if not self._state.in_force[injection.id].steps:
            del self._state.in_force[injection.id]
        self._tell("injected", injection=injection.id)
        return [Happening("injected", injection.id, injection.title)]

    def _refused(self, injection: Injection, error: Exception) -> list[Happening]:
        """It could not be done. What of it was done is taken back."""
        said = error.message if isinstance(error, LabError) else str(error)
        hint = error.hint if isinstance(error, LabError) else ""
        self._state.refused.add(injection.id)
        self._tell("refused", injection=injection.id, error=said, hint=hint)
        happened = [Happening("refused", injection.id, said)]
        force = self._state.in_force.get(injection.id)
        return happened + (self._take_back(force) if force is not None else [])

    def _take_back(self, force: _Force, settle: Callable[[], None] | None = None) -> list[Happening]:
        wrong = reversal.take_back(self.cloud, force.steps, settle)
        if not wrong:
            self._state.in_force.pop(force.injection, None)
            self._tell("taken_back", injection=force.injection)
            return [Happening("taken_back", force.injection, "")]
        force.wanted = True
        said = "; ".join(str(error) for error in wrong)
        if said != force.complaint:
            force.complaint = said
            self._tell("undo_failed", injection=force.injection, error=said)
        return [Happening("undo_failed", force.injection, said)]

    def _take_all_back(self) -> list[Happening]:
        happened: list[Happening] = []
        for force in reversed(list(self._state.in_force.values())):
            happened += self._take_back(force, self._settle)
        return happened

    def _try_again(self) -> list[Happening]:
        wanted = [force for force in self._state.in_force.values() if force.wanted]
        return [each for force in reversed(wanted) for each in self._take_back(force)]

    def _settle(self) -> None:
        self.cloud.clock.settle(SETTLE_LIMIT_MS)

    def _end(self, why: str) -> list[Happening]:
        self._state.ended = why
        self._tell("ended", why=why)
        return [Happening("ended", "", why)]

    def _look(self) -> None:
        """Take note of what has happened since the last look."""
        for entry in self.cloud.history.since(self._seen):
            self._situation.see(entry)
            self._seen = entry.seq + 1

    def _waiting(self) -> list[Injection]:
        """Injections that may still come by themselves."""
        state = self._state
        return [
            each
            for each in self.scenario.timeline
            if not (each.id in self._situation.fired or each.id in state.held or each.trigger.by_hand)
        ]

    def _due_ms(self, injection: Injection) -> int | None:
        trigger = injection.trigger
        if trigger.at_ms is not None and self._state.started_ms is not None:
            return self._state.started_ms + trigger.at_ms
        return self._situation.met_ms(trigger.when) if trigger.when is not None else None

    def _of(self, injection_id: str) -> Injection:
        try:
            return self.scenario.injection(injection_id)
        except KeyError:
            known = ", ".join(each.id for each in self.scenario.timeline)
            raise GameError(f"The scenario has no injection {injection_id!r}.", f"It has {known}.") from None

    def _refuse_unless_on(self) -> None:
        if self._state.started_ms is None:
            raise GameError("The game has not begun.", "Start it first.")
        if self._state.ended:
            raise GameError("The game is over.", "Nothing more is injected into it.")

    def _refuse_other_world(self) -> None:
        """GameError when something is in force and this world knows nothing of the game."""
        if not self._state.in_force:
            return
        notes = self.cloud.history.of("game.started", game=self.game, scenario=self.scenario.id)
        if not any(entry.seq >= self._state.mark for entry in notes):
            raise GameError(
                f"The game of {self._book.path} did not happen in this world, so nothing of it is taken back here.",
                "Name the world in which it happened.",
            )

    # -- writing down --------------------------------------------------------------------------------

    def _tell(self, what: str, **data: Any) -> None:
        """Into the file, then into the world's history."""
        self._book.write(what, **data)
        self._note(what, **{key: each for key, each in data.items() if key != "at_ms"})

    def _note(self, what: str, **data: Any) -> None:
        self.cloud.note(f"game.{what}", {"game": self.game, **data})

    def _take_start(self, names: Mapping[str, str], started_ms: int, mark: int) -> None:
        state = self._state
        state.names, state.started_ms, state.mark = dict(names), started_ms, mark
        self._situation.names = state.names
        self._seen = mark

    def _read_book(self) -> None:
        """What an earlier runner has written down."""
        state, finished = self._state, set()
        for line in self._book.lines:
            injection = line.get("injection", "")
            match line["what"]:
                case "stage":
                    if line["scenario"] != self.scenario.id:
                        raise GameError(
                            f"{self._book.path} is a game of {line['scenario']!r}, not of {self.scenario.id!r}.",
                            "Use the file of this game, or another one.",
                        )
                    self.game = line["game"]
                case "started":
                    self._take_start(line["names"], line["at_ms"], line["mark"])
                case "injecting":
                    state.in_force[injection] = _Force(injection, line["undo"])
                    self._situation.fired[injection] = line["at_ms"]
                    finished.discard(injection)
                case "injected":
                    finished.add(injection)
                    if not state.in_force[injection].steps:
                        del state.in_force[injection]
                case "refused":
                    state.refused.add(injection)
                    finished.add(injection)
                    if injection in state.in_force:
                        state.in_force[injection].wanted = True
                case "taken_back":
                    state.in_force.pop(injection, None)
                case "undo_failed":
                    state.in_force[injection].complaint = line["error"]
                    state.in_force[injection].wanted = True
                case "held":
                    state.held.add(injection)
                case "let_go":
                    state.held.discard(injection)
                case "hint":
                    state.hints.append(line["hint"])
                case "ended":
                    state.ended = line["why"]
        self._half_done = [each for each in state.in_force if each not in finished]


def refusals() -> tuple[type[Exception], ...]:
    """What an action may raise that is no bug: it must not be done, or AWS or the world refused it."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  botocore is slow to import

    return (FaultError, LabError, ClientError, BotoCoreError)
