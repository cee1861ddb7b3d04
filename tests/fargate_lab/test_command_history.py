"""The lines of before: the last ones, and not without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from fargate_lab import command_history, paths


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(tmp_path))


def test_the_last_lines_are_kept_and_none_twice_in_a_row() -> None:
    for line in ("one", "one", " ", "two\nlines", "one"):
        command_history.remember(line)
    assert command_history.remembered() == ["one", "two lines", "one"]


def test_long_lines_do_not_fill_the_disk() -> None:
    for number in range(20):
        command_history.remember(f"echo {number} " + "x" * 90_000)
    assert paths.history_file().stat().st_size <= 500_000
    known = command_history.remembered()
    assert [line.split()[1] for line in known] == ["15", "16", "17", "18", "19"]
    command_history.remember("x" * 1_000_000)
    assert command_history.remembered() == known
