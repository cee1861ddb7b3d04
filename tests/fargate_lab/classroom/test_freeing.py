"""A seat that the teacher frees: who sat there is out, who comes next begins with nothing, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import pytest
from support.classes import entry, write
from support.open_rooms import closed, open_class, shown

from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.shards import described
from fargate_lab.errors import UsageError


def test_a_freed_seat_has_other_keys_and_a_folder_of_its_own(folder: ClassFolder) -> None:
    before = folder.seat("02")
    before.take("Ada")
    write(before, entry(0, "opened", lab="core-lab"))
    folder.policy.set("02", steps=3)
    folder.policy.set("01", steps=4)
    after = folder.free("02")
    assert after is folder.seat("02")
    for name in ("code", "account", "key_id", "secret_key", "token", "seed"):
        assert getattr(after.keys, name) != getattr(before.keys, name)
    assert after.keys.code[0] == before.keys.code[0]  # it is in the same room
    assert (after.name, before.name, folder.free_seat()) == ("", "", folder.seat("01"))
    assert (folder.policy.of("02").steps, folder.policy.of("01").steps) == (None, 4)
    assert folder.seat_of(before.keys.code) is None
    assert after.log.read()[0] == []
    assert [each.kind for each in before.log.read()[0]] == ["opened"]  # what was done there is kept
    assert json.loads((before.folder / "seat-left.json").read_text())["name"] == "Ada"
    # Likewise in the next lesson, and for programs that read the folder anew.
    again = ClassFolder.open(folder.name)
    assert [seat.keys for seat in again.seats] == [seat.keys for seat in folder.seats]
    assert again.seat("02").folder == after.folder


def test_a_seat_can_be_freed_again_and_one_that_is_free_cannot(folder: ClassFolder) -> None:
    codes = {folder.seat("01").keys.code}
    for name in ("Ada", "Bob", "Cy"):
        folder.seat("01").take(name)
        codes.add(folder.free("01").keys.code)
    assert len(codes) == 4
    with pytest.raises(UsageError, match="Nobody sits at seat 01"):
        folder.free("01")
    with pytest.raises(UsageError, match="There is no seat"):
        folder.free("99")


async def test_who_sat_there_is_out_and_who_comes_next_has_it(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as second:
        before = await here.joined(browser, "Ada")
        async with here.socket(browser) as socket:
            await shown(socket, "hello")
            waiting = asyncio.create_task(closed(socket))
            await here.room.free("01")
            code, why = await waiting
            assert (code, why) == (4004, "Your teacher has freed this seat. Join again, if you are to.")
        async with browser.get("/seat", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
        async with browser.get("/seat/alive") as answer:
            assert answer.status == 403
        async with browser.get(f"/env/{before.keys.code}") as answer:
            assert answer.status == 404
        async with browser.post("/join", data={"code": before.keys.code, "name": "Ada"}) as answer:
            assert answer.status == 403
        after = await here.joined(second, "Bob")
        assert (after.id, after.name) == ("01", "Bob")
        async with here.socket(second) as socket:
            await shown(socket, "hello 01")
        # The world's process knows whose it is now.
        with pytest.raises(Exception, match="no world is open"):
            await here.room.ask("01", "/_lab/status")


async def test_who_comes_next_does_not_wait_for_what_the_one_before_did_too_often(
    folder: ClassFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fargate_lab.classroom.pages.ENTRIES_AT_ONCE", 1.0)
    monkeypatch.setattr("fargate_lab.classroom.pages.ENTRIES_PER_SECOND", 0.01)
    async with open_class(folder) as here, here.browser() as browser, here.browser() as second:
        before = await here.joined(browser, "Ada")
        async with here.socket(browser) as socket:
            await shown(socket, "hello")
        # Nobody waits for so long, nor is anything kept of who goes away.
        async with browser.get("/ws", headers={"Origin": here.url, "Upgrade": "websocket"}) as answer:
            assert answer.status == 429
        async with browser.post("/join", data={"code": before.keys.code, "name": ""}) as answer:
            assert (answer.status, "joined too often" in await answer.text()) == (429, True)
        assert [each.kind for each in before.log.read()[0]].count("joined") == 1
        await here.room.free("01")
        await here.joined(second, "Bob")
        async with here.socket(second) as socket:
            await shown(socket, "hello 01")


async def test_who_is_just_coming_in_is_refused(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser, "Ada")
        before = folder.seat("01")
        await here.room.free("01")
        with pytest.raises(UsageError, match="was freed"):
            await here.room.screens.enter(before, None, None, (80, 24))  # type: ignore[arg-type]


async def test_a_screen_that_dies_just_then_is_not_followed_by_one_of_who_comes_next(
    folder: ClassFolder,
) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser, "Ada")
        async with here.socket(browser) as socket:
            await shown(socket, "hello")
            folder.free("01")
            os.kill(here.room.screens.pid("01"), signal.SIGKILL)
            assert await closed(socket) == (4002, "This seat was freed.")
        assert len(here.sources.asked) == 1


async def test_a_process_that_missed_it_is_started_again_with_what_holds_now(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser, "Ada")
        first = here.room.shards.pids
        # It is away at just this moment.
        here.room.shards.begin_again("01")
        await here.room.free("01")
        async with asyncio.timeout(10):
            while len(here.room.shards.pids) == 0 or here.room.shards.pids == first:
                await asyncio.sleep(0.02)
        written = json.loads((folder.root / "run" / "shard-0.json").read_text())
        assert described(folder.seat("01")) in written["seats"]
