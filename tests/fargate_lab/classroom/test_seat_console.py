"""The console of a seat: lines without a shell, `aws` forked and confined."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.rooms import quiet, typed

from fargate_lab.classroom import nursery_aws
from fargate_lab.classroom.nursery_aws import TOO_MUCH, NurseryAws
from fargate_lab.classroom.seat_session import SeatSession
from fargate_lab.errors import SurroundingsError
from tui.session import Finished, SessionError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="seats are forked")


@pytest.fixture(scope="module")
def opened(room: Any) -> Iterator[SeatSession]:
    with pytest.MonkeyPatch.context() as patch:
        session = room.session("01", patch)
        session.open("core-lab", quiet)
        yield session
        session.close()


@pytest.fixture
def session(opened: SeatSession, room: Any, monkeypatch: pytest.MonkeyPatch) -> SeatSession:
    monkeypatch.setenv("FARGATE_LAB_HOME", str(room.folder.seat("01").home))
    return opened


def test_aws_reaches_the_seats_own_world(session: SeatSession, room: Any) -> None:
    text, code = typed(session, "aws sts get-caller-identity --query Account --output text")
    assert (text, code) == (f"{room.folder.seat('01').keys.account}\n", 0)
    text, code = typed(session, "aws ecs describe-services --cluster nowhere --services x")
    assert "ClusterNotFoundException" in text
    assert code == 255
    text, code = typed(session, "! aws ecs describe-services --cluster nowhere --services x")
    assert code == 0


def test_variables_are_kept_also_for_the_next_screen(
    session: SeatSession, room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed(session, "WHO=$(aws sts get-caller-identity --query Arn --output text)") == ("", 0)
    assert typed(session, "export A=1 B='two words'") == ("", 0)
    text, _ = typed(session, 'echo "$WHO" ${B} $SUBNET_A')
    assert text.startswith("arn:aws:iam::")
    assert "two words subnet-" in text
    text, _ = typed(session, "env")
    assert f"AWS_ENDPOINT_URL={room.shard}\n" in text
    assert "\nB=two words\n" in text
    assert typed(session, "unset A B") == ("", 0)
    assert "is not set" in typed(session, "echo $A")[0]
    again = room.session("01", monkeypatch)
    again.open("core-lab", quiet)
    assert typed(again, "echo $WHO")[0].startswith("arn:aws:iam::")
    assert "WHO" in [each.lstrip("$") for each in again.complete("echo $WH", 8).candidates]


@pytest.mark.parametrize(
    "line",
    [
        "aws ecs list-clusters | cat",
        "aws ecs list-clusters > out",
        "aws ecs list-clusters; id",
        "aws ecs list-clusters && id",
        "aws ecs list-clusters & id",
        "aws ecs list-clusters --query `id`",
        "echo $(id)",
        "echo $(aws ecs list-clusters; id)",
        "cat < /etc/passwd",
        "echo *",
        "echo ~",
        "(id)",
        "id",
        "bash -c id",
        "/bin/sh",
        "exec sh",
        ". /etc/profile",
        "aws ecs list-tasks --cluster $(cat /etc/passwd)",
        "aws ecs list-tasks --cluster file:///etc/passwd",
        "aws configure list",
        "fargate-lab serve",
        "fargate-lab cost --file /etc/passwd",
        "fargate-lab traffic --endpoint http://127.0.0.1:1",
        "echo 'never closed",
        "PATH=/tmp aws ecs list-clusters",
    ],
)
def test_a_shells_own_signs_do_nothing(session: SeatSession, line: str) -> None:
    text, code = typed(session, line)
    assert code in (2, 127), text
    assert text
    for told in ("uid=", "root:", "clusterArns"):
        assert told not in text


def test_variables_lead_aws_nowhere_and_hold_nothing_of_the_class(session: SeatSession, room: Any) -> None:
    ends = [
        "CONFIG_FILE",
        "SHARED_CREDENTIALS_FILE",
        "ENDPOINT_URL",
        "ENDPOINT_URL_STS",
        "PROFILE",
        "PAGER",
        "CA_BUNDLE",
        "DATA_PATH",
    ]
    names = [*(f"AWS_{end}" for end in ends), "HOME", "PAGER", "HTTP_PROXY", "http_proxy", "PYTHONPATH"]
    assert (
        typed(session, "export " + " ".join(f"{name}=http://127.0.0.1:1/etc/passwd" for name in names))[1]
        == 0
    )
    text, code = typed(session, "aws sts get-caller-identity --query Account --output text")
    assert (text, code) == (f"{room.folder.seat('01').keys.account}\n", 0)
    held = typed(session, "env")[0]
    seats = room.folder.seats
    for secret in (room.folder.host_token, room.folder.teacher_code, *(each.keys.token for each in seats)):
        assert secret not in held
    assert room.folder.seat("02").keys.secret_key not in held
    assert typed(session, "unset " + " ".join(names)) == ("", 0)


def test_our_own_commands_work_on_the_seats_world(session: SeatSession) -> None:
    text, code = typed(session, "fargate-lab cost")
    assert code == 0
    assert "$" in text
    assert "aws SERVICE OPERATION" in typed(session, "help")[0]
    assert typed(session, "  ") == ("", 0)
    assert typed(session, "# nothing") == ("", 0)
    assert "help\n" in typed(session, "history")[0]


def test_a_line_can_be_stopped(session: SeatSession) -> None:
    events = session.run_command("aws cloudwatch wait alarm-exists --alarm-names never")
    threading.Timer(0.5, session.cancel).start()
    began = time.monotonic()
    last = list(events)[-1]
    assert time.monotonic() - began < 4
    assert isinstance(last, Finished)
    assert last.exit_code == 130
    assert typed(session, "aws --version")[1] == 0


def test_there_is_no_shell_and_it_says_what_to_do(session: SeatSession) -> None:
    with pytest.raises(SessionError, match="no shell") as caught:
        session.shell_command()
    assert "page of your seat" in caught.value.hint


def test_a_command_runs_with_the_environment_given_and_no_other(
    session: SeatSession, room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    words = ["aws", "sts", "get-caller-identity", "--region", "us-east-1"]
    running = NurseryAws(room.nursery, room.shard).start(words, {"HERE": "1"})
    assert "Unable to locate credentials" in "".join(text for _, text in running.pieces())
    assert running.code != 0


def test_much_output_is_cut_and_the_command_stopped(
    session: SeatSession, room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nursery_aws, "MOST_OUTPUT", 2000)
    words = ["aws", "ecs", "register-task-definition", "--generate-cli-skeleton"]
    running = NurseryAws(room.nursery, room.shard).start(words, _keys(room))
    printed = "".join(text for _, text in running.pieces())
    assert running.code == TOO_MUCH
    assert "More is not shown here" in printed


@pytest.mark.parametrize(
    "query",
    [
        "[" * 20_000,
        "a" + "[*]" * 5_000,
        "sort_by(" * 3_000,
    ],
)
def test_a_monstrous_query_ends_by_itself(session: SeatSession, room: Any, query: str) -> None:
    began = time.monotonic()
    running = NurseryAws(room.nursery, room.shard).start(
        ["aws", "ecs", "list-clusters", "--query", query], _keys(room)
    )
    list(running.pieces())
    assert running.code != TOO_MUCH
    assert time.monotonic() - began < 40


def test_without_a_nursery_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="cannot be started"):
        NurseryAws(tmp_path / "none", "http://127.0.0.1:1").start(["aws", "--version"], {})


def _keys(room: Any) -> dict[str, str]:
    keys = room.folder.seat("01").keys
    return {
        "AWS_ACCESS_KEY_ID": keys.key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
