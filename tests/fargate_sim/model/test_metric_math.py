"""Metric math on series as the model has them: counts are whole numbers."""

from __future__ import annotations

from fargate_sim.model.metrics.math import Series, evaluate

COUNTS = {"sent": {0: 90, 60: 95}, "failed": {0: 10}}


def counted(name: str) -> Series:
    return Series(COUNTS[name], range(0, 120, 60))


def test_whole_numbers_add_up() -> None:
    assert evaluate("sent + failed", counted).values == {0: 100.0}
    assert evaluate("100 * FILL(failed, 0) / (sent + FILL(failed, 0))", counted).values == {0: 10.0, 60: 0.0}
    assert evaluate("sent - sent", counted).values == {0: 0.0, 60: 0.0}


def test_what_is_no_number_leaves_no_value() -> None:
    assert evaluate("sent / (failed - 10)", counted).values == {}
    assert evaluate("(-failed)^0.5", counted).values == {}
