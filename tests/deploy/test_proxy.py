"""The proxy of a class of several rooms: a real nginx with the configuration that we ship, in front of two rooms."""

from __future__ import annotations

import http.client
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.proxy import NAME, Pages, Proxy, TwoRooms, needs_nginx, rooms_conf

from fargate_lab.classroom.codes import ROOMS, Keys
from fargate_lab.classroom.keeper import free_ports

pytestmark = needs_nginx


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRooms]:
    """Rooms A and B behind a proxy."""
    with TwoRooms(tmp_path_factory.mktemp("nginx")) as rooms:
        yield rooms


class Answer:
    """What came back over a connection of its own."""

    def __init__(
        self, proxy: Proxy, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
        try:
            connection.request(method, path, body, {"Host": NAME, **headers})
            answer = connection.getresponse()
            self.status = answer.status
            self.headers = answer.headers
            self.text = answer.read().decode()
        finally:
            connection.close()

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def cookies(self) -> list[str]:
        return self.headers.get_all("Set-Cookie") or []


def get(proxy: Proxy, path: str = "/", *, cookie: str = "", **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(proxy, "GET", path, {**({"Cookie": cookie} if cookie else {}), **given}, None)


def post(proxy: Proxy, path: str, *, cookie: str = "", **fields: str) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **({"Cookie": cookie} if cookie else {})}
    return Answer(proxy, "POST", path, headers, urlencode(fields).encode())


def client(proxy: Proxy, keys: Keys, service: str, **config: Any) -> Any:
    """A client of AWS as a learner has it: the endpoint is the proxy's, by the name that is signed."""
    session = botocore.session.Session()

    def to_the_proxy(request: Any, **_: Any) -> None:
        # Signed by now. No name server of this machine knows the name.
        request.headers["Host"] = NAME
        request.url = request.url.replace(f"http://{NAME}", proxy.url)

    made = session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://{NAME}",
        aws_access_key_id=keys.key_id,
        aws_secret_access_key=keys.secret_key,
        config=Config(**{"retries": {"max_attempts": 0}, "s3": {"addressing_style": "path"}, **config}),
    )
    made.meta.events.register_last("before-send", to_the_proxy)
    return made


# -- pages -----------------------------------------------------------------------------------------------


def test_newcomers_are_spread_over_the_rooms_and_stay_where_they_are(both: TwoRooms) -> None:
    came = [get(both.proxy) for _ in range(40)]
    assert {each.json["letter"] for each in came} == {"A", "B"}
    for each in came:
        letter = each.json["letter"]
        assert each.cookies == [f"room={letter}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"]
    for letter in "AB":
        again = [get(both.proxy, "/seat", cookie=f"seat=x; room={letter}") for _ in range(5)]
        assert {each.json["letter"] for each in again} == {letter}
        assert [each.cookies for each in again] == [[]] * 5


@pytest.mark.parametrize("path", ["/env/B7KMWXYZ?shell=fish", "/env/b7kmwxyz", "/env/b7km-wxyz"])
def test_a_shell_comes_to_the_room_of_its_seats_code(both: TwoRooms, path: str) -> None:
    answer = get(both.proxy, path, cookie="room=A")
    assert answer.json["letter"] == "B"
    assert answer.json["path"] == path
    assert not answer.cookies


def test_the_teacher_looks_at_one_room_after_the_other(both: TwoRooms) -> None:
    answer = get(both.proxy, "/board?room=b", cookie="room=A")
    assert answer.json["letter"] == "B"
    assert answer.cookies[0].startswith("room=B;")
    assert get(both.proxy, "/board", cookie="room=B").json["letter"] == "B"


@pytest.mark.parametrize("room", ["Z", "C", "", "AB", "../A", "%41", "A%0d%0aX: y"])
def test_a_room_that_is_not_there_makes_a_newcomer(both: TwoRooms, room: str) -> None:
    answer = get(both.proxy, cookie=f"room={room}")
    assert answer.json["letter"] in "AB"
    assert answer.cookies[0].startswith(f"room={answer.json['letter']};")


def test_a_seat_of_another_room_is_found_after_one_redirect(both: TwoRooms) -> None:
    sent_on = post(both.proxy, "/join", cookie="room=A", code="B7KMWXYZ")
    assert (sent_on.status, sent_on.headers["Location"]) == (307, "/join")
    # The proxy does not say another thing than the room did.
    assert sent_on.cookies == ["room=B; Path=/"]
    assert post(both.proxy, "/join", cookie="room=B", code="B7KMWXYZ").json["letter"] == "B"


