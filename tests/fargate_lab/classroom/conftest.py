"""A class on the disk, and one room for the tests of a file: a class, its shard, and a nursery."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import rooms

from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.nursery import SeatStart
from fargate_lab.classroom.seat_ground import SeatGround
from fargate_lab.classroom.seat_session import SeatSession


@dataclass
class Room:
    """`nursery` is the address of one that runs, `shard` the endpoint."""

    folder: ClassFolder
    shard: str
    nursery: Path

    def start(self, seat: str) -> SeatStart:
        return SeatStart(str(self.folder.root), seat, self.shard, env_url=f"http://class/env/{seat}")

    def session(self, seat: str, monkeypatch: pytest.MonkeyPatch) -> SeatSession:
        place = self.folder.seat(seat)
        monkeypatch.setenv("FARGATE_LAB_HOME", str(place.home))
        ground = SeatGround(
            self.folder,
            place,
            shard_url=self.shard,
            here_url=self.shard,
            nursery=self.nursery,
            own_shell="See the page of your seat.",
        )
        return SeatSession(self.folder, place, ground)

    def log(self, seat: str) -> list[tuple[str, dict[str, Any]]]:
        entries, _ = self.folder.seat(seat).log.read()
        return [(each.kind, each.data) for each in entries]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with pytest.MonkeyPatch.context() as patch, rooms.short_folder() as short:
        patch.setenv("FARGATE_LAB_HOME", str(tmp_path_factory.mktemp("class")))
        folder = ClassFolder.create("demo", seats=12)
        address = short / "nursery"
        argv = [sys.executable, "-X", "utf8", "-m", "fargate_lab.classroom.nursery", "--socket", str(address)]
        with (
            rooms.shard(folder) as shard,
            subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == b'{"ready": true}\n'
                yield Room(folder, shard, address)
            finally:
                process.stdin.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClassFolder:
    """Three seats."""
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path / "home"))
    return ClassFolder.create("demo", seats=3)
