"""What a run would have cost, in words, and over the seam of the labs."""

from __future__ import annotations

from typing import Any

import pytest

from labs.costs import amount, dollars, rows
from labs.endpoint_cloud import EndpointCloud
from labs.errors import ControlError


def report(**changes: Any) -> dict[str, Any]:
    items = [
        {"kind": "fargate", "service": "web", "amount": 0.3},
        {"kind": "fargate_spot", "service": "web", "amount": 0.05},
        {"kind": "public_ip", "service": "web", "amount": 0.01},
        {"kind": "fargate", "service": None, "amount": 0.02},
        {"kind": "nat", "service": None, "amount": 0.045},
    ]
    return {
        "total": 0.425,
        "per_hour_now": 1.27,
        "saved": 0.0,
        "price_date": "2026-09-30",
        "region": "us-east-1",
        "of_which": {"leaving": 0.0, "never_ran": 0.0},
        "items": items,
        **changes,
    }


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0, "$0.00"),
        (0.00001, "$0.00"),
        (0.0042, "$0.0042"),
        (0.43, "$0.43"),
        (12.345, "$12.35"),
        (1234, "$1,234"),
    ],
)
def test_dollars(usd: float, told: str) -> None:
    assert dollars(usd) == told


def test_what_a_service_costs() -> None:
    assert amount(report()) == pytest.approx(0.425)
    assert amount(report(), service="web") == pytest.approx(0.36)
    assert amount(report(), service="web", kinds=("fargate", "fargate_spot")) == pytest.approx(0.35)


def test_the_rows_of_a_debrief_leave_out_what_is_nothing() -> None:
    assert rows(report()) == [
        (
            "What this would have cost on AWS",
            "about $0.42",
            "an estimate: list prices of 2026-09-30, us-east-1; checks included; now $1.27 an hour",
        ),
        ("Of it, tasks", "$0.37", "Fargate, from the start of the pull to the end"),
        ("Of it, what stands around them", "$0.0550", "NAT gateways, public IPv4 addresses, by the hour"),
    ]
    assert rows(report(total=0.0)) == []


def test_what_was_paid_for_nothing_and_what_was_saved() -> None:
    told = rows(report(saved=0.1, of_which={"leaving": 0.012, "never_ran": 0.0003}))
    assert [(label, value) for label, value, _ in told[3:]] == [
        ("Paid for tasks on their way out", "$0.0120"),
        ("Paid for tasks that never ran", "$0.0003"),
        ("Saved by Spot", "$0.10"),
    ]


def test_a_world_tells_its_labs_what_it_costs(cloud: EndpointCloud) -> None:
    began_ms = cloud.clock.now_ms
    cloud.clock.advance(3_600_000)
    assert cloud.cost()["total"] == pytest.approx(0.05)
    assert cloud.cost(began_ms + 1_800_000)["total"] == pytest.approx(0.025)
    with pytest.raises(ControlError, match="not be after now"):
        cloud.cost(began_ms + 9_000_000)
