"""Grades for machines."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from xml.etree import ElementTree

from support.game_reports import LONG_NAME, friday

from gameday.report import to_csv, to_junit


def test_csv_has_a_row_for_each_rule_and_a_total() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(friday()))))
    assert len(rows) == 3 * 8
    blue = [row for row in rows if row["team"] == "Blue"]
    assert [(row["rule"], row["points"], row["most"]) for row in blue] == [
        ("error budget", "0", "40"),
        ("time to detect", "9.6", "10"),
        ("time to diagnose", "15", "15"),
        ("time to mitigate", "15", "15"),
        ("time to restore", "20", "20"),
        ("hints", "0", "0"),
        ("harmful actions", "0", "0"),
        ("total", "60", "100"),
    ]
    assert {row["team"] for row in rows} >= {"Blue", LONG_NAME}


def test_a_name_is_no_formula() -> None:
    report = friday()
    named = replace(report, teams=[replace(report.teams[0], name='=HYPERLINK("http://x")')])
    rows = list(csv.DictReader(io.StringIO(to_csv(named))))
    assert {row["team"] for row in rows} == {'\'=HYPERLINK("http://x")'}


def test_junit_has_a_suite_for_each_team() -> None:
    root = ElementTree.fromstring(to_junit(friday()).encode())  # noqa: S314 - our own
    suites = root.findall("testsuite")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("Blue", "10", "1"),
        (LONG_NAME, "10", "5"),
        ("Ghosts of the <script>alert(1)</script> pipeline", "10", "7"),
    ]
    for suite in suites:
        assert len(suite.findall("testcase")) == int(suite.get("tests") or 0)
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures") or 0)
    lost = {case.get("name"): case.find("failure") for case in suites[2].findall("testcase")}
    release, hints = lost["1 A release"], lost["hints"]
    assert release is not None
    assert release.text == "99 % of requests get an answer: 412 of 6,000 requests were bad, 60.0 may be"
    assert hints is None
