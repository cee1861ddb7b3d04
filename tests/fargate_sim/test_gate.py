"""A world with a gate: what a team may do, and what only whoever runs the game may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fargate_sim import inprocess
from fargate_sim.control import header_of
from fargate_sim.gate import TEAM_MAY, Gate, GateError
from fargate_sim.recording import Recorder, read

from .conftest import MakeOffline, Offline
from .test_traffic import set_up

GATE = Gate("the-facilitator", "the-team", "the-secret-key")


@pytest.fixture
def gated(make_offline: MakeOffline) -> Offline:
    """A shop under load, set up before the gate was closed."""
    offline = make_offline(501)
    set_up(offline)
    offline.control.post("/_lab/traffic", {"action": "start", "rps": 5, "path": "/nowhere"})
    offline.control.post("/_lab/clock", {"action": "advance", "ms": 60_000})
    offline.app.gate = GATE
    return offline


def ask(offline: Offline, method: str, path: str, token: str | None, body: bytes = b"{}") -> tuple[int, Any]:
    headers = [("X-Fargate-Lab", "1")] + ([("X-Fargate-Lab-Token", token)] if token else [])
    status, _, content = inprocess.call(offline.app, method, f"http://127.0.0.1{path}", headers, body)
    return status, json.loads(content) if content else None


def client(
    offline: Offline,
    service: str,
    *,
    secret: str = GATE.secret_key,
    token: str = "",
    agent: str = "",
    region: str = "us-east-1",
) -> Any:
    session = botocore.session.Session()
    inprocess.attach(session, offline.app)
    config = Config(user_agent_extra=agent, retries={"max_attempts": 0})
    made = session.create_client(
        service,
        region_name=region,
        endpoint_url="http://127.0.0.1",
        aws_access_key_id=offline.cloud.key_id,
        aws_secret_access_key=secret,
        config=config,
    )
    if token:

        def carry(request: Any, **_kwargs: Any) -> None:
            request.headers["X-Fargate-Lab-Token"] = token

        made.meta.events.register("request-created", carry)
    return made


def test_calls_must_be_signed_with_the_teams_key(gated: Offline) -> None:
    assert client(gated, "ecs").list_services(cluster="demo")["serviceArns"]
    assert client(gated, "ec2").describe_subnets()["Subnets"]
    assert client(gated, "s3").list_buckets()["Buckets"] == []
    assert client(gated, "sqs").create_queue(QueueName="orders")["QueueUrl"]
    for service, operation in (("ecs", "list_clusters"), ("ec2", "describe_subnets"), ("s3", "list_buckets")):
        with pytest.raises(ClientError) as caught:
            getattr(client(gated, service, secret="another team's key"), operation)()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    # The key that follows from the account's number, as in a world without a gate, is none here.
    guessed = gated.cloud.env("http://127.0.0.1")["AWS_SECRET_ACCESS_KEY"]
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        client(gated, "ecs", secret=guessed).list_clusters()


def test_a_team_sees_no_injector(gated: Offline) -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        client(gated, "fis").list_experiments()


@pytest.mark.parametrize("service", ["lambda", "batch", "apigateway", "firehose", "stepfunctions", "dax"])
def test_a_team_calls_only_services_that_can_be_lived_again(gated: Offline, service: str) -> None:
    calls = {
        "lambda": "list_functions",
        "batch": "describe_job_queues",
        "apigateway": "get_rest_apis",
        "firehose": "list_delivery_streams",
        "stepfunctions": "list_state_machines",
        "dax": "describe_clusters",
    }
    with pytest.raises(ClientError, match="AccessDeniedException"):
        getattr(client(gated, service), calls[service])()


@pytest.mark.parametrize("region", ["nowhere-1", "US-EAST-1"])
def test_a_team_cannot_make_up_regions(gated: Offline, region: str) -> None:
    with pytest.raises(ClientError) as caught:
        client(gated, "ecs", region=region).list_clusters()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert set(gated.cloud.worlds()) == {"us-east-1"}


def test_the_event_history_shows_what_was_changed_and_no_experiment(gated: Offline) -> None:
    theirs = {"token": GATE.facilitator, "agent": "fargate-lab-facilitator"}
    with pytest.raises(ClientError):
        client(gated, "fis", **theirs).start_experiment(clientToken="t", experimentTemplateId="EXT1")
    client(gated, "ecs", **theirs).update_service(cluster="demo", service="shop", desiredCount=1)
    names = [each["EventName"] for each in client(gated, "cloudtrail").lookup_events()["Events"]]
    assert "UpdateService" in names
    assert "StartExperiment" not in names


def test_the_end_of_a_recording_is_proved_whatever_is_called_at_the_end(
    gated: Offline, tmp_path: Path
) -> None:
    gated.app.recorder = Recorder.open_new(tmp_path / "state.jsonl", header_of(gated.cloud, "1"))
    assert ask(gated, "GET", "/_lab/digest", GATE.facilitator)[0] == 200
    for _ in range(5):
        client(gated, "ecs").list_clusters()
    gated.app.close()
    assert "digest" in read(tmp_path / "state.jsonl").inputs[-2]


@pytest.mark.parametrize("token", [None, "", "guess", "the-facilitato", "the-facilitatorX"])
def test_without_a_token_the_control_api_is_closed(gated: Offline, token: str | None) -> None:
    for path in ("/_lab/status", "/_lab/journal", "/_lab/env"):
        assert ask(gated, "GET", path, token)[0] == 401


def test_a_team_reads_what_somebody_on_call_would_and_changes_nothing(gated: Offline) -> None:
    for name in sorted(TEAM_MAY):
        status, content = ask(gated, "GET", f"/_lab/{name}", GATE.team)
        assert status == 200, name
        assert "knob" not in json.dumps(content)
        assert "seed" not in content
    assert ask(gated, "GET", "/_lab/env", GATE.team)[1]["AWS_SECRET_ACCESS_KEY"] == GATE.secret_key
    for name in ("journal", "recording", "digest", "capacity", "scaling", "calls"):
        assert ask(gated, "GET", f"/_lab/{name}", GATE.team)[0] == 403
    for name in ("clock", "note", "traffic", "queue", "capacity", "watch", "reset"):
        assert ask(gated, "POST", f"/_lab/{name}", GATE.team)[0] == 403
    before = gated.cloud.engine.now_ms
    assert ask(gated, "POST", "/_lab/clock", GATE.team, b'{"action": "advance", "ms": 60000}')[0] == 403
    assert gated.cloud.engine.now_ms == before


def test_the_pager_says_what_was_said_and_no_more(gated: Offline) -> None:
    notes = [
        {"kind": "game.started", "data": {"title": "Friday", "names": {"CLUSTER": "x"}, "length_ms": 1}},
        {"kind": "game.injecting", "data": {"injection": "delay"}},
        {"kind": "game.message", "data": {"text": "Payments complains.", "game": "g"}},
    ]
    for note in notes:
        status, _ = ask(gated, "POST", "/_lab/note", GATE.facilitator, json.dumps(note).encode())
        assert status == 200
    told = ask(gated, "GET", "/_lab/pager", GATE.team)[1]["entries"]
    assert [entry["kind"] for entry in told] == ["game.started", "game.message"]
    assert all("names" not in entry["data"] and "game" not in entry["data"] for entry in told)


def test_only_the_facilitator_is_the_facilitator_and_moves_the_clock(gated: Offline) -> None:
    client(gated, "ecs", agent="fargate-lab-facilitator fargate-lab-grader").create_cluster(
        clusterName="ours"
    )
    client(
        gated, "ecs", secret="none", token=GATE.facilitator, agent="fargate-lab-facilitator"
    ).create_cluster(clusterName="theirs")
    client(gated, "ecs", agent="fargate-lab-grader").list_clusters()
    calls = [entry.data for entry in gated.cloud.journal.entries if entry.kind == "call"][-3:]
    assert [call.get("actor") for call in calls] == [None, "facilitator", None]
    assert calls[-1]["operation"] == "ListClusters"  # a team cannot look without being seen to look


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "nothing",
        '{"facilitator": "a", "team": "b", "secret_key": "c"}',
        '{"facilitator": "12345678", "team": "12345678", "secret_key": "123456789"}',
    ],
)
def test_a_file_that_describes_no_gate(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gate.json"
    path.write_text(text)
    with pytest.raises(GateError, match="gate"):
        Gate.read(path)


def test_a_gate_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    path.write_text(
        json.dumps({"facilitator": GATE.facilitator, "team": GATE.team, "secret_key": GATE.secret_key})
    )
    assert Gate.read(path) == GATE
