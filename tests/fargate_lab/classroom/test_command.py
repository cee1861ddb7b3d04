"""`fargate-lab classroom`: what it refuses, what it tells, what it leaves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fargate_lab.arguments import parse
from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.commands import classroom as command
from fargate_lab.errors import ExitCode, LabError


class FakeKeeper:
    """A server that is there until Ctrl-C, which comes at once."""

    words: tuple[str, ...] = ()
    trouble = ""

    def __init__(self, words: list[str], *_: object) -> None:
        type(self).words = tuple(words)
        self.said: dict[str, Any] = {
            "address": "http://127.0.0.1:8700",
            "board": "http://127.0.0.1:8700/board",
            "code": "ABCDEF",
            "teacher_code": "ABCDEFGHJKMN",
            "trouble": self.trouble,
        }
        self.over = self

    def __enter__(self) -> FakeKeeper:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, _seconds: float) -> bool:
        """Ctrl-C."""
        raise KeyboardInterrupt


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(command, "Keeper", FakeKeeper)
    return tmp_path


def run(*words: str) -> argparse.Namespace:
    return parse(["classroom", "--no-screen", *words])


def test_a_class_is_made_told_and_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        command.classroom(run("--seats", "4", "--lab", "p06-no-breaker", "--name", "monday", "--shards", "2"))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "address: http://127.0.0.1:8700",
        "code of the class: ABCDEF",
        "board: http://127.0.0.1:8700/board",
        "teacher's code: ABCDEFGHJKMN",
        "ready",
    ]
    assert err.endswith("fargate-lab classroom --resume monday\n")
    assert "trust" not in err
    folder = ClassFolder.open("monday")
    assert len(folder.seats) == 4
    assert folder.policy.of().lab == "p06-no-breaker"
    assert FakeKeeper.words[:8] == (
        *("--class", str(folder.root), "--bind", "127.0.0.1"),
        *("--port", "8700", "--shards", "2"),
    )
    with pytest.raises(LabError, match="There is a class 'monday' already"):
        command.classroom(run("--name", "monday"))
    with pytest.raises(KeyboardInterrupt):
        command.classroom(run("--resume", "monday", "--lab", "core-lab"))
    assert folder.policy.of().lab == "core-lab"
    assert command.classroom(run("--list")) is ExitCode.OK
    assert "monday" in capsys.readouterr().out


def test_how_to_go_on_says_where_the_learners_look(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--bind", "127.0.0.2", "--port", "9700", "--allow-host", "class.test")
    for each in (("--name", "monday"), ("--resume", "monday")):
        with pytest.raises(KeyboardInterrupt):
            command.classroom(run(*each, *words))
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert said.endswith(f": fargate-lab classroom --resume monday {' '.join(words)}")


def test_an_address_for_others_brings_a_warning(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        command.classroom(run("--bind", "0.0.0.0"))
    assert "only in a network that you trust" in capsys.readouterr().err


def test_a_room_with_the_secret_of_its_class_is_gone_on_with(home: Path) -> None:
    words = ("--name", "large", "--room", "2", "--rooms", "3", "--secret", "ab" * 32)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            command.classroom(run(*words))
    assert ClassFolder.open("large").room == 2
    assert FakeKeeper.words[FakeKeeper.words.index("--rooms") + 1] == "3"
    for other in (("--room", "1", "--secret", "ab" * 32), ("--room", "2", "--secret", "cd" * 32)):
        with pytest.raises(LabError, match="already"):
            command.classroom(run("--name", "large", *other))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--seats", "0"), "1 to 200 seats"),
        (("--bind", "here"), "no address of this machine"),
        (("--port", "70000"), "no port"),
        (("--shards", "0"), "processes for its worlds"),
        (("--rooms", "99"), "rooms"),
        (("--room", "x"), "not a room"),
        (("--secret", "x"), "64 hexadecimal digits"),
        (("--name", "../x"), "cannot be the name"),
        (("--resume", "nothing"), "There is no class"),
        (("--resume", "x", "--seats", "3"), "goes without"),
        (("--lab", "nonsense"), "nonsense"),
        (("--public", "ftp://x"), "no address"),
        (("--public-endpoint", "https://x/path"), "no address"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    home: Path, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(LabError, match=why):
        command.classroom(run(*words))
    assert not (home / "state" / "classes").exists()


def test_a_machine_that_cannot_is_told_what_can(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(LabError, match="aiohttp") as error:
        command.classroom(run())
    assert "fargate-lab[classroom]" in error.value.hint
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(LabError, match="Linux or macOS"):
        command.classroom(run())
