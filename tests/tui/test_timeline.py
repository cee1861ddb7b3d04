"""The end of a task as a picture."""

from __future__ import annotations

import pytest
import tui_worlds
from tui_traffic import CLEAN, DRAINING, KILLED, NOW_MS

from tui import timeline
from tui.snapshot import parse_snapshot
from tui.traffic import parse_shutdown


@pytest.mark.parametrize("end", [KILLED, CLEAN, DRAINING], ids=["killed", "clean", "draining"])
@pytest.mark.parametrize("width", [40, 76, 196])
def test_the_picture_is_as_wide_as_it_may_be_and_not_wider(end: dict[str, object], width: int) -> None:
    shutdown = parse_shutdown(end)
    stretches = shutdown.stretches(NOW_MS)
    assert len(timeline.bar(stretches, width).plain) == width
    assert sum(timeline.shares(stretches, width)) == width
    lines = timeline.picture(shutdown, NOW_MS, width, 50).plain.splitlines()
    assert max(len(line) for line in lines) <= width


def test_every_stretch_is_seen_and_they_are_to_scale() -> None:
    found = timeline.shares(parse_shutdown(KILLED).stretches(NOW_MS), 644)
    assert found == [105, 50, 65, 300, 124]
    short = parse_shutdown({**KILLED, "unused_ms": KILLED["deregistered_ms"] + 1, "delay_s": 0})
    assert min(timeline.shares(short.stretches(NOW_MS), 20)) == 1


def test_names_stand_above_their_stretch_and_never_run_into_each_other() -> None:
    stretches = parse_shutdown(KILLED).stretches(NOW_MS)
    lines = [line.plain for line in timeline.names(stretches, 76)]
    for name in ("in use 10.5s", "draining 5s", "waiting 6.5s", "SIGTERM to SIGKILL 30s", "gone 12.4s"):
        assert sum(name in line for line in lines) == 1
    bar = timeline.bar(stretches, 76).plain
    above = next(line for line in lines if "SIGTERM" in line)
    assert above.index("SIGTERM") == bar.index("▒")


def test_every_moment_has_its_number_below_the_bar_and_its_clock_time() -> None:
    shutdown = parse_shutdown(KILLED)
    marks = timeline.marks(shutdown, shutdown.stretches(NOW_MS), 76).plain
    assert marks.split() == ["1", "2", "3", "4", "5", "6"]
    lines = [line.plain for line in timeline.moments(shutdown)]
    assert lines[1] == "2 09:05:18.500  +10.5s   deregistered, 6 in flight; 3 more strayed in"
    assert lines[4] == "5 09:06:00.000  +52s     killed (SIGKILL), exit code 137"


def test_losses_name_cause_and_knob() -> None:
    text = timeline.picture(parse_shutdown(KILLED), NOW_MS, 76, 24).plain
    assert "✗ 6 lost, 17 never written down" in text
    assert "✗ 4 × 502 from the load balancer" in text
    assert "turn: entryPoint/command (PID 1)" in text
    assert "17 answered, but still in the program's memory" in text
    assert (
        "No request was lost with this task." in timeline.picture(parse_shutdown(CLEAN), NOW_MS, 76, 24).plain
    )
    draining = timeline.picture(parse_shutdown(DRAINING), NOW_MS, 76, 24).plain
    assert "nothing lost so far" in draining
    assert "No request was lost" not in draining


def test_where_there_is_room_the_stretches_are_explained() -> None:
    high = timeline.picture(parse_shutdown(KILLED), NOW_MS, 196, 50).plain
    low = timeline.picture(parse_shutdown(KILLED), NOW_MS, 76, 24).plain
    assert "Nobody asks it anything" in high
    assert "Nobody asks it anything" not in low
    assert high.count("▓▓▓▓▓") > low.count("▓▓▓▓▓")


def test_without_traffic_the_task_itself_says_what_is_known() -> None:
    raw = tui_worlds.steady()
    stopped = tui_worlds.task(9, status="STOPPED", stopping_ms=tui_worlds.START_MS + 80_000, exit_code=0)
    task = parse_snapshot({**raw, "tasks": [stopped]}).tasks[0]
    shutdown = timeline.known(task, None)
    assert shutdown is not None
    text = timeline.picture(shutdown, NOW_MS, 76, 24).plain
    assert "stopping 20s" in text
    assert "Nothing is known of its requests" in text
    assert "nothing lost" not in text
    assert timeline.known(parse_snapshot(raw).tasks[0], None) is None
    assert timeline.known(None, None) is None
    seen = parse_shutdown(CLEAN)
    assert timeline.known(task, seen) is seen
