"""The command keeps the server: starts it, starts it again, ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fargate_lab.classroom import keeper
from fargate_lab.classroom.keeper import Keeper, free_ports
from fargate_lab.errors import SurroundingsError, UsageError

SERVER = """
import json, os, sys
print(json.dumps({"address": "http://x", "pid": os.getpid(), "words": sys.argv[1:]}), flush=True)
while os.read(0, 100): pass
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(keeper, "SERVER", (sys.executable, "-S", "-c", SERVER))
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE_SECONDS", 0.02)
    return []


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_server_that_dies_is_started_again_and_ends_with_its_keeper(
    told: list[str], tmp_path: Path
) -> None:
    with Keeper(["--class", "x"], tmp_path / "log", told.append) as kept:
        assert kept.said["words"] == ["--class", "x"]
        first = kept.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: kept.said["pid"] != first)
        assert told == ["The server of the class ended (exit code -9) and is started again. Nothing is lost."]
        second = kept.pid
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_one_that_does_not_stay_is_given_up(
    told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Keeper([], tmp_path / "log", told.append) as kept:
        kept._argv = [sys.executable, "-S", "-c", "import sys; sys.exit('the disk is full')"]
        os.kill(kept.pid, signal.SIGKILL)
        until(kept.over.is_set)
    assert "the disk is full" in told[1]
    assert "does not stay" in told[-1]


def test_one_that_never_starts_is_an_error_in_its_own_words(
    told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, kind in ((3, SurroundingsError), (2, UsageError)):
        program = f"import sys; print('that will not do', file=sys.stderr); sys.exit({code})"
        monkeypatch.setattr(keeper, "SERVER", (sys.executable, "-S", "-c", program))
        with pytest.raises(kind, match="that will not do"):
            Keeper([], tmp_path / "log", told.append)


def test_free_ports_are_in_a_row_and_free() -> None:
    port = free_ports("127.0.0.1", 3)
    assert port + 2 < 32_768  # from there on Linux gives them to whoever asks for any
    for k in range(3):
        with socket.create_server(("127.0.0.1", port + k)):
            pass
