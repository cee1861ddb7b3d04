"""Grades for machines: CSV for spreadsheets, JUnit XML for continuous integration."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

from gameday.report.model import GameReport, TeamReport
from gameday.report.words import EXERCISES, clean
from gameday.scoring import Line

PASSED_SHARE = 0.5
"""A rule with points to be had is passed with this share of them."""


def to_csv(report: GameReport) -> str:
    """``team,rule,points,most,why``: a row for each rule of each team, the best team first, and one for its total.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("team", "rule", "points", "most", "why"))
    for _, team in report.ranked():
        for line in team.score.lines:
            writer.writerow(
                (_cell(team.name), line.rule, _number(line.points), _number(line.most), _cell(line.why))
            )
        writer.writerow((_cell(team.name), "total", team.score.total, 100, ""))
    return stream.getvalue()


def to_junit(report: GameReport) -> str:
    """A suite for each team, a case for each rule and each exercise. A rule fails with less than half of its points; one that only
    takes points away fails when it took some; an exercise when it does not hold. Ends in a newline.
    """
    root = ElementTree.Element("testsuites", name=f"fargate-lab gameday {clean(report.scenario.id)}")
    for _, team in report.ranked():
        _suite(root, report, team)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, report: GameReport, team: TeamReport) -> None:
    lines, exercised = team.score.lines, team.score.findings.exercised
    failures = sum(not _passed(line) for line in lines) + sum(not each.held for each in exercised)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=clean(team.name),
        tests=str(len(lines) + len(exercised)),
        failures=str(failures),
        errors="0",
        skipped="0",
    )
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", name="total", value=str(team.score.total))
    scenario = clean(report.scenario.id)
    for line in lines:
        of = f" of {line.most:g}" if line.most else ""
        _case(
            suite,
            (f"{scenario}.rules", line.rule),
            _passed(line),
            f"{_number(line.points)}{of} points",
            line.why,
        )
    for at, each in enumerate(exercised, 1):
        name = f"{at} {EXERCISES.get(each.exercise.do, each.exercise.do)}"
        _case(suite, (f"{scenario}.exercises", name), each.held, "the SLOs do not hold", each.observed)


def _case(suite: ElementTree.Element, named: tuple[str, str], passed: bool, message: str, why: str) -> None:
    """``named``: class and name."""
    case = ElementTree.SubElement(suite, "testcase", classname=named[0], name=clean(named[1]))
    if not passed:
        failure = ElementTree.SubElement(case, "failure", message=clean(message))
        failure.text = clean(why)


def _passed(line: Line) -> bool:
    return line.points >= PASSED_SHARE * line.most if line.most else line.points >= 0


def _number(value: float) -> str:
    return f"{value + 0.0:g}"  # and so no -0


def _cell(text: str) -> str:
    text = clean(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
