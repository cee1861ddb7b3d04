"""A seat's session: what the teacher has locked is refused, and what happens is written down."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from support.rooms import quiet, typed

from fargate_lab import paths
from fargate_lab.classroom.seat_session import SeatSession, standing
from fargate_lab.handin.collect import collected
from fargate_lab.handin.judge import judge
from fargate_lab.progress import ProgressStore
from tui.seat import SeatDoor
from tui.session import SessionError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="seats are forked")
CREATE = "aws ecs create-cluster --cluster-name core-lab --settings name=containerInsights,value=enhanced"
_SEATS = iter(f"{number:02}" for number in range(1, 13))


@pytest.fixture
def seat() -> str:
    """A seat where nobody has been."""
    return next(_SEATS)


@pytest.fixture
def session(room: Any, seat: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatSession]:
    made = room.session(seat, monkeypatch)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_set(room: Any, seat: str) -> None:
    room.folder.policy.path.unlink(missing_ok=True)


def test_it_is_a_session_on_the_lab_of_the_class(session: SeatSession, room: Any, seat: str) -> None:
    assert isinstance(session, SeatDoor)
    assert session.wanted() == "core-lab"
    assert session.view() is None
    assert [card.id for card in session.catalogue()] == ["core-lab"]
    with pytest.raises(SessionError, match="The class works on core-lab"):
        session.open("p05-tiny-subnet", quiet)
    view = session.open("core-lab", quiet)
    assert (view.resumed, view.endpoint, view.closed) == (False, room.shard, {"shell"})
    assert not any(step.locked for step in view.steps)
    room.folder.policy.set(seat, lab="")
    assert len(session.catalogue()) > 10


def test_what_happens_is_written_down_as_it_happens(session: SeatSession, room: Any, seat: str) -> None:
    session.open("core-lab", quiet)
    assert not session.check("cluster", drills=False).steps[0].passed
    assert not session.check("cluster", drills=True).steps[0].passed
    session.hint("cluster", 1)
    typed(session, CREATE)
    session.solution("cluster")
    assert not session.answer("cluster", "3").correct
    assert session.check("cluster", drills=True).steps[0].passed
    assert session.check("cluster", drills=True).steps[0].passed
    session.reset_lab(quiet)
    log = room.log(seat)
    assert [kind for kind, _ in log] == [
        *("opened", "checked", "hint", "command", "solution", "answered", "passed", "checked", "checked"),
        "reset",
    ]
    assert all(len(each) == 2 and all(each) for each in log[1][1]["failing"])
    assert log[1][1]["failing"]
    assert log[3][1] == {"line": CREATE, "code": 0}
    assert log[-1][1] == {"lab": "core-lab", "step": None}


def test_locked_steps_show_nothing_and_do_nothing(session: SeatSession, room: Any, seat: str) -> None:
    room.folder.policy.set(seat, steps=1)
    view = session.open("core-lab", quiet)
    assert [step.locked for step in view.steps] == [False, *[True] * (len(view.steps) - 1)]
    locked = view.steps[1]
    assert (locked.guide, locked.commands, locked.hints, locked.checks, locked.question) == (
        "",
        (),
        0,
        (),
        None,
    )
    assert "play" in view.closed
    for call in (
        lambda: session.check(locked.id, drills=True),
        lambda: session.check(None, drills=True),
        lambda: session.hint(locked.id, 1),
        lambda: session.solution(locked.id),
        lambda: session.answer(view.steps[5].id, "1"),
        lambda: session.reset_step(locked.id, quiet),
        session.play,
    ):
        with pytest.raises(SessionError, match=r"not open yet|cannot be watched"):
            call()
    session.check("cluster", drills=False)
    room.folder.policy.set(seat, steps=2)
    again = session.view()
    assert again is not None
    assert [step.locked for step in again.steps[:3]] == [False, False, True]
    session.check(locked.id, drills=False)


def test_hints_and_solutions_are_given_as_the_teacher_wants(
    session: SeatSession, room: Any, seat: str
) -> None:
    room.folder.policy.set(seat, hints="first", solutions=False)
    view = session.open("core-lab", quiet)
    assert view.closed == {"shell", "solution", "play"}
    assert {step.hints for step in view.steps} == {1}
    session.hint("cluster", 1)
    with pytest.raises(SessionError, match="no such hint"):
        session.hint("cluster", 2)
    assert all(each.hint for each in session.check("cluster", drills=False).steps[0].checks)
    with pytest.raises(SessionError, match="keeps the solutions"):
        session.solution("cluster")
    with pytest.raises(SessionError, match="cannot be watched"):
        session.play()
    with pytest.raises(SessionError, match="have not passed"):
        session.reset_step("task-definition", quiet)
    room.folder.policy.set(seat, hints="none")
    with pytest.raises(SessionError, match="no such hint"):
        session.hint("cluster", 1)
    checks = session.check("cluster", drills=False).steps[0].checks
    assert all(each.observed and not each.hint for each in checks)


def test_who_has_steps_performed_has_seen_their_solutions(session: SeatSession, room: Any, seat: str) -> None:
    session.open("core-lab", quiet)
    view = session.reset_step("task-definition", quiet)
    assert view.steps[0].passed
    kinds = [(kind, data.get("step")) for kind, data in room.log(seat)]
    assert kinds == [
        ("opened", None),
        ("reset", "task-definition"),
        ("passed", "cluster"),
        ("solution", "cluster"),
    ]
    events = session.play()
    for event in events:
        if event.kind == "passed":
            break
    events.close()  # type: ignore[attr-defined]
    assert ("solution", {"lab": "core-lab", "step": "cluster"}) in room.log(seat)[4:]


def test_the_log_catches_up_with_the_progress(
    session: SeatSession, room: Any, seat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the screen had been killed between writing the one and the other."""
    session.open("core-lab", quiet)
    ProgressStore().step_passed("core-lab", "cluster", 1, [])
    room.session(seat, monkeypatch).open("core-lab", quiet)
    log = room.folder.seat(seat).log
    assert standing(log.read()[0], "core-lab") == {"cluster"}
    ProgressStore().forget("core-lab")
    room.session(seat, monkeypatch).open("core-lab", quiet)
    assert standing(log.read()[0], "core-lab") == set()


