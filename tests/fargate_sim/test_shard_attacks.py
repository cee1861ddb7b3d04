"""What somebody in the room may try, and what comes of it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from support.shards import Class
from support.signed import Signed

from fargate_sim.replays import KEPT_SECONDS, FullError, Replays

URL = "http://127.0.0.1/"
TARGET = "AmazonEC2ContainerServiceV20141113."


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    room = Class(tmp_path)
    for seat in ("01", "02"):
        room.open(seat)
    yield room
    room.end()


def signed(
    room: Class, seat: str, operation: str, body: Mapping[str, Any] | None = None, *, secret: str = ""
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call to ECS, as whoever listens on the network sees it."""
    tenant = room.seat(seat)
    content = json.dumps(body or {}).encode()
    headers = {"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", URL, headers, content)
    SigV4Auth(Credentials(tenant.key_id, secret or tenant.secret_key), "ecs", "us-east-1").add_auth(request)
    return dict(request.headers.items()), content


def send(
    room: Class,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    path: str = "/",
    method: str = "POST",
    port: str = "50001",
    address: str = "192.0.2.7",
    **environ: str,
) -> tuple[int, Any]:
    """Over a connection that is told by its port."""
    given: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": address,
        "REMOTE_PORT": port,
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        given[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    answered: list[int] = []
    content = b"".join(
        room.app(given | environ, lambda status, _headers: answered.append(int(status.split()[0])))
    )
    try:
        return answered[0], json.loads(content) if content else None
    except ValueError:
        return answered[0], content.decode()


def clusters(room: Class, seat: str) -> int:
    return len(room.client(seat, "ecs").list_clusters()["clusterArns"])


def test_the_key_of_one_seat_with_the_secret_of_another(room: Class) -> None:
    headers, body = signed(room, "01", "CreateCluster", secret=room.seat("02").secret_key)
    status, told = send(room, headers, body)
    assert (status, told["__type"].rpartition("#")[2]) == (403, "InvalidSignatureException")
    assert clusters(room, "01") == 0


def test_a_signature_does_not_pass_to_another_key(room: Class) -> None:
    headers, body = signed(room, "02", "CreateCluster")
    headers["Authorization"] = headers["Authorization"].replace(
        room.seat("02").key_id, room.seat("01").key_id
    )
    assert send(room, headers, body)[0] == 403
    assert clusters(room, "01") == 0


@pytest.mark.parametrize("what", ["Authorization", "X-Amz-Date"])
def test_an_unsigned_call(room: Class, what: str) -> None:
    headers, body = signed(room, "01", "CreateCluster")
    headers.pop(what)
    status, told = send(room, headers, body)
    assert status == 403
    assert "signature" in told["message"] or "Missing Authentication Token" in told["message"]
    assert clusters(room, "01") == 0


def test_a_body_is_part_of_what_was_signed(room: Class) -> None:
    headers, _ = signed(room, "01", "CreateCluster", {"clusterName": "one"})
    assert send(room, headers, b'{"clusterName": "two"}')[0] == 403
    assert clusters(room, "01") == 0


def test_a_presigned_address_is_not_taken(room: Class) -> None:
    tenant = room.seat("01")
    request = AWSRequest("GET", f"{URL}?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(Credentials(tenant.key_id, tenant.secret_key), "sts", "us-east-1").add_auth(request)
    path = str(request.url).removeprefix("http://127.0.0.1")
    status, told = send(room, {}, path=path, method="GET")
    assert status == 403
    assert "MissingAuthenticationToken" in told


def test_a_call_that_changes_something_is_carried_out_once(room: Class) -> None:
    headers, body = signed(room, "01", "RegisterTaskDefinition", {"family": "a", "containerDefinitions": []})
    first = send(room, headers, body)
    assert first[0] == 400  # nothing comes of it; it has been carried out all the same
    before = room.clock.now
    for port, address in (("50002", "192.0.2.7"), ("50001", "192.0.2.8")):
        status, told = send(room, headers, body, port=port, address=address)
        assert (status, told["message"]) == (
            503,
            "A request with this signature has been carried out already. Sign it again.",
        )
    assert room.clock.now > before  # an SDK that tries again is in the next second, and signs anew
    assert send(room, headers, body) == first
    seats = room.host("GET", "")[1]["seats"]
    assert [each["refused"] for each in seats] == [2, 0]


def test_a_read_may_come_again(room: Class) -> None:
    headers, body = signed(room, "01", "ListClusters")
    assert [send(room, headers, body, port=port)[0] for port in ("50001", "50002")] == [200, 200]


def test_a_replay_is_known_after_a_restart(room: Class, tmp_path: Path) -> None:
    headers, body = signed(room, "01", "CreateCluster", {"clusterName": "one"})
    assert send(room, headers, body)[0] == 200
    room.end()
    again = Class(tmp_path)
    assert send(again, headers, body)[0] == 503
    again.end()


def test_an_sdk_that_means_it_twice_gets_it_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two equal calls of one second over two connections, as two `aws` commands make them."""
    began = time.time()
    room = Class(tmp_path, now=lambda wall: began + wall - 1000.0)
    room.open("01")
    monkeypatch.setattr("time.sleep", room.clock.sleep)
    monkeypatch.setattr(
        "botocore.auth.get_current_datetime",
        lambda *_words, **_more: datetime.fromtimestamp(began + room.clock.now - 1000.0, UTC).replace(
            tzinfo=None
        ),
    )
    app, ports = room.app, iter(range(50_000, 60_000))

    def over_a_new_connection(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return type(app).__call__(
            app, environ | {"REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": str(next(ports))}, start_response
        )

    room.app = over_a_new_connection  # type: ignore[assignment]
    try:
        network = {
            "family": "x",
            "containerDefinitions": [{"name": "a", "image": "nginx:1.27", "memory": 512}],
        }
        revisions = [
            room.client("01", "ecs", attempts=4).register_task_definition(**network)["taskDefinition"][
                "revision"
            ]
            for _ in range(2)
        ]
    finally:
        room.app = app
        room.end()
    assert revisions == [1, 2]


def test_signatures_are_forgotten_when_their_time_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays = Replays(tmp_path / "signatures.jsonl", 0.0)
    assert replays.first("a" * 64, 1, 0.0) is None
    assert replays.first("b" * 64, 1, 10.0) is None
    assert replays.first("a" * 64, 2, 11.0) == 0.0
    replays.close()
    later = Replays(tmp_path / "signatures.jsonl", KEPT_SECONDS + 5.0)
    assert later.first("a" * 64, 2, KEPT_SECONDS + 5.0) is None
    assert later.first("b" * 64, 2, KEPT_SECONDS + 5.0) == 10.0
    monkeypatch.setattr("fargate_sim.replays.MOST", 2)
    with pytest.raises(FullError):
        later.first("c" * 64, 2, KEPT_SECONDS + 6.0)
    assert len((tmp_path / "signatures.jsonl").read_text().splitlines()) == 2
    later.close()


def test_a_file_of_signatures_that_is_damaged_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "signatures.jsonl"
    path.write_bytes(b'[1.0, "aaaaaaaaaaaaaaaaaaaa"]\nnothing\n[1\n{}\n[9e99]\n[1.0, "bb')
    replays = Replays(path, 2.0)
    assert replays.first("a" * 64, 1, 2.0) == 1.0
    assert replays.first("b" * 64, 1, 2.0) is None
    replays.close()
    path.write_bytes(b"\xff\xfe")
    assert Replays(path, 2.0).first("a" * 64, 1, 2.0) is None


@pytest.mark.parametrize("host", ["evil.example", "169.254.169.254", "", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/_lab/status", "/_seats/"])
def test_a_foreign_name(room: Class, host: str, path: str) -> None:
    headers, body = signed(room, "01", "CreateCluster")
    token = room.seat("01").token
    status, told = send(room, {**headers, "X-Fargate-Lab-Token": token}, body, path=path, HTTP_HOST=host)
    assert (status, "does not answer to the name" in told["error"]) == (403, True)
    assert clusters(room, "01") == 0


def test_a_class_that_is_told_a_further_name_answers_to_it(tmp_path: Path) -> None:
    room = Class(tmp_path, hosts=["192.0.2.1"])
    for host, status in (("192.0.2.1:8081", 401), ("192.0.2.2:8081", 403)):
        assert send(room, {}, path="/_seats/", method="GET", HTTP_HOST=host)[0] == status


@pytest.mark.parametrize("path", ["/", "/_lab/clock", "/_seats/open"])
def test_a_web_page(room: Class, path: str) -> None:
    headers, body = signed(room, "01", "CreateCluster")
    origin = {
        "Origin": "http://127.0.0.1",
        "X-Fargate-Lab": "1",
        "X-Fargate-Lab-Token": room.seat("01").token,
    }
    assert send(room, {**headers, **origin}, body, path=path)[0] == 403
    assert clusters(room, "01") == 0


@pytest.mark.parametrize(
    "path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/", "/latest/api/token"]
)
def test_what_moto_has_of_its_own_is_hidden(room: Class, path: str) -> None:
    headers, _ = signed(room, "01", "ListClusters")
    assert send(room, headers, path=path)[0] == 404


@pytest.mark.parametrize(
    "path", ["//moto-api/reset", "/./moto-api/data.json", "/x/../moto-api/reset", "/_LAB/status"]
)
@pytest.mark.parametrize("service", ["s3", "sts", "moto_api", "lambda", "dynamodb"])
def test_ways_around_with_a_seats_own_keys(room: Class, path: str, service: str) -> None:
    room.client("01", "sqs").create_queue(QueueName="kept")
    for method in ("GET", "POST"):
        status, told = Signed(service, method, path).by(room).sent(room)
        assert status >= 400
        assert b"kept" not in told
    assert len(room.client("01", "sqs").list_queues()["QueueUrls"]) == 1


@pytest.mark.parametrize("service", ["lambda", "batch", "rds"])
def test_a_service_that_no_world_lives_through_again(room: Class, service: str) -> None:
    status, told = Signed(service, "GET", "/2015-03-31/functions/").by(room).sent(room)
    assert (status, b"not authorized to perform" in told) == (403, True)


@pytest.mark.parametrize("path", ["/_lab/status", "/_lab/journal", "/_seats/", "/_seats/renew"])
def test_a_seats_own_keys_open_no_control_api(room: Class, path: str) -> None:
    for method in ("GET", "POST"):
        sent = Signed("ecs", method, path, b"{}").by(room).with_header("X-Fargate-Lab", "1")
        assert sent.sent(room)[0] == 401
        for guess in (room.seat("01").secret_key, room.seat("01").key_id):
            assert sent.with_header("X-Fargate-Lab-Token", guess).sent(room)[0] == 403


@pytest.mark.parametrize(
    "path", ["//moto-api/reset", "/x/../moto-api/reset", "/_lab/../_seats/", "/_LAB/status", "/_lab"]
)
def test_ways_around(room: Class, path: str) -> None:
    status, _ = send(room, {"X-Fargate-Lab": "1"}, b"{}", path=path)
    assert status in (401, 403, 404)


def test_who_calls_itself_a_grader_is_a_learner_all_the_same(room: Class) -> None:
    agent = "fargate-lab-grader fargate-lab-facilitator"
    room.client("01", "ecs", agent=agent).create_cluster(clusterName="mine")
    room.client("01", "ecs", agent=agent).list_clusters()
    room.client("01", "ecs", agent=agent, token=room.seat("02").token).list_clusters()
    room.client("01", "ecs", agent="fargate-lab-grader", token=room.seat("01").token).describe_clusters()
    calls = [each["data"] for each in room.lab("01", "GET", "journal?kind=call")[1]["entries"]]
    assert [each["operation"] for each in calls] == ["CreateCluster", "ListClusters", "ListClusters"]
    assert all("actor" not in each for each in calls)


def test_another_seats_token_opens_nothing_here(room: Class) -> None:
    client = room.client("01", "ecs", secret="not the one", token=room.seat("02").token)
    with pytest.raises(ClientError, match="InvalidSignature"):
        client.create_cluster(clusterName="mine")


def test_a_learners_waiter_hurries_their_own_clock_and_no_other(room: Class) -> None:
    env = room.lab("01", "GET", "env")[1]
    ecs = room.client("01", "ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="web",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "nginx:1.27"}],
    )
    network = {
        "awsvpcConfiguration": {
            "subnets": [env["PUBLIC_SUBNET_A"]],
            "securityGroups": [env["SG"]],
            "assignPublicIp": "ENABLED",
        }
    }
    ecs.create_service(
        cluster="c",
        serviceName="a",
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    before = {seat: room.lab(seat, "GET", "clock")[1]["elapsed_ms"] for seat in ("01", "02")}
    ecs.get_waiter("services_stable").wait(cluster="c", services=["a"], WaiterConfig={"MaxAttempts": 1})
    after = {seat: room.lab(seat, "GET", "clock")[1]["elapsed_ms"] for seat in ("01", "02")}
    assert after["01"] - before["01"] > 10_000
    assert after["02"] - before["02"] < 10_000


@pytest.mark.parametrize(("service", "limit"), [("ecs", 1024 * 1024), ("s3", 2 * 1024 * 1024)])
def test_a_huge_body(room: Class, service: str, limit: int) -> None:
    headers, _ = signed(room, "01", "CreateCluster")
    if service == "s3":
        headers = {"Authorization": headers["Authorization"].replace("/ecs/", "/s3/")}
    status, told = send(room, headers, b"", CONTENT_LENGTH=str(limit + 1))
    assert status == 413
    assert str(limit) in str(told)
    status, _ = send(
        room,
        {"X-Fargate-Lab-Token": "the-host-of-the-class", "X-Fargate-Lab": "1"},
        b"{}",
        path="/_seats/open",
        CONTENT_LENGTH=str(10**6),
    )
    assert status == 413


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "²"])
def test_a_length_that_is_none(room: Class, length: str) -> None:
    headers, body = signed(room, "01", "CreateCluster")
    assert send(room, headers, body, CONTENT_LENGTH=length)[0] in (400, 413)


@pytest.mark.parametrize("label", ["../../../etc/passwd", "a/b", "..", "\u0000", "x\ny", "<b>bold</b>"])
def test_a_label_leaves_no_folder(room: Class, label: str) -> None:
    room.open("01", label)
    recordings = room.seat("01").state / "recordings"
    assert {path.parent for path in room.seat("01").state.rglob("*.jsonl")} <= {recordings, recordings.parent}
    assert clusters(room, "01") == 0


def test_secrets_are_written_nowhere(room: Class, tmp_path: Path) -> None:
    room.client("01", "ecs").create_cluster(clusterName="mine")
    headers, body = signed(room, "01", "CreateCluster")
    send(room, headers, body)
    room.end()
    signature = headers["Authorization"].rpartition("=")[2]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_text()
            assert room.seat("01").secret_key not in content
            assert room.seat("01").token not in content
            assert signature not in content
            assert path.stat().st_mode & 0o077 == 0, path
