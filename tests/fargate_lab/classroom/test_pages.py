"""The pages of a room, asked for as a browser and a shell do."""

from __future__ import annotations

import re
import subprocess

from support.open_rooms import open_class

from fargate_lab.classroom.folder import ClassFolder


async def test_somebody_joins_and_comes_back(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as another:
        async with browser.get("/") as answer:
            assert "Code of the class" in await answer.text()
        seat = await here.joined(browser, "Ada")
        assert (seat.id, seat.name) == ("01", "Ada")
        async with browser.get("/seat") as answer:
            text = await answer.text()
        assert seat.keys.code in text
        assert "Ada" in text
        assert folder.teacher_code not in text
        assert folder.host_token not in text
        assert seat.keys.token not in text
        async with another.post("/join", data={"code": seat.keys.code.lower(), "name": ""}) as answer:
            assert answer.url.path == "/seat"
            assert "Seat 01" in await answer.text()
        assert [entry.kind for entry in seat.log.read()[0]] == ["joined", "joined"]


async def test_who_is_known_is_asked_whether_to_go_on_and_can_leave(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        async with browser.get("/") as answer:
            assert "This browser has seat 01" in await answer.text()
        async with browser.post("/leave") as answer:
            assert "This browser has seat" not in await answer.text()
        async with browser.get("/seat", allow_redirects=False) as answer:
            assert answer.status == 303


async def test_two_of_one_name_have_a_seat_each_and_a_full_room_says_so(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        for _ in folder.seats:
            await here.joined(browser, "Ada")
        assert [seat.name for seat in folder.seats] == ["Ada"] * 3
        async with browser.post("/join", data={"code": folder.code, "name": "Bob"}) as answer:
            assert answer.status == 409
            assert "Every seat is taken" in await answer.text()


async def test_what_cannot_be_a_name_is_refused_in_words(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        for name in ("", "x" * 41, "a\x07b", "a\u202eb", "  ", "a\r\nSet-Cookie: x=y\x00"):
            async with browser.post("/join", data={"code": folder.code, "name": name}) as answer:
                assert answer.status == 400
                assert (
                    "That cannot be a name. Use 1 to 40 characters that can be seen." in await answer.text()
                )
        assert folder.free_seat() is folder.seats[0]


async def test_whose_name_was_refused_types_the_code_no_second_time(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        async with browser.post("/join", data={"code": folder.code, "name": "x" * 41}) as answer:
            assert f'value="{folder.code}"' in await answer.text()
        for code in ("WRONG2", '"><b>'):
            async with browser.post("/join", data={"code": code, "name": "Ada"}) as answer:
                text = await answer.text()
                assert code not in text
                assert 'value="Ada"' in text


async def test_signs_between_letters_do_not_keep_anybody_out(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        for typed, name in (("می\u200cنا", "مینا"), ("👩\u200d👧 Zoë", "👩👧 Zoë")):
            assert (await here.joined(browser, typed)).name == name


async def test_markup_in_a_name_is_text(folder: ClassFolder) -> None:
    name = "<img src=x onerror=alert(1)>\"'&"
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser, name)
        for path in ("/", "/seat"):
            async with browser.get(path) as answer:
                text = await answer.text()
            assert "<img" not in text
            assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;" in text


async def test_a_teacher_with_a_browser_alone_gets_the_grades_as_files(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as teacher, here.browser() as learner:
        await here.joined(learner, "Ada")
        async with learner.get("/board/grades.csv", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/board")
        async with teacher.post("/board", data={"code": folder.teacher_code}) as answer:
            assert 'href="/board/grades.csv"' in await answer.text()
        async with teacher.get("/board/grades.csv") as answer:
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{folder.name}-grades.csv"'
            assert "01,Ada,core-lab" in await answer.text()
        async with teacher.get("/board/grades.xml") as answer:
            assert answer.content_type == "application/xml"
            assert "Ada" in await answer.text()
        async with teacher.get("/board/grades.exe") as answer:
            assert answer.status == 404


async def test_the_board_asks_for_the_teachers_code(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as learner:
        await here.joined(learner)
        for each in (browser, learner):
            async with each.get("/board") as answer:
                assert (
                    "The teacher&#39;s code" in await answer.text()
                    or "The teacher's code" in await answer.text()
                )
            async with each.get("/board/ws", headers={"Origin": here.url}) as answer:
                assert answer.status == 403
        async with browser.post("/board", data={"code": folder.code}) as answer:
            assert answer.status == 403
        async with browser.post("/board", data={"code": folder.teacher_code}) as answer:
            assert 'data-alive="/board/alive"' in await answer.text()
        async with browser.get("/seat", allow_redirects=False) as answer:
            assert answer.status == 303  # the teacher has no seat
        async with browser.post("/board/leave"), browser.get("/board/alive") as answer:
            assert answer.status == 403


async def test_an_own_shell_is_told_where_its_world_is(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        seat = await here.joined(browser)
        async with browser.get(f"/env/{seat.keys.code}") as answer:
            assert answer.content_type == "text/plain"
            text = await answer.text()
        done = subprocess.run(
            [
                "sh",
                "-c",
                f"{text}\necho $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_REGION $NO_PROXY ${{AWS_PROFILE-unset}}",
            ],
            capture_output=True,
            text=True,
            check=True,
            env={"AWS_PROFILE": "mine"},
        )
        endpoint = f"http://127.0.0.1:{here.room.shards.port('01')}"
        assert done.stdout.split() == [
            endpoint,
            seat.keys.key_id,
            "us-east-1",
            "127.0.0.1,localhost,127.0.0.1",
            "unset",
        ]
        assert "no lab is open at your seat" in done.stderr
        await here.room.begin_anew("01")
        for shell, line in (
            ("sh", "export VPC=vpc-01"),
            ("fish", "set -gx VPC 'vpc-01'"),
            ("powershell", "$env:VPC = 'vpc-01'"),
        ):
            async with browser.get(f"/env/{seat.keys.code}?shell={shell}") as answer:
                text = await answer.text()
            assert line in text
            assert endpoint in text
            assert "wrong" not in text
            assert seat.keys.token not in text


async def test_a_wrong_code_in_a_shell_does_no_harm(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        async with browser.get("/env/AAAAAAAA") as answer:
            assert answer.status == 404
            text = await answer.text()
        done = subprocess.run(["sh", "-c", f'eval "{text}"'], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "no seat has that code" in done.stderr


async def test_a_seat_of_another_room_and_a_full_room_are_sent_on(folder: ClassFolder) -> None:
    async with open_class(folder, rooms=3) as here, here.browser() as browser:
        post = {"data": {"code": "C2345678", "name": "Ada"}, "allow_redirects": False}
        async with browser.post("/join", **post) as answer:
            assert (answer.status, answer.headers["Location"]) == (307, "/join?tried=A")
            assert answer.cookies["room"].value == "C"
        async with browser.post("/join?tried=AC", **post) as answer:
            assert answer.status == 403
        for _ in folder.seats:
            await here.joined(browser)
        post["data"]["code"] = folder.code
        async with browser.post("/join", **post) as answer:
            assert (answer.status, answer.cookies["room"].value) == (307, "B")
        async with browser.post("/join?tried=B", **post) as answer:
            assert (answer.status, answer.headers["Location"], answer.cookies["room"].value) == (
                307,
                "/join?tried=BA",
                "C",
            )
        async with browser.post("/join?tried=CB", **post) as answer:
            assert answer.status == 409


async def test_pages_ask_nothing_of_the_internet(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        for path in (
            "/",
            "/seat",
            "/static/class.css",
            "/static/lasting.js",
            "/static/terminal/css/xterm.css",
        ):
            async with browser.get(path) as answer:
                assert answer.status == 200
                text = (await answer.text()).replace(here.url, "")
            assert not re.search(r"""(src|href|url|import)\W{1,3}(https?:)?//""", text)
            assert "googleapis" not in text
        async with browser.get("/healthz") as answer:
            assert await answer.json() == {"ok": True}
