"""Several seats in one process: whose a request is, and worlds that open, close and go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.shards import HOST_TOKEN, Class, described

from fargate_sim.seat_world import InUseError, NotOpenError
from fargate_sim.tenants import Tenants, TenantsError


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Class]:
    """Two seats; a lab is open at both."""
    room = Class(tmp_path)
    room.open("01")
    room.open("02")
    yield room
    room.end()


def test_each_seat_has_an_account_of_its_own(room: Class) -> None:
    room.client("01", "ecs").create_cluster(clusterName="mine")
    found = {seat: room.client(seat, "ecs").list_clusters()["clusterArns"] for seat in ("01", "02")}
    assert [arn.rpartition("/")[2] for arn in found["01"]] == ["mine"]
    assert found["02"] == []
    accounts = {room.client(seat, "sts").get_caller_identity()["Account"] for seat in ("01", "02")}
    assert accounts == {each.account for each in room.tenants.seats}
    assert room.lab("01", "GET", "status")[1]["account"] == room.seat("01").account


def test_the_seats_of_a_shard_are_told(room: Class) -> None:
    room.host("POST", "close", {"seat": "02"})
    status, told = room.host("GET", "")
    assert status == 200
    assert [(each["seat"], each["label"]) for each in told["seats"]] == [("01", "core-lab"), ("02", None)]


@pytest.mark.parametrize(
    ("method", "what", "body", "status"),
    [
        ("POST", "open", {"seat": "09", "label": "core-lab"}, 404),
        ("POST", "open", {"seat": ["01"], "label": "core-lab"}, 404),
        ("POST", "open", {"seat": "01"}, 400),
        ("POST", "open", {"seat": "01", "label": ""}, 400),
        ("POST", "open", {"seat": "01", "label": "x" * 61}, 400),
        ("POST", "open", {"seat": "01", "label": "x", "speed": "fast"}, 400),
        ("POST", "open", {"seat": "01", "label": "x", "fresh": "yes"}, 400),
        ("POST", "burn", {"seat": "01"}, 404),
        ("DELETE", "open", {"seat": "01"}, 404),
    ],
)
def test_what_the_host_cannot_ask_for(
    room: Class, method: str, what: str, body: dict[str, Any], status: int
) -> None:
    answered, told = room.host(method, what, body)
    assert answered == status
    assert told["error"]
    assert told["hint"]
    assert room.host("GET", "")[1]["seats"][0]["label"] == "core-lab"


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("", 401), ("guess", 403), ("seat", 403)])
def test_only_the_host_opens_and_closes(room: Class, token: str | None, status: int) -> None:
    given = room.seat("01").token if token == "seat" else token
    for method, what in (("GET", ""), ("POST", "open"), ("POST", "close")):
        assert room.host(method, what, {"seat": "01", "label": "p06-no-breaker"}, token=given)[0] == status
    assert room.host("GET", "")[1]["seats"][0]["label"] == "core-lab"


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("", 401), ("guess", 403), (HOST_TOKEN, 403)])
def test_the_control_api_is_for_the_seats_token(room: Class, token: str | None, status: int) -> None:
    assert room.send("GET", "/_lab/status", token)[0] == status
    assert room.send("POST", "/_lab/clock", token, b'{"action": "advance", "ms": 60000}')[0] == status


def test_a_post_needs_the_header_that_no_page_can_send(room: Class) -> None:
    body = json.dumps({"seat": "01"}).encode()
    assert room.send("POST", "/_seats/close", HOST_TOKEN, body, {"X-Fargate-Lab": "0"})[0] == 403


def test_a_seat_without_a_lab_is_told_where_to_open_one(room: Class) -> None:
    room.host("POST", "close", {"seat": "01"})
    for service, call in (("ecs", "list_clusters"), ("ec2", "describe_subnets"), ("sqs", "list_queues")):
        with pytest.raises(ClientError, match=r"ServiceUnavailable.* Open one in the browser") as caught:
            getattr(room.client("01", service), call)()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert room.lab("01", "GET", "status")[0] == 409


def test_opening_what_is_open_changes_nothing(room: Class) -> None:
    room.client("01", "ecs").create_cluster(clusterName="mine")
    before = room.lab("01", "GET", "status")[1]
    assert room.open("01", speed=50.0) == before
    assert room.lab("01", "GET", "clock")[1]["speed"] == 10.0


def test_a_seat_has_one_lab_at_a_time_and_comes_back_to_each(room: Class) -> None:
    room.client("01", "ecs").create_cluster(clusterName="mine")
    assert room.open("01", "p06-no-breaker", speed=5.0)["label"] == "p06-no-breaker"
    assert room.client("01", "ecs").list_clusters()["clusterArns"] == []
    assert room.lab("01", "GET", "clock")[1]["speed"] == 5.0
    room.open("01")
    assert len(room.client("01", "ecs").list_clusters()["clusterArns"]) == 1
    room.open("01", fresh=True)
    assert room.client("01", "ecs").list_clusters()["clusterArns"] == []


def renewed(folder: Path, **changes: Any) -> dict[str, Any]:
    """Seat 01 as somebody else has it."""
    keys = {"seed": 801, "secret_key": "another-secret-key-of-seat-01", "token": "another-token-of-seat-01"}
    return {"seat": "01", **keys, "state": str(folder / "01+1" / "state"), **changes}


def test_a_seat_that_somebody_else_takes_begins_with_nothing(room: Class, tmp_path: Path) -> None:
    before = room.client("01", "ecs")
    before.create_cluster(clusterName="left")
    assert room.host("POST", "renew", renewed(tmp_path)) == (200, {"seat": "01", "label": None})
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        before.list_clusters()
    old_token = room.seat("01").token
    assert room.send("GET", "/_lab/status", old_token)[0] == 403
    room.tenants = room.tenants.with_seat(renewed(tmp_path))
    assert room.lab("01", "GET", "status")[0] == 409
    facts = room.open("01")
    assert facts["account"] == room.seat("01").account
    assert room.client("01", "ecs").list_clusters()["clusterArns"] == []
    # What was left is as it was, and the others noticed nothing.
    assert "left" in (tmp_path / "01" / "state" / "recordings" / "core-lab.jsonl").read_text()
    assert room.client("02", "ecs").list_clusters()["clusterArns"] == []
    assert room.host("POST", "renew", renewed(tmp_path))[0] == 200
    assert room.lab("01", "GET", "status")[0] == 200  # the same once more changes nothing


def test_a_request_that_was_on_its_way_when_a_seat_was_freed_opens_nothing(
    room: Class, tmp_path: Path
) -> None:
    before = room.app._seats["01"].world
    assert room.host("POST", "renew", renewed(tmp_path))[0] == 200
    with pytest.raises(InUseError, match="somebody else sits"):
        before.open("core-lab")
    with pytest.raises(NotOpenError), before.using():
        pass
    assert not (tmp_path / "01" / "state" / "open.json").exists()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"seat": "09"}, 404),
        ({"seed": 702}, 400),
        ({"seed": "7"}, 400),
        ({"token": "the-token-of-seat-02"}, 400),
        ({"token": HOST_TOKEN}, 400),
        ({"secret_key": "short"}, 400),
        ({"state": "relative"}, 400),
    ],
)
def test_nobody_gets_what_belongs_to_another(
    room: Class, tmp_path: Path, change: dict[str, Any], status: int
) -> None:
    assert room.host("POST", "renew", renewed(tmp_path, **change))[0] == status
    assert room.host("POST", "renew", renewed(tmp_path), token="the-token-of-seat-01")[0] == 403
    assert room.lab("01", "GET", "status")[0] == 200


def test_a_shard_that_starts_again_goes_on_at_the_first_request(room: Class, tmp_path: Path) -> None:
    room.client("01", "ecs").create_cluster(clusterName="mine")
    room.lab("01", "POST", "clock", {"action": "pause"})
    digest = room.lab("01", "GET", "digest")[1]["digest"]
    room.end()
    again = Class(tmp_path)
    assert [each["label"] for each in again.host("GET", "")[1]["seats"]] == ["core-lab", "core-lab"]
    assert again.lab("01", "GET", "digest")[1]["digest"] == digest
    assert len(again.client("01", "ecs").list_clusters()["clusterArns"]) == 1
    again.host("POST", "close", {"seat": "01"})
    again.end()
    assert Class(tmp_path).host("GET", "")[1]["seats"][0]["label"] is None


def test_a_damaged_recording_is_told_and_left_where_it_is(room: Class, tmp_path: Path) -> None:
    room.host("POST", "close", {"seat": "01"})
    path = room.seat("01").state / "recordings" / "core-lab.jsonl"
    damaged = b"nothing\n" + path.read_bytes()
    path.write_bytes(damaged)
    status, told = room.host("POST", "open", {"seat": "01", "label": "core-lab"})
    assert (status, told["damaged"]) == (409, True)
    assert path.read_bytes() == damaged
    assert room.host("GET", "")[1]["seats"][0]["label"] is None
    room.open("01", fresh=True)


def test_a_recording_that_was_damaged_meanwhile_is_told_at_the_first_request(
    room: Class, tmp_path: Path
) -> None:
    room.end()
    path = room.seat("01").state / "recordings" / "core-lab.jsonl"
    path.write_bytes(b"nothing\n" + path.read_bytes())
    again = Class(tmp_path)
    assert again.lab("01", "GET", "status")[1]["damaged"]
    with pytest.raises(ClientError, match="Its screen in the browser says why"):
        again.client("01", "ecs").list_clusters()
    assert again.client("02", "ecs").list_clusters()["clusterArns"] == []
    again.end()


def test_the_recording_of_another_seat_is_not_gone_on_with(room: Class) -> None:
    for seat in ("01", "02"):
        room.host("POST", "close", {"seat": seat})
    theirs, mine = (room.seat(each).state / "recordings" / "core-lab.jsonl" for each in ("02", "01"))
    mine.write_bytes(theirs.read_bytes())
    status, told = room.host("POST", "open", {"seat": "01", "label": "core-lab"})
    assert (status, told["damaged"]) == (409, True)


def test_a_world_is_open_in_one_process_only(room: Class, tmp_path: Path) -> None:
    other = Class(tmp_path)
    status, told = other.host("POST", "open", {"seat": "01", "label": "core-lab"})
    assert (status, told["damaged"]) == (409, False)
    assert "open in another program" in told["error"]


def test_a_world_stays_the_seats_whatever_seed_a_reset_asks_for(room: Class) -> None:
    assert room.lab("01", "POST", "reset", {"seed": 1})[0] == 409
    assert room.lab("01", "POST", "reset", {"seed": 701})[0] == 200
    assert room.lab("01", "POST", "reset", {})[1]["account"] == room.seat("01").account


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"token": "short"}, "16 characters"),
        ({"seats": [{}]}, "'seat' is missing"),
        ({"seats": "x"}, "no seats|indices"),
        ({"token": "the-token-of-seat-01"}, "same token"),
    ],
)
def test_a_file_that_describes_no_seats(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    path = tmp_path / "seats.json"
    path.write_text(json.dumps(described(tmp_path) | change))
    with pytest.raises(TenantsError, match=why):
        Tenants.read(path)
    path.write_text(json.dumps(described(tmp_path)))
    assert [each.seat for each in Tenants.read(path).seats] == ["01", "02"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seat", "../x"),
        ("seed", "1"),
        ("seed", 702),
        ("state", "relative"),
        ("secret_key", 5),
        ("seat", "02"),
    ],
)
def test_seats_that_cannot_be(tmp_path: Path, name: str, value: object) -> None:
    raw = described(tmp_path)
    raw["seats"][0][name] = value
    with pytest.raises(ValueError, match=r"\S"):
        Tenants.of(raw)
