"""What the screens are shown of a lab."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fargate_lab.views import latency_goal
from labs import loader


@pytest.mark.parametrize(
    ("value", "goal"), [(500, 500.0), (0.5, 0.5), (None, None), ("fast", None), (True, None)]
)
def test_the_latency_that_a_lab_asks_for(value: Any, goal: float | None) -> None:
    lab = loader.find("p06-no-breaker")
    names = {**lab.names} if value is None else {**lab.names, "slo_ms": value}
    assert latency_goal(replace(lab, names=names)) == goal


def test_the_lab_on_scaling_has_such_a_latency() -> None:
    assert latency_goal(loader.find("p03-cpu-scaling")) == 4000
