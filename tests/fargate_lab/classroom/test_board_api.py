"""The board over HTTP: what it asks the room for, who may ask, and the client's side of it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.classes import FakeRoom, Limit, entry, served, write

from fargate_lab.classroom import board_api
from fargate_lab.classroom.board_client import BoardClient
from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.policy import Policy
from fargate_lab.errors import LabError, SurroundingsError
from tui.classroom import BoardDoor, Look
from tui.session import SessionError

T = TypeVar("T")


@pytest.fixture
def room(home: Path) -> FakeRoom:
    """Four seats, two of them taken; at seat 01 the core lab is open."""
    folder = ClassFolder.create("monday", seats=4)
    for seat, name in zip(folder.seats, ("Ada", "Bo <b>"), strict=False):
        seat.take(name)
    write(folder.seat("01"), entry(0, "opened", lab="core-lab"))
    return FakeRoom(folder)


async def ask(room: FakeRoom, call: Callable[[BoardClient], T], code: str | None = None) -> T:
    """Let a client call, in a thread of its own."""
    async with served(room) as server:
        client = BoardClient(
            str(server.make_url("/board")), room.folder.teacher_code if code is None else code
        )
        assert isinstance(client, BoardDoor)
        return await asyncio.to_thread(call, client)


async def refusal(
    room: FakeRoom, call: Callable[[BoardClient], object], code: str | None = None
) -> SessionError:
    with pytest.raises(SessionError) as caught:
        await ask(room, call, code)
    return caught.value


def logged(room: FakeRoom, seat: str, kind: str) -> list[dict[str, Any]]:
    return [each.data for each in room.folder.seat(seat).log.read()[0] if each.kind == kind]


# Looking.


async def test_the_view_arrives_whole(room: FakeRoom) -> None:
    room.trouble = "A shard starts again."
    room.shown["01"] = Look("01", 80, 24)
    view = await ask(room, BoardClient.view)
    assert [(seat.id, seat.name, seat.online) for seat in view.seats] == [
        ("01", "Ada", True),
        ("02", "Bo <b>", False),
    ]
    assert (view.free, view.join, view.code) == (2, room.address, room.folder.code)
    assert (view.trouble, view.policy.lab, view.steps[0].id) == (room.trouble, "core-lab", "cluster")
    assert view.seats[0].steps[0] == "open"
    assert hash(view)  # as immutable as it was


async def test_a_view_is_given_out_for_a_while(room: FakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_api, "VIEW_SECONDS", 3600)

    def twice(client: BoardClient) -> tuple[int, int, int]:
        first = client.view()
        room.folder.seat("03").take("Cy")
        second = client.view()
        client.set_policy(None, steps=2)
        return len(first.seats), len(second.seats), len(client.view().seats)

    assert await ask(room, twice) == (2, 2, 3)


async def test_a_look_at_a_screen(room: FakeRoom) -> None:
    shown = Look("01", 4, 2, ("ab", "│├"), "<svg/>")
    room.shown["01"] = shown
    assert await ask(room, lambda client: client.look("01")) == shown
    assert await ask(room, lambda client: client.look("02")) == Look("02", 0, 0)
    assert (await refusal(room, lambda client: client.look("../01"))).message
    assert "no seat '09'" in (await refusal(room, lambda client: client.look("09"))).message


# Doing.


async def test_a_message_is_said_and_kept(room: FakeRoom) -> None:
    await ask(room, lambda client: client.message("Five  more\nminutes\x1b[31m", "02"))
    said = "Five more minutes [31m"
    assert room.calls == [("tell", {"do": "message", "text": said}, "02")]
    assert logged(room, "02", "message") == [{"text": said}]
    await ask(room, lambda client: client.message("Done?"))
    assert room.calls[1:] == [("tell", {"do": "message", "text": "Done?"}, None)]
    assert logged(room, "01", "message") == [{"text": "Done?"}]
    assert not room.folder.seat("03").log.path.exists()
    for text in (" \x07 ", "x" * 501):
        await refusal(room, lambda client, text=text: client.message(text))
    assert len(room.calls) == 2


async def test_what_is_set_is_kept_and_screens_are_told(room: FakeRoom) -> None:
    await ask(room, lambda client: client.set_policy(None, steps=2, hints="first"))
    await ask(room, lambda client: client.set_policy("02", solutions=False, steps=None))
    assert room.folder.policy.of("01") == Policy("core-lab", 2, "first", True)
    assert room.folder.policy.of("02") == Policy("core-lab", None, "first", False)
    assert room.calls == [("tell", {"do": "policy"}, None), ("tell", {"do": "policy"}, "02")]
    assert logged(room, "01", "released") == [{"before": None, "after": 2}]
    assert logged(room, "02", "released") == [{"before": None, "after": 2}, {"before": 2, "after": None}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lab": "core-lb"}, "There is no lab 'core-lb'"),
        ({"steps": 0}, "steps cannot be 0"),
        ({"hints": "some"}, "hints cannot be 'some'"),
        ({"colour": "red"}, "colour cannot be 'red'"),
        ({}, "not said what"),
    ],
)
async def test_what_cannot_be_set(room: FakeRoom, changes: dict[str, Any], words: str) -> None:
    assert words in (await refusal(room, lambda client: client.set_policy(None, **changes))).message
    assert room.calls == []
    assert room.folder.policy.of() == Policy()


async def test_clocks_are_moved_where_a_lab_is_open(room: FakeRoom) -> None:
    write(room.folder.seat("02"), entry(0, "opened", lab="core-lab"))
    await ask(room, lambda client: client.clock("pause"))
    await ask(room, lambda client: client.clock("speed", 60.0, "02"))
    assert room.calls == [
        ("ask", "01", "/_lab/clock", {"action": "pause"}),
        ("ask", "02", "/_lab/clock", {"action": "pause"}),
        ("ask", "02", "/_lab/clock", {"action": "speed", "speed": 60.0}),
    ]
    assert "no speed" in (await refusal(room, lambda client: client.clock("speed"))).message
    assert "cannot 'advance'" in (await refusal(room, lambda client: client.clock("advance"))).message  # type: ignore[arg-type]


async def test_a_seat_that_refuses_does_not_keep_the_others_from_it(room: FakeRoom) -> None:
    write(room.folder.seat("02"), entry(0, "opened", lab="core-lab"))
    room.fail["01"] = SurroundingsError("The world of seat 01 does not answer.", "It comes back.")
    error = await refusal(room, lambda client: client.reset())
    assert (
        error.message == "Done for 1 of 2 seats, not for 01. Seat 01: The world of seat 01 does not answer."
    )
    assert error.hint == "It comes back."
    assert [call[1] for call in room.calls] == ["01", "02"]
    assert (
        await refusal(room, lambda client: client.reset("01"))
    ).message == "The world of seat 01 does not answer."
    room.fail["01"] = LabError("Not now.")
    assert (await refusal(room, lambda client: client.clock("run", None, "01"))).message == "Not now."


async def test_nothing_is_reset_where_no_lab_is_open(room: FakeRoom) -> None:
    await ask(room, lambda client: client.reset())
    assert room.calls == [("begin_anew", "01")]
    assert "No lab is open" in (await refusal(room, lambda client: client.reset("02"))).message


async def test_a_name_is_corrected(room: FakeRoom) -> None:
    await ask(room, lambda client: client.rename("02", " Bo   Li "))
    assert room.folder.seat("02").name == "Bo Li"
    assert (await ask(room, BoardClient.view)).seats[1].name == "Bo Li"
    for name in ("", "x" * 41, "a\x07"):
        error = await refusal(room, lambda client, name=name: client.rename("02", name))  # type: ignore[misc]
        assert error.message == "That cannot be a name."
    assert (
        await refusal(room, lambda client: client.rename("03", "Cy"))
    ).message == "Nobody sits at seat 03."


async def test_a_seat_is_freed(room: FakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_api, "VIEW_SECONDS", 0)
    async with served(room) as server:
        client = BoardClient(str(server.make_url("/")), room.folder.teacher_code)
        assert [seat.id for seat in (await asyncio.to_thread(client.view)).seats] == ["01", "02"]
        await asyncio.to_thread(client.free, "01")
        view = await asyncio.to_thread(client.view)
        assert ([seat.id for seat in view.seats], view.free) == (["02"], 3)
        room.folder.seat("01").take("Cy")
        room.folder.policy.set("02", steps=2)
        view = await asyncio.to_thread(client.view)
        # Nothing of whoever sat there.
        assert [(seat.id, seat.name, seat.lab) for seat in view.seats] == [
            ("01", "Cy", ""),
            ("02", "Bo <b>", ""),
        ]
    assert [call[0] for call in room.calls] == ["free"]
    assert (await refusal(room, lambda client: client.free("03"))).message == "Nobody sits at seat 03."
    assert (await refusal(room, lambda client: client.free("77"))).message == "There is no seat '77'."
    assert (await refusal(room, lambda client: client.free(None))).message == "It is not said which seat."  # type: ignore[arg-type]


async def test_grades_are_written_and_sent(room: FakeRoom) -> None:
    paths = await ask(room, BoardClient.export)
    assert paths == (str(room.folder.root / "grades.csv"), str(room.folder.root / "grades.xml"))
    text = await ask(room, lambda client: client.grades("csv"))
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == ["Ada", "Bo <b>"]
    assert Path(paths[0]).read_text() == text
    assert await ask(room, lambda client: client.grades("xml")) == Path(paths[1]).read_text()


# Who may.


async def test_nothing_answers_without_the_teachers_code(room: FakeRoom) -> None:
    async with served(room, 1000) as server:
        for route in board_api.routes(room, Limit(1)):
            url = server.make_url(route.path.replace("{seat}", "01"))
            for headers in (
                {},
                {board_api.TEACHER_HEADER: room.folder.code},
                {board_api.TEACHER_HEADER: "é" * 12},
            ):
                answer, body = await _send(server, route.method, str(url), headers)
                assert (answer, "teacher's code" in body["error"]) == (401, True)
    assert room.calls == []
    assert not (room.folder.root / "grades.csv").exists()


async def test_a_board_whose_code_is_wrong_does_not_go_on_sending_it(room: FakeRoom) -> None:
    now = 0.0
    async with served(room, wrong_codes=2) as server:
        client = BoardClient(str(server.make_url("/")), "YESTERDAY", lambda: now)
        for moment, words in (
            (0.0, "not the teacher's code"),
            (1.0, "not the teacher's code"),
            (59.0, "not the teacher's code"),
            # Only here it is sent once more.
            (61.0, "not the teacher's code"),
            (62.0, "not the teacher's code"),
            (122.0, "Too many wrong codes"),
        ):
            now = moment
            with pytest.raises(SessionError, match=words):
                await asyncio.to_thread(client.view)


async def test_a_code_may_be_typed_as_people_type(room: FakeRoom) -> None:
    code = room.folder.teacher_code
    await ask(room, BoardClient.view, f" {code[:4]}-{code[4:].lower()} ")


async def test_guessing_is_limited(room: FakeRoom) -> None:
    async with served(room, wrong_codes=2) as server:
        url = str(server.make_url("/board/api/view"))
        codes = ["WRONG", "", "ALSOWRONG", room.folder.teacher_code]
        found = [(await _send(server, "GET", url, {board_api.TEACHER_HEADER: code}))[0] for code in codes]
    # Who sends no code guesses nothing.
    assert found == [401, 401, 401, 429]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 8000,
        b'{"seat": 3}',
        b'{"text": 1}',
        b'{"text": "' + b"x" * 9000 + b'"}',
    ],
)
async def test_a_request_that_is_none(room: FakeRoom, body: bytes) -> None:
    async with served(room) as server:
        url = str(server.make_url("/board/api/message"))
        status, said = await _send(
            server, "POST", url, {board_api.TEACHER_HEADER: room.folder.teacher_code}, body
        )
    assert status == 400
    assert said["error"]
    assert room.calls == []


async def _send(
    server: TestServer, method: str, url: str, headers: dict[str, str], body: bytes = b"{}"
) -> tuple[int, dict[str, Any]]:
    from aiohttp import ClientSession  # noqa: PLC0415 - only here

    async with (
        ClientSession() as session,
        session.request(method, url, headers=headers, data=body if method == "POST" else None) as answer,
    ):
        return answer.status, json.loads(await answer.read())


# The client alone.


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://u:p@x", "http://x/other", "http://x:0", "http://[", ""]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(SessionError, match="is no address of a class"):
        BoardClient(url, "CODE")


@pytest.mark.parametrize("code", ["a\nb: c", "ü"])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(SessionError, match="not the teacher's code"):
        BoardClient("127.0.0.1:8700", code)


def test_nobody_answers() -> None:
    with pytest.raises(SessionError, match=r"No class answers at http://127\.0\.0\.1:1 "):
        BoardClient("127.0.0.1:1/board/", "CODE").view()


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (200, "<html>", "no class of this version"),
        (200, '{"seats": 3}', "no class of this version"),
        (200, "[]", "no class of this version"),
        (500, "<html>", "HTTP 500"),
        (302, "", "HTTP 302"),
    ],
)
async def test_something_else_answers(status: int, text: str, words: str) -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(
            status=status, text=text, headers={"Location": "/elsewhere"} if status == 302 else {}
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        with pytest.raises(SessionError, match=words):
            await asyncio.to_thread(BoardClient(str(server.make_url("/")), "CODE").view)
    # The code goes nowhere else.
    assert seen == ["/board/api/view"]
