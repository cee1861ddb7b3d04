"""What a seat's log amounts to."""

from __future__ import annotations

import pytest
from support.classes import entry, minutes

from fargate_lab.classroom.seat_story import SeatStory
from fargate_lab.classroom.seatlog import SeatEntry

STEPS = {"core": ["one", "two", "three"], "other": ["first"]}


def told(*entries: SeatEntry) -> SeatStory:
    story = SeatStory(STEPS)
    for each in entries:
        story.take(each)
    return story


def opened(at: float = 0, lab: str = "core") -> SeatEntry:
    return entry(at, "opened", lab=lab, resumed=False)


def passed(at: float, step: str) -> SeatEntry:
    return entry(at, "passed", lab="core", step=step)


def failed(at: float, step: str, *failing: list[str]) -> SeatEntry:
    return entry(at, "checked", lab="core", step=step, passed=False, failing=list(failing))


def test_nothing_yet() -> None:
    story = told(entry(0, "message", text="hello"))
    assert (story.lab, story.labs, story.first, story.idle_s(minutes(5))) == ("", {}, None, None)
    assert story.on_step_s(minutes(5)) == 0


def test_time_on_a_step_runs_from_what_made_it_the_current_one() -> None:
    story = told(opened(), passed(4, "one"), failed(6, "two", ["check", "nothing there"]))
    assert story.labs["core"].current == "two"
    assert story.labs["core"].earned == {"one": 240}
    assert story.on_step_s(minutes(7)) == 180
    assert story.idle_s(minutes(7)) == 60


def test_of_a_long_pause_a_quarter_of_an_hour_counts() -> None:
    story = told(opened(), passed(24 * 60, "one"))
    assert story.labs["core"].earned == {"one": 900}
    assert story.on_step_s(minutes(24 * 60 + 60)) == 900


def test_what_the_teacher_says_is_no_work() -> None:
    story = told(
        opened(),
        entry(10, "message", text="x"),
        entry(20, "message", text="x"),
        entry(25, "screen", on=False),
    )
    assert story.idle_s(minutes(30)) == 1800
    assert story.on_step_s(minutes(30)) == 900
    story.take(entry(40, "reset", lab="core", step=None))
    assert story.idle_s(minutes(40)) == 2400


def test_time_stands_still_without_a_screen() -> None:
    story = told(opened(), entry(4, "screen", on=False), entry(6, "message", text="x"))
    assert story.on_step_s(minutes(9)) == 240
    story.take(entry(10, "screen", on=True))
    assert story.on_step_s(minutes(11)) == 300


def test_failed_checks_are_counted_until_the_step_passes() -> None:
    story = told(opened(), failed(1, "one", ["a", "x"]), failed(2, "one", ["a", "y"], ["b", "z"]))
    core = story.labs["core"]
    assert core.tries == {"one": 2}
    assert core.failing == {"one": (("a", "y"), ("b", "z"))}
    story.take(entry(3, "checked", lab="core", step="one", passed=True, failing=[]))
    assert (core.tries, core.failing, core.passed) == ({}, {}, {"one"})


def test_what_passed_stays_so_when_the_world_moves_on() -> None:
    core = told(opened(), passed(1, "one"), failed(2, "one", ["a", "gone"])).labs["core"]
    assert core.passed == {"one"}
    assert core.failing == {}


def test_hints_and_solutions_are_kept_by_step() -> None:
    core = told(
        opened(),
        entry(1, "hint", lab="core", step="one", level=2),
        entry(2, "hint", lab="core", step="one", level=1),
        entry(3, "solution", lab="core", step="one"),
    ).labs["core"]
    assert core.hints == {"one": 2}
    assert core.solutions == {"one"}


def test_a_reset_begins_anew_and_takes_no_earned_step_away() -> None:
    story = told(opened(), passed(2, "one"), passed(3, "two"), entry(5, "reset", lab="core", step=None))
    core = story.labs["core"]
    assert (core.passed, core.current) == (set(), "one")
    assert core.earned == {"one": 120, "two": 60}
    assert story.on_step_s(minutes(6)) == 60
    story.take(passed(9, "one"))
    assert core.earned["one"] == 120


def test_a_step_begun_anew_takes_those_after_it_along() -> None:
    core = told(opened(), passed(2, "one"), passed(3, "two"), entry(5, "reset", lab="core", step="two")).labs[
        "core"
    ]
    assert core.passed == {"one"}


def test_a_step_out_of_turn_has_no_time() -> None:
    core = told(opened(), passed(2, "two"), passed(3, "one")).labs["core"]
    assert core.earned == {"two": None, "one": 180}
    assert core.current == "three"


def test_solved_is_every_step() -> None:
    core = told(opened(), passed(1, "one"), entry(2, "solved", lab="core")).labs["core"]
    assert core.current is None
    assert set(core.earned) == {"one", "two", "three"}


def test_time_in_another_lab_is_that_labs() -> None:
    story = told(opened(), opened(5, "other"), opened(15), passed(17, "one"))
    assert story.labs["core"].earned == {"one": 420}
    assert story.labs["other"].worked_s == 600


def test_waiting_for_a_locked_step_is_no_work_on_it() -> None:
    waiting = (opened(), passed(2, "one"), entry(8, "released", before=1, after=2))
    assert told(*waiting).on_step_s(minutes(9)) == 60
    assert told(*waiting, passed(10, "two")).labs["core"].earned["two"] == 120
    # One that was open all the while goes on.
    assert told(opened(), entry(8, "released", before=1, after=2)).on_step_s(minutes(9)) == 540


def test_the_last_command_says_how_it_ended() -> None:
    story = told(entry(1, "command", line="aws ecs list-clusters", code=0))
    assert story.last_command == "aws ecs list-clusters"
    story.take(entry(2, "command", line="aws ecs lst", code=252))
    assert story.last_command == "aws ecs lst  (exit 252)"


@pytest.mark.parametrize(
    "data",
    [
        {"lab": "core", "step": None, "passed": False, "failing": "x"},
        {"lab": "core", "step": "one", "passed": False, "failing": [["a"], 3, ["b", 4]]},
        {"lab": ["core"]},
        {"lab": "unheard-of", "step": "one"},
    ],
)
def test_a_line_that_means_nothing_harms_nothing(data: dict[str, object]) -> None:
    story = told(opened(), entry(1, "checked", **data), entry(2, "hint", lab="core", step="one", level="3"))
    assert story.labs["core"].current == "one"
