"""The catalogue screen."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import OptionList
from tui_driving import settled
from tui_fakes import CARDS, FakeSession

from tui.app import LabApp
from tui.screens.catalogue import About, CatalogueScreen, about, entry
from tui.screens.lab import LabScreen
from tui.session import SessionError
from tui.widgets.banner import Banner


async def test_it_offers_the_lab_that_was_begun_and_enter_opens_it(session: FakeSession) -> None:
    app = LabApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, CatalogueScreen)
        assert app.screen.query_one(About).card == CARDS[0]
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, LabScreen)
        assert ("open", "core-lab") in session.calls


async def test_moving_shows_each_lab_and_passes_over_headings(session: FakeSession) -> None:
    app = LabApp(session)
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("down")
        assert app.screen.query_one(About).card == CARDS[1]
        await pilot.press("down")
        assert app.screen.query_one(About).card == CARDS[2]


async def test_coming_back_from_a_lab_shows_the_progress_made(session: FakeSession) -> None:
    app = LabApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        session.cards[0] = replace(CARDS[0], status="solved")
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(app.screen, CatalogueScreen)
        assert app.screen.query_one(About).card.status == "solved"


async def test_an_unreadable_catalogue_says_so_and_can_be_tried_again(session: FakeSession) -> None:
    session.fail["catalogue"] = SessionError(
        "labs/x/lab.yaml line 3: unknown key [titel]", "Did you mean title?"
    )
    app = LabApp(session)
    async with app.run_test() as pilot:
        await settled(pilot)
        assert "[titel]" in app.screen.query_one(Banner).render().plain
        session.fail.clear()
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert app.screen.query_one(Banner).error is None
        assert app.screen.query_one(OptionList).option_count > len(CARDS)


async def test_an_empty_catalogue_is_said_in_words(session: FakeSession) -> None:
    session.cards = []
    app = LabApp(session)
    async with app.run_test() as pilot:
        await settled(pilot)
        assert app.screen.query_one(About).words == "No labs were found."
        await pilot.press("enter")
        assert isinstance(app.screen, CatalogueScreen)


async def test_q_quits(session: FakeSession) -> None:
    app = LabApp(session)
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("q")
        await pilot.pause()
        assert app._exit


def test_progress_is_told_in_words() -> None:
    words = [about(card, 60).plain for card in CARDS]
    assert "in progress, 2 of 7 steps" in words[0]
    assert "not started, 4 steps" in words[1]
    assert "solved" in words[2]
    assert [entry(card).plain.split()[0] for card in CARDS] == ["◐", "○", "✓"]
