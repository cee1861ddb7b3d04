"""What a team sees and does (`tui.games.TeamDoor`): its world through the gate, with the team's own code."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from fargate_lab import command_history, environment, paths, views, worlds
from fargate_lab.completion import Completer
from fargate_lab.console import Console
from fargate_lab.errors import LabError
from labs.control import HttpControl
from labs.errors import ControlError, NoWorldError
from tui import games as door
from tui.session import CommandEvent, Completion, SessionError, ShellCommand

_SERIES = {"failures": 20, "seconds": 120, "minutes": 60}
_PATIENCE_SECONDS = 10.0

P = ParamSpec("P")
R = TypeVar("R")


def _through_the_door(
    method: Callable[Concatenate[TeamSession, P], R],
) -> Callable[Concatenate[TeamSession, P], R]:
    """Let a LabError leave as a SessionError."""

    @functools.wraps(method)
    def call(self: TeamSession, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except LabError as error:
            raise _session_error(error) from None

    return call


def _session_error(error: LabError) -> SessionError:
    if isinstance(error, NoWorldError):
        return SessionError(
            "The team's world does not answer.", "Whoever runs the game may have stopped it.", world_lost=True
        )
    return SessionError(error.message, error.hint)


class TeamSession:
    """See `tui.games.TeamDoor`. Raises LabError when the address or the code is wrong."""

    def __init__(self, address: str, code: str) -> None:
        self._control = HttpControl(address, _PATIENCE_SECONDS, token=code.strip().upper())
        status = self._control.get("/_lab/status", {"wait": 1})
        self._label = str(status["label"])
        self._team = self._label.rpartition("/")[2]
        variables = environment.lab_variables(self._control.get("/_lab/env"))
        variables[worlds.TOKEN_VARIABLE] = code.strip().upper()
        env = environment.complete_environment(variables)
        seat = f"{self._label}-{urlsplit(address).port}"
        self._console = Console(paths.shell_dir(seat), paths.work_dir(seat), variables, env)
        self._endpoint = address
        self._names: Mapping[str, Sequence[str]] = {}
        self._pages: list[door.Page] = []
        self._alarms: dict[str, str] = {}
        self._started_ms: int | None = None
        self._begun: Mapping[str, Any] | None = None
        self._over = False
        self._next = 0
        self._reading = threading.Lock()
        self._completer = Completer(
            self._console.variable_names, lambda: self._names, self._console.folder_now
        )
        threading.Thread(target=self._completer.warm, daemon=True).start()

    @_through_the_door
    def briefing(self) -> door.Briefing:
        self._read_pager()
        begun = self._begun
        if begun is None:
            return door.Briefing(self._team, "", "", (), 0)
        roles = tuple(door.Role(each["name"], each["does"]) for each in begun.get("roles", ()))
        return door.Briefing(
            self._team, str(begun["title"]), str(begun.get("briefing", "")), roles, int(begun["length_ms"])
        )

    @_through_the_door
    def view(self) -> door.TeamView:
        self._read_pager()
        snapshot = self._control.get("/_lab/snapshot")
        self._names = views.names(snapshot)
        clock = snapshot["clock"]
        return door.TeamView(
            clock["now_ms"],
            clock["mode"],
            clock["speed"],
            self._started_ms,
            self._over,
            tuple(reversed(self._pages)),
            tuple(name for name, state in self._alarms.items() if state == "ALARM"),
            snapshot,
            self._control.get("/_lab/traffic", _SERIES),
            self._control.get("/_lab/queue", {"minutes": 60}),
        )

    def history(self) -> list[str]:
        return command_history.remembered()

    @_through_the_door
    def run_command(self, line: str) -> Iterator[CommandEvent]:
        command_history.remember(line)
        return self._guarded(self._console.run(line))

    def complete(self, line: str, cursor: int) -> Completion:
        return self._completer.complete(line, cursor)

    @_through_the_door
    def shell_command(self) -> ShellCommand:
        return self._console.handover(f"This shell talks to {self._endpoint}. Leave it with exit.")

    def cancel(self) -> None:
        self._console.cancel()

    def close(self) -> None:
        self.cancel()

    # -- how -----------------------------------------------------------------------------------------

    def _guarded(self, events: Iterator[CommandEvent]) -> Iterator[CommandEvent]:
        try:
            yield from events
        except LabError as error:
            raise _session_error(error) from None

    def _read_pager(self) -> None:
        """What is new on the pager."""
        with self._reading:
            told = self._control.get("/_lab/pager", {"since": self._next})
            self._next = int(told["next"])
            for entry in told["entries"]:
                self._page(str(entry["kind"]), int(entry["at"]), entry["data"])

    def _page(self, kind: str, at_ms: int, data: Mapping[str, Any]) -> None:
        if kind == "game.started":
            self._started_ms, self._begun = at_ms, data
            self._pages.append(door.Page(at_ms, "begun", f"{data['title']} begins."))
        elif kind == "game.ended":
            self._over = True
            self._pages.append(door.Page(at_ms, "ended", "The game is over."))
        elif kind == "game.message":
            self._pages.append(door.Page(at_ms, "message", str(data["text"])))
        elif kind == "game.hint":
            self._pages.append(door.Page(at_ms, "hint", f"{data['text']} (It costs {data['cost']} points.)"))
        elif kind == "alarm.state":
            name, now = str(data["alarm"]), str(data["to"])
            before, self._alarms[name] = self._alarms.get(name, ""), now
            if now == "ALARM":
                self._pages.append(door.Page(at_ms, "alarm", f"{name} is in ALARM: {data['reason']}"))
            elif before == "ALARM":
                self._pages.append(door.Page(at_ms, "ok", f"{name} is {now} again."))


def joined(address: str, code: str) -> TeamSession:
    """A session for a team's code. LabError says what to do when there is no game there, or the code is another's."""
    with contextlib.suppress(ValueError):
        if "//" not in address:
            address = f"http://{address}"
    try:
        return TeamSession(address, code)
    except NoWorldError:
        raise LabError(
            f"No game answers at {address}.",
            "Ask whoever runs it for the address, and whether it is going on.",
        ) from None
    except ControlError:
        raise LabError(
            "The code is not that of this team.",
            "It has eight letters and digits; ask whoever runs the game.",
        ) from None


def keeps_the_protocol(session: TeamSession) -> door.TeamDoor:
    """Lets the type checker prove that it is what the screens expect."""
    return session