def test_a_damaged_world_is_told_and_begun_anew(
    session: SeatSession, room: Any, seat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.ready(paths.recording_file("core-lab")).write_text("no recording\n")
    with pytest.raises(SessionError) as caught:
        session.open("core-lab", quiet)
    assert "no recording" not in caught.value.message
    view = session.reset_lab(quiet)
    assert not view.resumed
    typed(session, CREATE)
    assert session.check("cluster", drills=False).steps[0].passed


def test_what_the_teacher_said_can_be_read_again(session: SeatSession, room: Any, seat: str) -> None:
    assert session.said() == []
    room.folder.seat(seat).log.message("Five minutes")
    assert session.said() == ["Five minutes"]


def test_what_the_teacher_said_is_unread_until_somebody_puts_it_away(
    session: SeatSession, room: Any, seat: str
) -> None:
    log = room.folder.seat(seat).log
    for said in ("One", "Two", "Three"):
        log.message(said)
    assert session.unread() == {0: "One", 1: "Two", 2: "Three"}
    session.put_away([0, 2])
    assert session.unread() == {1: "Two"}
    log.message("Four")
    assert session.unread() == {1: "Two", 3: "Four"}
    assert session.said() == ["One", "Two", "Three", "Four"]


def test_no_token_of_the_class_reaches_a_variable(session: SeatSession, room: Any, seat: str) -> None:
    session.open("core-lab", quiet)
    keys = room.folder.seat(seat).keys
    text, _ = typed(session, "env")
    assert keys.key_id in text
    for hidden in (keys.token, room.folder.host_token, room.folder.teacher_code):
        assert hidden not in text
        assert hidden not in json.dumps(dict(os.environ))


def test_what_was_done_at_a_seat_can_be_handed_in(session: SeatSession) -> None:
    session.open("core-lab", quiet)
    typed(session, CREATE)
    typed(session, "aws ecs describe-clusters --clusters core-lab")
    assert session.check("cluster", drills=True).steps[0].passed
    [lab] = collected("Ada", []).labs
    found = judge(lab.lab, asdict(lab.claims), lab.recording)
    assert found.trouble == ""
    assert [(step.id, step.passed) for step in found.steps] == [("cluster", True)]
