"""Verdicts for people and for machines: a table, CSV for spreadsheets, JUnit XML. Shapes: docs/cli.md, `verify-result`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from fargate_lab import talk
from fargate_lab.cells import cell
from fargate_lab.commands.tables import table
from fargate_lab.handin.verdict import FileVerdict, LabVerdict
from gameday.report.words import clean

FIELDS = (
    "file", "name", "key", "lab", "score", "passed", "claimed", "steps", "minutes", "calls", "hints", "solutions", "solution_used",
    "right", "predictions", "good", "copy_of", "trouble", "notices",
)  # fmt: skip
_HEAD = ("lab", "claimed", "again", "score", "time", "calls", "hints", "solutions", "predictions")


def told(verdict: FileVerdict) -> Iterator[str]:
    """A file in lines for a terminal. What comes from the file is in them as text that a terminal does not obey."""
    if verdict.trouble:
        yield f"REFUSED  {_shown(verdict.file)}"
        yield talk.wrapped(_shown(verdict.trouble), "  ")
        return
    word = "good" if verdict.good else "NOT GOOD"
    yield f"{word}  {_shown(verdict.name)}, key {verdict.key[:12]}, {_shown(verdict.made_at)}: {_shown(verdict.file)}"
    yield from table([_HEAD, *(_row(lab) for lab in verdict.labs)])
    for notice in verdict.notices:
        yield talk.wrapped(f"note: {_shown(notice)}", "  ")
    for lab in verdict.labs:
        for sentence in _about(lab):
            yield talk.wrapped(f"{lab.lab}: {_shown(sentence)}", "  ")
        for step in () if lab.trouble else lab.steps:
            if not step.passed:
                yield f"  {lab.lab}: {step.id} does not pass again"
            for check in step.failing:
                yield talk.wrapped(f"{check['id']}: expected {_shown(check['expected'])};", "    ")
                yield talk.wrapped(f"observed {_shown(check['observed'])}", "      ")


def _row(lab: LabVerdict) -> tuple[str, ...]:
    return (
        lab.lab,
        f"{len(lab.steps)} of {lab.of_steps}",
        str(lab.passed),
        f"{lab.score} %",
        talk.duration(lab.duration_ms) if lab.duration_ms else "-",
        str(lab.calls),
        str(sum(lab.hints.values())),
        str(len(lab.solutions)),
        f"{sum(lab.answers.values())} of {len(lab.answers)} right" if lab.answers else "-",
    )


def _about(lab: LabVerdict) -> Iterator[str]:
    """What a table has no room for, in sentences without their end."""
    if lab.trouble:
        yield f"nothing of it counts: {lab.trouble}"
    if lab.copy_of:
        yield f"the same session has been handed in by {lab.copy_of}"
    if lab.solution_used:
        yield "the reference solution was applied by the program (`fargate-lab solve`)"
    yield from lab.notices


def to_json(verdicts: Sequence[FileVerdict]) -> str:
    """All that is known. What a terminal would obey is escaped, as JSON allows."""
    text = json.dumps({"files": [each.to_dict() for each in verdicts]}, indent=2, ensure_ascii=False)
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text
    )


def to_csv(verdicts: Sequence[FileVerdict]) -> str:
    """A row for each lab of each file, `FIELDS`; one without a lab for a file that was refused. A text that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(FIELDS)
    for file in verdicts:
        for lab in file.labs or (LabVerdict(""),):
            writer.writerow(
                (
                    cell(file.file), cell(file.name), cell(file.key), lab.lab, lab.score, lab.passed, len(lab.steps), lab.of_steps,
                    f"{lab.duration_ms / 60_000:.1f}", lab.calls, sum(lab.hints.values()), len(lab.solutions), _yes(lab.solution_used),
                    sum(lab.answers.values()), len(lab.answers), _yes(file.good and lab.good), cell(lab.copy_of),
                    cell(file.trouble or lab.trouble), cell("; ".join((*file.notices, *lab.notices))),
                )
            )  # fmt: skip
    return stream.getvalue()


def to_junit(verdicts: Sequence[FileVerdict]) -> str:
    """A suite for each file, a case for each claimed step; a file that was refused, and a lab of which nothing counts, is an error. Ends in
    a newline.
    """
    root = ElementTree.Element("testsuites", name="fargate-lab verify-result")
    for file in verdicts:
        suite = ElementTree.SubElement(root, "testsuite", name=clean(f"{file.name or file.file}"))
        if file.trouble:
            _case(suite, "file", file.file, "error", file.trouble)
        for lab in file.labs:
            if lab.trouble or lab.copy_of:
                _case(suite, lab.lab, "recording", "error", next(_about(lab)))
            for step in () if lab.trouble else lab.steps:
                failing = "\n".join(
                    f"{each['id']}: expected {each['expected']}; observed {each['observed']}"
                    for each in step.failing
                )
                _case(suite, lab.lab, step.id, "" if step.passed else "failure", failing or "not proved")
        for attribute, path in (
            ("tests", "testcase"),
            ("failures", "*/failure"),
            ("errors", "*/error"),
            ("skipped", "*/skipped"),
        ):
            suite.set(attribute, str(len(suite.findall(path))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, group: str, name: str, wrong: str, text: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=clean(group), name=clean(name))
    if wrong:
        problem = ElementTree.SubElement(case, wrong, message=clean(text.splitlines()[0]))
        problem.text = clean(text)


def _shown(text: str) -> str:
    """What a terminal would obey, and what turns a line around, is spelt out."""
    return "".join(
        letter if letter.isprintable() or letter == " " else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
