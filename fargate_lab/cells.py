"""Texts of other people in the cells of a CSV file that somebody opens in a spreadsheet."""

from __future__ import annotations

import re

from gameday.report.words import clean

_FORMULA = re.compile(r"^(?=\s*[=+\-@])|(?<=[;\t\n])(?=[\s\"]*[=+\-@])")
"""Where a formula could begin: at the beginning of a cell. Where a spreadsheet expects semicolons or tabs instead of commas, as it does in
much of the world, cells begin behind those, too, and quotes in the middle of a line do not hold them together (OWASP, "CSV Injection").
"""


def cell(text: str) -> str:
    """The text, with an apostrophe wherever a formula could begin."""
    return _FORMULA.sub("'", clean(text))
