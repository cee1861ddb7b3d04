"""A picture of the screen, for a report or a README."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_driving import settled
from tui_fakes import FakeSession

from tui.app import LabApp
from tui.frame import free_name


async def test_f12_saves_what_is_on_screen(
    session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fargate-lab-1.svg").write_text("kept")
    app = LabApp(session)
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("f12")
        await settled(pilot)
    assert (tmp_path / "fargate-lab-1.svg").read_text() == "kept"
    assert "<svg" in (tmp_path / "fargate-lab-2.svg").read_text(encoding="utf-8")
    assert free_name(tmp_path).name == "fargate-lab-3.svg"


async def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tui.frame.free_name", lambda _folder: tmp_path / "gone" / "x.svg")
    app = LabApp(session)
    async with app.run_test(notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("f12")
        await settled(pilot)
        assert ["No picture" in note.message for note in app._notifications] == [True]