def test_without_a_cookie_the_room_that_answers_a_form_says_where(both: TwoRooms) -> None:
    said = {tuple(post(both.proxy, "/join", code="B7KMWXYZ").cookies) for _ in range(12)}
    assert said == {(), ("room=B; Path=/",)}


def test_a_room_learns_who_asks_and_by_which_name(both: TwoRooms) -> None:
    answer = get(both.proxy, cookie="room=A", X_Forwarded_For="10.9.9.9", X_Real_IP="10.9.9.9")
    headers = answer.json["headers"]
    assert headers["Host"] == NAME
    assert headers["X-Forwarded-For"] == headers["X-Real-IP"] == "127.0.0.1"


async def test_websockets_reach_their_room(both: TwoRooms) -> None:
    url = f"{both.proxy.url}/ws"
    async with aiohttp.ClientSession(headers={"Host": NAME}) as session:
        for letter in "BA":
            async with session.ws_connect(url, headers={"Cookie": f"room={letter}"}) as socket:
                await socket.send_str("are you there")
                assert (await socket.receive(timeout=10)).data == f"{letter}: are you there"


# -- AWS -------------------------------------------------------------------------------------------------


def test_signed_calls_reach_their_own_room_and_no_other(both: TwoRooms) -> None:
    for room in (both.a, both.b):
        keys = room.world.keys
        assert keys.key_id[4] == room.letter
        ecs = client(both.proxy, keys, "ecs")
        ecs.create_cluster(clusterName=f"of-{room.letter}")
        assert client(both.proxy, keys, "sts").get_caller_identity()["Account"] == keys.account
        assert client(both.proxy, keys, "ec2").describe_vpcs()["Vpcs"]
    for room in (both.a, both.b):
        arns = client(both.proxy, room.world.keys, "ecs").list_clusters()["clusterArns"]
        assert [arn.rpartition("/")[2] for arn in arns if "/of-" in arn] == [f"of-{room.letter}"]


def test_a_path_arrives_as_it_was_signed(both: TwoRooms) -> None:
    s3 = client(both.proxy, both.b.world.keys, "s3")
    s3.create_bucket(Bucket="reports")
    key = "a//b c/ü%2F+~(1).txt"
    body = bytes(range(256)) * 8192
    s3.put_object(Bucket="reports", Key=key, Body=body)
    assert s3.get_object(Bucket="reports", Key=key)["Body"].read() == body


def test_keys_of_one_room_open_nothing_of_another(both: TwoRooms) -> None:
    mine, theirs = both.a.world.keys, both.b.world.keys
    mixed = Keys(mine.code, mine.seed, mine.account, theirs.key_id, mine.secret_key, mine.token)
    with pytest.raises(ClientError) as refused:
        client(both.proxy, mixed, "ecs").list_clusters()
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    unknown = Keys(mine.code, mine.seed, mine.account, "AKIAZZZZZZZZZZZZZZZZ", mine.secret_key, mine.token)
    with pytest.raises(ClientError) as refused:
        client(both.proxy, unknown, "ecs").list_clusters()
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    "path",
    [
        "/_lab/status",
        "/_lab",
        "/_seats/",
        "/moto-api/data.json",
        "//_lab/status",
        "/x/../_lab/status",
        "/%5flab/status",
    ],
)
def test_the_control_api_is_not_reached_through_the_proxy(both: TwoRooms, path: str) -> None:
    token = {"X_Fargate_Lab_Token": "the-facilitator"}
    key = both.a.world.keys.key_id
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/ecs/aws4_request"}
    assert get(both.proxy, path, **token).status == 404
    assert get(both.proxy, path, **token, **signed).status == 404


def test_a_huge_body_stops_at_the_proxy(both: TwoRooms) -> None:
    answer = Answer(both.proxy, "POST", "/join", {"Content-Length": str(9 << 20)}, None)
    assert answer.status == 413


