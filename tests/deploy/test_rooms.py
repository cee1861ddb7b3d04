"""A class of two real rooms behind the proxy: joining, screens, signed calls from an own shell, and a room that is replaced meanwhile."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import Any

import aiohttp
import botocore.session
from support.proxy import SECRET, Proxy, needs_nginx, rooms_conf
from support.running_class import Learner, RunningClass, eventually

from fargate_lab.classroom.board_client import BoardClient
from fargate_lab.classroom.codes import ROOMS
from fargate_lab.classroom.keeper import free_ports

pytestmark = needs_nginx


def opened(home: Path, number: int, port: int, proxy: Proxy) -> RunningClass:
    """A room of one seat, as an orchestrator starts it: with the same words each time."""
    home.mkdir(exist_ok=True)
    room = ["--room", str(number), "--rooms", "2", "--secret", SECRET, "--seats", "1", "--lab", "core-lab"]
    place = ["--port", str(port), "--shards", "1", "--public", proxy.url, "--public-endpoint", proxy.url]
    return RunningClass(home, *room, *place)


async def exports(proxy: Proxy, code: str) -> dict[str, str]:
    """What an own shell is told, once there is a world."""
    while True:
        async with aiohttp.ClientSession() as shell, shell.get(f"{proxy.url}/env/{code}") as answer:
            assert answer.status == 200
            words = shlex.split(await answer.text())
        found = dict(word.split("=", 1) for word in words if "=" in word)
        if "SUBNET_A" in found:
            return found
        await asyncio.sleep(0.1)


def client(env: dict[str, str]) -> Any:
    return botocore.session.Session().create_client(
        "ecs",
        region_name="us-east-1",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def clusters(ecs: Any) -> set[str]:
    return {arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]}


async def test_two_rooms_are_one_class(tmp_path: Path) -> None:
    ports = [free_ports("127.0.0.1", 2) for _ in range(2)]
    people: list[Learner] = []
    rooms: list[RunningClass] = []
    with Proxy(tmp_path, rooms_conf(*(f"127.0.0.1:{port}" for port in ports))) as proxy:
        try:
            opening = [
                asyncio.to_thread(opened, tmp_path / str(n), n, port, proxy)
                for n, port in enumerate(ports, 1)
            ]
            tried = await asyncio.gather(*opening, return_exceptions=True)
            rooms = [room for room in tried if isinstance(room, RunningClass)]
            assert tried == rooms
            assert rooms[0].code == rooms[1].code
            # One comes to the room that the proxy chose; the other to the same or not: it is full, and sends on.
            for name in ("Ada", "Grace"):
                somebody = Learner(rooms[0], name)
                await somebody.join()
                await somebody.close()
            people = [Learner(room, room.folder.seats[0].name) for room in rooms]
            assert {each.name for each in people} == {"Ada", "Grace"}
            for room, each in zip(rooms, people, strict=True):
                board = BoardClient(room.said["board"], room.teacher_code)
                assert [row.name for row in (await asyncio.to_thread(board.view)).seats] == [each.name]
            await _nobody_else_finds_a_seat(proxy, rooms[0].code)
            # From another machine: the code of the seat is enough to find the room.
            for each in people:
                await each.join(each.seat.keys.code)
                await each.look()
            envs = [await exports(proxy, each.seat.keys.code) for each in people]
            for env, room in zip(envs, ROOMS, strict=False):
                assert env["AWS_ENDPOINT_URL"] == proxy.url
                assert env["AWS_ACCESS_KEY_ID"][4] == room
                client(env).create_cluster(clusterName=f"of-{room}")
            assert ["of-A" in clusters(client(env)) for env in envs] == [True, False]
            assert ["of-B" in clusters(client(env)) for env in envs] == [False, True]

            # Room 2 is replaced. Whoever looks meanwhile is told; room 1 works on.
            rooms[1].stop()
            assert rooms[1].process.returncode == 0
            assert await _status(proxy, "B") == 503
            assert "of-A" in clusters(client(envs[0]))
            await eventually(lambda: not people[1].connected)
            rooms[1] = opened(tmp_path / "2", 2, ports[1], proxy)
            assert "of-B" in clusters(client(envs[1]))
            await people[1].look()
            await eventually(lambda: people[1].drawn)
        finally:
            for each in people:
                await each.close()
            for room in rooms:
                room.stop()


async def _nobody_else_finds_a_seat(proxy: Proxy, code: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        form, headers = {"code": code, "name": "Eve"}, {"Origin": proxy.url}
        async with browser.post(f"{proxy.url}/join", data=form, headers=headers) as answer:
            assert answer.status == 409
            assert "Every seat is taken" in await answer.text()


async def _status(proxy: Proxy, room: str) -> int:
    async with (
        aiohttp.ClientSession(headers={"Cookie": f"room={room}"}) as browser,
        browser.get(f"{proxy.url}/seat") as answer,
    ):
        return answer.status
