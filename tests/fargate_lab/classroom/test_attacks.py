"""What a room's pages refuse: foreign names and pages, forged cookies, guesses, paths, floods, slow clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from support.open_rooms import OpenClass, closed, open_class, shown

from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.guesses import BURST, Guesses


async def said(here: OpenClass, text: str | bytes, seconds: float = 10.0) -> str:
    """What the server answers to these very bytes."""
    parts = urlsplit(here.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(text.encode() if isinstance(text, str) else text)
        async with asyncio.timeout(seconds):
            return (await reader.read(100_000)).decode("utf-8", "replace")
    finally:
        writer.close()


async def test_a_foreign_host_finds_nobody(folder: ClassFolder) -> None:
    async with open_class(folder) as here:
        for hosts in (
            "Host: evil.example\r\n",
            "Host: 127.0.0.1.evil.example\r\n",
            "Host: 127.0.0.1\r\nHost: evil.example\r\n",
            "Host:\r\n",
            "",
        ):
            head = await said(here, f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n")
            assert head.split(" ")[1] in ("400", "421"), hosts
            assert "Code of the class" not in head


async def test_pages_of_others_can_neither_post_nor_open_a_websocket(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        form = {"code": folder.code, "name": "Eve"}
        port = urlsplit(here.url).port
        for origin in (
            "http://evil.example",
            "null",
            "http://127.0.0.1",
            f"https://127.0.0.1:{port}",
            f"http://localhost:{port}",
        ):
            async with browser.post("/join", data=form, headers={"Origin": origin}) as answer:
                assert answer.status == 403, origin
            for path in ("/ws", "/board/ws"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await browser.ws_connect(path, headers={"Origin": origin})
                assert refused.value.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await browser.ws_connect("/ws")  # from nowhere
        async with browser.post(
            "/join", data=form, headers={"Origin": here.url}, allow_redirects=False
        ) as answer:
            assert answer.status == 303


async def test_forged_cookies_open_nothing(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser, here.browser() as other:
        await here.joined(browser)
        await here.joined(other)
        mine = next(each.value for each in browser.cookie_jar if each.key == "seat")
        place, _, mark = mine.partition(".")
        assert place == "A01"
        for value in (
            f"A02.{mark}",
            f"A03.{mark}",
            "A01.",
            "A01",
            place,
            f"B01.{mark}",
            mine + "0",
            f"A01.{mark[:-1]}é",
            "x" * 3000,
            mark,
        ):
            async with here.browser(headers={"Cookie": f"seat={value}; board={mark}"}) as forger:
                async with forger.get("/seat", allow_redirects=False) as answer:
                    assert answer.status == 303, value
                for path in ("/seat/alive", "/board/alive"):
                    async with forger.get(path) as answer:
                        assert answer.status == 403
        async with (
            here.browser(headers={"Cookie": f"seat={mine}"}) as rightly,
            rightly.get("/seat/alive") as answer,
        ):
            assert answer.status == 204


async def test_cookies_are_for_no_script_and_no_other_site(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        form = {"code": folder.code, "name": "Ada"}
        async with browser.post("/join", data=form, allow_redirects=False) as answer:
            for cookie in answer.headers.getall("Set-Cookie"):
                assert "HttpOnly" in cookie
                assert "SameSite=Strict" in cookie
                assert "Secure" not in cookie
    async with open_class(folder, public="https://class.example") as here, here.browser() as browser:
        async with browser.post("/join", data=form, allow_redirects=False) as answer:
            assert all("Secure" in cookie for cookie in answer.headers.getall("Set-Cookie"))
            assert answer.headers["Cache-Control"] == "no-store"
        async with browser.get("/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_guessing_is_limited_for_each_kind_of_code(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        seat = await here.joined(browser)
        for number in range(BURST + 1):  # one is forgotten in two seconds
            path, code = [("/join", "ABCDEF"), ("/board", "ABCDEFGHJKMN"), ("/join", "A2345678")][number % 3]
            async with browser.post(path, data={"code": code, "name": "Eve"}) as answer:
                assert answer.status == 403
        for path, code in (
            ("/join", folder.code),
            ("/board", folder.teacher_code),
            ("/join", seat.keys.code),
        ):
            async with browser.post(path, data={"code": code, "name": "Eve"}) as answer:
                assert answer.status == 429
                assert "Too many wrong codes" in await answer.text()
        async with browser.get(f"/env/{seat.keys.code}") as answer:
            assert answer.status == 404
        async with browser.get("/seat/alive") as answer:
            assert answer.status == 204  # whoever is in stays in


async def test_guessing_a_seats_code_for_its_keys_is_limited_too(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        seat = await here.joined(browser)
        for number in range(BURST + 1):
            async with browser.get(f"/env/A{number:06}".replace("0", "Z").replace("1", "Y")) as answer:
                assert answer.status == 404
        async with browser.get(f"/env/{seat.keys.code}") as answer:
            assert answer.status == 404
            assert "AWS_SECRET_ACCESS_KEY" not in await answer.text()
        async with browser.post("/join", data={"code": folder.code, "name": "Eve"}) as answer:
            assert answer.status == 429


async def test_behind_a_proxy_who_guesses_keeps_nobody_else_out(folder: ClassFolder) -> None:
    async with open_class(folder, public="https://class.example") as here, here.browser() as browser:
        for number in range(BURST + 2):
            form, eve = {"code": "ABCDEF", "name": "Eve"}, {"X-Real-IP": "192.0.2.66"}
            async with browser.post("/join", data=form, headers=eve) as answer:
                assert answer.status == (403 if number <= BURST else 429)
        form, ada = {"code": folder.code, "name": "Ada"}, {"X-Real-IP": "192.0.2.7"}
        async with browser.post("/join", data=form, headers=ada, allow_redirects=False) as answer:
            assert answer.status == 303
    async with open_class(folder) as here, here.browser() as browser:
        # Without a proxy the header is anybody's word.
        for number in range(BURST + 2):
            form, eve = {"code": "ABCDEF", "name": "Eve"}, {"X-Real-IP": f"192.0.2.{number}"}
            async with browser.post("/join", data=form, headers=eve) as answer:
                assert answer.status == (403 if number <= BURST else 429)


def test_wrong_codes_are_forgotten_with_time_and_counted_for_each_network() -> None:
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    for _ in range(BURST):
        guesses.was_wrong("2001:db8::1")
        guesses.was_wrong("::ffff:192.0.2.7")
    assert not guesses.may_try("2001:db8::ffff:2")
    assert not guesses.may_try("192.0.2.7")
    assert guesses.may_try("2001:db8:0:1::1")
    assert guesses.may_try("192.0.2.8")
    now[0] = 3.0
    assert guesses.may_try("192.0.2.7")
    for number in range(20_000):
        guesses.was_wrong(f"198.51.{number // 250}.{number % 250}")
    assert len(guesses._wrong) <= 10_000


async def test_no_path_leads_out_of_the_static_files(folder: ClassFolder) -> None:
    async with open_class(folder) as here:
        host = urlsplit(here.url).netloc
        for path in (
            "/static/../server.py",
            "/static/%2e%2e/server.py",
            "/static/..%2fserver.py",
            "/static/terminal/../../server.py",
            "/static/server.py",
            "/static//etc/passwd",
            "/static/",
            "/static/terminal/js/..%5c..%5cserver.py",
            "/env/..%2f..%2fclass.json",
            "/class.json",
        ):
            answer = await said(here, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            assert answer.split(" ")[1] in ("400", "403", "404"), path
            assert "import" not in answer
            assert "root:" not in answer


async def test_huge_and_strange_bodies_are_refused(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        async with browser.post("/join", data={"code": "x" * 70_000, "name": "Eve"}) as answer:
            assert answer.status == 413
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            async with browser.post("/join", data=b"{}", headers={"Content-Type": kind}) as answer:
                assert answer.status == 415
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=klingon"}
        async with browser.post("/join", data=b"code=%ff&name=%ff", headers=form) as answer:
            assert answer.status == 400
        host = urlsplit(here.url).netloc
        head = f"POST /join HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
        text = await said(
            here, head + "ffff\r\n" + "x" * 0xFFFF + "\r\n" + "ffff\r\n" + "x" * 0xFFFF + "\r\n0\r\n\r\n"
        )
        assert text.split(" ")[1] == "413"
        text = await said(here, f"GET /{'x' * 9000} HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert text.split(" ")[1] == "400"
        text = await said(here, f"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: {'x' * 9000}\r\n\r\n")
        assert text.split(" ")[1] == "400"


async def test_bodies_that_cannot_be_read_are_no_bug_of_ours(
    folder: ClassFolder, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_class(folder) as here:
        host = urlsplit(here.url).netloc
        head = f"POST /join HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        for rest in (
            "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            assert (await said(here, head + rest)).split(" ")[1] == "400"
    assert not any("this is a bug" in each.message for each in caplog.records)


async def test_a_name_cannot_bring_a_header(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        form = {"code": folder.code, "name": "Ada%0d%0aSet-Cookie:%20board=x"}
        async with browser.post("/join?tried=%0d%0aX-Evil:1", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
            assert "X-Evil" not in answer.headers
            assert not any("board" in each for each in answer.headers.getall("Set-Cookie"))


async def test_a_head_or_a_body_that_drips_is_cut_off(
    folder: ClassFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fargate_lab.classroom.guard.BODY_SECONDS", 0.3)
    async with open_class(folder, head_seconds=0.3) as here:
        parts = urlsplit(here.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)

        async def drip() -> None:
            for each in "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + "x" * 10_000:
                writer.write(each.encode())
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        dripping.cancel()
        writer.close()
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000"
        text = await said(here, f"POST /join HTTP/1.1\r\nHost: {parts.netloc}\r\n{form}\r\n\r\ncode=")
        assert text.split(" ")[1] == "408"


async def test_huge_and_strange_websocket_messages_end_it(folder: ClassFolder) -> None:
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        cases: list[tuple[str | bytes, int]] = [
            ("x" * 300_000, 1009),
            (b"\x00", 1003),
            ("{", 1003),
            ("[" * 100_000, 1003),
            ("[]", 1003),
            ('["resize"]', 1003),
            ('["resize", {"width": 5}]', 1003),
        ]
        for message, code in cases:
            async with here.socket(browser) as socket:
                if isinstance(message, bytes):
                    await socket.send_bytes(message)
                else:
                    await socket.send_str(message)
                assert (await closed(socket))[0] == code, message[:20]
        async with here.socket(browser) as socket:
            for harmless in (
                '["stdin", 5]',
                '["unknown"]',
                '["ping", {"a": 1}]',
                '["resize", {"width": true, "height": "x"}]',
            ):
                await socket.send_str(harmless)
            await socket.send_str(json.dumps(["stdin", "\ud800 half"]))
            await shown(socket, "typed . half")


async def test_a_browser_that_takes_nothing_holds_nobody_up(
    folder: ClassFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fargate_lab.classroom.sockets.SEND_SECONDS", 0.3)
    async with open_class(folder) as here, here.browser() as browser, here.browser() as another:
        await here.joined(browser)
        await here.joined(another)
        async with here.socket(browser) as socket:
            await shown(socket, "hello")
            await socket.send_str('["stdin","flood"]')
            async with here.socket(another) as other:
                await shown(other, "hello")
            async with asyncio.timeout(5):
                while here.room.online("01"):
                    await asyncio.sleep(0.05)


async def test_an_answer_that_nobody_takes_is_given_up(
    folder: ClassFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(100_000_000)
    monkeypatch.setattr("fargate_lab.classroom.web.OWN_FILES", tmp_path)
    monkeypatch.setattr("fargate_lab.classroom.taking.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("fargate_lab.classroom.taking.LOOK_SECONDS", 0.05)
    async with open_class(folder) as here, here.browser() as browser:
        await here.joined(browser)
        parts = urlsplit(here.url)
        with socket.create_connection((str(parts.hostname), parts.port or 0)) as client:
            client.sendall(f"GET /static/large HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            async with here.socket(browser) as lasting:
                await asyncio.sleep(0.5)
                await shown(lasting, "hello")
                await lasting.send_str('["ping","1"]')
                await shown(lasting, "pong")
            client.setblocking(False)
            taken = 0
            with contextlib.suppress(ConnectionError):
                while piece := client.recv(1_000_000):
                    taken += len(piece)
            assert taken < 100_000_000
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


async def test_more_connections_of_one_address_than_a_class_has_are_closed(folder: ClassFolder) -> None:
    from fargate_lab.classroom.guard import Door  # noqa: PLC0415

    class Peer(asyncio.Transport):
        aborted = False

        def __init__(self, address: str) -> None:
            super().__init__()
            self._address = address

        def get_extra_info(self, name: str, default: object = None) -> object:
            return (self._address, 4000) if name == "peername" else default

        def abort(self) -> None:
            self.aborted = True

    class Connection:
        def __init__(self, address: str) -> None:
            self.transport = Peer(address)

    for there, address in (("192.0.2.7",) * 2, ("2001:db8::1", "2001:db8::ffff:2")):

        class Server:
            connections = [Connection(there)] * 3

        peer = Peer(address)
        Door(Server(), most_of_one=3).connection_made(peer)  # type: ignore[arg-type]
        assert peer.aborted
