"""The learner's work on a lab."""

from __future__ import annotations

from dataclasses import replace

from tui_fakes import STEPS

from tui.session import CheckReport, LabView, Solution, StepResult
from tui.work import Work, tally


def lab(**more) -> LabView:
    return LabView("core-lab", "Title", more.pop("steps", STEPS), **more)


def test_it_starts_at_the_first_step_that_has_not_passed() -> None:
    assert Work(lab(steps=(replace(STEPS[0], passed=True), *STEPS[1:]))).index == 1
    assert Work(lab(current="broken")).index == 2
    assert Work(lab(current="no such step")).index == 0
    assert Work(lab(steps=())).step is None


def test_a_passed_step_stays_passed_while_the_world_moves_on() -> None:
    work = Work(lab())
    passed = CheckReport((StepResult("cluster", True),))
    failed = CheckReport((StepResult("cluster", False),))
    assert work.take(passed, asked=False) == [STEPS[0]]
    assert work.take(passed, asked=False) == []
    work.take(failed, asked=False)
    assert "cluster" in work.passed
    work.take(failed, asked=True)
    assert "cluster" not in work.passed


def test_a_report_on_an_unknown_step_is_harmless() -> None:
    work = Work(lab())
    assert work.take(CheckReport((StepResult("other", True),)), asked=True) == []


def test_commands_are_pasted_in_turn_and_begin_again() -> None:
    work = Work(lab(current="service"))
    first, second = STEPS[1].commands
    assert [work.next_command() for _ in range(3)] == [(first, 1, 2), (second, 2, 2), (first, 1, 2)]


def test_a_step_without_commands_pastes_its_revealed_solution() -> None:
    work = Work(lab(steps=(replace(STEPS[0], commands=()),)))
    assert work.next_command() is None
    work.revealed("cluster").solution = Solution(("aws x",))
    assert work.next_command() == ("aws x", 1, 1)


def test_tally_counts_what_passes() -> None:
    assert tally(STEPS[0].checks) == (0, 2)
