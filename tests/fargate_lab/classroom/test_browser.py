"""The pages in a real browser: joining, a terminal that draws, a connection that is lost and found again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.open_rooms import open_class

from fargate_lab.classroom.folder import ClassFolder

playwright = pytest.importorskip("playwright.async_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[playwright.Browser]:
    async with playwright.async_playwright() as api:
        browser = await api.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def test_a_learner_joins_types_loses_the_connection_and_goes_on(folder: ClassFolder) -> None:
    async with open_class(folder) as here, chromium() as browser:
        page = await browser.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        await page.goto(here.url)
        await page.fill("#code", folder.code.lower())
        await page.fill("#name", "Ada <b>")
        await page.get_by_role("button", name="Take a seat").click()
        await page.wait_for_selector("body.-first-byte")
        await page.get_by_role("status").get_by_text("connected", exact=True).wait_for()
        assert await page.title() == "Seat 01 · demo · fargate-lab"
        assert "Ada <b>" in await page.inner_text("header")
        screen = here.room.screens._open["01"]
        # The terminal has the keyboard from the first on.
        assert "xterm" in await page.evaluate("document.activeElement.className")
        first = screen.browser
        assert first is not None

        # The network drops: the page says so, comes back by itself, and finds the same process.
        before = screen.pid
        assert first.request.transport is not None
        first.request.transport.abort()
        await page.get_by_text("connection lost").wait_for()
        await page.get_by_role("status").get_by_text("connected", exact=True).wait_for()
        assert here.room.screens.pid("01") == before

        # Somebody opens the seat elsewhere: this page is told, and can take it back.
        elsewhere = await browser.new_page()
        await elsewhere.goto(here.url)
        await elsewhere.fill("#own", folder.seats[0].keys.code)
        await elsewhere.get_by_role("button", name="Come back").click()
        await page.get_by_text("This seat was opened in another browser.").wait_for()
        await page.get_by_role("button", name="Open it again").click()
        await elsewhere.get_by_text("This seat was opened in another browser.").wait_for()
        await page.get_by_role("status").get_by_text("connected", exact=True).wait_for()

        assert [url for url in asked if not url.startswith((here.url, here.url.replace("http", "ws")))] == []
        assert wrong == []


async def test_whose_seat_was_freed_is_led_to_the_first_page(folder: ClassFolder) -> None:
    async with open_class(folder) as here, chromium() as browser:
        page = await browser.new_page()
        await page.goto(here.url)
        await page.fill("#code", folder.code)
        await page.fill("#name", "Ada")
        await page.get_by_role("button", name="Take a seat").click()
        await page.get_by_role("status").get_by_text("connected", exact=True).wait_for()
        await here.room.free("01")
        await page.get_by_text("Your teacher has freed this seat.").wait_for()
        await page.get_by_role("button", name="To the first page").click()
        await page.get_by_role("heading", name="Take a seat").wait_for()
