"""The report of a game day: one HTML file to read and to print, Markdown, and grades as CSV and JUnit XML.

``document_of`` works everything out once, as plain blocks; ``to_html`` and ``to_markdown`` only write them down, so that the two cannot
disagree. All of them give text: who writes files does it.
"""

from __future__ import annotations

from gameday.report.document import document_of
from gameday.report.grades import to_csv, to_junit
from gameday.report.markdown import to_markdown
from gameday.report.model import GameReport, TeamReport
from gameday.report.page import to_html

__all__ = [
    "GameReport",
    "TeamReport",
    "document_of",
    "render",
    "to_csv",
    "to_html",
    "to_junit",
    "to_markdown",
]


def render(report: GameReport) -> dict[str, str]:
    """All files of a report: name to text. The same report gives the same bytes."""
    document = document_of(report)
    return {
        "report.html": to_html(document),
        "report.md": to_markdown(document),
        "grades.csv": to_csv(report),
        "grades.xml": to_junit(report),
    }
