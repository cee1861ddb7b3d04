"""What keeps a scaler out of the way of a drill."""

from __future__ import annotations

from typing import Any

import pytest

from labs.checking import CheckContext
from labs.endpoint_cloud import EndpointCloud
from labs.holding import held, ready_and_still
from labs.loader import find
from labs.scalers import scalable_target
from labs.staging import Balanced, Stage, build_balanced, scale_on_cpu

LAB = find("i01-payments")
IMAGE = f"{LAB.name('image')}:3.1"


@pytest.fixture
def ctx(cloud: EndpointCloud) -> CheckContext:
    """The service of i01, healthy, with nothing that scales it."""
    check: dict[str, str | int] = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 10}
    build_balanced(cloud, Stage.of(LAB), Balanced(IMAGE, 8080, 30, check))
    return CheckContext(LAB, cloud)


def want(ctx: CheckContext, desired: int) -> None:
    """Change the desired count, and wait for nothing."""
    ctx.client("ecs").update_service(
        cluster=ctx.name("cluster"), service=ctx.name("service"), desiredCount=desired
    )


def suspended(ctx: CheckContext) -> dict[str, Any]:
    """What the scalable target has suspended."""
    target = scalable_target(ctx)
    assert target is not None
    return dict(target["SuspendedState"])


def test_a_service_that_nothing_scales_is_left_alone(ctx: CheckContext) -> None:
    with held(ctx):
        assert scalable_target(ctx) is None
    want(ctx, 6)
    service, problem = ready_and_still(ctx)
    assert service is None
    assert "4 of 6 tasks running" in problem


def test_held_and_let_go_even_when_the_drill_fails(ctx: CheckContext) -> None:
    scale_on_cpu(ctx.cloud, Stage.of(LAB), 12, target=60, scale_in_s=300)
    with held(ctx):
        assert set(suspended(ctx).values()) == {True}
        want(ctx, 6)
        ctx.clock.advance(3_600_000)
        assert (ctx.service() or {})["runningCount"] == 6
    assert set(suspended(ctx).values()) == {False}
    with pytest.raises(ZeroDivisionError), held(ctx):
        raise ZeroDivisionError
    assert set(suspended(ctx).values()) == {False}


def test_tasks_that_a_scaler_has_sent_for_are_waited_for(ctx: CheckContext) -> None:
    scale_on_cpu(ctx.cloud, Stage.of(LAB), 12, target=60, scale_in_s=300)
    want(ctx, 6)
    service, _ = ready_and_still(ctx)
    assert service is not None
    assert service["runningCount"] == service["desiredCount"]


def test_a_service_that_wants_nothing_is_not_brought_back(ctx: CheckContext) -> None:
    scale_on_cpu(ctx.cloud, Stage.of(LAB), 12, target=60, scale_in_s=300)
    want(ctx, 0)
    ctx.clock.settle(3_600_000)
    with held(ctx):
        assert (ctx.service() or {})["desiredCount"] == 0
    service, problem = ready_and_still(ctx)
    assert service is None
    assert "wants no tasks" in problem
