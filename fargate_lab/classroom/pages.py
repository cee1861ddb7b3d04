"""The pages of a room: joining, a seat, the teacher's board; and what an own shell asks for."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fargate_lab.classroom import grades, hosts, own_shell, sockets
from fargate_lab.classroom.board_state import ClassReader
from fargate_lab.classroom.codes import ROOMS
from fargate_lab.classroom.folder import LONGEST_NAME, Seat
from fargate_lab.classroom.guard import own_origins
from fargate_lab.classroom.join import BOARD_COOKIE, ROOM_COOKIE, SEAT_COOKIE, Elsewhere, Joining, Refused
from fargate_lab.classroom.pace import Pace
from fargate_lab.classroom.room import OpenRoom
from fargate_lab.classroom.screens import Reached, Screen
from fargate_lab.classroom.sockets import Viewer
from fargate_lab.environment import Shell
from fargate_lab.errors import LabError, UsageError

FORM = "application/x-www-form-urlencoded"
MOST_BOARDS = 8
"""Boards in browsers at once; each is a process."""
ENTRIES_PER_SECOND, ENTRIES_AT_ONCE = 0.5, 8.0
"""How often somebody at a seat may open its screen; likewise, come back to it with its code."""
ENTRY_PATIENCE = 20.0
"""Seconds that somebody waits for that. Whoever is due later is sent away: who has gone meanwhile would be waited for all the same."""


class Pages:
    """The handlers. `public` and `public_endpoint` are the URLs of pages and AWS endpoint behind a proxy, empty when there is none."""

    def __init__(
        self, room: OpenRoom, joining: Joining, *, public: str = "", public_endpoint: str = ""
    ) -> None:
        self.room = room
        self.joining = joining
        self._secure = urlsplit(public).scheme == "https"
        self._public_endpoint = public_endpoint.rstrip("/")
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._entries: defaultdict[tuple[str, str], Pace] = defaultdict(
            lambda: Pace(ENTRIES_PER_SECOND, ENTRIES_AT_ONCE)
        )
        """By what is done, and the seat's code: whoever sits there after it was freed has not done it yet."""
        self._boards = 0

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [
            web.get("/", self.front),
            web.post("/join", self.join),
            web.post("/leave", self.leave),
            web.get("/seat", self.seat),
            web.get("/seat/alive", self.seat_alive),
            web.get("/ws", self.seat_socket),
            web.get("/env/{code}", self.env),
            web.get("/board", self.board),
            web.post("/board", self.open_board),
            web.post("/board/leave", self.leave_board),
            web.get("/board/alive", self.board_alive),
            web.get("/board/{file:grades[.](csv|xml)}", self.grades),
            web.get("/board/ws", self.board_socket),
            web.get("/healthz", self.health),
        ]

    def problem(self, request: web.Request, status: int, sentence: str, hint: str) -> web.Response:
        """What went wrong, for whoever asked: a program, or a person."""
        if request.path.startswith("/board/api/"):
            body = json.dumps({"error": sentence, "hint": hint})
            return web.Response(status=status, text=body, content_type="application/json")
        if request.path.startswith("/env/"):
            return _text(
                own_shell.said(_shell(request), "fargate-lab: that did not work.") + "false\n", status
            )
        return self._page("problem.html", status=status, sentence=sentence, hint=hint)

    # -- joining -----------------------------------------------------------------------------------------

    async def front(self, request: web.Request) -> web.Response:
        """Where one joins."""
        return self._front(self._seat(request))

    async def join(self, request: web.Request) -> web.Response:
        """Somebody wants a seat, or comes back."""
        form = await _form(request)
        code, name, tried = form.get("code", ""), form.get("name", ""), request.query.get("tried", "")
        tried = "".join(letter for letter in tried[: len(ROOMS)] if letter in ROOMS)
        try:
            found = self.joining.join(code, name, address=request.remote, tried=tried)
        except UsageError as error:
            # The code was the right one.
            return self._front(None, f"{error.message} {error.hint}", code=code, name=name[:200], status=400)
        if isinstance(found, Refused):
            return self._front(None, found.why, name=name[:200], status=found.status)
        if isinstance(found, Elsewhere):
            # The proxy in front of the rooms goes by the cookie; 307 keeps the form.
            answer = web.Response(
                status=307, headers={"Location": f"/join?tried={tried}{self.joining.letter}"}
            )
            self._set(answer, ROOM_COOKIE, found.letter)
            return answer
        if not await self._entries["join", found.keys.code].take(patience=ENTRY_PATIENCE):
            return self._front(None, "That seat was joined too often. Wait half a minute.", status=429)
        found.log.joined(found.name)
        answer = _see("/seat")
        self._set(answer, SEAT_COOKIE, self.joining.seat_cookie(found))
        self._set(answer, ROOM_COOKIE, self.joining.letter)
        return answer

    async def leave(self, _request: web.Request) -> web.Response:
        """This browser is somebody else's now; the seat stays taken."""
        answer = _see("/")
        answer.del_cookie(SEAT_COOKIE, path="/")
        answer.del_cookie(ROOM_COOKIE, path="/")
        return answer

    # -- a seat ------------------------------------------------------------------------------------------

    async def seat(self, request: web.Request) -> web.Response:
        """The screen, and what the seat's own code and shell are."""
        seat = self._seat(request)
        if seat is None:
            return _see("/")
        answer = self._page(
            "seat.html",
            seat=seat.id,
            name=seat.name,
            code=seat.keys.code,
            env_url=self._env_url(request, seat),
            socket_url=f"{self._origin(request, 'ws')}/ws",
        )
        return self._with_terminal(request, answer)

    async def seat_alive(self, request: web.Request) -> web.Response:
        """Whether the seat's cookie still opens it: what a page asks before it gives up."""
        return web.Response(status=204 if self._seat(request) else 403)

    async def seat_socket(self, request: web.Request) -> web.StreamResponse:
        """The seat's screen."""
        seat = self._seat(request)
        if seat is None:
            return web.Response(status=403)
        if not await self._entries["look", seat.keys.code].take(patience=ENTRY_PATIENCE):
            return web.Response(status=429)

        async def enter(viewer: Viewer, size: tuple[int, int]) -> Screen:
            return await self.room.screens.enter(seat, self._reached(request, seat), viewer, size)

        async def left(viewer: Viewer, _screen: Screen) -> None:
            await self.room.screens.left(seat, viewer)

        return await sockets.serve(request, enter, left)

    async def env(self, request: web.Request) -> web.Response:
        """What a shell of the learner's own is told."""
        shell = _shell(request)
        seat = self.joining.shell(request.match_info["code"], address=request.remote)
        if seat is None:
            why = "fargate-lab: no seat has that code. It stands above the lab in your browser."
            return _text(own_shell.said(shell, why) + "false\n", 404)
        note, world = "", None
        try:
            world = await self.room.ask(seat.id, "/_lab/env")
        except LabError:
            note = "fargate-lab: no lab is open at your seat. Open one in the browser, then do this again."
        return _text(own_shell.exports(seat.keys, self._endpoint(request, seat), shell, world, note))

    # -- the board ---------------------------------------------------------------------------------------

    async def board(self, request: web.Request) -> web.Response:
        """The teacher's board, or where its code is typed."""
        if not self._is_teacher(request):
            return self._page("board_code.html", wrong="")
        answer = self._page("board.html", socket_url=f"{self._origin(request, 'ws')}/board/ws")
        return self._with_terminal(request, answer)

    async def open_board(self, request: web.Request) -> web.Response:
        """Somebody typed a teacher's code."""
        form = await _form(request)
        refused = self.joining.teacher(form.get("code", ""), address=request.remote)
        if refused is not None:
            return self._page("board_code.html", status=refused.status, wrong=refused.why)
        answer = _see("/board")
        self._set(answer, BOARD_COOKIE, self.joining.board_cookie())
        return answer

    async def leave_board(self, _request: web.Request) -> web.Response:
        """This browser is the teacher's no longer."""
        answer = _see("/board")
        answer.del_cookie(BOARD_COOKIE, path="/")
        return answer

    async def grades(self, request: web.Request) -> web.StreamResponse:
        """The grades as a file, for a teacher who has nothing but a browser."""
        if not self._is_teacher(request):
            return _see("/board")
        name = request.match_info["file"]
        graded = await asyncio.to_thread(grades.of_class, ClassReader(self.room.folder))
        return web.Response(
            text=graded[name],
            content_type="text/csv" if name.endswith(".csv") else "application/xml",
            headers={"Content-Disposition": f'attachment; filename="{self.room.folder.name}-{name}"'},
        )

    async def board_alive(self, request: web.Request) -> web.Response:
        """Whether the teacher's cookie still opens the board."""
        return web.Response(status=204 if self._is_teacher(request) else 403)

    async def board_socket(self, request: web.Request) -> web.StreamResponse:
        """The board's screen."""
        if not self._is_teacher(request):
            return web.Response(status=403)
        if self._boards >= MOST_BOARDS:
            return web.Response(status=429)
        self._boards += 1
        try:

            async def left(_viewer: Viewer, screen: Screen) -> None:
                await self.room.screens.board_left(screen)

            return await sockets.serve(request, self.room.screens.board, left)
        finally:
            self._boards -= 1

    async def health(self, _request: web.Request) -> web.Response:
        """For whatever watches over this process: whether all of it works."""
        trouble = self.room.trouble
        return web.json_response({"ok": not trouble}, status=503 if trouble else 200)

    # -- helpers -----------------------------------------------------------------------------------------

    def _front(
        self, seat: Seat | None, wrong: str = "", *, code: str = "", name: str = "", status: int = 200
    ) -> web.Response:
        return self._page(
            "join.html",
            status=status,
            wrong=wrong,
            typed_code=code,
            typed_name=name,
            longest_name=LONGEST_NAME,
            seat="" if seat is None else seat.id,
            name="" if seat is None else seat.name,
        )

    def _page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render(class_name=self.room.folder.name, **values)
        return web.Response(status=status, text=text, content_type="text/html")

    def _with_terminal(self, request: web.Request, answer: web.Response) -> web.Response:
        """A page that draws a terminal: it runs scripts of ours, which set styles, and opens a websocket to us."""
        sockets_at = " ".join(
            "ws" + each.removeprefix("http")
            for each in own_origins(request.headers["Host"], secure=self._secure)
        )
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' {sockets_at}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return answer

    def _set(self, answer: web.Response, name: str, value: str) -> None:
        answer.set_cookie(
            name, value, path="/", httponly=True, samesite="Strict", secure=self._secure, max_age=180 * 86400
        )

    def _seat(self, request: web.Request) -> Seat | None:
        return self.joining.seat_of_cookie(request.cookies.get(SEAT_COOKIE, ""))

    def _is_teacher(self, request: web.Request) -> bool:
        return self.joining.is_board_cookie(request.cookies.get(BOARD_COOKIE, ""))

    def _origin(self, request: web.Request, scheme: str = "http") -> str:
        return f"{scheme}{'s' if self._secure else ''}://{request.headers['Host']}"

    def _endpoint(self, request: web.Request, seat: Seat) -> str:
        """Where a shell of the learner's own reaches the seat's worlds: by the name by which it reached the pages."""
        if self._public_endpoint:
            return self._public_endpoint
        return f"http://{hosts.without_port(request.headers['Host'])}:{self.room.shards.port(seat.id)}"

    def _reached(self, request: web.Request, seat: Seat) -> Reached:
        """Programs on this machine never go through a proxy."""
        return Reached(
            self._endpoint(request, seat), self.room.shards.inner_url(seat.id), self._env_url(request, seat)
        )

    def _env_url(self, request: web.Request, seat: Seat) -> str:
        return f"{self._origin(request)}/env/{seat.keys.code}"


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType
    try:
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except (ValueError, LookupError):  # no text, or of an unknown encoding
        raise web.HTTPBadRequest from None


def _shell(request: web.Request) -> Shell:
    asked = request.query.get("shell", "sh")
    return "fish" if asked == "fish" else "powershell" if asked == "powershell" else "sh"


def _text(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/plain")


def _see(where: str) -> web.Response:
    return web.Response(status=303, headers={"Location": where})
