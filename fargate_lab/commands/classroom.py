"""`classroom`: a class at work on this machine."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import ipaddress
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from urllib.parse import urlsplit

from fargate_lab import talk
from fargate_lab.classroom import hosts, where
from fargate_lab.classroom.codes import ROOMS
from fargate_lab.classroom.folder import LARGEST_CLASS, SHELF, ClassFolder
from fargate_lab.classroom.keeper import Keeper, free_ports
from fargate_lab.classroom_arguments import PORT, SEATS
from fargate_lab.errors import ExitCode, LabError, SurroundingsError, UsageError
from labs import loader
from labs.checking import counted

NAME = "class"
_NEEDED = ("aiohttp", "textual_serve")


def classroom(arguments: argparse.Namespace) -> ExitCode:
    """Open a class, and keep it open until Ctrl-C."""
    if arguments.list:
        return _list()
    _refuse_machine()
    _refuse_words(arguments)
    folder = _folder(arguments)
    shards = arguments.shards or min(os.cpu_count() or 1, len(folder.seats))
    port = arguments.port or free_ports(arguments.bind, shards + 1)
    if not hosts.is_loopback(arguments.bind):
        talk.say(
            f"The class listens on {arguments.bind}: everybody who reaches this machine can knock, and whoever has the code of the class "
            "takes a seat. What is typed goes over the net as it is. Do this only in a network that you trust."
        )
    words = [
        "--class",
        str(folder.root),
        "--bind",
        arguments.bind,
        "--port",
        str(port),
        "--shards",
        str(shards),
    ]
    words += ["--rooms", str(max(arguments.rooms, folder.room))]
    words += [word for name in arguments.allow_hosts for word in ("--allow-host", name)]
    words += ["--public", arguments.public, "--public-endpoint", arguments.public_endpoint]
    again = _again(arguments, folder.name, port)
    shown = not arguments.no_screen and all(each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr))
    told = _Told()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        with Keeper(words, folder.root / "logs" / "server.log", told.say) as keeper:
            _announce(keeper)
            if shown:
                with told.quiet():
                    _board(f"http://{hosts.inner(arguments.bind)}:{port}", keeper.said["teacher_code"])
                talk.say(
                    f"The class goes on. Ctrl-C ends it. The board again: fargate-lab board {keeper.said['address']}"
                )
            while not keeper.over.wait(1.0):
                pass
        raise SurroundingsError("The class has ended by itself.", f"Go on with it: {again}")
    except (KeyboardInterrupt, _Terminated) as end:
        talk.say(f"\nThe class is kept. Go on with it: {again}")
        if isinstance(end, KeyboardInterrupt):
            raise
        return ExitCode.OK
    finally:
        signal.signal(signal.SIGTERM, before)


class _Terminated(BaseException):
    """SIGTERM: end in order."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


class _Told:
    """Tells whoever started the class what happens to it; not while the board is drawn in the same terminal, but after."""

    def __init__(self) -> None:
        self._drawn = False
        self._kept: list[str] = []

    def say(self, text: str) -> None:
        """Now, or when the board has gone."""
        if self._drawn:
            self._kept.append(text)
        else:
            talk.say(text)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """The board is drawn."""
        self._drawn = True
        try:
            yield
        finally:
            self._drawn = False
            for text in self._kept:
                talk.say(text)
            self._kept.clear()


def _announce(keeper: Keeper) -> None:
    said = keeper.said
    talk.data(f"address: {said['address']}")
    talk.data(f"code of the class: {said['code']}")
    talk.data(f"board: {said['board']}")
    talk.data(f"teacher's code: {said['teacher_code']}")
    talk.data("ready")
    sys.stdout.flush()
    if said["trouble"]:
        talk.say(said["trouble"])


