"""The processes that hold the worlds: started, kept on their ports, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
from collections.abc import Callable

import aiohttp
import pytest
from support.open_rooms import FAKE_SHARD

from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.hold import held
from fargate_lab.classroom.shards import Shards
from fargate_lab.errors import PortTakenError, SurroundingsError


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)


async def test_seats_are_dealt_out_to_ports_and_files_are_for_the_owner_alone(folder: ClassFolder) -> None:
    shards = Shards(folder, count=2, bind="127.0.0.1", program=FAKE_SHARD)
    await shards.start()
    try:
        assert shards.port("01") == shards.port("03") != shards.port("02")
        assert len(shards.pids) == 2
        assert shards.trouble == ""
        written = sorted((folder.root / "run").iterdir())
        assert [stat.S_IMODE(each.stat().st_mode) for each in written] == [0o600, 0o600]
        first = json.loads(written[0].read_text())
        assert first["token"] == folder.host_token
        assert [each["seat"] for each in first["seats"]] == ["01", "03"]
        assert first["seats"][0]["state"] == str(folder.seats[0].state)
    finally:
        await shards.close()
    assert not list((folder.root / "run").iterdir())
    assert shards.pids == []


async def test_one_that_is_killed_or_hangs_comes_back_on_its_port(
    folder: ClassFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fargate_lab.classroom.shards._ASK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr("fargate_lab.classroom.shards._ANSWER_SECONDS", 0.1)
    shards = Shards(folder, count=1, bind="127.0.0.1", program=FAKE_SHARD)
    await shards.start()
    try:
        for strike in (signal.SIGKILL, signal.SIGSTOP):
            port, (before,) = shards.port("01"), shards.pids
            os.kill(before, strike)
            await until(lambda before=before: shards.pids not in ([], [before]))
            assert shards.port("01") == port
            await until(lambda: shards.trouble == "")
            async with (
                aiohttp.ClientSession() as client,
                client.get(f"{shards.inner_url('01')}/_lab/status") as answer,
            ):
                assert answer.status == 403
    finally:
        await shards.close()


async def test_a_port_that_is_taken_is_named(folder: ClassFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shards = Shards(folder, count=1, bind="127.0.0.1", first_port=port, program=FAKE_SHARD)
        with pytest.raises(PortTakenError, match=f"Port {port} is taken"):
            await shards.start()


async def test_one_that_cannot_start_says_why(folder: ClassFolder) -> None:
    program = (*FAKE_SHARD[:1], "-c", "import sys; sys.exit('no worlds today')")
    shards = Shards(folder, count=2, bind="127.0.0.1", program=program)
    with pytest.raises(SurroundingsError, match="no worlds today"):
        await shards.start()
    assert shards.pids == []


def test_a_class_is_open_once(folder: ClassFolder) -> None:
    with (
        held(folder.root),
        pytest.raises(SurroundingsError, match="open in another program"),
        held(folder.root, patience=0.0),
    ):
        pass
    with held(folder.root, patience=0.0):
        pass
