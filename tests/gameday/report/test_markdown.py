"""The report as Markdown."""

from __future__ import annotations

import re

import pytest
from support.game_reports import alone, friday

from gameday.report import GameReport, document_of, to_markdown
from gameday.report.markdown import text

CELLS = re.compile(r"(?<!\\)\|")


@pytest.mark.parametrize("report", [friday(), alone()])
def test_tables_have_as_many_cells_in_each_row(report: GameReport) -> None:
    widths: list[int] = []
    tables = 0
    for line in [*to_markdown(document_of(report)).splitlines(), ""]:
        if line.startswith("|"):
            widths.append(len(CELLS.findall(line)))
        elif widths:
            assert len(set(widths)) == 1
            tables += 1
            widths = []
    assert tables > 8


def test_names_mean_nothing_to_markdown() -> None:
    written = to_markdown(document_of(friday()))
    assert "<script>" not in re.sub(r"\\<", "", written)
    assert '## Team 2: The \\<b\\>bold\\</b\\> \\& the "quoted" \\| a team' in written
    assert text("a\n# b *c* [d](e)") == "a \\# b \\*c\\* \\[d\\](e)"


def test_it_says_what_the_page_says() -> None:
    written = to_markdown(document_of(friday()))
    assert "| 1 | Blue | 60 | 0 | 9.6 | 15 | 15 | 20 | 0 | 0 |" in written
    assert "- latency (at most 800 ms): broken from 20:20 to 23:20, at worst 1,400 ms" in written
    assert (
        "| 07:00 | team | Diagnosed A: `elbv2:ModifyTargetGroupAttributes TargetGroupArn=shop/73e2d6bc24d8a067"
        in written
    )
    assert "1. What did you see first, and what did you look at first?" in written
    assert "Your pager watches `checkout-errors` and `checkout-slow`:\n\n- errors" in written
    assert written.endswith("|\n")
