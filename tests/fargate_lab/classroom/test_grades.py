"""Grades for machines."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree

from support.classes import entry

from fargate_lab.classroom.board_state import ClassLab, Sitter
from fargate_lab.classroom.grades import FIELDS, to_csv, to_junit
from fargate_lab.classroom.policy import Policy
from fargate_lab.classroom.seat_story import SeatStory
from fargate_lab.classroom.seatlog import SeatEntry
from tui.classroom import StepHead

LABS = {
    "core": ClassLab("core", 12, (StepHead("one", "The first"), StepHead("two", "The second"))),
    "other": ClassLab("other", 10, (StepHead("first", "Begin"),)),
}


def sitter(seat: str, name: str, *entries: SeatEntry) -> Sitter:
    story = SeatStory({lab.id: [step.id for step in lab.steps] for lab in LABS.values()})
    for each in entries:
        story.take(each)
    return Sitter(seat, name, "ACDEFGHJ", False, Policy(), story)


ADA = sitter(
    "01",
    "Ada",
    entry(0, "joined", name="Ada"),
    entry(0, "opened", lab="core", resumed=False),
    entry(1, "hint", lab="core", step="one", level=2),
    entry(1, "solution", lab="core", step="one"),
    entry(3, "passed", lab="core", step="one"),
    entry(
        4, "checked", lab="core", step="two", passed=False, failing=[["c1", "1 of 2 \x1b[31m"], ["c2", "no"]]
    ),
    entry(6, "reset", lab="core", step=None),
)
NOBODY = sitter("02", "=HYPERLINK(1)")


def rows(*sitters: Sitter) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(sitters, LABS, "core"))))


def test_a_row_for_each_seat() -> None:
    ada, nobody = rows(ADA, NOBODY)
    assert tuple(ada) == (*FIELDS, "core/one", "core/two")
    assert ada == {
        "seat": "01",
        "name": "Ada",
        "lab": "core",
        "score": "50",
        "passed": "1",
        "steps": "2",
        "minutes": "3.0",
        "hints": "2",
        "solutions": "1",
        "first": "2026-03-02T09:00:00+00:00",
        "last": "2026-03-02T09:04:00+00:00",
        "core/one": "3.0",
        "core/two": "",
    }
    assert (nobody["score"], nobody["first"], nobody["core/one"]) == ("0", "", "")


def test_a_name_is_no_formula() -> None:
    for name in ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", " =1"):
        assert rows(sitter("02", name))[0]["name"].startswith(("'", " "))
    # Where cells end at semicolons or tabs, one may begin in the middle of a name.
    for name in ("x;=1+1", 'x;"=1', "x;\t@A1", "a;b;+1", "x\t-1"):
        text = to_csv([sitter("02", name)], LABS, "core")
        assert not re.search(r"""[;\t][\s"]*[=+\-@]""", text), name
    for name in ("Ann-Marie", "a+b", "me@home", "Li; Wei"):
        assert rows(sitter("02", name))[0]["name"] == name
    assert rows(sitter("02", 'a "quoted", name\nof two'))[0]["name"] == 'a "quoted", name\nof two'


def test_a_seat_with_two_labs_has_two_rows() -> None:
    both = sitter(
        "03",
        "Bo",
        entry(0, "opened", lab="other"),
        entry(2, "passed", lab="other", step="first"),
        entry(3, "opened", lab="core"),
    )
    first, second = rows(both)
    assert (first["lab"], first["other/first"], first["score"]) == ("core", "", "0")
    assert (second["lab"], second["other/first"], second["score"], second["core/one"]) == (
        "other",
        "2.0",
        "100",
        "",
    )


def test_junit_has_a_suite_for_each_seat_and_a_case_for_each_step() -> None:
    root = ElementTree.fromstring(to_junit([ADA, NOBODY], LABS, "core", name="monday"))  # noqa: S314 - our own
    ada, nobody = root.findall("testsuite")
    assert (ada.get("name"), ada.get("tests"), ada.get("failures"), ada.get("skipped")) == (
        "01 Ada",
        "2",
        "0",
        "1",
    )
    assert (nobody.get("tests"), nobody.get("skipped")) == ("2", "2")
    one, _ = ada.findall("testcase")
    assert (one.get("classname"), one.get("name"), one.get("time")) == ("core", "one", "180")


def test_a_failure_tells_the_checks_that_failed() -> None:
    story = sitter(
        "01",
        "A\x00d\x08a <script>",
        *(
            entry(0, "opened", lab="core"),
            entry(
                4,
                "checked",
                lab="core",
                step="one",
                passed=False,
                failing=[["c1", "1 of 2 \x1b[31m"], ["c2", "no"]],
            ),
        ),
    )
    text = to_junit([story], LABS, "core", name="monday")
    suite = ElementTree.fromstring(text).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert (suite.get("name"), suite.get("failures")) == ("01 Ada <script>", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "its checks failed: c1, c2"
    assert failure.text == "c1: 1 of 2 [31m\nc2: no"