def _again(arguments: argparse.Namespace, name: str, port: int) -> str:
    """What goes on with the class where its learners look for it."""
    words = ["fargate-lab", "classroom", "--resume", name]
    for option, value, usual in (
        ("--bind", arguments.bind, "127.0.0.1"),
        ("--port", str(port), str(PORT)),
        ("--rooms", str(arguments.rooms), "1"),
        ("--public", arguments.public, ""),
        ("--public-endpoint", arguments.public_endpoint, ""),
    ):
        if value != usual:
            words += [option, value]
    words += [word for each in arguments.allow_hosts for word in ("--allow-host", each)]
    return shlex.join(words)


def _board(url: str, code: str) -> None:
    from fargate_lab.classroom.board_client import BoardClient  # noqa: PLC0415
    from tui import board  # noqa: PLC0415 - Textual

    door = BoardClient(url, code)
    try:
        board.run(door)
    finally:
        door.close()


def _folder(arguments: argparse.Namespace) -> ClassFolder:
    if arguments.resume:
        if arguments.seats is not None or arguments.room != "1" or arguments.secret:
            raise UsageError(
                "--resume goes without --seats, --room and --secret.", "They are those of the class."
            )
        folder = ClassFolder.open(arguments.resume)
        lab = None if arguments.lab is None else loader.find(arguments.lab)
    else:
        lab = None if arguments.lab is None else loader.find(arguments.lab)
        folder = _new_folder(arguments)
    if lab is not None:
        folder.policy.set(None, lab=lab.id)
    return folder


def _new_folder(arguments: argparse.Namespace) -> ClassFolder:
    name, room, secret = (
        arguments.name or NAME,
        where.room_number(arguments.room),
        where.secret(arguments.secret),
    )
    if secret and name in SHELF.names():
        # An orchestrator starts a room with the same words each time.
        found = ClassFolder.open(name)
        if found.is_room_of(secret, room):
            return found
    seats = SEATS if arguments.seats is None else arguments.seats
    return ClassFolder.create(name, seats=seats, room=room, secret=secret)


def _list() -> ExitCode:
    found = SHELF.names()
    for name in found:
        try:
            folder = ClassFolder.open(name)
        except LabError as error:  # the others are there all the same
            talk.say(f"{name}: {error.message}")
            continue
        taken = sum(bool(seat.name) for seat in folder.seats)
        talk.data(f"{name:<26} {counted(len(folder.seats), 'seat')}, {taken} taken")
    if not found:
        talk.say("There has been no class here. `fargate-lab classroom` opens one.")
    return ExitCode.OK


def _refuse_machine() -> None:
    if sys.platform == "win32":
        raise SurroundingsError(
            "A class is held on Linux or macOS.", "Learners join from any machine that has a browser."
        )
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SurroundingsError(
            f"A class needs {' and '.join(missing)}, which are not installed.",
            "Install fargate-lab with its classroom extra: pip install 'fargate-lab[classroom]'",
        )


def _refuse_words(arguments: argparse.Namespace) -> None:
    try:
        arguments.bind = str(
            ipaddress.ip_address("127.0.0.1" if arguments.bind == "localhost" else arguments.bind)
        )
    except ValueError:
        raise UsageError(
            f"{arguments.bind!r} is no address of this machine.", "Write one like 192.168.1.5, or 0.0.0.0."
        ) from None
    if not 0 <= arguments.port <= 65000:
        raise UsageError(f"{arguments.port} is no port for a class.", "Choose 0 to 65000.")
    if arguments.shards is not None and not 1 <= arguments.shards <= LARGEST_CLASS:
        raise UsageError(
            f"A class cannot have {arguments.shards} processes for its worlds.", "Choose 1 or more."
        )
    if not 1 <= arguments.rooms <= len(ROOMS):
        raise UsageError(
            f"A class has 1 to {len(ROOMS)} rooms, not {arguments.rooms}.", "Choose such a number."
        )
    for option, url in (("--public", arguments.public), ("--public-endpoint", arguments.public_endpoint)):
        if url and not _is_origin(url):
            raise UsageError(f"{option} is no address: {url!r}.", "It looks like https://class.example.org")


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
