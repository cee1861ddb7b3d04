"""What is made of a queue answer, and how it is drawn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_queues import MINUTE, NOW_MS, queue, queues
from tui_worlds import START_MS, task

from tui.queuecharts import LONG, SHORT, columns, lines
from tui.queues import NOTHING, Queue, parse_queues
from tui.widgets.queue import list_lines


def parsed(**more: Any) -> Queue:
    return parse_queues(queues(queue(**more))).queues[0]


def drawn(found: Queue, width: int = 78, height: int = 16) -> str:
    return "\n".join(line.plain for line in lines(found, SHORT, width, height))


def listed(found: Queue, width: int = 78) -> str:
    return "\n".join(line.draw().plain for line in list_lines(found, width))


def test_an_answer_is_read_field_by_field() -> None:
    seen = parse_queues(queues(queue(queue="dead", started_ms=None, demand=None), queue(again=True)))
    assert [each.queue for each in seen.queues] == ["orders", "dead"]  # where orders come to is first
    found = seen.named("orders")
    assert found is not None
    assert (found.demand.rps, found.demand.pattern, found.demand.to_rps) == (0.4, "spike", 2)
    assert (found.visible, found.in_flight, found.oldest_age_ms, found.now_ms) == (3641, 4, 1_850_000, NOW_MS)
    assert (found.causes[0].count, found.duplicated[0].times, found.latency.p50_ms) == (14, 2, 8000)
    assert (found.workers[1].stopping, found.workers[1].in_hand) == (True, 2)
    assert (found.minutes[0].sent, found.minutes[0].charged, found.minutes[-1].visible) == (24, 24, None)
    assert seen.named("other") is None


@pytest.mark.parametrize("raw", [{}, {"queues": None, "now_ms": "x"}, {"queues": [1, None, "x"]}])
def test_what_is_missing_or_wrong_is_empty(raw: dict[str, object]) -> None:
    seen = parse_queues(raw)
    assert seen == NOTHING
    assert not seen.known


def test_an_empty_queue_is_drawn_too() -> None:
    found = parse_queues({"now_ms": NOW_MS, "queues": [{}]}).queues[0]
    shown = drawn(found)
    assert "no orders are sent" in shown
    assert "Age of the oldest  █ no message\n" in shown
    assert "p50 –" in shown
    dead = parsed(queue="orders-dead", dead_letter_of=["orders"], started_ms=None, demand=None)
    assert "■ orders-dead, the dead-letter queue of orders\n" in drawn(dead)
    assert listed(found) == "No worker takes messages from this queue."


def test_what_waits_and_for_how_long_and_what_is_done_about_it() -> None:
    shown = drawn(parsed())
    assert "▶ 0.4 orders/s (spike to 2) to orders, running for 50m20s" in shown
    assert "Waiting  █ 3,641   ▒ 4 in flight   the last 30 minutes; M changes" in shown
    assert "Age of the oldest  █ 30m50s, at most 30m50s" in shown
    assert "   30m │" in shown  # a scale of ages has what a clock calls round
    assert "Charged a minute  █ 30   • 121 sent" in shown
    assert "Charged again" not in shown
    assert "never 0" in shown
    assert "dead-lettered" not in shown
    assert "09:50:20" in shown


def test_orders_that_were_charged_again_have_a_chart_of_their_own() -> None:
    found = parsed(again=True, running=False, stopped_ms=START_MS + 40 * MINUTE, delayed=3, skipped=1)
    shown = drawn(found, width=112)
    assert len(shown.splitlines()) == 16
    assert "stopped after 40m00s" in shown
    assert "again 75  never 0  dead-lettered 2  skipped 1  delayed 3" in shown
    assert "Charged again a minute  █ 1   43 in the last 30 minutes" in shown
    assert shown.splitlines()[-3].startswith("     3 │")


def test_the_list_says_why_which_and_who() -> None:
    shown = listed(parsed(again=True))
    assert "✗ 14 charged again\n  The visibility time-out ended" in shown
    assert "  turn: VisibilityTimeout of the queue" in shown
    assert "charged before charging it" in shown  # the setting is told to its end
    order = [shown.index(f"order 1-{number:06d}  charged 2 times") for number in (2, 5, 9)]
    assert order == sorted(order)  # newest first
    assert f"by {task(1)['id'][:8]}, before by {task(2)['id'][:8]}" in shown
    assert "Workers   2 with 4 messages in hand" in shown
    assert "◌ stopping" in shown


def test_few_in_flight_are_not_drawn_as_many() -> None:
    rows = drawn(parsed()).splitlines()
    waiting = rows[4:7]
    assert not any("▒" in row for row in waiting)
    calm = parsed(visible=1, in_flight=4, minutes=[{"at_ms": NOW_MS - 80_000, "visible": 1, "in_flight": 4}])
    assert any("▒" in row for row in drawn(calm).splitlines()[4:7])


@pytest.mark.parametrize(
    ("span", "width", "count"),
    [(SHORT, 70, 30), (SHORT, 20, 15), (LONG, 70, 60), (LONG, 112, 112), (LONG, 130, 120)],
)
def test_minutes_share_a_column_where_there_is_no_room(span: Any, width: int, count: int) -> None:
    found = columns(parsed(), span, width)
    assert len(found) == count
    assert found[-1].visible == 3640  # the minute that lasts is not shown
    assert found[-1].at_ms + found[-1].covered * MINUTE == START_MS + 50 * MINUTE


@given(
    now_ms=st.integers(0, 10**13),
    width=st.integers(1, 250),
    height=st.integers(1, 60),
    minutes=st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**9)),
        max_size=20,
    ),
)
def test_any_queue_can_be_drawn_at_any_size(
    now_ms: int, width: int, height: int, minutes: list[tuple[int, int, int, int]]
) -> None:
    series = [
        {"at_ms": max(0, now_ms - ago * MINUTE), "sent": one, "charged": two, "duplicates": min(one, two),
         "visible": one, "in_flight": two, "oldest_age_ms": age}
        for ago, one, two, age in sorted(minutes, reverse=True)
    ]  # fmt: skip
    answer = {"now_ms": now_ms, "queues": [queue(minutes=series, started_ms=0)]}
    for span in (SHORT, LONG):
        shown = lines(parse_queues(answer).queues[0], span, width, height)
        assert all(len(line) <= width for line in shown)