def test_the_log_holds_no_codes_and_no_keys(both: TwoRooms) -> None:
    client(both.proxy, both.a.world.keys, "ecs").list_clusters()
    get(both.proxy, "/env/B7KMWXYZ", cookie="seat=very-secret")
    get(both.proxy, "/board?code=very-secret", cookie="room=A")
    # A line is written when its answer is on its way: who is served next by the one worker is served after that.
    get(both.proxy, "/-/healthy")
    text = both.proxy.log.read_text(encoding="utf-8")
    assert not re.search(r"B7KM|very-secret|AKIA|Signature", text)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["room"], line["path"]) for line in lines[-3:]] == [
        ("A", "(aws)"),
        ("B", "/env/..."),
        ("A", "/board"),
    ]


# -- when things go wrong --------------------------------------------------------------------------------


@pytest.fixture
def half_a_class(tmp_path: Path) -> Iterator[tuple[Proxy, str]]:
    """A proxy for two rooms that are away; the first is to come back at the address that is given as well."""
    address = f"127.0.0.1:{free_ports('127.0.0.1', 2)}"
    with Proxy(tmp_path, rooms_conf(address, f"127.0.0.1:{free_ports('127.0.0.1', 2)}")) as proxy:
        yield proxy, address


def test_a_room_that_is_away_comes_back(half_a_class: tuple[Proxy, str]) -> None:
    proxy, address = half_a_class
    assert get(proxy, "/-/healthy").text == "ok\n"
    away = get(proxy, "/seat", cookie="room=A")
    assert (away.status, away.headers["Retry-After"], away.headers["Cache-Control"]) == (503, "3", "no-store")
    assert 'http-equiv="refresh"' in away.text
    room = Pages("A", int(address.rpartition(":")[2]))
    try:
        assert get(proxy, "/seat", cookie="room=A").json["letter"] == "A"
        assert get(proxy, "/seat", cookie="room=B").status == 503
    finally:
        room.close()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ecs", "list_clusters", "ServiceUnavailable"),
        ("scheduler", "list_schedules", "503"),
        ("elbv2", "describe_load_balancers", "ServiceUnavailable"),
        ("ec2", "describe_vpcs", "ServiceUnavailable"),
        ("cloudwatch", "list_metrics", "ServiceUnavailable"),
        ("s3", "list_buckets", "503"),
    ],
)
def test_a_call_to_a_room_that_is_away_is_tried_again(
    half_a_class: tuple[Proxy, str], both: TwoRooms, service: str, operation: str, code: str
) -> None:
    proxy, _ = half_a_class
    twice = {"total_max_attempts": 2, "mode": "standard"}
    with pytest.raises(ClientError) as failed:
        getattr(client(proxy, both.a.world.keys, service, retries=twice), operation)()
    said = failed.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (code, 503)
    assert said["ResponseMetadata"]["RetryAttempts"] == 1


def test_somebody_who_guesses_is_slowed_down(both: TwoRooms, tmp_path: Path) -> None:
    with Proxy(tmp_path, rooms_conf(both.a.address)) as proxy:
        statuses = [post(proxy, "/join", code="A2345678").status for _ in range(130)]
        assert 429 in statuses[100:]
        assert set(statuses[:100]) == {200}
        # Looking at a page is not guessing.
        assert get(proxy).status == 200


def test_a_proxy_that_is_replaced_lets_open_requests_finish(both: TwoRooms, tmp_path: Path) -> None:
    with Proxy(tmp_path, rooms_conf(both.a.address)) as proxy:
        get(proxy)
        began = time.monotonic()
        assert proxy.end(signal.SIGQUIT) == 0
        assert time.monotonic() - began < 5


# -- rooms.sh --------------------------------------------------------------------------------------------


def test_every_room_has_its_letter_and_its_share(tmp_path: Path) -> None:
    addresses = [f"room-{number}.rooms:8700" for number in range(len(ROOMS))]
    text = rooms_conf(*addresses, RESOLVER="127.0.0.1", FRONT="10.0.0.0/16")
    for number, letter in enumerate(ROOMS):
        assert f"    {letter} room-{number}.rooms:8700;\n" in text
        assert f"    {letter} room-{number}.rooms:8701;\n" in text
    shares = re.findall(r"    ([\d.]+)% [A-Z];", text)
    assert len(shares) == len(ROOMS) - 1
    assert sum(map(float, shares)) < 100
    assert "set_real_ip_from 10.0.0.0/16;" in text
    with Proxy(tmp_path, text) as proxy:
        # None of them can be found: the proxy runs all the same.
        assert get(proxy, "/-/healthy").status == 200
