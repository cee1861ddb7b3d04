"""The journal of faults: on the disk first, readable after any end, and honest when it is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.errors import FaultError
from chaos.toolkit.journal import FaultJournal
from chaos.undo import Undo, UndoStep

WHOSE = {"account": "123456789012", "region": "us-east-1"}
UNDO = Undo("bad_image", "x", (UndoStep("deregister_revisions", {"family": "f", "tag": "t"}),))


@pytest.fixture
def journal(tmp_path: Path) -> FaultJournal:
    """One without a file yet, in a folder that is not there yet."""
    return FaultJournal(tmp_path / "deep" / "faults.jsonl")


def test_what_is_injected_is_in_force_until_it_is_reverted(journal: FaultJournal) -> None:
    assert journal.in_force() == []
    numbers = [journal.injected(WHOSE, {"service": name}, UNDO) for name in ("a", "b", "ü")]
    assert numbers == [1, 2, 3]
    journal.reverted(2)
    again = FaultJournal(journal.path)
    assert [each.settings["service"] for each in again.in_force()] == ["a", "ü"]
    first = again.in_force()[0]
    assert (first.undo, first.account, first.region, first.fault) == (
        UNDO,
        "123456789012",
        "us-east-1",
        "bad_image",
    )
    assert again.injected(WHOSE, {}, UNDO) == 4
    assert journal.path.stat().st_mode & 0o077 == 0


def test_a_line_is_on_the_disk_when_the_writer_returns(
    journal: FaultJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []

    def fsync(handle: int) -> None:
        synced.append(journal.path.read_bytes())
        os.fstat(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.injected(WHOSE, {}, UNDO)
    assert synced[0].endswith(b"}\n")
    assert len(synced) == 2  # the folder, too, in which the file is new
    journal.reverted(1)
    assert synced[-1].count(b"\n") == 2


def test_a_line_that_was_being_written_is_nothing_and_is_taken_away(journal: FaultJournal) -> None:
    journal.injected(WHOSE, {}, UNDO)
    whole = journal.path.read_bytes()
    for length in range(0, len(whole), 7):
        journal.path.write_bytes(whole + whole[:length])
        assert len(journal.in_force()) == 1
    journal.reverted(1)
    assert journal.in_force() == []
    assert journal.path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"schema": 2, "kind": "reverted", "number": 1}',
        '{"schema": 1, "kind": "reverted"}',
        '{"schema": 1, "kind": "injected", "number": 1}',
        '{"schema": 1, "kind": "injected", "number": 1, "account": "1", "region": "r", "settings": {}, '
        '"undo": {"fault": "f", "target": "t", "steps": [{"do": "rm", "arguments": {}}]}}',
    ],
)
def test_a_damaged_line_is_told_with_its_place_and_nothing_is_guessed(
    journal: FaultJournal, line: str
) -> None:
    journal.injected(WHOSE, {}, UNDO)
    with journal.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(FaultError) as caught:
        journal.in_force()
    assert str(caught.value).startswith(f"{journal.path}:2: ")
    assert "take the fault back by hand" in caught.value.hint


def test_what_cannot_be_written_or_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FaultError, match="cannot be written"):
        FaultJournal(tmp_path / "file" / "faults.jsonl").reverted(1)
    with pytest.raises(FaultError, match="cannot be read"):
        FaultJournal(tmp_path).in_force()
