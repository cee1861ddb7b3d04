"""Two learners and a teacher in a real browser: everybody works, nobody sees another's seat, and the board shows both."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from playwright.async_api import BrowserContext, Page
from support.browser import browser, needs_browser
from support.running_class import RunningClass, eventually

from fargate_lab.classroom.board_client import BoardClient

SIZE = {"width": 1400, "height": 900}


@needs_browser
async def test_two_learners_and_a_teacher(tmp_path: Path) -> None:
    with RunningClass(tmp_path, "--seats", "3", "--port", "0", "--lab", "core-lab") as running:
        board = BoardClient(running.address, running.teacher_code)
        async with browser() as chromium:
            contexts = [await chromium.new_context(viewport=SIZE) for _ in range(3)]  # type: ignore[arg-type]
            asked: list[str] = []
            for context in contexts:
                context.on("request", lambda request: asked.append(request.url))
            ada = await _join(contexts[0], running, "Ada")
            grace = await _join(contexts[1], running, "<i>Grace</i>")

            # Each runs a command; the first walks the first step.
            await _type(ada, board, "01", "aws ecs create-cluster --cluster-name of-ada")
            await _sees(board, "01", "a cluster named of-ada")
            await ada.keyboard.press("F6")
            await _sees(board, "01", "❯ aws ecs create-cluster --cluster-name core-lab")
            await ada.keyboard.press("Enter")
            await _sees(board, "01", "Step passed", "step passed")
            await _type(grace, board, "02", "aws ecs list-clusters --output text")
            await _type(grace, board, "02", "echo that was all")
            shown = await _sees(board, "02", "that was all")
            assert "of-ada" not in shown
            assert "core-lab" not in _console(shown)

            # The cookie of one opens the seat of nobody else, and not the board.
            alive = await contexts[1].request.get(f"{running.address}/board/alive")
            assert alive.status == 403

            # The teacher's board, over the same pages.
            teacher = await contexts[2].new_page()
            await teacher.goto(f"{running.address}/board")
            await teacher.fill("input[name=code]", running.teacher_code)
            await teacher.keyboard.press("Enter")
            await teacher.wait_for_selector("#terminal canvas, #terminal .xterm-rows")
            view = await eventually(lambda: _both(board))
            rows = {row.id: row for row in view.seats}
            assert rows["01"].name == "Ada"
            assert rows["02"].name == "<i>Grace</i>"
            assert rows["01"].steps[0] == "passed"
            assert rows["02"].steps[0] != "passed"

            # Closing the browser and coming back loses nothing.
            code = rows["01"].code
            await contexts[0].close()
            again = await chromium.new_context(viewport=SIZE)  # type: ignore[arg-type]
            ada = await _come_back(again, running, code)
            await _sees(board, "01", "✓ 1  Create a cluster")
            assert {_host(url) for url in asked} == {_host(running.address)}, "somebody outside was asked"


def _both(board: BoardClient) -> object:
    view = board.view()
    return view if len(view.seats) == 2 and all(row.online for row in view.seats) else None


async def _join(context: BrowserContext, running: RunningClass, name: str) -> Page:
    page = await context.new_page()
    await page.goto(running.address)
    await page.fill("#code", running.code)
    await page.fill("#name", name)
    await page.get_by_role("button", name="Take a seat").click()
    return await _at_the_lab(page, name)


async def _come_back(context: BrowserContext, running: RunningClass, code: str) -> Page:
    page = await context.new_page()
    await page.goto(running.address)
    await page.fill("#own", code.lower())
    await page.get_by_role("button", name="Come back").click()
    return await _at_the_lab(page, "Ada")


async def _at_the_lab(page: Page, name: str) -> Page:
    await page.wait_for_url("**/seat")
    await page.wait_for_selector("#terminal textarea", state="attached")
    # As it was written, and no markup.
    assert name in await page.inner_text("header h1")
    await page.wait_for_function("document.getElementById('state').textContent === 'connected'")
    return page


async def _type(page: Page, board: BoardClient, seat: str, line: str) -> None:
    await _sees(board, seat, "Console")
    await page.keyboard.press("F4")
    await page.wait_for_timeout(300)  # nothing on the plain screen tells where the cursor is
    await page.keyboard.type(line)
    await _sees(board, seat, f"❯ {line}")
    await page.keyboard.press("Enter")


async def _sees(board: BoardClient, seat: str, *texts: str) -> str:
    """The seat's screen, once it shows one of the texts: what the teacher sees when looking over somebody's shoulder."""
    shown = ""
    for _ in range(200):
        shown = "\n".join((await asyncio.to_thread(board.look, seat)).lines)
        if any(text in shown for text in texts):
            return shown
        await asyncio.sleep(0.1)
    raise AssertionError(f"seat {seat} never showed {json.dumps(texts)}:\n{shown}")


def _console(shown: str) -> str:
    """What is below the heading of the console."""
    return shown.rpartition("Console")[2]


def _host(url: str) -> str:
    return url.split("/")[2]
