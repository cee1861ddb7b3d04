"""What a seat may have, what it is told beyond that, and that the others do not notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.shards import Class, Clock, described

from fargate_sim.allowance import throttled
from fargate_sim.limits import AtOnce, Limits, Shares, Strangers, TokenBucket
from fargate_sim.tenants import Tenants
from fargate_sim.wire.signature import check

MINUTE_MS = 60_000
Make = Callable[..., Class]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Class] = []

    def start(**limits: Any) -> Class:
        room = Class(tmp_path, **limits)
        made.append(room)
        for seat in ("01", "02"):
            room.open(seat)
        return room

    yield start
    for room in made:
        room.end()


def counts(room: Class, seat: str) -> dict[str, Any]:
    return next(dict(each) for each in room.host("GET", "")[1]["seats"] if each["seat"] == seat)


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("ecs", "list_clusters", "ThrottlingException", 400),
        ("sns", "list_topics", "Throttling", 400),
        ("iam", "list_users", "Throttling", 400),
        ("cloudwatch", "list_metrics", "ThrottlingException", 400),
        ("ec2", "describe_subnets", "RequestLimitExceeded", 503),
        ("s3", "list_buckets", "SlowDown", 503),
        ("fis", "list_actions", "ThrottlingException", 429),
        ("scheduler", "list_schedules", "ThrottlingException", 429),
    ],
)
def test_too_many_calls_are_told_as_aws_tells_it(
    make: Make, service: str, call: str, code: str, status: int
) -> None:
    room = make(calls_burst=1, calls_per_s=1)
    room.client("01", "ecs").list_clusters()
    with pytest.raises(ClientError) as caught:
        getattr(room.client("01", service), call)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert getattr(room.client("02", service), call)()
    assert (counts(room, "01")["calls"], counts(room, "01")["throttled"]) == (1, 1)


@pytest.mark.parametrize(
    ("service", "call"), [("ecs", "list_clusters"), ("ec2", "describe_subnets"), ("iam", "list_users")]
)
def test_an_sdk_comes_back_by_itself(
    make: Make, service: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make(calls_burst=1, calls_per_s=1)
    monkeypatch.setattr("time.sleep", room.clock.sleep)
    room.client("01", "ecs").list_clusters()
    room.client("01", service, attempts=4)  # made, and not yet used
    answer = getattr(room.client("01", service, attempts=4), call)()
    assert answer["ResponseMetadata"]["RetryAttempts"] >= 1


def test_who_proves_nobody_uses_up_nothing(make: Make) -> None:
    room = make(calls_burst=3, calls_per_s=1)
    stranger = room.client("01", "ecs", secret="guessed by somebody else")
    for _ in range(10):
        with pytest.raises(ClientError, match="InvalidSignature"):
            stranger.list_clusters()
    assert counts(room, "01")["refused"] == 10
    for _ in range(3):
        room.client("01", "ecs").list_clusters()


def test_guesses_from_one_address_are_not_answered_for_long(make: Make) -> None:
    room = make(strangers_burst=3, strangers_per_s=1)
    for client, match in (
        (room.client("01", "ecs", secret="guessed by somebody else"), "InvalidSignature"),
        (room.client("01", "ec2", key_id="AKIANOBODYATALL"), "AuthFailure"),
        (room.client("01", "iam", key_id="AKIANOBODYATALL"), "InvalidClientTokenId"),
    ):
        service = client.meta.service_model.service_name
        call = {"ecs": "list_clusters", "ec2": "describe_subnets", "iam": "list_users"}[service]
        with pytest.raises(ClientError, match=match):
            getattr(client, call)()
    with pytest.raises(ClientError, match="ThrottlingException"):
        room.client("01", "ecs", secret="guessed by somebody else").list_clusters()
    assert room.send("GET", "/_lab/status", "guess")[0] == 429
    assert room.host("GET", "", token="guess")[0] == 429
    assert room.client("01", "ecs").list_clusters()
    room.clock.sleep(1.0)
    with pytest.raises(ClientError, match="InvalidSignature"):
        room.client("01", "ecs", secret="guessed by somebody else").list_clusters()


def test_a_seat_has_so_many_calls_under_way(make: Make) -> None:
    room = make(calls_at_once=2)
    arrived, go_on = threading.Barrier(3), threading.Event()
    app = room.app._seats["01"].world._endpoint
    assert app is not None
    carry_out = app._carry_out

    def slowly(*words: Any, **more: Any) -> Any:
        arrived.wait(10)
        go_on.wait(10)
        return carry_out(*words, **more)

    app._carry_out = slowly  # type: ignore[method-assign]
    lock = app.cloud.lock
    app.cloud.lock = threading.Semaphore(9)  # type: ignore[assignment]
    clients = [room.client("01", "ecs") for _ in range(3)]
    threads = [threading.Thread(target=each.list_clusters) for each in clients[:2]]
    for thread in threads:
        thread.start()
    arrived.wait(10)
    with pytest.raises(ClientError, match="ThrottlingException"):
        clients[2].list_clusters()
    assert room.client("02", "ecs").list_clusters()
    assert room.lab("01", "GET", "images")[0] == 200
    go_on.set()
    for thread in threads:
        thread.join(10)
    app.cloud.lock = lock
    app._carry_out = carry_out  # type: ignore[method-assign]
    assert clients[2].list_clusters()


def test_the_programs_of_a_seat_have_so_many_requests_under_way(make: Make) -> None:
    room = make(requests_at_once=1)
    assert room.app._seats["01"].programs.enter()
    status, told = room.lab("01", "GET", "clock")
    assert (status, told["error"]) == (429, "too many requests for this seat at once")
    assert room.lab("02", "GET", "clock")[0] == 200
    room.app._seats["01"].programs.leave()
    assert room.lab("01", "GET", "clock")[0] == 200


def test_who_has_had_more_than_a_share_waits_while_others_want_theirs(make: Make) -> None:
    room = make()
    shares = room.app._room.shares
    shares.charge("01", 10.0)
    assert room.client("01", "ecs").list_clusters()  # nobody else wants any
    shares.charge("02", 1.0)
    with pytest.raises(ClientError, match="ThrottlingException"):
        room.client("01", "ecs").list_clusters()
    assert room.client("02", "ecs").list_clusters()
    before = room.clock.now
    assert room.lab("01", "POST", "clock", {"action": "advance", "ms": 1000})[0] == 200
    assert 0.9 <= room.clock.now - before <= 1.2  # it waits, and goes on
    before = room.clock.now
    assert room.lab("01", "GET", "snapshot")[0] == 200
    assert room.clock.now == before
    room.clock.sleep(10.0)
    assert room.client("01", "ecs").list_clusters()


def test_the_processors_time_is_charged_to_whom_it_was_used_for(make: Make) -> None:
    room = make()
    endpoint = room.app._seats["01"].world._endpoint
    assert endpoint is not None
    catch_up = endpoint.catch_up

    def slowly() -> None:
        room.used.now += 0.25
        catch_up()

    endpoint.catch_up = slowly  # type: ignore[method-assign]
    room.client("01", "ecs").list_clusters()
    room.lab("01", "GET", "clock")
    room.client("01", "ecs", secret="none", token=room.seat("01").token).list_clusters()
    assert [counts(room, seat)["busy_ms"] for seat in ("01", "02")] == [750, 0]


def test_who_only_names_a_seats_key_does_not_use_up_its_share(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make()

    def slow(*words: Any) -> str:
        room.used.now += 0.25
        return check(*words)

    monkeypatch.setattr("fargate_sim.seat_gate.check", slow)
    with pytest.raises(ClientError, match="InvalidSignature"):
        room.client("01", "ecs", secret="guessed by somebody else").list_clusters()
    assert counts(room, "01")["busy_ms"] == 0
    room.client("01", "ecs").list_clusters()
    assert counts(room, "01")["busy_ms"] == 250


def test_a_clock_goes_only_so_fast_and_so_far(make: Make) -> None:
    room = make(longest_jump_s=26 * 3600)
    assert room.lab("01", "POST", "clock", {"action": "speed", "speed": 60})[1]["speed"] == 60
    status, told = room.lab("01", "POST", "clock", {"action": "speed", "speed": 61})
    assert (status, told["error"]) == (400, "a clock goes at most at 60x here, as others share the machine")
    assert room.lab("01", "POST", "clock", {"action": "speed", "speed": "max"})[1]["speed"] == 60
    room.lab("01", "POST", "clock", {"action": "pause"})
    assert room.lab("01", "POST", "clock", {"action": "advance", "ms": 26 * 60 * MINUTE_MS})[0] == 200
    for action in ({"action": "advance", "ms": 27 * 60 * MINUTE_MS}, {"action": "settle", "limit_ms": 10**8}):
        status, told = room.lab("01", "POST", "clock", action)
        assert (status, told["error"]) == (
            400,
            "a clock jumps at most 26 hours at once here, as others share the machine",
        )
    assert room.host("POST", "open", {"seat": "01", "label": "x", "speed": 100})[0] == 400


def test_a_world_that_was_faster_elsewhere_slows_down(make: Make, tmp_path: Path) -> None:
    room = make(fastest=3600.0)
    room.lab("01", "POST", "clock", {"action": "speed", "speed": 3000})
    room.end()
    again = Class(tmp_path)
    assert again.lab("01", "GET", "clock")[1]["speed"] == 60
    again.end()


def test_a_recording_grows_only_so_far(make: Make) -> None:
    room = make(recording_bytes=2000)
    for number in range(20):
        try:
            room.client("01", "ecs").create_cluster(clusterName=f"c{number}")
        except ClientError as error:
            refused = error
            break
    assert refused.response["Error"]["Code"] == "ServiceQuotaExceededException"
    assert "Begin the lab anew" in refused.response["Error"]["Message"]
    assert room.client("01", "ecs").list_clusters()
    room.client("02", "ecs").create_cluster(clusterName="c")
    room.lab("01", "POST", "reset", {})
    assert room.client("01", "ecs").create_cluster(clusterName="c")


def test_a_history_becomes_only_so_long(make: Make) -> None:
    room = make(history_entries=30)
    room.lab("01", "POST", "clock", {"action": "pause"})
    room.lab("01", "POST", "watch", {"every_ms": 1000})
    status, told = room.lab("01", "POST", "clock", {"action": "advance", "ms": 60 * MINUTE_MS})
    assert status == 503
    assert "so much is going on here that the clock got only to 2026-01-01T09:" in told["error"]
    stands = room.lab("01", "GET", "clock")[1]["now_ms"]
    assert room.lab("01", "POST", "clock", {"action": "advance", "ms": 60 * MINUTE_MS})[0] == 503
    assert room.lab("01", "GET", "clock")[1]["now_ms"] <= stands + MINUTE_MS
    with pytest.raises(ClientError, match=r"ServiceQuotaExceeded.*Begin the lab anew"):
        room.client("01", "ecs").create_cluster(clusterName="c")
    room.open("01", fresh=True)
    assert room.client("01", "ecs").create_cluster(clusterName="c")


def test_a_jump_that_is_too_much_ends_early_and_is_gone_on_with(make: Make, tmp_path: Path) -> None:
    room = make(effort_s=5.0)
    room.lab("01", "POST", "clock", {"action": "pause"})
    room.lab("01", "POST", "watch", {"every_ms": 1000})
    endpoint = room.app._seats["01"].world.endpoint
    assert endpoint is not None
    step = endpoint.cloud.engine.step

    def slowly() -> bool:
        room.used.now += 0.1
        return step()

    endpoint.cloud.engine.step = slowly  # type: ignore[method-assign]
    began = room.lab("01", "GET", "clock")[1]["now_ms"]
    assert room.lab("01", "POST", "clock", {"action": "advance", "ms": 10 * MINUTE_MS})[0] == 503
    got_to = room.lab("01", "GET", "clock")[1]["now_ms"]
    assert began < got_to < began + 2 * MINUTE_MS
    room.app._room.shares.charge("01", -1e9)
    while (
        room.lab("01", "POST", "clock", {"action": "advance", "ms": began + 10 * MINUTE_MS - got_to})[0]
        == 503
    ):
        got_to = room.lab("01", "GET", "clock")[1]["now_ms"]
    assert room.lab("01", "GET", "clock")[1]["now_ms"] == began + 10 * MINUTE_MS
    digest = room.lab("01", "GET", "digest")[1]["digest"]
    room.end()
    again = Class(tmp_path)
    assert again.lab("01", "GET", "digest")[1]["digest"] == digest
    again.end()


def test_a_world_has_only_so_many_tasks(make: Make) -> None:
    room = make(tasks=5)
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
    network = {"awsvpcConfiguration": {"subnets": [env["SUBNET_A"]], "securityGroups": [env["SG"]]}}
    words = {
        "cluster": "c",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": network,
    }
    ecs.create_service(serviceName="a", desiredCount=6, **words)
    for call in (
        lambda: ecs.create_service(serviceName="b", desiredCount=1, **words),
        lambda: ecs.run_task(**words),
        lambda: ecs.update_service(cluster="c", service="a", desiredCount=7),
    ):
        with pytest.raises(ClientError, match="more than 5 tasks"):
            call()
    # The way back is open.
    ecs.update_service(cluster="c", service="a", desiredCount=5)
    assert ecs.run_task(**words)
    room.lab("01", "POST", "clock", {"action": "settle"})
    ecs.delete_service(cluster="c", service="a", force=True)
    room.lab("01", "POST", "clock", {"action": "settle"})
    assert ecs.create_service(serviceName="b", desiredCount=1, **words)


def test_traffic_is_bounded_by_what_others_can_bear(make: Make) -> None:
    room = make()
    env = room.lab("01", "GET", "env")[1]
    elb = room.client("01", "elbv2")
    subnets = [env["PUBLIC_SUBNET_A"], env["PUBLIC_SUBNET_B"]]
    balancer = elb.create_load_balancer(Name="a", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="g", Protocol="HTTP", Port=80, VpcId=env["VPC"], TargetType="ip")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    start = {"action": "start", "target_group": group}
    status, told = room.lab("01", "POST", "traffic", {**start, "rps": 600})
    assert status == 400
    assert "5,000 a second of yours" in told["error"]
    assert room.lab("01", "POST", "traffic", {**start, "rps": 400})[0] == 200
    status, told = room.lab("01", "POST", "clock", {"action": "advance", "ms": 60 * MINUTE_MS})
    assert status == 400
    assert "at most 500,000" in told["error"]
    assert room.lab("01", "POST", "clock", {"action": "speed", "speed": 60})[0] == 400


def test_a_bucket_has_so_many_and_is_filled_again() -> None:
    clock = Clock()
    bucket = TokenBucket(2.0, 3, clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.sleep(0.5)
    assert [bucket.take(), bucket.take()] == [True, False]
    clock.sleep(100.0)
    assert bucket.full
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_so_many_at_once() -> None:
    room = AtOnce(1)
    assert room.enter()
    assert not room.enter()
    room.leave()
    assert room.enter()


def test_shares_are_equal_and_what_others_leave_is_free() -> None:
    clock = Clock()
    shares = Shares(0.8, clock)  # 4 s of about the last 5
    shares.charge("a", 3.5)
    assert not shares.over("a")
    shares.charge("b", 0.4)
    assert not shares.over("a")
    shares.charge("b", 1.0)
    assert shares.over("a")
    assert not shares.over("b")
    shares.charge("b", 1.0)
    assert shares.over("b")  # each has 2
    clock.sleep(5.0)
    assert not shares.over("a")
    assert not shares.over("b")


def test_strangers_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Strangers, "MOST_ADDRESSES", 2)
    clock = Clock()
    strangers = Strangers(1.0, 1, clock)
    a, b, c = "192.0.2.1", "192.0.2.2", "192.0.2.3"
    assert [strangers.take(each) for each in (a, b, c, a)] == [True, True, False, False]
    clock.sleep(2.0)
    assert strangers.take(c)
    clock.sleep(2.0)
    assert [strangers.take(each) for each in ("2001:db8::1", "2001:db8::ffff:2")] == [True, False]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"rainbows": 1}, "no limit; there are: calls_per_s"),
        ({"calls_per_s": 0}, "above 0"),
        ({"calls_per_s": "many"}, "above 0"),
        ({"calls_per_s": float("inf")}, "above 0"),
        ({"calls_at_once": 1.5}, "whole number"),
        ({"calls_at_once": True}, "above 0"),
    ],
)
def test_limits_that_are_none(tmp_path: Path, limits: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Tenants.of(described(tmp_path, **limits))
    assert Tenants.of(described(tmp_path, calls_per_s=5)).limits == Limits(calls_per_s=5)


def test_every_protocol_has_its_word_for_too_much() -> None:
    assert {throttled(protocol, "x").code for protocol in ("json-1.0", "json-1.1", "cbor", "rest-json")} == {
        "ThrottlingException"
    }
