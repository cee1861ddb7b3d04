"""Grades for machines: CSV for spreadsheets, JUnit XML for continuous integration. Shapes: docs/cli.md, "board".

A step that passed once counts, whatever was reset since. Times are those of `seat_story`: what was worked, without long pauses.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from fargate_lab.cells import cell
from fargate_lab.classroom.board_state import ClassLab, ClassReader, Sitter, shown_lab
from fargate_lab.classroom.seat_story import LabStory
from gameday.report.words import clean

FIELDS = ("seat", "name", "lab", "score", "passed", "steps", "minutes", "hints", "solutions", "first", "last")
"""The columns of the CSV before those of the steps."""


def of_class(reader: ClassReader) -> dict[str, str]:
    """The grades of everybody in a class as it stands on the disk, by what the file is called."""
    sitters, labs = reader.sitters(lambda _: False), reader.catalogue
    lab = shown_lab(reader.folder.policy.of(), sitters, labs).id
    return {
        "grades.csv": to_csv(sitters, labs, lab),
        "grades.xml": to_junit(sitters, labs, lab, name=reader.folder.name),
    }


def to_csv(sitters: Sequence[Sitter], catalogue: Mapping[str, ClassLab], lab: str) -> str:
    """A row for each seat and lab that was opened there, or `lab` where none was; `FIELDS`, then the minutes that each step took until it
    passed, in a column `<lab>/<step>`, empty where it has not.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    rows = [(sitter, each) for sitter in sitters for each in _labs(sitter, catalogue, lab)]
    used = {each.id for _, each in rows}
    steps = [(each.id, step.id) for each in catalogue.values() if each.id in used for step in each.steps]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*FIELDS, *("/".join(step) for step in steps)))
    for sitter, each in rows:
        story = _story(sitter, each)
        passed = sum(step.id in story.earned for step in each.steps)
        taken = [spent for spent in story.earned.values() if spent is not None]
        writer.writerow(
            (
                sitter.id,
                cell(sitter.name),
                each.id,
                100 * passed // max(1, len(each.steps)),
                passed,
                len(each.steps),
                _minutes(sum(taken)),
                sum(story.hints.values()),
                len(story.solutions),
                _moment(sitter.story.first),
                _moment(sitter.story.last),
                *(_minutes(story.earned.get(step)) if of == each.id else "" for of, step in steps),
            )
        )
    return stream.getvalue()


def to_junit(sitters: Sequence[Sitter], catalogue: Mapping[str, ClassLab], lab: str, *, name: str) -> str:
    """A suite for each seat, a case for each step of each lab that was opened there (or of `lab`); a step that was tried and has not passed
    fails with the checks that failed last, one that was not tried is skipped. Ends in a newline.
    """
    root = ElementTree.Element("testsuites", name=f"fargate-lab classroom {clean(name)}")
    for sitter in sitters:
        suite = ElementTree.SubElement(root, "testsuite", name=clean(f"{sitter.id} {sitter.name}"))
        for each in _labs(sitter, catalogue, lab):
            _cases(suite, each, _story(sitter, each))
        for attribute, path in (("tests", "testcase"), ("failures", "*/failure"), ("skipped", "*/skipped")):
            suite.set(attribute, str(len(suite.findall(path))))
        suite.set("errors", "0")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(suite: ElementTree.Element, lab: ClassLab, story: LabStory) -> None:
    for step in lab.steps:
        case = ElementTree.SubElement(suite, "testcase", classname=lab.id, name=step.id)
        if step.id in story.earned:
            case.set("time", f"{story.earned[step.id] or 0.0:.0f}")
        elif step.id in story.failing:
            failing = story.failing[step.id]
            words = "its checks failed: " + ", ".join(check for check, _ in failing)
            failure = ElementTree.SubElement(case, "failure", message=clean(words))
            failure.text = clean("\n".join(f"{check}: {observed}" for check, observed in failing))
        else:
            ElementTree.SubElement(case, "skipped", message="not tried")


def _labs(sitter: Sitter, catalogue: Mapping[str, ClassLab], lab: str) -> list[ClassLab]:
    opened = [each for each in catalogue.values() if each.id in sitter.story.labs]
    return opened or [catalogue[lab]]


def _story(sitter: Sitter, lab: ClassLab) -> LabStory:
    return sitter.story.labs.get(lab.id) or LabStory([step.id for step in lab.steps])


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.1f}"


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
