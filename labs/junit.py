"""A lab's result as JUnit XML, for continuous integration: one suite per lab, one case per check."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from labs.grading import LabResult


def to_junit(results: Iterable[LabResult]) -> str:
    """The document as text, ending in a newline."""
    root = ElementTree.Element("testsuites", name="fargate-lab")
    for result in results:
        checks = [(step.id, check) for step in result.steps for check in step.checks]
        failures = sum(not check.passed for _, check in checks)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=result.lab,
            tests=str(len(checks)),
            failures=str(failures),
            errors="0",
            skipped="0",
        )
        for step_id, check in checks:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"{result.lab}.{step_id}", name=check.id
            )
            if not check.passed:
                failure = ElementTree.SubElement(case, "failure", message=_clean(check.observed))
                failure.text = _clean(
                    f"expected: {check.expected}\nobserved: {check.observed}\n{check.hint}".rstrip()
                )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without the control characters that XML 1.0 forbids."""
    return "".join(letter for letter in text if letter in "\t\n" or letter >= " ")
