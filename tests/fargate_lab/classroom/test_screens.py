"""A seat's screen in browsers: shown, taken over, found again, started again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal

from support.open_rooms import closed, open_class, shown

from fargate_lab.classroom.folder import ClassFolder


def typing(text: str) -> str:
    return json.dumps(["stdin", text])


async def test_a_screen_shows_what_is_typed_and_answers_pings(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        seat = await here.joined(browser)
        assert not here.room.online("01")
        async with here.socket(browser, "/ws?width=100&height=30") as socket:
            await shown(socket, "hello 01 100 30")
            assert here.room.online("01")
            await socket.send_str(typing("aws ecs é"))
            await shown(socket, "typed aws ecs é")
            await socket.send_str('["ping","17"]')
            await shown(socket, r'\["pong", "17"\]')
            await socket.send_str('["resize",{"width":90,"height":20}]')
            await shown(socket, "<90x20>")
            await socket.send_str('["resize",{"width":1000000,"height":-5}]')
            await shown(socket, "<400x5>")
        reached = here.sources.asked[0][1]
        assert reached is not None
        assert reached.endpoint_url == reached.here_url == f"http://127.0.0.1:{here.room.shards.port('01')}"
        assert reached.env_url.endswith(f"/env/{seat.keys.code}")


async def test_a_reload_finds_the_same_screen_drawn_anew(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        seat = await here.joined(browser)
        async with here.socket(browser) as socket:
            first = await shown(socket, "pid=")
        async with here.socket(browser, "/ws?width=70&height=22") as socket:
            text = await shown(socket, r"\[repaint \]")
            assert "hello" not in text
            assert text.startswith("\x1bc\x1b[?1049h")
            assert "<70x22>" in text
        assert f"pid={here.room.screens.pid('01')} " in first
        assert len(here.sources.asked) == 1
        await asyncio.sleep(0)
        kinds = [(each.kind, each.data.get("on")) for each in seat.log.read()[0]]
        assert kinds[:3] == [("joined", None), ("screen", True), ("screen", False)]


async def test_a_second_browser_takes_over_and_the_first_is_told(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as second:
        seat = await here.joined(browser)
        async with here.socket(browser) as old:
            await shown(old, "hello")
            async with second.post("/join", data={"code": seat.keys.code, "name": ""}):
                pass
            waiting = asyncio.create_task(closed(old))
            async with here.socket(second) as new:
                await shown(new, "<80x24>")
                code, why = await waiting
                assert code == 4001
                assert "another browser" in why
                await new.send_str(typing("mine"))
                await shown(new, "typed mine")
                assert here.room.online("01")


async def test_a_screen_without_a_browser_ends_after_a_while(folder: ClassFolder) -> None:
    async with open_class(folder, grace=0.05) as here, here.browser() as browser:
        await here.joined(browser)
        async with here.socket(browser) as socket:
            await shown(socket, "hello")
            pid = here.room.screens.pid("01")
        async with asyncio.timeout(5):
            while here.room.screens.pid("01") == pid:
                await asyncio.sleep(0.02)
        async with here.socket(browser) as socket:
            await shown(socket, "hello")


async def test_a_screen_that_dies_is_started_again_and_one_that_was_left_is_not(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        async with here.socket(browser) as socket:
            first = re.search(r"pid=(\d+)", await shown(socket, r"pid=\d+ "))
            assert first is not None
            os.kill(int(first[1]), signal.SIGKILL)
            again = re.search(r"pid=(\d+)", await shown(socket, r"pid=\d+ "))
            assert again is not None
            assert again[1] != first[1]
            await socket.send_str(typing("leave"))
            code, why = await closed(socket)
            assert (code, why) == (4000, "You have left the lab. Everything is kept.")
        async with here.socket(browser) as socket:
            await shown(socket, "hello")


async def test_a_screen_that_cannot_stay_or_start_says_so(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        async with here.socket(browser) as socket:
            for _ in range(5):
                await shown(socket, "pid=")
                await socket.send_str(typing("die"))
            assert await closed(socket) == (4002, "The screen does not stay. Try again in a moment.")
        here.sources.trouble = "There are no screens today."
        async with here.socket(browser) as socket:
            assert await closed(socket) == (4002, "There are no screens today.")


async def test_packets_that_nobody_understands_do_no_harm(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        async with here.socket(browser) as socket:
            await socket.send_str(typing("nonsense"))
            text = await shown(socket, "still here")
            assert "javascript" not in text


async def test_the_teacher_looks_and_speaks(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as another:
        await here.joined(browser, "Ada")
        await here.joined(another, "Bob")
        assert await here.room.look("01") is None
        async with here.socket(browser) as one, here.socket(another) as two:
            await shown(one, "hello 01")
            await shown(two, "hello 02")
            look = await here.room.look("02")
            assert look is not None
            assert (look.seat, look.lines, look.width, look.svg) == ("02", ("screen of 02",), 80, "<svg/>")
            await here.room.tell({"do": "message", "text": "Hello"})
            await shown(one, r"\[message Hello\]")
            await shown(two, r"\[message Hello\]")
            await here.room.begin_anew("02")
            await shown(two, r"\[reset \]")
            assert await here.room.ask("02", "/_lab/status") == {"label": "core-lab", "path": "/_lab/status"}
            assert folder.seats[1].log.read()[0][-1].kind == "reset"


async def test_the_board_in_a_browser_is_a_screen_of_its_own(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        async with browser.post("/board", data={"code": folder.teacher_code}):
            pass
        async with here.socket(browser, "/board/ws") as one, here.socket(browser, "/board/ws") as two:
            await shown(one, "hello board 80 24")
            await shown(two, "hello board")
            await one.send_str(typing("leave"))
            assert await closed(one) == (4000, "You have left the board. The class goes on.")
        async with asyncio.timeout(5):
            while here.room.screens._boards:
                await asyncio.sleep(0.02)


async def test_the_end_of_the_class_is_told(folder: ClassFolder) -> None:
    async with open_class(folder) as here:
        browser = here.browser()
        await here.joined(browser)
        socket = await here.socket(browser)
        await shown(socket, "hello")
        ended = asyncio.create_task(closed(socket))
    assert await ended == (4003, "The class has ended. Everything is kept.")
    await browser.close()
