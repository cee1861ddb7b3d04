"""Drills under load: what they leave behind."""

from __future__ import annotations

import pytest

from labs import load
from labs.catalogue import Lab
from labs.checking import CheckContext
from labs.endpoint_cloud import EndpointCloud
from labs.loader import find
from labs.runner import LabRunner
from labs.targets import targets_of


@pytest.fixture
def lab() -> Lab:
    return find("p01-deregistration-delay")


def test_what_stops_a_drill_leaves_the_labs_clients_as_they_were(cloud: EndpointCloud, lab: Lab) -> None:
    LabRunner(lab, cloud).start()
    ctx = CheckContext(lab, cloud)
    service = ctx.service()
    assert service is not None
    assert targets_of(ctx, service) is not None
    before = cloud.traffic.report()["demand"]

    def fail() -> None:
        raise RuntimeError("somebody deleted the service")

    with pytest.raises(RuntimeError, match="somebody"):
        load.under_load(ctx, service, fail)
    after = cloud.traffic.report()
    assert after["running"]
    assert after["demand"] == before
    cloud.traffic.stop()
    with pytest.raises(RuntimeError, match="somebody"):
        load.under_load(ctx, service, fail)
    assert not cloud.traffic.report()["running"]


def test_a_drill_says_what_became_of_every_request(cloud: EndpointCloud, lab: Lab) -> None:
    LabRunner(lab, cloud).start()
    ctx = CheckContext(lab, cloud)
    service = ctx.service()
    assert service is not None
    lived = load.under_load(ctx, service, lambda: None)
    assert lived.sent > 0
    assert (lived.lost, lived.killed, lived.ends, lived.why, lived.longest_stop_ms) == (0, 0, (), "", 0)
    assert str(lived) == f"{lived.sent:,} requests, 0 failed"
    # Nobody left, so nothing is proved by that.
    ctx.memo["scaled in under load"] = (lived, "")
    assert not load.scale_in_loses_nothing(ctx).passed
