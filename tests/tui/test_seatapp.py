"""The application of a seat: what the room's server tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from textual._compositor import LayoutUpdate
from tui_driving import settled
from tui_fakes import FakeSession

from tui.seatapp import SeatApp, Told
from tui.session import LabView


class FakeDoor(FakeSession):
    """A seat whose teacher leaves the choice, and has said nothing."""

    def wanted(self) -> str:
        """Nothing in particular."""
        return ""

    def view(self) -> LabView | None:
        """None is open."""
        return None

    def said(self) -> list[str]:
        """Nothing."""
        return []

    def unread(self) -> Mapping[int, str]:
        """Likewise."""
        return {}

    def put_away(self, places: Collection[int]) -> None:
        """There is nothing."""


async def test_another_browsers_terminal_gets_all_of_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    app = SeatApp(FakeDoor())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        drawn: list[object] = []
        monkeypatch.setattr(app, "_display", lambda _screen, what: drawn.append(what))
        app.post_message(Told({"do": "nothing that is known"}))
        await settled(pilot)
        assert not any(isinstance(each, LayoutUpdate) for each in drawn)
        app.post_message(Told({"do": "repaint"}))
        await settled(pilot)
        whole = next(each for each in drawn if isinstance(each, LayoutUpdate))
        assert whole.region.size == (120, 40)
