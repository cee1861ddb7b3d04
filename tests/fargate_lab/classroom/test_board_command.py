"""`fargate-lab board`: what it prints, writes and refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from support.classes import FakeRoom, served

from fargate_lab.__main__ import main
from fargate_lab.classroom.folder import ClassFolder
from tui.classroom import BoardDoor


@pytest.fixture
def room(home: Path) -> FakeRoom:
    """One of two seats is taken."""
    folder = ClassFolder.create("monday", seats=2)
    folder.seat("01").take("Ada")
    return FakeRoom(folder)


async def run(room: FakeRoom, *words: str) -> int:
    """Run the command against a class."""
    async with served(room) as server:
        return await asyncio.to_thread(main, ["board", str(server.make_url("/")), *words])


async def test_the_board_as_json(
    room: FakeRoom, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARGATE_LAB_TEACHER", room.folder.teacher_code)
    assert await run(room, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [seat["name"] for seat in said["seats"]] == ["Ada"]
    assert said["policy"] == {"lab": "core-lab", "steps": None, "hints": "all", "solutions": True}


@pytest.mark.parametrize(("name", "begins"), [("g.csv", "seat,name,lab,"), ("G.XML", "<?xml ")])
async def test_grades_into_a_file(
    room: FakeRoom, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, begins: str
) -> None:
    assert await run(room, "--code", room.folder.teacher_code, "--grades", str(tmp_path / name)) == 0
    assert (tmp_path / name).read_text().startswith(begins)
    assert capsys.readouterr().out == ""


async def test_a_wrong_code(room: FakeRoom, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(room, "--code", room.folder.code, "--json") == 3
    assert "That is not the teacher's code." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--json", "--grades", "x.csv"], 2, "not allowed with"),
        (["--grades", "x.txt"], 2, "ends neither in .csv nor in .xml"),
        (["--json"], 2, "The teacher's code is missing"),
        ([], 3, "The board needs a terminal"),
        (["http://x/y", "--json", "--code", "A"], 3, "is no address of a class"),
    ],
)
def test_what_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert main(["board", *words]) == code
    assert said in capsys.readouterr().err


async def test_the_board_in_a_terminal(room: FakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[BoardDoor] = []
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    monkeypatch.setattr("tui.board.run", opened.append)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: room.folder.teacher_code)
    assert await run(room) == 0
    assert len(opened) == 1
    # A code that does not open it is refused before there is a screen.
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "WRONG")
    assert await run(room) == 3
    assert len(opened) == 1
