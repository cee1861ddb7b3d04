"""The board's requests, below `/board/api/`: what a teacher sees and does, as JSON.

Who has the teacher's code may do everything; it comes in the header `X-Fargate-Lab-Teacher`, which no page of another site can send.
Answers are the views of `tui.classroom` as dictionaries, or `{"error", "hint"}` with 400 (cannot be meant), 401 (no code, or another),
409 (the world refused), 429 (too many wrong codes), 503 (something does not answer).

    GET  view                                        BoardView
    GET  look/<seat>                                 Look
    GET  grades.csv, grades.xml                      text
    POST message  {"text", "seat"?}                  {"seats": n}
    POST policy   {"set": {...}, "seat"?}            {"seats": n}
    POST clock    {"action", "speed"?, "seat"?}      {"seats": n}
    POST reset    {"seat"?}                          {"seats": n}
    POST rename   {"seat", "name"}                   {"seats": 1}
    POST free     {"seat"}                           {"seats": 1}
    POST export   {}                                 {"paths": [...]}
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol, get_args

from aiohttp import web

from fargate_lab.classroom import grades
from fargate_lab.classroom.board_state import ClassReader, Sitter
from fargate_lab.classroom.codes import typed
from fargate_lab.classroom.folder import ClassFolder, Seat
from fargate_lab.classroom.policy import Policy
from fargate_lab.classroom.seatlog import LONGEST_TEXT
from fargate_lab.errors import LabError, SurroundingsError, UsageError
from fargate_lab.files import write_atomically
from labs.nearest import did_you_mean
from tui.classroom import ClassClock, Look

TEACHER_HEADER = "X-Fargate-Lab-Teacher"
PREFIX = "/board/api"
LARGEST_BODY = 8192
"""Bytes of a request."""
VIEW_SECONDS = 0.25
"""A view is given out for so long: however many boards there are, the logs are read no more often."""
AT_ONCE = 4
"""Worlds that are asked at the same time, when all are; the learners' own calls come between."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Room(Protocol):
    """The class at work, as far as the board needs it. What goes wrong is a `LabError`."""

    folder: ClassFolder

    def online(self, seat: str) -> bool:
        """Whether a browser shows the seat's screen."""
        ...

    async def look(self, seat: str) -> Look | None:
        """The seat's screen as it is now; None when there is none, or it does not answer."""
        ...

    async def tell(self, do: Mapping[str, Any], seat: str | None = None) -> None:
        """Say something to the programs of the screens that are open, one or all."""
        ...

    async def ask(self, seat: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The control API of the seat's world: GET, or POST when there is a body."""
        ...

    async def begin_anew(self, seat: str) -> None:
        """A new world for the lab that is open there; its log says so."""
        ...

    async def free(self, seat: str) -> None:
        """Let somebody else sit there; whoever does is not let in any more."""
        ...

    @property
    def address(self) -> str:
        """Where the class's pages are."""
        ...

    @property
    def trouble(self) -> str:
        """What does not work, for a person; empty when all is well."""
        ...


class Guesses(Protocol):
    """How often an address may be wrong about a code."""

    def may_try(self, address: str | None) -> bool:
        """Whether a code from there is looked at."""
        ...

    def was_wrong(self, address: str | None) -> None:
        """Hold a wrong code against an address."""
        ...


def authorised(request: web.Request, folder: ClassFolder) -> bool:
    """Whether a request carries the teacher's code. Takes the same time whatever it carries."""
    given = typed(request.headers.get(TEACHER_HEADER, ""))
    return hmac.compare_digest(given.encode("utf-8", "replace"), folder.teacher_code.encode())


def routes(room: Room, guesses: Guesses) -> list[web.RouteDef]:
    """The board's routes; every one of them asks for the teacher's code."""
    board = _Board(room)

    def guarded(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not guesses.may_try(request.remote):
                return _refusal(429, "Too many wrong codes came from your address.", "Wait half a minute.")
            if not authorised(request, room.folder):
                if request.headers.get(TEACHER_HEADER):
                    guesses.was_wrong(request.remote)
                return _refusal(
                    401, "That is not the teacher's code.", "It was printed where the class was started."
                )
            try:
                return await handler(request)
            except UsageError as error:
                return _refusal(400, error.message, error.hint)
            except SurroundingsError as error:
                return _refusal(503, error.message, error.hint)
            except LabError as error:
                return _refusal(409, error.message, error.hint)

        return handle

    return [
        web.get(f"{PREFIX}/view", guarded(board.view)),
        web.get(f"{PREFIX}/look/{{seat}}", guarded(board.look)),
        web.get(f"{PREFIX}/grades.csv", guarded(board.csv)),
        web.get(f"{PREFIX}/grades.xml", guarded(board.xml)),
        web.post(f"{PREFIX}/message", guarded(board.message)),
        web.post(f"{PREFIX}/policy", guarded(board.policy)),
        web.post(f"{PREFIX}/clock", guarded(board.clock)),
        web.post(f"{PREFIX}/reset", guarded(board.reset)),
        web.post(f"{PREFIX}/rename", guarded(board.rename)),
        web.post(f"{PREFIX}/free", guarded(board.free)),
        web.post(f"{PREFIX}/export", guarded(board.export)),
    ]


class _Board:
    """The handlers. Files are read and written away from the loop."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._reader = ClassReader(room.folder)
        self._gate = asyncio.Lock()
        self._setting = asyncio.Lock()
        self._view = ""
        self._until = 0.0

    async def view(self, _request: web.Request) -> web.Response:
        async with self._gate:
            now = asyncio.get_running_loop().time()
            if not self._view or now >= self._until:
                self._view = await asyncio.to_thread(self._viewed, self._online())
                self._until = asyncio.get_running_loop().time() + VIEW_SECONDS
            return _text(self._view)

    async def look(self, request: web.Request) -> web.Response:
        seat = self._room.folder.seat(request.match_info["seat"])
        seen = await self._room.look(seat.id)
        return _json(asdict(seen or Look(seat.id, 0, 0)))

    async def message(self, request: web.Request) -> web.Response:
        body = await _body(request)
        text = _message(body.get("text"))
        seats = await self._seats(body)
        await asyncio.to_thread(_log_message, seats, text)
        await self._room.tell({"do": "message", "text": text}, body.get("seat"))
        return _json({"seats": len(seats)})

    async def policy(self, request: web.Request) -> web.Response:
        body = await _body(request)
        changes = body.get("set")
        if not isinstance(changes, dict) or not changes:
            raise UsageError("It is not said what to set.", "Send it as `set`.")
        seats = await self._seats(body)
        async with self._setting:
            await asyncio.to_thread(self._set, body.get("seat"), changes, seats)
        self._until = 0.0
        await self._room.tell({"do": "policy"}, body.get("seat"))
        return _json({"seats": len(seats)})

    async def clock(self, request: web.Request) -> web.Response:
        body = await _body(request)
        action, speed = body.get("action"), body.get("speed")
        if action not in get_args(ClassClock):
            raise UsageError(f"A clock cannot {action!r}.", f"It can {', '.join(get_args(ClassClock))}.")
        if action == "speed" and (not isinstance(speed, int | float) or isinstance(speed, bool)):
            raise UsageError(f"{speed!r} is no speed.", "Write a number: virtual seconds per second.")
        wanted = {"action": action, **({"speed": speed} if action == "speed" else {})}
        return await self._for_each(
            await self._open_seats(body), lambda seat: self._room.ask(seat.id, "/_lab/clock", wanted)
        )

    async def reset(self, request: web.Request) -> web.Response:
        seats = await self._open_seats(await _body(request))
        return await self._for_each(seats, lambda seat: self._room.begin_anew(seat.id))

    async def rename(self, request: web.Request) -> web.Response:
        body = await _body(request)
        seat, name = await self._taken(body), body.get("name")
        await asyncio.to_thread(seat.take, name if isinstance(name, str) else "")
        self._until = 0.0
        return _json({"seats": 1})

    async def free(self, request: web.Request) -> web.Response:
        seat = await self._taken(await _body(request))
        async with self._setting:
            await self._room.free(seat.id)
        self._until = 0.0
        return _json({"seats": 1})

    async def csv(self, _request: web.Request) -> web.Response:
        text = await asyncio.to_thread(lambda: grades.of_class(self._reader)["grades.csv"])
        return web.Response(text=text, content_type="text/csv")

    async def xml(self, _request: web.Request) -> web.Response:
        text = await asyncio.to_thread(lambda: grades.of_class(self._reader)["grades.xml"])
        return web.Response(text=text, content_type="application/xml")

    async def export(self, _request: web.Request) -> web.Response:
        return _json({"paths": await asyncio.to_thread(self._export)})

    # -- helpers -----------------------------------------------------------------------------------------

    def _online(self) -> frozenset[str]:
        # Asked on the loop's thread, where screens come and go.
        return frozenset(seat.id for seat in self._room.folder.seats if self._room.online(seat.id))

    def _viewed(self, online: Container[str]) -> str:
        """The view as JSON, made once for all who ask."""
        room = self._room
        view = self._reader.view(online.__contains__, join=room.address, trouble=room.trouble)
        return json.dumps(asdict(view), ensure_ascii=False)

    async def _sitters(self) -> Sequence[Sitter]:
        return await asyncio.to_thread(self._reader.sitters, self._online().__contains__)

    async def _seats(self, body: Mapping[str, Any]) -> list[Seat]:
        """The seats that are meant, of those that were taken."""
        folder, seat = self._room.folder, body.get("seat")
        if seat is not None:
            return [folder.seat(str(seat))]
        return await asyncio.to_thread(lambda: [each for each in folder.seats if each.name])

    async def _taken(self, body: Mapping[str, Any]) -> Seat:
        """The one seat that is meant, where somebody sits."""
        if body.get("seat") is None:
            raise UsageError("It is not said which seat.", "Send its number as `seat`.")
        seat = self._room.folder.seat(str(body["seat"]))
        if not await asyncio.to_thread(lambda: seat.name):
            raise UsageError(f"Nobody sits at seat {seat.id}.", "It is free already.")
        return seat

    async def _open_seats(self, body: Mapping[str, Any]) -> list[Seat]:
        """Likewise, those where a lab was ever opened."""
        opened = {sitter.id for sitter in await self._sitters() if sitter.story.lab}
        found = [seat for seat in await self._seats(body) if seat.id in opened]
        if not found:
            raise UsageError("No lab is open there yet.", "A lab is opened in the seat's browser.")
        return found

    async def _for_each(self, seats: Sequence[Seat], do: Callable[[Seat], Awaitable[object]]) -> web.Response:
        """Do something for every seat, whatever becomes of the others."""
        few = asyncio.Semaphore(AT_ONCE)
        refused: dict[str, LabError] = {}

        async def one(seat: Seat) -> None:
            async with few:
                try:
                    await do(seat)
                except LabError as error:
                    refused[seat.id] = error

        await asyncio.gather(*(one(seat) for seat in seats))
        self._until = 0.0
        if not refused:
            return _json({"seats": len(seats)})
        first = min(refused)
        if len(seats) == 1:
            raise refused[first]
        raise LabError(
            f"Done for {len(seats) - len(refused)} of {len(seats)} seats, not for {', '.join(sorted(refused))}. "
            f"Seat {first}: {refused[first].message}",
            refused[first].hint,
        )

    def _set(self, seat: str | None, changes: Mapping[str, Any], seats: Sequence[Seat]) -> None:
        self._check_lab(changes.get("lab"))
        policies = self._room.folder.policy
        before = {each.id: policies.of(each.id) for each in seats}
        policies.set(seat, **{str(name): value for name, value in changes.items()})
        for each in seats:
            _log_released(each, before[each.id], policies.of(each.id))

    def _check_lab(self, lab: object) -> None:
        if isinstance(lab, str) and lab and lab not in self._reader.catalogue:
            raise UsageError(f"There is no lab {lab!r}.", did_you_mean(lab, list(self._reader.catalogue)))

    def _export(self) -> list[str]:
        graded = grades.of_class(self._reader)
        for name, text in graded.items():
            write_atomically(self._room.folder.root / name, text)
        return [str(self._room.folder.root / name) for name in graded]


def _log_message(seats: Sequence[Seat], text: str) -> None:
    for seat in seats:
        seat.log.message(text)


def _log_released(seat: Seat, before: Policy, after: Policy) -> None:
    if before.steps != after.steps:
        seat.log.released(before.steps, after.steps)


async def _body(request: web.Request) -> dict[str, Any]:
    # Not from the stream: whoever guards the pages may have read it already.
    text = await request.read()
    if len(text) > LARGEST_BODY:
        raise UsageError(f"That is too much: a request may have {LARGEST_BODY} bytes.", "Say less.")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("The request is not JSON.", "Send an object.") from None
    if not isinstance(body, dict) or not isinstance(body.get("seat"), str | None):
        raise UsageError("The request is not as it should be.", "Send an object; `seat` is a text or null.")
    return body


def _message(text: object) -> str:
    """One line that can be shown anywhere."""
    if not isinstance(text, str):
        raise UsageError("There is no text.", "Send it as `text`.")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not words:
        raise UsageError("An empty message says nothing.", "Write something.")
    if len(words) > LONGEST_TEXT:
        raise UsageError(f"A message has at most {LONGEST_TEXT} characters.", "Say it in two.")
    return words


def _text(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="application/json")


def _json(value: object, status: int = 200) -> web.Response:
    return _text(json.dumps(value, ensure_ascii=False), status)


def _refusal(status: int, error: str, hint: str) -> web.Response:
    return _json({"error": error, "hint": hint}, status)
