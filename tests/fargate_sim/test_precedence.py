"""Short requests go before long ones."""

from __future__ import annotations

from support.shards import Clock

from fargate_sim.effort import Effort
from fargate_sim.precedence import LONGEST_S, Precedence


def test_a_long_request_steps_aside_while_another_seat_is_answered() -> None:
    clock = Clock()
    precedence = Precedence(clock.sleep)
    precedence.enter("long")
    precedence.enter("long")
    precedence.give_way("long")
    assert clock.now == 1000.0  # its own requests are no reason
    precedence.enter("short")
    precedence.give_way("long")
    assert 0.9 * LONGEST_S < clock.now - 1000.0 < 2 * LONGEST_S  # and it goes on all the same
    precedence.leave("short")
    before = clock.now
    precedence.give_way("long")
    assert clock.now == before


def test_long_requests_do_not_wait_for_each_other() -> None:
    clock = Clock()
    precedence = Precedence(clock.sleep)
    for seat in ("a", "b"):
        precedence.enter(seat)
    precedence.give_way("a")
    before = clock.now
    precedence.give_way("b")
    assert clock.now == before
    precedence.short("a")
    precedence.give_way("b")
    assert clock.now > before


def test_an_effort_is_a_short_one_first_then_a_long_one_then_enough() -> None:
    used, aside = Clock(), []
    effort = Effort(1.0, used, give_way=lambda: aside.append(used.now))
    effort.begin()
    assert not effort.enough()
    assert aside == []
    used.sleep(0.05)
    assert not effort.enough()
    assert len(aside) == 1
    used.sleep(1.0)
    assert effort.enough()
    effort.begin()
    assert not effort.enough()
    effort.ended = True
    assert effort.enough()
