"""The debrief's columns: three where there is room, else the comment below."""

from __future__ import annotations

import pytest

from labs.debrief import Fact
from tui.screens.debrief import columns

WIDE = Fact(
    "Starts that ended at the registry authorisation",
    "16",
    "the last: route table rtb-7459f718d639d9e14 of subnet subnet-3d1ef1e6e44d07c81 (p15-b) has no route for 0.0.0.0/0",
)
SHORT = Fact("Longest stop of a task", "15 s", "one of 16")


@pytest.mark.parametrize("width", [40, 60, 76, 100, 196])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    assert max(line.cell_length for line in columns((WIDE, SHORT), width)) <= width


def test_with_room_there_is_one_line_a_fact() -> None:
    assert len(columns((WIDE, SHORT), 196)) == 2


def test_without_room_comments_stand_below() -> None:
    told = [line.plain for line in columns((WIDE, SHORT), 76)]
    assert told[0] == "Starts that ended at the registry authorisation  16"
    assert told[1].startswith("    the last: route table")
    assert told[-2:] == ["Longest stop of a task  15 s", "    one of 16"]


def test_a_long_value_goes_below_its_label() -> None:
    way = Fact("The way out in the end", "the NAT gateway nat-6b84fa4ae490c93a9 and " * 2, "")
    told = [line.plain for line in columns((way,), 60)]
    assert told[0].strip() == way.label
    assert told[1].startswith("  the NAT gateway")
