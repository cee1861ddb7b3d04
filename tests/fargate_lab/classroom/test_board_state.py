"""The board: who is where, and who is stuck."""

from __future__ import annotations

import pytest
from support.classes import entry, minutes, write

from fargate_lab.classroom.board_state import (
    ClassHead,
    ClassLab,
    ClassReader,
    Sitter,
    Usual,
    board_view,
    is_stuck,
    shown_lab,
)
from fargate_lab.classroom.folder import ClassFolder
from fargate_lab.classroom.policy import Policy
from fargate_lab.classroom.seat_story import SeatStory
from fargate_lab.classroom.seatlog import SeatEntry
from tui.classroom import StepHead

LABS = {
    "core": ClassLab("core", 12, (StepHead("one", "The first"), StepHead("two", "The second"))),
    "other": ClassLab("other", 10, (StepHead("first", "Begin"),)),
}
STEPS = {lab.id: [step.id for step in lab.steps] for lab in LABS.values()}
HEAD = ClassHead("monday", "ABCDEF", 3, Policy(lab="core"), "http://192.168.1.5:8700")
OPENED = entry(0, "opened", lab="core", resumed=False)


def sitter(*entries: SeatEntry, id: str = "01", policy: Policy = HEAD.policy) -> Sitter:  # noqa: A002
    story = SeatStory(STEPS)
    for each in entries:
        story.take(each)
    return Sitter(id, "Ada", "ACDEFGHJ", True, policy, story)


def failed(at: float, *failing: list[str]) -> SeatEntry:
    return entry(at, "checked", lab="core", step="one", passed=False, failing=list(failing))


def row(*sitters: Sitter, at: float = 1):
    return board_view(HEAD, sitters, LABS, minutes(at)).seats[0]


def test_a_seat_where_nothing_happened() -> None:
    seen = row(sitter())
    assert (seen.lab, seen.steps, seen.step, seen.idle_s, seen.stuck, seen.score) == (
        "",
        ("open", "open"),
        "",
        None,
        False,
        0,
    )


def test_what_a_seat_is_at() -> None:
    seen = row(
        sitter(
            OPENED,
            entry(1, "hint", lab="core", step="one", level=1),
            entry(1, "solution", lab="core", step="one"),
            entry(2, "command", line="aws ecs list-clusters", code=0),
            failed(3, ["cluster-created", "there is none"], ["insights", "off"]),
        ),
        at=4.51,
    )
    assert seen.steps == ("tried", "open")
    assert (seen.step, seen.on_step_s, seen.tries, seen.hints, seen.solution) == (
        "The first",
        270.0,
        1,
        1,
        True,
    )
    assert seen.failing == ("cluster-created: there is none", "insights: off")
    assert (seen.idle_s, seen.last_command, seen.stuck) == (90.0, "aws ecs list-clusters", False)


def test_steps_that_passed_and_steps_that_are_locked() -> None:
    policy = Policy(lab="core", steps=1)
    seen = row(sitter(OPENED, entry(1, "passed", lab="core", step="one"), policy=policy))
    assert (seen.steps, seen.score, seen.step) == (("passed", "locked"), 50, "The second")
    seen = row(sitter(OPENED, entry(1, "solved", lab="core"), policy=policy))
    assert (seen.steps, seen.score, seen.step) == (("passed", "passed"), 100, "")


@pytest.mark.parametrize(
    ("times", "tries", "idle_s", "locked", "stuck"),
    [
        ((299, 10), 0, 0, False, False),
        ((301, 10), 0, 0, False, True),
        ((900, 450), 0, 0, False, False),
        ((901, 450), 0, 0, False, True),
        ((60, 60), 2, 0, False, False),
        ((60, 60), 3, 0, False, True),
        ((901, 10), 3, 900, False, False),
        ((901, 10), 3, 0, True, False),
        ((901, 10), 3, None, False, False),
    ],
)
def test_who_is_stuck(
    times: tuple[float, float], tries: int, idle_s: float | None, locked: bool, stuck: bool
) -> None:
    on_step_s, usual_s = times
    for online in (True, False):
        found = is_stuck(
            online=online, idle_s=idle_s, locked=locked, tries=tries, on_step_s=on_step_s, usual_s=usual_s
        )
        assert found is (stuck and online)


def test_usual_is_the_median_of_those_who_passed_or_the_labs_own_word() -> None:
    def after(minutes_: float) -> Sitter:
        return sitter(OPENED, entry(minutes_, "passed", lab="core", step="one"))

    assert Usual([after(1), after(2)], LABS).seconds("core", "one") == 360
    assert Usual([after(1), after(2), after(9)], LABS).seconds("core", "one") == 120
    slow = sitter(OPENED, failed(5), id="04")
    assert not board_view(HEAD, [slow], LABS, minutes(6)).seats[0].stuck
    assert board_view(HEAD, [slow, after(1), after(2), after(2)], LABS, minutes(6)).seats[0].stuck


def test_the_columns_are_the_classs_lab_or_the_one_that_most_have_open() -> None:
    free = Policy(lab="")
    at_other = sitter(entry(0, "opened", lab="other", resumed=False))
    assert shown_lab(Policy(lab="core"), [at_other], LABS).id == "core"
    assert shown_lab(free, [at_other, sitter(OPENED), at_other], LABS).id == "other"
    assert shown_lab(free, [], LABS).id == "core"
    assert shown_lab(Policy(lab="no-such"), [at_other], LABS).id == "other"


def test_a_seat_in_another_lab_shows_that_labs_step() -> None:
    seen = row(
        sitter(OPENED, entry(1, "passed", lab="core", step="one"), entry(2, "opened", lab="other")), at=4
    )
    assert (seen.lab, seen.step, seen.steps, seen.on_step_s) == ("other", "Begin", ("passed", "open"), 120.0)


def test_a_class_is_read_from_its_folder(home: object) -> None:
    folder = ClassFolder.create("monday", seats=3)
    reader = ClassReader(folder)
    assert reader.view({"02"}.__contains__, join="http://x").seats == ()
    seat = folder.seat("02")
    seat.take("Ada <b>")
    write(seat, entry(0, "opened", lab="core-lab"), entry(1, "passed", lab="core-lab", step="cluster"))
    folder.policy.set("02", steps=1)
    view = reader.view({"02"}.__contains__, join="http://x", trouble="A shard starts again.")
    assert (view.name, view.lab, view.free, view.code, view.trouble) == (
        "monday",
        "core-lab",
        2,
        folder.code,
        "A shard starts again.",
    )
    assert view.steps[0] == StepHead("cluster", "Create a cluster")
    assert "p06-no-breaker" in view.labs
    (seen,) = view.seats
    assert (seen.id, seen.name, seen.code, seen.online) == ("02", "Ada <b>", seat.keys.code, True)
    assert seen.steps[:2] == ("passed", "locked")
    write(seat, entry(2, "passed", lab="core-lab", step="task-definition"))
    assert reader.view({"02"}.__contains__, join="http://x").seats[0].steps[1] == "passed"
