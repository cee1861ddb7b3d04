"""From values to words."""

from __future__ import annotations

import pytest

from tui import text
from tui.snapshot import Clock


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\r\nb\rc", "a\nbc"),
        ("a\tb", "a       b"),
        ("bell\x07 null\x00 c1\x9b31m", "bell null c131m"),
        ("[bold]kept[/]", "[bold]kept[/]"),
    ],
)
def test_nothing_that_steers_a_terminal_comes_through(given: str, shown: str) -> None:
    assert text.plain(given) == shown


@pytest.mark.parametrize(
    ("ms", "words"),
    [(-5, "0s"), (42_000, "42s"), (185_000, "3m05s"), (7_800_000, "2h10m"), (273_600_000, "3d04h")],
)
def test_durations(ms: int, words: str) -> None:
    assert text.duration(ms) == words


@pytest.mark.parametrize("width", [1, 6, 20])
@pytest.mark.parametrize(("value", "total"), [(0, 0), (0, 2), (1, 3), (2, 2), (5, 2), (1, 1000), (999, 1000)])
def test_a_bar_has_its_width_and_is_full_only_when_done(value: int, total: int, width: int) -> None:
    bar = text.bar(value, total, width)
    assert len(bar) == width
    assert ("╌" not in bar) == (total > 0 and value >= total)


def test_speeds_go_up_and_down_a_ladder_and_stop_at_its_ends() -> None:
    walked: list[float | None] = [1.0]
    for _ in range(4):
        walked.append(text.next_speed(walked[-1], 1))
    assert walked == [1.0, 10.0, 60.0, None, None]
    assert text.next_speed(None, -1) == 60.0
    assert text.next_speed(20.0, -1) == 10.0
    assert text.next_speed(1.0, -1) == 1.0


def test_the_clock_in_a_word() -> None:
    assert text.speed(Clock(speed=10.0)) == "10x"
    assert text.speed(Clock(speed=None)) == "max"
    assert text.speed(Clock(speed=10.0, paused=True)) == "paused"
