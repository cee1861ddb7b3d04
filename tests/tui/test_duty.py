"""How a game stands for a team, and what its pager has to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tui_team
from tui_team import ALARM, BEGUN, HINT, MESSAGE, page

from tui.duty import Inbox, Look, calls_for_attention, foremost, look_at, sign_of
from tui.widgets.pager import page_lines
from tui.widgets.teamline import clock_content, line

OK = page(400, "ok")


@pytest.mark.parametrize(
    ("view", "standing"),
    [
        (tui_team.waiting(), "waiting"),
        (tui_team.quiet(), "playing"),
        (tui_team.frozen(), "frozen"),
        (tui_team.ready(), "ready"),
        (replace(tui_team.ready(), mode="running"), "playing"),
        (tui_team.over(), "over"),
        (replace(tui_team.waiting(), mode="running"), "waiting"),
    ],
)
def test_how_it_stands(view, standing: str) -> None:
    assert look_at(view).standing == standing


def test_time_gone_and_left() -> None:
    look = look_at(tui_team.quiet())
    assert (look.gone_ms, look.left_ms(600_000), look.left_ms(60_000)) == (340_000, 260_000, 0)
    assert look_at(tui_team.waiting()).gone_ms == 0
    later = replace(tui_team.over(), now_ms=tui_team.BEGAN_MS + 9_000_000)
    assert look_at(later).gone_ms == 2_400_000  # when it ended
    assert look_at(replace(tui_team.quiet(), speed="max")).clock.speed is None


def test_a_world_that_has_not_moved_is_not_read_again() -> None:
    first = look_at(tui_team.quiet())
    assert look_at(tui_team.quiet(), first.world).world is first.world
    assert look_at(tui_team.paged(), first.world).world is not first.world


def test_a_view_without_anything_is_a_look_at_nothing() -> None:
    look = look_at(tui_team.view(snapshot={}, traffic={}, queue={}))
    assert look.world.tasks == ()
    assert not look.report.known
    assert not look.queues.known


def test_pages_are_unread_until_somebody_acknowledges_them() -> None:
    inbox = Inbox()
    assert inbox.take((ALARM, BEGUN)) == (ALARM,)  # that it began is what the briefing is for
    assert inbox.take((ALARM, BEGUN)) == ()
    assert inbox.take((MESSAGE, ALARM, BEGUN)) == (MESSAGE,)
    assert inbox.unread == (MESSAGE, ALARM)
    inbox.acknowledge()
    assert inbox.unread == ()
    assert inbox.take((HINT, MESSAGE, ALARM, BEGUN)) == (HINT,)
    assert inbox.unread == (HINT,)


def test_two_pages_that_are_alike_are_two() -> None:
    inbox = Inbox()
    inbox.take((ALARM,))
    inbox.acknowledge()
    assert inbox.take((ALARM, ALARM)) == (ALARM,)


def test_pages_of_a_time_that_was_taken_back_are_forgotten_and_may_come_again() -> None:
    inbox = Inbox()
    inbox.take((MESSAGE, ALARM))
    assert inbox.take((ALARM,)) == ()
    assert inbox.unread == (ALARM,)
    inbox.acknowledge()
    assert inbox.take((MESSAGE, ALARM)) == (MESSAGE,)


def test_what_a_banner_shows_first() -> None:
    older = page(10, "alarm", "web-slow")
    assert foremost((OK, HINT, MESSAGE, ALARM, older)) == (HINT, ALARM)
    assert foremost((OK, BEGUN)) == (OK,)
    assert foremost(()) == ()


def test_a_recovery_rings_no_bell() -> None:
    assert not calls_for_attention((OK,))
    assert all(calls_for_attention((each,)) for each in (ALARM, MESSAGE, HINT, page(0, "ended")))


def test_a_kind_that_is_not_known_is_a_page_all_the_same() -> None:
    assert sign_of(page(0, "siren"))[1] == "PAGE"


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_a_page_is_shown_whole_in_lines_that_fit(width: int) -> None:
    lines = [content.plain for content in page_lines(ALARM, width, new=True)]
    assert max(map(len, lines)) <= max(width, 36)
    words = " ".join(" ".join(lines).split())
    assert words.replace("- ", "-").endswith(ALARM.text.replace("- ", "-"))
    assert len(page_lines(ALARM, width, most=2)) <= 2


@pytest.mark.parametrize("width", [1, 30, 80, 200])
def test_the_line_at_the_top_never_overflows(width: int) -> None:
    look = replace(look_at(tui_team.paged()), in_alarm=("web-errors", "web-slow", "web-unhealthy"))
    assert line(look, tui_team.BRIEFING, width).cell_length <= width
    assert line(Look(), None, width).cell_length <= width


def test_names_of_alarms_give_way_to_their_number() -> None:
    look = replace(look_at(tui_team.paged()), in_alarm=("web-errors", "web-slow", "web-unhealthy"))
    assert "3 ALARM" in line(look, tui_team.BRIEFING, 80).plain
    assert "ALARM web-errors, web-slow, web-unhealthy" in line(look, tui_team.BRIEFING, 200).plain


def test_the_clock_in_words() -> None:
    def words(view, length_ms: int = 2_400_000) -> str:
        return clock_content(look_at(view), length_ms).plain

    assert words(tui_team.quiet()) == "▶ 10x  5m40s gone, 34m20s left  09:06:40"
    assert words(tui_team.quiet(), 0) == "▶ 10x  5m40s gone  09:06:40"
    assert words(tui_team.frozen()) == "⏸ frozen  5m40s gone, 34m20s left  09:06:40"
    assert words(tui_team.over()) == "■ over  40m00s gone  09:41:00"
    assert words(tui_team.waiting()) == "◌ waiting  09:06:40"
