"""The nursery and the screens that it forks, each a process of its own, with real pipes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from support import rooms
from support.rooms import Viewer

from fargate_lab.classroom.confinement import SCREEN_MEMORY
from fargate_lab.classroom.nursery import GONE, Nursery
from fargate_lab.errors import SurroundingsError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="seats are forked")


class Running:
    """Stands for the process of a nursery that the room has started."""

    returncode = None


@pytest.fixture
def nursery(room: Any) -> Nursery:
    return Nursery(Running(), room.nursery)  # type: ignore[arg-type]


async def console(viewer: Viewer) -> None:
    await viewer.until("of 2 pass")
    viewer.type("i")
    await viewer.until("Type aws and")


async def test_a_seat_opens_the_lab_of_the_class_and_runs_commands(nursery: Nursery, room: Any) -> None:
    viewer = await Viewer.of(nursery, room.start("01"))
    shown = await viewer.until("1/8  Create a cluster", "of 2 pass")
    assert "Shell" not in shown
    if sys.platform == "linux":
        limits = Path(f"/proc/{viewer.screen.pid}/limits").read_text()
        most = re.search(r"Max address space +(\d+)", limits)
        assert most is not None
        assert int(most[1]) < 4 * SCREEN_MEMORY
    await console(viewer)
    viewer.type("aws sts get-caller-identity --query Account --output text\r")
    await viewer.until(room.folder.seat("01").keys.account)
    viewer.type("cat /etc/passwd\r")
    await viewer.until("There is no `cat` here")
    room.folder.seat("01").log.message("Five [b]minutes[/b] left")
    viewer.tell({"do": "message", "text": "Five [b]minutes[/b] left"})
    await viewer.until("The teacher says", "Five [b]minutes[/b] left")
    look = await viewer.look()
    assert (look["width"], look["height"], len(look["lines"])) == (120, 40, 40)
    assert look["svg"].startswith("<svg")
    viewer.tell({"width": 200, "height": 9999}, "resize")
    await viewer.until("aws sts")
    look = await viewer.look()
    assert (look["width"], look["height"]) == (200, 150)
    viewer.tell({}, "quit")
    assert await asyncio.wait_for(viewer.screen.wait(), 20) == 0
    assert {"type": "exit"} in viewer.metas
    kinds = [kind for kind, _ in room.log("01")]
    assert kinds == ["opened", "command", "command", "message"]


async def test_who_sits_at_a_freed_seat_finds_nothing_of_who_sat_there(nursery: Nursery, room: Any) -> None:
    before = room.folder.seat("08")
    before.take("Ada")
    (before.state).mkdir(parents=True, exist_ok=True)
    (before.state / "history").write_text("aws ecs list-secrets-of-ada\n")
    after = room.folder.free("08")
    after.take("Bob")
    viewer = await Viewer.of(nursery, room.start("08"))
    await viewer.until("Ctrl+P")
    viewer.type("t")
    async with asyncio.timeout(20):
        while not (after.state / "preferences.json").exists():
            await asyncio.sleep(0.05)
    assert not (before.state / "preferences.json").exists()
    viewer.screen.kill()
    await asyncio.wait_for(viewer.screen.wait(), 20)


async def test_two_seats_do_not_see_each_other(nursery: Nursery, room: Any) -> None:
    one, two = [await Viewer.of(nursery, room.start(each)) for each in ("02", "03")]
    await asyncio.gather(console(one), console(two))
    one.type("aws ecs create-cluster --cluster-name mine --query cluster.status\r")
    await one.until("ACTIVE")
    two.type("aws ecs list-clusters --output text --query 'length(clusterArns)'\r")
    await two.until(" 0\n")
    assert "mine" not in await two.text()
    for viewer in (one, two):
        viewer.screen.kill()
        assert await asyncio.wait_for(viewer.screen.wait(), 20) in (0, -signal.SIGTERM)


async def test_a_screen_ends_when_its_pipes_close_and_another_goes_on_where_it_was(
    nursery: Nursery, room: Any
) -> None:
    viewer = await Viewer.of(nursery, room.start("04"))
    await console(viewer)
    viewer.type("MINE=kept\r")
    await viewer.until("❯ MINE=kept", "❯ aws ecs")
    viewer.screen.stdin.close()
    assert await asyncio.wait_for(viewer.screen.wait(), 20) == 0
    again = await Viewer.of(nursery, room.start("04"))
    await console(again)
    again.type("echo $MINE\r")
    await again.until("❯ echo $MINE", " kept")
    os.kill(again.screen.pid, signal.SIGKILL)
    assert await asyncio.wait_for(again.screen.wait(), 20) == -signal.SIGKILL
    assert [data["resumed"] for kind, data in room.log("04") if kind == "opened"] == [False, True]


async def test_a_screen_that_cannot_be_says_why_in_its_log(nursery: Nursery, room: Any) -> None:
    screen = await nursery.screen(room.start("99"), 80, 24)
    assert await asyncio.wait_for(screen.wait(), 20) != 0
    assert "no seat '99'" in (room.folder.root / "seats" / "99" / "screen.log").read_text()


async def test_what_is_no_request_is_told_so_and_harms_nobody(nursery: Nursery, room: Any) -> None:
    for sent in (b"\xff\xff\xff\xff", b"\0\0\0\2{}", b"\0\0\0\2[]", b"\0\0\0\3{x}"):
        with socket.socket(socket.AF_UNIX) as visitor:
            visitor.connect(str(room.nursery))
            visitor.sendall(sent)
            visitor.settimeout(10)
            assert "error" in json.loads(visitor.recv(1000))
            assert visitor.recv(1000) == b""
    viewer = await Viewer.of(nursery, room.start("05"))
    viewer.screen.kill()
    await asyncio.wait_for(viewer.screen.wait(), 20)


async def test_the_death_of_the_nursery_is_noticed_and_it_can_be_started_again(room: Any) -> None:
    with rooms.short_folder() as folder:
        first = await Nursery.start(folder / "nursery")
        viewer = await Viewer.of(first, room.start("06"))
        await viewer.until("1/8")
        os.kill(first.pid, signal.SIGKILL)
        assert await asyncio.wait_for(viewer.screen.wait(), 20) == GONE
        await viewer.end()
        assert not first.alive
        with pytest.raises(SurroundingsError, match="could not be made"):
            await first.screen(room.start("06"), 80, 24)
        second = await Nursery.start(folder / "nursery")
        again = await Viewer.of(second, room.start("06"))
        await again.until("1/8")
        await second.close()
        await again.end()
        assert await asyncio.wait_for(again.screen.wait(), 20) in (0, -signal.SIGTERM, GONE)
        assert not (folder / "nursery").exists()


async def test_an_address_that_is_too_long_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="too long"):
        await Nursery.start(tmp_path / ("x" * 120))
