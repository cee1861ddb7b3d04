"""The console: runs lines through the session, shows what they print, remembers them, completes them.

A command runs in a thread. Its output is collected under a lock and fetched by the screen when it gets
round to it. A command that prints faster than the screen reads has to wait, as it would in a terminal, so one
that prints without end costs a bounded amount of memory and of work per frame.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from os.path import commonprefix
from typing import TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tui import text
from tui.history import History
from tui.messages import SessionFailed
from tui.session import CommandLine, Completion, Finished, Output, PlayEvent, SessionError
from tui.widgets.prompt import Prompt
from tui.widgets.scrollback import Kind, Scrollback

_T = TypeVar("_T")

MOST_WAITING = 128 * 1024
"""Characters of output that wait for the screen before the command has to."""

GREETING = "Type aws and fargate-lab here. F6 brings the step's next command, Tab completes, ↑ recalls, Ctrl+C stops."


@dataclass(frozen=True, slots=True)
class _Piece:
    """Output on its way to the scrollback; `whole` starts on a new line."""

    text: str
    kind: Kind
    whole: bool


class Console(Vertical):
    """One command (or one narrated play) at a time."""

    DEFAULT_CSS = """
    Console > #line { height: auto; max-height: 8; padding: 0 1; }
    Console > #line > #sign { width: 2; height: 1; color: $primary; text-style: bold; }
    Console > #line > Prompt { width: 1fr; }
    Console > #aside { height: auto; max-height: 4; padding: 0 1; color: $muted; display: none; }
    Console > #aside.-shown { display: block; }
    """

    @dataclass
    class Arrived(Message):
        """There is output to fetch."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Console.Arrived)

    @dataclass
    class Ended(Message):
        """The command has ended; `finished` is None when it could not be run at all."""

        finished: Finished | None

    @dataclass
    class Played(Message):
        """The narrator did something."""

        event: PlayEvent

    @dataclass
    class Completed(Message):
        """Completion for the line as it was when it was asked for."""

        line: str
        cursor: int
        completion: Completion

    running: reactive[str] = reactive("")
    """What runs now: a command's first line, "the lab" while it is played, or nothing."""

    scrollback = query_one(Scrollback)
    prompt = query_one(Prompt)
    aside = query_one("#aside", Static)

    def __init__(
        self,
        session: CommandLine,
        *,
        greeting: str = GREETING,
        id: str | None = None,  # noqa: A002 - Textual's
    ) -> None:
        super().__init__(id=id)
        self._session = session
        self._greeting = greeting
        self._history = History()
        self._room = threading.Condition()
        self._arrived: list[_Piece] = []
        self._waiting = 0
        self._gone = False

    def compose(self) -> ComposeResult:
        yield Scrollback(id="scrollback")
        yield Static("", id="aside", markup=False)
        with Horizontal(id="line"):
            yield Static("❯", id="sign", markup=False)
            yield Prompt()

    def on_mount(self) -> None:
        self.scrollback.line(self._greeting, "note")
        self._load_history()

    def on_unmount(self) -> None:
        with self._room:
            self._gone = True
            self._room.notify_all()

    @work(thread=True, group="history")
    def _load_history(self) -> None:
        try:
            lines = self._session.history()
        except SessionError:
            return  # A console without its past is still a console.
        self.app.call_from_thread(self._history.load, lines)

    # Running.

    def put(self, line: str) -> None:
        """Put a line into the prompt without running it."""
        self.prompt.put(line)
        self.prompt.focus()

    @on(Prompt.Submitted)
    def _submitted(self, message: Prompt.Submitted) -> None:
        message.stop()
        line = message.line.strip()
        if self.running:
            self._say(f"{self.running} is still running; Ctrl+C stops it.")
            return
        if not line:
            return
        self._say("")
        self.prompt.put("")
        self._history.add(line)
        if line == "clear":
            self.scrollback.clear()
            return
        self.scrollback.line(f"❯ {line}", "command")
        self.running = text.clip(text.one_line(line), 40)
        self._run(line)

    def play(self, begin: Callable[[], Iterator[PlayEvent]]) -> None:
        """Show the open lab being performed, narrated."""
        if self.running:
            self._say(f"{self.running} is still running; Ctrl+C stops it.")
            return
        self.scrollback.line("▶ playing the lab; Ctrl+C stops", "note")
        self.running = "the lab"
        self._play(begin)

    def interrupt(self) -> None:
        """Stop what runs; with nothing running, clear the line."""
        if self.running:
            self.scrollback.line("^C", "note")
            self._cancel()
        else:
            self.prompt.put("")
            self._say("")

    @work(thread=True, group="cancel")
    def _cancel(self) -> None:
        self._session.cancel()

    @work(thread=True, exclusive=True, group="command")
    def _run(self, line: str) -> None:
        finished: Finished | None = None

        def each() -> None:
            nonlocal finished
            with _closing(self._session.run_command(line)) as happenings:
                for happening in happenings:
                    if isinstance(happening, Output):
                        self._collect(happening.text, "err" if happening.stream == "err" else "out")
                    else:
                        finished = happening

        self._guarded(each, "running the command")
        self.post_message(self.Ended(finished))

    @work(thread=True, exclusive=True, group="command")
    def _play(self, begin: Callable[[], Iterator[PlayEvent]]) -> None:
        def each() -> None:
            with _closing(begin()) as happenings:
                for event in happenings:
                    self._narrate(event)
                    self.post_message(self.Played(event))

        self._guarded(each, "playing the lab")
        self.post_message(self.Ended(None))

    def _guarded(self, each: Callable[[], None], doing: str) -> None:
        try:
            each()
        except SessionError as error:
            self._collect(f"{error.message}\n{error.hint}".strip() + "\n", "bad")
            if error.world_lost:
                self.post_message(SessionFailed(error, doing))

    def _narrate(self, event: PlayEvent) -> None:
        if event.kind == "output":
            self._collect(event.text, "out")
        elif event.kind == "command":
            self._collect(f"❯ {event.text}", "command", whole=True)
        elif event.kind == "passed":
            self._collect(f"✓ {event.text or 'step passed'}", "good", whole=True)
        elif event.kind == "failed":
            self._collect(f"✗ {event.text or 'step not passed'}", "bad", whole=True)
        elif event.text:
            self._collect(event.text, "note", whole=True)

    def _collect(self, piece: str, kind: Kind, *, whole: bool = False) -> None:
        """Called by the command's thread alone: it waits here for the screen."""
        with self._room:
            self._room.wait_for(lambda: self._gone or self._waiting < MOST_WAITING)
            if self._gone:
                return
            first = not self._arrived
            self._arrived.append(_Piece(piece, kind, whole))
            self._waiting += len(piece) + 1
        if first:
            self.post_message(self.Arrived())

    def _fetch(self) -> None:
        with self._room:
            pieces, self._arrived = self._arrived, []
            self._waiting = 0
            self._room.notify_all()
        for whole, group in groupby(pieces, key=lambda piece: (piece.whole, piece.kind)):
            if whole[0]:
                for piece in group:
                    self.scrollback.line(piece.text, piece.kind)
            else:
                self.scrollback.write("".join(piece.text for piece in group), whole[1])

    @on(Arrived)
    def _on_arrived(self, message: Arrived) -> None:
        message.stop()
        self._fetch()

    @on(Ended)
    def _on_ended(self, message: Ended) -> None:
        message.stop()
        self._fetch()
        self.running = ""
        finished = message.finished
        if finished is not None and finished.exit_code == 130:
            self.scrollback.line("stopped", "note")
        elif finished is not None and finished.exit_code != 0:
            self.scrollback.line(f"exit {finished.exit_code}", "bad")

    def watch_running(self, running: str) -> None:
        if self.is_mounted:
            self.query_one("#sign", Static).update(Content("◐" if running else "❯"))
            self._say(f"{running} is running; Ctrl+C stops it." if running else "")

    def _say(self, words: str) -> None:
        self.aside.update(Content(words))
        self.aside.set_class(bool(words), "-shown")

    # History and completion.

    @on(Prompt.HistoryAsked)
    def _on_history(self, message: Prompt.HistoryAsked) -> None:
        message.stop()
        line = self._history.walk(message.step, self.prompt.text)
        if line is not None:
            self.prompt.put(line)

    @on(Prompt.CompletionAsked)
    def _on_completion_asked(self, message: Prompt.CompletionAsked) -> None:
        message.stop()
        self._complete(message.line, message.cursor)

    @work(thread=True, exclusive=True, group="completion")
    def _complete(self, line: str, cursor: int) -> None:
        try:
            completion = self._session.complete(line, cursor)
        except SessionError:
            return  # Nothing to offer is an answer, too.
        self.post_message(self.Completed(line, cursor, completion))

    @on(Completed)
    def _on_completed(self, message: Completed) -> None:
        message.stop()
        if self.prompt.text != message.line or self.prompt.cursor_offset != message.cursor:
            return
        insert, offered = completed(message.line, message.cursor, message.completion)
        if insert is not None:
            self.prompt.replace_span(message.completion.start, message.cursor, insert)
        self._say("  ".join(text.one_line(c) for c in offered))


def completed(line: str, cursor: int, completion: Completion) -> tuple[str | None, tuple[str, ...]]:
    """What to put in place of the word at the cursor (None: nothing), and what to offer below it."""
    candidates = completion.candidates
    word = line[completion.start : cursor]
    if not candidates:
        return None, ()
    if len(candidates) == 1:
        ending = "" if candidates[0].endswith(("/", "=", " ")) else " "
        return candidates[0] + ending, ()
    shared = commonprefix(candidates)  # noqa: RUF071 - characters, not paths, are wanted
    return (shared if len(shared) > len(word) else None), candidates


@contextmanager
def _closing(happenings: Iterator[_T]) -> Iterator[Iterator[_T]]:
    """Close a generator however its loop ends; a plain iterator has nothing to close."""
    try:
        yield happenings
    finally:
        if isinstance(happenings, Generator):
            happenings.close()
